"""P6: administrator, campaigner and board have no route to a report; two signatures make a handler, nothing else.

Every address that touches a report is tried with every role. Then somebody who may write to the database
forges the roster in every way, and each time nothing is sealed to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core import db, rosters
from core.access import Role
from core.accounts import Person
from core.roster import Roster
from core.rosters import RosterVersion
from core.sealing import sign
from intake.keys.founding import Founded, Settled
from intake.models import CaseFile
from tests import factories
from tests.factories import post, signed_in
from tests.letters import Reporter, answers

pytestmark = pytest.mark.embedded

OUTSIDERS = (Role.ADMINISTRATOR, Role.BOARD, Role.CAMPAIGNER)


def handler_routes(app: Flask, case_id: str) -> list[tuple[str, str]]:
    """(method, address) of every page of a handler, found in the application itself."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("handler."):
            address = str(rule).replace("<case_id>", case_id)
            found += [(method, address) for method in sorted(rule.methods or ()) if method in {"GET", "POST"}]
    assert len(found) >= 5
    return found


def asked(browser: FlaskClient, method: str, address: str) -> TestResponse:
    """Open an address, or send it a form of the session."""
    return browser.get(address) if method == "GET" else post(browser, address, {"message": "x"})


@pytest.mark.parametrize("role", OUTSIDERS)
def test_for_everybody_without_a_key_there_is_nothing_there(app: Flask, centre: Founded, role: Role) -> None:
    reporter = Reporter(app)
    reporter.writes(narrative="CANARY")
    browser = signed_in(app, centre.of(role)[0])
    for method, address in handler_routes(app, reporter.case_id):
        page = asked(browser, method, address)
        assert page.status_code == 404, (method, address)
        nowhere = asked(browser, method, address.replace(reporter.case_id, "0" * 32))
        assert page.text.replace(reporter.case_id, "0" * 32) == nowhere.text
        assert "CANARY" not in page.text


def test_a_custodian_reaches_no_report_either(app: Flask, centre: Founded) -> None:
    reporter = Reporter(app)
    reporter.writes(narrative="CANARY")
    browser = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    for method, address in handler_routes(app, reporter.case_id):
        page = asked(browser, method, address)
        assert page.status_code == (200 if address == "/lam-viec/" else 404), (method, address)
        nowhere = asked(browser, method, address.replace(reporter.case_id, "0" * 32))
        assert page.text.replace(reporter.case_id, "0" * 32) == nowhere.text


def test_nobody_who_is_not_signed_in_gets_further_than_the_door(app: Flask, centre: Founded) -> None:
    reporter = Reporter(app)
    reporter.writes(narrative="CANARY")
    stranger = app.test_client()
    for method, address in handler_routes(app, reporter.case_id):
        page = stranger.open(address, method=method)
        assert page.status_code in {302, 401}, (method, address)
        assert "CANARY" not in page.text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.BOARD, Role.CAMPAIGNER, Role.CUSTODIAN])
def test_no_page_that_anybody_else_can_open_knows_a_case(app: Flask, centre: Founded, role: Role) -> None:
    """Every address without a parameter, opened by every role, holds neither the case's id nor its receipt."""
    reporter = Reporter(app)
    reporter.writes(narrative="CANARY", reporter_name="CANARY")
    browser = signed_in(app, centre.of(role)[0])
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            page = browser.get(str(rule)).data  # bytes: some addresses are downloads
            words = ("CANARY", reporter.case_id, reporter.receipt)
            assert not [word for word in words if word.encode() in page], rule


# --- who becomes a handler -----------------------------------------------------------------------


def kept(app: Flask) -> int:
    with app.app_context(), db.reading() as session:
        return session.scalar(select(func.count()).select_from(CaseFile)) or 0


def forge(app: Flask, version: int, roster: Roster, signers: list[tuple[str, bytes]]) -> None:
    """Put a roster into the database as somebody with access to it can."""
    signatures = {member: sign(roster.encode(), seed).hex() for member, seed in signers}
    with app.app_context(), db.writing() as session:
        row = session.get(RosterVersion, version) or RosterVersion(version=version)
        row.document, row.signatures = roster.encode(), json.dumps(signatures, sort_keys=True).encode()
        row.complete = True
        session.add(row)


