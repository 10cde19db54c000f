"""Everything the report is made from, read at one moment: units, releases, surveys, and what people wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from board import ledger
from board.activities import standing, summing
from board.activities.lines import Line
from board.activities.standing import Progress
from board.catalogue import OWN, TOLD
from board.figures import total_of
from board.files import LEAVING_AT_LEAST
from board.report import paper, writing
from board.report.indicators import Letters, Survey, figures
from board.report.models import SentReport
from board.report.parts import CENTRE, FORMAL, WRITTEN
from board.report.suggestions import Known, Units, suggestions
from core import clock
from core.campaign import Campaign
from core.deadlines import Standing
from core.disclosure import leaving
from core.particulars import Particulars
from core.vietnamese import sort_key
from survey.models import Comparison, Round

FEWEST: Final = 10
"""Fewer answers than this in a wave, and no mean of it is told."""


class NoSuchCampaign(Exception):
    """There is no campaign of this year to report about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """One year's report, as it would be made now. suggested: part → its suggestion; versions: of what was written."""

    facts: paper.Facts
    campaign: Campaign
    progress: Sequence[Progress]
    suggested: Mapping[str, str]
    written: Mapping[str, str]
    versions: Mapping[str, int]
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
    particulars = campaign.particulars
    as_of = _as_of(campaign, particulars, kind)
    rows = writing.written(session, year)
    words = {part: row.text for part, row in rows.items() if row.text}
    reports = standing.filed_reports(session, year)
    totals = summing.totals(_held_by(one.lines, as_of) for one in reports)
    centre = {code: int(words[code]) for code in CENTRE if code in words}
    before = sent["report"].told if kind == "supplement" else None
    letters, survey = _letters(session, year, as_of), _survey(session, year)
    counted = figures(totals, centre, letters, survey, _counts(before))
    units, progress = _units(session, campaign, reports)
    known = Known(
        year=year,
        theme=campaign.theme_vi if particulars.theme_set else "",
        board=particulars.board.vi if particulars.board else "",
        as_of=paper.dated(as_of),
        units=units,
        totals=totals,
        centre=centre,
        figures=counted,
        letters=letters,
        survey=survey,
    )
    suggested = suggestions(known)
    return Gathered(
        facts=paper.Facts(
            year=year,
            title=campaign.title_vi,
            as_of=as_of,
            particulars=particulars,
            formal={name: words.get(name, "") for name in FORMAL},
            texts={**suggested, **{part: words[part] for part in WRITTEN if part in words}},
            figures=counted,
            units=units,
            sent=_sent(before) if before else None,
        ),
        campaign=campaign,
        progress=progress,
        suggested=suggested,
        written=words,
        versions={part: row.version for part, row in rows.items()},
        centre=centre,
        costs=sum(total.cost for total in totals.values()),
        sent=sent,
    )


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


def _as_of(campaign: Campaign, particulars: Particulars, kind: str) -> date:
    if kind == "supplement":
        return particulars.supplement_until or campaign.ends
    return particulars.as_of or campaign.ends


def _held_by(lines: Sequence[Line], as_of: date) -> list[Line]:
    """What was done up to a day; what bears no day was done, its unit says."""
    return [line for line in lines if line.held_on is None or line.held_on <= as_of]


def _units(
    session: Session, campaign: Campaign, reports: Sequence[standing.Filed]
) -> tuple[Units, list[Progress]]:
    progress = standing.progress(session, campaign)
    filed = {one.unit_id for one in reports}
    names = {
        how: sorted((one.name.vi for one in reports if one.standing is how), key=sort_key) for how in Standing
    }
    missing = [one.name.vi for one in progress if one.unit_id not in filed]
    return Units(on_time=names[Standing.ON_TIME], late=names[Standing.LATE], missing=missing), progress


def _letters(session: Session, year: int, as_of: date) -> Letters | None:
    """The newest release of the year up to a day, as far as files may carry it."""
    found = [one for one in ledger.releases(session) if one.year == year and one.as_of <= as_of]
    if not found:
        return None
    newest = found[-1]
    outside = replace(
        newest, tables=tuple(leaving(table, at_least=LEAVING_AT_LEAST) for table in newest.tables)
    )
    return Letters(as_of=paper.dated(newest.as_of), own=total_of(outside, OWN), told=total_of(outside, TOLD))


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
    """Both waves from effects and joint tables; None where a wave has fewer than ten answers."""
    people = (effects["before"], effects["after"])
    if min(people) < FEWEST:
        return None
    means = {
        one["name"]: (one["apart"]["before"]["mean"], one["apart"]["after"]["mean"])
        for one in effects["scores"]
        if one["apart"]
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
