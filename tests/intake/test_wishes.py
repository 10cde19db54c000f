"""Asking to withdraw, taking it back, asking for another handler, and answering by a tap; without scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from core import clock, db
from core.access import Role
from core.i18n import day
from intake.cases import PastRetention
from intake.casework import casework, wish_marks
from intake.keeping import erasing
from intake.keys.founding import Founded
from intake.mailbox.wishes import (
    MESSAGE,
    OTHER,
    TAKEN_BACK,
    asks_for_another,
    read_choices,
    to_tap,
    withdrawal,
)
from intake.models import CaseFile, Compartment, Letter
from intake.retention import WITHDRAW, Months, kept
from intake.seal.envelope import Story
from tests.erasing import rows, years_on
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter

DAY = date(2026, 11, 2)


@dataclass
class Said:
    """A letter as a mailbox knows it."""

    what: str = MESSAGE
    mine: bool = True
    day: date = DAY
    choices: tuple[str, ...] = field(default=())


def later(days: int) -> date:
    return DAY + timedelta(days=days)


def test_a_wish_to_withdraw_stands_until_it_is_taken_back_by_any_word() -> None:
    asked = Said(what=WITHDRAW)
    found = withdrawal([Said(), asked, Said(mine=False, day=later(3))], later(14))
    assert found
    assert (found.asked, found.until, found.over) == (DAY, later(14), False)
    assert withdrawal([asked, Said(what=TAKEN_BACK, day=later(14))], later(14)) is None
    assert withdrawal([asked, Said(day=later(1))], later(1)) is None
    assert withdrawal([Said(mine=False)], DAY) is None


def test_after_its_last_day_it_is_over_unless_somebody_answered_since() -> None:
    asked = Said(what=WITHDRAW)
    found = withdrawal([asked, Said(day=later(15))], later(15))
    assert found
    assert found.over, "too late to take it back"
    held = withdrawal([asked, Said(mine=False, day=later(20))], later(21))
    assert held
    assert not held.over, "who is written to can answer"


def test_both_sides_reckon_the_same_last_day() -> None:
    words = [
        {"what": WITHDRAW, "at": f"{DAY}T10:00+07:00", "role": "reporter"},
        {"what": "message", "at": f"{later(15)}T10:00+07:00", "role": "reporter"},
    ]
    found = kept(words, arrived_on=DAY, months=Months())
    assert (found.why, found.until) == ("withdrawn", later(14)), (
        "a word after it does not open the case again"
    )
    found = kept([*words[:1], words[1] | {"at": ""}], arrived_on=DAY, months=Months())
    assert found.until is None, "a word whose day is not known keeps the case"


def test_a_day_before_what_a_handler_signed_is_not_believed() -> None:
    words = [
        {"what": "answer", "at": f"{later(20)}T10:00+07:00", "role": "handler"},
        {"what": WITHDRAW, "at": f"{DAY}T10:00+07:00", "role": "reporter"},
    ]
    assert kept(words, arrived_on=DAY, months=Months()).until == later(34)
    assert kept(words[1:], arrived_on=later(5), months=Months()).until == later(19)


def test_what_can_be_tapped_is_what_was_offered_since_one_last_wrote() -> None:
    offered = Said(mine=False, choices=("Có", "Không"))
    assert to_tap([Said(), offered, Said(mine=False)]) == ("Có", "Không")
    assert to_tap([offered, Said()]) == ()
    assert to_tap([]) == ()
    assert read_choices(["a", 3, " ", "b", "c", "d", "e", "f"]) == ("a", "b", "c", "d", "e")
    assert read_choices("abc") == ()


def test_another_handler_is_asked_for_until_somebody_has_answered() -> None:
    asked = {"what": OTHER, "role": "reporter"}
    assert asks_for_another([asked, {"what": "judgement", "role": "handler"}])
    assert not asks_for_another([asked, {"what": "answer", "role": "handler"}])
    assert not asks_for_another([{"what": OTHER, "role": "handler"}])


# --- the pages ------------------------------------------------------------------------------------


def posts(reporter: Reporter, path: str, **sent: str) -> TestResponse:
    return reporter.client.post(
        f"{reporter.prefix}/hop-thu/{path}", data={"receipt": reporter.receipt, **sent}
    )


def test_withdrawing_says_first_what_will_happen_and_changes_nothing_before(
    app: Flask, reporter: Reporter
) -> None:
    reporter.writes()
    before = rows(app)
    page = posts(reporter, "rut").text
    for words in ("Ai biết:", day(clock.today() + timedelta(days=14)), "không mở được nữa", "Còn lại:"):
        assert words in page
    assert rows(app) == before


def test_a_withdrawal_can_be_taken_back_and_both_sides_see_it(
    reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    for _ in range(2):
        page = posts(reporter, "rut/gui", message_id="a" * 32).text
        assert "Bạn đã xin rút thư" in page
        assert "cũng là không rút nữa" in page, "said where it happens, and not on the page before alone"
        assert day(clock.today() + timedelta(days=14)) in page
    assert "Xin rút thư này" not in posts(reporter, "rut/gui").text, "asked again, the first day stays"
    opened = handlers[0].opens(reporter.case_id)
    assert [entry.what for entry in opened.entries] == [WITHDRAW]
    assert (opened.kept.why, opened.state) == ("withdrawn", "reading")
    assert "Bạn không rút thư nữa" in posts(reporter, "rut/thoi").text
    assert handlers[0].opens(reporter.case_id).kept.until is None
    assert "Bạn đã xin rút thư" not in reporter.opens().text
    assert "error" not in posts(reporter, "rut/thoi").text, "taking back what nobody asked for adds nothing"
    assert len(handlers[0].opens(reporter.case_id).entries) == 2


def test_a_wish_lies_in_the_database_like_any_message(app: Flask, reporter: Reporter) -> None:
    reporter.writes()
    reporter.adds("Có")
    posts(reporter, "nguoi-khac/gui", message="x" * 4000)
    posts(reporter, "rut/gui")
    posts(reporter, "rut/thoi")
    with app.app_context(), db.reading() as session:
        entries = session.scalars(select(Compartment.blob).where(Compartment.kind == "entry")).all()
        letters = session.scalars(select(Letter.blob)).all()
        assert session.scalars(select(CaseFile.state)).one() == "received"
    assert len(entries) == len(letters) == 4
    assert len({len(blob) for blob in entries}) == len({len(blob) for blob in letters}) == 1


def test_after_its_last_day_it_opens_to_nobody_and_what_is_typed_is_shown_again(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    posts(reporter, "rut/gui")
    years_on(monkeypatch, days=14)
    handlers[0].opens(reporter.case_id)
    years_on(monkeypatch, days=1)
    with pytest.raises(PastRetention):
        handlers[0].opens(reporter.case_id)
    before = rows(app)
    assert "Hạn đổi ý đã qua" in reporter.opens().text
    page = posts(reporter, "gui", message="Tôi muốn quay lại.", message_id="b" * 32)
    assert page.status_code == 409
    assert "Tôi muốn quay lại." in page.text
    assert rows(app) == before


@pytest.mark.embedded
def test_what_was_taken_back_unseen_stays_on_the_list_past_the_day_it_would_have_gone(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    posts(reporter, "rut/gui")
    handlers[0].opens(reporter.case_id)
    posts(reporter, "rut/thoi")
    years_on(monkeypatch, days=20)
    colleague = signed_in(app, handlers[1].person)
    assert colleague.get(f"/lam-viec/{reporter.case_id}").status_code == 200, "the list was not looked at yet"
    page = colleague.get("/lam-viec/").text
    assert f"/lam-viec/{reporter.case_id}" in page
    assert handlers[1].opens(reporter.case_id).kept.until is None


def test_another_handler_is_asked_for_without_a_word_of_who_was_struck_out(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck = centre.of(Role.HANDLER)[0]
    reporter.writes(struck=[struck])
    assert "không hứa trước" in posts(reporter, "nguoi-khac").text
    page = posts(reporter, "nguoi-khac/gui", message="Tôi ngại người quen.")
    assert "Lời xin đổi người đã đến" in page.text
    assert struck.name not in page.text
    assert handlers[0].cases() == []
    opened = handlers[1].opens(reporter.case_id)
    assert opened.other
    assert [(one.what, one.text) for one in opened.entries] == [(OTHER, "Tôi ngại người quen.")]
    handlers[1].answers(reporter.case_id, "Chúng tôi đang xem.")
    assert not handlers[1].opens(reporter.case_id).other
    too_long = posts(reporter, "nguoi-khac/gui", message="x" * 4001)
    assert too_long.status_code == 422
    assert "x" * 4001 in too_long.text


@pytest.mark.embedded
@pytest.mark.slow
def test_the_desk_sees_a_wish_among_the_letters_it_can_open_and_above_the_letter(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    reporter.writes(struck=[centre.of(Role.HANDLER)[0]])
    struck, desk = (signed_in(app, person) for person in centre.of(Role.HANDLER))
    posts(reporter, "nguoi-khac/gui", message="CANARY")
    list_page = desk.get("/lam-viec/").text
    assert "xin đổi người" in list_page
    assert "CANARY" not in list_page
    assert "xin đổi người" not in struck.get("/lam-viec/").text
    assert "xin đổi người" in desk.get(f"/lam-viec/{reporter.case_id}").text
    case_page = post(desk, f"/lam-viec/{reporter.case_id}/mo").text
    assert "Người viết xin đổi người tiếp nhận" in case_page
    assert centre.of(Role.HANDLER)[0].name not in case_page
    posts(reporter, "rut/gui")
    assert "xin rút" in desk.get("/lam-viec/").text
    assert "Rút đột ngột có thể là bị ép" in post(desk, f"/lam-viec/{reporter.case_id}/mo").text


@pytest.mark.embedded
def test_a_handler_offers_a_few_short_answers_and_is_told_where_they_are_too_many(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    reporter.writes()
    desk, path = signed_in(app, centre.of(Role.HANDLER)[0]), f"/lam-viec/{reporter.case_id}/tra-loi"
    ready = post(desk, path, {"template": "8.vi", "message": "Chào bạn.", "state": "answered"}).text
    assert "Chào bạn." in ready
    assert "Gọi được, giờ nào cũng được\nChỉ gọi" in ready
    for choices, words in (("\n".join("abcdef"), "Nhiều nhất 5 câu"), ("x" * 61, "dài nhất 60")):
        sent = {"message": "Gọi được không?", "choices": choices, "state": "answered"}
        page = post(desk, path, sent)
        assert page.status_code == 422
        assert words in page.text
        assert "Gọi được không?" in page.text
    sent = {"message": "m" * 3950, "choices": "x" * 51, "state": "answered"}
    assert post(desk, path, sent).status_code == 422, "both together fit into a letter of one size"
    post(
        desk, path, {"message": "Gọi được không?", "choices": "Có\r\n\r\n Không \r\nCó", "state": "answered"}
    )
    assert reporter.opens().text.count('type="radio"') == 2


def test_one_of_the_answers_that_were_offered_is_sent_by_a_tap(
    reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    handlers[0].answers(reporter.case_id, "Gọi được không?", choices=["Gọi được", "Đừng gọi"])
    page = reporter.opens().text
    assert page.count('type="radio"') == 2
    assert posts(reporter, "chon", choice="Điều không ai hỏi").status_code == 422
    assert posts(reporter, "chon").status_code == 422
    page = posts(reporter, "chon", choice="Đừng gọi", message_id="c" * 32).text
    assert "Tin của bạn đã đến" in page
    assert 'type="radio"' not in page
    assert handlers[1].opens(reporter.case_id).entries[-1].text == "Đừng gọi"


def test_until_when_a_closed_letter_is_kept_is_shown(reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes()
    assert "24 tháng" in reporter.opens().text
    handlers[0].answers(reporter.case_id, "Chúng tôi khép lại việc này.", state="closed")
    opened = handlers[0].opens(reporter.case_id)
    assert opened.kept.until
    assert day(opened.kept.until) in reporter.opens().text
    reporter.adds("Chuyện lại xảy ra.")
    assert day(opened.kept.until) not in reporter.opens().text


@pytest.mark.embedded
def test_a_letter_with_new_words_is_opened_once_for_a_list(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    posts(reporter, "nguoi-khac/gui", message="…")
    looked: list[str] = []

    def counted(hand: casework.AtHand, story: Story) -> tuple[list[dict[str, Any]], int]:
        looked.append(hand.case.id)
        return real(hand, story)

    real = casework.every_entry
    for module in (erasing, wish_marks):
        monkeypatch.setattr(module, "every_entry", counted)
    desk = signed_in(app, handlers[0].person)
    assert "xin đổi người" in desk.get("/lam-viec/").text
    assert looked == [reporter.case_id]
    assert "xin đổi người" in desk.get("/lam-viec/").text
    assert looked == [reporter.case_id], "what was found is remembered"
