"""A survey from end to end, as the people in front of it see it: printed, drawn, answered twice, joined, read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core import clock as core_clock
from core.access import Role
from intake.keys.founding import Founded
from survey.xlsform import writing
from tests import factories
from tests.conftest import Live, StillClock, window
from tests.journeys.people import goes_back
from tests.journeys.survey_people import AtHome, CampaignerAtDesk, CustodianWhoJoins, WithoutMouse
from tests.survey.test_import_pages import as_csv, as_kobo
from tests.surveys import QUESTIONS, Campaigner, Custodian, Respondent, kept

pytestmark = pytest.mark.browser

Look = Callable[[Page], None]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
OTHERS = 12


@pytest.fixture
def centre(app: Flask, clock: StillClock) -> Iterator[Founded]:
    with factories.cheap_locks():
        yield factories.found_centre(app)


@pytest.fixture
def campaigner(live: Live, centre: Founded) -> Campaigner:
    """The campaigner's deeds without a browser, for what a test only needs."""
    return Campaigner(live.app, centre.of(Role.CAMPAIGNER)[0])


@pytest.fixture
def desk(browser: Browser, live: Live, centre: Founded) -> Iterator[CampaignerAtDesk]:
    with window(browser, live.url) as context:
        yield CampaignerAtDesk(context.new_page(), live.app, centre.of(Role.CAMPAIGNER)[0])


