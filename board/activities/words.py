"""Words for states, entries and warnings, said once for the unit, the secretary and paper."""

from __future__ import annotations

from typing import Final

from board.activities.kinds import KINDS
from board.activities.lines import Line
from board.activities.summing import split
from core.i18n import Text, day, number, t

STATES: Final = {
    "never": Text("Chưa bắt đầu", "Not begun"),
    "drafted": Text("Đang soạn", "Being written"),
    "filed": Text("Đã nộp", "Filed"),
    "returned": Text("Được trả lại", "Returned"),
    "accepted": Text("Đã nhận", "Accepted"),
}
TAGS: Final = {"never": "", "drafted": "", "filed": "done", "returned": "soon", "accepted": "done"}
"""State → kind of tag."""
ENTRY_STATES: Final = {
    "held": Text("Đã làm", "Done"),
    "planned": Text("Dự kiến", "Planned"),
    "none": Text("Không phát sinh", "None"),
}
LEAVE_OUT: Final = Text(
    "Không ghi tên, địa chỉ, hoàn cảnh hay ảnh của người bị bạo lực, trẻ em.",
    "Leave out names, addresses, stories and pictures of people who were hurt, and of children.",
)


def how_many(line: Line) -> str:
    """The numbers of an entry with what they count: "12 chiếc", "2 tập thể, 3 cá nhân"."""
    kind = KINDS[line.type_code]
    if len(kind.fields) == 1:
        count = line.numbers.get(kind.fields[0].code)
        said = Text(f"{number(count or 0)} {kind.unit.vi}", f"{kind.unit.en}: {number(count or 0)}")
        return "" if count is None else str(said)
    return "; ".join(
        f"{field.label}: {number(line.numbers[field.code])}"
        for field in kind.fields
        if field.code in line.numbers
    )


def who_came(line: Line) -> str:
    """How many took part, women and men where that is known."""
    if line.came is None:
        return ""
    people = t("{} người", "{} people").format(number(line.came))
    women, men = split(line)
    if not women + men:
        return people
    both = t("nữ {}, nam {}", "{} women, {} men").format(number(women), number(men))
    return f"{people} ({both})"


def in_short(line: Line) -> str:
    """An entry in one line: how many, who came, when; its title first where it has one."""
    on = line.held_on if line.state == "held" else line.planned_on
    parts = [line.title, how_many(line), who_came(line), day(on) if on else ""]
    return " · ".join(part for part in parts if part) or t("chưa ghi gì", "nothing written yet")
