"""The campaigner's pages: what comes next is said first, and nothing is opened, closed or taken back by one slip."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core import clock as core_clock
from core import db, rosters
from core.access import Role
from intake.keys.founding import Founded
from survey import cards
from survey.models import Card, CardUse, Comparison, Round
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.surveys import Campaigner, Respondent, kept, listening, state_of


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    """The campaigner's browser, signed in, on 20 November 2026."""
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def planned(desk: FlaskClient, prefix: str = "", **other: str) -> str:
    """Send the form of a new round; the page that follows."""
    form = {"wave": "before", "opens_on": "21/11/2026", "closes_on": "30/11/2026", "with_cards": "y", **other}
    return post(desk, f"{prefix}/dieu-hanh/dot-moi", form, follow_redirects=True).text


def the_round(app: Flask) -> Round:
    with app.app_context(), db.reading() as session:
        return session.scalars(select(Round)).one()


# The desk


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("prefix", "words"), [("", "Ghi đợt trước chiến dịch"), ("/en", "Plan the round before")]
)
def test_an_empty_desk_says_what_comes_first(desk: FlaskClient, prefix: str, words: str) -> None:
    page = desk.get(f"{prefix}/dieu-hanh/").text

    assert words in page
    assert f'href="{prefix}/dieu-hanh/dot-moi"' in page


def test_the_desk_costs_at_most_six_statements_with_the_number_in_its_menu(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    campaigner.prints(3)
    campaigner.closes(campaigner.opens("before"))
    campaigner.opens("after")
    desk.get("/dieu-hanh/")

    with listening(app) as said:
        assert desk.get("/dieu-hanh/").status_code == 200

    assert len(said) <= 6, "\n".join(said)


def test_answers_are_counted_for_the_whole_centre(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    codes = campaigner.prints(3)
    round_id = campaigner.opens("before", invited=1500)
    for code in codes[:2]:
        Respondent(app, code).answers(round_id, B1="tram_y_te")

    page = desk.get("/dieu-hanh/").text

    assert re.search(r'data-label="Trả lời">2<', page)
    assert re.search(r'data-label="Được mời">1.500<', page)
    assert "tram_y_te" not in page


@pytest.mark.embedded
@pytest.mark.parametrize(
    "role", [role for role in Role if role is not Role.CAMPAIGNER and role is not Role.UNIT]
)
def test_nobody_else_has_a_desk_there(app: Flask, centre: Founded, role: Role) -> None:
    browser = signed_in(app, centre.of(role)[0])

    for path in ("/dieu-hanh/", "/dieu-hanh/dot-moi"):
        assert browser.get(path).status_code == 404
    assert post(browser, "/dieu-hanh/the", {"count": "5"}).status_code == 404


@pytest.mark.embedded
def test_a_stranger_is_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/dieu-hanh/").status_code == 302


# Planning


def test_a_round_is_planned(app: Flask, desk: FlaskClient) -> None:
    page = planned(desk, invited="1.250")

    assert "Đã ghi đợt khảo sát" in page
    found = the_round(app)
    assert (found.year, found.wave, found.state, found.invited, found.with_cards) == (
        2026,
        "before",
        "planned",
        1250,
        True,
    )
    assert (found.opens_on, found.closes_on) == (date(2026, 11, 21), date(2026, 11, 30))


@pytest.mark.embedded
def test_a_browser_that_sends_days_its_own_way_is_understood(app: Flask, desk: FlaskClient) -> None:
    planned(desk, opens_on="2026-11-25", closes_on="2026-11-26")

    assert the_round(app).opens_on == date(2026, 11, 25)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("wave", "", "Bạn chưa trả lời câu này"),
        ("opens_on", "32/11/2026", "Ngày này chưa đúng"),
        ("closes_on", "", "Bạn chưa trả lời câu này"),
        ("closes_on", "20/11/2026", "không thể trước ngày mở"),
        ("invited", "-1", "Từ 0 đến 100.000"),
        ("invited", "ba trăm", "chỉ nhận chữ số"),
        ("invited", "1,5", "số nguyên"),
    ],
)
def test_a_mistake_in_the_plan_is_named_and_nothing_is_lost(
    app: Flask, desk: FlaskClient, name: str, value: str, words: str
) -> None:
    page = planned(desk, **{"invited": "300", name: value})

    assert words in page
    assert "Có chỗ cần xem lại" in page
    if value:
        assert f'value="{value}"' in page
    with app.app_context(), db.reading() as session:
        assert session.scalars(select(Round)).all() == []


@pytest.mark.embedded
def test_a_round_that_is_over_before_it_begins_is_refused(desk: FlaskClient) -> None:
    assert "Ngày này đã qua" in planned(desk, opens_on="01/11/2026", closes_on="10/11/2026")


