"""The plan of analysis: chosen before, fixed with its hash at the first opening at the latest, and never changed."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock as core_clock
from core import db
from core.access import Denied, Identity, Role
from intake.keys.founding import Founded
from survey import analysis_plan
from survey.models import AnalysisPlan
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.survey.conftest import CAMPAIGNER, Custody, custody, in_app, opened
from tests.surveys import QUESTIONS, Campaigner

__all__ = ["custody", "in_app"]

YEAR = 2026


def plan_of(year: int) -> AnalysisPlan | None:
    with db.reading() as session:
        return analysis_plan.of_year(session, year)


def written(primary: str = "knowledge", secondary: str = "attitude") -> dict[str, object]:
    return analysis_plan.written(QUESTIONS, year=YEAR, expected=200, primary=primary, secondary=secondary)


def test_the_usual_plan_puts_the_attitude_mean_first_and_knowledge_second() -> None:
    plan = analysis_plan.usual(QUESTIONS, year=YEAR)

    assert (plan["primary"], plan["secondary"], plan["exploratory"]) == (
        "attitude", "knowledge", ["confidence", "help"],
    )  # fmt: skip
    assert plan["questionnaire"] == QUESTIONS.digest()


def test_one_plan_has_one_hash_however_it_is_laid_out() -> None:
    plan = written()

    assert analysis_plan.digest(plan) == analysis_plan.digest(dict(reversed(list(plan.items()))))
    assert analysis_plan.digest(plan) != analysis_plan.digest({**plan, "tolerance": 1})


def test_opening_the_first_round_fixes_the_usual_plan(
    in_app: Flask, custody: Custody, clock: StillClock
) -> None:
    opened(custody)

    plan = plan_of(YEAR)

    assert plan is not None
    assert plan.fixed_on == core_clock.today()
    assert plan.digest == analysis_plan.digest(plan.content)


def test_a_chosen_plan_stands_when_the_round_opens(
    in_app: Flask, custody: Custody, clock: StillClock
) -> None:
    with db.writing() as session:
        analysis_plan.write(session, CAMPAIGNER, written())
    opened(custody)

    plan = plan_of(YEAR)

    assert plan is not None
    assert (plan.content["primary"], plan.content["expected"]) == ("knowledge", 200)
    assert analysis_plan.in_order(plan) == ("knowledge", "attitude")


def test_nothing_changes_a_fixed_plan(in_app: Flask, custody: Custody, clock: StillClock) -> None:
    with db.writing() as session:
        analysis_plan.write(session, CAMPAIGNER, written(), final=True)
    with db.writing() as session, pytest.raises(analysis_plan.PlanFixed):
        analysis_plan.write(session, CAMPAIGNER, written("attitude", "knowledge"))
    before = plan_of(YEAR)
    opened(custody)
    opened(custody, "after")

    after = plan_of(YEAR)

    assert before is not None
    assert after is not None
    assert (after.content, after.digest, after.fixed_on) == (before.content, before.digest, before.fixed_on)


@pytest.mark.embedded
def test_only_a_campaigner_writes_a_plan(in_app: Flask) -> None:
    somebody = Identity(person_id="b" * 32, name="ban", roles=frozenset({Role.BOARD}))
    with db.writing() as session, pytest.raises(Denied):
        analysis_plan.write(session, somebody, written())


# The page


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    """The campaigner's browser, signed in, in November 2026."""
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


@pytest.mark.embedded
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_page_offers_a_choice_until_the_first_round_opens(
    app: Flask, desk: FlaskClient, campaigner: Campaigner, prefix: str
) -> None:
    campaigner.plans("before", invited=300)
    path = f"{prefix}/dieu-hanh/ke-hoach/2026"
    form = {"primary": "knowledge", "secondary": "none", "expected": "210"}

    page = desk.get(path).text
    assert ("Not fixed yet" if prefix else "Chưa chốt") in page
    assert "0.19" in page.replace(",", ".")
    assert post(desk, path, {**form, "secondary": "knowledge"}).status_code == 422
    kept = post(desk, path, form, follow_redirects=True).text
    assert ("Knowledge score" if prefix else "Điểm hiểu biết") in kept
    fixed = post(desk, path, {**form, "fix": "1"}, follow_redirects=True).text

    with app.app_context():
        plan = plan_of(2026)
    assert plan is not None
    assert plan.digest in fixed
    assert "<form" not in fixed.split("<main")[1].split("</main")[0]
    assert post(desk, path, {**form, "primary": "attitude"}, follow_redirects=True).status_code == 200
    with app.app_context():
        assert plan_of(2026).content["primary"] == "knowledge"  # type: ignore[union-attr]


@pytest.mark.embedded
def test_a_year_far_off_has_no_plan(desk: FlaskClient) -> None:
    assert desk.get("/dieu-hanh/ke-hoach/1990").status_code == 404
    assert desk.get("/dieu-hanh/ke-hoach/2027").status_code == 200