@pytest.fixture
def phone(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    """A small phone whose scripts are switched off."""
    with window(browser, live.url, java_script_enabled=False, **PHONE) as context:
        yield context


def knows(number: int) -> dict[str, str]:
    """Answers of somebody who knows so many of the eight."""
    known = [item for item in QUESTIONS.items("before") if item.measure.kind == "knowledge"]
    right = {item.code: item.measure.right or "" for item in known[:number]}
    return right | {item.code: "khong_biet" for item in known[number:]}


def test_a_survey_is_printed_answered_twice_joined_and_read(
    desk: CampaignerAtDesk,
    live: Live,
    centre: Founded,
    phone: BrowserContext,
    visitor: BrowserContext,
    clock: StillClock,
) -> None:
    desk.signs_in()
    assert "Việc tiếp theo: Ghi đợt trước chiến dịch" in desk.looks()
    assert "Việc tiếp theo: In thẻ" in desk.plans("before", date(2026, 11, 23), date(2026, 11, 27), 14)
    cards = desk.prints(20)
    assert len(set(cards)) == 20
    assert "Việc tiếp theo: Chờ ngày mở" in desk.looks()
    assert "Đợt khảo sát đã mở" in desk.opens()

    somebody = AtHome(phone.new_page(), cards[0])
    assert somebody.finds_the_survey() == "Khảo sát nhận thức"
    somebody.fills_in(**knows(3), T1="5", H1=["113", "111"], B1="tram_y_te")
    assert "Đã nhận câu trả lời" in somebody.sends()
    with_keys = WithoutMouse(visitor.new_page(), cards[1])
    assert "Đã nhận câu trả lời" in with_keys.answers(**knows(4), T1="4", H1=["113"])
    for number in range(2, 2 + OTHERS):
        Respondent(live.app, cards[number]).answers(_open(live), **knows(2 + number % 4))

    clock.set(datetime(2026, 11, 28, 8, tzinfo=core_clock.ZONE))
    assert "Việc tiếp theo: Ghi đợt sau chiến dịch" in desk.looks()
    desk.plans("after", date(2026, 11, 28), date(2026, 12, 4), 14)
    assert "Việc tiếp theo: Mời mọi người trả lời" in desk.looks()
    assert "Đã nhận câu trả lời" in somebody.answers(**knows(6), X2="1_2")
    assert "Thẻ này đã trả lời rồi" in somebody.answers(**knows(8))
    assert "Đã nhận câu trả lời" in with_keys.answers(**knows(6), X1=["X_taphuan", "X_loa"])
    for number in range(2, 2 + OTHERS):
        Respondent(live.app, cards[number]).answers(_open(live), **knows(4 + number % 4))
    assert "Đợt khảo sát đã đóng" in desk.closes()
    assert "Việc tiếp theo: Chờ người giữ khóa ghép" in desk.looks()

    with window(visitor.browser, live.url) as own:  # type: ignore[arg-type]
        custodian = CustodianWhoJoins(own.new_page(), live.app, centre.of(Role.CUSTODIAN)[0])
        custodian.signs_in()
        assert "Đã ghép và tính xong" in custodian.joins()

    read = desk.reads_what_changed()
    assert "14 người trả lời trước và 14 người trả lời sau; 14 người ghép được hai lần" in read
    assert "cứ 100 người thì thêm 26 người trả lời đúng" in read
    assert desk.page.locator("figure svg").count() == 2


def _open(live: Live) -> str:
    from sqlalchemy import select

    from core import db
    from survey.models import Round

    with live.app.app_context(), db.reading() as session:
        return session.scalars(select(Round.id).where(Round.state == "open")).one()


def test_a_mistyped_card_leads_to_its_box_and_loses_nothing(
    campaigner: Campaigner, live: Live, both_ways: BrowserContext
) -> None:
    (code,) = campaigner.prints(1)
    round_id = campaigner.opens("before")
    somebody = AtHome(both_ways.new_page(), f"{code[:4]} {code[4:8]} {(int(code[8:]) + 1) % 10000:04d}")
    page = somebody.page

    said = somebody.answers(K1="sai", H1=["111"])

    assert "Có một chữ số chưa đúng" in said
    expect(page).to_have_title("Có chỗ cần xem lại – Góc nhân viên – Khảo sát nhận thức")
    page.click("[role=alert] a")
    assert page.url.endswith("#card")
    expect(page.locator("input[name=K1][value=sai]")).to_be_checked()
    page.fill("#card", code)
    assert "Đã nhận câu trả lời" in somebody.sends()
    assert [row.answers.strip() for row in kept(live.app, round_id)] == [b'{"H1":["111"],"K1":"sai"}']


def test_a_mistake_in_the_folded_questions_unfolds_them(
    campaigner: Campaigner, both_ways: BrowserContext
) -> None:
    (code,) = campaigner.prints(1)
    campaigner.opens("before")
    somebody = AtHome(both_ways.new_page(), code)
    somebody.finds_the_survey()
    page = somebody.page
    expect(page.locator("#E1")).to_be_hidden()
    page.click("text=Phòng khi lần sau mất thẻ")
    page.fill("#E1", "Bà")

    somebody.fills_in()
    somebody.sends()

    expect(page.locator("#E1")).to_be_visible()
    expect(page.locator("#E1")).to_have_value("Bà")


def test_pressing_send_twice_counts_once(campaigner: Campaigner, live: Live, visitor: BrowserContext) -> None:
    (code,) = campaigner.prints(1)
    round_id = campaigner.opens("before")
    somebody = AtHome(visitor.new_page(), code)
    somebody.finds_the_survey()
    somebody.fills_in(K1="sai")

    somebody.page.dblclick("#send")

    expect(somebody.page.locator(".panel")).to_be_visible()
    assert len(kept(live.app, round_id)) == 1


def test_going_back_after_sending_shows_no_answers_to_the_next_person(
    campaigner: Campaigner, both_ways: BrowserContext
) -> None:
    (code,) = campaigner.prints(1)
    campaigner.opens("before")
    somebody = AtHome(both_ways.new_page(), code)
    somebody.answers(K1="sai")

    goes_back(somebody.page)

    expect(somebody.page.locator("#card")).to_have_value("")
    assert somebody.page.locator("input:checked").count() == 0


def test_the_language_is_kept_on_the_whole_way(campaigner: Campaigner, both_ways: BrowserContext) -> None:
    (code,) = campaigner.prints(1)
    campaigner.opens("before")
    somebody = AtHome(both_ways.new_page(), code, "/en")

    assert somebody.finds_the_survey() == "Awareness survey"
    somebody.fills_in(K1="sai")
    assert "Your answers have arrived" in somebody.sends()
    somebody.page.click("text=Tiếng Việt")
    assert "/en/" not in somebody.page.url


def test_every_page_of_a_respondent_is_open_to_everybody(
    campaigner: Campaigner, visitor: BrowserContext, assert_accessible: Look
) -> None:
    first, second = campaigner.prints(2)
    somebody = AtHome(visitor.new_page(), first)
    page = somebody.page

    def look(path: str = "") -> None:
        if path:
            page.goto(path)
        assert_accessible(page)

    look("/khao-sat/")
    round_id = campaigner.opens("before")
    look("/khao-sat/")
    look(f"/en/khao-sat/{round_id}")
    look(f"/khao-sat/{round_id}")
    page.click("details >> nth=1")
    look()
    somebody.card = "12"
    somebody.answers(K1="sai")
    look()
    somebody.card = first
    somebody.answers(K1="sai")
    look()
    somebody.answers(K1="dung")
    look()
    campaigner.closes(round_id)
    look(f"/khao-sat/{round_id}")
    after = campaigner.opens("after", with_cards=False)
    look(f"/khao-sat/{after}")
    assert second


def test_every_page_of_the_campaigner_and_the_custodian_is_open_to_everybody(
    campaigner: Campaigner,
    browser: Browser,
    live: Live,
    centre: Founded,
    assert_accessible: Look,
) -> None:
    with window(browser, live.url) as one, window(browser, live.url) as other:
        desk = CampaignerAtDesk(one.new_page(), live.app, centre.of(Role.CAMPAIGNER)[0])
        desk.signs_in()
        page = desk.page

        def look(path: str = "") -> None:
            if path:
                page.goto(path)
            assert_accessible(page)

        look("/dieu-hanh/")
        look("/dieu-hanh/dot-moi")
        page.click("main form .btn")
        look()
        page.goto("/dieu-hanh/")
        page.fill("#count", "0")
        page.click("main form[action$='/the'] [data-page]")
        look()
        cards = desk.prints(14)
        look()
        planned = campaigner.plans("followup", date(2026, 12, 20))
        look(f"/dieu-hanh/dot/{planned}/mo")
        look(f"/dieu-hanh/dot/{planned}/bo")
        look("/dieu-hanh/ke-hoach/2026")
        look(f"/dieu-hanh/dot/{planned}/giay/phieu")
        rounds = [_answered(campaigner, live, wave, cards) for wave in ("before", "after")]
        look("/dieu-hanh/")
        custodian = CustodianWhoJoins(other.new_page(), live.app, centre.of(Role.CUSTODIAN)[0])
        custodian.signs_in()
        custodian.page.goto("/lam-viec/ghep/")
        assert_accessible(custodian.page)
        Custodian(live.app, centre.of(Role.CUSTODIAN)[0]).joins(*rounds)
        custodian.page.goto("/lam-viec/ghep/")
        assert_accessible(custodian.page)
        look(f"/dieu-hanh/dot/{rounds[0]}/du-lieu")
        look(f"/dieu-hanh/dot/{campaigner.opens('followup')}/giay/")
        look(f"/dieu-hanh/thay-doi/{rounds[0]}/{rounds[1]}")
        for folded in page.locator("summary").all():
            folded.click()
        look()


def _answered(campaigner: Campaigner, live: Live, wave: str, cards: list[str]) -> str:
    round_id = campaigner.opens(wave)
    for number, code in enumerate(cards[:12]):
        level = str(1 + (number + (wave == "after")) % 5)
        Respondent(live.app, code).answers(round_id, **knows(2 + number % 4), T1=level, T2=level)
    campaigner.closes(round_id)
    return round_id


def test_no_page_is_wider_than_a_small_phone(
    campaigner: Campaigner, browser: Browser, live: Live, centre: Founded
) -> None:
    cards = campaigner.prints(14)
    rounds = [_answered(campaigner, live, wave, cards) for wave in ("before", "after")]
    Custodian(live.app, centre.of(Role.CUSTODIAN)[0]).joins(*rounds)
    third = campaigner.opens("followup")
    with window(browser, live.url, viewport={"width": 320, "height": 640}) as context:
        desk = CampaignerAtDesk(context.new_page(), live.app, centre.of(Role.CAMPAIGNER)[0])
        desk.signs_in()
        pages = ["/khao-sat/", f"/khao-sat/{third}", "/dieu-hanh/", "/dieu-hanh/dot-moi"]
        pages += [f"/dieu-hanh/dot/{third}/dong", f"/dieu-hanh/thay-doi/{rounds[0]}/{rounds[1]}"]
        pages += [f"/dieu-hanh/dot/{third}/giay/", f"/dieu-hanh/dot/{third}/giay/phieu"]
        pages += ["/dieu-hanh/ke-hoach/2026", f"/dieu-hanh/dot/{rounds[0]}/du-lieu"]
        for path in [prefix + path for path in pages for prefix in ("", "/en")]:
            desk.page.goto(path)
            width = desk.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, path
        desk.prints(2)
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_ten_cards_fit_a_sheet_and_every_digit_stands_inside_its_card(
    campaigner: Campaigner, desk: CampaignerAtDesk
) -> None:
    desk.signs_in()
    desk.prints(10)
    page = desk.page
    page.set_viewport_size({"width": 658, "height": 1000})  # 174 mm: an A4 sheet within its margins
    page.emulate_media(media="print")

    outside = page.evaluate(
        """() => [...document.querySelectorAll(".card")].filter(card => {
             const box = card.getBoundingClientRect();
             return [...card.querySelectorAll("output, .qr, small, b")].some(part => {
               const inner = part.getBoundingClientRect();
               return inner.left < box.left || inner.right > box.right
                 || inner.top < box.top || inner.bottom > box.bottom || part.scrollWidth > part.clientWidth + 1;
             });
           }).length"""
    )

    assert outside == 0
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def _answered_at_once(page: Page, card: str) -> str:
    """With scripts everything stands on one page, and what hangs on an answer comes and goes with it."""
    expect(page.locator("#so_lan")).to_be_hidden()
    page.check("input[name=da_hoc][value=co]")
    page.fill("#so_lan", "5")
    expect(page.get_by_text("Cảm ơn bạn đã dự 5 lần.")).to_be_visible()
    page.check("input[name=nhom][value=goi]")
    expect(page.locator("input[name=H1]:visible")).to_have_count(3)
    page.click("#send")
    expect(page.locator("[role=alert]")).to_be_focused()
    page.click("a.tongue")
    expect(page.locator("#so_lan")).to_have_value("5")
    page.click("a.tongue")
    page.fill("#card", card)
    page.click("#send")
    return page.inner_text("main")


def test_a_workbook_is_uploaded_looked_over_and_answered_page_by_page_with_the_keys_alone(
    desk: CampaignerAtDesk, campaigner: Campaigner, phone: BrowserContext, assert_accessible: Look
) -> None:
    desk.signs_in()
    assert "Bạn xem lại trước khi dùng" in desk.brings("survey/data/mau_bang_hoi.xlsx")
    assert_accessible(desk.page)
    desk.page.click("text=Ghi một đợt khảo sát")
    desk.page.check("text=Khảo sát mẫu")
    version = desk.page.locator("input[name=questionnaire]:checked").get_attribute("value") or ""
    card, another = campaigner.prints(2)
    desk.page.goto(f"/khao-sat/{campaigner.opens('before', questionnaire_id=version)}")
    assert_accessible(desk.page)
    assert "Đã nhận câu trả lời" in _answered_at_once(desk.page, another)

    somebody = WithoutMouse(phone.new_page(), card)
    assert somebody.finds_the_survey() == "Khảo sát mẫu"
    assert somebody.page.inner_text(".progress").strip() == "Còn 7 trang nữa"
    somebody.fills_in()
    assert "Chỉ phụ nữ mới có thể bị quấy rối." in somebody.sends()
    somebody.card = ""
    somebody.fills_in(K1="sai")
    somebody.sends()
    somebody.sends()
    somebody.fills_in(da_hoc="khong")
    assert "Bạn muốn hỏi về nơi nào?" in somebody.sends(), "what hangs on it is passed over"
    somebody.fills_in(nhom="goi")
    assert "114 - Cứu hỏa" in somebody.sends()
    assert "Chợ" not in somebody.page.inner_text("main")
    somebody.fills_in(H1=["111"])
    assert "Đã nhận câu trả lời" in somebody.sends()


def test_a_paper_is_typed_twice_with_the_keys_alone_and_files_from_elsewhere_are_matched(
    desk: CampaignerAtDesk, campaigner: Campaigner, live: Live, assert_accessible: Look
) -> None:
    version = campaigner.writes(writing.example())
    round_id = campaigner.opens("before", with_cards=False, questionnaire_id=version)
    desk.signs_in()
    page = desk.page
    page.goto(f"/dieu-hanh/dot/{round_id}/giay/")
    assert "lần thứ hai" in desk.types_a_paper(E2="7", K1="2", da_hoc="2", so_lan="12")
    said = desk.types_a_paper(E2="7", K1="3", da_hoc="2", so_lan="12")
    assert "Hai lần gõ khác nhau" in said
    assert desk.stands_on() == "K1", "what differs is where the next key goes"
    page.keyboard.press("Control+A")
    assert "Lượt này: 1 phiếu" in desk.types_a_paper(K1="2")
    assert [row.answers.strip() for row in kept(live.app, round_id)] == [b'{"K1":"sai","da_hoc":"khong"}']

    rows = [{name: row[name] for name in ("start", "nhom/MA", "nhom/K1")} for row in as_kobo(12, learnt=0)]
    wrong = [*rows[:3], rows[3] | {"nhom/K1": "có lẽ"}, *rows[4:]]
    assert "Khớp cột với câu hỏi" in desk.brings_answers(as_csv(wrong), as_csv(rows))
    assert_accessible(page)
    expect(page.get_by_label("nhom/K1", exact=True)).to_have_value("K1")
    page.get_by_label("Tệp thứ hai là đợt").select_option("followup")
    page.get_by_label("nhom/MA", exact=True).select_option("=link")
    page.click("text=Kiểm tra và tính")
    expect(page.get_by_label("Tệp thứ hai là đợt")).to_have_value("followup")
    assert "truoc.csv, dòng 5, nhom/K1 (K1)" in page.inner_text("main")
