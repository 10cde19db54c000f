"""From what somebody typed or ticked to one coded answer, or a sentence that says what to change (pure)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from core.i18n import Text
from core.vietnamese import NotANumber, fold, parse_number
from survey.items import Item, plain

Coded = str | list[str]


class WrongAnswer(ValueError):
    """An answer is not one that this item takes; `sentence` is for whoever answered."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence: Final = sentence


def code(item: Item, given: list[str]) -> Coded:
    """The coded answer to an item that takes one. Raises WrongAnswer."""
    if item.kind == "many":
        return _many(item, given)
    if len(set(given)) > 1:
        raise WrongAnswer(_ONLY_ONE)
    if item.kind in _TYPED:
        return _TYPED[item.kind](item, given[0])
    if given[0] not in {choice.code for choice in item.choices}:
        raise WrongAnswer(_UNKNOWN)
    return given[0]


_UNKNOWN: Final = Text(
    "Câu trả lời này không có trong danh sách. Bạn chọn lại hoặc bỏ qua.",
    "This answer is not on the list. Choose again, or skip it.",
)
_ONLY_ONE: Final = Text("Câu này chỉ chọn một.", "Please choose only one.")
_LETTER: Final = Text(
    "Bạn ghi đúng một chữ cái, hoặc số 0 nếu không biết.",
    "Write exactly one letter, or 0 if you do not know.",
)
_DIGITS: Final = Text(
    "Bạn ghi một số có hai chữ số, từ 00 đến 99.", "Write a number of two digits, from 00 to 99."
)
_WHOLE: Final = Text("Câu này cần một số nguyên.", "A whole number is needed here.")
_DATE: Final = Text(
    "Bạn ghi ngày theo kiểu 05/12/2026, hoặc bỏ qua.", "Write the day like 05/12/2026, or skip it."
)


def _many(item: Item, given: list[str]) -> list[str]:
    """In the order of the questionnaire, so that the order of ticking is not stored."""
    if set(given) - {choice.code for choice in item.choices}:
        raise WrongAnswer(_UNKNOWN)
    ticked = [choice for choice in item.choices if choice.code in given]
    alone = [choice for choice in ticked if choice.exclusive]
    return [choice.code for choice in alone[:1] or ticked]


def _letter(_item: Item, written: str) -> str:
    """Without marks, Đ as D: the same person may type it with or without."""
    letter = fold(written).upper()
    if len(letter) != 1 or not letter.isascii() or not (letter.isalpha() or letter == "0"):
        raise WrongAnswer(_LETTER)
    return letter


def _two_digits(_item: Item, written: str) -> str:
    if not (written.isascii() and written.isdigit() and len(written) <= 2):
        raise WrongAnswer(_DIGITS)
    return written.zfill(2)


def _number(written: str) -> Decimal:
    try:
        return Decimal(parse_number(written))
    except NotANumber as wrong:
        raise WrongAnswer(wrong.reason) from None


def _integer(_item: Item, written: str) -> str:
    number = _number(written)
    if number != number.to_integral_value():
        raise WrongAnswer(_WHOLE)
    return plain(number)


def _decimal(_item: Item, written: str) -> str:
    return plain(_number(written))


def _range(item: Item, written: str) -> str:
    span = item.span
    assert span is not None
    # A step that was chosen from a list comes as it is stored: 0.5, not 0,5.
    if written in span.steps():
        return written
    number = _number(written)
    if not span.holds(number):
        least, most, step = (plain(one) for one in (span.least, span.most, span.step))
        raise WrongAnswer(
            Text(
                f"Bạn ghi một số từ {_vi(least)} đến {_vi(most)}, mỗi bước {_vi(step)}.",
                f"Write a number from {least} to {most} in steps of {step}.",
            )
        )
    return plain(number)


def _vi(number: str) -> str:
    return number.replace(".", ",")


_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d{2})-(\d{2})")


def _date(_item: Item, written: str) -> str:
    found = _DAY.fullmatch(written) if written.isascii() else None
    if found is None:
        raise WrongAnswer(_DATE)
    day, month, year = found[1] or found[6], found[2] or found[5], found[3] or found[4]
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise WrongAnswer(_DATE) from None


_TYPED: Final = {
    "letter": _letter,
    "digits": _two_digits,
    "integer": _integer,
    "decimal": _decimal,
    "range": _range,
    "date": _date,
}


def shown(item: Item, coded: str) -> str:
    """A typed answer as it is typed, so that a page can be shown again."""
    if item.kind in ("integer", "decimal", "range"):
        return _vi(coded)
    if item.kind == "date":
        year, month, day = coded.split("-")
        return f"{day}/{month}/{year}"
    return coded
