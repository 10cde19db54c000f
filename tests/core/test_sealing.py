"""Whatever is sealed opens for the right key in the right place, and for nothing and nobody else."""

from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sealing import (
    PUBLIC_OVERHEAD,
    SHARED_OVERHEAD,
    BadSignature,
    CannotOpen,
    NotAKey,
    PrivateKey,
    PublicKey,
    SharedKey,
    context,
    derive,
    join,
    pad,
    random_bytes,
    seal,
    sign,
    sign_public,
    unpad,
    unseal,
    verify,
)

few = settings(max_examples=25, deadline=None)
PERSON = PrivateKey.from_seed(bytes(range(32)))
COLLEAGUE = PrivateKey.from_seed(bytes(range(1, 33)))
SHARED = SharedKey(bytes(range(32)))
HERE = context("test", 1)
SEED = bytes(range(32))


@few
@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_is_sealed_to_a_person_opens_for_that_person(words: bytes, place: bytes) -> None:
    sealed = seal(words, PERSON.public, place)
    assert unseal(sealed, PERSON, place) == words
    assert len(sealed) == len(words) + PUBLIC_OVERHEAD


@few
@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_is_sealed_under_a_shared_key_opens_with_it(words: bytes, place: bytes) -> None:
    sealed = seal(words, SHARED, place)
    assert unseal(sealed, SHARED, place) == words
    assert len(sealed) == len(words) + SHARED_OVERHEAD


@few
@given(st.data())
@pytest.mark.parametrize(("closing", "opening"), [(PERSON.public, PERSON), (SHARED, SHARED)])
def test_a_flipped_bit_never_opens(
    closing: PublicKey | SharedKey, opening: PrivateKey | SharedKey, data: st.DataObject
) -> None:
    sealed = bytearray(seal(b"some words", closing, HERE))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpen):
        unseal(bytes(sealed), opening, HERE)


@pytest.mark.parametrize(("closing", "opening"), [(PERSON.public, PERSON), (SHARED, SHARED)])
def test_every_single_byte_is_guarded(
    closing: PublicKey | SharedKey, opening: PrivateKey | SharedKey
) -> None:
    sealed = seal(b"some words", closing, HERE)
    for place in range(len(sealed)):
        spoilt = sealed[:place] + bytes([sealed[place] ^ 0x80]) + sealed[place + 1 :]
        with pytest.raises(CannotOpen):
            unseal(spoilt, opening, HERE)


@pytest.mark.parametrize(("closing", "opening"), [(PERSON.public, PERSON), (SHARED, SHARED)])
@pytest.mark.parametrize("length", [0, 1, 12, 28, 29, 1121, -1])
def test_something_cut_short_never_opens(
    closing: PublicKey | SharedKey, opening: PrivateKey | SharedKey, length: int
) -> None:
    sealed = seal(b"some words", closing, HERE)
    with pytest.raises(CannotOpen):
        unseal(sealed[: min(length, len(sealed) - 1)], opening, HERE)


def test_nobody_else_opens_it() -> None:
    with pytest.raises(CannotOpen):
        unseal(seal(b"words", PERSON.public, HERE), COLLEAGUE, HERE)
    with pytest.raises(CannotOpen):
        unseal(seal(b"words", SHARED, HERE), SharedKey.random(), HERE)
    with pytest.raises(CannotOpen):
        unseal(seal(b"words", PERSON.public, HERE), SHARED, HERE)


@few
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_it_opens_in_no_other_place(here: bytes, there: bytes) -> None:
    if here == there:
        return
    with pytest.raises(CannotOpen):
        unseal(seal(b"words", PERSON.public, here), PERSON, there)
    with pytest.raises(CannotOpen):
        unseal(seal(b"words", SHARED, here), SHARED, there)


def test_a_format_from_the_future_is_not_guessed_at() -> None:
    sealed = seal(b"words", SHARED, HERE)
    assert sealed[0] == 1
    with pytest.raises(CannotOpen):
        unseal(b"\x02" + sealed[1:], SHARED, HERE)


def test_the_same_words_never_look_the_same_twice() -> None:
    assert seal(b"words", SHARED, HERE) != seal(b"words", SHARED, HERE)
    assert seal(b"words", PERSON.public, HERE) != seal(b"words", PERSON.public, HERE)


