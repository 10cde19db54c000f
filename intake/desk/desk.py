"""A handler's list: the cases their own keys open, with flags and clocks and without a story.

Which cases somebody can open is known to nobody but them (intake/desk/desk_opening.py). A case that does not open is not
listed, counted or mentioned, and one whose time is over is counted and no more: its flags are shown to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from core import clock, db, log
from core.access import Identity
from intake.cases import PastRetention, months, newest_arrival
from intake.desk import dating, desk_entry, desk_opening, rota
from intake.desk.clocks import Clock, Facts, next_clock, reporter_wrote_since
from intake.desk.desk_opening import File
from intake.desk.desk_opening import moved as moved
from intake.roles import require_may

_LISTED_SECONDS: Final = 3600


@dataclass(slots=True, kw_only=True, eq=False)
class Listed:
    """One line of the list. said: its flags as JSON; next: what is to be done first, and until when.

    Not frozen, unlike other values: of ten thousand, freezing took as long as everything else.
    """

    case_id: str
    arrived_on: date
    state: str
    urgent: bool
    messages: int
    said: str = field(repr=False)
    next: Clock | None
    replaced: bool = False
    """Whether another case stands under its id than the one this handler opened before."""

    @property
    def flags(self) -> dict[str, Any]:
        """The flags, read anew each time: a line that is not shown keeps none."""
        found: dict[str, Any] = json.loads(self.said)
        return found

    @property
    def waits(self) -> bool:
        """Whether the reporter wrote after the desk last looked."""
        return reporter_wrote_since(self.state, self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a handler can open. past: ids of cases whose time is over; whole: False while slots are still tried.

    doubtful: those of them, with the number of their messages, whose reporter wrote since a handler last looked:
    they may have taken back a wish to withdraw.
    """

    lines: list[Listed]
    past: list[str]
    whole: bool
    doubtful: list[tuple[str, int]]


def look(identity: Identity, seed: bytes, *, patience: float | None = None) -> Desk:
    """The list in no order; a first look may take longer than `patience` seconds, and is then not whole.

    Flags that were not opened before are opened now, after a line in the log. Raises `Denied`, `LogBroken`.
    """
    require_may(identity, "list")
    _write_down(identity, seed)
    with db.reading() as session:
        files = desk_opening.files(session)
    known = desk_opening.known(identity, seed, files, patience=patience)
    newest = max((file.arrived_on for file in files), default=date.min)
    lines, past = _Reckoning(newest).lines(files, known.index)
    over = frozenset(past)
    doubtful = [
        (file.case_id, file.messages)
        for file in (files if over else ())
        if file.case_id in over and reporter_wrote_since(file.state, file.messages)
    ]
    return Desk(lines=lines, past=past, whole=known.whole, doubtful=doubtful)


def cases(identity: Identity, seed: bytes) -> list[Listed]:
    """Every case this handler can open: urgent first, then the oldest, closed ones last. Raises as `look` does."""
    found = lines(identity, seed)
    return sorted(found, key=lambda one: (one.state == "closed", not one.urgent, one.arrived_on, one.case_id))


def lines(identity: Identity, seed: bytes) -> list[Listed]:
    """The same in no order."""
    return look(identity, seed).lines


def openable(identity: Identity, seed: bytes) -> list[str]:
    """Ids of all cases that open, also of those whose time is over. Raises as `look` does."""
    found = look(identity, seed)
    return sorted([line.case_id for line in found.lines] + found.past)


def one(identity: Identity, seed: bytes, case_id: str) -> Listed | None:
    """One line of the list, or None for a case that is not on it; `PastRetention` where its time is over."""
    require_may(identity, "list")
    _write_down(identity, seed)
    with db.reading() as session:
        files = desk_opening.files(session, case_id)
        newest = newest_arrival(session) or date.min
    known = desk_opening.known(identity, seed, files, alone=True, patience=None) if files else None
    if known is None:
        return None
    found, past = _Reckoning(newest).lines(files, known.index)
    if past:
        raise PastRetention
    return found[0] if found else None


class _Reckoning:
    """The lines of many cases at one moment; what says the same is reckoned once.

    newest: the newest day on which a letter came; it is not earlier today, whatever the clock says.
    """

    def __init__(self, newest: date) -> None:
        self._now, self._hours, self._months = clock.now(), rota.working_hours(), months()
        self._today = max(self._now.date(), newest)
        self._known: dict[Any, tuple[bool, str, bool, Clock | None]] = {}

    def lines(self, files: Sequence[File], index: Mapping[str, str]) -> tuple[list[Listed], list[str]]:
        """Lines, and the ids of cases whose time is over."""
        found: list[Listed] = []
        past: list[str] = []
        for file in files:
            entry = index.get(file.case_id, "null")
            if not desk_entry.opens(entry):
                continue
            facts, flags = desk_entry.split(entry)
            over, state, urgent, due = self._reckoned(file, facts)
            if over:
                past.append(file.case_id)
                continue
            line = Listed(
                case_id=file.case_id,
                arrived_on=file.arrived_on,
                state=state,
                urgent=urgent,
                messages=file.messages,
                said=flags,
                next=due,
                replaced=desk_entry.replaced(facts),
            )
            found.append(line)
        return found, past

    def _reckoned(self, file: File, facts: str) -> tuple[bool, str, bool, Clock | None]:
        """Whether its time is over, its state, whether it is urgent, and what is to be done first.

        State and urgent mark in clear are not signed: what the seal says weighs more, where it says anything.
        """
        same = (file.state, file.urgent, file.messages > 0, file.arrived_on, facts)
        known = self._known.get(same)
        if known is None:
            days = desk_entry.days(facts)
            over = dating.over(days, state=file.state, today=self._today, months=self._months)
            state = dating.state(days, file.state)
            closed = over or state == "closed"
            due = None if closed else next_clock(_facts(file, state, facts, days), self._now, self._hours)
            known = self._known[same] = over, state, file.urgent or desk_entry.urgent(facts), due
        return known


def _facts(file: File, state: str, facts: str, days: Mapping[str, date]) -> Facts:
    return Facts(
        arrived=_arrived(file.arrived_on, desk_entry.minute(facts)),
        state=state,
        messages=file.messages,
        flags=desk_entry.like_flags(facts),
        promised={kind: days[letter] for letter, kind in dating.LETTERS.items() if letter in days},
        wrote=days.get(dating.WROTE),
        child_told=dating.CHILD in days,
    )


def _arrived(day: date, minute: str) -> datetime:
    """The minute of arrival. A browser sealed it: where it cannot be true, the day the server set stands."""
    try:
        told = datetime.fromisoformat(minute.strip())
    except ValueError:
        told = datetime.min  # noqa: DTZ901 - a moment that no letter has
    if told.date() != day:
        return datetime.combine(day, datetime.min.time(), clock.ZONE)
    return told.replace(tzinfo=clock.ZONE)


def _write_down(identity: Identity, seed: bytes) -> None:
    """One line in an hour of looking, whether anything is new or not: a line must not tell that a letter came."""
    if not desk_opening.looked_lately(seed):
        with db.writing() as session:
            log.write(session, "listed", who=identity.person_id)
        desk_opening.note_look(seed, _LISTED_SECONDS)
