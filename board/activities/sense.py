"""What in a report is worth a second look (pure). It only ever warns: whoever wrote it may be right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from board.activities.kinds import KINDS
from board.activities.lines import Line
from core.i18n import Text, day, number
from core.vietnamese import fold

CROWD: Final = {"tram_y_te": 300, "khoa": 150, "phong": 150, "lanh_dao": 300}
"""Kind of unit → more people than this at one event is worth a second look: a station serves some 5,000."""
DEAR: Final = 50_000
"""Thousands of đồng for one activity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing to look at again. line_id: the entry it stands in, or empty for the report as a whole."""

    line_id: str
    words: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What entries are compared with: the kind of the unit, the days of the campaign, and today."""

    unit_kind: str
    begins: date
    ends: date
    today: date


def doubts(lines: Sequence[Line], month: Month) -> list[Doubt]:
    """Everything in a report that is worth a second look, entry by entry."""
    found = [Doubt(line_id=line.id, words=words) for line in lines for words in of_line(line, month)]
    return found + list(_twice(lines))


def of_line(line: Line, month: Month) -> list[Text]:
    """What is worth a second look in one entry."""
    if line.state == "none":
        return []
    return [*_days(line, month), *_numbers(line), *_people(line, month), *_words(line)]


# --- days


def _days(line: Line, month: Month) -> Iterator[Text]:
    on = line.held_on if line.state == "held" else line.planned_on
    if on is None:
        return
    if not month.begins <= on <= month.ends:
        yield _OUTSIDE.format(begins=day(month.begins), ends=day(month.ends))
    if line.state == "held" and on > month.today:
        yield _AHEAD
    if line.state == "planned" and on < month.today:
        yield _PAST


_OUTSIDE: Final = Text(
    "Ngày này nằm ngoài tháng hành động ({begins} – {ends}).",
    "This day is outside the action month ({begins} – {ends}).",
)
_AHEAD: Final = Text(
    "Ghi là đã làm, nhưng ngày chưa tới.", "It is marked as done, but the day has not come yet."
)
_PAST: Final = Text(
    "Ngày dự kiến đã qua. Nếu đã làm, bạn chọn “Đã làm”.",
    "The planned day is past. If it was done, choose “Done”.",
)


# --- numbers


def _numbers(line: Line) -> Iterator[Text]:
    if line.state == "held" and not any(line.numbers.values()):
        yield _NO_NUMBER
    for field in KINDS[line.type_code].fields:
        if line.numbers.get(field.code, 0) > field.usual:
            yield _MUCH.format(what=field.label, many=number(line.numbers[field.code]))
    if (line.cost or 0) > DEAR:
        yield _COSTLY.format(cost=number(line.cost or 0))


_NO_NUMBER: Final = Text("Đã làm nhưng chưa ghi số lượng.", "It was done, but no number is written yet.")
_MUCH: Final = Text(
    "{what}: {many} là nhiều hơn thường thấy. Bạn xem lại giúp.",
    "{what}: {many} is more than usual. Please look again.",
)
_COSTLY: Final = Text(
    "Kinh phí tính bằng nghìn đồng: {cost} nghìn đồng có đúng không?",
    "Costs are in thousands of đồng: is {cost} thousand right?",
)


# --- people


def _people(line: Line, month: Month) -> Iterator[Text]:
    if line.participants is not None and line.women is not None and line.men is not None:
        if line.women + line.men != line.participants:
            yield _UNEVEN.format(
                women=number(line.women), men=number(line.men), people=number(line.participants)
            )
    elif max(line.women or 0, line.men or 0) > (line.came or 0):
        yield _MORE_THAN_ALL
    came, times = line.came or 0, max(1, line.numbers.get("count", 1))
    if came > CROWD.get(month.unit_kind, 300) * times:
        yield _CROWD.format(people=number(came))
    if line.state == "held" and KINDS[line.type_code].participants and line.came is None:
        yield _NOBODY


