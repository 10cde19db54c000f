"""What the functions and signs of an expression do to texts, numbers and truths (pure).

Every rule here has a twin in static/conditions.js; `tests/vectors/expressions.json` holds both to the same answers, so
nothing is left to a library whose edges differ: numbers are plain decimals, spaces are the four of XML, texts are
counted in characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from survey.expressions.patterns import matches

_EPOCH: Final = date(1970, 1, 1)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_LONGEST_NUMBER: Final = 40
_LONGEST_RESULT: Final = 1000
_SPACES: Final = " \t\r\n"
_TWELVE: Final = Context(prec=12, rounding=ROUND_HALF_UP)
"""Digits of a number that is shown or rounded: enough to forget that 0.1 + 0.2 is not quite 0.3."""
_WIDE: Final = Context(prec=400, rounding=ROUND_HALF_UP)


def said(value: object) -> str:
    """Any value as the text it is shown and compared as."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        text = format(_TWELVE.create_decimal_from_float(value), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)[:_LONGEST_RESULT]


def number(value: object) -> float:
    """A number; a day counts as days since 1970; anything else is "not a number"."""
    if isinstance(value, bool | float):
        return float(value)
    text = str(value).strip(_SPACES)
    if _DAY.fullmatch(text):
        found = _as_day(text)
        return float((found - _EPOCH).days) if found else math.nan
    return float(text) if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) else math.nan


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def truth(value: object) -> bool:
    """XPath's own idea of true: a text that is not empty, a number that is not 0."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def same(left: object, right: object) -> bool:
    """Equal as truths where one is a truth, as numbers where one is a number, else letter by letter."""
    if isinstance(left, bool) or isinstance(right, bool):
        return truth(left) == truth(right)
    if isinstance(left, float) or isinstance(right, float):
        return number(left) == number(right)
    return str(left) == str(right)


def _words(value: object) -> list[str]:
    return [word for word in re.split(f"[{_SPACES}]+", said(value)) if word]


def _date(value: object) -> str:
    days = number(value)
    if not math.isfinite(days) or not -700_000 < days < 2_900_000:
        return ""
    return (_EPOCH + timedelta(days=math.floor(days))).isoformat()


def _round(value: object, places: object = 0.0) -> float:
    found, wanted = number(value), number(places)
    if not math.isfinite(found) or not -15 <= wanted <= 15:
        return math.nan
    short, step = _TWELVE.create_decimal_from_float(found), Decimal(1).scaleb(-int(wanted))
    return float(short.quantize(step, context=_WIDE)) + 0.0


def _whole(value: object, how: Callable[[float], int]) -> float:
    found = number(value)
    return float(how(found)) if math.isfinite(found) else math.nan


def _selected_at(value: object, place: object) -> str:
    chosen, at = _words(value), number(place)
    return chosen[int(at)] if math.isfinite(at) and 0 <= at < len(chosen) else ""


def _substr(value: object, start: object, end: object = math.inf) -> str:
    text, first, last = said(value), number(start), number(end)
    if math.isnan(first) or math.isnan(last):
        return ""
    return text[int(max(0, min(first, len(text)))) : int(max(0, min(last, len(text))))]


def _most(how: Callable[[Iterable[float]], float], values: Iterable[object]) -> float:
    numbers = [number(value) for value in values]
    return math.nan if any(map(math.isnan, numbers)) else float(how(numbers))


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "abs": lambda value: abs(number(value)),
    "ceiling": lambda value: _whole(value, math.ceil),
    "coalesce": lambda first, second: first if said(first) else second,
    "concat": lambda *values: "".join(map(said, values)),
    "contains": lambda value, part: said(part) in said(value),
    "count-selected": lambda value: float(len(_words(value))),
    "date": _date,
    "ends-with": lambda value, end: said(value).endswith(said(end)),
    "floor": lambda value: _whole(value, math.floor),
    "if": lambda condition, yes, no: yes if truth(condition) else no,
    "int": lambda value: _whole(value, math.trunc),
    "max": lambda *values: _most(max, values),
    "min": lambda *values: _most(min, values),
    "normalize-space": lambda value: " ".join(_words(value)),
    "number": number,
    "regex": lambda value, pattern: matches(said(value), pattern),
    "round": _round,
    "same": same,
    "selected": lambda value, code: said(code).strip(_SPACES) in _words(value),
    "selected-at": _selected_at,
    "starts-with": lambda value, start: said(value).startswith(said(start)),
    "string": said,
    "string-length": lambda value: float(len(said(value))),
    "substr": _substr,
}
"""By name; `same` is what the signs = and != ask."""
