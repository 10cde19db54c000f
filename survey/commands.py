"""`flask survey check` and `flask survey analyse`: workbooks and answers of anywhere, or every reason why not."""

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


@commands.cli.command("analyse", with_appcontext=False)
@click.option("--before", "first", type=FILE, required=True, help="Answers before: CSV or XLSX.")
@click.option("--after", "second", type=FILE, required=True, help="Answers after.")
@click.option("--questionnaire", type=FILE, help="The workbook; the shipped questionnaire unless given.")
@click.option("--link", default="", help="The column that is the same for one person in both files.")
@click.option("--cluster", default="", help="The column that names the unit.")
@click.option("--exposure", default="", help="The column of how much of the campaign was met (after).")
@click.option("--ignore", multiple=True, help="A column to leave aside; may be given again.")
@click.option("--plan", type=FILE, help='JSON: {"primary": "attitude", "secondary": "knowledge"}.')
@click.option("--json", "as_json", is_flag=True, help="Every figure at full precision.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the annex as .docx.")
@click.option("--english", is_flag=True, help="Words in English.")
def analyse(**chosen: Any) -> None:
    """What changed between two files of answers. Ends with 0, or with 2 and every problem by row and column."""
    from survey.collected import terminal

    raise SystemExit(terminal.analyse(terminal.Chosen(**chosen)))
