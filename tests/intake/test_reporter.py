"""Writing a letter without scripts: nothing typed is lost, nothing is stored before it is sent, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core import db, keys, pages
from core.access import Role
from core.campaign import Hotline
from intake.keys.founding import Founded
from intake.models import CaseFile
from intake.seal import receipt
from intake.writing import reseated, submission
from tests import factories
from tests.conftest import StillClock
from tests.letters import Reporter, answers, hidden, sign_a_new_roster

pytestmark = pytest.mark.embedded
NEUTRAL = {"Viết thư", "Xem lại trước khi gửi", "Mã thư của bạn", "Số hỗ trợ"}


def kept(app: Flask) -> int:
    with app.app_context(), db.reading() as session:
        return session.scalar(select(func.count()).select_from(CaseFile)) or 0


@contextmanager
def crowded() -> Iterator[None]:
    raise keys.Busy
    yield


# --- the empty letter ----------------------------------------------------------------------------


def test_the_letter_is_the_same_bytes_for_everyone(app: Flask, centre: Founded, client: FlaskClient) -> None:
    handler = factories.signed_in(app, centre.of(Role.HANDLER)[0])
    pages_seen = {client.get("/thu").data, app.test_client().get("/thu").data, handler.get("/thu").data}
    assert len(pages_seen) == 1
    assert client.get("/en/thu").data not in pages_seen


def test_limits_and_legal_status_come_before_the_first_question(centre: Founded, client: FlaskClient) -> None:
    page = client.get("/thu").text
    limits, status, sealed = (
        page.index(words)
        for words in ("dưới 16 tuổi;", "không thay cho đơn khiếu nại", "niêm phong khi tới máy chủ")
    )
    assert limits < status < sealed < page.index('<input type="checkbox"')


def test_everybody_who_could_read_it_stands_there_by_name_and_title(
    centre: Founded, client: FlaskClient
) -> None:
    page = client.get("/thu").text
    for member in centre.roster.members:
        assert member.name in page
        assert member.title_vi in page


@pytest.mark.parametrize("page", ["/thu", "/en/thu", "/hop-thu", "/en/hop-thu"])
def test_the_first_visit_weighs_little(centre: Founded, client: FlaskClient, page: str) -> None:
    headers = {"Accept-Encoding": "gzip"}
    answer = client.get(page, headers=headers)
    style = re.search(r'rel="stylesheet" href="([^"]+)"', client.get(page).text)
    assert style
    assert len(answer.data) + len(client.get(style.group(1), headers=headers).data) <= 25_000


def test_every_public_page_loads_the_same_files_so_that_a_cache_tells_nothing(
    centre: Founded, client: FlaskClient
) -> None:
    public = ("/", "/thu", "/hop-thu", "/giup-do", "/khao-sat/", "/en/thu", "/en/khao-sat/")
    loaded = {tuple(re.findall(r'(?:src|href)="(/tinh/[^"]+)"', client.get(page).text)) for page in public}
    assert len(loaded) == 1
    assert {path.rpartition("/")[2] for path in loaded.pop()} >= {"site.css", "exit.js", "letter.js"}


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_help_page_says_how_to_stay_unseen(client: FlaskClient, prefix: str) -> None:
    page = client.get(f"{prefix}/giup-do").text
    for part in ("an-toan", "lich-su", "cat-ma", "quay-lai"):
        assert f'href="#{part}"' in page
        assert f'id="{part}"' in page
    for words in ("Tor Browser", "Onion Browser", "Chrome", "Safari", "Cốc Cốc", "Zalo", "iCloud"):
        assert words in page


def test_titles_say_nothing_and_no_browser_is_asked_to_remember_a_field(reporter: Reporter) -> None:
    sent = reporter.writes(narrative="Lời kể", danger_now="yes")
    for page in (reporter.client.get("/thu"), reporter.checks(), sent, reporter.client.get("/giup-do")):
        (title,) = re.findall("<title>(.*?)</title>", page.text)
        assert title in {f"Góc nhân viên – {name}" for name in NEUTRAL}
        assert page.text.count('autocomplete="off"') >= page.text.count("<form")
        assert page.headers["Cache-Control"] == "no-store"


def test_the_ready_page_notices_a_changed_help_number(
    app: Flask, centre: Founded, client: FlaskClient
) -> None:
    before = client.get("/thu").data
    with app.app_context():
        with db.writing() as session:
            line = session.scalars(select(Hotline).where(Hotline.show == "always")).first()
            assert line is not None
            line.number = "1900 000 001"
        pages.data_changed()
    after = client.get("/thu").data
    assert after != before
    assert b"1900 000 001" in after


def test_before_the_founding_help_numbers_stand_in_its_place(client: FlaskClient) -> None:
    page = client.get("/thu")
    assert page.status_code == 200
    assert "chưa nhận thư được" in page.text
    assert 'href="tel:113"' in page.text
    assert "<form" not in page.text


def test_once_the_roster_has_run_out_what_was_typed_is_handed_back(
    clock: StillClock, app: Flask, centre: Founded, reporter: Reporter
) -> None:
    from datetime import timedelta

    clock.set(clock.moment + timedelta(days=401))
    page = reporter.checks(narrative="Tôi đã viết rất lâu.")
    assert page.status_code == 503
    assert "Tôi đã viết rất lâu." in page.text
    assert "Chưa có gì được gửi đi" in page.text


# --- what needs another look ---------------------------------------------------------------------


def test_an_empty_letter_names_every_missing_answer_on_top_and_beside_it(
    app: Flask, client: FlaskClient, centre: Founded
) -> None:
    page = client.post("/thu", data={})
    assert page.status_code == 422
    for name in ("ack_limits", "danger_now", "reporter_role", "age_group", "what_kind"):
        assert f'href="#{name}"' in page.text
        assert f'id="{name}-error"' in page.text
    assert kept(app) == 0


def test_everything_that_was_typed_is_kept_beside_an_error(reporter: Reporter) -> None:
    page = reporter.checks(
        danger_now=None,
        narrative="Một\nhai < ba",
        reporter_name="Nguyễn Thị Ẩn",
        contact_mode="phone",
        safe_contact="sau 19 giờ",
        what_kind=["physical", "unsure"],
        setting="home",
    )
    assert page.status_code == 422
    for words in ("Một\nhai &lt; ba", 'value="Nguyễn Thị Ẩn"', "sau 19 giờ"):
        assert words in page.text
    checked = set(re.findall(r'name="(\w+)" value="(\w+)" checked', page.text))
    assert {("what_kind", "physical"), ("what_kind", "unsure"), ("setting", "home")} <= checked
    assert ("contact_mode", "phone") in checked


def test_an_answer_that_is_not_on_the_list_is_refused_in_one_sentence(app: Flask, reporter: Reporter) -> None:
    page = reporter.checks(age_group="42")
    assert page.status_code == 422
    assert "không có trong danh sách" in page.text
    assert kept(app) == 0


def test_a_story_that_is_too_long_is_kept_whole(reporter: Reporter) -> None:
    long = "ữ" * 4001
    page = reporter.checks(narrative=long)
    assert page.status_code == 422
    assert long in page.text
    assert "4.001" in page.text


def test_a_body_beyond_all_measure_is_refused_and_nothing_is_kept(
    app: Flask, client: FlaskClient, centre: Founded
) -> None:
    page = client.post("/thu", data=answers(narrative="a" * 600_000))
    assert page.status_code == 413
    assert "Chưa có gì được gửi đi" in page.text
    assert kept(app) == 0


def test_a_form_from_another_site_is_refused(client: FlaskClient, centre: Founded) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/thu", data=answers(), headers=headers).status_code == 403


# --- the answers once more -----------------------------------------------------------------------


def test_the_answers_are_shown_again_in_words_and_nothing_is_stored_yet(
    app: Flask, reporter: Reporter
) -> None:
    page = reporter.checks(narrative="Chuyện ở phòng trực.")
    assert "Chuyện ở phòng trực." in page.text
    assert "Đe dọa, xúc phạm, cô lập, kiểm soát" in page.text
    assert "Các câu bạn đã bỏ qua" in page.text
    assert kept(app) == 0


def test_an_answer_can_be_changed_with_everything_else_kept(reporter: Reporter, client: FlaskClient) -> None:
    page = reporter.checks(narrative="Giữ lại điều này.")
    assert 'formaction="/thu#narrative"' in page.text
    again = client.post("/thu", data=answers(narrative="Giữ lại điều này.") | {"edit": "narrative"})
    assert again.status_code == 200
    assert "Giữ lại điều này." in again.text
    assert 'id="narrative-error"' not in again.text


def test_whoever_would_be_able_to_read_it_is_named_before_sending(
    centre: Founded, reporter: Reporter
) -> None:
    first, second = centre.of(Role.HANDLER)
    page = reporter.checks(struck=[first]).text
    readers = page[page.index("Sẽ đọc được thư này") :]
    assert second.name in readers
    assert first.name not in readers
    assert "Chỉ còn một người được đọc thư này" in page


@pytest.mark.parametrize(("role", "words"), [(Role.HANDLER, "Không còn ai"), (Role.CUSTODIAN, "giữ khóa")])
def test_strike_outs_that_leave_nobody_show_places_outside_and_store_nothing(
    app: Flask, centre: Founded, reporter: Reporter, client: FlaskClient, role: Role, words: str
) -> None:
    struck = list(centre.of(role))
    page = reporter.checks(struck=struck, narrative="Vẫn còn đây.")
    assert words in page.text
    assert 'href="tel:18001744"' in page.text
    assert "Vẫn còn đây." in page.text
    draft = submission.draw()
    sent = client.post("/thu/gui", data=answers(struck) | {"case": draft.case_id, "receipt": draft.receipt})
    assert "receipt" not in re.findall(r'<output[^>]* id="(\w+)"', sent.text)
    assert kept(app) == 0


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({"danger_now": "yes"}, 'href="tel:113"'),
        ({"age_group": "under_16"}, 'href="tel:111"'),
        ({"when": "hours_72"}, "72 giờ"),
        ({"danger_signs": ["self_harm"]}, "tự làm hại mình"),
    ],
    ids=["danger", "child", "72 hours", "self-harm"],
)
def test_what_must_be_done_at_once_stands_first_before_and_after_sending(
    reporter: Reporter, more: dict[str, Any], first: str
) -> None:
    checked = reporter.checks(**more)
    sent = reporter.writes(**more)
    for page in (checked.text, sent.text):
        main = page[page.index("<main") :]
        assert main.index(first) < main.index("<h1")


# --- sending -------------------------------------------------------------------------------------


def test_the_receipt_is_shown_once_in_six_groups_and_says_when_to_come_back(
    clock: StillClock, reporter: Reporter
) -> None:
    page = reporter.writes()
    assert re.search(r'<output[^>]*id="receipt"', page.text)
    assert all(f"<span>{group}</span>" in page.text for group in receipt.groups(reporter.receipt))
    assert "25/11/2026" in page.text
    assert reporter.receipt not in reporter.client.get("/thu").text


def test_a_repeat_shows_the_same_receipt_and_keeps_one_letter(app: Flask, reporter: Reporter) -> None:
    checked = reporter.checks()
    first, again = reporter.sends(checked), reporter.sends(checked)
    shown = [re.search(r"<output.*?</output>", page.text, re.S) for page in (first, again)]
    assert all(shown)
    assert shown[0].group() == shown[1].group()  # type: ignore[union-attr]
    assert kept(app) == 1


def test_a_repeat_with_tampered_ids_still_keeps_the_letter(
    app: Flask, client: FlaskClient, centre: Founded
) -> None:
    page = client.post("/thu/gui", data=answers() | {"case": "x", "receipt": "1"})
    assert page.status_code == 200
    assert kept(app) == 1


def test_sending_checks_the_answers_again(app: Flask, client: FlaskClient, centre: Founded) -> None:
    page = client.post("/thu/gui", data=answers(danger_now=None, narrative="Còn nguyên."))
    assert page.status_code == 422
    assert "Còn nguyên." in page.text
    assert kept(app) == 0


def test_a_busy_server_says_so_keeps_everything_and_takes_the_same_letter_a_minute_later(
    app: Flask, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = reporter.checks(narrative="Đừng mất.")
    with monkeypatch.context() as crowd:
        crowd.setattr(receipt, "deriving", crowded)
        busy = reporter.sends(checked, narrative="Đừng mất.")
    assert busy.status_code == 503
    assert busy.headers["Retry-After"]
    assert "Đừng mất." in busy.text
    assert hidden(busy.text, "case") == hidden(checked.text, "case")
    assert kept(app) == 0
    assert reporter.sends(busy, narrative="Đừng mất.").status_code == 200
    assert kept(app) == 1


# --- a roster that changes meanwhile ------------------------------------------------------------

NEWCOMER = "Có người mới được đọc thư: Ngô Thị Mới (Dược sĩ, cán bộ tiếp nhận)"


def test_who_came_onto_the_list_meanwhile_is_named_and_nothing_typed_is_lost(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    shown = hidden(reporter.client.get("/thu").text, "roster")
    sign_a_new_roster(app, centre)
    page = reporter.checks(narrative="Vẫn còn đây.", roster=shown)
    assert page.status_code == 422
    assert NEWCOMER in page.text
    assert "Vẫn còn đây." in page.text
    assert 'href="#exclude_handlers"' in page.text
    assert reporter.checks(roster=hidden(page.text, "roster")).status_code == 200


def test_nobody_reads_a_letter_that_was_looked_at_before_they_came(
    app: Flask, centre: Founded, reporter: Reporter, client: FlaskClient
) -> None:
    checked = reporter.checks(narrative="Vẫn còn đây.")
    carried = {name: hidden(checked.text, name) for name in ("case", "receipt", "roster")}
    sign_a_new_roster(app, centre)
    said = answers(narrative="Vẫn còn đây.") | carried
    for page in (client.post("/thu/gui", data=said), client.post("/thu", data=said | {"edit": "narrative"})):
        assert NEWCOMER in page.text
        assert "Vẫn còn đây." in page.text
    assert kept(app) == 0
    assert client.post("/thu/gui", data=said | {"roster": hidden(page.text, "roster")}).status_code == 200


def test_a_tick_beside_somebody_who_left_the_list_stops_nothing(
    centre: Founded, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(centre.roster.handlers[0], id="f" * 32)
    then = replace(centre.roster, members=(*centre.roster.members, gone))
    monkeypatch.setattr(submission, "readers_then", lambda _fingerprint: then)
    ticked = {"exclude_handlers": [gone.id, centre.roster.handlers[1].id], "roster": [then.fingerprint]}
    raw = {name: [value] if isinstance(value, str) else value for name, value in answers(**ticked).items()}
    assert reseated.read(raw, centre.roster).struck_out == {centre.roster.handlers[1].id}


# --- one group back ------------------------------------------------------------------------------


def confirm(reporter: Reporter, group: str, digits: str) -> Any:
    sent = {"receipt": reporter.receipt, "group": group, "digits": digits}
    return reporter.client.post("/thu/xac-nhan", data=sent)


def test_one_group_typed_back_leads_to_the_goodbye_page_without_the_receipt(reporter: Reporter) -> None:
    page = reporter.writes()
    group = hidden(page.text, "group")
    page = confirm(reporter, group, receipt.groups(reporter.receipt)[int(group) - 1])
    assert "Mã bạn ghi là đúng" in page.text
    assert reporter.receipt not in page.text


def test_a_wrong_group_shows_the_receipt_again_and_asks_for_the_same_one(reporter: Reporter) -> None:
    reporter.writes()
    right = receipt.groups(reporter.receipt)[2]
    page = confirm(reporter, "3", "0000" if right != "0000" else "1111")
    assert page.status_code == 422
    assert "Chưa khớp" in page.text
    assert hidden(page.text, "group") == "3"
    assert f"<span>{right}</span>" in page.text


@pytest.mark.parametrize("group", ["0", "7", "", "x"])
def test_a_group_that_does_not_exist_leads_to_the_mailbox(reporter: Reporter, group: str) -> None:
    reporter.writes()
    assert confirm(reporter, group, "0000").headers["Location"] == "/hop-thu"


# --- returning -----------------------------------------------------------------------------------


def test_unknown_receipts_and_mistyped_ones_are_told_apart_by_their_digits_only(
    client: FlaskClient, centre: Founded
) -> None:
    unknown = client.post("/hop-thu", data={"receipt": receipt.draw()})
    assert unknown.status_code == 422
    assert "Không có hộp thư nào" in unknown.text
    mistyped = client.post("/hop-thu", data={"receipt": "1234 5678"})
    assert "còn thiếu 16" in mistyped.text


def test_a_receipt_opens_however_it_is_typed(reporter: Reporter) -> None:
    reporter.writes()
    for typed in (receipt.shown(reporter.receipt), "-".join(receipt.groups(reporter.receipt))):
        assert "Đã nhận" in reporter.opens(typed).text


def test_many_wrong_receipts_are_asked_to_wait_with_a_ticket(
    client: FlaskClient, centre: Founded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.brakes.RECEIPT_TRIES", 5)
    for _ in range(5):
        client.post("/hop-thu", data={"receipt": receipt.draw()})
    page = client.post("/hop-thu", data={"receipt": receipt.draw()})
    assert page.status_code == 429
    assert "Bạn đợi" in page.text
    assert hidden(page.text, "ticket")


def test_the_mailbox_never_shows_the_story_or_a_name(reporter: Reporter) -> None:
    reporter.writes(narrative="CANARY một", reporter_name="CANARY hai", people_involved="CANARY ba")
    assert "CANARY" not in reporter.opens().text


def test_an_empty_message_is_asked_for_again_and_a_long_one_is_kept(reporter: Reporter) -> None:
    reporter.writes()
    assert "chưa viết gì" in reporter.adds("  ").text
    page = reporter.adds("ừ" * 4001)
    assert page.status_code == 422
    assert "ừ" * 4001 in page.text


def test_a_crowd_at_the_mailbox_keeps_the_message(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    message_id = hidden(reporter.opens().text, "message_id")
    with monkeypatch.context() as crowd:
        crowd.setattr(receipt, "deriving", crowded)
        page = reporter.adds("Đừng mất.", message_id=message_id)
    assert page.status_code == 503
    assert "Đừng mất." in page.text


def test_english_pages_stay_english_to_the_end(app: Flask, centre: Founded) -> None:
    reporter = Reporter(app, prefix="/en")
    page = reporter.writes()
    assert "Your letter has arrived" in page.text
    assert 'action="/en/thu/xac-nhan"' in page.text
    assert "Received" in reporter.opens().text


def test_no_page_of_a_letter_sets_a_cookie_or_carries_the_receipt_in_an_address(reporter: Reporter) -> None:
    pages_seen = [reporter.client.get("/thu"), reporter.checks(), reporter.writes(), reporter.opens()]
    pages_seen += [reporter.adds("Tin một"), confirm(reporter, "1", reporter.receipt)]
    for page in pages_seen:
        assert "Set-Cookie" not in page.headers
        addresses = re.findall(r'(?:href|action|formaction|src)="([^"]*)"', page.text)
        assert not [address for address in addresses if reporter.receipt[:8] in address or "?" in address]
