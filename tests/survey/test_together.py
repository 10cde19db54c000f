"""Deeds that wait for the same turn share a transaction; each is told its own outcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.db import Database
from survey.together import Together


class Refused(Exception):
    """This deed, and no other."""


class Written:
    """A database that remembers what each transaction kept. `turn` may be held by a test."""

    def __init__(self, *, embedded: bool = True, busy: bool = False) -> None:
        self.turn = threading.RLock()
        self.embedded, self.busy = embedded, busy
        self.kept: list[list[str]] = []

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction."""
        if self.busy:
            raise OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))
        deeds: list[str] = []
        yield cast(Session, deeds)
        self.kept.append(deeds)


class Crowd:
    """A queue that writes words down; "no" is refused, "spoilt" breaks its transaction."""

    def __init__(self, database: Written) -> None:
        self.database = database
        self.emptied: list[bool] = []
        self.queue = Together[str](self._write, (Refused,), self._empty)

    def do(self, deed: str) -> Exception | None:
        """What came of one deed."""
        try:
            self.queue.do(cast(Database, self.database), deed)
        except (Refused, OperationalError, ZeroDivisionError) as told:
            return told
        return None

    def at_once(self, *deeds: str) -> list[Exception | None]:
        """What came of deeds that all arrive while somebody else has the turn."""
        with ThreadPoolExecutor(len(deeds)) as crowd:
            with self.database.turn:
                told = [crowd.submit(self.do, deed) for deed in deeds]
                _until(lambda: len(self.queue._waiting) == len(deeds))
            return [one.result(timeout=10) for one in told]

    def _write(self, session: Session, deed: str) -> None:
        if deed == "no":
            raise Refused
        if deed == "spoilt":
            raise ZeroDivisionError
        cast("list[str]", session).append(deed)

    def _empty(self, others: Callable[[], bool]) -> None:
        self.emptied.append(others())


def _until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_whoever_waits_for_the_same_turn_is_kept_in_one_transaction_and_one_emptying() -> None:
    crowd = Crowd(Written())

    assert crowd.at_once("a", "b", "c", "d") == [None] * 4
    assert [sorted(one) for one in crowd.database.kept] == [["a", "b", "c", "d"]]
    assert crowd.emptied == [False]


def test_one_who_is_refused_is_told_and_the_others_are_kept() -> None:
    crowd = Crowd(Written())

    told = crowd.at_once("a", "no", "b")

    assert [type(one) for one in told] == [type(None), Refused, type(None)]
    assert [sorted(one) for one in crowd.database.kept] == [["a", "b"]]


def test_one_whose_deed_breaks_the_transaction_breaks_it_for_nobody_else() -> None:
    crowd = Crowd(Written())

    told = crowd.at_once("a", "spoilt", "b")

    assert [type(one) for one in told] == [type(None), ZeroDivisionError, type(None)]
    assert sorted(crowd.database.kept) == [["a"], ["b"]]


def test_where_the_database_is_busy_everybody_is_told_once() -> None:
    crowd = Crowd(Written(busy=True))

    assert [type(one) for one in crowd.at_once("a", "b")] == [OperationalError] * 2
    assert crowd.database.kept == []


def test_one_alone_waits_for_nobody() -> None:
    crowd = Crowd(Written())

    assert [crowd.do("a"), crowd.do("no"), crowd.do("b")].count(None) == 2
    assert crowd.database.kept == [["a"], [], ["b"]]


def test_where_many_may_write_at_once_each_writes_by_itself() -> None:
    crowd = Crowd(Written(embedded=False))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(crowd.do, "abcd")) == [None] * 4
    assert sorted(crowd.database.kept) == [["a"], ["b"], ["c"], ["d"]]


def test_a_leader_that_is_struck_down_leaves_the_others_to_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd = Crowd(Written())
    really, struck = crowd.queue._keep, threading.Event()

    def once(*given: Any) -> None:
        if not struck.is_set():
            struck.set()
            raise OperationalError("", None, Exception())
        really(*given)

    monkeypatch.setattr(crowd.queue, "_keep", once)

    told = crowd.at_once("a", "b", "c")

    assert sum(one is None for one in told) == 2
    assert sum(map(len, crowd.database.kept)) == 2
