"""A passphrase can be typed on any phone, and nobody can guess it."""

from __future__ import annotations

import re
import unicodedata
from itertools import product
from math import log2
from pathlib import Path

import pytest

from core import passphrase
from core.passphrase import draw, normalise, words

WORDS = Path(passphrase.__file__).parent / "data" / "words.txt"


def syllables(which: str) -> list[str]:
    text = WORDS.read_text(encoding="ascii")
    found = re.search(rf"^# {which}: ((?:.+\n)(?:#   .+\n)*)", text, re.MULTILINE)
    assert found is not None
    return found.group(1).replace("#", " ").split()


def one_slip_apart(word: str, other: str) -> bool:
    if len(word) == len(other):
        wrong = [at for at in range(len(word)) if word[at] != other[at]]
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1
        return len(wrong) == 1 or (
            swapped and word[wrong[0]] == other[wrong[1]] and word[wrong[1]] == other[wrong[0]]
        )
    longer, shorter = sorted((word, other), key=len, reverse=True)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def test_six_drawn_words_are_at_least_77_bits() -> None:
    assert len(set(words())) == len(words()) >= 7776
    assert 6 * log2(len(words())) >= 77
    drawn = draw().split()
    assert len(drawn) == 6
    assert set(drawn) <= set(words())
    assert len({draw() for _ in range(50)}) == 50


def test_the_list_is_made_as_it_says() -> None:
    pairs = {f"{a}-{b}" for a, b in product(syllables("first"), syllables("second")) if a != b}
    assert set(words()) == pairs
    assert list(words()) == sorted(pairs, key=lambda pair: tuple(pair.split("-")))


def test_no_two_words_are_one_typing_slip_apart() -> None:
    flat = {word.replace("-", "") for word in words()}
    assert len(flat) == len(words())
    shortened: dict[str, str] = {}
    for word in flat:
        for form in {word[:at] + word[at + 1 :] for at in range(len(word))}:
            # Two words that become the same with one letter gone: a wrong letter, or one in another place.
            other = shortened.setdefault(form, word)
            assert other == word or not one_slip_apart(word, other)
            assert form not in flat


@pytest.mark.parametrize("which", ["first", "second"])
def test_syllables_are_no_slip_apart_and_safe_to_type_with_telex(which: str) -> None:
    found = syllables(which)
    for at, one in enumerate(found):
        assert not re.search("[sfrxjwz]", one[1:])
        assert all(one.count(letter) < 2 for letter in "aeod")
        assert not any(one_slip_apart(one, other) for other in found[at + 1 :])


def test_six_words_without_separators_fall_apart_in_one_way_only() -> None:
    """Sardinas and Patterson's test (1953): no dangling rest of one reading is ever a word itself."""
    code = {word.replace("-", "") for word in words()}
    starts: dict[str, set[str]] = {}
    for word in code:
        for length in range(1, len(word)):
            starts.setdefault(word[:length], set()).add(word[length:])
    todo = {rest for word in code for rest in starts.get(word, ())}
    seen: set[str] = set()
    while todo:
        rest = todo.pop()
        assert rest not in code
        seen.add(rest)
        onwards = starts.get(rest, set()) | {rest[at:] for at in range(1, len(rest)) if rest[:at] in code}
        todo |= onwards - seen


def test_a_passphrase_is_accepted_however_it_is_typed() -> None:
    typed = "sao-tuyet ngong-quen đoan-dua"
    expected = b"saotuyetngongquendoandua"
    assert normalise(typed) == expected
    for other in [
        "  Sao Tuyết  NGỖNG—quên\tđoàn dừa\n",
        unicodedata.normalize("NFD", "sao tuyết ngỗng quên Đoàn dừa"),
        "sao.tuyet.ngong.quen.doan.dua",
        "ＳＡＯ tuyet\u200bngong\u00a0quen\u00addoan dua",
        "saotuyetngongquendoandua",
    ]:
        assert normalise(other) == expected


def test_every_word_survives_normalising() -> None:
    assert {normalise(word).decode() for word in words()} == {word.replace("-", "") for word in words()}


def test_nothing_typed_is_nothing() -> None:
    assert normalise(" - ") == b""