def with_a_straw_man(app: Flask, centre: Founded) -> tuple[Roster, Settled]:
    """The next version, with one more handler whom no custodian knows."""
    newcomer = replace(factories.PEOPLE[4], name="Người Rơm", sign_in_as="rom")
    straw = factories.add_person(app, newcomer)
    with app.app_context(), db.reading() as session:
        person = session.get_one(Person, straw.person_id)
        member = rosters.member_of(person)
        old = rosters.current(session)
    return (
        replace(old, version=old.version + 1, previous=old.fingerprint, members=(*old.members, member)),
        straw,
    )


def seeds(people: tuple[Settled, ...]) -> list[tuple[str, bytes]]:
    return [(person.person_id, person.credentials.seed or b"") for person in people]


Forgery = Callable[[Flask, Founded], None]


def unsigned(app: Flask, centre: Founded) -> None:
    forge(app, 2, with_a_straw_man(app, centre)[0], [])


def signed_by_one(app: Flask, centre: Founded) -> None:
    forge(app, 2, with_a_straw_man(app, centre)[0], seeds(centre.of(Role.CUSTODIAN))[:1])


def signed_by_handlers(app: Flask, centre: Founded) -> None:
    forge(app, 2, with_a_straw_man(app, centre)[0], seeds(centre.of(Role.HANDLER)))


def signed_by_the_straw_man(app: Flask, centre: Founded) -> None:
    roster, straw = with_a_straw_man(app, centre)
    forge(app, 2, roster, [*seeds(centre.of(Role.CUSTODIAN))[:1], *seeds((straw,))])


def written_over_the_first(app: Flask, centre: Founded) -> None:
    roster, straw = with_a_straw_man(app, centre)
    forge(app, 1, replace(roster, version=1, previous=""), seeds((straw,)))


def invented_with_own_custodians(app: Flask, centre: Founded) -> None:
    """A whole new chain from version 1, signed by custodians who are on it: only the pin tells it apart."""
    roster, _ = with_a_straw_man(app, centre)
    strangers = [
        factories.add_person(app, replace(factories.PEOPLE[1], name=f"Lạ {n}", sign_in_as=f"la{n}"))
        for n in range(3)
    ]
    with app.app_context(), db.reading() as session:
        members = tuple(rosters.member_of(session.get_one(Person, one.person_id)) for one in strangers)
    handlers = tuple(member for member in roster.members if member.role == "handler")
    forge(
        app,
        1,
        replace(roster, version=1, previous="", members=(*handlers, *members)),
        seeds(tuple(strangers))[:2],
    )


def longer_than_allowed(app: Flask, centre: Founded) -> None:
    roster, _ = with_a_straw_man(app, centre)
    forge(
        app,
        2,
        replace(roster, not_after=roster.made_on + timedelta(days=4000)),
        seeds(centre.of(Role.CUSTODIAN))[:2],
    )


@pytest.mark.parametrize(
    "forgery",
    [
        unsigned,
        signed_by_one,
        signed_by_handlers,
        signed_by_the_straw_man,
        written_over_the_first,
        invented_with_own_custodians,
        longer_than_allowed,
    ],
    ids=lambda forgery: forgery.__name__,
)
def test_nothing_is_sealed_to_a_forged_roster(app: Flask, centre: Founded, forgery: Forgery) -> None:
    Reporter(app).writes()
    forgery(app, centre)
    app.extensions.pop("roster_chain", None)
    app.extensions.pop("roster_glanced", None)
    client = app.test_client()
    assert "chưa nhận thư được" in client.get("/thu").text
    page = client.post("/thu", data=answers(narrative="Giữ lại."))
    assert page.status_code == 503
    assert "Giữ lại." in page.text
    assert client.post("/thu/gui", data=answers()).status_code == 503
    assert kept(app) == 1


def test_an_older_roster_put_back_is_refused(app: Flask, centre: Founded) -> None:
    with app.app_context():
        roster, _ = with_a_straw_man(app, centre)
        forge(app, 2, roster, seeds(centre.of(Role.CUSTODIAN))[:2])
        with db.reading() as session:
            assert rosters.current(session).version == 2
        with db.writing() as session:
            session.delete(session.get_one(RosterVersion, 2))
    app.extensions.pop("roster_glanced", None)
    assert "chưa nhận thư được" in app.test_client().get("/thu").text


def test_two_custodians_signatures_do_make_a_handler_of_later_reports_only(
    app: Flask, centre: Founded
) -> None:
    before = Reporter(app)
    before.writes()
    roster, straw = with_a_straw_man(app, centre)
    forge(app, 2, roster, seeds(centre.of(Role.CUSTODIAN))[:2])
    after = Reporter(app)
    after.writes()
    page = signed_in(app, straw).get("/lam-viec/").text
    assert after.case_id in page
    assert before.case_id not in page
