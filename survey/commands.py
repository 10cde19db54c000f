"""`flask survey check`: whether a workbook can be asked here, and if not, every reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click
from flask import Blueprint

commands = Blueprint("survey_commands", __name__, cli_group="survey")

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
REFUSED: Final = 2


@commands.cli.command("check", with_appcontext=False)
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="For a program: problems, notes and the questionnaire.")
def check(file: Path, as_json: bool) -> None:
    """Read FILE.xlsx (or .xls) as a questionnaire. Ends with 0, or with 2 and every reason."""
    from survey.xlsform import grid, job
    from survey.xlsform.reading import check as read

    with file.open("rb") as opened:
        outcome = read(opened.read(grid.FILE_BYTES + 1))
    problems, notes = (job.as_json(held) for held in (outcome.findings.problems, outcome.findings.notes))
    if as_json:
        words = {"file": file.name, "problems": problems, "notes": notes, "questionnaire": outcome.data}
        click.echo(json.dumps(words, ensure_ascii=False, indent=1))
    else:
        _tell(file.name, problems, notes, outcome.data)
    if problems:
        raise SystemExit(REFUSED)


def _tell(name: str, problems: list[dict[str, str]], notes: list[dict[str, str]], data: Any) -> None:
    for one in notes:
        click.echo(f"  note     {_where(one)}  {one['en']}")
    for one in problems:
        click.echo(f"  problem  {_where(one)}  {one['en']}")
    if problems:
        click.echo(f"{name} is refused: {len(problems)} problem{'s' * (len(problems) > 1)}.")
    else:
        asked = [item for item in data["items"] if item["kind"] not in ("note", "calculate")]
        click.echo(f"{name} can be asked: {len(asked)} questions on {len(data['pages'])} pages.")


def _where(one: dict[str, str]) -> str:
    return f"{one['sheet']}!{one['cell']}" if one["cell"] else one["sheet"] or "file"
