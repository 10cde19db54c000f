"""What a desk remembers: a sealed index of one size for all, and what was opened in a session."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import db, memory
from core.access import Role
from intake import eraser
from intake.desk import desk_opening
from intake.desk.desk_index import ENTRY, LEAST, DeskIndex
from intake.eraser import eraser_path
from intake.handler import desk_pages
from intake.keys.founding import Founded
from intake.models import CaseFile
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded


def rows(app: Flask) -> dict[str, bytes]:
    with app.app_context(), db.reading() as session:
        return {row.name: row.blob for row in session.scalars(select(DeskIndex))}


def signs_in_anew(app: Flask) -> None:
    """As if the machine's memory had been lost in between."""
    with app.app_context():
        shelf = memory.store()
        for handler_key in list(_desk_keys(app)):
            shelf.delete(handler_key)


def _desk_keys(app: Flask) -> list[str]:
    store = memory.store()
    return [row[0] for row in store._db().execute("SELECT key FROM shelf WHERE key LIKE 'desk:%'")]  # type: ignore[attr-defined]


def test_after_the_next_sign_in_only_new_slots_are_tried(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(age_group="under_16")
    before = handlers[0].cases()
    signs_in_anew(app)
    newer = Reporter(app)
    newer.writes()
    with patch.object(desk_opening, "open_slots", wraps=desk_opening.open_slots) as tried:
        after = handlers[0].cases()
    assert tried.call_count == 1
    assert {line.case_id for line in after} == {reporter.case_id, newer.case_id}
    assert next(line for line in after if line.case_id == reporter.case_id).flags == before[0].flags


def test_a_long_first_look_shows_what_it_found_and_goes_on_by_itself(
    app: Flask, browser: FlaskClient, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [Reporter(app) for _ in range(3)]
    for one, danger in zip(letters, ("no", "yes", "no"), strict=True):
        one.writes(danger_now=danger)
    monkeypatch.setattr(desk_opening, "_BATCH", 1)
    monkeypatch.setattr(desk_pages, "PATIENCE", 0)
    assert letters[1].case_id in browser.get("/lam-viec/").text, "what is urgent is opened first"
    shown = []
    for _ in letters[1:]:
        page = browser.get("/lam-viec/?sap=ngay").text
        shown.append((page.count("Xem lần đầu<br>"), 'http-equiv="refresh"' in page))
    assert shown == [(2, True), (3, False)]
    assert len(rows(app)) == 1  # kept for the next sign-in once it was whole, and not before
    assert {line.case_id for line in handlers[0].cases()} == {one.case_id for one in letters}


def test_while_letters_are_still_opened_one_of_them_opens_no_others(
    app: Flask, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [Reporter(app) for _ in range(3)]
    for one in letters:
        one.writes()
    monkeypatch.setattr(desk_opening, "_BATCH", 1)
    monkeypatch.setattr(desk_pages, "PATIENCE", 0)
    browser.get("/lam-viec/")
    with patch.object(desk_opening, "open_slots", wraps=desk_opening.open_slots) as tried:
        for one in letters[:2]:
            assert browser.get(f"/lam-viec/{one.case_id}").status_code == 200
    assert tried.call_count <= 2
    monkeypatch.setattr(desk_pages, "PATIENCE", 10)
    page = browser.get("/lam-viec/").text
    assert all(one.case_id in page for one in letters)
    assert 'http-equiv="refresh"' not in page


def test_while_it_opens_nothing_says_that_there_is_no_letter_or_how_many_there_are(
    app: Flask, browser: FlaskClient, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        Reporter(app).writes(struck=[handlers[0].person])
    monkeypatch.setattr(desk_opening, "_BATCH", 1)
    monkeypatch.setattr(desk_pages, "PATIENCE", 0)
    page = browser.get("/lam-viec/").text
    assert "Đã mở được 0 thư" in page
    assert "Chưa có thư nào" not in page
    assert "Chưa có thư nào" in browser.get("/lam-viec/").text


def test_an_index_has_one_size_whatever_its_owner_can_open_and_is_always_written_anew(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(struck=[handlers[0].person])
    Reporter(app).writes(narrative="CANARY", struck=[handlers[0].person])
    sees_nothing, sees_both = handlers[0].cases(), handlers[1].cases()
    assert (len(sees_nothing), len(sees_both)) == (0, 2)
    first = rows(app)
    assert len({len(blob) for blob in first.values()}) == 1
    assert len(next(iter(first.values()))) >= LEAST * ENTRY
    assert not any(handler.person.person_id in name for handler in handlers for name in first)
    signs_in_anew(app)
    for handler in handlers:
        handler.cases()
    again = rows(app)
    assert again.keys() == first.keys()
    assert all(again[name] != first[name] for name in first)


def test_what_is_erased_is_gone_from_the_index_too(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    handlers[0].cases()
    with app.app_context():
        with db.reading() as session:
            place = session.scalar(select(CaseFile.eraser_slot))
        assert place is not None
        eraser.erase(eraser_path(), place)
    signs_in_anew(app)
    assert handlers[0].cases() == []


def test_a_spoilt_index_is_made_anew(app: Flask, reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes()
    handlers[0].cases()
    with app.app_context(), db.writing() as session:
        for row in session.scalars(select(DeskIndex)):
            row.blob = row.blob[:-1] + bytes([row.blob[-1] ^ 1])
    signs_in_anew(app)
    assert [line.case_id for line in handlers[0].cases()] == [reporter.case_id]


@pytest.fixture
def browser(app: Flask, centre: Founded) -> FlaskClient:
    return signed_in(app, centre.of(Role.HANDLER)[0])


def test_a_search_finds_what_was_opened_without_marks_and_nothing_else(
    browser: FlaskClient, app: Flask, reporter: Reporter
) -> None:
    reporter.writes(narrative="Chuyện xảy ra ở Phòng Trực đêm thứ Bảy.")
    Reporter(app).writes(narrative="Phòng trực khác, chưa mở.")
    assert "Không thấy từ này" in post(browser, "/lam-viec/tim", {"words": "phong truc"}).text
    post(browser, f"/lam-viec/{reporter.case_id}/mo")
    page = post(browser, "/lam-viec/tim", {"words": "phong  truc"}).text
    assert "<mark>Phòng Trực</mark> đêm" in page
    assert "chưa mở" not in page
    assert f"/lam-viec/{reporter.case_id}" in page
    assert "đã mở" in browser.get("/lam-viec/?cua-toi=da-mo").text


def test_a_new_session_begins_with_nothing_to_search(
    browser: FlaskClient, app: Flask, centre: Founded, reporter: Reporter
) -> None:
    reporter.writes(narrative="Chuyện ở phòng trực.")
    post(browser, f"/lam-viec/{reporter.case_id}/mo")
    colleague = signed_in(app, centre.of(Role.HANDLER)[1])
    assert "Không thấy từ này" in post(colleague, "/lam-viec/tim", {"words": "phòng trực"}).text
    anew = signed_in(app, centre.of(Role.HANDLER)[0])
    assert "Không thấy từ này" in post(anew, "/lam-viec/tim", {"words": "phòng trực"}).text


def test_searched_words_and_opened_letters_lie_in_no_file_in_clear(
    browser: FlaskClient, app: Flask, reporter: Reporter
) -> None:
    reporter.writes(narrative="CANARYSTORY")
    post(browser, f"/lam-viec/{reporter.case_id}/mo")
    post(browser, "/lam-viec/tim", {"words": "CANARYWORDS"})
    instance = app.extensions["settings"].instance
    files = [*instance.rglob("*"), *memory.folder(instance).rglob("*")]
    for path in files:
        if path.is_file():
            kept = path.read_bytes()
            assert b"CANARYSTORY" not in kept
            assert b"CANARYWORDS" not in kept


def test_a_list_says_what_is_late_and_can_be_narrowed_to_nothing(
    browser: FlaskClient, reporter: Reporter
) -> None:
    reporter.writes(danger_now="yes")
    page = browser.get("/lam-viec/").text
    assert "1 thư khẩn chưa đóng" in page
    assert "Xem lần đầu" in page
    empty = browser.get("/lam-viec/?tinh-trang=da-dong").text
    assert "Không có thư nào hợp với cách lọc này" in empty
    assert "Bỏ lọc" in empty
    assert "Tình trạng: <b>Đã kết thúc</b>." in empty
