"""The board's and the custodians' pages, as the people in front of them meet them."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import docx
import openpyxl
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from board import custodian as custodian_pages
from board.signed import NotSigned, check, fingerprint
from board.terminal import audit
from core import clock as core_clock
from core import config, db
from core.access import Role
from core.config import Settings
from core.disclosure import from_json
from core.sealing import sign_public
from intake.counts import shares, tally
from intake.keys.founding import Founded, Newcomer
from survey import effects, rounds
from survey.models import Comparison
from tests import factories
from tests.board.conftest import Year, noon
from tests.conftest import calculating_here, running
from tests.surveys import QUESTIONS

# The deeds behind the pages are tried on both databases in test_releasing.py.
pytestmark = [pytest.mark.embedded, pytest.mark.slow]

JUNE, SEPTEMBER = date(2026, 6, 30), date(2026, 9, 30)
BOARD_ADDRESSES = ("/ban/", "/ban/2026-06-30", "/ban/so-lieu.json", "/ban/so-lieu.csv")
CUSTODIAN_ADDRESSES = ("/lam-viec/cong-bo/", "/lam-viec/cong-bo/xem-truoc", "/lam-viec/cong-bo/dang-dem")


def words_of(page: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def figures_of(page: TestResponse) -> str:
    """What a page says between the first heading below the title and the explanation."""
    found = re.search(r"<h2>Nhìn nhanh</h2>.*?<h2>Cách đọc", page.text, re.DOTALL)
    assert found
    return found.group(0)


@pytest.fixture(scope="session")
def released(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Founded]:
    """An instance whose board can see 12 letters of its own, told 3: made once, copied for each test."""
    instance = tmp_path_factory.mktemp("released")
    instance.chmod(0o700)
    shutil.copyfile(sqlite_template, instance / "centre.db")
    settings = Settings(instance=instance)
    with (
        core_clock.freeze(noon(2026, 1, 5)),
        factories.cheap_locks(),
        calculating_here(),
        running(settings) as app,
    ):
        year = Year(app, factories.found_centre(app))
        core_clock._frozen = noon(2026, 5, 2)
        year.gets(12, sex="female", setting="home")
        year.gets(3, reporter_role="witness", survivor_aware="unsure", consent_stats=None)
        core_clock._frozen = noon(2026, 7, 5)
        year.releases(JUNE)
    return instance, year.centre


@pytest.fixture
def with_release(
    released: tuple[Path, Founded], settings: Settings, cheap: None, calculated_here: None, clock: Any
) -> Iterator[Year]:
    """A centre whose board can see 12 letters of its own, told 3; the clock stands at 5 July 2026."""
    instance, centre = released
    clock.set(noon(2026, 7, 5))
    shutil.copytree(instance, settings.instance, dirs_exist_ok=True)
    with running(settings) as app:
        yield Year(app, centre)


def test_before_the_first_release_the_page_says_what_will_come_and_when(year: Year) -> None:
    page = words_of(year.at_desk(Role.BOARD).get("/ban/"))

    assert "Chưa có kỳ công bố nào" in page
    assert "Kỳ tới: đến hết ngày 07/12/2026" in page
    assert "đến hết ngày 30/09/2026 đã khép" in page


def test_a_member_reads_figures_with_their_meaning_and_their_reason(with_release: Year) -> None:
    page = words_of(with_release.at_desk(Role.BOARD).get("/ban/"))

    assert "Đến hết ngày 30/06/2026" in page
    assert "Người bị hại tự viết 12 " in page
    assert "Người khác báo tin dưới 5 Có thể là 0, 1, 2, 3 hoặc 4." in page
    assert "Cả hai cộng lại 12–16 " in page
    assert "không nhất thiết là bạo lực tăng" in page
    assert "khớp với số liệu" in page
    assert "Lê Văn Giữ" in page
    assert "Phạm Thị Khóa" in page


def test_the_page_speaks_english_as_well(with_release: Year) -> None:
    page = words_of(with_release.at_desk(Role.BOARD).get("/en/ban/"))

    assert "To the end of 30 June 2026" in page
    assert "Told by somebody else fewer than 5 It may be 0, 1, 2, 3 or 4." in page


def test_two_members_and_any_later_day_see_the_same_bytes(with_release: Year, clock: Any) -> None:
    other = factories.add_person(
        with_release.app,
        Newcomer(name="Lò Thị Mai", title_vi="Ủy viên", title_en="Member", roles=frozenset({Role.BOARD})),
    )
    one = with_release.at_desk(Role.BOARD)
    seen = [one.get(address).data for address in BOARD_ADDRESSES]
    with_release.app.extensions["ready_pages"] = {}
    clock.set(noon(2026, 8, 30))
    another = factories.signed_in(with_release.app, other)

    assert [another.get(address).data for address in BOARD_ADDRESSES] == seen


def test_parameters_and_guessed_addresses_lead_nowhere(with_release: Year) -> None:
    member = with_release.at_desk(Role.BOARD)

    assert member.get("/ban/?unit=1&kind=sexual&release=2026-03-31").data == member.get("/ban/").data
    assert member.get("/ban/so-lieu.json?k=1").data == member.get("/ban/so-lieu.json").data
    for guessed in (
        "/ban/2026-03-31",
        "/ban/2026-06-30/own_by_kind",
        "/ban/so-lieu.pdf",
        "/ban/live",
        "/ban/1",
    ):
        assert member.get(guessed).status_code == 404, guessed


def test_nobody_but_the_board_finds_its_pages(with_release: Year) -> None:
    for role in (Role.HANDLER, Role.CUSTODIAN, Role.CAMPAIGNER, Role.ADMINISTRATOR):
        browser = with_release.at_desk(role)
        for address in BOARD_ADDRESSES:
            assert browser.get(address).status_code == 404, (role, address)


def test_nobody_but_custodians_finds_the_release_pages(year: Year) -> None:
    for role in (Role.HANDLER, Role.BOARD, Role.CAMPAIGNER, Role.ADMINISTRATOR):
        browser = year.at_desk(role)
        for address in CUSTODIAN_ADDRESSES:
            assert browser.get(address).status_code == 404, (role, address)
        for deed in ("bat-dau", "dem", "cong-bo", "de-lai", "dung"):
            assert factories.post(browser, f"/lam-viec/cong-bo/{deed}").status_code == 404, (role, deed)


def test_a_stranger_is_asked_to_sign_in(year: Year) -> None:
    stranger = year.app.test_client()

    for address in (*BOARD_ADDRESSES, *CUSTODIAN_ADDRESSES):
        answer = stranger.get(address)
        assert answer.status_code == 302, address
        assert "/dang-nhap" in answer.headers["Location"], address


def test_the_json_holds_all_releases_as_the_document_that_was_promised(with_release: Year) -> None:
    answer = with_release.at_desk(Role.BOARD).get("/ban/so-lieu.json")
    document = json.loads(answer.data)

    assert answer.content_type == "application/json; charset=utf-8"
    assert set(document) == {"k", "releases", "dims", "groups", "tables", "signed"}
    assert document["k"] == 5
    assert document["releases"] == ["2026-06-30"]
    values = [row["value"] for table in document["tables"] for row in table["rows"]]
    assert 12 in values
    assert [0, 4] in values
    assert from_json(document) == with_release.published()[0].tables


def test_the_json_proves_outside_who_signed_it_and_no_change_in_it_passes(
    with_release: Year, tmp_path: Path
) -> None:
    document = json.loads(with_release.at_desk(Role.BOARD).get("/ban/so-lieu.json").data)
    (signer,) = check(document)
    assert (signer.release, signer.name) == ("2026-06-30", "Phạm Thị Khóa")
    key = with_release.person(Role.CUSTODIAN, 1).credentials.seed
    assert key is not None
    assert signer.key == fingerprint(sign_public(key))
    assert signer.key in words_of(with_release.at_desk(Role.BOARD).get("/ban/"))

    file = tmp_path / "so-lieu.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    for chosen, code in (([], 0), (["--signer", signer.key.upper()], 0), (["--signer", "0" * 32], 2)):
        ran = CliRunner().invoke(audit, [str(file), *chosen])
        assert (ran.exit_code, "Phạm Thị Khóa" in ran.stderr) == (code, True), ran.output

    def changed(**how: Any) -> dict[str, Any]:
        return {**copy.deepcopy(document), **how}

    another = changed()
    next(row for table in another["tables"] for row in table["rows"] if row["value"] == 12)["value"] = 13
    wider = changed()
    wider["dims"]["kind"].append("made up")
    unsigned = changed(signed=[])
    forged = changed()
    forged["signed"][0]["key"] = sign_public(bytes(32)).hex()
    for wrong in (another, wider, unsigned, forged):
        with pytest.raises(NotSigned):
            check(wrong)
    with pytest.raises(ValueError, match="cannot be read"):
        check(changed(signed=[{"release": "2026-06-30"}]))


def test_the_file_for_reports_holds_only_rows_of_at_least_ten(with_release: Year) -> None:
    answer = with_release.at_desk(Role.BOARD).get("/ban/so-lieu.csv")
    _, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))

    assert rows
    assert all(int(row[-2]) >= 10 for row in rows)
    assert all(row[0] == "30/06/2026" for row in rows)


@pytest.mark.slow
def test_the_document_and_the_workbook_hold_the_same_rows_for_every_member(with_release: Year) -> None:
    other = factories.add_person(
        with_release.app,
        Newcomer(name="Lò Thị Mai", title_vi="Ủy viên", title_en="Member", roles=frozenset({Role.BOARD})),
    )
    one, another = with_release.at_desk(Role.BOARD), factories.signed_in(with_release.app, other)
    files = {kind: one.get(f"/ban/so-lieu.{kind}").data for kind in ("docx", "xlsx")}
    time.sleep(2.1)  # the clock of a zip file counts in twos
    assert {kind: another.get(f"/ban/so-lieu.{kind}").data for kind in files} == files

    page = openpyxl.load_workbook(io.BytesIO(files["xlsx"])).worksheets[0]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=4) if row[-1].value is not None]
    assert [str(row[-2]) for row in rows] == [row[-2] for row in _csv_of(one)]
    assert all(row[-2] >= 10 for row in rows)
    tables = docx.Document(io.BytesIO(files["docx"])).tables
    shown = [row.cells[-1].text for table in tables for row in table.rows[1:]]
    assert shown
    assert all(word == "12" or word.startswith("từ 12") for word in shown)


def test_before_the_first_release_there_is_no_file(year: Year) -> None:
    assert year.at_desk(Role.BOARD).get("/ban/so-lieu.docx").status_code == 404


def _csv_of(browser: FlaskClient) -> list[list[str]]:
    _, *rows = csv.reader(io.StringIO(browser.get("/ban/so-lieu.csv").data.decode("utf-8-sig")))
    return rows


def test_an_earlier_release_keeps_its_own_page_and_points_to_the_newest(
    with_release: Year, clock: Any
) -> None:
    clock.set(noon(2026, 10, 5))
    with_release.releases(SEPTEMBER)
    member = with_release.at_desk(Role.BOARD)
    old, new = member.get("/ban/2026-06-30"), member.get("/ban/")

    assert "Đây là một kỳ trước" in old.text
    assert "Đến hết ngày 30/09/2026" in words_of(new)
    assert 'href="/ban/2026-06-30"' in new.text
    assert "Lần công bố chính xác gần nhất là 12." in words_of(new)


def test_figures_somebody_changed_are_not_shown_to_anybody(with_release: Year) -> None:
    with with_release.app.app_context(), db.writing() as session:
        session.connection().exec_driver_sql("UPDATE published_row SET low = 3, high = 3 WHERE position = 0")
    for browser, address in (
        (with_release.at_desk(Role.BOARD), "/ban/"),
        (with_release.at_desk(Role.BOARD), "/ban/so-lieu.json"),
        (with_release.at_desk(Role.CUSTODIAN), "/lam-viec/cong-bo/"),
    ):
        page = browser.get(address)
        assert page.status_code == 500
        assert "không khớp với dấu kiểm" in page.text
        assert "own_by_kind" not in page.text


# The custodians


def test_two_custodians_publish_through_their_pages_and_the_board_sees_what_they_saw(
    year: Year, clock: Any
) -> None:
    clock.set(noon(2026, 5, 2))
    year.gets(7)
    clock.set(noon(2026, 7, 5))
    first, second = year.at_desk(Role.CUSTODIAN, 0), year.at_desk(Role.CUSTODIAN, 1)
    chosen = {"as_of": "2026-06-30", "second": year.person(Role.CUSTODIAN, 1).person_id}

    factories.post(first, "/lam-viec/cong-bo/bat-dau", chosen)
    assert "Đang chờ Phạm Thị Khóa" in first.get("/lam-viec/cong-bo/").text
    assert "Lê Văn Giữ mời bạn công bố cùng" in second.get("/lam-viec/cong-bo/").text
    looked = factories.post(second, "/lam-viec/cong-bo/dem", follow_redirects=True)
    assert "Chưa công bố" in looked.text
    assert "Chưa có kỳ công bố nào" in year.at_desk(Role.BOARD).get("/ban/").text
    done = factories.post(second, "/lam-viec/cong-bo/cong-bo", follow_redirects=True)

    assert "Đã công bố. Ban xem được ngay." in done.text
    assert figures_of(year.at_desk(Role.BOARD).get("/ban/")) == figures_of(looked)


def test_a_long_count_says_how_far_it_is_goes_on_by_itself_and_can_be_stopped_anywhere(
    year: Year, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.set(noon(2026, 5, 2))
    year.gets(2)
    year.gets(1, struck=[year.person(Role.CUSTODIAN, 1)])
    clock.set(noon(2026, 7, 5))
    monkeypatch.setattr(tally, "_BATCH", 1)
    monkeypatch.setattr(custodian_pages, "PATIENCE", 0)
    first, second = year.at_desk(Role.CUSTODIAN, 0), year.at_desk(Role.CUSTODIAN, 1)
    chosen = {"as_of": "2026-06-30", "second": year.person(Role.CUSTODIAN, 1).person_id}
    here, counting = "/lam-viec/cong-bo/", "/lam-viec/cong-bo/dang-dem"

    assert factories.post(first, f"{here}bat-dau", chosen).headers["Location"] == counting
    page = first.get(counting)
    assert '<noscript><meta http-equiv="refresh" content="1"></noscript>' in page.text
    assert 'data-again="/lam-viec/cong-bo/"' in page.text, "where a script goes once it is done"
    assert "Đã thử 66 % số thư." in words_of(page)
    assert "Bạn đang đếm dở" in first.get(here).text
    assert "Đã dừng." in factories.post(first, f"{here}dung", follow_redirects=True).text
    assert "Bạn đang đếm dở" not in first.get(here).text
    assert "Chưa có gì thay đổi." in first.get(counting, follow_redirects=True).text

    factories.post(first, f"{here}bat-dau", chosen)
    first.get(counting)
    assert "Đang chờ Phạm Thị Khóa" in first.get(counting, follow_redirects=True).text
    factories.post(second, f"{here}dem")
    told = [words_of(second.get(counting)) for _ in range(2)]
    assert "Đã thử 66 % số thư." in told[0]
    assert "Đã đếm xong." in told[1]
    assert "Chưa công bố" in second.get(counting, follow_redirects=True).text
    assert "Chưa công bố" in second.get(counting, follow_redirects=True).text, "loaded once too often"
    assert "Bạn đã đếm xong" in second.get(here).text
    assert year.published() == []
    factories.post(second, f"{here}cong-bo")
    assert year.published()[0].tables
    assert "Bạn đang đếm dở" not in second.get(here).text


def test_the_pages_never_say_how_many_letters_anybody_can_open(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 5, 2))
    chosen = {"as_of": "2026-06-30", "second": year.person(Role.CUSTODIAN, 1).person_id}
    pages = []
    for round_ in range(2):
        clock.set(noon(2026, 7, 5))
        first, second, third = (year.at_desk(Role.CUSTODIAN, place) for place in range(3))
        told = factories.post(first, "/lam-viec/cong-bo/bat-dau", chosen, follow_redirects=True)
        looked = factories.post(second, "/lam-viec/cong-bo/dem", follow_redirects=True)
        seen = [told, first.get("/lam-viec/cong-bo/"), third.get("/lam-viec/cong-bo/"), looked]
        pages.append([words_of(page) for page in seen])
        factories.post(second, "/lam-viec/cong-bo/de-lai")
        if not round_:
            clock.set(noon(2026, 5, 2))
            year.gets(3)
            year.gets(1, struck=[year.person(Role.CUSTODIAN)])

    assert pages[0] == pages[1]


def test_a_form_with_nothing_chosen_says_what_is_missing(year: Year) -> None:
    custodian = year.at_desk(Role.CUSTODIAN)
    answer = factories.post(custodian, "/lam-viec/cong-bo/bat-dau")

    assert answer.status_code == 422
    assert "Bạn chưa chọn ngày." in answer.text
    assert "Bạn chưa chọn người giữ khóa thứ hai." in answer.text


def test_a_step_out_of_turn_is_told_kindly_and_changes_nothing(year: Year) -> None:
    custodian = year.at_desk(Role.CUSTODIAN)
    for deed in ("dem", "cong-bo", "de-lai"):
        told = factories.post(custodian, f"/lam-viec/cong-bo/{deed}", follow_redirects=True)
        assert "Chưa có gì thay đổi." in told.text, deed
    assert custodian.get("/lam-viec/cong-bo/xem-truoc").status_code == 302
    assert year.published() == []


def test_a_custodian_who_is_not_on_the_roster_cannot_begin(year: Year) -> None:
    newcomer = factories.add_person(
        year.app,
        Newcomer(name="Hà Thị Mới", title_vi="Y sĩ", title_en="Nurse", roles=frozenset({Role.CUSTODIAN})),
    )
    page = factories.signed_in(year.app, newcomer).get("/lam-viec/cong-bo/")

    assert "Bạn chưa có trong danh sách" in page.text


# The survey beside


def compared(
    year: Year, *, linked: int, closed: date = JUNE, found: tuple[Any, Any] | None = None, wave: str = "after"
) -> None:
    """Two waves of this year, put side by side, of which so many people could be joined. found: joint, effects."""
    counted = {"before": 250, "after": 240, "linked": linked, "smallest": None}
    empty: dict[str, Any] = {"scores": [], "yes_no": [], "ratings": []}
    joint, told = found or ({}, {**counted, **empty})
    with year.app.app_context(), db.writing() as session:
        before, after = (
            rounds.plan(
                session,
                year.person(Role.CAMPAIGNER).identity,
                year=2026,
                wave=one,
                opens_on=closed,
                closes_on=closed,
            )
            for one in ("before", wave)
        )
        session.flush()
        session.add(
            Comparison(
                before_id=before.id,
                after_id=after.id,
                joint=joint,
                effects=told,
                charts={},
                digest=f"{wave}{linked}",
                made_on=core_clock.today(),
            )
        )


@pytest.mark.parametrize(("linked", "shown"), [(10, True), (9, False)])
def test_the_survey_stands_beside_only_when_ten_people_could_be_joined(
    with_release: Year, linked: int, shown: bool
) -> None:
    compared(with_release, linked=linked)
    page = words_of(with_release.at_desk(Role.BOARD).get("/ban/"))

    assert ("Khảo sát năm 2026" in page) is shown
    assert ("250 người trả lời trước" in page) is shown


def test_a_survey_that_closed_after_the_release_waits_for_the_next(with_release: Year) -> None:
    compared(with_release, linked=40, closed=date(2026, 7, 1))
    member = with_release.at_desk(Role.BOARD)

    assert "Khảo sát năm 2026" not in words_of(member.get("/ban/"))
    assert "Chưa có kết quả khảo sát" in words_of(member.get("/ban/khao-sat/"))
    assert member.get("/ban/khao-sat/2026-sau").status_code == 404


def test_a_member_sees_what_changed_in_pictures_and_tables_and_without_a_p(with_release: Year) -> None:
    before, after = (
        [
            {
                "K1": "sai" if number < right else "dung",
                "T3": str(1 + (number + right) % 5),
                "H1": ["113", "111"],
            }
            for number in range(40)
        ]
        for right in (12, 30)
    )
    joint = effects.freeze([(place, place) for place in range(40)], before, after, QUESTIONS)
    found = joint.to_json(), effects.effects(joint).to_json()
    compared(with_release, linked=40, found=found)
    compared(with_release, linked=30, wave="followup")
    member = with_release.at_desk(Role.BOARD)

    newest = member.get("/ban/khao-sat/")
    page = words_of(member.get("/ban/khao-sat/2026-sau"))
    assert "/ban/khao-sat/2026-sau" in newest.text, "each other time has its link"
    assert (
        "/ban/khao-sat/2026-sau" in member.get("/ban/").text
        or "2026-sau-ba-thang" in member.get("/ban/").text
    )
    assert QUESTIONS.item("K1").label.vi in page
    assert "30 % 75 % +45" in page
    assert "Holm" not in page
    assert "McNemar" not in page
    picture = member.get("/ban/khao-sat/2026-sau/hinh-dung.svg")
    assert picture.data.startswith(b"<svg") or b"<svg" in picture.data[:200]
    assert "attachment" in picture.headers["Content-Disposition"]
    for who, status in ((Role.CAMPAIGNER, 404), (Role.HANDLER, 404)):
        assert with_release.at_desk(who).get("/ban/khao-sat/2026-sau").status_code == status


def test_before_the_roster_can_be_read_the_page_says_so_and_shows_no_names(with_release: Year) -> None:
    with with_release.app.app_context():
        (config.current().instance / "roster.seen").write_text("9 x\n", encoding="ascii")
    page = words_of(with_release.at_desk(Role.BOARD).get("/ban/2026-06-30"))

    assert "chưa kiểm được: không đọc được danh sách" in page
    assert "Lê Văn Giữ" not in page


def test_a_signature_that_does_not_fit_is_said_in_bold(with_release: Year) -> None:
    with patch.object(shares, "figures_signed", return_value=False):
        page = with_release.at_desk(Role.BOARD).get("/ban/")

    assert "<b>không khớp; xin báo một người giữ khóa</b>" in page.text
