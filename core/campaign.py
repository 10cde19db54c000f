"""The campaign as data: its year, dates, messages and where each may stand; help numbers and holidays."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, particulars
from core.db import ID, Base
from core.i18n import t
from core.particulars import Particulars


class Campaign(Base):
    """One year's action month."""

    __tablename__ = "campaign"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    title_vi: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300))
    theme_vi: Mapped[str] = mapped_column(String(300))
    theme_en: Mapped[str] = mapped_column(String(300))
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date] = mapped_column(Date)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Plan numbers, issuer and parent, place, deadlines: words for documents. Read them through `particulars`."""

    @property
    def particulars(self) -> Particulars:
        return particulars.read(self.details)

    @property
    def title(self) -> str:
        return t(self.title_vi, self.title_en)

    @property
    def theme(self) -> str:
        return t(self.theme_vi, self.theme_en)


class Message(Base):
    """A message of a year, and the places where it may stand."""

    __tablename__ = "campaign_message"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    text_vi: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    group: Mapped[str] = mapped_column("group_code", String(20))
    places: Mapped[list[str]] = mapped_column(JSON)

    @property
    def text(self) -> str:
        return t(self.text_vi, self.text_en)


class CampaignEvent(Base):
    """Something that happens in the month, for everyone to come to: a day or several, perhaps an hour and a place."""

    __tablename__ = "campaign_event"
    __table_args__ = (CheckConstraint("ends IS NULL OR ends >= begins", name="event_span"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    year: Mapped[int] = mapped_column(ForeignKey("campaign.year"), index=True)
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)
    starts_at: Mapped[str] = mapped_column(String(5))
    """"14:00", or nothing for the whole day."""
    title_vi: Mapped[str] = mapped_column(String(160))
    title_en: Mapped[str] = mapped_column(String(160))
    place_vi: Mapped[str] = mapped_column(String(160))
    place_en: Mapped[str] = mapped_column(String(160))

    @property
    def title(self) -> str:
        return t(self.title_vi, self.title_en)

    @property
    def place(self) -> str:
        return t(self.place_vi, self.place_en)


class CampaignNews(Base):
    """One dated line of news of the month, for the home page. It names no person."""

    __tablename__ = "campaign_news"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    year: Mapped[int] = mapped_column(ForeignKey("campaign.year"), index=True)
    on_day: Mapped[date] = mapped_column(Date)
    text_vi: Mapped[str] = mapped_column(String(300))
    text_en: Mapped[str] = mapped_column(String(300))

    @property
    def text(self) -> str:
        return t(self.text_vi, self.text_en)


class Hotline(Base):
    """A help number, and the day somebody last checked that it answers."""

    __tablename__ = "hotline"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(30))
    name_vi: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(160))
    when_vi: Mapped[str] = mapped_column(String(160))
    when_en: Mapped[str] = mapped_column(String(160))
    show: Mapped[str] = mapped_column(String(20))
    """`always` on every quiet page, `help` on the help page, `hidden` nowhere."""
    checked_on: Mapped[date] = mapped_column(Date)
    certainty_vi: Mapped[str] = mapped_column(String(160), default="")
    certainty_en: Mapped[str] = mapped_column(String(160), default="")

    @property
    def name(self) -> str:
        return t(self.name_vi, self.name_en)

    @property
    def when(self) -> str:
        return t(self.when_vi, self.when_en)


class Holiday(Base):
    """A day on which nobody is at work."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name_vi: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(160))
    certain: Mapped[bool] = mapped_column(default=True)


def now_running(session: Session) -> Campaign | None:
    """This year's campaign, or the latest one before it."""
    return session.scalars(
        select(Campaign).where(Campaign.year <= clock.today().year).order_by(Campaign.year.desc()).limit(1)
    ).first()


def messages_for(session: Session, year: int, place: str) -> list[Message]:
    """Messages of a year that may stand in a place."""
    found = session.scalars(select(Message).where(Message.year == year).order_by(Message.code)).all()
    return [message for message in found if place in message.places]


def events_of(session: Session, year: int) -> list[CampaignEvent]:
    """What happens in the month of a year, by day and hour."""
    order = (CampaignEvent.begins, CampaignEvent.starts_at, CampaignEvent.id)
    return list(session.scalars(select(CampaignEvent).where(CampaignEvent.year == year).order_by(*order)))


def news_of(session: Session, year: int) -> list[CampaignNews]:
    """News of a year, the newest first."""
    order = (CampaignNews.on_day.desc(), CampaignNews.id)
    return list(session.scalars(select(CampaignNews).where(CampaignNews.year == year).order_by(*order)))


def help_numbers(session: Session, *, everything: bool = False) -> list[Hotline]:
    """Numbers to show on every quiet page (four), or all of them on the help page."""
    shown = ("always", "help") if everything else ("always",)
    return list(session.scalars(select(Hotline).where(Hotline.show.in_(shown)).order_by(Hotline.position)))
