"""How a handler's list is narrowed and put in order: what stands in its address, and nothing of a person. Pure.

Addresses carry codes and numbers only (`?han=tre&loai=2`): a browser's history must not tell what a list held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from core.i18n import Text
from intake.desk.clocks import KINDS, Clock
from intake.form.handling import STATES
from intake.form.questions import FORM

PAGE: Final = 50
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Line(Protocol):
    """What is asked of a line of the list."""

    @property
    def case_id(self) -> str: ...
    @property
    def arrived_on(self) -> Any: ...
    @property
    def state(self) -> str: ...
    @property
    def urgent(self) -> bool: ...
    @property
    def messages(self) -> int: ...
    @property
    def flags(self) -> Mapping[str, Any]: ...
    @property
    def next(self) -> Clock | None: ...


STANDING_LABELS: Final = {
    "late": Text("trễ", "late"),
    "today": Text("hôm nay", "today"),
    "soon": Text("sắp đến hạn", "soon"),
}
_STANDING_CODES: Final = {"tre": "late", "hom-nay": "today", "sap": "soon"}
_STATE_CODES: Final = {
    "moi": "received",
    "dang-xem": "reading",
    "da-tra-loi": "answered",
    "da-dong": "closed",
}


def _choices(name: str) -> list[tuple[str, Text]]:
    return [(str(number), option.label) for number, option in enumerate(FORM[name].options, 1)]


FILTERS: Final[Mapping[str, tuple[Text, Sequence[tuple[str, Text]]]]] = {
    "tinh-trang": (
        Text("Tình trạng", "State"),
        [("dang-mo", Text("Chưa đóng", "Not closed"))]
        + [(code, STATES[state]) for code, state in _STATE_CODES.items()],
    ),
    "muc": (Text("Mức", "Urgency"), [("khan", Text("Khẩn", "Urgent"))]),
    "viec": (Text("Việc", "Task"), [(str(number), kind.label) for number, kind in enumerate(KINDS, 1)]),
    "han": (
        Text("Hạn", "Due"),
        [(code, STANDING_LABELS[standing]) for code, standing in _STANDING_CODES.items()],
    ),
    "loai": (Text("Gần với điều nào", "Closest to"), _choices("what_kind")),
    "lien-he": (Text("Cách liên hệ", "Contact"), _choices("contact_mode")),
    "cua-toi": (
        Text("Của tôi", "Mine"),
        [("da-mo", Text("Đã mở trong phiên này", "Opened in this session"))],
    ),
}
"""Parameter → its label and (code, label) of what may be chosen."""

SORTS: Final[Mapping[str, Callable[[Line], Any]]] = {
    "can": lambda line: (_press(line), line.arrived_on, line.case_id),
    "ngay": lambda line: (line.arrived_on, line.case_id),
    "han": lambda line: (line.next.due if line.next else _NEVER, line.case_id),
    "tinh-trang": lambda line: (list(_STATE_CODES.values()).index(line.state), line.arrived_on, line.case_id),
    "tin": lambda line: (line.messages, line.arrived_on, line.case_id),
}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to see. chosen: parameter → code; sort: with a minus in front the other way round."""

    chosen: Mapping[str, str]
    sort: str = "can"
    page: int = 1

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Wish:
        """From an address; what is unknown there is left out."""
        chosen = {
            name: asked[name]
            for name, (_, choices) in FILTERS.items()
            if asked.get(name) in {code for code, _ in choices}
        }
        sort = asked.get("sap", "can")
        page = asked.get("trang", "1")
        return cls(
            chosen=chosen,
            sort=sort if sort.removeprefix("-") in SORTS else "can",
            page=int(page[:6]) if page.isascii() and page.isdigit() and int(page[:6]) else 1,
        )

    def address(self, **other: Any) -> dict[str, Any]:
        """The parameters of this wish, some of them changed."""
        now = replace(self, **other)
        said: dict[str, Any] = dict(now.chosen)
        if now.sort != "can":
            said["sap"] = now.sort
        if now.page > 1:
            said["trang"] = now.page
        return said

    def turned(self, column: str) -> str:
        """The order a column's heading leads to: itself, and the other way round when it is so already."""
        return f"-{column}" if self.sort == column else column


def select(lines: Sequence[Line], wish: Wish, opened: Collection[str]) -> list[Any]:
    """The lines somebody wants, in their order. opened: ids opened in this session."""
    tests = [_test(name, code, opened) for name, code in wish.chosen.items()]
    found = [line for line in lines if all(test(line) for test in tests)]
    return sorted(found, key=SORTS[wish.sort.removeprefix("-")], reverse=wish.sort.startswith("-"))


def summary(lines: Sequence[Line]) -> Counter[str]:
    """How many lines are late, due today, soon, by their next clock; `urgent` and `open` beside."""
    running = [line for line in lines if line.state != "closed"]
    found = Counter([standing_of(line) for line in running])
    found["open"], found["urgent"] = len(running), sum(line.urgent for line in running)
    return found


def standing_of(line: Line) -> str:
    """That of the line's next clock; "" where nothing runs."""
    return line.next.standing if line.next else ""


def _press(line: Line) -> tuple[Any, ...]:
    return (
        line.state == "closed",
        not line.urgent,
        line.next.due if line.next else _NEVER,
    )


def _test(name: str, code: str, opened: Collection[str]) -> Callable[[Line], bool]:
    if name == "tinh-trang":
        return (lambda line: line.state != "closed") if code == "dang-mo" else _state(_STATE_CODES[code])
    if name == "muc":
        return lambda line: line.urgent and line.state != "closed"
    if name == "han":
        wanted = _STANDING_CODES[code]
        return lambda line: standing_of(line) == wanted
    if name == "viec":
        kind = KINDS[int(code) - 1]
        return lambda line: line.next is not None and line.next.kind is kind
    if name == "cua-toi":
        return lambda line: line.case_id in opened
    field = "what_kind" if name == "loai" else "contact_mode"
    return _answers(field, FORM[field].options[int(code) - 1].code)


def _state(state: str) -> Callable[[Line], bool]:
    return lambda line: line.state == state


def _answers(field: str, code: str) -> Callable[[Line], bool]:
    def says(line: Line) -> bool:
        given = line.flags.get(field, ())
        return code == given if isinstance(given, str) else code in given

    return says
