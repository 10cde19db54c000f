"""Reports of units: what a unit may write, that nobody overwrites anybody, filing, returning, sums, doubts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from board.activities import judging, month_days, reports
from board.activities.kinds import KINDS, OFFERED
from board.activities.lines import Line, as_filed, from_filed
from board.activities.models import Activity, UnitReport
from board.activities.reports import ChangedMeanwhile, NotNow, NoUnit
from board.activities.sense import Month, could_name, doubts, of_line
from board.activities.standing import filed_reports, progress
from board.activities.summing import totals
from core import accounts, db
from core.access import Denied, Identity, Role
from core.campaign import Campaign
from core.db import new_id
from core.deadlines import Standing
from core.i18n import speak
from core.units import Unit, valid
from tests.conftest import StillClock

MONTH = Month(
    unit_kind="tram_y_te",
    begins=date(2026, 11, 15),
    ends=date(2026, 12, 15),
    today=date(2026, 11, 20),
)


def line(code: str = "A07", **said: Any) -> Line:
    return Line(**{"id": new_id(), "type_code": code, "state": "held", "numbers": {"count": 1}, **said})


# --- pure: types, lines, sums


def test_what_could_point_at_one_family_is_not_offered_to_a_unit() -> None:
    assert {kind.code for kind in KINDS.values() if kind not in OFFERED} == {"A13", "A14", "A19"}


def test_a_line_is_the_same_after_it_was_filed() -> None:
    said = line(held_on=date(2026, 11, 20), women=3, title="Hội nghị", cost=500)
    assert from_filed(as_filed(said)) == said


def test_sums_count_what_was_held_and_follow_from_what_was_written() -> None:
    one = [
        line(numbers={"count": 2}, participants=50, women=30),
        line(participants=None, women=10, men=5),
        line(state="planned", numbers={"count": 9}),
        line("A02", numbers={"count": 4}, cost=200),
    ]
    other = [line(participants=20), line("A02", state="none", numbers={})]
    found = totals([one, other])
    meetings, banners = found["A07"], found["A02"]
    assert (meetings.units, meetings.entries, meetings.quantity) == (2, 3, 4)
    assert (meetings.participants, meetings.women, meetings.men, meetings.unsplit) == (85, 40, 25, 20)
    assert (banners.units, banners.said_none, banners.quantity, banners.cost) == (1, 1, 4, 200)
    assert found["A13"].entries == 0


# --- pure: what is worth a second look


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"participants": 5000}, "rất đông"),
        ({"participants": 10, "women": 3, "men": 2}, "không bằng tổng"),
        ({"participants": 10, "women": 12}, "nhiều hơn tổng"),
        ({"held_on": date(2026, 10, 1), "participants": 9}, "ngoài tháng"),
        ({"held_on": date(2026, 12, 1), "participants": 9}, "chưa tới"),
        ({"state": "planned", "planned_on": date(2026, 11, 16)}, "đã qua"),
        ({"numbers": {}, "participants": 9}, "chưa ghi số lượng"),
        ({"numbers": {"count": 900}, "participants": 9}, "nhiều hơn thường thấy"),
        ({"cost": 2_000_000, "participants": 9}, "nghìn đồng"),
        ({"description": "Thăm chị Lan ở thôn 3", "participants": 9}, "một người cụ thể"),
    ],
)
def test_what_looks_wrong_is_said(said: dict[str, Any], expected: str) -> None:
    speak("vi")
    assert any(expected in words.vi for words in of_line(line(**said), MONTH))


def test_an_ordinary_entry_and_a_zero_raise_no_doubt() -> None:
    plain = line(held_on=date(2026, 11, 20), participants=40, women=25, men=15, title="Phổ biến Luật")
    zero = line("A02", state="none", numbers={})
    assert doubts([plain, zero], MONTH) == []


def test_the_same_entry_twice_is_noticed() -> None:
    twice = [line(held_on=date(2026, 11, 20), participants=40, title="Hội nghị") for _ in range(2)]
    (found,) = doubts(twice, MONTH)
    assert found.line_id == twice[1].id


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Thăm 01 nạn nhân ở thôn 3", True),
        ("chi Lan bi chong danh", True),
        ("Cháu Nguyễn Thị B, 14 tuổi", True),
        ("Gọi 0912 345 678", True),
        ("Tuyên truyền phòng, chống bạo lực; hỗ trợ người bị bạo lực", False),
        ("Nói chuyện với chị em phụ nữ thôn 3", False),
        ("Ban hành kế hoạch, văn bản số 12", False),
        ("Hội thi tìm hiểu Luật Bình đẳng giới", False),
    ],
)
def test_words_that_may_name_somebody_hurt_are_noticed(words: str, names: bool) -> None:
    assert could_name(words) is names


def test_a_commended_person_may_be_named() -> None:
    assert not could_name("Biểu dương chị Nguyễn Thị Hoa", commended=True)


# --- deeds


@dataclass
class Units:
    """A centre with two reporters of one station, one of another unit, and the secretary."""

    app: Flask
    people: dict[str, Identity]
    units: list[Unit]

    def save(self, who: str, said: Line, *, seen: int = 0, hand: str = "") -> int:
        with self.app.app_context(), db.writing() as session:
            return reports.save(
                session, self.people[who], 2026, said, seen=seen, hand=hand or new_id()
            ).version

    def does(self, who: str, deed: Any, *args: Any, **options: Any) -> Any:
        with self.app.app_context(), db.writing() as session:
            return deed(session, self.people[who], *args, **options)

    def report(self, place: int = 0) -> UnitReport:
        with self.app.app_context(), db.reading() as session:
            found = reports.report_of(session, self.units[place].id, 2026)
        assert found is not None
        return found

    def lines(self, place: int = 0) -> list[Line]:
        with self.app.app_context(), db.reading() as session:
            return [reports.line_of(one) for one in reports.entries(session, self.report(place))]

    def files(self, who: str = "yen", place: int = 0) -> UnitReport:
        return self.does(who, reports.file, 2026, seen=self.report(place).version)  # type: ignore[no-any-return]


@pytest.fixture
def units(app: Flask, clock: StillClock) -> Units:
    with app.app_context(), db.writing() as session:
        found = valid(session)[:2]
        people = {
            name: accounts.invite(
                session, name=name, title_vi="x", title_en="x", roles=frozenset({role}), unit_id=unit
            ).identity
            for name, role, unit in [
                ("yen", Role.UNIT, found[0].id),
                ("lan", Role.UNIT, found[0].id),
                ("khoa", Role.UNIT, found[1].id),
                ("lac", Role.UNIT, None),
                ("thu", Role.CAMPAIGNER, None),
                ("ban", Role.BOARD, None),
            ]
        }
    return Units(app, people, found)


def test_a_unit_writes_in_its_own_report_alone(units: Units) -> None:
    said = line()
    units.save("yen", said)
    assert units.save("lan", said, seen=1) == 2, "a colleague of the unit may go on"
    for who, wrong in (("khoa", Denied), ("thu", Denied), ("ban", Denied), ("lac", NoUnit)):
        with pytest.raises(wrong):
            units.save(who, said, seen=2)
    with pytest.raises(Denied):
        units.does("khoa", reports.remove, 2026, said.id, seen=2)


@pytest.mark.parametrize("code", ["A13", "A14", "A19"])
def test_a_sensitive_type_is_refused_whoever_sends_it(units: Units, code: str) -> None:
    with pytest.raises(Denied):
        units.save("yen", line(code))
    units.does("yen", reports.say_none, 2026, [code])
    assert units.lines() == []


def test_two_people_never_overwrite_each_other(units: Units) -> None:
    said = line(title="Bản đầu")
    units.save("yen", said)
    units.save("lan", line(id=said.id, title="Bản của Lan"), seen=1)
    with pytest.raises(ChangedMeanwhile) as met:
        units.save("yen", line(id=said.id, title="Bản của Yến"), seen=1)
    assert met.value.theirs is not None
    assert met.value.theirs.title == "Bản của Lan"
    assert [one.title for one in units.lines()] == ["Bản của Lan"]


@pytest.mark.embedded
def test_who_waited_for_the_lock_sees_what_was_written_meanwhile(units: Units) -> None:
    said = line(title="Bản đầu")
    units.save("yen", said)
    with units.app.app_context(), db.writing() as session, pytest.raises(ChangedMeanwhile):
        assert reports.own_entry(session, units.people["yen"], 2026, said.id)
        # What another transaction did between looking and locking: this session still holds the row of before.
        meanwhile = update(Activity).where(Activity.id == said.id).values(title="Bản của Lan", version=2)
        session.execute(meanwhile, execution_options={"synchronize_session": False})
        mine = line(id=said.id, title="Bản của Yến")
        reports.save(session, units.people["yen"], 2026, mine, seen=1, hand=new_id())


@pytest.mark.embedded
def test_the_calendar_of_all_who_sign_in_repeats_no_title_that_may_name_somebody(units: Units) -> None:
    units.save("yen", line(title="Thăm chị Lan ở thôn 2", held_on=date(2026, 11, 20)))
    units.save("yen", line(title="Phổ biến Luật", held_on=date(2026, 11, 21)))
    with units.app.app_context(), db.reading() as session:
        found = [one.title.vi for one in month_days.entries(session, session.get_one(Campaign, 2026))]
    assert sorted(found) == sorted([KINDS["A07"].name.vi, "Phổ biến Luật"])


def test_a_page_that_never_heard_back_may_send_again(units: Units) -> None:
    said, hand = line(title="Một"), new_id()
    units.save("yen", said, hand=hand)
    units.save("yen", line(id=said.id, title="Một hai"), seen=0, hand=hand)
    assert [one.title for one in units.lines()] == ["Một hai"]


def test_nothing_is_one_deed_and_an_entry_takes_it_back(units: Units) -> None:
    units.save("yen", line("A02"))
    assert units.does("yen", reports.say_none, 2026, [kind.code for kind in OFFERED]) == len(OFFERED) - 1
    units.save("yen", line("A03"))
    assert [one.state for one in units.lines() if one.type_code == "A03"] == ["held"]


def test_what_was_filed_counts_until_it_is_filed_again(units: Units, clock: StillClock) -> None:
    said = line(participants=10)
    units.save("yen", said)
    units.files()
    with pytest.raises(NotNow):
        units.save("lan", line())
    units.does("yen", reports.correct, 2026)
    units.save("yen", line(id=said.id, participants=99), seen=1)
    assert _participants(units) == 10
    clock.set(datetime(2026, 12, 20, 9, tzinfo=clock.moment.tzinfo))
    units.files()
    assert _participants(units) == 99
    assert units.report().first_filed_on == date(2026, 11, 20), "a correction does not make a unit late"
    assert _filed(units)[0].standing is Standing.ON_TIME


def test_nobody_files_or_judges_what_they_have_not_seen(units: Units) -> None:
    units.save("yen", line())
    seen = units.report().version
    units.save("lan", line())
    with pytest.raises(ChangedMeanwhile):
        units.does("yen", reports.file, 2026, seen=seen)
    units.files()
    with pytest.raises(ChangedMeanwhile):
        units.does("thu", judging.accept, units.units[0].id, 2026, seen=seen)


def test_a_returned_report_waits_to_be_filed_again(units: Units) -> None:
    units.save("yen", line(participants=10))
    units.files()
    unit_id = units.units[0].id
    for who in ("yen", "ban", "khoa"):
        with pytest.raises(Denied):
            units.does(who, judging.give_back, unit_id, 2026, "x", seen=2)
    version = units.report().version
    units.does("thu", judging.give_back, unit_id, 2026, "Xem lại số người.", seen=version)
    assert (units.report().state, units.report().note) == ("returned", "Xem lại số người.")
    assert _filed(units) == []
    units.files("lan")
    units.does("thu", judging.accept, unit_id, 2026, seen=units.report().version)
    assert units.report().note == ""
    with pytest.raises(NotNow):
        units.does("yen", reports.correct, 2026)


def test_late_is_said_and_accepted_and_never_begun_is_seen(units: Units, clock: StillClock) -> None:
    units.save("khoa", line())
    with units.app.app_context(), db.writing() as session:
        session.get_one(Unit, units.units[1].id).valid_until = date(2026, 11, 30)
        third = valid(session)[2].id
        session.get_one(Unit, third).valid_until = date(2026, 11, 30)
    clock.set(datetime(2026, 12, 8, 0, 1, tzinfo=clock.moment.tzinfo))
    units.save("yen", line())
    units.files()
    with units.app.app_context(), db.reading() as session:
        campaign = session.get_one(Campaign, 2026)
        found = {one.unit_id: one for one in progress(session, campaign)}
    first, closed = found[units.units[0].id], found[units.units[1].id]
    assert (first.state, first.late, first.counted) == ("filed", True, True)
    assert (closed.state, closed.late, closed.closed_on) == ("drafted", False, date(2026, 11, 30))
    assert first.owes
    assert not closed.owes, "what it began is seen, and nobody waits for it"
    assert third not in found, "a unit that was closed and began nothing owes nothing"


def test_last_year_is_copied_as_plans_without_numbers(units: Units) -> None:
    with units.app.app_context(), db.writing() as session:
        said = line(held_on=date(2025, 11, 30), title="Tọa đàm", participants=30, description="Như mọi năm")
        reports.save(session, units.people["yen"], 2025, said, seen=0, hand=new_id())
    assert units.does("yen", reports.copy_last_year, 2026) == 1
    assert units.does("yen", reports.copy_last_year, 2026) == 0
    (copied,) = units.lines()
    assert (copied.state, copied.planned_on, copied.title) == ("planned", date(2026, 11, 30), "Tọa đàm")
    assert (copied.numbers, copied.participants) == ({}, None)


def _filed(units: Units) -> list[Any]:
    with units.app.app_context(), db.reading() as session:
        return filed_reports(session, 2026)


def _participants(units: Units) -> int:
    return totals(report.lines for report in _filed(units))["A07"].participants


# --- photographs


def test_a_photograph_keeps_its_picture_and_nothing_beside_it(tmp_path: Path) -> None:
    from io import BytesIO

    from PIL import Image

    from board.activities.drawing import NotAPhotograph, small

    taken = Image.new("RGB", (1800, 1200), "teal")
    exif = Image.Exif()
    exif[0x0110] = "Điện thoại của Yến"
    exif.get_ifd(0x8825)[1] = "N"
    out = BytesIO()
    taken.save(out, format="JPEG", exif=exif, comment=b"noi chup")
    image, width, height = small(out.getvalue(), 600_000)
    assert (width, height) == (1600, 1067)
    with Image.open(BytesIO(image)) as kept:
        assert (kept.format, dict(kept.getexif()), kept.info.get("comment")) == ("JPEG", {}, None)
    hidden, out = Image.new("RGBA", (40, 30), (0, 0, 255, 0)), BytesIO()
    hidden.save(out, format="PNG")
    with Image.open(BytesIO(small(out.getvalue(), 600_000)[0])) as kept:
        assert kept.getpixel((20, 15)) == (255, 255, 255), "what was rubbed out does not come back"
    noise = Image.effect_noise((400, 300), 90)
    out = BytesIO()
    noise.save(out, format="PNG")
    assert len(small(out.getvalue(), 20_000)[0]) <= 20_000
    with pytest.raises(NotAPhotograph):
        small(b"%PDF-1.7", 600_000)
