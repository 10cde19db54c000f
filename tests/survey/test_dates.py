"""Rounds open and close by themselves, and links end on a fixed day: whoever looks first on that day sees to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock as core_clock
from core import db, rosters
from core.access import Role
from core.i18n import Text
from core.roster import RosterRefused
from intake.keys.founding import Founded
from survey import dates, rounds
from survey.models import Response, Round
from tests.conftest import StillClock
from tests.factories import signed_in
from tests.surveys import Campaigner, Respondent, kept, listening, state_of

TODAY = date(2026, 11, 20)


def on(clock: StillClock, day: date) -> None:
    """Go to the morning of a day."""
    clock.set(datetime(day.year, day.month, day.day, 7, tzinfo=core_clock.ZONE))


@pytest.mark.parametrize("who", ["respondent", "campaigner", "custodian"])
def test_whoever_looks_first_after_the_last_day_closes_the_round(
    app: Flask, centre: Founded, campaigner: Campaigner, clock: StillClock, who: str
) -> None:
    (code,) = campaigner.prints(1)
    round_id = campaigner.opens("before", days=3)
    Respondent(app, code).answers(round_id, K1="sai")
    on(clock, TODAY + timedelta(days=3))
    Respondent(app).lists()
    assert state_of(app, round_id) == "open"

    on(clock, TODAY + timedelta(days=4))
    if who == "respondent":
        Respondent(app).lists()
    elif who == "campaigner":
        signed_in(app, centre.of(Role.CAMPAIGNER)[0]).get("/dieu-hanh/")
    else:
        signed_in(app, centre.of(Role.CUSTODIAN)[0]).get("/lam-viec/ghep/")

    assert state_of(app, round_id) == "closed"
    assert len(kept(app, round_id)) == 1
    with app.app_context(), db.reading() as session:
        assert len(session.scalars(select(Response)).all()) == 1


def test_a_planned_round_opens_by_itself_on_its_day(
    app: Flask, campaigner: Campaigner, clock: StillClock
) -> None:
    (code,) = campaigner.prints(1)
    round_id = campaigner.plans("before", TODAY + timedelta(days=2))
    assert "Khảo sát mở từ ngày 22/11/2026" in Respondent(app).lists().text
    assert "Khảo sát mở từ ngày 22/11/2026" in Respondent(app).opens(round_id).text
    assert state_of(app, round_id) == "planned"

    on(clock, TODAY + timedelta(days=2))

    assert f'href="/khao-sat/{round_id}"' in Respondent(app).lists().text
    assert state_of(app, round_id) == "open"
    assert Respondent(app, code).answers(round_id, K1="sai").status_code == 200


@pytest.mark.parametrize("wrong", [rosters.NoRoster(), RosterRefused(Text("Đã hết hạn.", "Run out."))])
def test_without_custodians_to_seal_to_it_stays_planned(
    app: Flask,
    centre: Founded,
    campaigner: Campaigner,
    clock: StillClock,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Exception,
) -> None:
    round_id = campaigner.plans("before", with_cards=False)
    browser = signed_in(app, centre.of(Role.CAMPAIGNER)[0])

    def refuse(_session: object) -> None:
        raise wrong

    monkeypatch.setattr(rosters, "current", refuse)

    assert Respondent(app).lists().status_code == 200
    assert "Chờ danh sách người giữ khóa" in browser.get("/dieu-hanh/").text
    assert state_of(app, round_id) == "planned"


def test_a_round_whose_days_have_all_passed_does_not_open(
    app: Flask, centre: Founded, campaigner: Campaigner, clock: StillClock
) -> None:
    round_id = campaigner.plans("before", TODAY + timedelta(days=1), days=2)
    on(clock, TODAY + timedelta(days=9))

    assert "Hiện không có khảo sát" in Respondent(app).lists().text
    assert state_of(app, round_id) == "planned"
    page = signed_in(app, centre.of(Role.CAMPAIGNER)[0]).get("/dieu-hanh/").text
    assert "Bỏ đợt đã quá ngày" in page
    assert f"/dieu-hanh/dot/{round_id}/bo" in page
    assert f"/dieu-hanh/dot/{round_id}/mo" not in page


def test_on_a_day_with_nothing_due_looking_costs_one_statement(
    app: Flask, campaigner: Campaigner, clock: StillClock
) -> None:
    campaigner.opens("before")
    with app.app_context(), listening(app) as said:
        dates.keep()

    assert len(said) == 1


def test_links_end_on_a_fixed_day_whoever_has_waited_for_what(
    app: Flask, campaigner: Campaigner, clock: StillClock
) -> None:
    (code,) = campaigner.prints(1)
    round_id = campaigner.opens("before")
    Respondent(app, code).answers(round_id, K1="sai")
    campaigner.closes(round_id)

    on(clock, date(2027, 6, 30))
    Respondent(app).lists()
    assert any(kept(app, round_id)[0].link)

    on(clock, date(2027, 7, 1))
    Respondent(app).lists()
    assert not any(kept(app, round_id)[0].link)
    with app.app_context(), db.reading() as session:
        assert session.get_one(Round, round_id).link_wraps is None
    with app.app_context(), listening(app) as said:
        dates.keep()
    assert len(said) == 1


def test_links_of_a_later_year_stay(app: Flask, campaigner: Campaigner, clock: StillClock) -> None:
    on(clock, date(2027, 11, 2))
    campaigner.prints(1)
    round_id = campaigner.opens("before", days=3)

    on(clock, date(2027, 12, 1))
    Respondent(app).lists()

    assert state_of(app, round_id) == "closed"
    with app.app_context(), db.reading() as session:
        assert session.get_one(Round, round_id).link_wraps is not None


def test_the_year_that_has_lost_its_links_changes_on_the_first_of_july() -> None:
    assert rounds.last_year_without_links(date(2028, 6, 30)) == 2026
    assert rounds.last_year_without_links(date(2028, 7, 1)) == 2027
