"""Which earlier entries an answer may name, in words a handler recognises. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from core.i18n import Text
from intake.casefile import assessment, closure, consent
from intake.casefile.kinds import KINDS
from intake.casefile.record import File, Written

_LOWER: Final = Text("Hạ mức nguy cơ", "A lower level of risk")


def choices(file: File, kind: str, name: str, *, by: str, today: date) -> list[tuple[str, str]]:
    """Row number and words. by: who would sign."""
    return [(str(one.row), _words(one)) for one in _rows(file, kind, name, by, today)]


def offered(file: File, kind: str, *, by: str, today: date) -> bool:
    """Whether a page should show the form of a kind now."""
    if kind == "ket-thuc":
        return not closure.closed(file)
    if kind == "mo-lai":
        return closure.closed(file)
    return not KINDS[kind].small or bool(choices(file, kind, "of", by=by, today=today))


def _rows(file: File, kind: str, name: str, by: str, today: date) -> Iterator[Written]:
    if name == "consent":
        used = {str(one.values.get("consent")) for one in file.of("chuyen-gui")}
        for one in file.of("dong-y"):
            if consent.stands(file, one, today) and str(one.row) not in used:
                yield one
    elif name == "override":
        used = {str(one.values.get("override")) for one in file.of("chuyen-gui")}
        for one in file.of("khong-dong-y"):
            if file.seconded(one) and str(one.row) not in used:
                yield one
    elif kind == "rut-dong-y":
        for one in file.of("dong-y"):
            if one.values.get("given") == "yes" and not consent.withdrawn(file, one):
                yield one
    elif kind == "ket-qua":
        yield from file.of("chuyen-gui")
    elif kind == "nguoi-thu-hai":
        yield from (one for one in waiting(file) if one.by != by)


def waiting(file: File) -> list[Written]:
    """Every decision that no second person has signed."""
    lower = assessment.waiting(file)
    asked = [one for one in file.of("khong-dong-y") if not file.seconded(one)]
    return [*asked, *([lower] if lower else [])]


def _words(entry: Written) -> str:
    what = entry.values.get("recipient") or str(_LOWER)
    return f"{what} · {entry.on:%d/%m/%Y} · {entry.author}"
