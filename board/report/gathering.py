"""Everything the report is made from, read at one moment: units, releases, surveys, and what people wrote."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from board import ledger
from board.activities import photographs, standing, summing
from board.activities.lines import Line
from board.activities.standing import Progress
from board.catalogue import OWN, TOLD
from board.figures import total_of
from board.files import LEAVING_AT_LEAST
from board.published import Published
from board.report import paper, writing
from board.report.indicators import Letters, Survey, figures
from board.report.models import SentReport
from board.report.parts import CENTRE, FORMAL, PHOTOS, PHOTOS_AT_MOST, WRITTEN
from board.report.suggestions import Known, Units, suggestions
from core import clock
from core.access import Identity
from core.campaign import Campaign
from core.deadlines import Standing
from core.disclosure import leaving
from core.disclosure.tables import TOTAL
from core.vietnamese import sort_key
from survey.models import Comparison, Round

ANSWERED, IN_TIME = "first_answer", "days_2"
"""The dim of the releases that tells when the first answer came, and its category within two days."""
FEWEST_FOR_SHARES: Final = 20
ALL: Final = 10_000
"""More photographs than a year has."""
FEWEST: Final = 10
"""Fewer answers than this in a wave, and no mean of it is told."""


class NoSuchCampaign(Exception):
    """There is no campaign of this year to report about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """One year's report, as it would be made now. suggested: part → its suggestion; written: part → words."""

    facts: paper.Facts
    campaign: Campaign
    progress: Sequence[Progress]
    suggested: Mapping[str, str]
    written: Mapping[str, str]
    centre: Mapping[str, int]
    costs: int
    sent: Mapping[str, SentReport]

    @property
    def document(self) -> dict[str, Any]:
        """The payload of the document."""
        return paper.supplement(self.facts) if self.facts.sent else paper.report(self.facts)


def gather(session: Session, year: int, kind: str = "report") -> Gathered:
    """Read and add up. Raises `NoSuchCampaign`, `NotAsPublished`, `writing.NotSentYet` (a supplement without its report)."""
    campaign = session.get(Campaign, year)
    if campaign is None:
        raise NoSuchCampaign
    sent = {row.kind: row for row in session.scalars(select(SentReport).where(SentReport.year == year))}
    if kind == "supplement" and "report" not in sent:
        raise writing.NotSentYet
    words = {part: row.text for part, row in writing.written(session, year).items() if row.text}
    before = sent["report"].told if kind == "supplement" else None
    progress = standing.progress(session, campaign)
    known = _known(session, campaign, progress, words, before)
    suggested = suggestions(known)
    facts = paper.Facts(
        year=year,
        title=campaign.title_vi,
        as_of=_as_of(campaign, kind),
        particulars=campaign.particulars,
        formal={name: words.get(name, "") for name in FORMAL},
        texts={**suggested, **{part: words[part] for part in WRITTEN if part in words}},
        figures=known.figures,
        units=known.units,
        sent=_sent(before) if before else None,
    )
    return Gathered(
        facts=facts,
        campaign=campaign,
        progress=progress,
        suggested=suggested,
        written=words,
        centre=known.centre,
        costs=sum(total.cost for total in known.totals.values()),
        sent=sent,
    )


def _known(
    session: Session,
    campaign: Campaign,
    progress: Sequence[Progress],
    words: Mapping[str, str],
    before: Mapping[str, Any] | None,
) -> Known:
    """Everything that is counted. before: what was kept of the report, for a supplement to it."""
    as_of, particulars = _as_of(campaign, "supplement" if before else "report"), campaign.particulars
    reports = standing.filed_reports(session, campaign.year)
    totals = summing.totals(held_by(one.lines, as_of) for one in reports)
    centre = {code: int(words[code]) for code in CENTRE if code in words}
    letters, survey = _letters(session, campaign.year, as_of), _survey(session, campaign.year)
    return Known(
        year=campaign.year,
        theme=campaign.theme_vi if particulars.theme_set else "",
        board=particulars.board.vi if particulars.board else "",
        as_of=paper.dated(as_of),
        units=_units(progress, reports),
        totals=totals,
        centre=centre,
        figures=figures(totals, centre, letters, survey, _counts(before)),
        letters=letters,
        survey=survey,
    )


def with_photographs(session: Session, by: Identity | None, gathered: Gathered) -> Gathered:
    """The same with the photographs that were chosen, as far as they are still there. Raises `Denied`."""
    chosen = gathered.written.get(PHOTOS, "").split()
    known = {
        photo: (unit.vi, title)
        for photo, unit, _, title in photographs.of_year(session, gathered.facts.year, ALL)
    }
    found = [
        (
            base64.b64encode(photographs.image(session, by, photo, None)).decode(),
            ": ".join(words for words in known[photo] if words),
        )
        for photo in chosen
        if photo in known
    ]
    return replace(gathered, facts=replace(gathered.facts, photos=tuple(found[:PHOTOS_AT_MOST])))


