"""Python and npm's packages agree byte for byte, in both directions (README.md says how these were made)."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.roster import Member, Roster
from core.sealing import (
    SHARED_OVERHEAD,
    CannotOpen,
    PrivateKey,
    SharedKey,
    context,
    derive,
    join,
    pad,
    sign_public,
    unpad,
    unseal,
)
from intake.seal import receipt
from intake.seal.envelope import (
    FIRST,
    RECOVERY,
    SIZES,
    Keys,
    MissingHalf,
    Side,
    SideKey,
    entry_place,
    first_place,
    lock_slots,
    open_slot,
    open_strikeouts,
    read_compact,
    read_compartment,
    read_story,
    reporter_proof,
    verify_chain,
)

HERE = Path(__file__).parent
JS: dict[str, Any] = json.loads((HERE / "from-js.json").read_text("utf-8"))
PYTHON: dict[str, Any] = json.loads((HERE / "from-python.json").read_text("utf-8"))
OPENED: dict[str, Any] = json.loads((HERE / "opened-by-js.json").read_text("utf-8"))
ERASER = SharedKey(bytes(range(32)))
raw = bytes.fromhex


@pytest.mark.parametrize("one", JS["contexts"])
def test_a_context_is_the_same_bytes(one: dict[str, Any]) -> None:
    assert context(*one["parts"]).hex() == one["bytes"]


@pytest.mark.parametrize("one", JS["key_pairs"])
def test_a_seed_makes_the_same_key_pair(one: dict[str, str]) -> None:
    assert PrivateKey.from_seed(raw(one["seed"])).public.raw.hex() == one["public"]


@pytest.mark.parametrize("one", JS["hpke"])
def test_what_javascript_seals_to_a_person_opens_here(one: dict[str, Any]) -> None:
    private = PrivateKey.from_seed(raw(one["seed"]))
    assert unseal(raw(one["sealed"]), private, context(*one["context"])).decode() == one["words"]
    with pytest.raises(CannotOpen):
        unseal(raw(one["sealed"]), private, context(*one["context"], "elsewhere"))


@pytest.mark.parametrize("one", JS["shared"])
def test_what_javascript_seals_under_a_shared_key_opens_here(one: dict[str, Any]) -> None:
    key = SharedKey(raw(one["key"]))
    assert unseal(raw(one["sealed"]), key, context(*one["context"])).decode() == one["words"]
    with pytest.raises(CannotOpen):
        unseal(raw(one["sealed"]), key, context(*one["context"], "elsewhere"))


def test_javascript_opened_what_python_sealed_and_refused_it_elsewhere() -> None:
    for how in ("hpke", "shared"):
        assert OPENED[how] == [one["words"] for one in PYTHON[how]]
    assert OPENED["refused"] == len(PYTHON["hpke"]) + len(PYTHON["shared"]) + 2


def test_javascript_opened_a_case_of_python_and_no_name_with_the_cards() -> None:
    words = PYTHON["case"]["words"]
    assert OPENED["case"] == {
        "story": words["story"],
        "identity": words["identity"],
        "tally": words["tally"] | {"guards": {"roster": 2, "struck": []}},
        "story_by_cards": words["story"],
        "cards_hold_the_key_of_names": False,
    }


@pytest.mark.parametrize("how", ["hpke", "shared"])
def test_the_stored_messages_of_python_are_those_of_this_format(how: str) -> None:
    for one in PYTHON[how]:
        key = PrivateKey.from_seed(raw(one["seed"])) if how == "hpke" else SharedKey(raw(one["key"]))
        assert unseal(raw(one["sealed"]), key, context(*one["context"])).decode() == one["words"]


@pytest.mark.parametrize("one", JS["derived"])
def test_a_derived_key_is_the_same(one: dict[str, Any]) -> None:
    assert derive(SharedKey(raw(one["key"])), *one["label"]).raw.hex() == one["made"]


def test_a_key_joined_from_two_halves_is_the_same() -> None:
    one = JS["joined"]
    made = join(SharedKey(raw(one["first"])), SharedKey(raw(one["second"])), *one["label"])
    assert made.raw.hex() == one["made"]


@pytest.mark.parametrize("one", JS["padded"])
def test_padding_is_the_same(one: dict[str, Any]) -> None:
    assert pad(raw(one["data"]), one["size"]).hex() == one["padded"]
    assert unpad(raw(one["padded"])).hex() == one["data"]


@pytest.mark.parametrize("one", JS["receipts"])
def test_a_receipt_is_worth_the_same(one: dict[str, str]) -> None:
    assert receipt.parse(one["receipt"]) == one["receipt"]
    found = receipt.derive(one["receipt"], one["installation"])
    assert (found.token.hex(), found.seed.hex()) == (one["token"], one["seed"])
    assert found.token_hash == one["token_hash"]


# --- a whole case sealed in JavaScript ------------------------------------------------------------

CASE: dict[str, Any] = JS["case"]
SEEDS = {one["id"]: raw(one["seed"]) for one in CASE["roster"]["members"]} | {
    RECOVERY: raw(CASE["roster"]["recovery_seed"])
}
ROSTER = Roster(
    version=CASE["roster"]["version"],
    previous="",
    installation="centre",
    made_on=date(2026, 11, 15),
    not_after=date(2026, 11, 15) + timedelta(days=400),
    members=tuple(
        Member(
            id=one["id"],
            name=one["id"],
            title_vi="",
            title_en="",
            role=one["role"],
            seal_public=raw(one["seal_public"]),
            sign_public=sign_public(raw(one["seed"])),
        )
        for one in CASE["roster"]["members"]
    ),
    recovery_public=raw(CASE["roster"]["recovery_public"]),
)
ROWS = [(kind, sequence, raw(blob)) for kind, sequence, blob in CASE["compartments"]]


def key_of(member_id: str, side: Side, slots: str) -> SideKey:
    where: dict[str, Any] = {"case_id": CASE["id"], "side": side, "roster": ROSTER}
    blob = lock_slots(raw(slots), ERASER, **where)
    return open_slot(blob, member_id, PrivateKey.from_seed(SEEDS[member_id]), eraser=ERASER, **where)


def keys_of(handler: str, custodian: str) -> Keys:
    side = key_of(handler, Side.HANDLERS, CASE["slots"]["S"])
    other = key_of(custodian, Side.CUSTODIANS, CASE["slots"]["C"])
    return Keys(handlers=side.key, names=side.names, custodians=other.key)


def test_a_case_sealed_by_javascript_opens_part_by_part() -> None:
    heads = verify_chain(CASE["id"], ROWS)
    for handler, custodian in [("a", "x"), ("c", "z")]:
        keys = keys_of(handler, custodian)
        for kind, sequence, blob in ROWS:
            place = first_place(CASE["id"], kind, heads)
            written = read_compartment(blob, place, keys, rosters=[ROSTER], proof=None)
            if kind == "story":
                assert sequence == 4
                assert read_story(written).words == CASE["words"][kind]
            else:
                assert read_compact(written.payload) == CASE["words"][kind]


def test_what_javascript_pads_is_as_long_as_what_is_padded_here() -> None:
    assert [len(blob) for _, _, blob in ROWS] == [SIZES[kind] + SHARED_OVERHEAD for kind in FIRST]
    assert len(raw(CASE["later"]["blob"])) == SIZES["entry"] + SHARED_OVERHEAD


def test_the_reporters_proof_is_the_same() -> None:
    heads, keys = verify_chain(CASE["id"], ROWS), keys_of("a", "x")
    place = first_place(CASE["id"], "story", heads)
    story = read_story(read_compartment(ROWS[4][2], place, keys, rosters=[ROSTER], proof=None))
    assert story.proof == reporter_proof(raw(CASE["reporter_seed"]))


def test_the_cards_open_the_story_sealed_by_javascript_and_no_name() -> None:
    heads, keys = verify_chain(CASE["id"], ROWS), keys_of(RECOVERY, "x")
    story = first_place(CASE["id"], "story", heads)
    assert read_story(read_compartment(ROWS[4][2], story, keys, rosters=[ROSTER], proof=None)).words
    identity = first_place(CASE["id"], "identity", heads)
    with pytest.raises(MissingHalf):
        read_compartment(ROWS[3][2], identity, keys, rosters=[ROSTER], proof=None)


def test_the_person_struck_out_in_javascript_does_not_open_it() -> None:
    assert CASE["struck"] == ["b"]
    for slots in (CASE["slots"]["S"], CASE["later"]["slots"]):
        with pytest.raises(CannotOpen):
            key_of("b", Side.HANDLERS, slots)


def test_what_javascript_adds_later_is_known_to_come_from_the_reporter() -> None:
    heads = verify_chain(CASE["id"], ROWS)
    first = keys_of("a", "x")
    place = first_place(CASE["id"], "story", heads)
    story = read_story(read_compartment(ROWS[4][2], place, first, rosters=[ROSTER], proof=None))
    later = Keys(handlers=key_of("a", Side.HANDLERS, CASE["later"]["slots"]).key)
    place = entry_place(CASE["id"], "S", heads)
    written = read_compartment(raw(CASE["later"]["blob"]), place, later, rosters=[ROSTER], proof=story.proof)
    assert (written.payload.decode(), written.author) == (CASE["later"]["words"], "reporter")


def test_the_reporters_own_copy_of_the_strike_outs_opens() -> None:
    private = PrivateKey.from_seed(raw(CASE["reporter_seed"]))
    kept = open_strikeouts(raw(CASE["strikeouts"]), case_id=CASE["id"], private=private)
    assert (kept.roster_version, list(kept.struck)) == (ROSTER.version, CASE["struck"])


def test_the_bundle_is_the_one_the_readme_names() -> None:
    named = re.search(r"sha256  ([0-9a-f]{64})  seal-check.js", (HERE / "README.md").read_text("utf-8"))
    assert named is not None
    assert hashlib.sha256((HERE / "seal-check.js").read_bytes()).hexdigest() == named.group(1)