def test_the_same_wave_is_not_planned_twice(desk: FlaskClient) -> None:
    planned(desk)

    assert "đã được ghi và chưa đóng" in planned(desk)
    assert "planned or open already" in planned(desk, prefix="/en")


def test_two_rounds_never_take_answers_at_once(app: Flask, desk: FlaskClient, campaigner: Campaigner) -> None:
    planned(desk)
    said = planned(desk, wave="after", opens_on="30/11/2026", closes_on="10/12/2026")
    assert "Trước chiến dịch: nhận trả lời từ 21/11/2026 đến 30/11/2026." in said
    assert "cannot take answers at once" in planned(
        desk, wave="after", opens_on="25/11/2026", closes_on="26/11/2026", prefix="/en"
    )
    later = campaigner.plans("after", date(2026, 12, 1))
    post(desk, f"/dieu-hanh/dot/{later}/mo")
    assert "Hai đợt không thể cùng nhận" in desk.get("/dieu-hanh/").text
    with app.app_context(), db.reading() as session:
        assert session.get_one(Round, later).state == "planned", "opening it early would meet the one before"


def test_a_wave_after_new_year_belongs_to_the_wave_before_it(app: Flask, campaigner: Campaigner) -> None:
    campaigner.plans("before", date(2026, 11, 1))
    followup = campaigner.plans("followup", date(2027, 3, 10))
    next_before = campaigner.plans("before", date(2027, 11, 1))
    next_after = campaigner.plans("after", date(2027, 12, 20))
    alone = campaigner.plans("after", date(2031, 1, 5))

    with app.app_context(), db.reading() as session:
        years = [session.get_one(Round, one).year for one in (followup, next_before, next_after, alone)]
    assert years == [2026, 2027, 2027, 2031]


# Opening, closing, taking back


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_opening_is_asked_first_and_then_done(app: Flask, desk: FlaskClient, prefix: str) -> None:
    planned(desk)
    path = f"{prefix}/dieu-hanh/dot/{the_round(app).id}/mo"

    asked = desk.get(path)

    assert asked.status_code == 200
    assert ("Open this round?" if prefix else "Mở đợt này?") in asked.text
    assert ("no cards for this year" if prefix else "Chưa có thẻ nào cho năm này") in asked.text
    assert the_round(app).state == "planned"
    done = post(desk, path, follow_redirects=True).text
    assert ("The round is open" if prefix else "Đợt khảo sát đã mở") in done
    assert the_round(app).state == "open"


def test_closing_is_asked_first_with_the_number_of_answers(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    codes = campaigner.prints(2)
    round_id = campaigner.opens("before")
    Respondent(app, codes[0]).answers(round_id, K1="sai")
    path = f"/dieu-hanh/dot/{round_id}/dong"

    assert "Đã có 1 người trả lời" in desk.get(path).text
    assert state_of(app, round_id) == "open"
    assert "Đợt khảo sát đã đóng" in post(desk, path, follow_redirects=True).text
    assert state_of(app, round_id) == "closed"
    assert len(kept(app, round_id)) == 1


def test_a_planned_round_is_taken_back(app: Flask, desk: FlaskClient) -> None:
    planned(desk)
    path = f"/dieu-hanh/dot/{the_round(app).id}/bo"

    assert "Bỏ đợt này?" in desk.get(path).text
    assert "Đã bỏ đợt khảo sát" in post(desk, path, follow_redirects=True).text
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Round)) == 0


@pytest.mark.embedded
@pytest.mark.parametrize("deed", ["mo", "bo"])
def test_a_deed_that_came_too_late_says_so_and_changes_nothing(
    app: Flask, desk: FlaskClient, campaigner: Campaigner, deed: str
) -> None:
    round_id = campaigner.opens("before")

    for page in (
        desk.get(f"/dieu-hanh/dot/{round_id}/{deed}", follow_redirects=True),
        post(desk, f"/dieu-hanh/dot/{round_id}/{deed}", follow_redirects=True),
    ):
        assert "đã được thay đổi trước đó" in page.text
    assert state_of(app, round_id) == "open"


@pytest.mark.embedded
def test_a_round_nobody_knows_cannot_be_opened(desk: FlaskClient) -> None:
    assert desk.get(f"/dieu-hanh/dot/{'0' * 32}/mo").status_code == 404
    assert desk.get(f"/dieu-hanh/dot/{'0' * 32}/xoa").status_code == 404


