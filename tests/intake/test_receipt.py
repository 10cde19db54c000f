"""A receipt opens one mailbox; a mistyped one is told so before anything is computed."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import i18n
from intake.seal import receipt as receipts
from intake.seal.receipt import (
    MailboxKeys,
    NotAReceipt,
    derive,
    draw,
    group_matches,
    groups,
    parse,
    shown,
    token_hash,
)

many = settings(max_examples=60, deadline=None)
RECEIPT = "0123456789012345678901" + f"{98 - 123456789012345678901 * 100 % 97:02d}"
drawn = st.builds(lambda _: draw(), st.none())


def reason(typed: str) -> str:
    with pytest.raises(NotAReceipt) as caught:
        parse(typed)
    i18n.speak("en")
    try:
        return str(caught.value)
    finally:
        i18n.speak("vi")


@many
@given(drawn)
def test_a_drawn_receipt_is_24_digits_and_checks_out(receipt: str) -> None:
    assert len(receipt) == 24
    assert parse(receipt) == receipt
    assert parse(shown(receipt)) == receipt
    assert [len(group) for group in groups(receipt)] == [4] * 6


def test_no_two_are_alike_and_all_digits_occur_everywhere() -> None:
    receipts_ = {draw() for _ in range(400)}
    assert len(receipts_) == 400
    assert all({one[place] for one in receipts_} == set("0123456789") for place in range(22))


@pytest.mark.parametrize(
    "typed",
    [
        shown(RECEIPT),
        " " + RECEIPT + "\r\n",
        "-".join(groups(RECEIPT)),
        ".".join(groups(RECEIPT)),
        "–".join(groups(RECEIPT)),
        "\u00a0".join(groups(RECEIPT)),
        "\u200b".join(RECEIPT),
        RECEIPT.translate({ord(str(n)): 0xFF10 + n for n in range(10)}),
        RECEIPT.translate({ord(str(n)): 0x0660 + n for n in range(10)}),
        "(" + ", ".join(groups(RECEIPT)) + ")",
    ],
)
def test_it_is_accepted_however_it_is_typed(typed: str) -> None:
    assert parse(typed) == RECEIPT


@many
@given(drawn, st.integers(0, 23), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(receipt: str, place: int, more: int) -> None:
    wrong = str((int(receipt[place]) + more) % 10)
    assert "mistyped" in reason(receipt[:place] + wrong + receipt[place + 1 :])


@many
@given(drawn, st.integers(0, 22))
def test_two_swapped_digits_are_always_found(receipt: str, place: int) -> None:
    if receipt[place] == receipt[place + 1]:
        return
    swapped = receipt[:place] + receipt[place + 1] + receipt[place] + receipt[place + 2 :]
    assert "mistyped" in reason(swapped)


def test_what_is_wrong_is_said() -> None:
    assert reason("") == reason(" - ") == "Please type the letter code."
    assert reason(RECEIPT[:-3]) == "A letter code has 24 digits; you typed 21, so 3 are missing."
    assert reason(RECEIPT + "12") == "A letter code has 24 digits; you typed 26."
    assert "digits only" in reason(RECEIPT[:-1] + "O")
    with pytest.raises(NotAReceipt) as caught:
        parse("12")
    assert str(caught.value) == "Mã thư có 24 chữ số; bạn đã nhập 2, còn thiếu 22."


def test_nothing_is_computed_for_a_mistyped_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashlib, "scrypt", lambda *_, **__: pytest.fail("scrypt ran"))
    with pytest.raises(NotAReceipt):
        derive(parse(RECEIPT[:-1]), "centre")


def test_a_receipt_is_worth_the_same_every_time_and_something_else_elsewhere() -> None:
    here = derive(RECEIPT, "centre")
    assert here == derive(RECEIPT, "centre")
    elsewhere, another = derive(RECEIPT, "another centre"), derive(draw(), "centre")
    assert len({keys.token for keys in (here, elsewhere, another)}) == 3
    assert len({keys.seed for keys in (here, elsewhere, another)} | {here.token}) == 4


def test_the_server_keeps_a_hash_of_the_token_only() -> None:
    keys = MailboxKeys(token=b"token" * 6 + b"!!", seed=bytes(32))
    assert keys.token_hash == token_hash(keys.token) == hashlib.sha256(keys.token).hexdigest()
    assert repr(keys) == "MailboxKeys()"


def test_one_group_typed_back_shows_that_the_receipt_was_kept() -> None:
    for index, group in enumerate(groups(RECEIPT)):
        assert group_matches(RECEIPT, index, f" {group} ")
        assert group_matches(RECEIPT, index, shown(RECEIPT))
        assert not group_matches(RECEIPT, (index + 1) % 6, group)
        assert not group_matches(RECEIPT, index, group[:3])
        assert not group_matches(RECEIPT, index, "abcd")
        assert not group_matches(RECEIPT, index, "")


def test_the_numbers_are_those_of_the_design() -> None:
    assert (receipts.SCRYPT_N, receipts.SCRYPT_R, receipts.SCRYPT_P) == (8192, 8, 1)
