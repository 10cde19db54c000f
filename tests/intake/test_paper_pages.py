"""A letter told by telephone or on paper: the same envelope, a receipt to hand over, strike-outs kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core import db, log
from core.access import Role
from intake.keys.founding import Founded, Settled
from intake.models import CaseFile
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter, answers, hidden, sign_a_new_roster

pytestmark = pytest.mark.embedded

ENTRY = "/lam-viec/nhap-ho/"


def enters(browser: FlaskClient, struck: tuple[Settled, ...] = (), **more: Any) -> TestResponse:
    """Check and send a letter that somebody told on the telephone."""
    said = answers(struck, how="phone", **more)
    checked = post(browser, ENTRY, said)
    assert checked.status_code == 200, checked.text
    carried = {"case": hidden(checked.text, "case"), "receipt": hidden(checked.text, "receipt")}
    return post(browser, f"{ENTRY}gui", said | carried)


def digits_on(page: TestResponse) -> str:
    shown = re.search(r'<output[^>]*id="receipt"[^>]*>(.*?)</output>', page.text)
    assert shown
    return "".join(character for character in shown.group(1) if character.isdigit())


def test_a_letter_told_by_telephone_opens_as_any_other_and_says_how_it_came(
    app: Flask, centre: Founded
) -> None:
    first, second = centre.of(Role.HANDLER)[:2]
    page = enters(signed_in(app, first), narrative="Tôi sợ về nhà.")
    assert Reporter(app, receipt=digits_on(page)).opens().status_code == 200
    desk = Handler(app, second)
    story = desk.opens(desk.cases()[0].case_id).story["narrative"]
    assert story.endswith("Tôi sợ về nhà.")
    assert "điện thoại" in story.splitlines()[0]
    assert first.name in story.splitlines()[0]


def test_four_thousand_characters_fit_beside_the_line_that_says_how_it_came(
    app: Flask, centre: Founded
) -> None:
    browser, desk = signed_in(app, centre.of(Role.HANDLER)[0]), Handler(app, centre.of(Role.HANDLER)[1])
    assert post(browser, ENTRY, answers(how="paper", narrative="ệ" * 4001)).status_code == 422
    enters(browser, narrative="ệ" * 4000)
    story = desk.opens(desk.cases()[0].case_id).story["narrative"]
    assert story.partition("\n\n")[2] == "ệ" * 4000


def test_who_came_onto_the_list_while_it_was_entered_is_named(app: Flask, centre: Founded) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    shown = hidden(browser.get(ENTRY).text, "roster")
    sign_a_new_roster(app, centre)
    page = post(browser, ENTRY, answers(how="phone", narrative="Giữ lại nhé", roster=shown))
    assert page.status_code == 422
    assert "Ngô Thị Mới" in page.text
    assert "Giữ lại nhé" in page.text


def test_the_same_entry_sent_twice_is_one_letter_with_one_code(app: Flask, centre: Founded) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    said = answers(how="paper")
    checked = post(browser, ENTRY, said)
    said |= {name: hidden(checked.text, name) for name in ("case", "receipt")}
    codes = {digits_on(post(browser, f"{ENTRY}gui", said)) for _ in range(2)}
    assert len(codes) == 1
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(func.count()).select_from(CaseFile)) == 1


def test_who_enters_it_and_is_struck_out_is_told_so_and_opens_nothing(app: Flask, centre: Founded) -> None:
    first, second = centre.of(Role.HANDLER)[:2]
    browser = signed_in(app, first)
    checked = post(browser, ENTRY, answers([first], how="phone"))
    assert "không mở ra với bạn" in checked.text
    page = enters(browser, (first,))
    assert "không có trong danh sách của bạn" in page.text
    assert Handler(app, first).cases() == []
    assert len(Handler(app, second).cases()) == 1


def test_opening_the_page_is_logged_and_a_sending_is_not(app: Flask, centre: Founded) -> None:
    custodian = centre.of(Role.CUSTODIAN)[0]
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    assert browser.get(ENTRY).status_code == 200
    enters(browser)
    assert custodian.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        log_seed, _ = log.keys_for(session, custodian.person_id, custodian.credentials.seed)
        deeds = [line.deed for line in log.read(session, log_seed)]
    assert deeds[0] == "entry_begun"


def test_what_is_missing_is_named_and_nothing_typed_is_lost(app: Flask, centre: Founded) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    page = post(browser, ENTRY, answers(narrative="Giữ lại nhé", age_group=None))
    assert page.status_code == 422
    assert "Giữ lại nhé" in page.text
    assert 'href="#how"' in page.text
    assert 'href="#age_group"' in page.text


def test_striking_out_everybody_stores_nothing_and_leads_back(app: Flask, centre: Founded) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    everybody = centre.of(Role.HANDLER)
    page = post(browser, ENTRY, answers(everybody, how="phone", narrative="Giữ lại nhé"))
    assert "Giữ lại nhé" in page.text
    back = post(browser, ENTRY, answers(everybody, how="phone", narrative="Giữ lại nhé", edit="narrative"))
    assert "Giữ lại nhé" in back.text
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(func.count()).select_from(CaseFile)) == 0


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_paper_form_asks_everything_and_its_title_says_nothing(
    app: Flask, centre: Founded, prefix: str
) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    page = browser.get(f"{prefix}{ENTRY}phieu").text
    assert re.search("<title>(Góc nhân viên – Phiếu|Staff corner – Form)</title>", page)
    for person in (*centre.of(Role.HANDLER), *centre.of(Role.CUSTODIAN)):
        assert person.name in page
    assert page.count('class="lines') >= 5


@pytest.mark.parametrize("role", [Role.CUSTODIAN, Role.BOARD, Role.ADMINISTRATOR])
def test_only_a_handler_enters_for_another(app: Flask, centre: Founded, role: Role) -> None:
    browser = signed_in(app, centre.of(role)[0])
    assert {browser.get(address).status_code for address in (ENTRY, f"{ENTRY}phieu")} == {404}
    assert post(browser, f"{ENTRY}gui", answers(how="phone")).status_code == 404
