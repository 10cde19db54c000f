"""What the survey says to the board: comparisons whose later wave had closed by the day of a release, and of ten joined.

The statistics rule for surveys (docs/statistics.md): released after the later wave closes, a follow-up as a further
release. The board's pages show a comparison from the first release on whose day it had closed, and never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.i18n import Text
from survey import analysis_plan, reading
from survey.models import Comparison, Round
from survey.power import FEWEST

SLUGS: Final = {"after": "sau", "followup": "sau-ba-thang"}
"""The later wave as it stands in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two waves put side by side. outcomes: the primary and secondary one, as the plan of the year has them."""

    found: Comparison
    before: Round
    after: Round
    outcomes: tuple[str, ...]

    @property
    def slug(self) -> str:
        """Its name in an address: 2026-sau."""
        return f"{self.before.year}-{SLUGS[self.after.wave]}"

    def sentences(self) -> list[str]:
        """What changed, in the language of the page."""
        return reading.sentences(self.found.effects, self.outcomes, wave=self.after.wave)

    def caveats(self) -> list[Text]:
        """What it cannot say."""
        with_cards = self.before.with_cards and self.after.with_cards
        return reading.caveats(self.found.effects, with_cards=with_cards)


def shown(session: Session, as_of: date) -> list[Compared]:
    """What the board may see on the day of a release, the newest first; of each pair of waves only the newest."""
    found: dict[str, Compared] = {}
    for one in _closed_by(session, as_of):
        if one.found.effects["linked"] >= FEWEST:
            found.setdefault(one.slug, one)
    return list(found.values())


def _closed_by(session: Session, as_of: date) -> Iterator[Compared]:
    earlier, later = aliased(Round), aliased(Round)
    wanted = (
        select(Comparison, earlier, later)
        .join(earlier, earlier.id == Comparison.before_id)
        .join(later, later.id == Comparison.after_id)
        .where(later.closes_on <= as_of)
        .order_by(earlier.year.desc(), later.closes_on.desc(), Comparison.made_on.desc(), Comparison.digest)
    )
    for comparison, before, after in session.execute(wanted):
        plan = analysis_plan.of_year(session, before.year)
        outcomes = analysis_plan.in_order(plan)
        yield Compared(found=comparison, before=before, after=after, outcomes=outcomes)
