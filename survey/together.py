"""People who send at the same moment share one transaction, and one emptying of the journal after it.

The embedded database lets one write at a time, and whoever writes waits for the disk; what comes meanwhile is
written together by the next one. Each deed is told its own outcome. Nothing of who came first remains: a
transaction writes its pages in the order of the file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.db import Database

Deed = TypeVar("Deed")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Deed]):
    """One deed; `told` is empty until it was tried, then None where it is kept, or why it is not."""

    deed: Deed
    told: list[Exception | None] = field(default_factory=list)


class Together(Generic[Deed]):
    """A queue of deeds of one kind.

    write: does one in a session. It may refuse it by one of `refusals`, before it has changed anything: the
    others are kept nevertheless. afterwards: called once for all of them, before anybody is told, with whether
    somebody waits who will call it again.
    """

    def __init__(
        self,
        write: Callable[[Session, Deed], None],
        refusals: tuple[type[Exception], ...],
        afterwards: Callable[[Callable[[], bool]], None],
    ) -> None:
        self._write = write
        self._refusals = refusals
        self._afterwards = afterwards
        self._lock = threading.Lock()
        self._adding = threading.Lock()
        self._waiting: list[_Waiting[Deed]] = []

    def do(self, database: Database, deed: Deed) -> None:
        """Do it, and return when it is kept; raise what `write` raised for it, or what kept it from the database."""
        mine = _Waiting(deed)
        if not database.embedded:
            # PostgreSQL lets many write at once; two that hold several rows each could wait for one another.
            self._keep(database, [mine])
        else:
            self._in_turn(database, mine)
        (outcome,) = mine.told
        if outcome is not None:
            raise outcome

    def _in_turn(self, database: Database, mine: _Waiting[Deed]) -> None:
        with self._adding:
            self._waiting.append(mine)
        with self._lock:
            if mine.told:
                return
            with database.turn:
                # Whoever came while this one waited for its turn is taken along.
                with self._adding:
                    others = [one for one in self._waiting if one is not mine]
                    self._waiting.clear()
                self._keep(database, [mine, *others])
            self._afterwards(lambda: bool(self._waiting))

    def _keep(self, database: Database, deeds: list[_Waiting[Deed]]) -> None:
        try:
            with database.writing() as session:
                outcomes = [self._outcome(session, one.deed) for one in deeds]
        except OperationalError as busy:
            outcomes = [busy] * len(deeds)
        except Exception as wrong:  # noqa: BLE001  (whatever it is, it is told to whom it concerns)
            if len(deeds) > 1:
                # Somebody's deed spoils the transaction: the others must not suffer for it.
                for one in deeds:
                    self._keep(database, [one])
                return
            outcomes = [wrong]
        for one, outcome in zip(deeds, outcomes, strict=True):
            one.told.append(outcome)

    def _outcome(self, session: Session, deed: Deed) -> Exception | None:
        try:
            self._write(session, deed)
        except self._refusals as refused:
            return refused
        return None
