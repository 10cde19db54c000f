"""Many people at once: everybody is kept once, nobody twice, and whoever closes loses nobody."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from core import config, db, memory
from survey import cards, places, rounds, taking
from survey.models import CardUse, Response
from tests.survey.conftest import Custody, close, opened, public_of
from tests.surveys import Respondent, kept

CROWD = 16


def together(app: Flask, deeds: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do these at the same instant, each in a thread with an application of its own; what came of them."""
    waiting = list(deeds)
    start = threading.Barrier(len(waiting))

    def one(deed: Callable[[], Any]) -> Any:
        with app.app_context():
            start.wait(timeout=30)
            return deed()

    with ThreadPoolExecutor(len(waiting)) as crowd:
        return list(crowd.map(one, waiting))


def status(app: Flask, round_id: str, code: str = "", **given: Any) -> Callable[[], int]:
    return lambda: Respondent(app, code).answers(round_id, **given).status_code


def journal() -> Path:
    return Path(f"{config.current().instance / 'centre.db'}-wal")


# One card, one answer


def test_of_two_people_with_one_card_at_the_same_instant_one_is_kept_and_the_other_told(
    in_app: Flask, custody: Custody
) -> None:
    for _ in range(4):
        round_id, codes = opened(custody, print_cards=1)

        told = together(in_app, [status(in_app, round_id, codes[0], K1=answer) for answer in ("sai", "dung")])

        assert sorted(told) == [200, 409]
        assert len(kept(in_app, round_id)) == 1
        winner = ("sai", "dung")[told.index(200)]
        assert json.loads(kept(in_app, round_id)[0].answers) == {"K1": winner}


def test_a_button_pressed_many_times_counts_once_and_every_press_is_thanked(
    in_app: Flask, custody: Custody
) -> None:
    round_id, codes = opened(custody, print_cards=1)

    told = together(in_app, [status(in_app, round_id, codes[0], K1="sai")] * 6)

    assert told == [200] * 6
    assert len(kept(in_app, round_id)) == 1


def test_without_cards_a_button_pressed_many_times_counts_once(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)

    assert together(in_app, [status(in_app, round_id, token="a" * 32, K1="sai")] * 6) == [200] * 6
    assert len(kept(in_app, round_id)) == 1


