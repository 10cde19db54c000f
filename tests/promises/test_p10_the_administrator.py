"""P10 against the administrator: all tables with their hidden columns, every key file, the logs of the web server.

Forty people answer over the wire in an order the test knows, some of them on paper. The administrator then has
everything but the custodians' seeds and the memory of the running machine, and even the list of printed codes,
and tries to join cards to answers and answers to times.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text

from core import config, db
from core.access import Role
from core.db import Base
from core.log import LogLine
from core.sealing import CannotOpen, PrivateKey, context, unseal
from intake.keys.founding import Founded
from survey import cards, evaluator_files, rounds, taking
from survey.models import Card, CardUse, Response, Round
from tests.promises.test_p10_answers import _agreement
from tests.servers import Served
from tests.surveys import Campaigner
from tests.wires import Wire

PEOPLE, ON_PAPER = 40, 5


@dataclass(frozen=True)
class Loot:
    """What the administrator holds, and what only the test knows: the codes in their order of coming."""

    round_id: str
    codes: list[str]
    rows: dict[str, list[tuple[Any, ...]]]
    keys: dict[Path, bytes]
    said: str
    lines_before: int
    lines_after: int


@pytest.fixture
def campaigner(app: Flask, centre: Founded) -> Campaigner:
    """The campaigner of the centre."""
    return Campaigner(app, centre.of(Role.CAMPAIGNER)[0])


@pytest.fixture
def loot(app: Flask, campaigner: Campaigner, served: Served) -> Iterator[Loot]:
    """Everything there is after a round has been answered; the round is still open."""
    codes = campaigner.prints(PEOPLE + 20)
    round_id = campaigner.opens("before", invited=PEOPLE)
    with app.app_context():
        before = _lines()
        with Wire(served.url) as wire:
            for number, code in enumerate(codes[: PEOPLE - ON_PAPER]):
                sent = {**_mark_of(number), "card": code, "E1": "H", "E5": f"{number:02d}"}
                assert wire.post(f"/khao-sat/{round_id}", sent).status == 200
        for number in range(PEOPLE - ON_PAPER, PEOPLE):
            taking.spend(round_id, codes[number])
        for number in range(PEOPLE - ON_PAPER, PEOPLE):
            _on_paper(round_id, number)
        yield Loot(round_id, codes[:PEOPLE], _everything(), _keys(), served.said(), before, _lines())


def _mark_of(number: int) -> dict[str, str]:
    """Answers by which the test tells the forty apart: their number in base four."""
    return {f"T{place + 1}": str(1 + number // 4**place % 4) for place in range(4)}


def _number_of(answers: bytes) -> int:
    said = json.loads(answers)
    return sum((int(said[f"T{place + 1}"]) - 1) * 4**place for place in range(4))


def _on_paper(round_id: str, number: int) -> None:
    with db.reading() as session:
        public = session.get_one(Round, round_id).link_public
    assert public is not None
    taking.take(round_id, public, answers=_mark_of(number), elements=[], token=f"paper{number}")


def _lines() -> int:
    with db.reading() as session:
        return len(session.scalars(select(LogLine.sequence)).all())


def _everything() -> dict[str, list[tuple[Any, ...]]]:
    with db.reading() as session:
        return {
            name: [tuple(row) for row in session.execute(select(table))]
            for name, table in Base.metadata.tables.items()
        }


def _keys() -> dict[Path, bytes]:
    """Every file of the installation but the database itself."""
    folder = config.current().instance
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("centre.db")
    }


def _bytes_of(row: tuple[Any, ...]) -> bytes:
    return b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)


def test_the_administrator_joins_no_card_to_an_answer_and_no_answer_to_a_time(
    loot: Loot, campaigner: Campaigner
) -> None:
    """One founded and served centre for all of it: while the round is open, and after it has closed."""
    _no_mark_stands_elsewhere(loot)
    _no_code_meets_an_answer(loot)
    _no_key_file_opens_a_link(loot)
    _both_sides_share_only_the_round(loot)
    _no_room_for_a_moment(loot)
    _no_line_in_the_log(loot)
    _the_web_server_is_silent(loot)
    campaigner.closes(loot.round_id)
    _hidden_columns_tell_no_order(loot)
    campaigner.closes(campaigner.opens("after"))
    _an_evaluator_gets_another_order(loot, campaigner)


# Cards to answers


def _no_mark_stands_elsewhere(loot: Loot) -> None:
    used = [row[1] for row in loot.rows["card_use"] if row[2]]
    assert len(used) == PEOPLE
    elsewhere = b"".join(
        _bytes_of(row) for name, rows in loot.rows.items() if name not in ("card", "card_use") for row in rows
    ) + b"".join(loot.keys.values())

    for mark in used:
        assert mark.encode() not in elsewhere
        assert bytes.fromhex(mark) not in elsewhere


def _no_code_meets_an_answer(loot: Loot) -> None:
    """The strongest join there is: each code, plain or under each key file, looked for in each answer."""
    answers = [_bytes_of(row) for row in loot.rows["response"]]
    secrets = [b"", *(one for one in loot.keys.values() if len(one) <= 64)]

    for code in loot.codes:
        for secret in secrets:
            digest = hmac.digest(secret, code.encode(), "sha256")
            for sought in (code.encode(), digest, digest.hex().encode()):
                assert not any(sought in answer for answer in answers)


def _no_key_file_opens_a_link(loot: Loot) -> None:
    with db.reading() as session:
        links = list(session.scalars(select(Response.link).where(Response.filled == 1)))
    opened = 0
    for file in loot.keys.values():
        for start in range(0, min(len(file), 1024) - 31, 32):
            private = PrivateKey.from_seed(file[start : start + 32])
            for link in links[:3]:
                try:
                    unseal(link, private, context("link", loot.round_id))
                except CannotOpen:
                    continue
                opened += 1

    assert opened == 0


def _both_sides_share_only_the_round(loot: Loot) -> None:
    """Whatever a column may be called: no value of four letters or more stands on both sides but the round's."""
    sides = [
        {
            str(value)
            for row in loot.rows[table]
            for value in row
            if not isinstance(value, int) and len(str(value)) >= 4
        }
        for table in ("card_use", "response")
    ]

    assert sides[0] & sides[1] == {loot.round_id}


