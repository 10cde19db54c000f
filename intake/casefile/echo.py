"""Whether a message repeats the story: who forces the receipt out of somebody must not read it there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.vietnamese import nfc

RUN: Final = 5
"""So many words in a row, the same, are a quotation."""
_WORD: Final = re.compile(r"\w+")


def repeated(message: str, story: str) -> str:
    """The first run of words that both have, as the message writes it; empty if there is none."""
    known = set(_runs(_words(story)))
    words = _words(message)
    for place, run in enumerate(_runs(words)):
        if run in known:
            return " ".join(words[place : place + RUN])
    return ""


def _words(text: str) -> list[str]:
    return _WORD.findall(nfc(text).casefold())


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    for place in range(len(words) - RUN + 1):
        yield tuple(words[place : place + RUN])