_UNEVEN: Final = Text(
    "Nữ {women} và nam {men} không bằng tổng {people}.",
    "{women} women and {men} men are not {people} in all.",
)
_MORE_THAN_ALL: Final = Text(
    "Số nữ hoặc số nam nhiều hơn tổng số người dự.", "There are more women or men than people in all."
)
_CROWD: Final = Text(
    "{people} người dự là rất đông với một đơn vị như thế này. Bạn xem lại giúp.",
    "{people} people is a great many for a unit like this. Please look again.",
)
_NOBODY: Final = Text(
    "Chưa ghi số người dự. Nếu không ai đếm, bạn để trống.",
    "No participants are written. If nobody counted them, leave it empty.",
)


# --- words

_CALLED: Final = re.compile(
    r"\b(?:chị|anh|bà|ông|cô|chú|cháu|em|bé|vợ|chồng|con)\s+(?:gái\s+|trai\s+)?(?P<name>\w+)", re.IGNORECASE
)
_HURT: Final = re.compile(
    r"\b(?:nan nhan|nguoi bi hai|bi (?:bao luc|bao hanh|danh|xam hai|hiep|cuong hiep|quay roi|lam dung|mua ban|ep))\b"
)
_BY_KIN: Final = re.compile(
    r"\bbi (?:chong|vo|bo|me|cha|con|anh|ban trai|nguoi yeu|cap tren) (?:danh|bao hanh|xam hai|hiep|ep|quay roi|chui|duoi)\b"
)
_ONE: Final = re.compile(
    r"\b(?:(?:\d+|mot|hai|ba) (?:chi |phu nu |tre em |chau |em )?(?:nan nhan|truong hop|nguoi bi|bi|chau|em be)"
    r"|\d+ tuoi|thon|xom|to dan pho|tieu khu|con (?:cua|gai|trai)"
    r"|(?:vo|chong) (?:cua|anh|chi|ong|ba)|nha (?:ong|ba|anh|chi))\b"
)
_DIGITS: Final = re.compile(r"(?<!\d)(?:0\d{9}|\d{12})(?!\d)")


@lru_cache(maxsize=4096)
def could_name(words: str, *, commended: bool = False) -> bool:
    """Whether words may say who was hurt: a name after a form of address, somebody hurt with a place or a number,
    a telephone or identity number. commended: names stand there with the consent of who bears them."""
    if _DIGITS.search(re.sub(r"[ .]", "", words)):
        return True
    plain = fold(words)
    if _BY_KIN.search(plain) or (_HURT.search(plain) and _ONE.search(plain)):
        return True
    return not commended and any(found["name"][0].isupper() for found in _CALLED.finditer(words))


def _words(line: Line) -> Iterator[Text]:
    said = " . ".join(filter(None, (line.title, line.audience, line.description)))
    if said and could_name(said, commended=line.type_code == "A16"):
        yield NAMES_SOMEBODY


NAMES_SOMEBODY: Final = Text(
    "Câu bạn ghi có thể cho biết một người cụ thể. Nếu đó là người bị bạo lực hoặc trẻ em, bạn bỏ tên, nơi ở, hoàn cảnh.",
    "Your words may point to one person. If they were hurt, or are a child, leave out name, place and story.",
)


# --- the report as a whole


def _twice(lines: Iterable[Line]) -> Iterator[Doubt]:
    seen: set[tuple[object, ...]] = set()
    for line in lines:
        if line.state != "held" or line.held_on is None:
            continue
        key = (line.type_code, line.held_on, tuple(sorted(line.numbers.items())), line.came, line.title)
        if key in seen:
            yield Doubt(line_id=line.id, words=_TWICE)
        seen.add(key)


_TWICE: Final = Text(
    "Giống hệt một mục khác cùng ngày. Có thể ghi hai lần.",
    "The same as another entry of that day. It may be written twice.",
)
