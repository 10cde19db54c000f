"""Papers typed in twice: what stands on paper as numbers, and whether two typings agree (pure).

Between the two typings nothing is kept anywhere: the page carries a keyed hash of each answer, so that the second
typing is blind and yet compared, question by question.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

from core.i18n import Text
from survey.items import Item

_HEX: Final = 16


class NotOnPaper(ValueError):
    """What was typed is no number that stands beside an answer; `sentence` says which numbers there are."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


def answers(item: Item, typed: str) -> list[str]:
    """The codes of what was typed; [] for a skipped question. Words and numbers without choices go through as typed."""
    if not item.choices:
        return [typed.strip()] if typed.strip() else []
    numbers = re.findall(r"\d+", typed)
    if re.sub(r"[\d\s,.;/+-]", "", typed):
        raise NotOnPaper(_which(item))
    if len(numbers) > 1 and item.kind != "many":
        raise NotOnPaper(Text("Câu này chỉ chọn một.", "Please choose only one."))
    places = sorted({int(number) for number in numbers})
    if places and not (places[0] >= 1 and places[-1] <= len(item.choices)):
        raise NotOnPaper(_which(item))
    return [item.choices[place - 1].code for place in places]


def _which(item: Item) -> Text:
    most = len(item.choices)
    return Text(
        f"Bạn gõ số từ 1 đến {most} in cạnh ô, hoặc để trống.",
        f"Type the number beside the box, from 1 to {most}, or leave it empty.",
    )


def hashes(key: bytes, token: str, given: Mapping[str, Sequence[str]], items: Sequence[Item]) -> str:
    """One keyed hash an item, in the order of the items, joined by dots. `token` names the paper."""
    return ".".join(_hash(key, token, item.code, given.get(item.code, ())) for item in items)


def differing(now: str, earlier: Sequence[str], items: Sequence[Item]) -> list[str]:
    """The items whose answer agrees with none of the earlier typings; all of them when a typing is damaged."""
    mine, theirs = now.split("."), [one.split(".") for one in earlier]
    if any(len(one) != len(mine) for one in theirs):
        return [item.code for item in items]
    return [
        item.code
        for place, item in enumerate(items)
        if not any(hmac.compare_digest(mine[place], one[place]) for one in theirs)
    ]


def _hash(key: bytes, token: str, code: str, given: Sequence[str]) -> str:
    words = "\0".join((token, code, *given))
    return hmac.digest(key, words.encode(), "sha256").hex()[:_HEX]
