"""A handler's pages: a list without stories, an opening that is a deed of its own, an answer that is never lost."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from core import db
from core.access import Role
from intake.desk import queue
from intake.keys.founding import Founded
from intake.models import Compartment
from tests.factories import post, signed_in
from tests.letters import Reporter, hidden

pytestmark = pytest.mark.embedded


@pytest.fixture
def desk(app: Flask, centre: Founded) -> FlaskClient:
    return signed_in(app, centre.of(Role.HANDLER)[0])


def opened(desk: FlaskClient, case_id: str) -> TestResponse:
    return post(desk, f"/lam-viec/{case_id}/mo")


def test_an_empty_list_says_what_will_come(desk: FlaskClient) -> None:
    assert "Thư gửi đến sẽ hiện ở đây" in desk.get("/lam-viec/").text


def test_the_list_shows_flags_and_no_story(desk: FlaskClient, reporter: Reporter) -> None:
    reporter.writes(narrative="CANARY", danger_now="yes", age_group="under_16")
    page = desk.get("/lam-viec/").text
    assert "khẩn" in page
    assert "Dưới 16 tuổi" in page
    assert f"/lam-viec/{reporter.case_id}" in page
    assert "CANARY" not in page


def test_a_case_shows_its_duties_before_it_is_opened(desk: FlaskClient, reporter: Reporter) -> None:
    reporter.writes(narrative="CANARY", danger_now="yes", age_group="under_16", when="hours_72")
    page = desk.get(f"/lam-viec/{reporter.case_id}").text
    assert page.index("Có người đang gặp nguy hiểm") < page.index("Báo 111") < page.index("ngừa HIV")
    assert "CANARY" not in page


def test_only_a_deliberate_opening_shows_the_story(desk: FlaskClient, reporter: Reporter) -> None:
    reporter.writes(narrative="Chuyện ở phòng trực.", contact_mode="phone", safe_contact="sau 19 giờ")
    assert desk.get(f"/lam-viec/{reporter.case_id}/mo").status_code == 405
    page = opened(desk, reporter.case_id).text
    assert "Chuyện ở phòng trực." in page
    assert "sau 19 giờ" in page
    assert "Không nhắc lại lời trong thư" in page
    assert "Câu mẫu để chép" in page


def test_an_answer_reaches_the_mailbox_and_shows_no_story_again(
    desk: FlaskClient, reporter: Reporter
) -> None:
    reporter.writes(narrative="CANARY")
    sent = {"message": "Cảm ơn bạn đã viết.", "state": "answered"}
    answer = post(desk, f"/lam-viec/{reporter.case_id}/tra-loi", sent, follow_redirects=True)
    assert "Đã gửi trả lời" in answer.text
    assert "CANARY" not in answer.text
    mailbox = reporter.opens().text
    assert "Cảm ơn bạn đã viết." in mailbox
    assert "Có tin nhắn mới cho bạn" in mailbox


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"message": "", "state": "answered"}, "Chưa có nội dung trả lời"),
        ({"message": "ừ" * 4001, "state": "answered"}, "ừ" * 4001),
        ({"message": "Xin chào.", "state": "erased"}, "Xin chào."),
        ({"message": "Xin chào.", "state": "closed"}, "Xin chào."),
    ],
    ids=["empty", "too long", "no such state", "closed without a reason"],
)
def test_an_answer_that_needs_another_look_is_kept(
    desk: FlaskClient, reporter: Reporter, sent: dict[str, str], words: str
) -> None:
    reporter.writes()
    page = post(desk, f"/lam-viec/{reporter.case_id}/tra-loi", sent)
    assert page.status_code == 422
    assert words in page.text
    assert "Chưa có tin nhắn" in reporter.opens().text


def test_a_judgement_is_recorded_and_shown_as_chosen(desk: FlaskClient, reporter: Reporter) -> None:
    reporter.writes()
    sent = {"genuine": "yes", "gbv_type": "denial"}
    answer = post(desk, f"/lam-viec/{reporter.case_id}/nhan-dinh", sent, follow_redirects=True)
    assert "Đã ghi nhận định" in answer.text
    page = opened(desk, reporter.case_id).text
    assert 'name="gbv_type" value="denial" checked' in page
    assert 'name="genuine" value="yes" checked' in page


def test_a_judgement_needs_its_first_answer_and_not_its_second(desk: FlaskClient, reporter: Reporter) -> None:
    reporter.writes()
    path = f"/lam-viec/{reporter.case_id}/nhan-dinh"
    assert post(desk, path, {"gbv_type": "denial"}).status_code == 422
    assert post(desk, path, {"genuine": "later"}).status_code == 303


def test_both_sides_of_the_thread_are_shown_with_names_for_staff_only(
    desk: FlaskClient, centre: Founded, reporter: Reporter
) -> None:
    reporter.writes()
    sent = {"message": "Cảm ơn bạn.", "state": "answered"}
    post(desk, f"/lam-viec/{reporter.case_id}/tra-loi", sent)
    reporter.adds("Tôi viết thêm.")
    page = opened(desk, reporter.case_id).text
    name = centre.of(Role.HANDLER)[0].name
    assert page.index("Cảm ơn bạn.") < page.index("Tôi viết thêm.")
    assert name in page[page.index("Tin nhắn") :]
    assert name not in reporter.opens().text


def test_a_case_that_is_not_theirs_looks_like_an_address_that_does_not_exist(
    app: Flask, centre: Founded, reporter: Reporter, desk: FlaskClient
) -> None:
    reporter.writes(struck=[centre.of(Role.HANDLER)[0]])

    def everywhere(case_id: str) -> list[TestResponse]:
        return [
            desk.get(f"/lam-viec/{case_id}"),
            opened(desk, case_id),
            post(desk, f"/lam-viec/{case_id}/tra-loi", {"message": "x", "state": "answered"}),
            post(desk, f"/lam-viec/{case_id}/tra-loi", {"message": ""}),
            post(desk, f"/lam-viec/{case_id}/nhan-dinh", {"genuine": "yes"}),
        ]

    struck, unknown = everywhere(reporter.case_id), everywhere("0" * 32)
    assert [page.status_code for page in struck] == [404] * 5
    without_ids = [page.text.replace(reporter.case_id, "0" * 32) for page in struck]
    assert without_ids == [page.text for page in unknown]
    assert "Thư gửi đến sẽ hiện ở đây" in desk.get("/lam-viec/").text


def test_a_damaged_case_says_so_and_keeps_the_answer(
    app: Flask, desk: FlaskClient, reporter: Reporter
) -> None:
    reporter.writes()
    with app.app_context(), db.writing() as session:
        session.execute(update(Compartment).where(Compartment.kind == "story").values(blob=b"\1" * 90))
    assert "không mở được" in opened(desk, reporter.case_id).text
    sent = {"message": "Đừng mất lời này.", "state": "answered"}
    assert "Đừng mất lời này." in post(desk, f"/lam-viec/{reporter.case_id}/tra-loi", sent).text


def test_without_a_log_nothing_is_shown(app: Flask, desk: FlaskClient, reporter: Reporter) -> None:
    reporter.writes(narrative="CANARY")
    desk.get("/lam-viec/")
    (app.extensions["settings"].instance / "log.key").unlink()
    page = opened(desk, reporter.case_id)
    assert page.status_code == 503
    assert "Nhật ký không ghi được" in page.text
    assert "CANARY" not in page.text


def test_an_answer_after_the_session_ended_is_handed_back(app: Flask, reporter: Reporter) -> None:
    reporter.writes()
    sent = {"message": "Tôi đã viết câu trả lời này rất lâu.", "state": "answered"}
    page = app.test_client().post(f"/lam-viec/{reporter.case_id}/tra-loi", data=sent)
    assert page.status_code == 401
    assert sent["message"] in page.text


def test_a_form_without_the_sessions_token_is_refused(desk: FlaskClient, reporter: Reporter) -> None:
    reporter.writes(narrative="CANARY")
    page = desk.post(f"/lam-viec/{reporter.case_id}/mo")
    assert page.status_code == 401
    assert "CANARY" not in page.text


def test_a_custodian_sees_no_case_at_the_desk(app: Flask, centre: Founded, reporter: Reporter) -> None:
    reporter.writes(narrative="CANARY")
    custodian = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    page = custodian.get("/lam-viec/")
    assert page.status_code == 200
    assert "Người giữ khóa không đọc thư" in page.text
    assert reporter.case_id not in page.text
    assert custodian.get(f"/lam-viec/{reporter.case_id}").status_code == 404
    for address in ("/lam-viec/danh-sach", "/lam-viec/nhat-ky"):
        assert f'class="door" href="{address}' in page.text


def test_long_lists_come_in_pages(app: Flask, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    for _ in range(5):
        Reporter(app).writes()
    seen: list[Any] = []
    for page in (1, 2, 3):
        text = desk.get(f"/lam-viec/?trang={page}").text
        assert f"Trang {page} trên 3" in text
        seen += [part[:32] for part in text.split("/lam-viec/")[1:] if part[:32].isalnum()]
    assert len(set(seen)) == 5
    assert desk.get("/lam-viec/?trang=99").status_code == 200
    assert desk.get("/lam-viec/?trang=x").status_code == 200


def test_two_handlers_at_once_lose_no_word_and_the_second_sees_what_the_first_wrote(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    reporter.writes()
    first, second = (signed_in(app, person) for person in centre.of(Role.HANDLER))
    seen = [hidden(opened(browser, reporter.case_id).text, "seen") for browser in (first, second)]
    path = f"/lam-viec/{reporter.case_id}/tra-loi"
    one = {"message": "Lời của người thứ nhất.", "state": "answered", "seen": seen[0]}
    two = {"message": "Lời của người thứ hai.", "state": "answered", "seen": seen[1]}
    assert post(first, path, one).status_code == 303
    page = post(second, path, two)
    assert page.status_code == 409
    assert "Lời của người thứ nhất." in page.text
    assert "Lời của người thứ hai." in page.text
    assert "Lời của người thứ hai." not in reporter.opens().text
    assert post(second, path, two | {"seen": hidden(page.text, "seen")}).status_code == 303
    mailbox = reporter.opens().text
    assert mailbox.index("người thứ nhất") < mailbox.index("người thứ hai")


def test_a_message_of_the_reporter_that_came_meanwhile_is_shown_too(
    desk: FlaskClient, reporter: Reporter
) -> None:
    reporter.writes()
    seen = hidden(opened(desk, reporter.case_id).text, "seen")
    reporter.adds("Tôi vừa viết thêm.")
    sent = {"message": "Chào bạn.", "state": "answered", "seen": seen}
    page = post(desk, f"/lam-viec/{reporter.case_id}/tra-loi", sent)
    assert page.status_code == 409
    assert "Tôi vừa viết thêm." in page.text
