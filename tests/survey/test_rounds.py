from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import config, db
from core.access import Denied, Identity, Role
from core.sealing import PrivateKey, context, unpad, unseal
from survey import places, rounds, taking
from survey.models import ANSWER_BYTES, CardUse, Response, Round
from tests.survey.conftest import CAMPAIGNER, Custody, close, opened, public_of

ANSWERS = {"K1": "sai", "T1": "2", "H1": ["111", "113"]}


def send(round_id: str, *, code: str = "", token: str = "", answers: dict[str, object] = ANSWERS) -> None:
    taking.take(
        round_id,
        public_of(round_id),
        answers=answers,
        elements=["H", "", "do", "03", "17", "L", "nem"],
        code=code,
        token=token,
    )


def filled(round_id: str) -> list[Response]:
    with db.reading() as session:
        return list(
            session.scalars(select(Response).where(Response.round_id == round_id, Response.filled == 1))
        )


def test_an_answer_fills_one_place_and_its_card_is_used(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=3)

    send(round_id, code=codes[0])

    assert [json.loads(row.answers) for row in filled(round_id)] == [ANSWERS]
    with db.reading() as session:
        assert session.scalar(select(func.sum(CardUse.used)).where(CardUse.round_id == round_id)) == 1


def test_a_card_answers_once_and_the_first_answer_is_kept(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=1)
    send(round_id, code=codes[0])

    with pytest.raises(taking.AlreadyAnswered):
        send(round_id, code=codes[0], answers={"K1": "dung"})

    assert [json.loads(row.answers) for row in filled(round_id)] == [ANSWERS]


def test_a_sending_repeated_after_a_lost_connection_changes_nothing(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=1)

    send(round_id, code=codes[0])
    send(round_id, code=codes[0])

    assert len(filled(round_id)) == 1


def test_an_answer_interrupted_between_card_and_place_is_taken_at_the_second_try(
    in_app: Flask, custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id, codes = opened(custody, print_cards=1)
    with monkeypatch.context() as broken:
        broken.setattr(taking, "_fill_place", _stop)
        with pytest.raises(KeyboardInterrupt):
            send(round_id, code=codes[0])

    send(round_id, code=codes[0])

    assert len(filled(round_id)) == 1


def test_a_card_of_no_set_is_unknown(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, print_cards=1)

    with pytest.raises(taking.CardUnknown):
        send(round_id, code="123456789012")


def test_a_closed_round_takes_nothing(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)
    close(round_id)

    with pytest.raises(taking.RoundNotOpen):
        send(round_id, token="a")


def test_closing_keeps_every_answer_and_gives_free_places_back(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=5)
    for code in codes:
        send(round_id, code=code)

    close(round_id)

    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 5
        assert session.scalar(select(func.sum(CardUse.used))) == 5


def test_rows_are_all_of_one_size_and_hold_no_unit_person_or_time(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)
    send(round_id, token="a")
    send(round_id, token="b", answers={})

    sizes = {(len(row.answers), len(row.link)) for row in filled(round_id)}

    assert len(sizes) == 1
    assert {column.name for column in Response.__table__.columns} == {
        "round_id",
        "id",
        "filled",
        "answers",
        "link",
    }


def test_more_places_are_made_before_a_draw_stops_being_a_draw(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)

    for _ in range(places.BLOCK):
        with db.writing() as session:
            place = places.draw(session, round_id)
            session.get(Response, (round_id, place)).filled = 1  # type: ignore[union-attr]

    with db.reading() as session:
        free = session.scalar(select(func.count()).select_from(Response).where(Response.filled == 0))
    assert free
    assert len(filled(round_id)) == places.BLOCK


def test_the_link_opens_for_a_custodian_and_says_the_card(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=1)
    send(round_id, code=codes[0])

    with db.reading() as session:
        found = session.get(Round, round_id)
        assert found is not None
        wraps = json.loads(found.link_wraps or b"")
    (person, seed) = next(iter(custody.seeds.items()))
    opened_seed = unseal(
        bytes.fromhex(wraps[person]), PrivateKey.from_seed(seed), context("round", round_id, person)
    )
    link = unseal(filled(round_id)[0].link, PrivateKey.from_seed(opened_seed), context("link", round_id))

    assert json.loads(unpad(link)) == {"card": codes[0], "elements": ["H", "", "do", "03", "17", "L", "nem"]}


def test_only_a_campaigner_opens_a_round(in_app: Flask, custody: Custody) -> None:
    administrator = Identity(person_id="a" * 32, name="qt", roles=frozenset({Role.ADMINISTRATOR}))
    with db.writing() as session:
        from core import clock

        found = rounds.plan(
            session, CAMPAIGNER, year=2026, wave="after", opens_on=clock.today(), closes_on=clock.today()
        )
        session.flush()
        with pytest.raises(Denied):
            rounds.open_round(session, administrator, found, custody.roster)


def test_the_journal_is_empty_after_an_answer(in_app: Flask, custody: Custody) -> None:
    if not db.current().embedded:
        pytest.skip("the embedded database's journal")
    round_id, _ = opened(custody, with_cards=False)

    send(round_id, token="a")

    journal = Path(f"{config.current().instance / 'centre.db'}-wal")
    assert not journal.exists() or journal.stat().st_size == 0


def test_the_longest_answers_fit_their_place(in_app: Flask, custody: Custody) -> None:
    with db.reading() as session:
        questionnaire = rounds.questionnaire_of(
            session, Round(questionnaire_id=session.scalar(select(rounds.QuestionnaireVersion.id)))
        )
    longest = {
        item.code: (
            [c.code for c in item.choices]
            if item.kind == "many"
            else max((c.code for c in item.choices), key=len)
        )
        for item in questionnaire.items("after")
        if item.choices
    }

    assert len(json.dumps(longest).encode()) < ANSWER_BYTES


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
