"""The administrator's first page: what needs care, and where to do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import accounts, clock, db, rosters, unit_changes
from core.access import Role
from core.accounts import Person
from core.administrator.blueprint import pages
from core.appointing import open_links
from core.campaign import Hotline, now_running
from core.i18n import Text, day
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import signed_in

STALE_DAYS: Final = 365
ROSTER_SOON_DAYS: Final = 60
FEW: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """One thing that needs care. `kind`: urgent, soon or info; `url` leads to where it is done, if it can be here.

    about: whom it is about; among: the people (name, url) where many need the same.
    """

    kind: str
    title: Text
    sentence: Text
    url: str = ""
    about: str = ""
    among: tuple[tuple[str, str], ...] = ()


@pages.get("/")
@signed_in(Role.ADMINISTRATOR)
def desk() -> str:
    """What needs care today; nothing about letters, which this role does not know of."""
    with db.reading() as session:
        cares = [*_roster(session), *_people(session), *_hotlines(session), *_campaign(session)]
        counts = {role: len(accounts.with_role(session, role)) for role in Role}
    return render_template("core/administrator.html", cares=cares, counts=counts)


def _roster(session: Session) -> Iterator[Care]:
    try:
        roster = rosters.current(session)
    except NoRoster:
        yield Care(kind="urgent", title=_NO_ROSTER, sentence=_NO_ROSTER_WHY)
        return
    except RosterRefused as refused:
        reason = refused.reason
        yield Care(
            kind="urgent",
            title=Text("Danh sách không dùng được, nên chưa nhận được thư mới", "The roster cannot be used"),
            sentence=reason if isinstance(reason, Text) else Text(reason, reason),
        )
        return
    left = (roster.not_after - clock.today()).days
    if left < ROSTER_SOON_DAYS:
        yield Care(
            kind="soon",
            title=Text(f"Danh sách hết hạn sau {left} ngày", f"The roster runs out in {left} days"),
            sentence=Text("Hai người giữ khóa cần ký bản mới.", "Two custodians need to sign a new version."),
        )
    if rosters.proposed(session) is not None:
        yield Care(
            kind="info",
            title=Text("Một bản danh sách đang chờ chữ ký", "A roster waits for signatures"),
            sentence=Text(
                "Việc của người giữ khóa, không phải của bạn.", "For the custodians to do, not for you."
            ),
        )


def _people(session: Session) -> Iterator[Care]:
    invited = list(_invited(session))
    over = [care for care in invited if care.kind == "soon"]
    yield from _gathered(over, Text("{n} lời mời đã quá hạn", "{n} invitations have run out"))
    yield from _gathered(
        [care for care in invited if care.kind == "info"],
        Text("{n} người chưa đăng ký", "{n} people have not enrolled"),
    )
    yield from _stranded(session)
    yield from _gathered(
        list(_without_link(session)), Text("{n} người chưa có đường dẫn", "{n} people have no link")
    )


def _gathered(cares: list[Care], title: Text) -> Iterator[Care]:
    """A few stand each for themselves; many of one sort are one thing to do, with a list."""
    if len(cares) <= FEW:
        yield from cares
        return
    yield Care(
        kind=cares[0].kind,
        title=title.format(n=len(cares)),
        sentence=Text("Xem từng người", "See them one by one"),
        among=tuple((care.about, care.url) for care in cares),
    )


def _invited(session: Session) -> Iterator[Care]:
    links = open_links(session)
    for person_id, link in links.items():
        person = session.get(Person, person_id)
        assert person is not None
        over = link.expires_on < clock.today()
        yield Care(
            kind="soon" if over else "info",
            about=person.name,
            title=Text(f"{person.name} chưa đăng ký", f"{person.name} has not enrolled"),
            sentence=_OVER if over else _until(link.expires_on),
            url=url_for("administrator.person", person_id=person.id),
        )


def _without_link(session: Session) -> Iterator[Care]:
    links = open_links(session)
    for person in session.scalars(select(Person).where(Person.state == "invited")):
        if person.id not in links:
            yield Care(
                kind="soon",
                about=person.name,
                title=Text(f"{person.name} chưa có đường dẫn", f"{person.name} has no link"),
                sentence=Text("Hãy lập đường dẫn mới hoặc rút lời mời.", "Make a fresh link, or withdraw."),
                url=url_for("administrator.person", person_id=person.id),
            )


def _stranded(session: Session) -> Iterator[Care]:
    """People whose unit is no more: whoever reported for it now reports for the unit that took it over."""
    for person, unit, heirs in unit_changes.without_unit(session, clock.today()):
        now_vi = ", ".join(one.name_vi for one in heirs) or "không có đơn vị tiếp nhận"
        now_en = ", ".join(one.name_en for one in heirs) or "nobody took it over"
        yield Care(
            kind="soon",
            title=Text(f"Đơn vị của {person.name} không còn", f"The unit of {person.name} is no more"),
            sentence=Text(f"{unit.name_vi}, nay là: {now_vi}.", f"{unit.name_en}, now: {now_en}."),
            url=url_for("administrator.person", person_id=person.id),
        )


def _hotlines(session: Session) -> Iterator[Care]:
    limit = clock.today() - timedelta(days=STALE_DAYS)
    shown = Hotline.show != "hidden"
    for line in session.scalars(select(Hotline).where(shown, Hotline.checked_on < limit)):
        yield Care(
            kind="soon",
            title=Text(
                f"Số {line.number} chưa được gọi thử hơn một năm", f"{line.number}: not tried for a year"
            ),
            sentence=Text(f"{line.name_vi}. Hãy gọi thử.", f"{line.name_en}. Please call it."),
            url=url_for("administrator.hotlines", _anchor=line.id),
        )


def _campaign(session: Session) -> Iterator[Care]:
    campaign = now_running(session)
    url = url_for("campaign.show")
    if campaign is None or campaign.year < clock.today().year:
        yield Care(
            kind="info",
            title=Text("Chưa có chiến dịch năm nay", "There is no campaign for this year yet"),
            sentence=Text("Có thể lập từ chiến dịch năm trước.", "It can be made from last year's."),
            url=url,
        )
    elif not campaign.theme_vi or campaign.details.get("theme_set") is False:
        yield Care(
            kind="info",
            title=Text("Chủ đề năm nay chưa được ghi", "This year's theme is not written yet"),
            sentence=Text("Trang chủ đang để trống chỗ này.", "The home page leaves its place empty."),
            url=url,
        )


_OVER: Final = Text("Đường dẫn đã quá hạn. Hãy lập đường dẫn mới.", "The link has run out. Make a fresh one.")
_NO_ROSTER: Final = Text("Chưa có danh sách người được giao", "There is no roster yet")
_NO_ROSTER_WHY: Final = Text(
    "Thư chưa gửi được. Khi đủ người đăng ký, hai người giữ khóa ký danh sách.",
    "No letter can be written. Once enough people have enrolled, two custodians sign the roster.",
)


def _until(last: date) -> Text:
    shown = day(last)
    return Text(f"Đường dẫn còn dùng được đến {shown}.", f"The link works until {shown}.")
