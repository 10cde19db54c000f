"""Any two of three cards bring the recovery key back; one alone, or cards of two sets, never do."""

from __future__ import annotations

from functools import cache
from itertools import combinations, permutations

import pytest
from shamir_mnemonic import generate_mnemonics

from core import i18n
from core.sealing import PrivateKey, seal, unseal
from intake.keys.cards import CardsRefused, make, recover


@cache
def one_set() -> tuple[bytes, tuple[str, ...]]:
    return make()


@cache
def another_set() -> tuple[bytes, tuple[str, ...]]:
    return make()


def refusal(*cards: str) -> str:
    with pytest.raises(CardsRefused) as caught:
        recover(cards, one_set()[0])
    i18n.speak("en")
    try:
        return str(caught.value)
    finally:
        i18n.speak("vi")


def test_three_cards_of_33_words_are_made() -> None:
    public, cards = one_set()
    assert len(public) == 1216
    assert [len(card.split()) for card in cards] == [33] * 3
    assert not set(cards) & set(another_set()[1])


def test_any_two_cards_bring_the_key_back_in_any_order() -> None:
    public, cards = one_set()
    seeds = {recover(pair, public) for pair in permutations(cards, 2)} | {recover(cards, public)}
    (seed,) = seeds
    private = PrivateKey.from_seed(seed)
    assert unseal(seal(b"key", private.public, b"here"), private, b"here") == b"key"


def test_capitals_numbers_and_line_breaks_do_not_matter() -> None:
    public, cards = one_set()
    typed = "\n".join(f"{n}. {word.upper()}" for n, word in enumerate(cards[0].split(), start=1))
    assert recover([typed, f"  {cards[1]}, "], public) == recover(cards[:2], public)


def test_one_card_alone_is_not_enough() -> None:
    cards = one_set()[1]
    assert "Two different cards" in refusal()
    assert "Two different cards" in refusal(cards[0])
    assert "same card twice" in refusal(cards[0], cards[0])


def test_a_word_that_does_not_exist_is_named_with_its_place() -> None:
    cards = one_set()[1]
    words = cards[1].split()
    words[6] = "hoasen"
    assert refusal(cards[0], " ".join(words)) == "Card 2: word 7, “hoasen”, is not in the list of words."


def test_a_wrong_word_or_order_is_found() -> None:
    first, second, _ = one_set()[1]
    words = second.split()
    wrong = "academic" if words[10] != "academic" else "acid"
    assert "Card 2: a word is wrong" in refusal(first, " ".join([*words[:10], wrong, *words[11:]]))
    assert "Card 2: a word is wrong" in refusal(first, " ".join([*words[:4], words[5], words[4], *words[6:]]))


def test_a_missing_word_is_counted() -> None:
    first, second, _ = one_set()[1]
    assert "must have 33 words; you typed 32" in refusal(first, second.rsplit(" ", 1)[0])


def test_cards_of_two_sets_are_not_mixed() -> None:
    mine, others = one_set()[1], another_set()[1]
    for one, other in combinations((mine[0], others[1], others[2]), 2):
        assert refusal(one, other) in {
            "These cards do not belong to the same set.",
            "This set of cards is not the one of the present list.",
        }
    assert "not the one of the present list" in refusal(*others[:2])


def test_cards_that_pretend_to_be_of_the_same_set_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shamir_mnemonic.shamir._random_identifier", lambda: 7)
    first = generate_mnemonics(1, [(2, 3)], bytes(32))[0]
    second = generate_mnemonics(1, [(2, 3)], bytes(range(32)))[0]
    assert "same set" in refusal(first[0], second[1])
