"""A range's first and last number and its step, from the parameters column; and whether choices are shuffled."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from survey.xlsform.findings import Findings
from survey.xlsform.walk import Asked

_MOST = Decimal(10) ** 9


def parameters(row: Asked) -> dict[str, str]:
    """`start=1 end=5` as a dictionary; pyxform checks which names a type may have."""
    words = (
        row.entry.text("parameters").replace(",", " ").replace(";", " ").replace(" =", "=").replace("= ", "=")
    )
    return {
        name.lower(): value for name, _, value in (word.partition("=") for word in words.split()) if value
    }


def span(row: Asked, findings: Findings) -> dict[str, str]:
    """The span of a range as it is stored; ODK's own defaults are 1, 10, 1."""
    given = parameters(row)
    try:
        least, most, step = (
            Decimal(given.get(name, usual)) for name, usual in (("start", "1"), ("end", "10"), ("step", "1"))
        )
        fits = all(number.is_finite() and abs(number) <= _MOST for number in (least, most, step))
        fits = fits and step > 0 and most > least and (most - least) % step == 0
    except InvalidOperation:
        fits = False
    if not fits:
        findings.problem(
            row.entry.sheet,
            row.entry.cell("parameters"),
            "Khoảng cần start nhỏ hơn end, step lớn hơn 0 và chia hết khoảng ấy.",
            "A range needs start below end, and a step above 0 that divides it.",
        )
        return {"least": "1", "most": "10", "step": "1"}
    return {"least": str(least), "most": str(most), "step": str(step)}
