"""What two files are and what their result will be, as somebody chooses it on the page (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.i18n import Text
from survey.questionnaire import WAVES

NOW: Final = "now"
"""The outcomes are chosen now, with the answers at hand."""


class NoDesign(ValueError):
    """The waves do not follow one another, or the outcomes are the same; `sentence` is for whoever chose."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence: Final = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPlan:
    """A plan of analysis that was fixed before its first round opened."""

    year: int
    fixed_on: date
    digest: str
    primary: str
    secondary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What stands chosen: the two waves, a fixed plan by its year or NOW, and the outcomes where it is NOW."""

    waves: tuple[str, str]
    plan: str
    primary: str
    secondary: str

    def check(self, names: Sequence[str], fixed: Sequence[FixedPlan]) -> dict[str, Any]:
        """The plan as a report takes it. names: the outcomes of the questionnaire. Raises NoDesign."""
        if set(self.waves) - set(WAVES) or WAVES.index(self.waves[0]) >= WAVES.index(self.waves[1]):
            raise NoDesign(_ORDER)
        for one in fixed:
            if str(one.year) == self.plan:
                return {
                    "primary": one.primary,
                    "secondary": one.secondary,
                    "year": one.year,
                    "fixed_on": one.fixed_on.isoformat(),
                    "sha256": one.digest,
                }
        if self.primary not in ("", *names) or self.secondary not in ("", *names):
            raise NoDesign(_TWICE)
        if self.primary == self.secondary and self.primary:
            raise NoDesign(_TWICE)
        return {"primary": self.primary, "secondary": self.secondary}


def usual(names: Sequence[str]) -> Design:
    """What is chosen until somebody chooses: before and after, the first two outcomes, now."""
    first, second, *_ = [*names, "", ""]
    return Design(waves=("before", "after"), plan=NOW, primary=first, secondary=second)


def chosen(sent: Mapping[str, str], names: Sequence[str]) -> Design:
    """What the page sent; whatever it did not send is as usual."""
    start = usual(names)
    return Design(
        waves=(sent.get("wave1", start.waves[0]), sent.get("wave2", start.waves[1])),
        plan=sent.get("plan", start.plan),
        primary=sent.get("primary", start.primary),
        secondary=sent.get("secondary", start.secondary),
    )


_ORDER: Final = Text(
    "Tệp thứ hai phải là một đợt sau đợt của tệp thứ nhất.",
    "The second file must be of a later wave than the first.",
)
_TWICE: Final = Text(
    "Kết quả chính và kết quả phụ phải là hai thang điểm khác nhau.",
    "The primary and the secondary outcome must be two different scores.",
)


def in_words(plan: Mapping[str, Any]) -> Text:
    """Whether the outcomes were decided before the answers."""
    if "fixed_on" in plan:
        day = date.fromisoformat(plan["fixed_on"])
        return Text(
            f"Kế hoạch phân tích của năm {plan['year']}, chốt ngày {day:%d/%m/%Y}.",
            f"The plan of analysis of {plan['year']}, fixed on {day.day}/{day.month}/{day.year}.",
        )
    return Text(
        "Kết quả chính được chọn khi tính, không theo một kế hoạch đã chốt trước.",
        "The outcomes were chosen when this was computed, not by a plan fixed beforehand.",
    )