def test_a_sending_that_waits_too_long_for_itself_is_asked_to_come_again(
    in_app: Flask, custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id, codes = opened(custody, print_cards=1)
    monkeypatch.setattr(taking, "_PATIENCE", 0.1)
    held = taking._ticket(round_id, codes[0]) + ":now"
    memory.store().add(held, b"somebody", 60)

    assert status(in_app, round_id, codes[0], K1="sai")() == 503
    memory.store().delete(held)
    assert status(in_app, round_id, codes[0], K1="sai")() == 200


def test_a_lock_that_has_passed_to_somebody_else_is_left_to_them(in_app: Flask) -> None:
    shelf = memory.store()

    with taking._alone(shelf, "ticket"):
        shelf.put("ticket:now", b"theirs", 60)

    assert shelf.get("ticket:now") == b"theirs"


def test_a_card_interrupted_before_its_answer_may_still_send_another_one(
    in_app: Flask, custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power went between mark and answer: whoever holds the card is not sent away."""
    round_id, codes = opened(custody, print_cards=1)
    with monkeypatch.context() as broken:
        broken.setattr(taking, "_fill_place", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            status(in_app, round_id, codes[0], K1="sai")()

    assert status(in_app, round_id, codes[0], K1="dung")() == 200
    assert len(kept(in_app, round_id)) == 1
    assert status(in_app, round_id, codes[0], K1="sai")() == 409


# A crowd


def test_a_crowd_is_kept_whole_and_leaves_an_empty_journal(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=CROWD * 4)

    def four(mine: list[str]) -> Callable[[], list[int]]:
        return lambda: [status(in_app, round_id, code, K1="sai")() for code in mine]

    told = together(in_app, [four(codes[place::CROWD]) for place in range(CROWD)])

    assert told == [[200] * 4] * CROWD
    assert len(kept(in_app, round_id)) == len(codes)
    with db.reading() as session:
        assert session.scalar(select(func.sum(CardUse.used))) == len(codes)
    if db.current().embedded:
        assert not journal().exists() or journal().stat().st_size == 0


def test_two_who_draw_the_same_place_both_have_one(
    in_app: Flask, custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id, codes = opened(custody, print_cards=2)
    really = places.draw
    drawn: list[str] = []

    def the_same_at_first(session: Any, where: str) -> str:
        drawn.append(drawn[0] if len(drawn) == 1 else really(session, where))
        return drawn[-1]

    monkeypatch.setattr(places, "draw", the_same_at_first)
    assert [status(in_app, round_id, code, K1="sai")() for code in codes] == [200, 200]

    assert drawn[0] == drawn[1] != drawn[2]
    assert len(kept(in_app, round_id)) == 2


def test_whoever_is_thanked_while_the_round_closes_is_kept_and_whoever_is_not_is_told(
    in_app: Flask, custody: Custody
) -> None:
    round_id, codes = opened(custody, print_cards=24)

    def three(mine: list[str]) -> Callable[[], list[int]]:
        return lambda: [status(in_app, round_id, code, K1="sai")() for code in mine]

    def closing() -> list[int]:
        time.sleep(0.15)
        close(round_id)
        return []

    told = together(in_app, [*(three(codes[place::8]) for place in range(8)), closing])

    statuses = [one for crowd in told for one in crowd]
    assert set(statuses) <= {200, 404}
    assert len(kept(in_app, round_id)) == statuses.count(200)


@pytest.mark.slow
def test_two_who_close_at_the_same_moment_close_once_and_double_nothing(
    in_app: Flask, custody: Custody
) -> None:
    round_id, codes = opened(custody, print_cards=10)
    for code in codes:
        status(in_app, round_id, code, K1="sai")()

    def closing() -> bool:
        try:
            close(round_id)
        except rounds.NotNow:
            return False
        return True

    assert sorted(together(in_app, [closing] * 4)) == [False, False, False, True]
    assert len(kept(in_app, round_id)) == 10


# Places


def test_when_only_a_few_places_are_left_one_of_them_is_drawn(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)
    with db.writing() as session:
        all_ids = list(session.scalars(select(Response.id).where(Response.round_id == round_id)))
        for one in all_ids[3:]:
            session.delete(session.get_one(Response, (round_id, one)))
        for one in all_ids[:3]:
            session.get_one(Response, (round_id, one)).filled = 1

    with db.writing() as session:
        fresh = places.draw(session, round_id)

    assert fresh not in all_ids
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 3 + places.BLOCK


def test_with_few_places_and_few_taken_no_more_are_made(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)
    with db.writing() as session:
        all_ids = list(session.scalars(select(Response.id).where(Response.round_id == round_id)))
        for one in all_ids[2:]:
            session.delete(session.get_one(Response, (round_id, one)))
        session.get_one(Response, (round_id, all_ids[0])).filled = 1

    with db.writing() as session:
        assert {places.draw(session, round_id) for _ in range(10)} == {all_ids[1]}


# The journal


@pytest.mark.slow
@pytest.mark.embedded
def test_a_long_reader_delays_nobody_and_the_next_one_empties_the_journal(
    in_app: Flask, custody: Custody
) -> None:
    round_id, codes = opened(custody, print_cards=2)
    with db.reading() as session:
        session.scalars(select(Response).where(Response.round_id == round_id)).all()
        assert status(in_app, round_id, codes[0], K1="sai")() == 200, "it does not wait for the reader to end"
        assert journal().stat().st_size > 0

    assert status(in_app, round_id, codes[1], K1="sai")() == 200
    assert journal().stat().st_size == 0


@pytest.mark.embedded
def test_those_who_ask_while_one_is_emptying_are_served_together(in_app: Flask) -> None:
    turn = places._Turn()
    emptied: list[int] = []

    def slowly(_database: object) -> bool:
        emptied.append(1)
        time.sleep(0.1)
        return True

    original, places._empty = places._empty, slowly
    try:
        together(in_app, [lambda: turn.take(db.current())] * 8)
    finally:
        places._empty = original

    assert len(emptied) < 8


# What remains of the order


def test_after_closing_no_file_keeps_what_was_overwritten(
    in_app: Flask, custody: Custody, request: pytest.FixtureRequest
) -> None:
    """Old versions of rows carry the number of their transaction, and with it the order in which people came."""
    round_id, codes = opened(custody, print_cards=8)
    for number, code in enumerate(codes):
        taking.take(round_id, public_of(round_id), answers={"B3": f"p{number:03d}"}, elements=[], code=code)
    old = {row.id for row in kept(in_app, round_id)}
    close(round_id)
    places.forget_order()

    if db.current().embedded:
        raw = (config.current().instance / "centre.db").read_bytes()
    else:
        raw = _files_of_postgres(request)

    assert all(row.id.encode() in raw for row in kept(in_app, round_id)), "the answers themselves are there"
    assert not any(one.encode() in raw for one in old)
    assert raw.count(cards.mark(codes[0]).encode()) <= 3, "the card, its use, and their keys"


def _files_of_postgres(request: pytest.FixtureRequest) -> bytes:
    data = request.getfixturevalue("postgres").folder / "data"
    with db.current().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        paths = [
            connection.execute(text(f"SELECT pg_relation_filepath('{name}')")).scalar_one()
            for name in ("response", "card_use", "pk_response", "pk_card_use")
        ]
    return b"".join((data / path).read_bytes() for path in paths)


def test_where_the_tables_cannot_be_written_anew_the_round_still_closes(
    in_app: Flask, custody: Custody, caplog: pytest.LogCaptureFixture
) -> None:
    if db.current().embedded:
        pytest.skip("PostgreSQL writes its tables anew")
    round_id, _ = opened(custody, with_cards=False)
    close(round_id)
    with db.writing() as session:
        session.execute(text("ALTER TABLE card_use RENAME CONSTRAINT pk_card_use TO elsewhere"))

    places.forget_order()

    assert "could not be written anew" in caplog.text


# The key of the cards


def test_two_processes_that_make_the_key_at_once_have_the_same(tmp_path: Path) -> None:
    path = tmp_path / "cards.key"
    start = threading.Barrier(8)

    def make(_: int) -> bytes:
        start.wait(timeout=10)
        return cards._key.__wrapped__(path)

    with ThreadPoolExecutor(8) as crowd:
        keys = set(crowd.map(make, range(8)))

    assert len(keys) == 1
    assert [len(key) for key in keys] == [32]
    assert [one.name for one in tmp_path.iterdir()] == ["cards.key"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_code_drawn_twice_is_printed_once(
    in_app: Flask, custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = cards.draw(), cards.draw(), cards.draw()
    drawn = iter([first, first, second, first, third])
    monkeypatch.setattr(cards, "draw", lambda: next(drawn))

    assert opened(custody, print_cards=2)[1] == [first, second]
    assert opened(custody, print_cards=1)[1] == [third]


# Long after


def test_long_after_its_answer_a_card_is_still_used(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=1)
    assert status(in_app, round_id, codes[0], K1="sai")() == 200
    memory.store().delete(taking._ticket(round_id, codes[0]))

    assert status(in_app, round_id, codes[0], K1="sai")() == 409
    assert len(kept(in_app, round_id)) == 1


def test_a_card_that_was_used_finds_a_closed_round_closed(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=1)
    public = public_of(round_id)
    assert status(in_app, round_id, codes[0], K1="sai")() == 200
    memory.store().delete(taking._ticket(round_id, codes[0]))
    close(round_id)

    with pytest.raises(taking.RoundNotOpen):
        taking.take(round_id, public, answers={}, elements=[], code=codes[0])
