"""Building the demonstration centre: people, letters, answers, surveys and releases, all by the product's own deeds.

What people wrote and how they answered follows from the seed; keys and case ids are drawn fresh each time, as they
must be. The clock is held at each event's day, so that two years pass in a minute.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from flask import Flask
from sqlalchemy import select

from board import releasing
from core import campaign_editing, clock, db, passphrase, rosters
from core.access import Role
from core.accounts import Credentials
from core.campaign import now_running
from core.campaign_editing import EventFacts
from core.installation import installation_id
from core.units import Unit
from demo import activities, casefiles, content, surveys
from intake.casework import casework
from intake.form.report import Report, validate
from intake.keys import founding
from intake.keys.founding import Founded, Newcomer, Settled
from intake.mailbox import mailbox, wishes
from intake.retention import WITHDRAW
from intake.seal import receipt
from intake.writing import submission
from intake.writing.submission import Draft

Say = Callable[[str], None]
STAFF: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much happens in the centre."""

    cases_a_year: int
    staff: int


TAP: Final = "tap"
"""A letter whose reporter has not answered yet a question with answers to tap."""
SIZES: Final = {"full": Size(cases_a_year=30, staff=STAFF), "small": Size(cases_a_year=6, staff=40)}


def build(app: Flask, *, seed: int, size: Size, say: Say) -> Founded:
    """A whole centre in an empty instance."""
    chance = random.Random(seed)  # noqa: S311 - invented people, not secrets
    today = clock.today()
    first_day = date(today.year - 1, 1, 6)
    with app.app_context():
        with _on(first_day):
            founded = found_people(chance)
        say(f"{len(founded.people)} people, a roster signed by two custodians")
        for year in (today.year - 1, today.year):
            if year == today.year:
                _renew(founded, date(year, 1, 5))
            _letters(founded, chance, year, size.cases_a_year, until=min(date(year, 12, 28), today))
            say(f"{size.cases_a_year} letters of {year}, read and answered")
        for as_of, made_on in _release_days(today):
            with _on(made_on):
                _release(founded, as_of)
            say(f"release of {as_of.isoformat()}: protected, audited, signed")
        _surveys(founded, chance, size.staff, say)
        _activities(founded, chance, today, say)
        _month(founded, today)
    return founded


def _on(day: date, hour: int = 9) -> Any:
    return clock.freeze(datetime.combine(day, time(hour, 12), clock.ZONE))


def _month(founded: Founded, today: date) -> None:
    """What stands in the calendar of the month, and its news so far."""
    who = founded.of(Role.CAMPAIGNER)[0].identity
    with db.writing() as session:
        campaign = now_running(session)
        if campaign is None:
            return
        for after, at, title, place in content.EVENTS:
            facts = EventFacts(
                begins=campaign.begins + timedelta(days=after),
                ends=None,
                starts_at=at,
                title_vi=title[0],
                title_en=title[1],
                place_vi=place[0],
                place_en=place[1],
            )
            campaign_editing.save_event(session, who, campaign.year, None, facts)
        for after, text in content.NEWS:
            day = campaign.begins + timedelta(days=after)
            if day <= today:
                campaign_editing.save_news(session, who, campaign.year, None, day, text)


# --- people --------------------------------------------------------------------------------------


def found_people(chance: random.Random) -> Founded:
    with db.reading() as session:
        station = session.scalars(select(Unit).where(Unit.name_vi.like("%Thiệu Nguyên%"))).first()
    newcomers = [
        Newcomer(
            name=name,
            title_vi=title_vi,
            title_en=title_en,
            roles=frozenset({Role(role)}),
            unit_id=station.id if role == "unit" and station else None,
        )
        for role, name, title_vi, title_en in content.PEOPLE
    ]
    prepared = founding.prepare(newcomers, draw=lambda *, with_seed: _credentials(chance, with_seed))
    with db.writing() as session:
        return founding.found(session, prepared)


