"""What the units of the demonstration centre did in the action month: reports filed, late, returned, still being written.

Reporters of units are written down and not enrolled: only the one of `content.PEOPLE` signs in.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import select

from board.activities import judging, photographs, reports
from board.activities.drawing import small
from board.activities.kinds import OFFERED, Kind
from board.activities.lines import Line
from board.activities.models import PHOTO_BYTES
from board.activities.photographs import Drawn
from core import accounts, clock, db
from core.access import Identity, Role
from core.accounts import Person
from core.campaign import Campaign
from core.db import new_id
from core.units import Unit, valid

_SHARE: Final = {
    "A01": 0.95,
    "A02": 0.8,
    "A03": 0.4,
    "A04": 0.7,
    "A05": 0.5,
    "A06": 0.6,
    "A07": 0.85,
    "A08": 0.25,
    "A09": 0.3,
    "A10": 0.4,
    "A11": 0.2,
    "A12": 0.2,
    "A15": 0.5,
    "A16": 0.4,
    "A17": 0.4,
    "A18": 0.15,
}
"""Type → share of units that hold one."""
_MOST: Final = {"A01": 2, "A02": 4, "A03": 12, "A04": 900, "A05": 8, "A06": 40, "A15": 9, "A18": 1}
_TITLES: Final = {
    "A07": ("Phổ biến Luật Phòng, chống bạo lực gia đình", "Tập huấn nhận biết và ứng xử ban đầu"),
    "A08": ("Đối thoại về môi trường làm việc tôn trọng",),
    "A09": ("Tọa đàm nhân ngày 25/11",),
    "A10": ("Sinh hoạt chuyên đề bình đẳng giới trong ngành y",),
    "A11": ("Giao lưu văn nghệ chào mừng tháng hành động",),
    "A12": ("Giải cầu lông nam nữ phối hợp",),
}
_FAMILY: Final = (
    "Nguyễn Thị",
    "Trần Thị",
    "Lê Thị",
    "Phạm Thị",
    "Hoàng Thị",
    "Lê Văn",
    "Trịnh Thị",
    "Đỗ Thị",
    "Vũ Thị",
)
_GIVEN: Final = (
    "Hằng",
    "Mai",
    "Nga",
    "Thanh",
    "Hường",
    "Loan",
    "Quyên",
    "Sâm",
    "Tuyết",
    "Vân",
    "Xuân",
    "Ngọc",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a year's reports come in. days: the place of a unit in the list → the day it files; None: not yet."""

    year: int
    begins: date
    files_on: Sequence[date | None]
    returned: frozenset[int] = frozenset()
    pictures: bool = False
    accepted: bool = False


def fill(secretary: Identity, plan: Plan, chance: random.Random) -> None:
    """Write, file and judge the reports of every unit that exists today, by the product's own deeds."""
    with db.writing() as session:
        units = valid(session)
        people = [_reporter(session, unit, place) for place, unit in enumerate(units)]
    for place, (unit, who) in enumerate(zip(units, people, strict=True)):
        files_on = plan.files_on[place % len(plan.files_on)]
        if files_on is None and place % 3 == 0:
            continue  # not begun yet
        _one(secretary, plan, place, unit, who, files_on, chance)


def _one(
    secretary: Identity,
    plan: Plan,
    place: int,
    unit: Unit,
    who: Identity,
    files_on: date | None,
    chance: random.Random,
) -> None:
    until = files_on or clock.today()
    with _on(until), db.writing() as session:
        for line in _lines(unit, plan.begins, until, chance):
            reports.save(session, who, plan.year, line, seen=0, hand=new_id())
            if line.type_code == "A02" and line.state == "held" and plan.pictures and place % 5 == 0:
                photographs.add(session, who, plan.year, line.id, _banner())
        if files_on is None:
            return
        reports.say_none(session, who, plan.year, [kind.code for kind in OFFERED])
        report = reports.report_of(session, unit.id, plan.year)
        assert report is not None
        reports.file(session, who, plan.year, seen=report.version)
        if place in plan.returned:
            note = "Số người dự hội nghị chưa khớp với danh sách ký tên. Nhờ đơn vị xem lại giúp."
            judging.give_back(session, secretary, unit.id, plan.year, note, seen=report.version)
        elif plan.accepted:
            judging.accept(session, secretary, unit.id, plan.year, seen=report.version)


