"""Files for evaluators of one closed round: who may have them when, with which item beside the answers, in what form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, log
from core.access import Identity, Role, require
from survey import microdata, power, rounds
from survey.models import EvaluatorFile, Response, Round
from survey.questionnaire import Questionnaire

Kind = Literal["csv", "codebook", "xlsx", "sav", "dta"]
DEED: Final = "survey_file"
BOOK: Final = (
    "variable", "question_vi", "question_en", "measures", "level", "right", "reverse",
    "value", "code", "label_vi", "label_en",
)  # fmt: skip
JOINT: Final = ("table", "before", "after", "people")
_BYTES_OF_MARK: Final = "\ufeff"


class NotYet(ValueError):
    """The round is open, or the wave after it has not closed: nothing of its answers leaves before that."""


class AlreadyChosen(ValueError):
    """Another item stands beside the answers of this round already; two could be laid over each other."""


def ready(session: Session, found: Round) -> bool:
    """Whether answers of this round may leave: it is closed, and so is a later wave, or its year's links are over."""
    if found.state != "closed":
        return False
    if found.wave != "before" or rounds.last_day_of_links(found.year) < clock.today():
        return True
    later = select(Round.id).where(Round.year == found.year, Round.wave != "before", Round.state == "closed")
    return session.scalar(later.limit(1)) is not None


def background_of(session: Session, found: Round) -> str:
    """The item that stands beside the answers, or "" for none."""
    chosen = session.get(EvaluatorFile, found.id)
    return chosen.background if chosen else ""


def choose(
    session: Session, by: Identity | None, found: Round, questionnaire: Questionnaire, code: str
) -> None:
    """Choose the one item for always. Raises `NotYet`, `AlreadyChosen`, or as `microdata.table` does."""
    who = require(by, Role.CAMPAIGNER)
    chosen = session.get(EvaluatorFile, found.id, with_for_update=True)
    if chosen is not None and chosen.background != code:
        raise AlreadyChosen
    log.write_if_started(session, DEED, who=who.person_id, about=str(found.year))
    table_of(session, by, found, questionnaire, code)
    if chosen is None:
        session.add(EvaluatorFile(round_id=found.id, background=code, chosen_on=clock.today()))


def take(
    session: Session, by: Identity | None, found: Round, questionnaire: Questionnaire
) -> microdata.Table:
    """The table for a file, written down in the log first."""
    who = require(by, Role.CAMPAIGNER)
    log.write_if_started(session, DEED, who=who.person_id, about=str(found.year))
    return table_of(session, by, found, questionnaire, background_of(session, found))


def table_of(
    session: Session, by: Identity | None, found: Round, questionnaire: Questionnaire, background: str
) -> microdata.Table:
    """The table itself. Raises `NotYet`, `microdata.TooFew`, `microdata.BackgroundRefused`."""
    require(by, Role.CAMPAIGNER)
    if not ready(session, found):
        raise NotYet
    wanted = select(Response.answers).where(Response.round_id == found.id, Response.filled == 1)
    answers = [json.loads(words) for words in session.scalars(wanted)]
    return microdata.table(answers, questionnaire, found.wave, background=background, seed=found.id)


# --- what stands in the files


def as_csv(table: microdata.Table) -> Iterator[str]:
    """The rows, a few hundred lines at a time; skipped questions are empty."""
    head = [one.name for one in table.variables]
    yield from _lines([head])
    for start in range(0, len(table.rows), 500):
        yield from _lines(table.rows[start : start + 500])


def as_codebook(table: microdata.Table) -> Iterator[str]:
    """What each variable and value stands for, in both languages; spreadsheets know it for UTF-8."""
    yield _BYTES_OF_MARK
    yield from _lines([BOOK, *codebook(table)])


def codebook(table: microdata.Table) -> list[list[Any]]:
    """One line a value, and one for each variable that was left out."""
    lines: list[list[Any]] = []
    for one in table.variables:
        about: list[Any] = [one.name, one.words.vi, one.words.en, one.measures, one.level]
        about += ["" if one.right is None else one.right, int(one.reverse)]
        lines += [[*about, label.value, label.code, label.words.vi, label.words.en] for label in one.labels]
    return lines + [[name, *_LEFT_OUT, *[""] * 8] for name in table.left_out]


_LEFT_OUT: Final = (
    "Không đưa ra: dưới 10 người trả lời, mọi người trả lời giống nhau, hoặc là số hay ngày tự ghi",
    "Left out: fewer than 10 answered, everybody answered alike, or it is a number or day typed in",
)


def as_payload(table: microdata.Table, found: Round, title: str) -> dict[str, Any]:
    """What `survey.export_files` takes, with words in the language of the page."""
    return {
        "title": title,
        "day": found.closes_on.isoformat(),
        "variables": [
            {
                "name": one.name,
                "words": str(one.words),
                "level": one.level,
                "labels": [[label.value, str(label.words)] for label in one.labels],
            }
            for one in table.variables
        ],
        "rows": [list(row) for row in table.rows],
        "codebook": {"columns": list(BOOK), "rows": codebook(table)},
    }


def joint_rows(joint: Mapping[str, Any]) -> list[list[Any]]:
    """The frozen joint tables in long form: table, answer before, answer after, people; "" is a skipped question.

    A row with an empty `after` and a word in `table` ending in `:before` or `:after` is one wave alone. It is left out
    where one to nine of that wave were not joined: beside the joint table it would tell what those few answered.
    """
    found: list[list[Any]] = []
    for item in joint["items"]:
        codes = item["codes"]
        for wave in ("before", "after"):
            alone = sum(item[wave]) - joint["linked"]
            if _enough(item[wave][:-1]) and not 0 < alone < power.FEWEST:
                found += [
                    [f"{item['code']}:{wave}", *_side(wave, code), people]
                    for code, people in zip(codes, item[wave], strict=True)
                ]
        if _enough([sum(row[:-1]) for row in item["joint"][:-1]]):
            found += [
                [item["code"], one, other, people]
                for one, row in zip(codes, item["joint"], strict=True)
                for other, people in zip(codes, row, strict=True)
            ]
    for score in joint["scores"]:
        if _enough([people for _, _, people in score["joint"]]):
            found += [[f"score:{score['name']}", *line] for line in score["joint"]]
    return found


def as_joint_csv(joint: Mapping[str, Any]) -> Iterator[str]:
    """The joint tables as CSV."""
    yield from _lines([JOINT, *joint_rows(joint)])


def _enough(people: Sequence[int]) -> bool:
    """Ten people, and not all of them in one place."""
    return sum(people) >= power.FEWEST and max(people) < sum(people)


def _side(wave: str, code: str) -> tuple[str, str]:
    return (code, "") if wave == "before" else ("", code)


def _lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    kept = io.StringIO()
    csv.writer(kept, lineterminator="\r\n").writerows(rows)  # nothing is written for None
    yield kept.getvalue()
