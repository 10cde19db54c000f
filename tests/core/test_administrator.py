"""The administrator keeps people, units, numbers and the campaign, and has no way to a letter or a key."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import appointing, db, editing
from core import clock as core_clock
from core.access import Denied, Role
from core.accounts import Enrolment, Person
from core.appointing import Appointment
from core.campaign import Campaign, Hotline, Message
from core.editing import HotlineFacts, UnitFacts
from core.units import Unit
from intake.keys.founding import Founded, Newcomer
from tests import factories
from tests.conftest import StillClock
from tests.factories import post, signed_in


@pytest.fixture
def desk(app: Flask, centre: Founded) -> FlaskClient:
    """The administrator at their desk."""
    return signed_in(app, centre.of(Role.ADMINISTRATOR)[0])


ANH = {"name": "Ngô Thị Ánh", "title_vi": "Bác sĩ", "roles": ["handler"]}


def test_an_invited_person_enrols_by_the_link_on_the_page(app: Flask, desk: FlaskClient) -> None:
    answer = post(desk, "/quan-tri/nguoi/moi", ANH)
    assert answer.status_code == 302
    page = desk.get(answer.headers["Location"]).text
    link = re.search(r'href="http://localhost(/dang-ky/[^"]+)"', page)
    assert link
    assert "hai người giữ khóa" in desk.get("/quan-tri/nguoi/moi").text
    assert "Ngô Thị Ánh" in app.test_client().get(link.group(1)).text


@pytest.mark.embedded
def test_the_link_is_gone_from_the_page_once_handed_over(desk: FlaskClient) -> None:
    where = post(desk, "/quan-tri/nguoi/moi", ANH).headers["Location"]
    assert "/dang-ky/" in desk.get(where).text
    post(desk, f"{where}/da-dua")
    assert "/dang-ky/" not in desk.get(where).text


def test_a_revoked_link_opens_nothing(app: Flask, desk: FlaskClient) -> None:
    where = post(desk, "/quan-tri/nguoi/moi", ANH).headers["Location"]
    link = re.search(r'href="http://localhost(/dang-ky/[^"]+)"', desk.get(where).text)
    assert link
    post(desk, f"{where}/thu-hoi")
    assert app.test_client().get(link.group(1)).status_code == 410


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"roles": ["handler", "board"]}, "phải là những người khác nhau"),
        ({"roles": ["campaigner", "custodian"]}, "phải là những người khác nhau"),
        ({"roles": []}, "Hãy chọn ít nhất một vai trò"),
        ({"roles": ["god"]}, "Có chỗ cần xem lại"),
        ({"roles": ["unit"]}, "Đầu mối đơn vị cần có đơn vị"),
        ({"name": "Trần Thu Hà"}, "Đã có người dùng tên đăng nhập này"),
        ({"name": "   "}, "Bạn chưa trả lời câu này"),
        ({"name": "x" * 121}, "Có chỗ cần xem lại"),
    ],
)
def test_a_wrong_invitation_gets_one_clear_sentence_and_writes_nothing(
    app: Flask, desk: FlaskClient, changed: dict[str, Any], sentence: str
) -> None:
    answer = post(desk, "/quan-tri/nguoi/moi", {**ANH, **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(Person.id).where(Person.state == "invited")) is None


def test_people_are_listed_by_given_name_and_found_without_marks(app: Flask, desk: FlaskClient) -> None:
    page = desk.get("/quan-tri/nguoi/").text
    order = re.findall(r"nguoi/[0-9a-f]{32}\">([^<]+)<", page)
    assert [name.split()[-1] for name in order] == ["Ban", "Chìa", "Đông", "Giữ", "Hà", "Khóa", "Quản", "Thư"]
    found = re.findall(r"nguoi/[0-9a-f]{32}\">([^<]+)<", desk.get("/quan-tri/nguoi/?tim=dong").text)
    assert found == ["Hoàng Văn Đông"]
    assert "Không tìm thấy ai" in desk.get("/quan-tri/nguoi/?tim=zzz").text


def test_a_long_list_has_pages(app: Flask, desk: FlaskClient) -> None:
    with app.app_context(), db.writing() as session:
        from core import accounts

        for number in range(30):
            accounts.invite(
                session, name=f"Người {number}", title_vi="Y tá", title_en="", roles=frozenset({Role.BOARD})
            )
    assert "Trang 1 trên 2" in desk.get("/quan-tri/nguoi/").text
    assert "Trang 2 trên 2" in desk.get("/quan-tri/nguoi/?trang=99").text
    assert "Trang 1 trên 2" in desk.get("/quan-tri/nguoi/?trang=-3").text


def test_a_retired_person_is_out_at_once_everywhere(app: Flask, centre: Founded, desk: FlaskClient) -> None:
    board = centre.of(Role.BOARD)[0]
    browser = signed_in(app, board)
    asked = desk.get(f"/quan-tri/nguoi/{board.person_id}/thoi")
    assert "Cho Vũ Thị Ban thôi vai trò?" in asked.text
    assert browser.get("/tai-khoan").status_code == 200
    post(desk, f"/quan-tri/nguoi/{board.person_id}/thoi")
    assert browser.get("/tai-khoan").status_code == 302
    factories.forget_codes(app, board)
    assert factories.sign_in(app.test_client(), board).status_code == 401
    assert "Vũ Thị Ban" in desk.get("/quan-tri/nguoi/?thoi=1").text


def test_retiring_a_handler_destroys_no_key_and_can_be_taken_back(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    handler = centre.of(Role.HANDLER)[0]
    before = _lock_of(app, handler.person_id)
    post(desk, f"/quan-tri/nguoi/{handler.person_id}/thoi")
    factories.forget_codes(app, handler)
    assert factories.sign_in(app.test_client(), handler).status_code == 401
    assert _lock_of(app, handler.person_id) == before
    post(desk, f"/quan-tri/nguoi/{handler.person_id}/phuc-hoi")
    assert signed_in(app, handler).get("/tai-khoan").status_code == 200


def test_the_last_administrator_cannot_be_retired(app: Flask, centre: Founded, desk: FlaskClient) -> None:
    only = centre.of(Role.ADMINISTRATOR)[0]
    post(desk, f"/quan-tri/nguoi/{only.person_id}/thoi")
    assert "người quản trị duy nhất" in desk.get(f"/quan-tri/nguoi/{only.person_id}").text
    second = Newcomer(name="Mai Thị Hai", title_vi="Kế toán", roles=frozenset({Role.ADMINISTRATOR}))
    factories.add_person(app, second)
    post(desk, f"/quan-tri/nguoi/{only.person_id}/thoi")
    assert desk.get("/quan-tri/").status_code == 302


def test_title_and_unit_can_be_changed_and_roles_cannot(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    board = centre.of(Role.BOARD)[0]
    unit = _any_unit(app)
    sent = {"title_vi": "Giám đốc", "title_en": "", "unit_id": unit, "roles": "handler", "state": "active"}
    assert post(desk, f"/quan-tri/nguoi/{board.person_id}", sent).status_code == 302
    with app.app_context(), db.reading() as session:
        person = session.get(Person, board.person_id)
    assert person is not None
    assert (person.title_vi, person.title_en, person.unit_id) == ("Giám đốc", "Giám đốc", unit)
    assert person.held == {Role.BOARD}


def test_the_desk_names_what_needs_care(app: Flask, desk: FlaskClient, clock: StillClock) -> None:
    post(desk, "/quan-tri/nguoi/moi", ANH)
    page = desk.get("/quan-tri/").text
    assert "Ngô Thị Ánh chưa đăng ký" in page
    assert "1800 1744 chưa được gọi thử hơn một năm" in page
    clock.set(clock.moment + timedelta(days=8))
    with app.app_context(), db.reading() as session:
        link = session.scalars(select(Enrolment)).one()
    assert link.expires_on < core_clock.today()
    assert "Đường dẫn đã quá hạn" in _fresh(desk, app).get("/quan-tri/").text
    clock.set(clock.moment + timedelta(days=360))
    assert "Danh sách hết hạn sau" in _fresh(desk, app).get("/quan-tri/").text


def _fresh(_desk: FlaskClient, app: Flask) -> FlaskClient:
    return _desk


def test_a_checked_number_is_dated_today_and_the_public_page_says_so(
    app: Flask, desk: FlaskClient, clock: StillClock
) -> None:
    line = _hotline(app, "1800 1744")
    assert "17/12/2023" in app.test_client().get("/giup-do").text
    post(desk, f"/quan-tri/so-ho-tro/{line.id}/goi")
    assert _hotline(app, "1800 1744").checked_on == clock.moment.date()
    assert "17/12/2023" not in app.test_client().get("/giup-do").text


def test_numbers_change_their_order(app: Flask, desk: FlaskClient) -> None:
    assert _numbers(app)[:3] == ["113", "115", "111"]
    post(desk, f"/quan-tri/so-ho-tro/{_hotline(app, '111').id}/len")
    assert _numbers(app)[:3] == ["113", "111", "115"]
    post(desk, f"/quan-tri/so-ho-tro/{_hotline(app, '113').id}/len")
    assert _numbers(app)[0] == "113"
    post(desk, f"/quan-tri/so-ho-tro/{_hotline(app, '113').id}/xuong")
    assert _numbers(app)[:3] == ["111", "113", "115"]


@pytest.mark.embedded
def test_never_more_than_four_numbers_on_every_page(app: Flask, desk: FlaskClient) -> None:
    sent = {"number": "1900 1234", "name_vi": "Số thử", "show": "always"}
    answer = post(desk, "/quan-tri/so-ho-tro/moi", sent)
    assert answer.status_code == 422
    assert "đã có bốn số" in answer.text
    assert post(desk, "/quan-tri/so-ho-tro/moi", {**sent, "show": "help"}).status_code == 302
    assert _hotline(app, "1900 1234").name_en == "Số thử"
    assert "1900 1234" in app.test_client().get("/giup-do").text


@pytest.mark.embedded
@pytest.mark.parametrize("number", ["", "gọi 113", "javascript:alert(1)", "1" * 31])
def test_what_is_no_number_is_refused(app: Flask, desk: FlaskClient, number: str) -> None:
    sent = {"number": number, "name_vi": "Số thử", "show": "help"}
    assert post(desk, "/quan-tri/so-ho-tro/moi", sent).status_code == 422


def test_a_unit_is_added_changed_and_ended(app: Flask, desk: FlaskClient) -> None:
    sent = {
        "name_vi": "Trạm Y tế xã Mới",
        "kind": "tram_y_te",
        "group": "tram_y_te",
        "valid_from": "01/07/2026",
        "valid_until": "",
    }
    assert post(desk, "/quan-tri/don-vi/moi", sent).status_code == 302
    assert "Trạm Y tế xã Mới" in desk.get("/quan-tri/don-vi/?tim=xa moi").text
    with app.app_context(), db.reading() as session:
        unit = session.scalars(select(Unit).where(Unit.name_vi == "Trạm Y tế xã Mới")).one()
    wrong = post(desk, f"/quan-tri/don-vi/{unit.id}", {**sent, "valid_until": "30/06/2026"})
    assert wrong.status_code == 422
    assert "đứng trước ngày bắt đầu" in wrong.text
    assert post(desk, f"/quan-tri/don-vi/{unit.id}", {**sent, "valid_until": "31/12/2026"}).status_code == 302
    with app.app_context(), db.reading() as session:
        changed = session.get(Unit, unit.id)
    assert changed is not None
    assert changed.valid_until == date(2026, 12, 31)


@pytest.mark.embedded
def test_two_people_do_not_write_over_each_other_in_a_unit_or_a_number(app: Flask, desk: FlaskClient) -> None:
    number = _hotline(app, "1800 1744")
    for path, label, rest in (
        (
            f"/quan-tri/don-vi/{_any_unit(app)}",
            "Tên",
            {"kind": "khoa", "group": "dieu_tri", "valid_from": "01/01/2020"},
        ),
        (f"/quan-tri/so-ho-tro/{number.id}", "Nơi nghe máy", {"number": number.number, "show": "help"}),
    ):
        (seen,) = re.findall(r'name="seen" type="hidden" value="([^"]+)"', desk.get(path).text)
        sent = {**rest, "seen": seen}
        assert post(desk, path, {**sent, "name_vi": "Tên của họ"}).status_code == 302
        answer = post(desk, path, {**sent, "name_vi": "Tên của mình"})
        assert answer.status_code == 409
        assert 'value="Tên của mình"' in answer.text
        theirs = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", answer.text)
        assert (label, "Tên của họ") in theirs
        assert "Tên của mình" not in dict(theirs).values()
        assert 'value="Tên của họ"' in desk.get(path).text
        (seen,) = re.findall(r'name="seen" type="hidden" value="([^"]+)"', answer.text)
        assert post(desk, path, {**sent, "name_vi": "Tên của mình", "seen": seen}).status_code == 302
    path = f"/quan-tri/so-ho-tro/{number.id}"
    (seen,) = re.findall(r'name="seen" type="hidden" value="([^"]+)"', desk.get(path).text)
    post(desk, f"{path}/goi")
    again = {"number": number.number, "name_vi": "Tên khác", "show": "help", "seen": seen}
    assert post(desk, path, again).status_code == 302, "a call meanwhile takes nothing away"


@pytest.mark.embedded
def test_units_stand_in_vietnamese_order(desk: FlaskClient) -> None:
    page = desk.get("/quan-tri/don-vi/?tim=tram").text
    names = [name.removeprefix("Trạm Y tế ") for name in re.findall(r">(Trạm Y tế [^<]+)</a>", page)]
    from core.vietnamese import sort_key

    assert names == sorted(names, key=sort_key)
    assert len(names) > 10


def test_the_campaign_on_the_home_page_follows_the_form(app: Flask, desk: FlaskClient) -> None:
    visitor = app.test_client()
    assert "Chung tay" not in visitor.get("/").text
    form = _campaign_form(desk)
    assert (
        post(desk, "/dieu-hanh/chien-dich/", {**form, "theme_vi": "Chung tay giữ bình yên"}).status_code
        == 302
    )
    assert "Chung tay giữ bình yên" in visitor.get("/").text
    wrong = post(desk, "/dieu-hanh/chien-dich/", {**_campaign_form(desk), "ends": "01/01/2020"})
    assert wrong.status_code == 422
    assert "đứng trước ngày bắt đầu" in wrong.text


def test_next_year_begins_from_this_year(app: Flask, desk: FlaskClient, clock: StillClock) -> None:
    clock.set(clock.moment + timedelta(days=330))
    desk = signed_in(app, _administrator(app, desk))
    assert "Lập chiến dịch năm 2027" in desk.get("/dieu-hanh/chien-dich/").text
    assert post(desk, "/dieu-hanh/chien-dich/nam-nay").status_code == 302
    with app.app_context(), db.reading() as session:
        fresh = session.get(Campaign, 2027)
        texts = session.scalars(select(Message.text_vi).where(Message.year == 2027)).all()
    assert fresh is not None
    assert "2027" in fresh.title_vi
    assert fresh.begins == date(2027, 11, 15)
    assert fresh.details["units_report_before"] == "2027-12-08"
    assert fresh.details["higher_plan_vi"] == ""
    assert len(texts) > 10
    assert any("25/11/2027" in one for one in texts)
    assert not any("2026" in one for one in texts)


def test_every_page_has_an_empty_state_or_rows_and_both_languages(app: Flask, desk: FlaskClient) -> None:
    for path in ("/", "/nguoi/", "/nguoi/moi", "/don-vi/", "/don-vi/moi", "/so-ho-tro/", "/ngay-nghi/"):
        for prefix, word in (("", 'lang="vi"'), ("/en", 'lang="en"')):
            page = desk.get(f"{prefix}/quan-tri{path}")
            assert page.status_code == 200
            assert f"<html {word}>" in page.text


@pytest.mark.embedded
@pytest.mark.parametrize(
    "deed",
    [
        lambda s, who: appointing.invite(s, who, _appointment()),
        lambda s, who: appointing.renew_link(s, who, "x"),
        lambda s, who: appointing.revoke_link(s, who, "x"),
        lambda s, who: appointing.edit(s, who, "x", title_vi="", title_en="", unit_id=None),
        lambda s, who: appointing.retire(s, who, "x"),
        lambda s, who: appointing.reinstate(s, who, "x"),
        lambda s, who: editing.save_unit(s, who, None, UnitFacts(**_UNIT)),
        lambda s, who: editing.save_hotline(s, who, None, HotlineFacts(**_LINE)),
        lambda s, who: editing.hotline_answers(s, who, "x"),
        lambda s, who: editing.move_hotline(s, who, "x", up=True),
    ],
)
def test_each_deed_is_the_administrators_alone(app: Flask, centre: Founded, deed: Any) -> None:
    for person in [*centre.people, None]:
        if person is None or Role.ADMINISTRATOR not in person.roles:
            with app.app_context(), db.reading() as session, pytest.raises(Denied):
                deed(session, person.identity if person else None)


@pytest.mark.embedded
def test_nobody_else_reaches_the_pages_and_the_administrator_reaches_no_letter(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    for person in centre.people:
        if Role.ADMINISTRATOR not in person.roles:
            client = signed_in(app, person)
            for path in ("/quan-tri/", "/quan-tri/nguoi/", "/quan-tri/chien-dich"):
                assert client.get(path).status_code == 404
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("ceremonies."):
            continue  # who does what when people change; no letter
        if rule.rule.startswith(("/lam-viec/", "/ban/")) and "GET" in (rule.methods or ()):
            path = re.sub(r"<[^>]+>", "0" * 32, rule.rule)
            assert desk.get(path).status_code == 404, path


@pytest.mark.embedded
def test_no_page_of_the_administrator_shows_anything_of_a_lock_or_key(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    from base64 import b64encode

    for person in centre.people:
        page = desk.get(f"/quan-tri/nguoi/{person.person_id}").text
        lock = _lock_of(app, person.person_id)
        assert lock is not None
        for secret in (lock.hex()[:40], b64encode(lock).decode()[:40], person.credentials.totp):
            assert secret not in page


@pytest.mark.embedded
def test_an_outsider_is_asked_to_sign_in_and_a_stranger_person_is_404(app: Flask, desk: FlaskClient) -> None:
    assert app.test_client().get("/quan-tri/nguoi/").headers["Location"] == "/dang-nhap?next=/quan-tri/nguoi/"
    for path in ("nguoi/x", "nguoi/x/thoi", "don-vi/x", "so-ho-tro/x"):
        assert desk.get(f"/quan-tri/{path}").status_code == 404
    for path in (
        "nguoi/x/duong-dan",
        "nguoi/x/thu-hoi",
        "nguoi/x/phuc-hoi",
        "so-ho-tro/x/goi",
        "so-ho-tro/x/len",
    ):
        assert post(desk, f"/quan-tri/{path}").status_code == 404


# Furniture

_UNIT: dict[str, Any] = {
    "name_vi": "x",
    "name_en": "x",
    "kind": "khoa",
    "group": "chuyen_mon",
    "valid_from": date(2026, 1, 1),
    "valid_until": None,
}
_LINE: dict[str, Any] = dict.fromkeys(("number", "name_vi", "name_en", "when_vi", "when_en"), "1") | {
    "show": "help"
}


def _appointment() -> Appointment:
    return Appointment(
        name="x", title_vi="x", title_en="", roles=frozenset({Role.BOARD}), sign_in_as="", unit_id=None
    )


def _lock_of(app: Flask, person_id: str) -> bytes | None:
    with app.app_context(), db.reading() as session:
        person = session.get(Person, person_id)
    assert person is not None
    return person.lock


def _any_unit(app: Flask) -> str:
    with app.app_context(), db.reading() as session:
        return session.scalars(select(Unit.id)).first() or ""


def _hotline(app: Flask, number: str) -> Hotline:
    with app.app_context(), db.reading() as session:
        return session.scalars(select(Hotline).where(Hotline.number == number)).one()


def _numbers(app: Flask) -> list[str]:
    with app.app_context(), db.reading() as session:
        return list(session.scalars(select(Hotline.number).order_by(Hotline.position)))


def _campaign_form(desk: FlaskClient) -> dict[str, str]:
    page = desk.get("/dieu-hanh/chien-dich/").text
    inputs = re.findall(r'<input class="input[^"]*" id="[^"]+" name="([^"]+)"[^>]* value="([^"]*)"', page)
    areas = re.findall(r'<textarea class="input" id="[^"]+" name="([^"]+)"[^>]*>\n([^<]*)</textarea>', page)
    hidden = re.findall(r'name="(seen)" type="hidden" value="([^"]*)"', page)
    from html import unescape

    return {name: unescape(value) for name, value in [*inputs, *areas, *hidden]}


def _administrator(app: Flask, _desk: FlaskClient) -> Any:
    return app.extensions["administrator"]


@pytest.fixture(autouse=True)
def remember(app: Flask, centre: Founded) -> None:
    app.extensions["administrator"] = centre.of(Role.ADMINISTRATOR)[0]