def _reporter(session: Any, unit: Unit, place: int) -> Identity:
    """Who reports for a unit: the one who is there, or somebody written down for it."""
    found: Person | None = session.scalars(
        select(Person).where(Person.unit_id == unit.id, Person.roles.contains("unit"))
    ).first()
    if found is None:
        name = f"{_FAMILY[place % len(_FAMILY)]} {_GIVEN[place % len(_GIVEN)]}"
        found = accounts.invite(
            session,
            name=name,
            sign_in_as=f"{name}.{place}",
            title_vi=f"Đầu mối, {unit.name_vi}"[:120],
            title_en=f"Reporter, {unit.name_en}"[:120],
            roles=frozenset({Role.UNIT}),
            unit_id=unit.id,
        )
    return found.identity


def _lines(unit: Unit, begins: date, until: date, chance: random.Random) -> list[Line]:
    held, days = begins <= clock.today(), max(1, (until - begins).days)
    found = []
    for kind in OFFERED:
        if chance.random() >= _SHARE.get(kind.code, 0) or (kind.code == "A06" and unit.kind == "phong"):
            continue
        on = begins + timedelta(days=chance.randrange(days))
        line = Line(
            id=new_id(),
            type_code=kind.code,
            state="held" if held else "planned",
            title=chance.choice(_TITLES.get(kind.code, ("",))),
            **{"held_on" if held else "planned_on": on},  # type: ignore[arg-type]
        )
        found.append(replace(line, **_counted(kind, chance)) if held else line)
    return found


def _counted(kind: Kind, chance: random.Random) -> dict[str, Any]:
    numbers = {field.code: chance.randint(1, _MOST.get(kind.code, 1)) for field in kind.fields}
    if kind.code == "A17":
        numbers = {"budget": chance.randint(5, 40) * 100, "raised": chance.randint(0, 20) * 100}
    if not kind.participants:
        return {"numbers": numbers}
    came = chance.randint(12, 60)
    women = round(came * chance.uniform(0.55, 0.8))
    return {"numbers": numbers, "participants": came, "women": women, "men": came - women}


def _banner() -> Drawn:
    """A drawn "photograph" of a banner on a wall: nobody is in it."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (1200, 800), "#dfe7ea")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 600, 1200, 800), fill="#8f9a94")
    pen.rectangle((150, 220, 1050, 400), fill="#cf7516")
    for top, left, right in ((265, 230, 970), (325, 330, 870)):
        pen.rectangle((left, top, right, top + 26), fill="#ffffff")
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return Drawn(*small(out.getvalue(), PHOTO_BYTES))


def plans(campaign: Campaign, today: date) -> list[Plan]:
    """Last year's reports, all in and accepted; this year's as far as the month has come."""
    begins = campaign.begins
    last = begins.replace(year=begins.year - 1)
    over = [last + timedelta(days=16 + place % 7) for place in range(36)]
    deadline = campaign.particulars.units_report
    before = deadline.last_day if deadline else campaign.ends
    filed: list[date | None] = [min(before, begins + timedelta(days=4 + place // 2)) for place in range(33)]
    filed += [before + timedelta(days=late) for late in (1, 2, 4)]
    coming = [on if on and on <= today else None for on in filed]
    return [
        Plan(year=campaign.year - 1, begins=last, files_on=over, accepted=True),
        Plan(year=campaign.year, begins=begins, files_on=coming, returned=frozenset({5}), pictures=True),
    ]


def _on(day: date) -> Any:
    return clock.freeze(datetime.combine(day, time(15, 20), clock.ZONE))
