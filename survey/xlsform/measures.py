"""What an item measures, from our own columns: checked against its kind and its list."""

from __future__ import annotations

from typing import Any, Final

from survey.xlsform.findings import Findings
from survey.xlsform.lists import Listed
from survey.xlsform.walk import Asked

MEASURED: Final = (
    "knowledge",
    "attitude",
    "confidence",
    "trust",
    "help",
    "background",
    "exposure",
    "linkage",
)
_WAVES: Final = ("before", "after", "followup")
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "knowledge": ("one",),
    "attitude": ("one",),
    "confidence": ("one",),
    "trust": ("one",),
    "help": ("many",),
    "background": ("one",),
    "exposure": ("one", "many"),
    "linkage": ("one", "letter", "digits"),
}
_YES: Final = ("yes", "true", "có", "co", "x")


def measures(row: Asked, listed: Listed | None, findings: Findings) -> dict[str, Any]:
    """The measuring part of an item as it is stored."""
    entry = row.entry
    kind = entry.own.get("measures", "").strip().lower()
    if not kind:
        return {"measures": "other"}
    if kind not in MEASURED:
        findings.problem(
            entry.sheet,
            entry.cell("measures"),
            f"Cột measures nhận: {', '.join(MEASURED)}.",
            f"The column measures takes: {', '.join(MEASURED)}.",
        )
        return {"measures": "other"}
    if row.kind not in _KINDS[kind]:
        findings.problem(
            entry.sheet,
            entry.cell("measures"),
            f"Kiểu câu này không đo được “{kind}”.",
            f"A question of this type cannot measure “{kind}”.",
        )
    return {"measures": kind} | _more(row, kind, listed, findings)


def _more(row: Asked, kind: str, listed: Listed | None, findings: Findings) -> dict[str, Any]:
    entry = row.entry
    if kind == "knowledge":
        right = entry.own.get("right", "").strip()
        codes = [option["code"] for option in listed.options] if listed else []
        if right not in codes:
            findings.problem(
                entry.sheet,
                entry.cell("right"),
                "Cột right phải ghi mã của đáp án đúng trong danh sách.",
                "The column right must hold the code of the right answer on the list.",
            )
        return {"right": right}
    if kind == "attitude":
        return {"reverse": entry.own.get("reverse", "").strip().lower() in _YES}
    if kind == "help" and listed and not any(option.get("counts") == "right" for option in listed.options):
        findings.problem(
            entry.sheet,
            entry.cell("measures"),
            "Danh sách chưa có lựa chọn nào được ghi counts = right.",
            "No choice of the list says counts = right.",
        )
    return {}


def waves(row: Asked, findings: Findings) -> dict[str, Any]:
    """The waves an item is asked in, where they are not all."""
    named = row.entry.own.get("waves", "").replace(",", " ").lower().split()
    if set(named) - set(_WAVES):
        findings.problem(
            row.entry.sheet,
            row.entry.cell("waves"),
            f"Cột waves nhận: {', '.join(_WAVES)}.",
            f"The column waves takes: {', '.join(_WAVES)}.",
        )
        return {}
    kept = [wave for wave in _WAVES if wave in named]
    return {"waves": kept} if kept and len(kept) < len(_WAVES) else {}
