"""What may be changed about a year's campaign, by the campaigner and the administrator: facts, messages, events, news."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, deadlines, log, meanwhile, messages
from core.access import Identity, Role, require
from core.campaign import Campaign, CampaignEvent, CampaignNews, Message, now_running
from core.db import new_id

T = TypeVar("T")
ROLES: Final = (Role.CAMPAIGNER, Role.ADMINISTRATOR)
DAYS: Final = (*deadlines.NAMES, "supplement_until", "figures_as_of")
"""Days among the details; the rest are words."""
_OF_ONE_YEAR: Final = ("plan_vi", "plan_en", "higher_plan_vi", "higher_plan_en")


class NoSuchCampaign(Exception):
    """There is no campaign, message, event or news of this name."""


class YearIsOver(Exception):
    """A later year's campaign runs already; what was written for an earlier year stays as it was."""


class DaysDoNotFit(Exception):
    """Days of a campaign contradict one another; `field` names the one to look at, `reason` is the rule's name."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class MayNotStand(Exception):
    """A message was to stand where its words would weigh on somebody; `places` are those it may have."""

    def __init__(self, places: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(places)))
        self.places = places


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFacts:
    """What is written down about a year's campaign; `details` are words for documents and deadlines."""

    title_vi: str
    title_en: str
    theme_vi: str
    theme_en: str
    begins: date
    ends: date
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """A message of the year; `places` of core.messages.PLACES."""

    text_vi: str
    text_en: str
    group: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """Something that happens in the month. starts_at: "14:00", or "" for the whole day."""

    begins: date
    ends: date | None
    starts_at: str
    title_vi: str
    title_en: str
    place_vi: str
    place_en: str


def save_campaign(
    session: Session, identity: Identity | None, year: int, facts: CampaignFacts, *, seen: str | None = None
) -> Campaign:
    """Change the running campaign. A deadline that moves leaves behind where it stood, so that nobody becomes late.

    seen: the mark of what the page showed. Raises `Denied`, `NoSuchCampaign`, `YearIsOver`, `DaysDoNotFit`, `Overtaken`.
    """
    campaign = _running(session, identity, year)
    check_days(year, facts)
    meanwhile.as_seen(meanwhile.told(campaign), seen)
    campaign.title_vi, campaign.title_en = facts.title_vi, facts.title_en
    campaign.theme_vi, campaign.theme_en = facts.theme_vi, facts.theme_en
    campaign.begins, campaign.ends = facts.begins, facts.ends
    details = {**campaign.details, **facts.details}
    moved = deadlines.remember_moved(campaign.details, details, clock.today())
    campaign.details = details | ({"moved": moved} if moved else {})
    return campaign


def check_days(year: int, facts: CampaignFacts) -> None:
    """Raises `DaysDoNotFit` for the first day that cannot be meant."""
    if facts.begins.year != year:
        raise DaysDoNotFit("begins", "another year")
    if facts.ends < facts.begins:
        raise DaysDoNotFit("ends", "before the beginning")
    if (facts.ends - facts.begins).days > 366:
        raise DaysDoNotFit("ends", "longer than a year")
    known = {name: deadlines.as_day(facts.details.get(name)) for name in DAYS}
    for earlier, later in (
        ("units_report_before", "centre_reports_before"),
        ("centre_reports_before", "supplement_until"),
        ("units_report_before", "supplement_until"),
        ("figures_as_of", "supplement_until"),
    ):
        first, second = known[earlier], known[later]
        if first and second and second < first:
            raise DaysDoNotFit(later, "before the one above")
    for name, day in known.items():
        if day and day < facts.begins:
            raise DaysDoNotFit(name, "before the beginning")


def begin_year(session: Session, identity: Identity | None) -> Campaign:
    """This year's campaign, made from the latest one: dates moved, theme and plan numbers left to be written."""
    who = require(identity, *ROLES)
    year, last = clock.today().year, now_running(session)
    if last is None:
        raise NoSuchCampaign
    if last.year == year:
        return last
    ahead = year - last.year
    fresh = Campaign(
        year=year,
        title_vi=last.title_vi.replace(str(last.year), str(year)),
        title_en=last.title_en.replace(str(last.year), str(year)),
        theme_vi="",
        theme_en="",
        begins=_years_on(last.begins, ahead),
        ends=_years_on(last.ends, ahead),
        details=_details_of(last, ahead),
    )
    session.add(fresh)
    for message in session.scalars(select(Message).where(Message.year == last.year)).all():
        if message.group != "covid":  # words of one winter
            session.add(_message_of(message, year))
    log.write_if_started(session, "campaign_edited", who=who.person_id, about=str(year))
    return fresh


def _details_of(last: Campaign, ahead: int) -> dict[str, Any]:
    details = {
        name: value for name, value in last.details.items() if name not in ("moved", "note_vi", "note_en")
    }
    details |= {"theme_set": False} | dict.fromkeys(_OF_ONE_YEAR, "")
    for name in DAYS:
        day = deadlines.as_day(details.get(name))
        if day:
            details[name] = _years_on(day, ahead).isoformat()
    return details


def _years_on(day: date, ahead: int) -> date:
    """The same day of a later year; 29 February becomes the 28th where there is none."""
    year = day.year + ahead
    return (
        day.replace(year=year, day=28)
        if (day.month, day.day) == (2, 29) and not isleap(year)
        else day.replace(year=year)
    )