def test_a_key_pair_is_made_again_from_its_seed() -> None:
    again = PrivateKey.from_seed(SEED)
    assert again.public == PERSON.public
    assert unseal(seal(b"words", PERSON.public, HERE), again, HERE) == b"words"


def test_secrets_never_show_themselves() -> None:
    secret = SharedKey(b"secret secret secret secret 1234")
    assert "secret" not in repr(secret)
    assert "secret" not in repr(derive(secret, "x"))
    assert repr(PERSON) == "PrivateKey(public=PublicKey())"


@pytest.mark.parametrize("raw", [b"", bytes(1215), bytes(1217), b"\xff" * 1216])
def test_bytes_that_are_no_public_key_are_refused(raw: bytes) -> None:
    with pytest.raises(NotAKey):
        PublicKey(raw)


def test_a_curve_point_of_small_order_is_refused_before_anything_is_sealed_to_it() -> None:
    hollow = PublicKey(PERSON.public.raw[:1184] + bytes(32))
    with pytest.raises(NotAKey):
        seal(b"words", hollow, HERE)


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33)])
def test_a_secret_of_the_wrong_length_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAKey):
        SharedKey(raw)
    with pytest.raises(NotAKey):
        PrivateKey.from_seed(raw)
    with pytest.raises(NotAKey):
        sign(b"message", raw)


def test_a_context_is_compact_json_so_that_parts_never_run_together() -> None:
    assert context("thư", 1, 'a"b\n') == '["thư",1,"a\\"b\\n"]'.encode()
    assert context("ab", "c") != context("a", "bc")
    assert context("1") != context(1)


def test_derived_keys_differ_by_label_and_do_not_repeat_their_origin() -> None:
    made = {derive(SHARED, "a").raw, derive(SHARED, "b").raw, derive(SHARED, "a", "b").raw, SHARED.raw}
    assert len(made) == 4
    assert derive(SHARED, "a") == derive(SHARED, "a")


def test_a_joined_key_needs_both_halves_in_their_order() -> None:
    one, two, three = (SharedKey.random() for _ in range(3))
    joined = join(one, two, "identity")
    assert joined == join(one, two, "identity")
    others = {join(two, one, "identity"), join(one, three, "identity"), join(three, two, "identity")}
    assert joined not in others | {join(one, two, "file"), derive(one, "identity"), derive(two, "identity")}


@few
@given(st.binary(max_size=200), st.sampled_from([16, 64, 100]))
def test_padding_gives_back_the_same_bytes_at_a_length_that_tells_little(data: bytes, size: int) -> None:
    padded = pad(data, size)
    assert unpad(padded) == data
    assert len(padded) % size == 0
    assert len(padded) - size < len(data) + 4 <= len(padded)


def test_all_lengths_that_fit_are_padded_alike() -> None:
    assert {len(pad(bytes(n), 64)) for n in range(61)} == {64}
    assert len(pad(bytes(61), 64)) == 128


@pytest.mark.parametrize("padded", [b"", b"\x00\x00", b"\x00\x00\x00\x02a", b"\xff\xff\xff\xff" + bytes(60)])
def test_padding_that_cannot_be_true_is_refused(padded: bytes) -> None:
    with pytest.raises(CannotOpen):
        unpad(padded)


def test_a_signature_is_true_for_its_message_and_its_person_only() -> None:
    signature, public = sign(b"message", SEED), sign_public(SEED)
    verify(b"message", signature, public)
    stranger = sign_public(random_bytes(32))
    for wrong in [(b"massage", signature, public), (b"message", signature, stranger)]:
        with pytest.raises(BadSignature):
            verify(*wrong)
    for wrong in [(b"message", b"", public), (b"message", signature, b""), (b"message", bytes(64), public)]:
        with pytest.raises(BadSignature):
            verify(*wrong)


def test_the_signing_key_of_a_seed_is_for_ever_the_same() -> None:
    """HKDF-SHA256 of the seed with the label ["sign"], then Ed25519: signed rosters and notes outlive versions."""
    prk = hmac.digest(bytes(32), SEED, "sha256")
    derived = hmac.digest(prk, b'["sign"]\x01', "sha256")
    assert sign_public(SEED) == Ed25519PrivateKey.from_private_bytes(derived).public_key().public_bytes_raw()


def test_signing_and_sealing_use_different_keys_of_one_seed() -> None:
    assert sign_public(SEED) not in PERSON.public.raw
    assert issubclass(BadSignature, CannotOpen)
