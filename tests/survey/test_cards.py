from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core import db
from core.access import Denied, Identity, Role
from survey import cards
from survey.models import Card
from tests.survey.conftest import CAMPAIGNER


def test_a_drawn_code_reads_back_however_it_is_typed() -> None:
    code = cards.draw()

    assert cards.parse(cards.shown(code)) == code
    assert cards.parse(code.replace("", "-")) == code


def test_full_width_digits_of_a_phone_keyboard_are_digits() -> None:
    code = cards.draw()

    assert cards.parse("".join(chr(ord("０") + int(digit)) for digit in code)) == code


@given(st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_noticed_before_anything_is_looked_up(place: int, shift: int) -> None:
    code = cards.draw()
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]

    with pytest.raises(cards.NotACard):
        cards.parse(wrong)


@given(st.integers(0, 10))
def test_two_neighbours_exchanged_are_noticed(place: int) -> None:
    code = cards.draw()
    if code[place] == code[place + 1]:
        return
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    with pytest.raises(cards.NotACard):
        cards.parse(wrong)


def test_a_short_code_is_told_how_many_digits_are_missing() -> None:
    with pytest.raises(cards.NotACard) as refused:
        cards.parse("1234")

    assert "12" in refused.value.sentence.vi
    assert "4" in refused.value.sentence.vi


def test_printed_codes_are_stored_nowhere(in_app: Flask) -> None:
    with db.writing() as session:
        codes = cards.make(session, CAMPAIGNER, year=2026, count=40)

    with db.reading() as session:
        stored = " ".join(session.scalars(select(Card.mark)))

    assert len(set(codes)) == 40
    assert len(stored.split()) == 40
    assert not any(code in stored for code in codes)


def test_only_a_campaigner_makes_cards(in_app: Flask) -> None:
    somebody = Identity(person_id="b" * 32, name="ban", roles=frozenset({Role.BOARD}))

    with db.writing() as session, pytest.raises(Denied):
        cards.make(session, somebody, year=2026, count=1)