def _credentials(chance: random.Random, with_seed: bool) -> Credentials:
    """Credentials that the seed repeats: a demonstration must let the same person in again."""
    words = passphrase.words()
    return Credentials(
        passphrase=" ".join(chance.choice(words) for _ in range(6)),
        totp="".join(chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(32)),
        recovery_codes=tuple(f"{chance.randrange(10**8):08d}" for _ in range(8)),
        seed=chance.randbytes(32) if with_seed else None,
    )


def _renew(founded: Founded, day: date) -> None:
    """The yearly renewal: the same people, a new version signed by two custodians of the one before."""
    with _on(day), db.writing() as session:
        rosters.propose(session, rosters.current(session).recovery_public)
        for person in founded.of(Role.CUSTODIAN)[:2]:
            founding.sign(session, person.identity, seed_of(person))


def sign_ins(founded: Founded) -> list[dict[str, str]]:
    """What ACCOUNTS holds: everybody's role, name, passphrase and TOTP secret."""
    return [
        {
            "role": " ".join(sorted(person.roles)),
            "name": person.sign_name,
            "passphrase": person.credentials.passphrase,
            "totp_secret": person.credentials.totp,
        }
        for person in founded.people
    ]


# --- letters -------------------------------------------------------------------------------------


def _letters(founded: Founded, chance: random.Random, year: int, count: int, *, until: date) -> None:
    first = date(year, 1, 8)
    span = (until - first).days
    days = sorted(first + timedelta(days=chance.randrange(span)) for _ in range(count))
    asks: tuple[str, ...] = ()
    if until == clock.today() and span > 30:
        # Something to see on every desk: an answer to tap, and two wishes that still stand.
        asks = (TAP, wishes.OTHER, WITHDRAW)
        days[-len(asks) :] = [until - timedelta(days=back) for back in (6, 5, 4)]
    for number, day in enumerate(days, start=len(asks) - count):
        ask = asks[number] if number >= 0 else ""
        _one_letter(founded, chance, day, recent=(until - day).days < 5, ask=ask)


def _one_letter(founded: Founded, chance: random.Random, day: date, *, recent: bool, ask: str = "") -> None:
    handlers = founded.of(Role.HANDLER)
    struck = [chance.choice(handlers).person_id] if chance.random() < 0.1 else []
    with _on(day, chance.randrange(7, 22)):
        report = _report(founded, chance, struck)
        draft = submission.send(report, submission.readers_now(), submission.draw())
    reading = [one for one in handlers if one.person_id not in struck]
    handler = chance.choice(reading)
    if recent and not ask and chance.random() < 0.7:
        return
    with _on(day + timedelta(days=1), 10), db.writing() as session:
        casework.open_case(session, handler.identity, seed_of(handler), draft.case_id)
    if ask or chance.random() < 0.85:
        known = content.QUESTIONS if ask == TAP else (*content.ANSWERS, *content.QUESTIONS)
        words, choices = chance.choice(known)
        with _on(day + timedelta(days=1), 11), db.writing() as session:
            casework.answer(
                session, handler.identity, seed_of(handler), draft.case_id, words, choices=choices
            )
    if (ask and ask != TAP) or (not ask and chance.random() < 0.4):
        with _on(day + timedelta(days=3), 20):
            _reply(draft, chance, ask)
    if day.month % 2 and len(reading) > 1:
        colleague = next(one for one in reading if one is not handler)
        casefiles.keep(draft.case_id, handler, colleague, chance, day)
    with _on(day + timedelta(days=4), 15), db.writing() as session:
        casework.judge(
            session,
            handler.identity,
            seed_of(handler),
            draft.case_id,
            genuine="yes" if chance.random() < 0.95 else "no",
            gbv_type=_gbv_type(report),
        )


def _reply(draft: Draft, chance: random.Random, wish: str) -> None:
    """What a reporter does in the mailbox: asks for something, taps an answer that was offered, or writes."""
    keys = receipt.derive(draft.receipt, installation_id())
    with db.reading() as session:
        opened = mailbox.find(session, draft.receipt, keys)
    if wish:
        mailbox.write(opened, content.WISHES[wish], what=wish)
    else:
        mailbox.write(opened, chance.choice(opened.to_tap or content.REPLIES))


