"""The list narrowed and in order; what an address may say of it."""

from __future__ import annotations

from datetime import date, datetime

from core import clock
from intake.desk import queue
from intake.desk.clocks import ANSWER, LOOK, Clock
from intake.desk.queue import Wish


class Line:
    """A line with what a test says of it."""

    def __init__(self, case_id: str, **other: object) -> None:
        self.case_id = case_id
        self.arrived_on = date(2026, 12, 1)
        self.state, self.urgent, self.messages = "received", False, 0
        self.flags: dict[str, object] = {}
        self.next: Clock | None = None
        self.__dict__ |= other


def due(hour: int, standing: str = "running") -> Clock:
    moment = datetime(2026, 12, 2, hour, tzinfo=clock.ZONE)
    return Clock(kind=LOOK if hour < 12 else ANSWER, due=moment, standing=standing)  # type: ignore[arg-type]


def ids(lines: list[Line], asked: dict[str, str], opened: tuple[str, ...] = ()) -> list[str]:
    return [line.case_id for line in queue.select(lines, Wish.read(asked), opened)]  # type: ignore[arg-type]


def test_urgent_ones_come_first_then_by_their_clock_and_closed_ones_last() -> None:
    lines = [
        Line("a", state="closed", urgent=True),
        Line("b", next=due(15)),
        Line("c", next=due(9)),
        Line("d", urgent=True, next=due(16)),
    ]
    assert ids(lines, {}) == ["d", "c", "b", "a"]
    assert ids(lines, {"sap": "-can"}) == ["a", "b", "c", "d"]


def test_each_filter_narrows_and_all_of_them_together() -> None:
    lines = [
        Line("a", urgent=True, flags={"what_kind": ["physical"], "contact_mode": "phone"}),
        Line("b", state="answered", flags={"what_kind": ["physical", "threats"]}, next=due(9, "late")),
        Line("c", state="closed", flags={"what_kind": ["threats"]}),
    ]
    assert ids(lines, {"tinh-trang": "dang-mo"}) == ["a", "b"]
    assert ids(lines, {"tinh-trang": "da-dong"}) == ["c"]
    assert ids(lines, {"muc": "khan"}) == ["a"]
    assert ids(lines, {"han": "tre"}) == ["b"]
    assert ids(lines, {"loai": "1"}) == ["a", "b"]
    assert ids(lines, {"lien-he": "2"}) == ["a"]
    assert ids(lines, {"cua-toi": "da-mo"}, opened=("c",)) == ["c"]
    assert ids(lines, {"loai": "1", "han": "tre"}) == ["b"]


def test_what_is_unknown_in_an_address_is_left_out() -> None:
    wish = Wish.read({"loai": "99", "sap": "ten", "trang": "-3", "khac": "x"})
    assert wish == Wish(chosen={})
    assert Wish.read({"trang": "7"}).page == 7


def test_an_address_goes_there_and_back_and_tells_no_words() -> None:
    wish = Wish.read({"loai": "2", "sap": "-ngay", "trang": "3"})
    assert Wish.read({name: str(value) for name, value in wish.address().items()}) == wish
    assert wish.address(page=1) == {"loai": "2", "sap": "-ngay"}
    assert wish.turned("tin") == "tin"
    assert Wish(chosen={}, sort="tin").turned("tin") == "-tin"
    for name, (_, choices) in queue.FILTERS.items():
        for code, _label in choices:
            assert not {"sexual", "physical", "threat"} & set(f"{name} {code}".replace("_", " ").split())


def test_the_summary_counts_what_is_not_closed_by_its_next_clock() -> None:
    lines = [
        Line("a", next=due(9, "late")),
        Line("b", urgent=True, next=due(9, "today")),
        Line("c", state="closed"),
    ]
    counted = queue.summary(lines)  # type: ignore[arg-type]
    assert (counted["late"], counted["today"], counted["soon"]) == (1, 1, 0)
    assert (counted["open"], counted["urgent"]) == (2, 1)
