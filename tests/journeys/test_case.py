"""One case from arrival to closing, each person at a browser of their own: consent, referral, names, hand-over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from core.access import Role
from intake.keys.founding import Founded
from tests import factories
from tests.conftest import Live, window
from tests.journeys.people import HandlerAtDesk, LetterWriter
from tests.letters import sign_a_new_roster

pytestmark = pytest.mark.browser

Look = Callable[[Page], None]
SOON = "01/01/2026"


@pytest.fixture
def centre(live: Live) -> Iterator[Founded]:
    with factories.cheap_locks():
        yield factories.found_centre(live.app)


@pytest.fixture
def people(browser: Browser, live: Live, centre: Founded) -> Iterator[list[HandlerAtDesk]]:
    """Two handlers and a custodian, signed in."""
    with (
        window(browser, live.url) as one,
        window(browser, live.url) as two,
        window(browser, live.url) as three,
    ):
        who = (*centre.of(Role.HANDLER)[:2], centre.of(Role.CUSTODIAN)[0])
        seats = [
            HandlerAtDesk(context.new_page(), live.app, person)
            for context, person in zip((one, two, three), who, strict=True)
        ]
        for seat in seats:
            seat.signs_in()
        yield seats


class CaseFile:
    """The file of a case as it lies before one person."""

    def __init__(self, page: Page, case_id: str) -> None:
        self.page, self.address = page, f"/lam-viec/{case_id}/ho-so"

    def look(self) -> str:
        """All there is, every part unfolded."""
        self.page.goto(self.address)
        self.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        return self.page.inner_text("main")

    def writes(self, kind: str, *picks: str, choose: dict[str, str] | None = None, **said: str) -> str:
        """Fill one part in and send it. picks: "name=value"; choose: the first row of a list, by name."""
        self.look()
        part = self.page.locator(f"details#{kind}")
        for pick in picks:
            name, value = pick.split("=")
            part.locator(f"input[name='{name}'][value='{value}']").check()
        for name, words in said.items():
            part.locator(f"[name='{name}']").fill(words)
        for name in choose or {}:
            part.locator(f"select[name='{name}']").select_option(index=1)
        part.locator("form .btn").click()
        return self.page.inner_text("main")


def test_three_people_at_three_browsers_take_a_case_from_arrival_to_closing(
    browser: Browser, live: Live, centre: Founded, people: list[HandlerAtDesk], assert_accessible: Look
) -> None:
    first, second, custodian = people
    with window(browser, live.url) as context:
        writer = LetterWriter(context.new_page(), scripts=True)
        writer.writes("Tối hôm đó anh ấy chặn cửa phòng trực.", name="Nguyễn Thị Ẩn")
        case_id = writer.case_id(live.app)
        first.opens_the_first()
        _assesses(CaseFile(first.page, case_id), assert_accessible)
        _refers_by_consent(CaseFile(first.page, case_id))
        _shares_by_two(CaseFile(first.page, case_id), CaseFile(second.page, case_id))
        _opens_the_names(first.page, custodian.page, case_id)
        with window(browser, live.url) as desk:
            newcomer = HandlerAtDesk(desk.new_page(), live.app, sign_a_new_roster(live.app, centre))
            newcomer.signs_in()
            _hands_over(first, newcomer, writer, case_id)
            _closes(CaseFile(newcomer.page, case_id))
        assert "Đã kết thúc" in writer.reads() or "kết thúc" in writer.reads()


def _assesses(file: CaseFile, assert_accessible: Look) -> None:
    assert "Đánh giá nguy cơ lần đầu." in file.look()
    assert_accessible(file.page)
    said = file.writes("danh-gia", "risk_level=standard", "risk_factors=choking")
    assert "Đã ghi vào hồ sơ." in said
    assert "Cùng người bị hại lập kế hoạch an toàn." in said
    file.writes("an-toan", places="Nhà chị gái")
    file.writes("nhu-cau", "needs=health")
    assert "Mức nguy cơ" in file.look()


def _refers_by_consent(file: CaseFile) -> None:
    where = {"recipient": "Bệnh viện huyện"}
    refused = file.writes("chuyen-gui", "service=health", **where, on=SOON)
    assert "Cần một sự đồng ý còn hiệu lực" in refused
    agreed = {**where, "content": "Cần khám", "purpose": "Khám", "means": "Điện thoại", "on": SOON}
    assert "Đã ghi" in file.writes("dong-y", "given=yes", "form=spoken", **agreed)
    assert "Đã ghi" in file.writes("chuyen-gui", "service=health", choose={"consent": ""}, **where, on=SOON)
    assert "Đã ghi" in file.writes("ket-qua", "result=accepted", choose={"of": ""})


def _shares_by_two(first: CaseFile, second: CaseFile) -> None:
    where = {"recipient": "Công an xã", "content": "Có đe dọa", "purpose": "Bảo vệ", "means": "Gọi 113"}
    first.writes("khong-dong-y", "ground=life", "told_first=yes", reason="Tính mạng", **where)
    told = {"recipient": "Công an xã", "on": SOON}
    first.look()
    assert not first.page.locator("#khong-dong-y form select").count()
    assert "Đã ghi" in second.writes("nguoi-thu-hai", choose={"of": ""})
    assert "Đã ghi" in first.writes("chuyen-gui", "service=police", choose={"override": ""}, **told)
    assert "hai người đã ký" in first.look()


def _opens_the_names(handler: Page, custodian: Page, case_id: str) -> None:
    handler.goto(f"/lam-viec/{case_id}/ten")
    handler.fill("[name=reason]", "Cần gọi đúng người.")
    handler.click("form[action$='/xin'] .btn")
    custodian.goto("/lam-viec/mo-ten")
    assert "Cần gọi đúng người." in custodian.inner_text("main")
    custodian.click("form[action$='/dong-y'] .btn")
    handler.goto(f"/lam-viec/{case_id}/ten")
    handler.click("form[action$='/ten/mo'] .btn")
    assert "Nguyễn Thị Ẩn" in handler.inner_text("main")


def _hands_over(first: HandlerAtDesk, newcomer: HandlerAtDesk, writer: LetterWriter, case_id: str) -> None:
    """To somebody who joined later: the reporter is told first, then the colleague is let in, then one steps back."""
    first.opens_the_first()
    assert "nhắc lại lời trong thư" in first.answers("Bạn kể anh ấy chặn cửa phòng trực, đồng nghiệp sẽ lo.")
    assert "Đã gửi trả lời" in first.answers("Từ nay một đồng nghiệp của tôi cùng bạn đi tiếp.")
    first.page.goto(f"/lam-viec/{case_id}/chuyen")
    first.page.click("form[action$='/chuyen/bao'] .btn")
    assert "Ngô Thị Mới" in writer.reads()
    newcomer.page.goto(f"/lam-viec/{case_id}/ho-so")
    assert "Ngô Thị Mới" not in newcomer.page.inner_text("main"), "told is not let in"
    first.page.click("form[action$='/chuyen/xong'] .btn")
    assert "Đã chuyển" in first.page.inner_text("main")
    first.page.goto(f"/lam-viec/{case_id}/rut")
    first.page.click("main form .btn--grave")
    answer = first.page.goto(f"/lam-viec/{case_id}/ho-so")
    assert answer is not None
    assert answer.status == 404


def _closes(file: CaseFile) -> None:
    file.page.goto("/lam-viec/")  # the referral that a colleague wrote down is asked about here too
    assert "Hỏi kết quả chuyển gửi" in file.page.inner_text("main table")
    file.writes("phan-loai", "genuine=yes", "rape=no", "sexual_assault=no", "physical_assault=yes")
    said = file.writes("ket-thuc", "closure=da_chuyen", "outcome=safer", "reporter_told=yes")
    assert "Đã ghi vào hồ sơ." in said
    assert "Mở lại" in file.look()
    assert "Việc cần làm ngay" not in file.look()
