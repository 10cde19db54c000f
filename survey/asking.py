"""What is asked after which answers: conditions, checks and calculations of a questionnaire (pure).

The same rules run while somebody answers page by page and once more over everything on arrival. An answer whose
question is no longer asked is dropped, and so is a choice that is no longer offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.i18n import Text
from survey.coding import Coded, shown
from survey.expressions.xpath import Facts, calculated, holds, looks_at
from survey.items import ANSWERED, Choice, Item, Page
from survey.questionnaire import Questionnaire

REFERENCE: Final = re.compile(r"\$\{\s*([^}\s]+)\s*\}")
"""An answer inside words."""
_NOT_FITTING: Final = Text(
    "Câu trả lời này không hợp với câu hỏi. Bạn xem lại hoặc bỏ qua.",
    "This answer does not fit the question. Please look again, or skip it.",
)
_ASKED_AGAIN: Final = Text(
    "Câu này còn trống. Bạn trả lời, hoặc bấm tiếp lần nữa để bỏ qua.",
    "This question is empty. Answer it, or continue once more to skip it.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """Answers after all rules: what stays, which items are asked, what each offers, what is wrong."""

    answers: Mapping[str, Coded]
    asked: frozenset[str]
    offered: Mapping[str, tuple[Choice, ...]]
    values: Mapping[str, str]
    errors: Mapping[str, Text]
    empty: frozenset[str]
    """Items that are required and were not answered."""


def settle(questionnaire: Questionnaire, wave: str, answers: Mapping[str, Coded], today: date) -> Settled:
    """Run every rule once over the coded answers of a wave, from the first item to the last."""
    run = _Run(questionnaire, wave, answers, today)
    for item in questionnaire.items(wave):
        run.over(item)
    return run.settled()


class _Run:
    """One pass; a calculation is computed when something first looks at it."""

    def __init__(
        self, questionnaire: Questionnaire, wave: str, answers: Mapping[str, Coded], today: date
    ) -> None:
        self._given, self._today = answers, today
        self._calculations = {
            item.code: item for item in questionnaire.items(wave) if item.kind == "calculate"
        }
        self._kept: dict[str, Coded] = {}
        self._values: dict[str, str] = {}
        self._asked: set[str] = set()
        self._offered: dict[str, tuple[Choice, ...]] = {}
        self._errors: dict[str, Text] = {}
        self._empty: set[str] = set()

    def over(self, item: Item) -> None:
        if item.kind == "calculate":
            return  # computed when something looks at it
        if not all(self._holds(text) for text in item.rules.relevant):
            return
        if item.choices:
            self._offered[item.code] = self._offer(item)
            if not self._offered[item.code]:
                return  # a list that an earlier answer has emptied is not asked
        self._asked.add(item.code)
        answer = self._still_offered(item)
        if answer is None:
            if item.rules.required and item.kind in ANSWERED and self._holds(item.rules.required):
                self._empty.add(item.code)
            return
        self._kept[item.code] = answer
        self._values[item.code] = answer if isinstance(answer, str) else " ".join(answer)
        if item.rules.constraint and not self._holds(item.rules.constraint, own=self._values[item.code]):
            self._errors[item.code] = item.rules.constraint_says or _NOT_FITTING

    def settled(self) -> Settled:
        for code in self._calculations:
            self._look((code,))
        return Settled(
            answers=self._kept,
            asked=frozenset(self._asked),
            offered=self._offered,
            values=self._values,
            errors=self._errors,
            empty=frozenset(self._empty),
        )

    def _offer(self, item: Item) -> tuple[Choice, ...]:
        text = item.rules.choice_filter
        if not text:
            return item.choices
        return tuple(
            choice
            for choice in item.choices
            if any(self._holds(text, columns=column) for column in choice.columns)
        )

    def _still_offered(self, item: Item) -> Coded | None:
        answer = self._given.get(item.code)
        if answer is None or not item.choices:
            return answer
        codes = {choice.code for choice in self._offered[item.code]}
        if isinstance(answer, str):
            return answer if answer in codes else None
        return [code for code in answer if code in codes] or None

    def _holds(self, text: str, *, own: str = "", columns: Mapping[str, str] | None = None) -> bool:
        columns = columns or {}
        self._look(looks_at(text, frozenset(columns)))
        return holds(text, Facts(answers=self._values, today=self._today, own=own, columns=columns))

    def _look(self, names: Iterable[str]) -> None:
        """Compute the calculations among these names, and those they look at; the reader refused loops."""
        for name in names:
            item = self._calculations.get(name)
            if item is None or name in self._values or item.rules.calculate is None:
                continue
            self._values[name] = ""
            if all(self._holds(text) for text in item.rules.relevant):
                self._look(looks_at(item.rules.calculate))
                facts = Facts(answers=self._values, today=self._today)
                self._values[name] = calculated(item.rules.calculate, facts)


def must_ask_again(item: Item) -> Text:
    """What is said of a required question that was left empty."""
    return item.rules.required_says or _ASKED_AGAIN


# --- words that show an answer


def filled(words: Text, questionnaire: Questionnaire, values: Mapping[str, str]) -> Text:
    """Words with `${name}` replaced by that answer: the label of a choice, a number or day as it is typed."""
    if "${" not in words.vi + words.en:
        return words

    def said(tongue: str) -> str:
        return REFERENCE.sub(
            lambda found: _as_words(questionnaire, found[1], values.get(found[1], ""), tongue),
            getattr(words, tongue),
        )

    return Text(said("vi"), said("en"))


def _as_words(questionnaire: Questionnaire, name: str, value: str, tongue: str) -> str:
    item = questionnaire.all_items.get(name)
    if item is None or not value:
        return "…"
    if not item.choices:
        return shown(item, value)
    labels = {choice.code: getattr(choice.label, tongue) for choice in item.choices}
    return ", ".join(labels.get(code, code) for code in value.split())


# --- pages


def steps(questionnaire: Questionnaire, wave: str) -> tuple[Page, ...]:
    """The pages of a wave, divided where something looks back at an answer on its own page."""
    found: list[Page] = []
    for page in questionnaire.pages(wave):
        here: list[Item] = []
        for item in page.items:
            if here and looked_back_at(questionnaire, item) & {one.code for one in here}:
                found.append(Page(code=page.code, title=page.title, lead=page.lead, items=tuple(here)))
                here = []
            here.append(item)
        if any(item.kind != "calculate" for item in here):
            found.append(Page(code=page.code, title=page.title, lead=page.lead, items=tuple(here)))
    return tuple(found)


def looked_back_at(questionnaire: Questionnaire, item: Item) -> frozenset[str]:
    """Every answer on which it depends how this item is shown, through calculations too."""
    names: set[str] = set(REFERENCE.findall(item.label.vi + item.label.en))
    if item.hint:
        names |= set(REFERENCE.findall(item.hint.vi + item.hint.en))
    for text in item.rules.relevant:
        names |= looks_at(text)
    if item.rules.choice_filter:
        columns = {name for choice in item.choices for column in choice.columns for name in column}
        names |= looks_at(item.rules.choice_filter, frozenset(columns))
    return frozenset().union(*(_behind(questionnaire, name, frozenset()) for name in names))


def _behind(questionnaire: Questionnaire, name: str, within: frozenset[str]) -> frozenset[str]:
    item = questionnaire.all_items.get(name)
    if item is None or item.rules.calculate is None or name in within:
        return frozenset((name,))
    names = set(looks_at(item.rules.calculate))
    for text in item.rules.relevant:
        names |= looks_at(text)
    return frozenset().union(*(_behind(questionnaire, one, within | {name}) for one in names))
