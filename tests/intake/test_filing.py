"""The file of a case at its deeds and its pages: sealed, signed, only added to, and nothing typed is lost."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from core import clock, db
from core.access import Denied, Role
from core.log_reader import DEEDS, ON_A_CASE
from intake.casefile import closure
from intake.casefile.kinds import KINDS
from intake.cases import NoSuchCase
from intake.casework import casework, filing
from intake.casework.filing import EntryRefused, FileRead, Stale
from intake.form.asked import label_of
from intake.keys.founding import Founded
from intake.models import CaseFile, Compartment
from tests.factories import post, signed_in
from tests.intake.test_casework import log_of
from tests.letters import Handler, Reporter

CONSENT: dict[str, Any] = {
    "recipient": "Bệnh viện huyện",
    "content": "vết thương",
    "purpose": "khám",
    "means": "điện thoại",
    "given": "yes",
    "form": "spoken",
    "on": "2026-01-05",
}


def read(app: Flask, who: Handler, case_id: str) -> FileRead:
    with app.app_context(), db.writing() as session:
        return filing.read(session, who.person.identity, who.seed, case_id)


def write(app: Flask, who: Handler, case_id: str, kind: str, parts: int | None = None, **values: Any) -> None:
    parts = read(app, who, case_id).parts if parts is None else parts
    with app.app_context(), db.writing() as session:
        filing.write(session, who.person.identity, who.seed, case_id, kind=kind, values=values, parts=parts)


@pytest.fixture
def case_id(reporter: Reporter) -> str:
    reporter.writes(narrative="Tối hôm đó anh ấy chặn cửa phòng trực.")
    return reporter.case_id


# Deeds


def test_what_one_handler_writes_the_other_reads_with_name_and_day(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    write(app, handlers[0], case_id, "ghi-chu", note="Gọi sau 19 giờ.")
    (entry,) = read(app, handlers[1], case_id).file.entries
    assert entry.values == {"note": "Gọi sau 19 giờ."}
    assert entry.by == handlers[0].person.person_id


def test_no_word_of_the_file_lies_open_and_all_entries_have_one_length(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    write(app, handlers[0], case_id, "ghi-chu", note="CANARY")
    write(app, handlers[0], case_id, "an-toan", places="CANARY " * 60)
    with app.app_context(), db.reading() as session:
        parts = session.scalars(select(Compartment).where(Compartment.kind == "entry")).all()
    assert len({len(part.blob) for part in parts}) == 1
    assert not [part for part in parts if b"CANARY" in part.blob]


def test_two_at_once_never_write_over_each_other(app: Flask, handlers: list[Handler], case_id: str) -> None:
    seen = read(app, handlers[0], case_id).parts
    write(app, handlers[1], case_id, "an-toan", parts=seen, places="nhà chị")
    with pytest.raises(Stale):
        write(app, handlers[0], case_id, "an-toan", parts=seen, places="nhà mẹ")
    write(app, handlers[0], case_id, "ghi-chu", parts=seen, note="phần khác thì được")
    kept = read(app, handlers[0], case_id).file
    assert [entry.values for entry in kept.of("an-toan")] == [{"places": "nhà chị"}]
    assert len(kept.of("ghi-chu")) == 1


def test_a_referral_needs_its_consent_or_two_people_in_their_own_sessions(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    first, second = handlers
    referral: dict[str, Any] = {"service": "health", "recipient": "Bệnh viện huyện", "on": "2026-01-05"}
    with pytest.raises(EntryRefused):
        write(app, first, case_id, "chuyen-gui", **referral)
    write(app, first, case_id, "dong-y", **CONSENT)
    consent = read(app, first, case_id).file.of("dong-y")[0].row
    write(app, first, case_id, "chuyen-gui", **referral, consent=str(consent))

    police: dict[str, Any] = {"recipient": "Công an xã", "content": "x", "purpose": "x", "means": "x"}
    write(app, first, case_id, "khong-dong-y", **police, ground="life", reason="x", told_first="no")
    asked = str(read(app, first, case_id).file.of("khong-dong-y")[0].row)
    with pytest.raises(EntryRefused):
        write(app, first, case_id, "nguoi-thu-hai", of=asked)
    told: dict[str, Any] = {
        "service": "police",
        "recipient": "Công an xã",
        "on": "2026-01-05",
        "override": asked,
    }
    with pytest.raises(EntryRefused):
        write(app, first, case_id, "chuyen-gui", **told)
    write(app, second, case_id, "nguoi-thu-hai", of=asked)
    write(app, first, case_id, "chuyen-gui", **told)
    assert len(read(app, second, case_id).file.of("chuyen-gui")) == 2


@pytest.mark.embedded
def test_where_parts_do_not_open_no_referral_rests_on_a_consent_that_may_be_withdrawn_in_them(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    write(app, handlers[0], case_id, "dong-y", **CONSENT)
    consent = read(app, handlers[0], case_id).file.of("dong-y")[0].row
    write(app, handlers[0], case_id, "ghi-chu", note="x")
    with app.app_context(), db.writing() as session:
        session.execute(delete(Compartment).where(Compartment.sequence == consent + 1))
    referral = {"service": "health", "recipient": "Bệnh viện huyện", "on": "2026-01-05"}
    with pytest.raises(EntryRefused) as refused:
        write(app, handlers[0], case_id, "chuyen-gui", **referral, consent=str(consent))
    assert "hai người" in refused.value.errors["consent"].vi


def test_a_reporter_cannot_write_into_the_file(
    app: Flask, handlers: list[Handler], reporter: Reporter, case_id: str
) -> None:
    reporter.adds('{"what":"file","kind":"ghi-chu","values":{"note":"giả"}}')
    assert not read(app, handlers[0], case_id).file.entries


def test_closing_and_reopening_move_the_state_and_stay_on_file(
    app: Flask, handlers: list[Handler], reporter: Reporter, case_id: str
) -> None:
    ending: dict[str, Any] = {"closure": "theo_yeu_cau", "outcome": "safer", "reporter_told": "yes"}
    write(app, handlers[0], case_id, "ket-thuc", **ending)
    assert read(app, handlers[0], case_id).state == "closed"
    assert "Thư được giữ ít nhất tới ngày" in reporter.opens().text
    write(app, handlers[1], case_id, "mo-lai", reason="viết lại")
    assert "Thư được giữ ít nhất tới ngày" not in reporter.opens().text
    assert read(app, handlers[0], case_id).state == "reading"
    assert [one.kind for one in read(app, handlers[0], case_id).file.entries] == ["ket-thuc", "mo-lai"]


def test_a_reporter_who_has_just_written_stops_closing(
    app: Flask, handlers: list[Handler], reporter: Reporter, case_id: str
) -> None:
    handlers[0].answers(case_id, "Cảm ơn bạn.")
    reporter.adds("Tôi muốn nói thêm.")
    ending: dict[str, Any] = {"closure": "theo_yeu_cau", "outcome": "safer", "reporter_told": "yes"}
    with pytest.raises(EntryRefused):
        write(app, handlers[0], case_id, "ket-thuc", **ending)
    handlers[0].opens(case_id)
    write(app, handlers[0], case_id, "ket-thuc", **ending)


def test_a_childs_case_does_not_end_before_the_file_says_who_was_told_or_why_nobody(
    app: Flask, handlers: list[Handler], reporter: Reporter
) -> None:
    reporter.writes(age_group="under_16")
    ending: dict[str, Any] = {"closure": "theo_yeu_cau", "outcome": "safer", "reporter_told": "yes"}
    with pytest.raises(EntryRefused):
        write(app, handlers[0], reporter.case_id, "ket-thuc", **ending)
    page = signed_in(app, handlers[0].person).get(f"/lam-viec/{reporter.case_id}/ho-so").text
    assert page.count(f'value="{clock.today():%d/%m/%Y}"') >= 4, "today stands where a day is asked for"
    told = {"whom": "111", "at": f"{clock.today()}T00:01", "taken_by": "Chị Hoa"}
    write(app, handlers[0], reporter.case_id, "tre-em", **told)
    write(app, handlers[0], reporter.case_id, "ket-thuc", **ending)


def test_a_classification_reaches_the_custodians_count(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    write(app, handlers[0], case_id, "phan-loai", genuine="yes", rape="no", sexual_assault="yes")
    judged = handlers[1].opens(case_id).judgement
    assert judged is not None
    assert (judged["genuine"], judged["gbv_type"]) == ("yes", "sexual_assault")
    with app.app_context(), db.reading() as session:
        to_custodians = select(Compartment).where(
            Compartment.case_id == case_id, Compartment.key_set_c.is_not(None), Compartment.kind == "entry"
        )
        assert len(session.scalars(to_custodians).all()) == 1


def test_every_deed_on_the_file_has_its_line_and_its_words(
    app: Flask, centre: Founded, handlers: list[Handler], case_id: str
) -> None:
    for kind in KINDS.values():
        assert kind.deed in DEEDS
        assert kind.deed in ON_A_CASE
    write(app, handlers[0], case_id, "ghi-chu", note="x")
    assert [deed for deed, _ in log_of(app, centre)][-2:] == ["file_read", "file_written"]


@pytest.mark.parametrize("role", [Role.CUSTODIAN, Role.BOARD, Role.ADMINISTRATOR])
def test_only_handlers_read_or_write_a_file(app: Flask, centre: Founded, case_id: str, role: Role) -> None:
    person = centre.of(role)[0]
    seed = person.credentials.seed or bytes(32)
    with app.app_context(), db.writing() as session:
        with pytest.raises(Denied):
            filing.read(session, person.identity, seed, case_id)
        with pytest.raises(Denied):
            filing.write(
                session, person.identity, seed, case_id, kind="ghi-chu", values={"note": "x"}, parts=9
            )


def test_a_struck_out_handler_finds_no_file(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(struck=[centre.of(Role.HANDLER)[0]])
    with pytest.raises(NoSuchCase):
        read(app, handlers[0], reporter.case_id)


def test_an_entry_put_at_another_place_does_not_open(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    write(app, handlers[0], case_id, "ghi-chu", note="cũ")
    write(app, handlers[0], case_id, "ghi-chu", note="mới")
    with app.app_context(), db.writing() as session:
        found = select(Compartment).where(Compartment.case_id == case_id, Compartment.sequence == 5)
        old = session.scalars(found).one().blob
        session.execute(
            update(Compartment)
            .where(Compartment.case_id == case_id, Compartment.sequence == 6)
            .values(blob=old)
        )
    found_file = read(app, handlers[0], case_id)
    assert found_file.damaged == 1
    assert [one.values["note"] for one in found_file.file.entries] == ["cũ"]


def test_a_message_that_repeats_the_story_is_held_back_and_the_look_at_the_story_stays_written_down(
    app: Flask, centre: Founded, handlers: list[Handler], case_id: str
) -> None:
    one, said = handlers[0], "Bạn viết: anh ấy chặn cửa phòng trực."
    with app.app_context(), db.writing() as session:
        run = casework.answer(session, one.person.identity, one.seed, case_id, said)
    assert run == "anh ấy chặn cửa phòng"
    assert [deed for deed, _ in log_of(app, centre)][-2:] == ["answered", "answer_held"]
    with app.app_context(), db.writing() as session:
        assert not casework.answer(session, one.person.identity, one.seed, case_id, said, quoting=True)
        assert session.scalars(select(CaseFile.state).where(CaseFile.id == case_id)).one() == "answered"


# Pages


@pytest.fixture
def page(app: Flask, centre: Founded) -> FlaskClient:
    return signed_in(app, centre.of(Role.HANDLER)[0])


def parts_of(text: str) -> str:
    return text.split('name="parts" value="')[1].split('"')[0]


@pytest.mark.embedded
def test_the_page_shows_the_next_step_and_every_part(page: FlaskClient, case_id: str) -> None:
    shown = page.get(f"/lam-viec/{case_id}/ho-so").text
    assert "Đánh giá nguy cơ lần đầu." in shown
    for kind in ("danh-gia", "dong-y", "chuyen-gui", "lao-dong", "phan-loai", "ket-thuc"):
        assert f'id="{kind}"' in shown
    assert 'id="mo-lai"' not in shown
    assert "chặn cửa" not in shown
    english = page.get(f"/en/lam-viec/{case_id}/ho-so").text
    assert "Assess the risk a first time." in english


@pytest.mark.embedded
def test_an_entry_is_shown_again_after_it_was_written(page: FlaskClient, case_id: str) -> None:
    address = f"/lam-viec/{case_id}/ho-so"
    parts = parts_of(page.get(address).text)
    sent = {"parts": parts, "risk_level": "standard", "risk_factors": ["choking"]}
    answer = post(page, f"{address}/danh-gia", sent, follow_redirects=True)
    assert "Đã ghi vào hồ sơ." in answer.text
    assert "Từng bóp cổ" in answer.text
    assert "Cùng người bị hại lập kế hoạch an toàn." in answer.text


@pytest.mark.embedded
def test_a_mistake_brings_the_form_back_with_every_word(page: FlaskClient, case_id: str) -> None:
    address = f"/lam-viec/{case_id}/ho-so"
    sent = {**CONSENT, "parts": parts_of(page.get(address).text), "on": "tháng giêng", "content": "vết <b>"}
    answer = post(page, f"{address}/dong-y", sent)
    assert answer.status_code == 422
    assert "Ngày này chưa đúng" in html.unescape(answer.text)
    assert 'value="tháng giêng"' in answer.text
    assert "vết &lt;b&gt;" in answer.text
    assert 'href="#dong-y-on"' in answer.text
    assert 'id="dong-y-on"' in answer.text


@pytest.mark.embedded
def test_a_colleague_who_wrote_in_between_costs_no_word(
    app: Flask, page: FlaskClient, handlers: list[Handler], case_id: str
) -> None:
    address = f"/lam-viec/{case_id}/ho-so"
    parts = parts_of(page.get(address).text)
    write(app, handlers[1], case_id, "an-toan", places="nhà chị")
    answer = post(page, f"{address}/an-toan", {"parts": parts, "places": "nhà mẹ"})
    assert answer.status_code == 409
    assert "phần này đã có bản mới" in answer.text
    assert "nhà mẹ" in answer.text
    assert "nhà chị" in answer.text
    again = post(
        page,
        f"{address}/an-toan",
        {"parts": parts_of(answer.text), "places": "nhà mẹ"},
        follow_redirects=True,
    )
    assert "Những lần sửa" in again.text


@pytest.mark.embedded
def test_the_print_has_every_entry_a_warning_and_a_line_in_the_log(
    app: Flask, centre: Founded, page: FlaskClient, handlers: list[Handler], case_id: str
) -> None:
    write(app, handlers[0], case_id, "viec", on="2026-01-05", what="Gọi điện")
    printed = post(page, f"/lam-viec/{case_id}/ho-so-in").text
    assert "Bản này không có khóa" in printed
    assert "Gọi điện" in printed
    assert "file_printed" in [deed for deed, _ in log_of(app, centre)]


@pytest.mark.embedded
def test_no_such_kind_and_no_such_case_are_not_found(page: FlaskClient, case_id: str) -> None:
    assert post(page, f"/lam-viec/{case_id}/ho-so/khac", {"parts": "5"}).status_code == 404
    assert page.get(f"/lam-viec/{'0' * 32}/ho-so").status_code == 404


@pytest.mark.embedded
def test_a_quotation_is_shown_and_sent_only_on_purpose(page: FlaskClient, case_id: str) -> None:
    address = f"/lam-viec/{case_id}/tra-loi"
    sent = {"message": "Bạn viết: anh ấy chặn cửa phòng trực.", "state": "answered"}
    held = post(page, address, sent)
    assert held.status_code == 422
    assert "nhắc lại lời trong thư" in held.text
    assert sent["message"] in held.text
    assert "Đã gửi" in post(page, address, {**sent, "quoting": "yes"}, follow_redirects=True).text


@pytest.mark.embedded
def test_a_ready_sentence_is_put_below_what_was_typed_and_nothing_is_sent(
    page: FlaskClient, reporter: Reporter, case_id: str
) -> None:
    sent = {"message": "Chào bạn.", "state": "answered", "template": "0.en"}
    shown = post(page, f"/lam-viec/{case_id}/tra-loi", sent)
    assert shown.status_code == 200
    assert "Chào bạn.\n\nThank you for writing." in html.unescape(shown.text)
    assert "Thank you for writing." not in reporter.opens().text


@pytest.mark.embedded
def test_a_first_assessment_starts_from_what_the_reporter_named_and_what_was_written_is_shown_open(
    page: FlaskClient, reporter: Reporter
) -> None:
    reporter.writes(danger_signs=["choking"])
    place = f"/lam-viec/{reporter.case_id}/ho-so"
    first = page.get(place).text
    assert re.search(r'value="choking"[^>]* checked', first)
    assert "được đánh dấu sẵn" in first
    assert label_of(reporter.case_id) in first
    sent = {"risk_factors": [], "risk_level": "standard", "parts": "5"}
    after = post(page, f"{place}/danh-gia", sent, follow_redirects=True).text
    assert re.search(r'<details class="more" id="danh-gia" open>', after)
    assert not re.search(r'value="choking"[^>]* checked', after), "what a handler left out stays out"


@pytest.mark.embedded
def test_a_last_answer_leaves_a_case_closed_and_a_reporter_who_writes_opens_it_to_be_closed_again(
    app: Flask, handlers: list[Handler], reporter: Reporter, case_id: str
) -> None:
    one = handlers[0]
    ending = {"closure": "hoan_thanh", "outcome": "safer", "reporter_told": "yes"}
    one.opens(case_id)
    write(app, one, case_id, "ket-thuc", **ending)
    one.answers(case_id, "Cảm ơn bạn đã tin.")
    assert read(app, one, case_id).state == "closed"
    assert closure.closed(read(app, one, case_id).file)
    reporter.adds("Tôi còn một điều.")
    one.opens(case_id)
    one.answers(case_id, "Bạn cứ nói.")
    assert read(app, one, case_id).state == "answered"
    assert not closure.closed(read(app, one, case_id).file)
    write(app, one, case_id, "ket-thuc", **ending)
    assert read(app, one, case_id).state == "closed"
