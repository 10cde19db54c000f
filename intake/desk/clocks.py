"""Until when something is to be done for a case: due, soon, late, in working hours of this country. Pure.

The targets are the organisation's own promise, not the law: a first look within four working hours, one where
somebody is in danger; an answer within two working days; what was done told within thirty days, three months
at most. They are worked out from the flags and from what stands in clear beside a case, so that a list needs
no story; and so are the days that an opened file promised.

    hours = WorkingHours(free=holidays)
    for clock in clocks(facts, now, hours): clock.due, clock.standing
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final, Literal

from core.i18n import Text

Standing = Literal["late", "today", "soon", "running"]
STANDINGS: Final[tuple[Standing, ...]] = ("late", "today", "soon", "running")
"""The most pressing first."""

SHIFTS: Final = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))
"""Office hours of a public health centre, Monday to Friday."""
LOOK_HOURS: Final = 4
DANGER_HOURS: Final = 1
ANSWER_WORKING_DAYS: Final = 2
FEEDBACK_DAYS: Final = 30
LAST_DAYS: Final = 91
_SEXUAL: Final = "sexual_touch"
_EVENING: Final = time(23, 59)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of the clocks: its code in an address, what it asks for, how early it counts as soon."""

    code: str
    label: Text
    notice: timedelta