def seed_of(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed


_TYPES: Final = {
    "sexual_touch": "sexual_assault",
    "physical": "physical_assault",
    "money": "denial",
    "forced_marriage": "forced_marriage",
}


def _gbv_type(report: Report) -> str:
    return next((_TYPES[kind] for kind in report.chosen("what_kind") if kind in _TYPES), "psychological")


def _report(founded: Founded, chance: random.Random, struck: list[str]) -> Report:
    role = chance.choices(("self", "witness", "told", "health_worker"), (70, 15, 8, 7))[0]
    raw: dict[str, list[str]] = {
        "ack_limits": ["yes"],
        "danger_now": [chance.choices(("no", "unsure", "yes"), (80, 15, 5))[0]],
        "reporter_role": [role],
        "survivor_aware": [chance.choice(("agrees", "knows", "no"))],
        "age_group": [chance.choices(("18_59", "16_17", "under_16", "from_60"), (80, 8, 5, 7))[0]],
        "sex": [chance.choices(("female", "male", "unsaid"), (78, 15, 7))[0]],
        "affected_group": [chance.choices(("staff", "patient", "public"), (60, 20, 20))[0]],
        "what_kind": chance.sample(
            ("physical", "sexual_words", "sexual_touch", "threats", "money"), chance.choice((1, 1, 2))
        ),
        "narrative": [chance.choice(content.STORIES)],
        "relation": [chance.choice(("partner", "family", "superior", "colleague", "patient"))],
        "when": [chance.choice(("ongoing", "month", "year", "days_3_7", "hours_72"))],
        "setting": [chance.choices(("home", "work", "health_facility", "online"), (40, 35, 15, 10))[0]],
        "exclude_handlers": struck,
        "support_wanted": chance.sample(("listening", "legal", "medical", "shelter", "action"), 2),
        "contact_mode": [chance.choices(("mailbox", "phone"), (85, 15))[0]],
        "safe_contact": ["Gọi sau 20 giờ; nếu người khác nghe máy thì nói là hiệu thuốc"],
        "consent_stats": ["yes"] if chance.random() < 0.8 else [],
    }
    people = {person.person_id for person in (*founded.of(Role.HANDLER), *founded.of(Role.CUSTODIAN))}
    return validate(raw, people=people)


# --- releases ------------------------------------------------------------------------------------


def _release_days(today: date) -> tuple[tuple[date, date], ...]:
    """The end of last year and of the last full quarter (or half, early in a year), each with the day of its making."""
    last_year = date(today.year - 1, 12, 31)
    quarter_ends = [date(today.year, month, 31 if month == 3 else 30) for month in (3, 6, 9)]
    closed = [day for day in quarter_ends if day + timedelta(days=5) <= today] or [
        date(today.year - 1, 9, 30)
    ]
    days = sorted({last_year, closed[-1]})
    return tuple((day, day + timedelta(days=5)) for day in days)


def _release(founded: Founded, as_of: date) -> None:
    first, second = founded.of(Role.CUSTODIAN)[:2]
    releasing.begin(first.identity, seed_of(first), as_of=as_of, second=second.person_id)
    releasing.count(second.identity, seed_of(second))
    releasing.publish(second.identity, seed_of(second))


# --- surveys -------------------------------------------------------------------------------------


def _activities(founded: Founded, chance: random.Random, today: date, say: Say) -> None:
    """What the units did last year and this year, as far as the month has come."""
    with db.reading() as session:
        campaign = now_running(session)
    if campaign is None:
        return
    for plan in activities.plans(campaign, today):
        activities.fill(founded.of(Role.CAMPAIGNER)[0].identity, plan, chance)
        filed = sum(on is not None for on in plan.files_on)
        say(f"activities of {plan.year}: {filed} units have filed")


def _surveys(founded: Founded, chance: random.Random, staff: int, say: Say) -> None:
    """Last year's waves, and the first of this year."""
    custodian = founded.of(Role.CUSTODIAN)[0]
    centre = surveys.Centre(
        campaigner=founded.of(Role.CAMPAIGNER)[0].identity,
        custodian=custodian.identity,
        seed=seed_of(custodian),
        staff=staff,
    )
    surveys.fill(centre, chance, say)
