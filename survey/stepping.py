"""A questionnaire that is asked page by page: what comes next after what was sent, nothing kept in between.

Each page brings along everything said before it, sealed (survey.carried). What is sent with a page is checked by the
rules of that page; what the last page brings is run through every rule once more before it is taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core import clock
from core.i18n import Text
from survey import cards, carried
from survey.asking import Settled, filled, looked_back_at, must_ask_again, settle, steps
from survey.carried import Carried, NotCarried
from survey.coding import Coded, WrongAnswer, code
from survey.fields import as_given, field
from survey.items import ANSWERED, Page
from survey.models import Round
from survey.questionnaire import Questionnaire

AGAIN: Final = Text(
    "Trang trước không còn dùng được, nên bạn bắt đầu lại từ đầu. Chưa có câu trả lời nào được ghi.",
    "The page before can no longer be used, so you begin again. No answer was recorded.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """One page to show: its step, the fields that are asked, what it carries, what is wrong."""

    step: Page
    place: int
    left: int
    """How many pages come after this one, as far as the answers so far tell."""
    fields: list[dict[str, Any]]
    carried: str
    card: dict[str, Any] | None
    other_card: bool
    errors: Mapping[str, Text]
    notice: Text | None = None
    repeat: bool = False
    """Whether the page comes back because something must be looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """Everything was answered: coded answers after all rules, elements in their order, and what was carried."""

    answers: dict[str, Coded]
    elements: list[str]
    held: Carried


def begin(found: Round, questionnaire: Questionnaire, *, notice: Text | None = None) -> Screen:
    """The first page."""
    return Walk(found, questionnaire).show(Carried(step=0, token=secrets.token_hex(16)), notice=notice)


def onward(found: Round, questionnaire: Questionnaire, sent: Mapping[str, list[str]]) -> Screen | Done:
    """The page after what was sent; the same again where something is wrong; or everything, at the end."""
    try:
        brought = carried.opened("".join(sent.get("carried", [])), found.id)
    except NotCarried:
        return begin(found, questionnaire, notice=AGAIN)
    return Walk(found, questionnaire).onward(brought, sent)


def again(
    found: Round, questionnaire: Questionnaire, done: Done, errors: Mapping[str, Text], *, first: bool = False
) -> Screen:
    """The last page once more, or the first with its card: what was sent at the end could not be taken."""
    held = replace(done.held, step=0) if first else done.held
    return Walk(found, questionnaire).show(held, errors=errors)


