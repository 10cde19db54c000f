"""`flask board audit|release|consolidate|grants`: the rule and its reader for files, outside of any centre's database.

A release of the centre's own cases is the act of two custodians on their pages. What stands here serves whoever
wants to check a published file, and whoever keeps counts elsewhere and wants them protected by the same rule.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from flask import Blueprint

from board.consolidating import NotAlike, added_up
from board.grants import statements
from board.published import K
from board.signed import NotSigned, check
from core.disclosure import NotPublishable, ProtectedTable, RawTable, from_json, to_json

if TYPE_CHECKING:
    from core.disclosure import Finding

commands = Blueprint("board_commands", __name__, cli_group="board")

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT: Final = click.Path(dir_okay=False, path_type=Path)
PROVED: Final = 1
UNREADABLE: Final = 2
_DAY_LENGTH: Final = 10


@commands.cli.command("audit", with_appcontext=False)
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Findings for a program.")
@click.option(
    "--signer", "signers", multiple=True, help="Fingerprint of a key that must have signed; repeatable."
)
@click.option("--seconds", default=60.0, show_default=True, help="Time for one year and kind of count.")
def audit(file: Path, as_json: bool, signers: tuple[str, ...], seconds: float) -> None:
    """Read everything FILE.json publishes as somebody would who wants to find people.

    Ends with 0 when nothing small can be proved, 1 with every cell that can, 2 when the file cannot be read, its figures
    contradict one another, a signature does not fit, or time runs out. With --signer every release must be signed by one
    of these keys; without it, who signed is told and you compare.
    """
    found, k = _audited(file, signers, seconds)
    if as_json:
        click.echo(
            json.dumps({"k": k, "proved": [_as_json(one) for one in found]}, ensure_ascii=False, indent=1)
        )
    else:
        for one in found:
            click.echo(_line(one, k))
        click.echo(f"{len(found)} proved." if found else "Nothing small can be proved.")
    raise SystemExit(PROVED if found else 0)


@commands.cli.command("consolidate", with_appcontext=False)
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--release", required=True, help="Which release to add up, such as 2026-12-31.")
@click.option(
    "--signer", "signers", multiple=True, help="Fingerprint of a key that must have signed; repeatable."
)
@click.option("--out", type=OUT, help="Write here instead of printing.")
@click.option("--seconds", default=60.0, show_default=True, help="Time for one year and kind of count.")
def consolidate(
    files: tuple[Path, ...], release: str, signers: tuple[str, ...], out: Path | None, seconds: float
) -> None:
    """Add up one release of several centres, each as it published it: ranges add up as ranges.

    Every file is audited and its signatures are checked first; one that is not signed needs no --signer and is told.
    Ends with 0, or with 2 and the reason; then nothing is written.
    """
    told: dict[str, Sequence[ProtectedTable]] = {}
    ks = set()
    for file in files:
        found, k = _audited(file, signers, seconds)
        if found:
            raise _stop(f"{file.name}: {len(found)} small counts can be proved. Nothing was added up.")
        if file.name in told:
            raise _stop(f"{file.name} is named twice.")
        told[file.name] = from_json(_document(file))
        ks.add(k)
    if len(ks) > 1:
        raise _stop("These files hold to different smallest counts.")
    try:
        tables = added_up(told, release)
    except NotAlike as error:
        raise _stop(str(error)) from error
    document = {**to_json(tables, k=ks.pop()), "from": list(told)}
    _told(_summary(tables))
    _give(document, out)


def _audited(file: Path, signers: Sequence[str], seconds: float) -> tuple[list[Finding], int]:
    """What can be proved from a file, once its signatures fit."""
    from core import disclosure

    document = _document(file)
    try:
        tables, k = from_json(document), _k(document)
        _told(f"{file.name}: {len(tables)} tables of {len(document['releases'])} releases, k = {k}")
        _hold_to_signers(document, signers)
        return disclosure.audit(tables, k, seconds=seconds), k
    except (ValueError, NotPublishable, NotSigned) as error:
        raise _stop(f"{file.name}: {error}") from error


def _hold_to_signers(document: Mapping[str, Any], signers: Sequence[str]) -> None:
    if "signed" not in document and not signers:
        _told("not signed: nobody answers for these figures")
        return
    wanted = {"".join(one.split()).lower() for one in signers}
    for one in check(document):
        _told(f"{one.release}: signed by {one.name}, key {one.key}")
        if wanted and one.key.replace(" ", "") not in wanted:
            raise NotSigned(f"{one.release} is signed by a key that was not named")


@commands.cli.command("release", with_appcontext=False)
@click.argument("counts", type=FILE)
@click.option("--history", type=FILE, help="Everything published before, as /ban/so-lieu.json gives it.")
@click.option("--out", type=OUT, help="Write here instead of printing.")
@click.option("--seconds", default=60.0, show_default=True, help="Time for one year and kind of count.")
def release(counts: Path, history: Path | None, out: Path | None, seconds: float) -> None:
    """Protect COUNTS.json, true counts of one release, and give all releases as one document.

    Ends with 0, or with 2 and the reason; then nothing is written. COUNTS.json holds true counts: keep it as you keep the
    cases themselves, and delete it afterwards.
    """
    from core import disclosure

    before = _document(history) if history else {"releases": [], "dims": {}, "groups": {}, "tables": []}
    raw = _document(counts)
    try:
        told, k = from_json(before), _k(raw if not history else before)
        protected = disclosure.protect(raw_tables(raw), told, k, seconds=seconds, progress=_told)
        document = to_json([*told, *protected], k=k)
    except (ValueError, KeyError, TypeError) as error:
        raise _stop(f"{counts.name} or its history cannot be read: {error}") from error
    except NotPublishable as error:
        raise _stop(f"Not published: {error}") from error
    _told(_summary(protected))
    _give(document, out)


@commands.cli.command("grants", with_appcontext=False)
@click.argument("role")
def grants(role: str) -> None:
    """Print the SQL that lets ROLE read what the board's pages show, and nothing else (PostgreSQL)."""
    try:
        for line in statements(role):
            click.echo(line)
    except ValueError as error:
        raise _stop(str(error)) from error


