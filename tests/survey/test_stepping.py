"""A questionnaire asked page by page: no script, no cookie, nothing kept on the server in between."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from core import db
from core.access import Role
from intake.keys.founding import Founded
from survey.models import CardUse, Response, Round
from survey.xlsform import writing
from survey.xlsform.reading import check
from tests.surveys import Campaigner, Custodian, listening

pytestmark = pytest.mark.embedded


@dataclass
class Walker:
    """A respondent who fills in the page in front of them."""

    app: Flask
    round_id: str
    page: str = ""
    prefix: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def begins(self) -> str:
        return self._sees(self._browser().get(self._address))

    def says(self, button: str = "", *, status: int = 200, **answers: Any) -> str:
        """Send the page with these answers; "" is the first button on it."""
        found = re.search(r'<button class="btn"(?: name="(\w+)")?', self.page)
        name = button or (found and found[1]) or ""
        sent = {"carried": self.carried, **answers} | ({name: "1"} if name else {})
        return self._sees(self._browser().post(self._address, data=sent), status)

    def says_all(self, *, status: int = 200, **answers: Any) -> str:
        """Send everything at once, as a browser does that followed the conditions."""
        sent = {"carried": self.carried, "whole": "1", **answers}
        return self._sees(self._browser().post(self._address, data=sent), status)

    @property
    def carried(self) -> str:
        found = re.search(r'name="carried" value="([^"]+)"', self.page)
        return found[1] if found else ""

    @property
    def asked(self) -> list[str]:
        names = re.findall(r'<(?:input|select)[^>]* name="([^"]+)"', self.page)
        return [name for name in dict.fromkeys(names) if name not in ("carried", "other_card")]

    @property
    def _address(self) -> str:
        return f"{self.prefix}/khao-sat/{self.round_id}"

    def _browser(self) -> Any:
        return self.app.test_client(use_cookies=False)

    def _sees(self, answer: TestResponse, status: int = 200) -> str:
        assert answer.status_code == status, answer.text[:1500]
        assert "Set-Cookie" not in answer.headers
        self.page = html.unescape(answer.text)
        return self.page


@pytest.fixture
def campaigner(app: Flask, centre: Founded) -> Campaigner:
    return Campaigner(app, centre.of(Role.CAMPAIGNER)[0])


def opened(campaigner: Campaigner, *, with_cards: bool = False) -> str:
    version = campaigner.writes(writing.example())
    return campaigner.opens("before", with_cards=with_cards, questionnaire_id=version)


def answers(app: Flask) -> list[dict[str, Any]]:
    with app.app_context(), db.reading() as session:
        held = session.scalars(select(Response.answers).where(Response.filled == 1))
        return [json.loads(one) for one in held]


def walks(walker: Walker) -> Walker:
    """Everything answered up to the last page."""
    walker.begins()
    walker.says(E1="h", E2="42")
    walker.says(K1="sai")
    walker.says(T1="2", T2="4")
    walker.says(da_hoc="co")
    walker.says(so_lan="5")
    assert "Cảm ơn bạn đã dự 5 lần." in walker.page
    walker.says(ngay_cuoi="1/11/2026", huu_ich="7")
    walker.says(nhom="goi")
    return walker


def test_a_questionnaire_is_answered_page_by_page_and_taken_once(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    round_id = opened(campaigner)
    walker = walks(Walker(app, round_id))
    assert walker.asked == ["H1"]
    assert "Gửi câu trả lời" in walker.page
    assert answers(app) == [], "nothing is kept between pages"
    last = walker.carried
    walker.says(H1=["111", "khong_biet"])
    assert "Đã nhận câu trả lời" in walker.page
    expected = {
        "K1": "sai",
        "T1": "2",
        "T2": "4",
        "da_hoc": "co",
        "so_lan": "5",
        "ngay_cuoi": "2026-11-01",
        "huu_ich": "7",
        "nhom": "goi",
        "H1": ["khong_biet"],
    }
    assert answers(app) == [expected], "and the elements are sealed apart"

    again = {"carried": last, "H1": ["111", "khong_biet"], "finish": "1"}
    repeat = app.test_client(use_cookies=False).post(f"/khao-sat/{round_id}", data=again)
    assert repeat.status_code == 200
    assert len(answers(app)) == 1, "a retry after a lost connection is no second answer"


def test_pages_that_are_not_asked_are_passed_over_and_back_changes_what_follows(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    walker = Walker(app, opened(campaigner))
    walker.begins()
    assert "Còn 7 trang nữa" in walker.page
    walker.says()
    walker.says()
    walker.says()
    walker.says(da_hoc="co")
    assert walker.asked == ["so_lan"]
    walker.says(so_lan="4")
    walker.says("back")
    assert 'value="4"' in walker.page
    walker.says("back")
    walker.says(da_hoc="khong")
    assert walker.asked == ["nhom"], "what hung on the earlier answer is not asked"
    walker.says()
    walker.says()
    assert answers(app) == [{"da_hoc": "khong"}]


def test_a_check_and_a_required_question_send_the_page_back_with_everything_on_it(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    walker = Walker(app, opened(campaigner), prefix="/en")
    walker.begins()
    walker.says(E1="xy", status=422)
    assert "Write exactly one letter" in walker.page
    walker.says()
    walker.says()
    walker.says()
    walker.says(status=422)
    assert "continue once more to skip it" in walker.page
    walker.says("")
    assert walker.asked == ["nhom"]
    walker.says("back")
    walker.says(da_hoc="co")
    walker.says(so_lan="99", status=422)
    assert "Between 1 and 50 times." in walker.page
    assert 'value="99"' in walker.page
    walker.says(so_lan="3")
    walker.says(ngay_cuoi="1/1/2030", status=422)
    assert "This day has not come yet." in walker.page


def test_the_language_changes_in_the_middle_and_nothing_is_lost(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    walker = Walker(app, opened(campaigner))
    walker.begins()
    walker.says(E1="h")
    assert f'formaction="/en/khao-sat/{walker.round_id}" name="stay"' in walker.page
    walker.prefix = "/en"
    walker.says("stay", K1="sai")
    assert "Only women can be harassed." in walker.page
    assert re.search(r'value="sai" checked', walker.page)
    walker.says("back")
    assert 'value="H"' in walker.page


def test_a_page_opens_in_no_other_round_and_cannot_be_changed(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    first = Walker(app, opened(campaigner))
    first.begins()
    first.says(E1="h")
    other = campaigner.plans("after")
    with app.app_context(), db.writing() as session:
        session.get_one(Round, other).questionnaire_id = session.get_one(
            Round, first.round_id
        ).questionnaire_id
    from core import rosters
    from survey import rounds

    with app.app_context(), db.writing() as session:
        rounds.open_round(
            session, campaigner.person.identity, session.get_one(Round, other), rosters.current(session)
        )
    elsewhere = Walker(app, other, page=first.page)
    elsewhere.says(K1="sai")
    assert "bạn bắt đầu lại từ đầu" in elsewhere.page
    changed = first.page.replace(first.carried, first.carried[:50] + "AAAA" + first.carried[54:])
    Walker(app, first.round_id, page=changed).says(K1="sai")
    assert answers(app) == []


def test_a_card_answers_once_and_an_unknown_one_is_told_on_the_first_page(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    known, unknown = campaigner.prints(1)[0], campaigner.prints(1, year=2020)[0]
    walker = Walker(app, opened(campaigner, with_cards=True))
    walker.begins()
    walker.says(status=422)
    assert "Bạn nhập mã trên thẻ" in walker.page

    def to_the_end(card: str) -> None:
        walker.says(card=card)
        for _ in range(2):
            walker.says()
        walker.says(da_hoc="khong")
        walker.says()

    to_the_end(unknown)
    walker.says(status=422)
    assert "không thuộc khảo sát năm nay" in walker.page
    assert walker.asked[0] == "card"
    to_the_end(known)
    walker.says()
    assert answers(app) == [{"da_hoc": "khong"}]
    with app.app_context(), db.reading() as session:
        assert sum(session.scalars(select(CardUse.used))) == 1

    walker = Walker(app, walker.round_id)
    walker.begins()
    walker.says(card=known)
    walker.says(K1="dung")
    walker.says()
    walker.says(da_hoc="khong")
    walker.says()
    walker.says(status=409)
    assert len(answers(app)) == 1


def test_a_page_costs_at_most_five_statements(app: Flask, campaigner: Campaigner, clock: Any) -> None:
    walker = Walker(app, opened(campaigner))
    walker.begins()
    with listening(app) as said:
        walker.says()
    assert len(said) <= 5, said
    assert all(statement.lstrip().startswith("SELECT") for statement in said), (
        "nothing is written between pages"
    )


def test_with_scripts_everything_comes_at_once_and_the_server_is_still_the_judge(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    walker = Walker(app, opened(campaigner))
    page = walker.begins()
    rules = json.loads(re.search(r'<template data-rules="(.*?)">\n', page, re.S)[1])  # type: ignore[index]
    assert rules["today"] == "2026-11-20"
    assert 'Cảm ơn bạn đã dự <span data-said="so_lan">…</span> lần.' in page

    walker.says_all(status=422, K1="sai", H1=["111"])
    assert "bấm tiếp lần nữa để bỏ qua" in walker.page, "a required question is asked a second time"
    walker.says_all(status=422, K1="sai", da_hoc="co", so_lan="99", ngay_cuoi="hôm qua")
    whole = walker.page.partition("<template")[2]
    assert "Từ 1 đến 50 lần." in whole
    assert "Bạn ghi ngày theo kiểu 05/12/2026" in whole
    assert whole.index('href="#so_lan"') < whole.index('href="#ngay_cuoi"'), "in the order of the page"
    assert 'value="99"' in whole
    walker.says_all(da_hoc="khong", so_lan="99", stay="1")
    assert 'value="99"' in walker.page.partition("<template")[2], "another language loses nothing"
    assert answers(app) == []

    last = walker.carried
    walker.says_all(
        K1="sai", da_hoc="khong", so_lan="99", ngay_cuoi="?", nhom="goi", H1=["111", "yte"], E1="h"
    )
    assert "Đã nhận câu trả lời" in walker.page
    kept = [{"K1": "sai", "da_hoc": "khong", "nhom": "goi", "H1": ["111"]}]
    assert answers(app) == kept, "what was not asked or not offered is dropped, whatever the browser sent"
    walker.page = f'name="carried" value="{last}"'
    walker.says_all(K1="sai", da_hoc="khong", nhom="goi", H1=["111"])
    assert answers(app) == kept, "a retry after a lost connection is no second answer"


def test_a_page_from_before_a_restart_keeps_what_stands_on_it_and_records_nothing(
    app: Flask, campaigner: Campaigner, clock: Any
) -> None:
    walker = Walker(app, opened(campaigner))
    walker.page = 'name="carried" value="AAAA"'
    walker.says_all(K1="sai", da_hoc="co", so_lan="7")
    whole = walker.page.partition("<template")[2]
    assert "Máy chủ vừa khởi động lại" in whole
    assert 'value="7"' in whole
    assert answers(app) == []
    walker.says_all(K1="sai", da_hoc="co", so_lan="7")
    assert answers(app) == [{"K1": "sai", "da_hoc": "co", "so_lan": "7"}]


@pytest.mark.parametrize(
    "name",
    [
        path.name
        for path in sorted((Path(__file__).parent / "xlsforms").glob("*.xls*"))
        if check(path.read_bytes()).data
    ],
)
def test_every_workbook_that_loads_is_shown_and_can_be_sent(
    app: Flask, campaigner: Campaigner, clock: Any, name: str
) -> None:
    version = campaigner.writes((Path(__file__).parent / "xlsforms" / name).read_bytes())
    round_id = campaigner.opens("before", with_cards=False, questionnaire_id=version)
    walker = Walker(app, round_id)
    walker.begins()
    if name == "choice_filter_test.xlsx":
        walker.says()
        assert "Xong rồi" in walker.page, "nothing is sent off by a button that said “continue”"
        assert answers(app) == []
    for _ in range(20):
        if "Đã nhận câu trả lời" in walker.page:
            break
        token = re.search(r'name="token" value="(\w+)"', walker.page)
        walker.says(**({"token": token[1]} if token else {}))
    assert "Đã nhận câu trả lời" in walker.page


@pytest.mark.slow
def test_an_uploaded_questionnaire_is_answered_twice_joined_and_computed(
    app: Flask, centre: Founded, campaigner: Campaigner, clock: Any, calculated_here: None
) -> None:
    version = campaigner.writes(writing.example())
    waves = []
    for wave, known in (("before", 3), ("after", 9)):
        waves.append(campaigner.opens(wave, with_cards=False, questionnaire_id=version))
        for number in range(12):
            walker = Walker(app, waves[-1])
            walker.begins()
            walker.says(E1="abcdefghijkl"[number], E2=str(10 + number))
            walker.says(K1="sai" if number < known else "dung")
            walker.says(T1=str(1 + number % 5), T2="4")
            walker.says(da_hoc="khong")
            walker.says()
            walker.says()
            assert "Đã nhận câu trả lời" in walker.page
        campaigner.closes(waves[-1])
    found = Custodian(app, centre.of(Role.CUSTODIAN)[0]).joins(*waves)
    assert found.effects["linked"] == 12
    (right,) = [one for one in found.effects["yes_no"] if one["code"] == "K1"]
    assert right["right"]["linked"]["difference"] == pytest.approx(6 / 12)
