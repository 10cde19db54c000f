"""Who keeps the custodians' side: first custodians only, nobody struck out, under whatever id they come back. Pure."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from core.roster import Member, Roster
from core.sealing import CannotOpen
from intake.seal import guards
from intake.seal.barred import Barred
from intake.seal.letters import Strikeouts
from intake.seal.readers import readers


def member(letter: str, name: str = "", role: str = "custodian") -> Member:
    return Member(
        id=letter * 32, name=name or f"Người {letter.upper()}", title_vi="Bác sĩ", title_en="",
        role="handler" if role == "handler" else "custodian",
        seal_public=letter.encode() * 1216, sign_public=letter.encode() * 32,
    )  # fmt: skip


def roster(version: int, *people: Member) -> Roster:
    day = datetime.date(2026, 11, 20)
    return Roster(
        version=version, previous="", installation="f" * 32, made_on=day, not_after=day,
        members=people, recovery_public=bytes(1216),
    )  # fmt: skip


HANDLERS = member("a", role="handler"), member("b", role="handler")
FIRST = roster(1, *HANDLERS, member("x"), member("y"), member("z"))


def names(found: tuple[Member, ...]) -> str:
    return "".join(one.id[0] for one in found)


def _read(tally: dict[str, Any], chain: list[Roster]) -> guards.Guards:
    return guards.guards(*guards.said_in(tally, chain))


def test_what_is_written_is_read_back_as_people() -> None:
    said = guards.written(FIRST, ["y" * 32, "a" * 32])
    assert said == {"roster": 1, "struck": [1]}
    found = _read({"consent_stats": True, "guards": said}, [FIRST])
    assert names(found.present(FIRST)) == "xz"
    assert found.left_out(FIRST) == ("y" * 32,)


def test_who_came_since_and_who_was_struck_out_stay_out_and_fresh_keys_of_the_others_do_not_matter() -> None:
    found = _read({"guards": guards.written(FIRST, ["y" * 32])}, [FIRST])
    fresh = replace(member("x"), seal_public=b"1" * 1216, sign_public=b"2" * 32)
    now = roster(2, *HANDLERS, fresh, member("y"), member("w"))
    assert names(found.present(now)) == "x"
    assert found.left_out(now) == ("y" * 32, "w" * 32)


def test_who_changes_sides_is_let_into_neither_side_of_an_older_case() -> None:
    now = roster(2, member("a"), member("b", role="handler"), member("x", role="handler"), member("y"))
    found = readers(FIRST, Strikeouts(roster_version=1, struck=()), ())
    assert found.left_out(FIRST, now) == ("a" * 32, "x" * 32)
    assert _read({"guards": guards.written(FIRST, ())}, [FIRST]).left_out(now) == ("a" * 32,)


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"guards": None},
        {"guards": {"roster": 1}},
        {"guards": {"roster": 9, "struck": []}},
        {"guards": {"roster": "1", "struck": []}},
        {"guards": {"roster": 1, "struck": [3]}},
        {"guards": {"roster": 1, "struck": ["y"]}},
        {"guards": {"roster": 1, "struck": [[]]}},
    ],
)
def test_a_tally_that_says_nothing_sound_lets_nobody_in(spoilt: dict[str, object]) -> None:
    with pytest.raises(CannotOpen):
        _read(spoilt, [FIRST])


def test_somebody_struck_out_who_comes_back_under_another_id_is_known_by_name_or_key() -> None:
    barred = Barred.of(FIRST, ["y" * 32])
    assert barred.bars(member("y"))
    assert barred.bars(member("v", name="NGƯỜI  y"))
    assert barred.bars(replace(member("v"), sign_public=member("y").sign_public))
    assert not barred.bars(member("v"))


def test_a_namesake_whom_the_reporter_saw_and_did_not_strike_out_is_somebody_else() -> None:
    first = roster(
        1, *HANDLERS, member("x", name="Nguyễn Thị Lan"), member("y", name="Nguyễn Thị Lan"), member("z")
    )
    barred = Barred.of(first, ["y" * 32])
    assert barred.bars(member("y", name="Nguyễn Thị Lan"))
    assert not barred.bars(member("x", name="Nguyễn Thị Lan"))
