"""P10: no survey answer can be tied to a person, not by rows, pages, journal or order of arrival.

The test plays an administrator who has every table, every key file and the order in which people came, and
tries to join cards to answers and answers to the order of their coming.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from core import config, db
from survey import cards, rounds, taking
from survey.models import CardUse, Response
from tests.survey.conftest import Custody, custody, in_app, opened, public_of

__all__ = ["custody", "in_app"]

PEOPLE = 60


@pytest.fixture
def answered(in_app: Flask, custody: Custody) -> tuple[str, list[str]]:
    """A round in which sixty people answered one after the other; and their cards in that order."""
    round_id, codes = opened(custody, print_cards=100, invited=100)
    for number, code in enumerate(codes[:PEOPLE]):
        taking.take(
            round_id,
            public_of(round_id),
            answers={"K1": "sai", "B3": f"p{number:03d}"},
            elements=[],
            code=code,
        )
    return round_id, codes[:PEOPLE]


def test_an_answers_row_has_no_room_for_person_unit_time_or_address(in_app: Flask) -> None:
    columns = {
        column["name"]: str(column["type"]) for column in inspect(db.current().engine).get_columns("response")
    }

    assert set(columns) == {"round_id", "id", "filled", "answers", "link"}
    assert not any(kind.startswith(("DATE", "TIME")) for kind in columns.values())


def test_a_used_mark_has_no_column_but_its_round(in_app: Flask) -> None:
    columns = {column["name"] for column in inspect(db.current().engine).get_columns("card_use")}

    assert columns == {"round_id", "mark", "used"}


def test_marks_and_answers_share_no_value_but_the_round(answered: tuple[str, list[str]]) -> None:
    assert answered
    with db.reading() as session:
        marks = {mark for (mark,) in session.execute(select(CardUse.mark).where(CardUse.used == 1))}
        rows = session.execute(
            select(Response.id, Response.answers, Response.link).where(Response.filled == 1)
        ).all()

    assert len(marks) == len(rows) == PEOPLE
    for identity, answers, link in rows:
        haystack = identity.encode() + answers + link + link.hex().encode()
        assert not any(mark.encode() in haystack or bytes.fromhex(mark) in haystack for mark in marks)


def test_ids_do_not_tell_the_order_of_arrival(answered: tuple[str, list[str]]) -> None:
    assert abs(_agreement([number for number, _ in _by(lambda row: row[0])])) < 0.45


def test_positions_in_the_file_do_not_tell_the_order_of_arrival(answered: tuple[str, list[str]]) -> None:
    if not db.current().embedded:
        pytest.skip("pages of PostgreSQL are written anew at closing: the test below")
    raw = _file()

    order = [
        number for number, _ in sorted(_arrivals(), key=lambda pair: raw.index(f"p{pair[0]:03d}".encode()))
    ]

    assert abs(_agreement(order)) < 0.45


def test_positions_of_used_marks_do_not_tell_the_order_of_arrival(answered: tuple[str, list[str]]) -> None:
    if not db.current().embedded:
        pytest.skip("pages of PostgreSQL are written anew at closing: the test below")
    _, codes = answered
    raw = _file()
    marks = [cards.mark(code).encode() for code in codes]

    places = sorted(range(len(marks)), key=lambda number: raw.rindex(marks[number]))

    assert abs(_agreement(places)) < 0.45


def test_the_nth_mark_in_the_file_is_not_the_nth_answer(answered: tuple[str, list[str]]) -> None:
    """The join a thief would try: both tables in the order of their bytes, laid side by side."""
    if not db.current().embedded:
        pytest.skip("pages of PostgreSQL are written anew at closing: the test below")
    _, codes = answered
    raw = _file()
    marks = [cards.mark(code).encode() for code in codes]
    by_mark = sorted(range(PEOPLE), key=lambda number: raw.rindex(marks[number]))
    by_answer = sorted(range(PEOPLE), key=lambda number: raw.index(f"p{number:03d}".encode()))

    hits = sum(left == right for left, right in zip(by_mark, by_answer, strict=True))

    assert hits <= 6  # sixty people by pure chance: one on average; seven would happen once in ten thousand


def test_the_journal_keeps_nothing_of_an_answer(answered: tuple[str, list[str]]) -> None:
    if not db.current().embedded:
        pytest.skip("the embedded database's journal")
    journal = Path(f"{config.current().instance / 'centre.db'}-wal")

    assert not journal.exists() or b'"K1"' not in journal.read_bytes()


def test_there_is_no_hidden_row_order_on_the_embedded_database(in_app: Flask) -> None:
    if not db.current().embedded:
        pytest.skip("rowid is SQLite's")
    with sqlite3.connect(config.current().instance / "centre.db") as connection:
        for table in ("response", "card", "card_use"):
            with pytest.raises(sqlite3.OperationalError, match="rowid"):
                connection.execute(f"SELECT rowid FROM {table}")
    connection.close()


def test_after_closing_the_order_of_rows_is_the_order_of_fresh_random_ids(
    answered: tuple[str, list[str]],
) -> None:
    round_id, _ = answered
    before = {identity for _, identity in _arrivals()}
    with db.writing() as session:
        found = session.get(rounds.Round, round_id)
        assert found is not None
        rounds.close_round(session, rounds.BY_DATE, found)

    with db.reading() as session:
        if db.current().embedded:
            ids = [row[0] for row in session.execute(select(Response.id))]
        else:
            from sqlalchemy import text

            ids = [row[0] for row in session.execute(text("SELECT id FROM response ORDER BY ctid"))]
            writers = session.execute(text("SELECT count(DISTINCT xmin::text) FROM response")).scalar()
            assert writers == 1

    assert ids == sorted(ids)
    assert not before & set(ids)


def test_no_file_of_the_installation_holds_a_card_code(answered: tuple[str, list[str]]) -> None:
    _, codes = answered
    for path in config.current().instance.iterdir():
        raw = path.read_bytes()
        assert not any(code.encode() in raw for code in codes), path.name


def _arrivals() -> list[tuple[int, str]]:
    """(place in the order of arrival, row id) of every answer."""
    with db.reading() as session:
        rows = session.execute(select(Response.id, Response.answers).where(Response.filled == 1)).all()
    return [(int(json.loads(answers)["B3"][1:]), identity) for identity, answers in rows]


def _by(key: object) -> list[tuple[int, str]]:
    return sorted(_arrivals(), key=lambda pair: pair[1])


def _file() -> bytes:
    path = config.current().instance / "centre.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


def _agreement(order: list[int]) -> float:
    """Kendall's tau of an order against the order of arrival: 1 the same, −1 reversed, near 0 unrelated.

    For sixty in random order its standard deviation is 0.089; 0.45 is five of them.
    """
    pairs = [(order[i] < order[j]) for i in range(len(order)) for j in range(i + 1, len(order))]
    return 2 * sum(pairs) / len(pairs) - 1
