"""The campaigner and the administrator keep the year: days, messages, calendar, news. Everybody sees the same page of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from board.activities.models import Activity, UnitReport
from core import campaign_editing, clock, db, units
from core.access import Denied, Role
from core.campaign import Campaign, CampaignNews, Message
from core.campaign_editing import (
    CampaignFacts,
    DaysDoNotFit,
    EventFacts,
    MayNotStand,
    MessageFacts,
    YearIsOver,
)
from core.db import new_id
from core.deadlines import Standing, standing
from core.meanwhile import Overtaken
from intake.keys.founding import Founded
from survey.models import QuestionnaireVersion, Round
from tests.factories import post, signed_in

pytestmark = pytest.mark.embedded
DESK = "/dieu-hanh/chien-dich/"


@pytest.fixture
def desk(app: Flask, centre: Founded) -> FlaskClient:
    """The campaigner at their desk."""
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def _form(desk: FlaskClient) -> dict[str, str]:
    page = desk.get(DESK).text
    inputs = re.findall(r'<input class="input[^"]*" id="[^"]+" name="([^"]+)"[^>]* value="([^"]*)"', page)
    areas = re.findall(r'<textarea class="input" id="[^"]+" name="([^"]+)"[^>]*>\n([^<]*)</textarea>', page)
    hidden = re.findall(r'name="(seen)" type="hidden" value="([^"]*)"', page)
    assert hidden
    return {name: unescape(value) for name, value in [*inputs, *areas, *hidden]}


def _campaign(app: Flask) -> Campaign:
    with app.app_context(), db.reading() as session:
        return session.scalars(select(Campaign).order_by(Campaign.year.desc())).first() or pytest.fail("none")


def test_a_moved_deadline_makes_nobody_late_and_the_page_tells_where_it_stood(
    app: Flask, desk: FlaskClient
) -> None:
    form = _form(desk)
    assert form["units_report_before"] == "08/12/2026"
    answer = post(desk, DESK, {**form, "units_report_before": "03/12/2026"})
    assert answer.status_code == 302
    page = desk.get(DESK).text
    assert "Hạn dời từ trước ngày 08/12/2026 sang trước ngày 03/12/2026" in page
    assert "là trước ngày 08/12/2026" in page
    deadline = _campaign(app).particulars.units_report
    assert deadline is not None
    assert deadline.last_day == date(2026, 12, 2)
    today = clock.today()
    assert standing(today, deadline) is Standing.ON_TIME
    assert standing(date(2026, 12, 5), deadline) is Standing.LATE


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"centre_reports_before": "01/12/2026"}, "đứng trước hạn ở trên nó"),
        ({"begins": "15/11/2025"}, "không thuộc năm của chiến dịch"),
        ({"ends": "01/11/2026"}, "đứng trước ngày bắt đầu"),
        ({"figures_as_of": "31/12/2026"}, "đứng trước hạn ở trên nó"),
        ({"begins": "31/02/2026"}, "Ngày này chưa đúng"),
        ({"title_vi": " "}, "Bạn chưa trả lời câu này"),
    ],
)
def test_days_that_contradict_one_another_are_refused_and_what_was_typed_is_kept(
    app: Flask, desk: FlaskClient, changed: dict[str, str], said: str
) -> None:
    answer = post(desk, DESK, {**_form(desk), "theme_vi": "Chủ đề mới", **changed})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Chủ đề mới" in answer.text
    assert _campaign(app).theme_vi != "Chủ đề mới"


def test_two_people_do_not_write_over_each_other_unawares(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    mine, theirs = _form(desk), _form(desk)
    other = signed_in(app, centre.of(Role.ADMINISTRATOR)[0])
    assert post(other, DESK, {**theirs, "place_vi": "Vạn Hà"}).status_code == 302
    answer = post(desk, DESK, {**mine, "theme_vi": "Chủ đề của tôi"})
    assert answer.status_code == 409
    assert "Người khác vừa sửa" in answer.text
    assert "Chủ đề của tôi" in answer.text
    assert _campaign(app).details["place_vi"] == "Vạn Hà"
    again = re.search(r'name="seen" type="hidden" value="([^"]*)"', answer.text)
    assert again
    assert post(desk, DESK, {**mine, "theme_vi": "Chủ đề của tôi", "seen": again[1]}).status_code == 302
    assert _campaign(app).theme_vi == "Chủ đề của tôi"


@pytest.mark.slow
def test_neither_do_they_in_messages_events_and_news(app: Flask, centre: Founded, desk: FlaskClient) -> None:
    here = f"{DESK}lich-va-tin/"
    event = {"title_vi": "Hội thi", "begins": "02/12/2026"}
    news = {"text_vi": "Đã mở hội thi", "on_day": "20/11/2026"}
    post(desk, f"{here}viec/moi", event)
    post(desk, f"{here}tin/moi", news)
    listed = desk.get(here).text + desk.get(f"{DESK}thong-diep/").text
    other = signed_in(app, centre.of(Role.ADMINISTRATOR)[0])
    for kind, field, sent in (
        ("lich-va-tin/viec", "title_vi", event),
        ("lich-va-tin/tin", "text_vi", news),
        ("thong-diep", "text_vi", {"group": "chung"}),
    ):
        (path, *_) = re.findall(f'href="({DESK}{kind}/[0-9a-fM]+)"', listed)
        opened = {**sent, "seen": _seen(desk.get(path).text)}
        assert post(other, path, {**opened, field: "Lời của họ"}).status_code == 302
        answer = post(desk, path, {**opened, field: "Lời của mình"})
        assert answer.status_code == 409, path
        assert "Người khác vừa sửa" in answer.text
        assert "Lời của mình" in answer.text
        assert "<dd>Lời của họ</dd>" in answer.text
        assert "Lời của họ" in desk.get(path).text
        again = {**opened, field: "Lời của mình", "seen": _seen(answer.text)}
        assert post(desk, path, again).status_code == 302
        assert "Lời của mình" in desk.get(path).text


def test_who_was_faster_is_looked_up_in_the_transaction_that_writes(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    who, form = centre.of(Role.CAMPAIGNER)[0].identity, _form(desk)
    post(desk, DESK, {**form, "place_vi": "Vạn Hà"})
    with app.app_context(), db.reading() as session, pytest.raises(Overtaken):
        campaign_editing.save_campaign(session, who, 2026, FACTS, seen=form["seen"])


def _seen(page: str) -> str:
    found = re.search(r'name="seen" type="hidden" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_year_with_no_plan_and_no_deadline_works_everywhere(app: Flask, desk: FlaskClient) -> None:
    empty = dict.fromkeys(
        ("plan_vi", "higher_plan_vi", "higher_plan_en", "units_report_before", "centre_reports_before"), ""
    )
    answer = post(desk, DESK, {**_form(desk), **empty, "supplement_until": "", "figures_as_of": ""})
    assert answer.status_code == 302
    known = _campaign(app).particulars
    assert (known.plan, known.higher_plan, known.units_report, known.as_of) == (None, None, None, None)
    visitor = app.test_client()
    for path in ("/", "/lich", "/lich.ics", "/en/lich"):
        assert visitor.get(path).status_code == 200
    assert "Bắt đầu Tháng hành động" in visitor.get("/lich").text
    assert desk.get(DESK).status_code == 200


def test_an_urging_message_stays_off_the_home_page(app: Flask, desk: FlaskClient) -> None:
    sent: dict[str, Any] = {"text_vi": "Hãy lên tiếng ngay hôm nay", "group": "hanh_dong", "places": ["home"]}
    refused = post(desk, f"{DESK}thong-diep/moi", sent)
    assert refused.status_code == 422
    assert "chỉ đặt ở: trang chiến dịch, áp phích" in refused.text
    assert post(desk, f"{DESK}thong-diep/moi", {**sent, "places": ["poster"]}).status_code == 302
    kind = {"text_vi": "Yêu thương bắt đầu từ nhà", "group": "hanh_dong", "places": ["home"]}
    assert post(desk, f"{DESK}thong-diep/moi", kind).status_code == 302
    home = app.test_client().get("/").text
    assert "Yêu thương bắt đầu từ nhà" in home
    assert "Hãy lên tiếng ngay" not in home
    assert "Yêu thương bắt đầu từ nhà" in desk.get(f"{DESK}thong-diep/").text


def test_a_message_is_changed_and_taken_out(app: Flask, desk: FlaskClient) -> None:
    with app.app_context(), db.reading() as session:
        before = session.scalars(select(Message).where(Message.year == 2026)).all()
    code = before[0].code
    sent = {"text_vi": "Lời đã sửa", "text_en": "", "group": before[0].group, "places": before[0].places}
    assert post(desk, f"{DESK}thong-diep/{code}", sent).status_code == 302
    assert "Lời đã sửa" in desk.get(f"{DESK}thong-diep/").text
    assert post(desk, f"{DESK}thong-diep/{code}/bo").status_code == 302
    assert "Lời đã sửa" not in desk.get(f"{DESK}thong-diep/").text
    assert desk.get(f"{DESK}thong-diep/{code}").status_code == 404


def test_an_event_stands_in_the_calendar_of_everybody_and_in_its_file(app: Flask, desk: FlaskClient) -> None:
    sent = {
        "title_vi": "Tọa đàm, hỏi đáp",
        "begins": "02/12/2026",
        "starts_at": "8h30",
        "place_vi": "Hội trường",
    }
    assert post(desk, f"{DESK}lich-va-tin/viec/moi", sent).status_code == 302
    visitor = app.test_client()
    page = visitor.get("/lich").text
    assert "Tọa đàm, hỏi đáp" in page
    assert "08:30" in page
    assert "Tọa đàm, hỏi đáp" in visitor.get("/").text
    file = visitor.get("/lich.ics")
    assert file.content_type == "text/calendar; charset=utf-8"
    lines = file.get_data(as_text=True).replace("\r\n ", "").split("\r\n")
    assert "SUMMARY:Tọa đàm\\, hỏi đáp" in lines
    assert "DTSTART:20261202T013000Z" in lines
    assert "SUMMARY:Ngày cuối các đơn vị báo cáo đúng hạn" in lines
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 7
    wrong = post(desk, f"{DESK}lich-va-tin/viec/moi", {**sent, "starts_at": "25:00", "ends": "01/12/2026"})
    assert "Ghi giờ như 14:00" in wrong.text
    found = re.search(r"lich-va-tin/viec/([0-9a-f]{32})", desk.get(f"{DESK}lich-va-tin/").text)
    assert found
    assert post(desk, f"{DESK}lich-va-tin/viec/{found[1]}", {**sent, "ends": "01/12/2026"}).status_code == 422
    assert post(desk, f"{DESK}lich-va-tin/viec/{found[1]}/bo").status_code == 302
    assert "Tọa đàm, hỏi đáp" not in visitor.get("/lich").text


def test_news_names_nobody_unless_somebody_says_that_it_is_no_name(app: Flask, desk: FlaskClient) -> None:
    sent = {"text_vi": "Chị Hoa mở đầu buổi tọa đàm", "on_day": "20/11/2026"}
    refused = post(desk, f"{DESK}lich-va-tin/tin/moi", sent)
    assert refused.status_code == 422
    assert "“Chị Hoa” giống tên người" in refused.text
    assert 'name="no_person"' in refused.text
    street = {"text_vi": "Hội thi ở đường Lê Lợi", "on_day": "21/11/2026"}
    assert post(desk, f"{DESK}lich-va-tin/tin/moi", street).status_code == 422
    assert post(desk, f"{DESK}lich-va-tin/tin/moi", {**street, "no_person": "y"}).status_code == 302
    assert "Hội thi ở đường Lê Lợi" in app.test_client().get("/").text
    with app.app_context(), db.reading() as session:
        (news,) = session.scalars(select(CampaignNews)).all()
    assert news.text_en == news.text_vi
    assert post(desk, f"{DESK}lich-va-tin/tin/{news.id}/bo").status_code == 302
    assert "Lê Lợi" not in app.test_client().get("/").text


def test_whoever_signs_in_sees_what_the_units_plan_and_nobody_else_does(app: Flask, centre: Founded) -> None:
    with app.app_context(), db.writing() as session:
        unit = units.valid(session)[0]
        report = UnitReport(
            id=new_id(),
            unit_id=unit.id,
            year=2026,
            state="drafted",
            version=1,
            changed_on=clock.today(),
            note="",
        )
        session.add(report)
        session.flush()
        session.add(_activity(report, title="Hội thi trong khoa", planned_on=date(2026, 12, 3)))
        session.add(_activity(report, title="Chưa định ngày", planned_on=None))
        session.add(
            Round(id=new_id(), year=2026, wave="after", questionnaire_id=_questionnaire(session), **_DAYS)
        )
    desk = signed_in(app, centre.of(Role.BOARD)[0])
    inside = desk.get("/lich/noi-bo").text
    assert "Hội thi trong khoa" in inside
    assert unit.name_vi in inside
    assert "Chưa định ngày" not in inside
    assert "SUMMARY:Hội thi trong khoa" in desk.get("/lich/noi-bo.ics").text
    stranger = app.test_client()
    for path in ("/lich", "/lich.ics"):
        assert "Hội thi trong khoa" not in stranger.get(path).text
        assert "Khảo sát sau chiến dịch" in stranger.get(path).text.replace("\r\n ", "")
    assert stranger.get("/lich/noi-bo").status_code == 302
    assert stranger.get("/lich/noi-bo.ics").status_code == 302


_DAYS = {"opens_on": date(2026, 12, 10), "closes_on": date(2026, 12, 20)}


def _questionnaire(session: Any) -> str:
    return str(session.scalars(select(QuestionnaireVersion.id)).first())


def _activity(report: UnitReport, **given: Any) -> Activity:
    empty = dict.fromkeys(("held_on", "participants", "women", "men", "cost"))
    return Activity(
        id=new_id(), report_id=report.id, type_code="A11", state="planned", version=1, hand=new_id(),
        audience="", numbers={}, description="", **(empty | given),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("viec", {"title_vi": "Hội thi", "begins": "02/12/2025"}, "không thuộc năm của chiến dịch"),
        ("tin", {"text_vi": "Đã mở hội thi", "on_day": "01/12/2026"}, "Ngày này chưa đến"),
        ("tin", {"text_vi": "Đã mở hội thi", "on_day": "01/11/2025"}, "không thuộc năm của chiến dịch"),
    ],
)
def test_a_day_that_cannot_be_meant_is_noticed(
    desk: FlaskClient, path: str, sent: dict[str, str], said: str
) -> None:
    answer = post(desk, f"{DESK}lich-va-tin/{path}/moi", sent)
    assert answer.status_code == 422
    assert said in answer.text


def test_home_and_calendar_are_the_same_bytes_for_everybody(app: Flask, desk: FlaskClient) -> None:
    for path in ("/", "/lich", "/en/", "/en/lich"):
        assert app.test_client().get(path).data == desk.get(path).data, path


def test_the_campaigners_pages_are_for_campaigner_and_administrator(app: Flask, centre: Founded) -> None:
    for person in (centre.of(role)[0] for role in Role if centre.of(role)):
        may = bool(person.roles & {Role.CAMPAIGNER, Role.ADMINISTRATOR})
        client = signed_in(app, person)
        for path in ("", "thong-diep/", "lich-va-tin/", "2020") if may else ("", "thong-diep/"):
            assert client.get(DESK + path).status_code == (200 if may else 404)
    assert app.test_client().get(DESK).status_code == 302


def test_an_earlier_year_is_looked_at_and_never_changed(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    assert "Chỉ để xem" in desk.get(f"{DESK}2020").text or "chỉ để xem" in desk.get(f"{DESK}2020").text
    assert desk.get(f"{DESK}1999").status_code == 404
    who = centre.of(Role.CAMPAIGNER)[0].identity
    with app.app_context(), db.reading() as session, pytest.raises(YearIsOver):
        campaign_editing.remove_message(session, who, 2020, "M01")


DEEDS: list[Callable[[Any, Any], Any]] = [
    lambda s, who: campaign_editing.save_campaign(s, who, 2026, FACTS),
    lambda s, who: campaign_editing.begin_year(s, who),
    lambda s, who: campaign_editing.save_message(s, who, 2026, None, MESSAGE),
    lambda s, who: campaign_editing.remove_message(s, who, 2026, "M03"),
    lambda s, who: campaign_editing.save_event(s, who, 2026, None, EVENT),
    lambda s, who: campaign_editing.remove_event(s, who, 2026, "x"),
    lambda s, who: campaign_editing.save_news(s, who, 2026, None, date(2026, 11, 20), ("x", "")),
    lambda s, who: campaign_editing.remove_news(s, who, 2026, "x"),
]
FACTS = CampaignFacts(
    title_vi="x",
    title_en="x",
    theme_vi="x",
    theme_en="x",
    begins=date(2026, 11, 15),
    ends=date(2026, 12, 15),
    details={},
)
MESSAGE = MessageFacts(text_vi="x", text_en="", group="chung", places=("home",))
EVENT = EventFacts(
    begins=date(2026, 12, 2), ends=None, starts_at="", title_vi="x", title_en="", place_vi="", place_en=""
)


def test_each_deed_asks_who_one_is_first(app: Flask, centre: Founded) -> None:
    others = [one.identity for one in centre.people if not one.roles & {Role.CAMPAIGNER, Role.ADMINISTRATOR}]
    with app.app_context(), db.reading() as session:
        for deed in DEEDS:
            for who in [*others, None]:
                with pytest.raises(Denied):
                    deed(session, who)


def test_a_leap_day_moves_to_the_28th_and_words_of_one_winter_stay_behind(
    app: Flask, centre: Founded
) -> None:
    who = centre.of(Role.ADMINISTRATOR)[0].identity
    with app.app_context(), clock.freeze(datetime(2027, 10, 1, tzinfo=clock.ZONE)), db.writing() as session:
        last = session.get(Campaign, 2026)
        assert last is not None
        moved = [{"name": "units_report_before", "before": "2026-12-08", "stood_until": "2026-12-01"}]
        last.details = {**last.details, "supplement_until": "2028-02-29", "moved": moved, "plan_vi": "12/KH"}
        session.add(Message(year=2026, code="M90", text_vi="x", text_en="x", group="covid", places=[]))
        fresh = campaign_editing.begin_year(session, who)
        session.flush()
        assert fresh.details["supplement_until"] == "2029-02-28"
        assert fresh.details["plan_vi"] == ""
        assert fresh.particulars.units_report is not None
        assert fresh.particulars.units_report.moved == ()
        assert session.get(Message, (2027, "M90")) is None
        session.rollback()


@pytest.mark.parametrize("ahead", [-40, 400])
def test_a_campaign_neither_ends_before_it_begins_nor_lasts_for_years(ahead: int) -> None:
    wrong = FACTS.__class__(
        **{name: getattr(FACTS, name) for name in FACTS.__slots__}
        | {"ends": FACTS.begins + timedelta(days=ahead)}
    )
    with pytest.raises(DaysDoNotFit):
        campaign_editing.check_days(2026, wrong)


def test_the_places_of_a_message_are_held_to_the_rule_below_the_page(app: Flask, centre: Founded) -> None:
    who = centre.of(Role.CAMPAIGNER)[0].identity
    blaming = MessageFacts(text_vi="Im lặng là đồng lõa", text_en="", group="chung", places=("poster",))
    with app.app_context(), db.reading() as session, pytest.raises(MayNotStand):
        campaign_editing.save_message(session, who, 2026, None, blaming)
