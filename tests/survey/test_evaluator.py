"""Data for evaluators: not before the closing, one background item for always, a line in the log, five files."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from core import clock as core_clock
from core import db
from core.access import Denied, Identity, Role
from core.db import new_id
from intake.keys.founding import Founded
from survey import effects, evaluator_files
from survey.models import ANSWER_BYTES, LINK_BYTES, Comparison, Response, Round
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.survey.test_microdata import people
from tests.surveys import QUESTIONS, Campaigner

pytestmark = pytest.mark.embedded
KINDS = ("csv", "codebook", "xlsx", "sav", "dta")


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    """The campaigner's browser, signed in."""
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def fill(app: Flask, round_id: str, answers: list[dict[str, Any]]) -> None:
    """Put answers into a round as the taking would leave them."""
    rows = [
        {
            "round_id": round_id,
            "id": new_id(),
            "filled": 1,
            "answers": json.dumps(one).encode().ljust(ANSWER_BYTES),
            "link": b"\0" * LINK_BYTES,
        }
        for one in answers
    ]
    with app.app_context(), db.writing() as session:
        session.execute(insert(Response), rows)


@pytest.fixture
def waves(app: Flask, campaigner: Campaigner) -> tuple[str, str]:
    """Two open rounds of forty people; close them with `campaigner.closes`."""
    before, after = campaigner.opens("before"), campaigner.opens("after")
    for round_id in (before, after):
        fill(app, round_id, people(40, B2=["nu", "nam"]))
    return before, after


def path_of(round_id: str, kind: str = "") -> str:
    return f"/dieu-hanh/dot/{round_id}/du-lieu" + (f"/{kind}" if kind else "")


def rows_of(body: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))


def test_nothing_leaves_before_a_later_round_has_closed(
    desk: FlaskClient, campaigner: Campaigner, waves: tuple[str, str]
) -> None:
    before, after = waves
    for closes in ("", before):
        if closes:
            campaigner.closes(closes)
        for kind in KINDS:
            for round_id in waves:
                assert desk.get(path_of(round_id, kind)).status_code == 302
        assert "Chưa đến lúc" in desk.get(path_of(before)).text
    campaigner.closes(after)

    assert desk.get(path_of(before, "csv")).status_code == 200
    assert "Tải về" in desk.get(path_of(before)).text


def test_a_year_without_a_later_round_is_free_when_its_links_are_over(
    app: Flask, centre: Founded, campaigner: Campaigner, clock: StillClock
) -> None:
    before = campaigner.opens("before")
    fill(app, before, people(20))
    campaigner.closes(before)
    clock.set(datetime(2027, 7, 1, 9, tzinfo=core_clock.ZONE))
    browser = signed_in(app, centre.of(Role.CAMPAIGNER)[0])

    assert browser.get(path_of(before, "csv")).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_rows_and_the_codebook_come_as_csv(
    desk: FlaskClient, campaigner: Campaigner, waves: tuple[str, str], prefix: str
) -> None:
    for round_id in waves:
        campaigner.closes(round_id)

    data = desk.get(prefix + path_of(waves[1], "csv"))
    again = desk.get(prefix + path_of(waves[1], "csv"))
    book = rows_of(desk.get(prefix + path_of(waves[1], "codebook")).get_data(as_text=True))

    rows = rows_of(data.text)
    assert data.data == again.data
    assert data.headers["Content-Disposition"] == 'attachment; filename="khao-sat-2026-after.csv"'
    assert "no-store" in data.headers["Cache-Control"]
    assert len(rows) == 41
    assert {row[0] for row in book[1:]} == set(rows[0])
    assert not {"B1", "B2", "B3", "E1", "X2", "id", "round_id"} & set(rows[0])
    assert ["Đúng", "True"] in [row[-2:] for row in book]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xlsx", "sav", "dta"])
def test_the_other_files_are_made_in_a_child(
    desk: FlaskClient, campaigner: Campaigner, waves: tuple[str, str], kind: str
) -> None:
    for round_id in waves:
        campaigner.closes(round_id)

    answer = desk.get(path_of(waves[1], kind))

    assert answer.status_code == 200
    assert answer.data[:4] == {"xlsx": b"PK\x03\x04", "sav": b"$FL2", "dta": b"<sta"}[kind]


