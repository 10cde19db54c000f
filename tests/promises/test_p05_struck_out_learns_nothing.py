"""P5: whoever the reporter struck out, in any role, neither opens the report nor learns that it exists.

Every page that such a person can see, and every way to narrow and sort a list, is read before the letter comes,
after it came, and after a colleague opened it, answered it, judged it and asked for its names: the same bytes
each time. Every address of the letter itself answers as an address where nothing ever was.
"""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import clock, db, log
from core.access import Role
from intake.asking import asking, shelf
from intake.casefile.kinds import KINDS
from intake.counts import tally
from intake.desk.desk_index import DeskIndex
from intake.desk.queue import FILTERS, SORTS
from intake.form.asked import PARTS, About, Wish
from intake.keys.founding import Founded, Settled
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded

TOKEN = re.compile(r'name="csrf_token"[^>]*>')
LOG = {"log_reader.show"}
"""Read apart: its own reading writes a line, and that somebody works is seen there (threat model, P5)."""
NOWHERE = "0" * 32
ROLES = (Role.HANDLER, Role.CUSTODIAN)
BESIDE = {"kind": sorted(KINDS)[0], "row": "1"}
"""What stands in an address beside the id of a case; an address with anything else must be added here."""
CONVERTER = re.compile(r"<(?:[^:<>]*:)?(\w+)>")
LISTS = [f"/lam-viec/?{name}={choices[0][0]}" for name, (_, choices) in FILTERS.items()]
LISTS += [f"/lam-viec/?sap=-{order}&trang=2" for order in SORTS]


def addresses(app: Flask, with_case: bool) -> list[tuple[str, str]]:
    """(method, address) of every page that needs nothing known, or the id of a case and nothing secret beside it."""
    found = []
    for rule in app.url_map.iter_rules():
        if with_case is not ("case_id" in rule.arguments) or (rule.arguments and not with_case):
            continue
        if rule.endpoint not in LOG | {"static", "sign_in.sign_out"}:
            methods = {"GET", "POST"} if with_case else {"GET"}
            path = CONVERTER.sub(lambda one: BESIDE.get(one[1], f"<{one[1]}>"), str(rule))
            found += [(method, path) for method in sorted(methods & (rule.methods or set()))]
    assert len(found) >= 10
    assert not [path for _, path in found if "<" in path.replace("<case_id>", "")]
    return found


def seen(app: Flask, browser: FlaskClient) -> dict[str, tuple[int, str]]:
    """Everything this person can look at: status and bytes of each page, but for the token of the form."""
    pages = {}
    for address in [address for _, address in addresses(app, with_case=False)] + LISTS:
        answer = browser.get(address)
        pages[address] = (answer.status_code, TOKEN.sub("", answer.text))
    return pages


def seed_of(person: Settled) -> bytes:
    """The seed this person signed in with."""
    assert person.credentials.seed is not None
    return person.credentials.seed


