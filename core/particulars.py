"""What a year's campaign says for documents and deadlines, read from its details into typed values (pure).

Anything may be missing: a year without a plan number, a centre that has not written its place yet. What is missing is
None, never an empty word, so that nobody prints "Kế hoạch số  ngày ".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.deadlines import Deadline, as_day, deadline_in
from core.i18n import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """The campaign's particulars. Each Text has both languages; None means: not written for this year."""

    issuer: Text | None
    """The centre: "Trung tâm Y tế Thiệu Hóa"."""
    board: Text | None
    """The board inside it: "Ban Vì sự tiến bộ của phụ nữ"."""
    parent: Text | None
    """Who the report goes to: "Sở Y tế Thanh Hóa"."""
    place: Text | None
    """The place beside the date on documents: "Thiệu Hóa"."""
    plan: Text | None
    """The centre's own plan, number and day: "12/KH-BVSTBPN ngày 15/11/2026"."""
    higher_plan: Text | None
    """The plan it carries out: "3911/KH-BVSTBPN ngày 13/11/2020 của Sở Y tế"."""
    units_report: Deadline | None
    centre_reports: Deadline | None
    supplement_until: date | None
    """The last day a supplement may cover and be sent, that day included."""
    as_of: date | None
    """The day figures of the report are counted to: as written, or the last day on which units are on time."""
    theme_set: bool


def read(details: Mapping[str, Any]) -> Particulars:
    """The particulars of a campaign's details."""
    units_report = deadline_in(details, "units_report_before")
    as_of = as_day(details.get("figures_as_of"))
    return Particulars(
        issuer=_words(details, "issuer"),
        board=_words(details, "board"),
        parent=_words(details, "parent"),
        place=_words(details, "place"),
        plan=_words(details, "plan"),
        higher_plan=_words(details, "higher_plan"),
        units_report=units_report,
        centre_reports=deadline_in(details, "centre_reports_before"),
        supplement_until=as_day(details.get("supplement_until")),
        as_of=as_of or (units_report.last_day if units_report else None),
        theme_set=bool(details.get("theme_set")),
    )


def _words(details: Mapping[str, Any], name: str) -> Text | None:
    """A word in both languages. What stands in brackets is a place to be filled, so it is not written yet."""
    vi = _written(details.get(f"{name}_vi"))
    en = _written(details.get(f"{name}_en"))
    return Text(vi or en, en or vi) if vi or en else None


def _written(words: object) -> str:
    text = words.strip() if isinstance(words, str) else ""
    return "" if text.startswith("[") else text