def told(gathered: Gathered) -> dict[str, Any]:
    """What is kept of a report that goes out, for the supplement that may follow it."""
    facts = gathered.facts
    prefix = "supplement_" if facts.sent else ""
    return {
        "number": facts.formal[f"{prefix}number"],
        "symbol": facts.formal["symbol"],
        "day": facts.formal[f"{prefix}day"] or clock.today().isoformat(),
        "as_of": facts.as_of.isoformat(),
        "said": {str(one.indicator.no): one.said.vi for one in facts.figures},
        "units": [*facts.units.on_time, *facts.units.late],
        "centre": dict(gathered.centre),
    }


def planned_as_of(campaign: Campaign, kind: str = "report") -> date:
    """The day that the figures of a report are to reach."""
    particulars = campaign.particulars
    if kind == "supplement":
        return particulars.supplement_until or campaign.ends
    return particulars.as_of or campaign.ends


def _as_of(campaign: Campaign, kind: str) -> date:
    """The day that they reach now: no paper speaks of days that have not come."""
    return min(planned_as_of(campaign, kind), clock.today())


def held_by(lines: Sequence[Line], as_of: date) -> list[Line]:
    """What was done up to a day; what bears no day was done, its unit says."""
    return [line for line in lines if line.held_on is None or line.held_on <= as_of]


def _units(progress: Sequence[Progress], reports: Sequence[standing.Filed]) -> Units:
    filed = {one.unit_id for one in reports}
    names = {
        how: sorted((one.name.vi for one in reports if one.standing is how), key=sort_key) for how in Standing
    }
    missing = [one.name.vi for one in progress if one.owes and one.unit_id not in filed]
    return Units(on_time=names[Standing.ON_TIME], late=names[Standing.LATE], missing=missing)


def _letters(session: Session, year: int, as_of: date) -> Letters | None:
    """The newest release of the year up to a day, as far as files may carry it."""
    found = [one for one in ledger.releases(session) if one.year == year and one.as_of <= as_of]
    if not found:
        return None
    newest = found[-1]
    outside = replace(
        newest, tables=tuple(leaving(table, at_least=LEAVING_AT_LEAST) for table in newest.tables)
    )
    return Letters(
        as_of=paper.dated(newest.as_of),
        own=total_of(outside, OWN),
        told=total_of(outside, TOLD),
        answered_in_time=_answered_in_time(outside),
    )


def _answered_in_time(outside: Published) -> float | None:
    """The share of own letters answered within two days; only from exact figures, and of at least 20.

    Beside their number it tells how many waited longer: one to nine of those may not leave the board either.
    """
    for table in outside.tables:
        if tuple(table.dims) == (ANSWERED,) and table.counts == OWN:
            whole, in_time = table.value(TOTAL), table.value(IN_TIME)
            if not isinstance(whole, int) or not isinstance(in_time, int) or whole < FEWEST_FOR_SHARES:
                return None
            waited = whole - in_time
            return None if 0 < waited < LEAVING_AT_LEAST else in_time / whole
    return None


def _survey(session: Session, year: int) -> Survey | None:
    """What changed from before to right after the campaign of this year, of all who answered."""
    wanted = (
        select(Comparison)
        .join(Round, Round.id == Comparison.after_id)
        .where(Round.year == year, Round.wave == "after")
        .order_by(Comparison.made_on.desc(), Comparison.digest)
    )
    found = session.scalars(wanted).first()
    return survey_of(found.effects, found.joint) if found else None


def survey_of(effects: Mapping[str, Any], joint: Mapping[str, Any]) -> Survey | None:
    """Both waves from effects and joint tables; None where a wave has fewer than ten answers.

    A mean of people who all answered alike would be everybody's answer: it is left out.
    """
    people = (effects["before"], effects["after"])
    if min(people) < FEWEST:
        return None
    means = {
        one["name"]: (one["apart"]["before"]["mean"], one["apart"]["after"]["mean"])
        for one in effects["scores"]
        if one["apart"] and all(one["apart"][wave].get("sd", 1) for wave in ("before", "after"))
    }
    helped = next((one for one in joint["scores"] if one["name"] == "help"), None)
    return Survey(
        people=people,
        knowledge=means.get("knowledge"),
        attitude=means.get("attitude"),
        knows_three=_share(helped["before"], helped["after"]) if helped else None,
        linked=effects["linked"],
    )


def _share(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Of those who answered, how many know three places or more; None where fewer than ten did."""
    shares = []
    for wave in (before, after):
        people = sum(count for _, count in wave)
        if people < FEWEST:
            return None
        shares.append(sum(count for value, count in wave if value >= 3) / people)
    return shares[0], shares[1]


def _sent(told_before: Mapping[str, Any]) -> paper.Sent:
    return paper.Sent(
        number=told_before["number"],
        symbol=told_before["symbol"],
        day=date.fromisoformat(told_before["day"]),
        as_of=date.fromisoformat(told_before["as_of"]),
        said={int(no): words for no, words in told_before["said"].items()},
        units=tuple(told_before["units"]),
    )


def _counts(told_before: Mapping[str, Any] | None) -> dict[int, int]:
    """Indicator → what the centre had counted when the report went out."""
    centre = told_before["centre"] if told_before else {}
    return {CENTRE[code]: count for code, count in centre.items() if CENTRE[code]}