LOOK: Final = Kind(code="xem", label=Text("Xem lần đầu", "First look"), notice=timedelta(hours=4))
CHILD: Final = Kind(
    code="tre-em", label=Text("Báo 111, Công an", "Tell 111, police"), notice=timedelta(days=1)
)
CARE: Final = Kind(code="y-te", label=Text("Đề nghị y tế", "Offer care"), notice=timedelta(days=1))
ANSWER: Final = Kind(code="tra-loi", label=Text("Trả lời", "Answer"), notice=timedelta(days=1))
MESSAGE: Final = Kind(
    code="tin-moi", label=Text("Trả lời tin mới", "Answer the new message"), notice=timedelta(days=1)
)
FEEDBACK: Final = Kind(
    code="phan-hoi", label=Text("Báo việc đã làm", "Tell what was done"), notice=timedelta(days=7)
)
LAST: Final = Kind(code="ba-thang", label=Text("Mốc ba tháng", "Three months"), notice=timedelta(days=14))
PROMISED: Final[Mapping[str, Kind]] = {
    "action": Kind(code="viec-hen", label=Text("Việc đã hẹn", "Action due"), notice=timedelta(days=2)),
    "assessment": Kind(
        code="danh-gia", label=Text("Đánh giá lại nguy cơ", "Assess the risk again"), notice=timedelta(days=1)
    ),
    "retaliation": Kind(
        code="tra-dua", label=Text("Hỏi về trả đũa", "Ask about retaliation"), notice=timedelta(days=7)
    ),
    "referral": Kind(
        code="chuyen-gui",
        label=Text("Hỏi kết quả chuyển gửi", "Ask about a referral"),
        notice=timedelta(days=2),
    ),
}
"""Kinds of what a file promised (intake/casefile/promises.py) → their clocks."""
KINDS: Final = (LOOK, CHILD, CARE, ANSWER, MESSAGE, FEEDBACK, LAST, *PROMISED.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One thing with its moment. due: aware, in Viet Nam."""

    kind: Kind
    due: datetime
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a list knows of a case without a story. arrived: aware, in Viet Nam; promised: kind → day.

    wrote: the day on which a handler last answered the reporter; child_told: whether the file says who was told of a child.
    """

    arrived: datetime
    state: str
    messages: int
    flags: Mapping[str, Any]
    promised: Mapping[str, date] = field(default_factory=dict)
    wrote: date | None = None
    child_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """Hours of work, less the days on which nobody works."""

    free: frozenset[date]

    def works(self, day: date) -> bool:
        """Whether somebody is at work on a day."""
        return day.weekday() < 5 and day not in self.free

    def after(self, moment: datetime, hours: int) -> datetime:
        """The moment when so many working hours have passed since another."""
        left = timedelta(hours=hours)
        for begins, ends in self._shifts(moment):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        raise AssertionError("shifts never end")

    def days_after(self, day: date, days: int) -> date:
        """The working day so many working days after another day."""
        while days:
            day += timedelta(days=1)
            days -= self.works(day)
        return day

    def _shifts(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = since.date()
        while True:
            if self.works(day):
                for begins, ends in SHIFTS:
                    first = max(since, datetime.combine(day, begins, since.tzinfo))
                    last = datetime.combine(day, ends, since.tzinfo)
                    if first < last:
                        yield first, last
            day += timedelta(days=1)


def clocks(facts: Facts, now: datetime, hours: WorkingHours) -> list[Clock]:
    """What runs for a case, the earliest first; nothing for a closed one."""
    found = [
        Clock(kind=kind, due=due, standing=standing(due, now, kind.notice))
        for kind, due in _running(facts, now, hours)
    ]
    return sorted(found, key=lambda one: one.due)


def next_clock(facts: Facts, now: datetime, hours: WorkingHours) -> Clock | None:
    """The earliest of them alone: a list of thousands needs no more."""
    running = min(_running(facts, now, hours), key=_due, default=None)
    if running is None:
        return None
    kind, due = running
    return Clock(kind=kind, due=due, standing=standing(due, now, kind.notice))


def standing(due: datetime, now: datetime, notice: timedelta) -> Standing:
    """Late after its moment, today on its day, soon within the notice before it."""
    if now > due:
        return "late"
    if due.date() == now.date():
        return "today"
    return "soon" if due - now <= notice else "running"


def reporter_wrote_since(state: str, messages: int) -> bool:
    """Whether the reporter wrote after the desk last looked: nothing is closed or erased then."""
    return state == "received" and messages > 0


def answer_day(sent: date, hours: WorkingHours, duty: Collection[date]) -> date:
    """The day by which an answer may be promised: two working days on, and somebody is on duty.

    duty: the days somebody is rostered for. As far as the rota does not reach, working days count.
    """
    day = hours.days_after(sent, ANSWER_WORKING_DAYS)
    reach = max(duty, default=day)
    while day not in duty and day < reach:
        day += timedelta(days=1)
    return day if day in duty else hours.days_after(day - timedelta(days=1), 1)


def reassess_on(assessed: date, level: str) -> date:
    """The day a risk is to be looked at again: high 7 days, of concern 14, ordinary 30; urgent the next day."""
    days = {"urgent": 1, "high": 7, "concern": 14}
    return assessed + timedelta(days=days.get(level, 30))


def _due(running: tuple[Kind, datetime]) -> datetime:
    return running[1]


def _running(facts: Facts, now: datetime, hours: WorkingHours) -> Iterator[tuple[Kind, datetime]]:
    if facts.state == "closed":
        return
    arrived, tonight = facts.arrived, datetime.combine(now.date(), _EVENING, now.tzinfo)
    answer, feedback, last = _of_the_day(arrived.date(), facts.wrote, hours, arrived.tzinfo)
    yield from _first_day(facts, hours)
    if reporter_wrote_since(facts.state, facts.messages):
        # Its minute lies in the message, which a list does not open: so it counts as due today.
        yield MESSAGE, tonight
    if not _answered(facts):
        yield ANSWER, answer
    elif facts.state == "reading":
        yield ANSWER, tonight  # opened since the reporter wrote, or opened again, and not answered yet
    yield FEEDBACK, feedback
    yield LAST, last
    for kind, day in facts.promised.items():
        yield PROMISED[kind], datetime.combine(day, SHIFTS[-1][1], arrived.tzinfo)


def _of_the_day(
    day: date, wrote: date | None, hours: WorkingHours, zone: tzinfo | None
) -> tuple[datetime, datetime, datetime]:
    """When to answer, to tell what was done, and at the latest.

    The first answer asks and greets; what is written after its days tells what was done, and the time begins anew.
    """
    answer = _answered_by(day, hours, zone)
    told = wrote is not None and wrote > answer.date()
    return answer, *_told_by(wrote if told and wrote else day, zone)


@lru_cache(maxsize=4096)
def _answered_by(day: date, hours: WorkingHours, zone: tzinfo | None) -> datetime:
    return datetime.combine(hours.days_after(day, ANSWER_WORKING_DAYS), SHIFTS[-1][1], zone)


@lru_cache(maxsize=4096)
def _told_by(since: date, zone: tzinfo | None) -> tuple[datetime, datetime]:
    days = (since + timedelta(days=FEEDBACK_DAYS), since + timedelta(days=LAST_DAYS))
    feedback, last = (datetime.combine(one, SHIFTS[-1][1], zone) for one in days)
    return feedback, last


def _answered(facts: Facts) -> bool:
    """Whether a handler ever answered. Messages are not counted for it: the reporter may have written them all."""
    return facts.wrote is not None or facts.state == "answered"


def _first_day(facts: Facts, hours: WorkingHours) -> Iterator[tuple[Kind, datetime]]:
    """What a letter asks for at once; a child's, until the file says who was told, whatever else was written."""
    flags, arrived = facts.flags, facts.arrived
    tonight = datetime.combine(arrived.date(), _EVENING, arrived.tzinfo)
    if flags.get("age_group") == "under_16" and not facts.child_told:
        yield CHILD, tonight
    if _answered(facts):
        return
    if facts.state == "received":
        danger = flags.get("danger_now") == "yes"
        yield LOOK, hours.after(arrived, DANGER_HOURS if danger else LOOK_HOURS)
    if flags.get("when") == "hours_72" and _SEXUAL in flags.get("what_kind", ()):
        yield CARE, tonight