def raw_tables(document: Mapping[str, Any]) -> list[RawTable]:
    """True counts in the shape of design.md 6: one release, finest cells only, a missing cell is none.

    Raises ValueError, KeyError, TypeError.
    """
    dims, groups = document["dims"], document.get("groups", {})
    return [
        RawTable(
            name=table["name"],
            release=table["release"],
            counts=table.get("counts", "cases"),
            dims={dim: tuple(dims[dim]) for dim in table["dims"]},
            groups={
                dim: {name: tuple(members) for name, members in groups[dim].items()}
                for dim in table["dims"]
                if dim in groups
            },
            rows=_rows(table),
        )
        for table in document["tables"]
    ]


def _rows(table: Mapping[str, Any]) -> dict[tuple[str, ...], int]:
    rows: dict[tuple[str, ...], int] = {}
    for row in table["rows"]:
        at = tuple(row["dims"][dim] for dim in table["dims"])
        if at in rows:
            raise ValueError(f"table {table['name']!r} counts one cell twice")
        rows[at] = row["value"]
    return rows


def _give(document: Mapping[str, Any], out: Path | None) -> None:
    """Print a document, or write it whole or not at all."""
    words = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if out is None:
        click.echo(words, nl=False)
        return
    half = out.with_name(out.name + ".part")
    half.write_text(words, encoding="utf-8")
    os.chmod(half, 0o600)  # noqa: PTH101 - a file that is being made is nobody else's
    half.replace(out)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _stop(f"{path.name} is not JSON: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("tables"), list):
        raise _stop(f"{path.name} is not a document of releases.")
    return found


def _k(document: Mapping[str, Any]) -> int:
    k = document.get("k", K)
    if isinstance(k, bool) or not isinstance(k, int) or k < 2:
        raise ValueError("k must be a whole number of at least 2.")
    return k


def _as_json(one: Finding) -> dict[str, Any]:
    return {
        "year": one.year,
        "counts": one.counts,
        "cell": dict(one.cell),
        "since": one.since,
        "until": one.until,
        "kind": one.kind,
    }


def _line(one: Finding, k: int) -> str:
    where = ", ".join(f"{dim} = {place}" for dim, place in one.cell) or "total"
    since = f"from {one.since[:_DAY_LENGTH]} to {one.until}" if one.since else f"until {one.until}"
    what = f"from 1 to {k - 1}" if one.kind == "small" else "all of its parent"
    return f"{one.counts} {one.year}, {where}, {since}: {what}"


def _summary(tables: Sequence[ProtectedTable]) -> str:
    values = [row.value for table in tables for row in table.rows]
    exact = sum(isinstance(value, int) for value in values)
    hidden = sum(value is None for value in values)
    return f"{exact} rows exact, {len(values) - exact - hidden} as a range, {hidden} withheld"


def _told(words: str) -> None:
    click.echo(f"… {words}", err=True)
    sys.stderr.flush()


def _stop(words: str) -> SystemExit:
    click.echo(words, err=True)
    return SystemExit(UNREADABLE)
