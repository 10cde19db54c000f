"""One item of a questionnaire as the field a template draws."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from core.i18n import Text
from survey.coding import Coded, shown
from survey.items import Choice, Item


def field(
    item: Item,
    given: Mapping[str, list[str]],
    errors: Mapping[str, Text],
    *,
    offered: Sequence[Choice] | None = None,
    label: Text | Markup | None = None,
    hint: Text | Markup | None = None,
    prefix: str = "",
) -> dict[str, Any]:
    """What the macro `one` of survey/item.html draws.

    offered: the choices left by a choice_filter. label and hint: with answers filled in. prefix: keeps two drawings
    of one item on a page apart.
    """
    chosen = given.get(item.code, [])
    return {
        "item": item,
        "name": f"{prefix}{item.code}",
        "id": f"{prefix}{item.code}",
        "label": label or item.label,
        "hint": hint or item.hint,
        "choices": _choices(item, item.choices if offered is None else offered),
        "alone": [choice.code for choice in item.choices if choice.exclusive],
        "data": chosen if item.kind == "many" else (chosen[0] if chosen else ""),
        "errors": [str(errors[item.code])] if item.code in errors else [],
    }


def _choices(item: Item, offered: Sequence[Choice]) -> list[tuple[str, str]]:
    if item.span:
        return [(step, shown(item, step)) for step in item.span.steps()]
    choices = [choice for choice in offered if not choice.exclusive]
    if item.shuffle:
        secrets.SystemRandom().shuffle(choices)
    choices += [choice for choice in offered if choice.exclusive]
    return [(choice.code, str(choice.label)) for choice in choices]


def as_given(item: Item, coded: Coded) -> list[str]:
    """A coded answer as it would be typed or ticked, so that its page can be shown again."""
    if not isinstance(coded, str):
        return list(coded)
    # A short range is a list to choose from; its steps are sent as they are stored.
    return [coded if item.choices or (item.span and item.span.steps()) else shown(item, coded)]