class Walk:
    """The steps of one round; survey.at_once walks them when everything is sent together."""

    def __init__(self, found: Round, questionnaire: Questionnaire) -> None:
        self._round, self._asked = found, questionnaire
        self._steps = (*steps(questionnaire, found.wave), _END)

    def onward(self, brought: Carried, sent: Mapping[str, list[str]]) -> Screen | Done:
        place = min(max(brought.step, 0), len(self._steps) - 1)
        if "stay" in sent:
            # The same page in another language, with what was typed on it.
            return self.show(replace(brought, step=place, other_card="other_card" in sent), given=sent)
        errors: dict[str, Text] = {}
        held = self.with_card(brought, sent, errors) if place == 0 else brought
        held = replace(held, step=place, answers=with_page(held.answers, self._steps[place], sent, errors))
        settled = self._settle(held.answers)
        if "back" in sent:
            return self.show(replace(held, step=self._before(place, settled), again=()))
        here = {item.code for item in self._steps[place].items}
        errors |= {name: said for name, said in settled.errors.items() if name in here}
        empty = sorted((settled.empty & here) - set(held.again) - set(errors))
        errors |= {name: must_ask_again(self._asked.item(name)) for name in empty}
        if errors:
            return self.show(replace(held, again=(*held.again, *empty)), given=sent, errors=errors)
        after = self._after(place, settled)
        if after is None and "finish" not in sent:
            # Answers on this page made it the last one; nothing is sent off by a button that said "continue".
            after = len(self._steps) - 1
        if after is not None:
            return self.show(replace(held, step=after, answers=settled.answers))
        return self.finish(replace(held, answers=settled.answers), settled)

    def show(
        self,
        held: Carried,
        *,
        given: Mapping[str, list[str]] | None = None,
        errors: Mapping[str, Text] | None = None,
        notice: Text | None = None,
    ) -> Screen:
        """The page of a step, filled with what was said on it before or has just been sent."""
        step, settled = self._steps[held.step], self._settle(held.answers)
        shown = [item for item in step.items if item.code in settled.asked]
        if given is None:
            given = {
                item.code: as_given(item, held.answers[item.code])
                for item in shown
                if item.code in held.answers
            }
        return Screen(
            step=step,
            place=held.step,
            left=sum(
                self._may_be_asked(place, held.step, settled)
                for place in range(held.step + 1, len(self._steps))
            ),
            fields=[self._field(item.code, settled, given, errors or {}) for item in shown],
            carried=carried.sealed(held, self._round.id),
            card=self.card(held, given, errors or {}) if held.step == 0 else None,
            other_card=held.other_card,
            errors=errors or {},
            notice=notice,
            repeat=bool(errors),
        )

    def _field(
        self, name: str, settled: Settled, given: Mapping[str, list[str]], errors: Mapping[str, Text]
    ) -> dict[str, Any]:
        item = self._asked.item(name)
        return field(
            item,
            given,
            errors,
            offered=settled.offered.get(name),
            label=filled(item.label, self._asked, settled.values),
            hint=filled(item.hint, self._asked, settled.values) if item.hint else None,
        )

    def card(
        self, held: Carried, given: Mapping[str, list[str]], errors: Mapping[str, Text]
    ) -> dict[str, Any] | None:
        """The box for the card's code, where the round has cards."""
        if not self._round.with_cards:
            return None
        typed = " ".join(given.get("card", [])) or held.card
        return {
            "name": "card",
            "label": Text("Mã trên thẻ của bạn", "The code on your card"),
            "data": typed,
            "errors": [str(errors["card"])] if "card" in errors else [],
        }

    def with_card(self, brought: Carried, sent: Mapping[str, list[str]], errors: dict[str, Text]) -> Carried:
        """With the code of the card that was sent; what is wrong with it stands in `errors`."""
        if not self._round.with_cards:
            return brought
        typed = " ".join(sent.get("card", []))
        try:
            parsed = cards.parse(typed)
        except cards.NotACard as wrong:
            errors["card"] = wrong.sentence if typed.strip() else _CARD_NEEDED
            parsed = ""
        return replace(brought, card=parsed, other_card="other_card" in sent)

    def _settle(self, answers: Mapping[str, Coded]) -> Settled:
        return settle(self._asked, self._round.wave, answers, clock.today())

    def _is_asked(self, place: int, settled: Settled) -> bool:
        return any(item.code in settled.asked for item in self._steps[place].items)

    def _may_be_asked(self, place: int, here: int, settled: Settled) -> bool:
        """Whether a later page is asked, or could be by what is answered from here on."""
        open_yet = {item.code for step in self._steps[here:place] for item in step.items}
        return self._is_asked(place, settled) or any(
            looked_back_at(self._asked, item) & open_yet for item in self._steps[place].items
        )

    def _after(self, place: int, settled: Settled) -> int | None:
        ahead = range(place + 1, len(self._steps))
        return next((one for one in ahead if self._is_asked(one, settled)), None)

    def _before(self, place: int, settled: Settled) -> int:
        behind = range(place - 1, 0, -1)
        return next((one for one in behind if self._is_asked(one, settled)), 0)

    def finish(self, held: Carried, settled: Settled) -> Screen | Done:
        """Every rule has run over everything; something wrong on an earlier page is shown there."""
        for place, step in enumerate(self._steps):
            errors = {
                item.code: settled.errors[item.code] for item in step.items if item.code in settled.errors
            }
            if errors:
                return self.show(replace(held, step=place), errors=errors)
        return self.done(held, settled)

    def done(self, held: Carried, settled: Settled) -> Done:
        """Everything as it is taken; the caller has looked at what is wrong."""
        linkage = [
            item.code for item in self._asked.items(self._round.wave) if item.measure.kind == "linkage"
        ]
        return Done(
            answers={name: said for name, said in settled.answers.items() if name not in linkage},
            elements=[str(settled.answers.get(name, "")) for name in linkage],
            held=held,
        )

    def at_first_of(self, held: Carried, sent: Mapping[str, list[str]], errors: Mapping[str, Text]) -> Screen:
        """The first page on which something is wrong, with what was sent and what is wrong there."""
        for place, step in enumerate(self._steps):
            here = {item.code for item in step.items} | ({"card"} if place == 0 else set())
            if found := {name: said for name, said in errors.items() if name in here}:
                return self.show(replace(held, step=place), given=sent, errors=found)
        return self.show(replace(held, step=0), given=sent, errors=errors)


def with_page(
    before: Mapping[str, Coded], page: Page, sent: Mapping[str, list[str]], errors: dict[str, Text]
) -> dict[str, Coded]:
    """What was said before, and on this page what was sent now; errors for what this page cannot take."""
    answers = dict(before)
    for item in page.items:
        answers.pop(item.code, None)
        given = [value.strip() for value in sent.get(item.code, []) if value.strip()]
        if not given or item.kind not in ANSWERED:
            continue
        try:
            answers[item.code] = code(item, given)
        except WrongAnswer as wrong:
            errors[item.code] = wrong.sentence
    return answers


_END: Final = Page(code="end", title=Text("Xong rồi", "All done"), lead=None, items=())
_CARD_NEEDED: Final = Text(
    "Bạn nhập mã trên thẻ để mỗi người chỉ trả lời một lần.",
    "Please type the code on your card, so that each person answers once.",
)
