"""Paper: a form to print, papers typed twice, and a strip with the card's code that never meets its answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import db
from core.access import Role
from intake.keys.founding import Founded
from survey import cards
from survey.models import CardUse
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.surveys import QUESTIONS, Campaigner, Respondent, kept, typed

pytestmark = pytest.mark.embedded
CARRIED = ("token", "once", "twice", "papers", "compared", "differed")


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    """The campaigner's browser, signed in."""
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def path_of(round_id: str, more: str = "") -> str:
    return f"/dieu-hanh/dot/{round_id}/giay/{more}"


def carried(page: str) -> dict[str, str]:
    return {name: typed(page, name) for name in CARRIED}


def types(desk: FlaskClient, round_id: str, page: str, **answers: str) -> Any:
    """Send one typing of the paper that the page is about."""
    return post(desk, path_of(round_id), {**carried(page), **answers})


PAPER = {"K1": "2", "K2": "1", "H1": "1 3", "E1": "Đ", "E5": "7"}


# The form to print


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_form_holds_every_question_with_numbered_boxes(
    desk: FlaskClient, campaigner: Campaigner, prefix: str
) -> None:
    round_id = campaigner.plans("before")

    page = desk.get(prefix + path_of(round_id, "phieu")).text

    items = QUESTIONS.items("before")
    for place, item in enumerate(items, start=1):
        words = item.label.en if prefix else item.label.vi
        assert re.search(rf"<h3>{place}\. ", page)
        assert words.replace("'", "&#39;") in page
    assert page.count("<li>") >= sum(len(item.choices) for item in items)
    assert ("Tear this strip off" if prefix else "Xé rời mẩu này") in page


def test_a_round_without_cards_has_no_strip(desk: FlaskClient, campaigner: Campaigner) -> None:
    round_id = campaigner.plans("before", with_cards=False)

    assert "Xé rời" not in desk.get(path_of(round_id, "phieu")).text


# Typing


def test_a_paper_typed_twice_alike_is_taken_once(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    round_id = campaigner.opens("before", with_cards=False)

    first = types(desk, round_id, desk.get(path_of(round_id)).text, **PAPER)
    assert "lần thứ hai" in first.text
    assert not re.search(r'name="K1"[^>]*value="2"', first.text), "the second typing is blind"
    assert kept(app, round_id) == []
    second = types(desk, round_id, first.text, **PAPER)

    assert "Đã ghi phiếu" in second.text
    (row,) = kept(app, round_id)
    ticked = [QUESTIONS.item("H1").choices[place].code for place in (0, 2)]
    assert json.loads(row.answers) == {"K1": "sai", "K2": "dung", "H1": ticked}
    assert "Lượt này: 1 phiếu" in second.text
    assert "0 trên 33 câu" in second.text or re.search(r"ở 0 trên \d+ câu", second.text)
    types(desk, round_id, first.text, **PAPER)
    assert len(kept(app, round_id)) == 1, "the same page sent again is the same paper"


def test_what_differs_is_asked_again_and_then_the_paper_counts(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    round_id = campaigner.opens("before", with_cards=False)
    first = types(desk, round_id, desk.get(path_of(round_id)).text, **PAPER)

    second = types(desk, round_id, first.text, **{**PAPER, "K1": "1"})
    assert second.status_code == 422
    assert 'href="#K1"' in second.text
    assert 'href="#K2"' not in second.text
    neither = types(desk, round_id, second.text, **{**PAPER, "K1": "3"})
    assert neither.status_code == 422
    assert kept(app, round_id) == []
    third = types(desk, round_id, second.text, **PAPER)

    assert "Đã ghi phiếu" in third.text
    assert json.loads(kept(app, round_id)[0].answers)["K1"] == "sai"
    assert re.search(r"ở 1 trên \d+ câu", third.text)


def test_a_number_beside_no_box_is_named_at_once(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    round_id = campaigner.opens("before", with_cards=False)

    page = types(desk, round_id, desk.get(path_of(round_id)).text, K1="7", K2="x")

    assert page.status_code == 422
    assert 'href="#K1"' in page.text
    assert 'href="#K2"' in page.text
    assert "lần thứ nhất" in page.text
    assert typed(page.text, "K1") == "7"


# Strips


def test_a_strip_marks_its_card_and_a_paper_needs_a_strip(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    code, other = campaigner.prints(2)
    round_id = campaigner.opens("before")
    first = types(desk, round_id, desk.get(path_of(round_id)).text, **PAPER)
    refused = types(desk, round_id, first.text, **PAPER)
    assert refused.status_code == 422
    assert "Bạn gõ mã của mẩu thẻ trước" in refused.text

    assert (
        "Đã ghi mẩu thẻ"
        in post(desk, path_of(round_id, "manh"), {"strip": cards.shown(code)}, follow_redirects=True).text
    )
    assert "Đã ghi phiếu" in types(desk, round_id, first.text, **PAPER).text

    assert len(kept(app, round_id)) == 1
    with app.app_context(), db.reading() as session:
        used = set(session.scalars(select(CardUse.mark).where(CardUse.used == 1)))
        assert used == {cards.mark(code)}
    assert Respondent(app, code).answers(round_id, K1="sai").status_code == 409
    assert Respondent(app, other).answers(round_id, K1="sai").status_code == 200


@pytest.mark.parametrize(("strip", "words"), [("12", "12 chữ số"), ("", "12 chữ số")])
def test_a_wrong_code_on_a_strip_is_named(
    desk: FlaskClient, campaigner: Campaigner, strip: str, words: str
) -> None:
    round_id = campaigner.opens("before")

    page = post(desk, path_of(round_id, "manh"), {"strip": strip})

    assert page.status_code == 422
    assert words in page.text


def test_a_strip_of_a_card_that_has_answered_says_one_paper_is_too_many(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    code, _ = campaigner.prints(2)
    round_id = campaigner.opens("before")
    Respondent(app, code).answers(round_id, K1="sai")

    page = post(desk, path_of(round_id, "manh"), {"strip": code})
    stranger = post(desk, path_of(round_id, "manh"), {"strip": cards.draw()})

    assert "phiếu thừa" in page.text
    assert "không thuộc khảo sát năm nay" in stranger.text


def test_a_closed_round_takes_no_paper(app: Flask, desk: FlaskClient, campaigner: Campaigner) -> None:
    round_id = campaigner.opens("before", with_cards=False)
    page = desk.get(path_of(round_id)).text
    campaigner.closes(round_id)

    answer = types(desk, round_id, page, **PAPER)

    assert answer.status_code == 302
    assert desk.get(path_of(round_id)).status_code == 302
    assert kept(app, round_id) == []


def test_the_self_made_code_of_a_paper_is_sealed_like_any_other(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    round_id = campaigner.opens("before", with_cards=False)
    first = types(desk, round_id, desk.get(path_of(round_id)).text, **PAPER)
    types(desk, round_id, first.text, **PAPER)

    (row,) = kept(app, round_id)
    assert "E1" not in json.loads(row.answers)
    assert b'"D"' not in row.link