def test_one_background_item_is_chosen_for_always(
    app: Flask, desk: FlaskClient, campaigner: Campaigner, waves: tuple[str, str]
) -> None:
    for round_id in waves:
        campaigner.closes(round_id)
    path = path_of(waves[1])

    assert post(desk, path, {"background": "none"}, follow_redirects=True).status_code == 200
    assert "B2" not in rows_of(desk.get(f"{path}/csv").text)[0]
    post(desk, path, {"background": "B2"})
    assert rows_of(desk.get(f"{path}/csv").text)[0][-1] == "B2"
    post(desk, path, {"background": "B1"})

    assert rows_of(desk.get(f"{path}/csv").text)[0][-1] == "B2"
    with app.app_context(), db.writing() as session, pytest.raises(evaluator_files.AlreadyChosen):
        campaigner_identity = campaigner.person.identity
        evaluator_files.choose(
            session, campaigner_identity, session.get_one(Round, waves[1]), QUESTIONS, "B1"
        )


def test_each_file_leaves_a_line_in_the_log(
    app: Flask, centre: Founded, desk: FlaskClient, campaigner: Campaigner, waves: tuple[str, str]
) -> None:
    from core import log

    for round_id in waves:
        campaigner.closes(round_id)
    desk.get(path_of(waves[0], "csv"))

    person = centre.of(Role.CUSTODIAN)[0]
    assert person.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        seed, _ = log.keys_for(session, person.person_id, person.credentials.seed)
        newest = log.read(session, seed)[0]
    assert (newest.deed, newest.who) == ("survey_file", centre.of(Role.CAMPAIGNER)[0].person_id)


def test_only_a_campaigner_takes_data(
    app: Flask, centre: Founded, campaigner: Campaigner, waves: tuple[str, str], clock: StillClock
) -> None:
    somebody = Identity(person_id="b" * 32, name="ban", roles=frozenset({Role.BOARD}))
    with app.app_context(), db.reading() as session, pytest.raises(Denied):
        evaluator_files.table_of(session, somebody, session.get_one(Round, waves[0]), QUESTIONS, "")
    custodian = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    assert custodian.get(path_of(waves[0], "csv")).status_code in (302, 403, 404)


# Joint tables


def test_joint_tables_come_in_long_form_and_only_with_ten_pairs(
    app: Flask, desk: FlaskClient, campaigner: Campaigner, waves: tuple[str, str]
) -> None:
    for round_id in waves:
        campaigner.closes(round_id)
    first, second = people(40, 1), people(40, 2)
    joint = effects.freeze([(place, place) for place in range(30)], first, second, QUESTIONS)
    with app.app_context(), db.writing() as session:
        session.add(
            Comparison(
                before_id=waves[0], after_id=waves[1], joint=joint.to_json(), effects={}, charts={},
                digest="f" * 64, made_on=core_clock.today(),
            )
        )  # fmt: skip

    rows = rows_of(desk.get(f"/dieu-hanh/thay-doi/{waves[0]}/{waves[1]}/bang-ghep.csv").text)

    assert rows[0] == list(evaluator_files.JOINT)
    assert sum(int(people_there) for name, _, _, people_there in rows[1:] if name == "K1") == 30
    assert sum(int(people_there) for name, _, _, people_there in rows[1:] if name == "K1:before") == 40


def test_nine_who_were_not_joined_are_not_told_by_their_wave_beside_the_joint_table() -> None:
    joint = effects.freeze([(place, place) for place in range(31)], people(40, 1), people(41, 2), QUESTIONS)

    names = {row[0] for row in evaluator_files.joint_rows(joint.to_json())}

    assert {"K1", "K1:after"} <= names
    assert "K1:before" not in names


def test_joint_tables_of_nine_pairs_show_the_waves_alone() -> None:
    joint = effects.freeze([(place, place) for place in range(9)], people(40, 1), people(40, 2), QUESTIONS)

    names = {row[0] for row in evaluator_files.joint_rows(joint.to_json())}

    assert "K1:before" in names
    assert not {"K1", "score:knowledge"} & names
