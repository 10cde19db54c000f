"""Days off are data that an administrator keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock, db
from core.access import Role
from core.campaign import Holiday
from core.i18n import day
from tests import factories
from tests.factories import found_centre, post, signed_in

pytestmark = pytest.mark.embedded


@pytest.fixture
def cheap() -> Iterator[None]:
    with factories.cheap_locks():
        yield


def days_off(app: Flask) -> dict[str, bool]:
    with app.app_context(), db.reading() as session:
        return {one.day.isoformat(): one.certain for one in session.scalars(select(Holiday))}


def test_an_administrator_adds_confirms_and_removes_a_day_off(app: Flask, cheap: None) -> None:
    centre = found_centre(app)
    browser = signed_in(app, centre.of(Role.ADMINISTRATOR)[0])
    page = browser.get("/quan-tri/ngay-nghi/").text
    assert "Tết Nguyên đán" in page
    new = clock.today() + timedelta(days=400)
    sent = {"day": new.strftime("%d/%m/%Y"), "name_vi": "Nghỉ bù"}
    added = post(browser, "/quan-tri/ngay-nghi/", sent, follow_redirects=True)
    assert day(new) in added.text
    assert days_off(app)[new.isoformat()]
    expected = next(one for one, certain in days_off(app).items() if not certain)
    post(browser, f"/quan-tri/ngay-nghi/{expected}/chac")
    assert days_off(app)[expected]
    post(browser, f"/quan-tri/ngay-nghi/{new.isoformat()}/bo")
    assert new.isoformat() not in days_off(app)
    assert post(browser, "/quan-tri/ngay-nghi/2020-13-01/bo").status_code == 404
    wrong = post(browser, "/quan-tri/ngay-nghi/", {"day": "32/1/2027", "name_vi": ""})
    assert wrong.status_code == 422


def test_nobody_else_changes_a_day_off(app: Flask, cheap: None) -> None:
    centre = found_centre(app)
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    assert browser.get("/quan-tri/ngay-nghi/").status_code == 404
    before = days_off(app)
    assert post(browser, f"/quan-tri/ngay-nghi/{next(iter(before))}/bo").status_code == 404
    assert days_off(app) == before
