"""The custodians' page of the survey: it says what will be erased, and each refusal in a sentence."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.access import Role
from core.heavy import HeavyBusy, HeavyFailed
from core.sealing import CannotOpen
from intake.keys.founding import Founded
from survey import results
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.surveys import Campaigner, listening


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    """A custodian's browser, signed in."""
    return signed_in(app, centre.of(Role.CUSTODIAN)[0])


@pytest.fixture
def closed(campaigner: Campaigner, desk: FlaskClient) -> tuple[str, str]:
    """Two closed rounds that nobody answered."""
    before = campaigner.opens("before")
    campaigner.closes(before)
    after = campaigner.opens("after")
    campaigner.closes(after)
    return before, after


@pytest.mark.embedded
@pytest.mark.parametrize(("prefix", "words"), [("", "Chưa có gì để ghép"), ("/en", "Nothing to join yet")])
def test_with_nothing_to_join_the_page_says_what_will_come(
    desk: FlaskClient, prefix: str, words: str
) -> None:
    assert words in desk.get(f"{prefix}/lam-viec/ghep/").text


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_page_says_that_links_will_be_erased(
    desk: FlaskClient, closed: tuple[str, str], prefix: str
) -> None:
    page = desk.get(f"{prefix}/lam-viec/ghep/").text

    assert ("is erased and cannot be joined again" if prefix else "bị xóa và không ghép lại được") in page
    assert f'action="{prefix}/lam-viec/ghep/{closed[0]}/{closed[1]}"' in page


def test_the_page_says_how_long_links_are_kept_for_a_later_wave(
    desk: FlaskClient, campaigner: Campaigner, closed: tuple[str, str]
) -> None:
    campaigner.plans("followup", date(2027, 3, 1))

    assert "muộn nhất đến ngày 30/06/2027" in desk.get("/lam-viec/ghep/").text


def test_joining_is_one_button(app: Flask, desk: FlaskClient, closed: tuple[str, str]) -> None:
    path = f"/lam-viec/ghep/{closed[0]}/{closed[1]}"

    assert "Đã ghép và tính xong" in post(desk, path, follow_redirects=True).text
    assert "Ghép hai lần trả lời khảo sát" in desk.get("/lam-viec/nhat-ky/").text
    assert "Hai đợt này đã được ghép rồi" in post(desk, path, follow_redirects=True).text


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("refusal", "vi", "en"),
    [
        (results.NotComparable(), "không so sánh được", "cannot be compared"),
        (CannotOpen(), "Khóa của bạn không mở được", "Your key does not open"),
        (HeavyBusy("busy"), "Máy đang bận", "The machine is busy"),
        (HeavyFailed("ValueError", "no"), "Chưa có gì bị xóa", "Nothing was erased"),
    ],
)
def test_each_refusal_is_a_sentence(
    desk: FlaskClient,
    closed: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    refusal: Exception,
    vi: str,
    en: str,
) -> None:
    def refuse(*_: object) -> None:
        raise refusal

    monkeypatch.setattr(results, "compare", refuse)
    for prefix, words in (("", vi), ("/en", en)):
        page = post(desk, f"{prefix}/lam-viec/ghep/{closed[0]}/{closed[1]}", follow_redirects=True)
        assert words in page.text


def test_nobody_else_has_this_page(app: Flask, centre: Founded, closed: tuple[str, str]) -> None:
    for role in (Role.HANDLER, Role.CAMPAIGNER, Role.BOARD, Role.ADMINISTRATOR):
        browser = signed_in(app, centre.of(role)[0])
        assert browser.get("/lam-viec/ghep/").status_code == 404
        assert post(browser, f"/lam-viec/ghep/{closed[0]}/{closed[1]}").status_code == 404


def test_the_page_costs_few_statements(app: Flask, desk: FlaskClient, closed: tuple[str, str]) -> None:
    desk.get("/lam-viec/ghep/")
    with listening(app) as said:
        desk.get("/lam-viec/ghep/")

    assert len(said) <= 7, "\n".join(said)
