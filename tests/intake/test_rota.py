"""The duty rota: who may keep it, and what reporters are told because of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock, db
from core.access import Denied, Role
from core.i18n import day
from intake.desk import rota
from intake.desk.rota import NotADutyDay
from intake.keys.founding import Founded
from intake.writing import submission
from tests.factories import post, signed_in
from tests.letters import Reporter

pytestmark = pytest.mark.embedded
MONDAY = datetime(2026, 12, 7, 9, tzinfo=clock.ZONE)


@pytest.fixture
def desk(app: Flask, centre: Founded) -> FlaskClient:
    return signed_in(app, centre.of(Role.HANDLER)[0])


def test_reporters_are_told_to_come_back_on_a_day_somebody_is_rostered(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    person = centre.of(Role.HANDLER)[0]
    with clock.freeze(MONDAY), app.app_context():
        wednesday, friday = (MONDAY.date() + timedelta(days=ahead) for ahead in (2, 4))
        assert submission.answer_by() == wednesday
        with db.writing() as session:
            rota.save(session, person.identity, {friday: [person.person_id]})
        assert submission.answer_by() == friday
    with clock.freeze(MONDAY):
        assert day(friday) in reporter.writes().text


def test_the_page_shows_coming_weeks_and_keeps_what_was_ticked(desk: FlaskClient, centre: Founded) -> None:
    page = desk.get("/lam-viec/lich-truc/").text
    assert "Chưa có ai trực" in page
    first = page.split('name="ngay" value="')[1][:10]
    chosen = f"{first}:{centre.of(Role.HANDLER)[1].person_id}"
    saved = post(desk, "/lam-viec/lich-truc/", {"ngay": [first], "truc": [chosen]}, follow_redirects=True)
    assert "Đã lưu lịch trực" in saved.text
    assert f'value="{chosen}" checked' in saved.text
    assert "Chưa có ai trực" not in saved.text
    cleared = post(desk, "/lam-viec/lich-truc/", {"ngay": [first]}, follow_redirects=True)
    assert "checked" not in cleared.text


@pytest.mark.parametrize("sent", [{"ngay": ["2020-01-01"]}, {"ngay": ["x"]}, {"truc": ["2026-12-07:x"]}])
def test_a_day_that_has_passed_or_is_none_changes_nothing(desk: FlaskClient, sent: dict[str, object]) -> None:
    assert "chưa lưu gì" in post(desk, "/lam-viec/lich-truc/", sent, follow_redirects=True).text


def test_nobody_but_a_handler_keeps_the_rota_or_stands_on_it(app: Flask, centre: Founded) -> None:
    handler, custodian = centre.of(Role.HANDLER)[0], centre.of(Role.CUSTODIAN)[0]
    today = clock.today()
    with app.app_context():
        with pytest.raises(Denied), db.writing() as session:
            rota.save(session, custodian.identity, {today: [handler.person_id]})
        with pytest.raises(NotADutyDay), db.writing() as session:
            rota.save(session, handler.identity, {today: [custodian.person_id]})
        with db.reading() as session:
            assert rota.on_duty(session, [today]) == {today: frozenset()}
