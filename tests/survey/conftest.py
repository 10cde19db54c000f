"""Furniture of the survey's tests: a campaigner, three custodians with their seeds, open rounds."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask

from core import clock, db
from core.access import Identity, Role
from core.roster import Member, Roster
from core.sealing import PrivateKey
from intake.keys.founding import Founded
from survey import cards, rounds
from tests import factories
from tests.surveys import Campaigner

CAMPAIGNER = Identity(person_id="c" * 32, name="thuky", roles=frozenset({Role.CAMPAIGNER}))
CUSTODIAN = Identity(person_id="d" * 32, name="giukhoa", roles=frozenset({Role.CUSTODIAN}))


@dataclass(frozen=True)
class Custody:
    roster: Roster
    seeds: dict[str, bytes]


@pytest.fixture(scope="session")
def custody() -> Custody:
    seeds = {
        "d" * 32: secrets.token_bytes(32),
        "e" * 32: secrets.token_bytes(32),
        "f" * 32: secrets.token_bytes(32),
    }
    members = tuple(
        Member(
            id=person,
            name=f"Người giữ khóa {place}",
            title_vi="Công đoàn",
            title_en="Union",
            role="custodian",
            seal_public=PrivateKey.from_seed(seed).public.raw,
            sign_public=secrets.token_bytes(32),
        )
        for place, (person, seed) in enumerate(seeds.items())
    )
    roster = Roster(
        version=1,
        previous="",
        installation="0" * 32,
        made_on=date(2026, 1, 1),
        not_after=date(2026, 12, 31),
        members=members,
        recovery_public=secrets.token_bytes(1216),
    )
    return Custody(roster, seeds)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def opened(
    custody: Custody, wave: str = "before", *, with_cards: bool = True, invited: int = 0, print_cards: int = 0
) -> tuple[str, list[str]]:
    """An open round and the codes of the cards printed for it."""
    today = clock.today()
    with db.writing() as session:
        codes = cards.make(session, CAMPAIGNER, year=today.year, count=print_cards) if print_cards else []
        found = rounds.plan(
            session,
            CAMPAIGNER,
            year=today.year,
            wave=wave,
            opens_on=today,
            closes_on=today + timedelta(days=10),
            invited=invited,
            with_cards=with_cards,
        )
        session.flush()
        rounds.open_round(session, CAMPAIGNER, found, custody.roster)
        return found.id, codes


def close(round_id: str) -> None:
    with db.writing() as session:
        rounds.close_round(session, CAMPAIGNER, session.get_one(rounds.Round, round_id))


def public_of(round_id: str) -> bytes:
    with db.reading() as session:
        found = session.get(rounds.Round, round_id)
        assert found is not None
        assert found.link_public is not None
        return found.link_public


@pytest.fixture
def cheap() -> Iterator[None]:
    """Locks that open in no time."""
    with factories.cheap_locks():
        yield


@pytest.fixture
def centre(app: Flask, cheap: None) -> Founded:
    """Everybody enrolled, the roster signed, the log begun."""
    return factories.found_centre(app)


@pytest.fixture
def campaigner(app: Flask, centre: Founded) -> Campaigner:
    """The campaigner of a founded centre."""
    return Campaigner(app, centre.of(Role.CAMPAIGNER)[0])
