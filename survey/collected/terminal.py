"""`flask survey analyse`: files in, the report out, or every problem with its row and column and nothing half-done."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from core import clock
from core.i18n import speak, t
from survey import questionnaire as questionnaires
from survey import reading
from survey.collected import checking, grouped, report
from survey.collected.checking import Roles
from survey.collected.files import Unreadable, read
from survey.questionnaire import Questionnaire
from survey.scoring import scales

REFUSED: Final = 2


class Refused(Exception):
    """What was asked for cannot be done; each line says one reason."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines: Final = lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The options of the command, as typed."""

    first: Path
    second: Path
    questionnaire: Path | None
    link: str
    cluster: str
    exposure: str
    ignore: tuple[str, ...]
    plan: Path | None
    as_json: bool
    report: Path | None
    english: bool


def analyse(chosen: Chosen) -> int:
    """Do it; the exit code. Figures go to standard output, progress and problems to standard error."""
    speak("en" if chosen.english else "vi")
    try:
        collected = _collected(chosen)
        _told("computing")
        found = report.figures(collected)
        if chosen.report:
            _write(chosen.report, report.document(found, collected.questionnaire, clock.today()))
    except Refused as refused:
        for line in refused.lines:
            click.echo(line, err=True)
        count = len(refused.lines)
        ended = t(f"{count} vấn đề; chưa làm gì.", f"{count} problem{'s' * (count > 1)}; nothing was done.")
        click.echo(ended, err=True)
        return REFUSED
    if chosen.as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        order = [name for name in (found["plan"]["primary"], found["plan"]["secondary"]) if name]
        for sentence in reading.sentences(found["effects"], order):
            click.echo(sentence)
        for caveat in report.caveats(found):
            click.echo(f"– {caveat}")
    return 0


def _collected(chosen: Chosen) -> report.Collected:
    asked = _questionnaire(chosen.questionnaire)
    plan = _plan(chosen.plan, asked)
    roles = Roles(link=chosen.link, cluster=chosen.cluster, ignored=frozenset(chosen.ignore))
    later = Roles(
        link=chosen.link, cluster=chosen.cluster, exposure=chosen.exposure, ignored=frozenset(chosen.ignore)
    )
    sheets, waves, problems = [], [], []
    for path, wave, here in ((chosen.first, "before", roles), (chosen.second, "after", later)):
        _told(f"reading {path.name}")
        try:
            sheet = read(path, _told)
        except (Unreadable, OSError) as error:
            raise Refused([str(error)]) from error
        _told(f"checking {len(sheet.rows):,} rows of {path.name}")
        found, wrong = checking.check(sheet, asked, wave, here)
        sheets.append(sheet)
        waves.append(found)
        problems.extend(wrong)
    if chosen.exposure:
        problems.extend(grouped.wrong_doses(sheets[1], waves[1], asked, chosen.exposure))
    if problems:
        raise Refused([_line(one) for one in problems])
    return report.Collected(
        sheets=(sheets[0], sheets[1]), waves=(waves[0], waves[1]), questionnaire=asked, roles=later, plan=plan
    )


def _questionnaire(path: Path | None) -> Questionnaire:
    if path is None:
        return questionnaires.load()
    from survey.xlsform import grid
    from survey.xlsform.reading import check

    with path.open("rb") as opened:
        outcome = check(opened.read(grid.FILE_BYTES + 1))
    if outcome.data is None:
        raise Refused([f"{path.name} {one.where()}: {one.reason}" for one in outcome.findings.problems])
    return Questionnaire.from_json(outcome.data)


def _plan(path: Path | None, asked: Questionnaire) -> Mapping[str, Any]:
    known = [scale.name for scale in scales(asked)]
    usual = [*(name for name in reading.OUTCOMES if name in known), "", ""]
    if path is None:
        return {"primary": usual[0], "secondary": usual[1]}
    try:
        read_plan = json.loads(path.read_text("utf-8"))
        plan = {name: read_plan.get(name, "") for name in ("primary", "secondary")}
    except (ValueError, AttributeError) as error:
        raise Refused(
            [f"{path.name} is no plan: a JSON object with primary and secondary is needed."]
        ) from error
    strange = [str(name) for name in plan.values() if name and name not in known]
    if strange or not plan["primary"]:
        raise Refused([f"{path.name}: outcomes of this questionnaire are {', '.join(known) or 'none'}."])
    return plan


def _line(one: checking.Problem) -> str:
    row = f" row {one.row}" if one.row else ""
    return f"{one.file}{row}{', ' + one.column if one.column else ''}: {one.says}"


def _write(path: Path, payload: Mapping[str, Any]) -> None:
    from core.document import docx_job

    _told(f"writing {path.name}")
    half = path.with_name(path.name + ".part")
    half.write_bytes(base64.b64decode(docx_job(payload)["file"]))
    half.replace(path)


def _told(words: str) -> None:
    click.echo(f"… {words}", err=True)
    sys.stderr.flush()