# Answers to times


def _no_room_for_a_moment(loot: Loot) -> None:
    for table in ("response", "card", "card_use"):
        kinds = {str(column["type"]) for column in inspect(db.current().engine).get_columns(table)}
        assert not any(kind.startswith(("DATE", "TIME")) for kind in kinds), table


def _no_line_in_the_log(loot: Loot) -> None:
    assert loot.lines_after == loot.lines_before


def _the_web_server_is_silent(loot: Loot) -> None:
    assert loot.round_id not in loot.said
    assert "/khao-sat" not in loot.said
    assert not any(code in loot.said or cards.shown(code) in loot.said for code in loot.codes)
    assert not re.findall(r"\b\d{2}:\d{2}:\d{2}\b", loot.said), "no line of the server has an hour"


def _hidden_columns_tell_no_order(loot: Loot) -> None:
    with db.reading() as session:
        stored = _in_hidden_order(session, "response", "answers")
        marks = _in_hidden_order(session, "card_use", "mark")
    arrivals = [_number_of(bytes(answers)) for answers in stored]
    used = {cards.mark(code): number for number, code in enumerate(loot.codes)}
    by_mark = [used[mark] for mark in marks if mark in used]

    assert sorted(arrivals) == sorted(by_mark) == list(range(PEOPLE))
    assert abs(_agreement(arrivals)) < 0.55  # five standard deviations of forty in random order
    assert abs(_agreement(by_mark)) < 0.55
    hits = sum(one == other for one, other in zip(arrivals, by_mark, strict=True))
    assert hits <= 6, "laid side by side, the two tables meet no oftener than by chance"


def _in_hidden_order(session: Any, table: str, column: str) -> list[Any]:
    """One column in the order in which the database keeps its rows; that it keeps no number of them is looked at too."""
    if db.current().embedded:
        hidden = session.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table})
        assert "WITHOUT ROWID" in hidden.scalar_one()
        return list(session.scalars(text(f"SELECT {column} FROM {table} NOT INDEXED")))
    rows = session.execute(text(f"SELECT {column}, xmin::text, xmax::text FROM {table} ORDER BY ctid")).all()
    assert len({row[1] for row in rows}) == 1, "one transaction wrote every row"
    assert {row[2] for row in rows} == {"0"}
    return [row[0] for row in rows]


def _an_evaluator_gets_another_order(loot: Loot, campaigner: Campaigner) -> None:
    with db.reading() as session:
        found = session.get_one(Round, loot.round_id)
        questionnaire = rounds.questionnaire_of(session, found)
        table = evaluator_files.table_of(session, campaigner.person.identity, found, questionnaire, "")
        kept = [
            _number_of(bytes(one))
            for one in _in_hidden_order(session, "response", "answers")
            if b"T1" in bytes(one)
        ]
    places = {one.name: place for place, one in enumerate(table.variables)}
    told = [sum((row[places[f"T{n + 1}"]] - 1) * 4**n for n in range(3)) for row in table.rows]

    assert len(told) == PEOPLE
    assert told != [number % 64 for number in kept]
    assert abs(_agreement(told)) < 0.55
    assert not {"card", "link", "id"} & set(places)
    with db.reading() as session:
        assert len(session.scalars(select(Card.mark)).all()) == PEOPLE + 20
        assert len(session.scalars(select(CardUse.mark).where(CardUse.used == 1)).all()) == PEOPLE
