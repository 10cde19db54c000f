"""Passphrases: six drawn words, typed any way a phone allows. Pure apart from randomness.

The words (core/data/words.txt, which says how it was made) are pairs of Vietnamese syllables such as
`sao-tuyet`. Six of 8,882 words are 78.7 bits: with Argon2id in front, out of reach of guessing.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

WORDS: Final = 6
_NOT_A_LETTER: Final = re.compile(r"[^a-z]+")


@cache
def words() -> tuple[str, ...]:
    """The whole list, in the order of the file."""
    text = files("core").joinpath("data", "words.txt").read_text(encoding="ascii")
    return tuple(line for line in text.splitlines() if not line.startswith("#"))


def draw() -> str:
    """A fresh passphrase: "sao-tuyet ngong-quen …". Every word is as likely as any other."""
    return " ".join(secrets.choice(words()) for _ in range(WORDS))


def normalise(text: str) -> bytes:
    """What a typed passphrase comes down to: its letters a–z, without diacritics, case or separators.

    Any Unicode form is accepted, đ is d, and spaces, hyphens and full stops may stand anywhere or nowhere:
    the words are chosen so that six of them fall apart in one way only.
    """
    plain = unicodedata.normalize("NFKD", text).casefold().replace("đ", "d")
    return _NOT_A_LETTER.sub("", plain).encode("ascii")
