"""Handlers at one case at the same moment, and a machine whose clock is wrong: nothing is lost or written over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from core import clock, db, log
from core.access import Role
from intake.casework import casework, filing, handing
from intake.casework.filing import FileRead, Stale
from intake.keys.founding import Founded
from tests.letters import Handler, Reporter

EACH = 4


def read(app: Flask, who: Handler, case_id: str) -> FileRead:
    with app.app_context(), db.writing() as session:
        return filing.read(session, who.person.identity, who.seed, case_id)


def note(
    app: Flask, who: Handler, case_id: str, text: str, kind: str = "ghi-chu", parts: int = 10**6
) -> None:
    values = {"note": text} if kind == "ghi-chu" else {"places": text}
    with app.app_context(), db.writing() as session:
        filing.write(session, who.person.identity, who.seed, case_id, kind=kind, values=values, parts=parts)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment; what each gave, or how it failed."""

    def tried(deed: Callable[[], Any]) -> Any:
        try:
            return deed()
        except Stale as refused:
            return refused

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(tried, deeds))


def test_what_two_handlers_and_the_reporter_write_at_once_is_all_kept(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="…")
    case_id = reporter.case_id
    first, second = handlers
    at_once(
        *(lambda n=n: note(app, first, case_id, f"a{n}") for n in range(EACH)),
        *(lambda n=n: note(app, second, case_id, f"b{n}") for n in range(EACH)),
        lambda: first.answers(case_id, "Chào bạn."),
        lambda: reporter.adds("Tôi viết thêm."),
    )
    for who in handlers:
        found = read(app, who, case_id)
        said = {one.values["note"] for one in found.file.of("ghi-chu")}
        assert said == {f"{letter}{n}" for letter in "ab" for n in range(EACH)}
        assert found.damaged == 0
    texts = {entry.text for entry in second.opens(case_id).entries}
    assert texts == {"Chào bạn.", "Tôi viết thêm."}


def test_of_two_who_change_one_sheet_at_once_one_is_told_and_neither_is_lost(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="…")
    case_id = reporter.case_id
    seen = read(app, handlers[0], case_id).parts
    ended = at_once(
        *(lambda who=who: note(app, who, case_id, who.person.name, "an-toan", seen) for who in handlers)
    )
    assert sorted(type(one) for one in ended if one) == [Stale]
    (kept,) = read(app, handlers[0], case_id).file.of("an-toan")
    assert kept.values["places"] == kept.author


def test_stepping_back_and_writing_at_once_leaves_a_case_that_opens(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="…")
    case_id = reporter.case_id
    leaves, stays = handlers

    def step_back() -> None:
        with app.app_context(), db.writing() as session:
            handing.step_back(session, leaves.person.identity, leaves.seed, case_id)

    at_once(step_back, *(lambda n=n: note(app, stays, case_id, f"{n}") for n in range(EACH)))
    found = read(app, stays, case_id)
    assert len(found.file.of("ghi-chu")) == EACH
    assert found.damaged == 0
    assert leaves.cases() == []


@pytest.mark.embedded
def test_with_the_clock_set_back_letters_are_kept_in_order_and_the_log_still_holds(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes(narrative="…")
    note(app, handlers[0], reporter.case_id, "trước")
    now = clock.now() - timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(clock, "today", lambda: now.date())
    later = Reporter(app)
    later.writes(narrative="…")
    note(app, handlers[1], reporter.case_id, "sau")
    handlers[0].answers(reporter.case_id, "Xong.", "closed")
    file = read(app, handlers[0], reporter.case_id).file
    assert [one.values["note"] for one in file.of("ghi-chu")] == ["trước", "sau"]
    assert {line.case_id for line in handlers[1].cases()} == {reporter.case_id, later.case_id}
    kept = casework_kept(app, handlers[0], reporter.case_id)
    assert kept > now.date() + timedelta(days=700), "a wrong clock must not make a case end sooner"
    custodian = centre.of(Role.CUSTODIAN)[0]
    with app.app_context(), db.reading() as session:
        assert log.check(
            session, log.keys_for(session, custodian.person_id, custodian.credentials.seed or b"")[1]
        )


def casework_kept(app: Flask, who: Handler, case_id: str) -> Any:
    with app.app_context(), db.writing() as session:
        opened = casework.open_case(session, who.person.identity, who.seed, case_id)
    assert isinstance(opened, casework.OpenedCase)
    return opened.kept.until
