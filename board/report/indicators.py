"""The 25 figures of the yearly report: from what units filed, what was released and what the survey found (pure).

The indicators are data (data/indicators.json). Four of them (14, 15, 20, 21) are never added up from units. Counts of
counselling and visits below `K` are told as "fewer than 5"; letters stand here only as rows that may leave the board.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from board.activities.summing import Total
from board.published import K
from core.disclosure import Value, shown
from core.i18n import Text

Number = int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One line of the form. under: the number of the line that it is a part of."""

    no: int
    label: Text
    unit: Text
    under: int | None
    activities: tuple[str, ...]
    takes: str
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What a release says of letters, as far as it may leave the board; None: fewer than may leave."""

    as_of: str
    own: Value
    told: Value
    answered_in_time: float | None = None
    """Of the persons' own letters, the share (0 to 1) whose first answer came within two days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Both waves: people, means of all who answered, and the share (0 to 1) who know three places of help or more."""

    people: tuple[int, int]
    knowledge: tuple[float, float] | None
    attitude: tuple[float, float] | None
    knows_three: tuple[float, float] | None
    linked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What stands beside an indicator. numbers: one, or the two that stand together; why: why there is none, or less."""

    indicator: Indicator
    numbers: tuple[Number, ...]
    said: Text
    why: Text | None = None


def _indicator(entry: Mapping[str, Any]) -> Indicator:
    return Indicator(
        no=entry["no"],
        label=Text(entry["vi"].strip(), entry["en"].strip()),
        unit=Text(entry["unit_vi"], entry["unit_en"]),
        under=entry["under"],
        activities=tuple(entry["activities"]),
        takes=entry["takes"],
        sensitive=entry["sensitive"],
    )


INDICATORS: Final = tuple(
    _indicator(entry)
    for entry in json.loads((Path(__file__).parent.parent / "data" / "indicators.json").read_text("utf-8"))
)

NOTHING: Final = Text("chưa có", "none yet")
_NOT_TOLD: Final = Text("không nêu", "not told")
_FEW: Final = Text(f"dưới {K}", f"fewer than {K}")
_WHY_FEW: Final = Text(
    f"Dưới {K} thì không nêu số đúng; “dưới {K}” gồm cả không có ai.",
    f"Below {K} the exact number is not told; “fewer than {K}” includes none.",
)
_WHY_GROWN: Final = Text(
    f"Tăng thêm chưa đến {K} so với báo cáo trước, có thể không tăng.",
    f"Grown by fewer than {K} since the first report, perhaps not at all.",
)
_WHY_CENTRE: Final = Text("Trung tâm chưa ghi số này.", "The centre has not written this number yet.")
_WHY_BELOW: Final = Text(
    "Chưa đủ số thư để đưa ra ngoài Ban.", "Too few letters for a figure that leaves the board."
)
_WHY_NO_RELEASE: Final = Text(
    "Chưa có kỳ công bố nào đến ngày này.", "Nothing has been released up to this day."
)
_WHY_SHARE: Final = Text(
    "Tỷ lệ chỉ nêu khi có ít nhất 20 thư và không suy ra được số dưới 10.",
    "A share is told only of at least 20 letters, and where no number below 10 follows from it.",
)
_WHY_OWN: Final = Text(
    "Thư người bị hại tự viết, trả lời trong 2 ngày.", "Of the persons' own letters, within two days."
)
_WHY_NO_MEAN: Final = Text(
    "Chưa đủ người trả lời, hoặc mọi người trả lời như nhau.", "Too few answered, or all answered alike."
)
_WHY_NO_SURVEY: Final = Text(
    "Chưa ghép được hai đợt khảo sát của năm.", "The two waves of the year were not joined yet."
)


def figures(
    totals: Mapping[str, Total],
    centre: Mapping[str, int],
    letters: Letters | None,
    survey: Survey | None,
    before: Mapping[int, int] | None = None,
) -> list[Figure]:
    """All 25, in order.

    totals: from the units' reports, for every type. centre: type → count of what the centre as a whole did. before: what the
    first report told of sensitive counts (number of the indicator → count), for a supplement.
    """
    found = []
    for one in INDICATORS:
        if one.takes in _OF_SURVEY:
            found.append(_of_survey(one, survey))
        elif one.takes in ("cases", "on_time"):
            found.append(_of_letters(one, letters))
        elif one.sensitive:
            found.append(_of_centre(one, centre, (before or {}).get(one.no)))
        else:
            found.append(_of_units(one, [totals[code] for code in one.activities]))
    return found


def _of_units(one: Indicator, totals: list[Total]) -> Figure:
    if one.takes == "participants":
        return _people(one, totals)
    if one.takes == "money":
        return _money(one, totals)
    if one.takes == "units_with_plan":
        return _plain(one, sum(total.units for total in totals))
    return _plain(one, sum(total.quantity for total in totals))


def _plain(one: Indicator, count: int) -> Figure:
    return Figure(indicator=one, numbers=(count,), said=_digits(count))


def _people(one: Indicator, totals: list[Total]) -> Figure:
    came, men = sum(total.participants for total in totals), sum(total.men for total in totals)
    unsplit = sum(total.unsplit for total in totals)
    words = Text("{all} (nam: {men})", "{all} (men: {men})")
    return Figure(
        indicator=one,
        numbers=(came, men),
        said=_with_digits(words, all=came, men=men),
        why=_with_digits(
            Text("{n} người chưa tách nam, nữ.", "{n} people without women and men apart."), n=unsplit
        )
        if unsplit
        else None,
    )


def _money(one: Indicator, totals: list[Total]) -> Figure:
    budget = sum(total.numbers["budget"] for total in totals)
    raised = sum(total.numbers["raised"] for total in totals)
    return Figure(
        indicator=one,
        numbers=(budget, raised),
        said=_with_digits(Text("{a} / {b}", "{a} / {b}"), a=budget, b=raised),
    )


def _of_centre(one: Indicator, centre: Mapping[str, int], before: int | None) -> Figure:
    """A sensitive count: never below K, and in a supplement never so that the small difference shows."""
    known = [centre[code] for code in one.activities if code in centre]
    if not known:
        return Figure(indicator=one, numbers=(), said=NOTHING, why=_WHY_CENTRE)
    count = sum(known)
    if count < K:
        return Figure(indicator=one, numbers=(), said=_FEW, why=_WHY_FEW)
    if before is not None and before >= K and 0 <= count - before < K:
        return Figure(indicator=one, numbers=(), said=shown((before, before + K - 1)), why=_WHY_GROWN)
    return _plain(one, count)


def _of_letters(one: Indicator, letters: Letters | None) -> Figure:
    """Letters of the two kinds side by side, never added up: a sum would tell the one that may not leave."""
    if letters is None:
        return Figure(indicator=one, numbers=(), said=NOTHING, why=_WHY_NO_RELEASE)
    if one.takes == "on_time":
        if letters.answered_in_time is None:
            return Figure(indicator=one, numbers=(), said=_NOT_TOLD, why=_WHY_SHARE)
        percent = round(100 * letters.answered_in_time)
        return Figure(indicator=one, numbers=(percent,), said=_digits(percent), why=_WHY_OWN)
    kinds = (
        (letters.own, Text("người bị hại tự viết: {n}", "by the persons harmed: {n}")),
        (letters.told, Text("người khác báo tin: {n}", "told by others: {n}")),
    )
    parts = [
        Text(words.vi.format(n=shown(value).vi), words.en.format(n=shown(value).en))
        for value, words in kinds
        if value is not None
    ]
    if not parts:
        return Figure(indicator=one, numbers=(), said=_NOT_TOLD, why=_WHY_BELOW)
    whole = Text("; ".join(part.vi for part in parts), "; ".join(part.en for part in parts))
    return Figure(indicator=one, numbers=(), said=whole, why=None if len(parts) == len(kinds) else _WHY_BELOW)


_OF_SURVEY: Final = {"respondents", "knowledge_mean", "attitude_mean", "help_share"}


def _of_survey(one: Indicator, survey: Survey | None) -> Figure:
    if survey is None:
        return Figure(indicator=one, numbers=(), said=NOTHING, why=_WHY_NO_SURVEY)
    pair: tuple[Number, Number] | None = {
        "respondents": survey.people,
        "knowledge_mean": survey.knowledge,
        "attitude_mean": survey.attitude,
        "help_share": survey.knows_three and tuple(100 * share for share in survey.knows_three),
    }[one.takes]  # type: ignore[assignment]
    if pair is None:
        return Figure(indicator=one, numbers=(), said=NOTHING, why=_WHY_NO_MEAN)
    if one.takes == "help_share" and survey.knows_three:
        first, second = (share(value) for value in survey.knows_three)
        said = Text(f"{first.vi} / {second.vi}", f"{first.en} / {second.en}")
        return Figure(indicator=one, numbers=pair, said=said)
    decimals = 0 if one.takes == "respondents" else 2
    return Figure(
        indicator=one,
        numbers=pair,
        said=_with_digits(Text("{a} / {b}", "{a} / {b}"), decimals, a=pair[0], b=pair[1]),
    )


def share(value: float) -> Text:
    """A share in percent; where all or nobody is meant, no more than that: else everybody's answer were known."""
    if round(100 * value) in (0, 100):
        return Text("trên 90", "over 90") if value > 0.5 else Text("dưới 10", "under 10")
    return _digits(100 * value, 1)


def _digits(count: float, decimals: int = 0) -> Text:
    return Text(vietnamese(count, decimals), f"{count:,.{decimals}f}")


def _with_digits(words: Text, decimals: int = 0, **values: Any) -> Text:
    both = {name: _digits(value, decimals) for name, value in values.items()}
    return Text(
        words.vi.format(**{name: one.vi for name, one in both.items()}),
        words.en.format(**{name: one.en for name, one in both.items()}),
    )


def vietnamese(value: float, decimals: int = 0) -> str:
    """A number as a Vietnamese document writes it, whatever the language of the page: 1.234,5."""
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))