def differing(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[str]:
    """Addresses whose page is not what it was."""
    return [address for address in before if before[address] != after[address]]


def works(app: Flask, centre: Founded, struck: Settled, case_id: str) -> None:
    """A colleague who may does everything that leaves a trace."""
    desk = Handler(app, next(one for one in centre.of(Role.HANDLER) if one is not struck))
    assert [one.case_id for one in desk.cases()] == [case_id]
    desk.opens(case_id)
    desk.answers(case_id, "Chúng tôi đã đọc thư của bạn.")
    desk.judges(case_id)
    with app.app_context():
        for kind in ("names", "authority"):
            about = About(case_id=case_id, kind=kind)  # type: ignore[arg-type]
            wish = Wish(recipient="Công an", document="12/YC", parts=PARTS) if kind == "authority" else None
            with db.writing() as session:
                made = asking.ask(session, desk.person.identity, desk.seed, about, "Cần xác minh.", wish)
            shelf.send(made)


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_struck_out_person_is_the_same_with_and_without_the_letter(
    app: Flask, centre: Founded, role: Role
) -> None:
    struck = centre.of(role)[0]
    browser = signed_in(app, struck)
    seen(app, browser)  # what a first look changes, such as a greeting, is over
    before = seen(app, browser)
    reporter = Reporter(app)
    reporter.writes([struck], narrative="CANARY", reporter_name="CANARY", danger_now="yes")
    assert differing(before, seen(app, browser)) == []
    works(app, centre, struck, reporter.case_id)
    reporter.adds("Cảm ơn.")
    assert differing(before, seen(app, browser)) == []


@pytest.mark.parametrize("role", ROLES)
def test_every_address_of_the_letter_answers_as_if_nothing_ever_was_there(
    app: Flask, centre: Founded, role: Role
) -> None:
    struck = centre.of(role)[0]
    reporter = Reporter(app)
    reporter.writes([struck], narrative="CANARY", reporter_name="CANARY")
    works(app, centre, struck, reporter.case_id)
    browser = signed_in(app, struck)
    for method, address in addresses(app, with_case=True):
        answers = []
        for case_id in (reporter.case_id, NOWHERE):
            path = address.replace("<case_id>", case_id)
            page = browser.get(path) if method == "GET" else post(browser, path, {"message": "x"})
            answers.append((page.status_code, TOKEN.sub("", page.text).replace(case_id, NOWHERE)))
        assert answers[0] == answers[1], (method, address)
        assert "CANARY" not in answers[0][1]


def test_what_is_kept_of_a_list_is_as_long_for_who_reads_as_for_who_may_not(
    app: Flask, centre: Founded
) -> None:
    struck, colleague = centre.of(Role.HANDLER)[:2]
    Reporter(app).writes([struck], narrative="CANARY")
    seen_by = [len(Handler(app, one).cases()) for one in (struck, colleague)]
    with app.app_context(), db.reading() as session:
        sizes = [len(row.blob) for row in session.scalars(select(DeskIndex))]
    assert seen_by == [0, 1]
    assert len(sizes) == 2
    assert len(set(sizes)) == 1


def test_a_struck_out_handler_has_an_empty_list_and_a_colleague_a_letter(app: Flask, centre: Founded) -> None:
    struck, colleague = centre.of(Role.HANDLER)[:2]
    Reporter(app).writes([struck])
    assert Handler(app, struck).cases() == []
    assert len(Handler(app, colleague).cases()) == 1


def test_a_struck_out_custodian_counts_nothing_and_another_counts_it(app: Flask, centre: Founded) -> None:
    struck, other = centre.of(Role.CUSTODIAN)[:2]
    reporter = Reporter(app)
    reporter.writes([struck], consent_stats="yes")
    works(app, centre, struck, reporter.case_id)
    counted = []
    for one in (struck, other):
        with app.app_context(), db.writing() as session:
            opened = tally.open_tallies(session, one.identity, seed_of(one), as_of=clock.today())
            counted.append(len(list(opened)))
    assert counted == [0, 1]


def test_the_log_names_the_letter_to_nobody(app: Flask, centre: Founded) -> None:
    struck = centre.of(Role.CUSTODIAN)[0]
    reporter = Reporter(app)
    reporter.writes([struck], narrative="CANARY", reporter_name="CANARY")
    works(app, centre, struck, reporter.case_id)
    browser = signed_in(app, struck)
    page = browser.get("/lam-viec/nhat-ky/").text
    assert "<table" in page
    assert reporter.case_id not in page
    assert reporter.case_id[:8] not in page
    assert "CANARY" not in page
    with app.app_context(), db.reading() as session:
        log_seed, _ = log.keys_for(session, struck.person_id, seed_of(struck))
        lines = list(log.read(session, log_seed))
    tags = [line.about for line in lines if line.deed in {"opened", "answered", "judged", "name_asked"}]
    assert len(tags) == len(set(tags)) == 4