@pytest.mark.embedded
def test_without_a_valid_roster_nothing_opens(
    app: Flask, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(desk)

    def nobody(_session: object) -> None:
        raise rosters.NoRoster

    monkeypatch.setattr(rosters, "current", nobody)
    page = post(desk, f"/dieu-hanh/dot/{the_round(app).id}/mo", follow_redirects=True)

    assert "Chưa có danh sách người giữ khóa còn hạn" in page.text
    assert the_round(app).state == "planned"


@pytest.mark.embedded
def test_a_form_without_the_sessions_token_changes_nothing(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    round_id = campaigner.opens("before")

    answer = desk.post(f"/dieu-hanh/dot/{round_id}/dong")

    assert answer.status_code in (400, 401)
    assert state_of(app, round_id) == "open"


# Cards


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_cards_are_shown_once_to_be_printed(app: Flask, desk: FlaskClient, prefix: str) -> None:
    page = post(desk, f"{prefix}/dieu-hanh/the", {"count": "12"})

    codes = re.findall(r"<output>([0-9 ]{14})</output>", page.text)
    assert page.status_code == 200
    assert len({cards.parse(code) for code in codes}) == 12
    assert page.text.count("<svg") == 12
    assert ("12 cards, shown only once" if prefix else "12 thẻ, chỉ hiện một lần") in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert not any(code in desk.get("/dieu-hanh/").text for code in codes)


@pytest.mark.embedded
def test_no_code_stands_in_an_address_or_a_picture(app: Flask, desk: FlaskClient) -> None:
    page = post(desk, "/dieu-hanh/the", {"count": "3"}).text
    codes = re.findall(r"<output>([0-9 ]{14})</output>", page)

    pictures = set(re.findall(r"<svg.*?</svg>", page, re.S))

    assert len(pictures) == 1, "the picture is the same on each card, so it tells nothing of any"
    assert not any(code.replace(" ", "") in page for code in codes)


@pytest.mark.embedded
@pytest.mark.parametrize("count", ["0", "2001", "", "nhiều", "1,5"])
def test_a_wrong_number_of_cards_is_named(app: Flask, desk: FlaskClient, count: str) -> None:
    page = post(desk, "/dieu-hanh/the", {"count": count})

    assert page.status_code == 422
    assert 'href="#count"' in page.text
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Card)) == 0


def test_cards_printed_while_a_round_is_open_may_answer_in_it(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    round_id = campaigner.opens("before")

    page = post(desk, "/dieu-hanh/the", {"count": "2"}).text

    code = re.findall(r"<output>([0-9 ]{14})</output>", page)[0]
    assert Respondent(app, code).answers(round_id, K1="sai").status_code == 200
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(func.count()).select_from(CardUse)) == 2


def test_cards_printed_after_new_year_belong_to_the_survey_that_still_runs(
    app: Flask, centre: Founded, campaigner: Campaigner, clock: StillClock
) -> None:
    campaigner.closes(campaigner.opens("before"))
    after = campaigner.plans("after", date(2027, 1, 4))
    clock.set(datetime(2027, 1, 5, 9, tzinfo=core_clock.ZONE))
    browser = signed_in(app, centre.of(Role.CAMPAIGNER)[0])

    page = post(browser, "/dieu-hanh/the", {"count": "1"}).text

    code = re.findall(r"<output>([0-9 ]{14})</output>", page)[0]
    Respondent(app).lists()
    assert Respondent(app, code).answers(after, K1="sai").status_code == 200


# What changed


def joined(app: Flask, campaigner: Campaigner) -> str:
    """Two closed rounds and a comparison of few people, as a custodian would leave it; the address of its page."""
    from survey import effects
    from tests.surveys import QUESTIONS

    before, after = campaigner.opens("before"), campaigner.opens("after")
    campaigner.closes(before)
    campaigner.closes(after)
    joint = effects.freeze([], [{}] * 4, [{}] * 3, QUESTIONS)
    with app.app_context(), db.writing() as session:
        session.add(
            Comparison(
                before_id=before,
                after_id=after,
                joint=joint.to_json(),
                effects=effects.effects(joint).to_json(),
                charts={},
                digest="f" * 64,
                made_on=core_clock.today(),
            )
        )
    return f"/dieu-hanh/thay-doi/{before}/{after}"


@pytest.mark.embedded
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_with_too_few_people_the_page_says_so_and_shows_no_table(
    app: Flask, desk: FlaskClient, campaigner: Campaigner, prefix: str
) -> None:
    path = joined(app, campaigner)

    page = desk.get(prefix + path).text

    assert ("At least 10 people" if prefix else "Cần ít nhất 10 người") in page
    assert "<table" not in page
    assert ("no group to compare" if prefix else "Không có nhóm so sánh") in page


@pytest.mark.embedded
def test_the_desk_leads_to_what_changed(app: Flask, desk: FlaskClient, campaigner: Campaigner) -> None:
    path = joined(app, campaigner)

    page = desk.get("/dieu-hanh/").text

    assert f'href="{path}"' in page
    assert "Xem điều gì đã thay đổi" in page


@pytest.mark.embedded
def test_a_comparison_nobody_made_is_not_there(desk: FlaskClient) -> None:
    assert desk.get(f"/dieu-hanh/thay-doi/{'0' * 32}/{'1' * 32}").status_code == 404