def _message_of(message: Message, year: int) -> Message:
    return Message(
        year=year,
        code=message.code,
        text_vi=message.text_vi.replace(str(message.year), str(year)),
        text_en=message.text_en.replace(str(message.year), str(year)),
        group=message.group,
        places=message.places,
    )


# --- messages, events, news


def save_message(
    session: Session,
    identity: Identity | None,
    year: int,
    code: str | None,
    facts: MessageFacts,
    *,
    seen: str | None = None,
) -> Message:
    """Change a message of the running campaign, or add one (`code` None) under the next free code.

    Raises `Denied`, `NoSuchCampaign`, `YearIsOver`, `MayNotStand`, `Overtaken`.
    """
    _running(session, identity, year)
    allowed = messages.may_stand(facts.text_vi, facts.text_en, facts.group)
    if not set(facts.places) <= allowed:
        raise MayNotStand(allowed)
    if code is None:
        message = Message(year=year, code=_free_code(session, year))
    else:
        message = _there(session.get(Message, (year, code)))
        meanwhile.as_seen(meanwhile.told(message), seen)
    message.text_vi, message.text_en = facts.text_vi, facts.text_en or facts.text_vi
    message.group, message.places = facts.group, [one for one in messages.PLACES if one in facts.places]
    session.add(message)
    return message


def _free_code(session: Session, year: int) -> str:
    taken = set(session.scalars(select(Message.code).where(Message.year == year)))
    return next(code for number in range(1, len(taken) + 2) if (code := f"M{number:02d}") not in taken)


def remove_message(session: Session, identity: Identity | None, year: int, code: str) -> None:
    """Take a message out of the running campaign. Raises `Denied`, `NoSuchCampaign`, `YearIsOver`."""
    _running(session, identity, year)
    session.delete(_there(session.get(Message, (year, code))))


def save_event(
    session: Session,
    identity: Identity | None,
    year: int,
    event_id: str | None,
    facts: EventFacts,
    *,
    seen: str | None = None,
) -> CampaignEvent:
    """Change an event of the running campaign, or add one. Raises as `save_campaign` does."""
    _running(session, identity, year)
    if facts.begins.year != year:
        raise DaysDoNotFit("begins", "another year")
    if facts.ends is not None and facts.ends < facts.begins:
        raise DaysDoNotFit("ends", "before the beginning")
    event = (
        CampaignEvent(id=new_id(), year=year) if event_id is None else _event(session, year, event_id, seen)
    )
    event.begins, event.starts_at = facts.begins, facts.starts_at
    event.ends = facts.ends if facts.ends != facts.begins else None
    event.title_vi, event.title_en = facts.title_vi, facts.title_en or facts.title_vi
    event.place_vi, event.place_en = facts.place_vi, facts.place_en or facts.place_vi
    session.add(event)
    return event


def remove_event(session: Session, identity: Identity | None, year: int, event_id: str) -> None:
    """Take an event out of the running campaign. Raises as `remove_message` does."""
    _running(session, identity, year)
    session.delete(_event(session, year, event_id))


def save_news(
    session: Session,
    identity: Identity | None,
    year: int,
    news_id: str | None,
    day: date,
    text: tuple[str, str],
    *,
    seen: str | None = None,
) -> CampaignNews:
    """Change a line of news of the running campaign, or add one; `text` in Vietnamese and English.

    Raises as `save_campaign` does, `DaysDoNotFit` also for news of a day to come.
    """
    _running(session, identity, year)
    if day.year != year:
        raise DaysDoNotFit("on_day", "another year")
    if day > clock.today():
        raise DaysDoNotFit("on_day", "to come")
    news = CampaignNews(id=new_id(), year=year) if news_id is None else _news(session, year, news_id, seen)
    news.on_day, news.text_vi, news.text_en = day, text[0], text[1] or text[0]
    session.add(news)
    return news


def remove_news(session: Session, identity: Identity | None, year: int, news_id: str) -> None:
    """Take a line of news away. Raises as `remove_message` does."""
    _running(session, identity, year)
    session.delete(_news(session, year, news_id))


def _running(session: Session, identity: Identity | None, year: int) -> Campaign:
    """The campaign of a year, for somebody who may change it; the line in the log is written here."""
    who = require(identity, *ROLES)
    # Locked and read anew: whoever waited here sees what the other wrote, also in the rows that hang on the year.
    campaign = _there(session.get(Campaign, year, with_for_update=True, populate_existing=True))
    latest = now_running(session)
    if latest is not None and latest.year > year:
        raise YearIsOver
    log.write_if_started(session, "campaign_edited", who=who.person_id, about=str(year))
    return campaign


def _event(session: Session, year: int, event_id: str, seen: str | None = None) -> CampaignEvent:
    found = _there(session.get(CampaignEvent, event_id))
    if found.year != year:
        raise NoSuchCampaign
    meanwhile.as_seen(meanwhile.told(found), seen)
    return found


def _news(session: Session, year: int, news_id: str, seen: str | None = None) -> CampaignNews:
    found = _there(session.get(CampaignNews, news_id))
    if found.year != year:
        raise NoSuchCampaign
    meanwhile.as_seen(meanwhile.told(found), seen)
    return found


def _there(found: T | None) -> T:
    if found is None:
        raise NoSuchCampaign
    return found
