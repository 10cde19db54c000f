"""A questionnaire with conditions on one page, for a browser that follows them (static/conditions.js).

The first page of a questionnaire that is asked page by page brings it along, in a template that shows nothing without
scripts. What it sends is judged here by every rule; where something is wrong, both ways of asking are shown again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from markupsafe import Markup, escape

from core import clock
from core.i18n import Text
from survey import carried
from survey.asking import REFERENCE, must_ask_again, settle
from survey.carried import Carried, NotCarried
from survey.expressions.sent import as_lists
from survey.fields import field
from survey.items import Choice, Item, Page, plain
from survey.models import Round
from survey.questionnaire import Questionnaire
from survey.stepping import AGAIN, Done, Screen, Walk, with_page

NAME: Final = "whole"
"""The hidden field that tells the one page from a page of many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """Everything on one page: parts with their fields, the rules as the browser reads them, what is wrong."""

    parts: Sequence[tuple[Page, Sequence[dict[str, Any]]]]
    rules: str
    card: dict[str, Any] | None
    errors: Mapping[str, Text]


def whole(
    found: Round,
    questionnaire: Questionnaire,
    given: Mapping[str, list[str]] | None = None,
    errors: Mapping[str, Text] | None = None,
) -> Whole:
    """What stands beside the screen of a page for a browser with scripts, filled with what was sent."""
    given, errors = given or {}, errors or {}
    card = {
        "name": "card",
        "label": Text("Mã trên thẻ của bạn", "The code on your card"),
        "data": " ".join(given.get("card", [])),
        "errors": [str(errors["card"])] if "card" in errors else [],
    }
    return Whole(
        parts=[
            (page, [_field(item, given, errors) for item in page.items if item.kind != "calculate"])
            for page in questionnaire.pages(found.wave)
            if any(item.kind != "calculate" for item in page.items)
        ],
        rules=rules(questionnaire, found.wave),
        card=card if found.with_cards else None,
        errors=errors,
    )


def arrived(
    found: Round, questionnaire: Questionnaire, sent: Mapping[str, list[str]]
) -> tuple[Screen, Mapping[str, Text]] | Done:
    """Everything, to be taken; or what to show again, with all that is wrong."""
    walk, wrong, notice = Walk(found, questionnaire), dict[str, Text](), None
    try:
        brought = replace(carried.opened("".join(sent.get("carried", [])), found.id), step=0)
    except NotCarried:
        brought, notice = Carried(step=0, token=secrets.token_hex(16)), AGAIN
    everything = Page(code="", title=_UNNAMED, lead=None, items=questionnaire.items(found.wave))
    answers = with_page({}, everything, sent, wrong)
    held = walk.with_card(brought, sent, wrong)
    settled = settle(questionnaire, found.wave, answers, clock.today())
    held = replace(held, answers=settled.answers)
    if "stay" in sent or notice:
        return walk.show(held, given=sent, notice=notice), {}
    errors = {name: said for name, said in wrong.items() if name in settled.asked or name == "card"}
    errors |= settled.errors
    empty = sorted(settled.empty - set(held.again) - set(errors))
    errors |= {name: must_ask_again(questionnaire.item(name)) for name in empty}
    errors = {name: errors[name] for name in ("card", *questionnaire.all_items) if name in errors}
    if errors:
        return walk.at_first_of(replace(held, again=(*held.again, *empty)), sent, errors), errors
    return walk.done(held, settled)


_UNNAMED: Final = Text("", "")


# --- words that show an answer


def _field(item: Item, given: Mapping[str, list[str]], errors: Mapping[str, Text]) -> dict[str, Any]:
    return field(item, given, errors, label=_with_gaps(item.label), hint=item.hint and _with_gaps(item.hint))


def _with_gaps(words: Text) -> Text | Markup:
    """Words in which the browser fills in an answer; before that they show that something is missing."""
    said = str(words)
    if not REFERENCE.search(said):
        return words
    # Odd pieces are the names between the words.
    pieces = REFERENCE.split(said)
    return Markup().join(
        Markup('<span data-said="{}">…</span>').format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )


# --- the rules as the browser reads them


def rules(questionnaire: Questionnaire, wave: str) -> str:
    """JSON: {"today", "items": [{"name", "kind", "relevant", "choices", …}]}, in the language of the page."""
    items = questionnaire.items(wave)
    told = {name for item in items for words in (item.label, item.hint) if words for name in _told(words)}
    sent = {"today": clock.today().isoformat(), "items": [_rules(item, item.code in told) for item in items]}
    return json.dumps(sent, ensure_ascii=False, separators=(",", ":"))


def _told(words: Text) -> list[str]:
    return REFERENCE.findall(str(words))


def _rules(item: Item, told: bool) -> dict[str, Any]:
    columns = frozenset(name for choice in item.choices for column in choice.columns for name in column)
    sent: dict[str, Any] = {
        "name": item.code,
        "kind": item.kind,
        "relevant": [as_lists(text) for text in item.rules.relevant],
        "choices": [_choice(choice, told) for choice in item.choices],
    }
    if item.rules.choice_filter:
        sent["filter"] = as_lists(item.rules.choice_filter, columns)
    if item.rules.calculate:
        sent["calculate"] = as_lists(item.rules.calculate)
    if item.span:
        sent["steps"] = item.span.steps()
        sent["span"] = [plain(one) for one in (item.span.least, item.span.most, item.span.step)]
    return sent


def _choice(choice: Choice, told: bool) -> dict[str, Any]:
    sent: dict[str, Any] = {"code": choice.code, "columns": [dict(column) for column in choice.columns]}
    if choice.exclusive:
        sent["alone"] = True
    if told:
        sent["words"] = str(choice.label)
    return sent
