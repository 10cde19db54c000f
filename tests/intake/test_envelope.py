"""A case opens for those it was sealed to, whole and in its order, and tells nobody else anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.roster import Member, MemberRole, Roster
from core.sealing import BadSignature, CannotOpen, PrivateKey, SharedKey, seal, sign_public, unseal
from intake.seal.envelope import (
    FIRST,
    RECOVERY,
    SIZES,
    Keys,
    MissingHalf,
    NobodyLeft,
    Place,
    Reporter,
    SealedCase,
    Side,
    SideKey,
    SlotsRefused,
    Staff,
    Story,
    Strikeouts,
    WrappedKey,
    Written,
    compact,
    entry_place,
    first_place,
    fresh_key,
    lend,
    link,
    lock_slots,
    open_letter,
    open_slot,
    open_strikeouts,
    read_compact,
    read_compartment,
    read_story,
    reporter_proof,
    require_continues,
    seal_case,
    seal_letter,
    seal_strikeouts,
    start,
    verify_chain,
    wrap_anew,
    write_compartment,
)
from intake.seal.slots import Seats, renewed

few = settings(max_examples=20, deadline=None)
CASE = "c" * 32
ERASER = SharedKey(b"e" * 32)
RECEIPT_SEED = b"r" * 32
PROOF = reporter_proof(RECEIPT_SEED)
WORDS: dict[str, dict[str, Any]] = {
    "flags": {"danger_now": "no", "minute": "2026-11-20T08:15"},
    "tally": {"consent_stats": True},
    "safe_contact": {"safe_contact": "0900 000 000, sau 19 giờ"},
    "identity": {"reporter_name": "Nguyễn Thị A"},
    "story": {"narrative": "Chuyện xảy ra ở khoa…"},
}


# --- people ---------------------------------------------------------------------------------------


@cache
def seed(name: str) -> bytes:
    return name.encode().ljust(32, b".")


@cache
def private(name: str) -> PrivateKey:
    return PrivateKey.from_seed(seed(name))


@cache
def person(name: str, role: MemberRole) -> Member:
    return Member(
        id=name,
        name=name,
        title_vi="",
        title_en="",
        role=role,
        seal_public=private(name).public.raw,
        sign_public=sign_public(seed(name)),
    )


def roster(handlers: str = "abc", custodians: str = "xyz", version: int = 1) -> Roster:
    return Roster(
        version=version,
        previous="",
        installation="centre",
        made_on=date(2026, 11, 15),
        not_after=date(2026, 11, 15) + timedelta(days=400),
        members=tuple(
            [person(one, "handler") for one in handlers] + [person(one, "custodian") for one in custodians]
        ),
        recovery_public=private("cards").public.raw,
    )


ROSTER = roster()


@dataclass
class Stored:
    """A case as the database holds it."""

    case: SealedCase
    key_sets: dict[Side, bytes]
    rows: list[tuple[str, int, bytes]]

    @property
    def heads(self) -> tuple[bytes, ...]:
        return verify_chain(CASE, self.rows)

    def key(self, name: str, side: Side = Side.HANDLERS) -> SideKey:
        return opened(self.key_sets[side], name, side)

    def keys(self, *names: str) -> Keys:
        found: dict[str, SharedKey | None] = {}
        for name in names:
            if name in "xyz":
                found["custodians"] = self.key(name, Side.CUSTODIANS).key
            else:
                side = opened(
                    self.key_sets[Side.HANDLERS], name, member_id=RECOVERY if name == "cards" else ""
                )
                found |= {"handlers": side.key, "names": side.names}
        return Keys(**found)

    def read(self, kind: str, keys: Keys) -> Written:
        place = first_place(CASE, kind, self.heads)
        return read_compartment(self.rows[place.sequence][2], place, keys, rosters=[ROSTER], proof=None)

    def story(self, name: str = "a") -> Story:
        return read_story(self.read("story", self.keys(name)))

    def add(self, payload: bytes, keys: Keys, author: Reporter | Staff, sides: Any = "S") -> None:
        place = entry_place(CASE, sides, self.heads)
        self.rows.append(("entry", place.sequence, write_compartment(payload, place, keys, author)))

    def entry(self, number: int, keys: Keys, sides: Any = "S", proof: SharedKey | None = PROOF) -> Written:
        place = entry_place(CASE, sides, self.heads, number)
        return read_compartment(self.rows[number][2], place, keys, rosters=[ROSTER], proof=proof)


def locked(wrapped: WrappedKey, on: Roster = ROSTER) -> bytes:
    return lock_slots(wrapped.slots, ERASER, case_id=CASE, side=wrapped.side, roster=on)


def opened(
    blob: bytes, name: str, side: Side = Side.HANDLERS, *, member_id: str = "", on: Roster = ROSTER
) -> SideKey:
    return open_slot(
        blob, member_id or name, private(name), eraser=ERASER, case_id=CASE, side=side, roster=on
    )


def sent(struck: Collection[str] = (), words: Mapping[str, Mapping[str, Any]] = WORDS) -> Stored:
    case = seal_case(words, case_id=CASE, roster=ROSTER, struck=struck, reporter_seed=RECEIPT_SEED)
    return Stored(
        case=case,
        key_sets={wrapped.side: locked(wrapped) for wrapped in (case.handlers, case.custodians)},
        rows=[(place.kind, place.sequence, blob) for place, blob in case.compartments],
    )


def staff(name: str, version: int = 1) -> Staff:
    return Staff(member_id=name, roster_version=version, seed=seed(name))


def flipped(blob: bytes, at: int, bit: int = 0) -> bytes:
    return blob[:at] + bytes([blob[at] ^ (1 << bit)]) + blob[at + 1 :]


# --- opening --------------------------------------------------------------------------------------


def test_every_handler_opens_the_handlers_side_and_every_custodian_theirs() -> None:
    case = sent()
    for name in "abc":
        assert case.story(name).words == WORDS["story"]
        for kind in ("flags", "safe_contact"):
            assert WORDS[kind].items() <= read_compact(case.read(kind, case.keys(name)).payload).items()
    for name in "xyz":
        tally = read_compact(case.read("tally", case.keys(name)).payload)
        assert tally == {**WORDS["tally"], "guards": {"roster": 1, "struck": []}}


def test_the_first_sending_says_it_comes_from_the_reporter() -> None:
    case = sent()
    written = case.read("flags", case.keys("a"))
    assert (written.author, written.role) == ("reporter", "reporter")


def test_names_open_only_when_a_handler_and_a_custodian_act_together() -> None:
    case = sent()
    assert read_compact(case.read("identity", case.keys("a", "x")).payload) == WORDS["identity"]
    for half in (case.keys("a"), case.keys("x"), Keys()):
        with pytest.raises(MissingHalf):
            case.read("identity", half)
    for wrong in (
        replace(case.keys("a"), custodians=SharedKey.random()),
        replace(case.keys("a"), custodians=case.key("a").names),
        Keys(names=case.key("x", Side.CUSTODIANS).key, custodians=case.key("a").names),
        replace(case.keys("a"), half=case.keys("x").custodians),
    ):
        with pytest.raises(CannotOpen):
            case.read("identity", wrong)


def test_a_lent_half_opens_the_names_and_no_tally() -> None:
    case = sent()
    place = first_place(CASE, "identity", case.heads)
    custodian = case.keys("x").custodians
    assert custodian is not None
    lent = lend(custodian, place)
    assert (
        read_compact(case.read("identity", replace(case.keys("a"), half=lent)).payload) == WORDS["identity"]
    )
    for kind, keys in [
        ("tally", Keys(custodians=lent)),
        ("identity", Keys(half=lent)),
        ("identity", replace(case.keys("a"), half=lend(custodian, entry_place(CASE, "SC", case.heads)))),
    ]:
        with pytest.raises(CannotOpen):
            case.read(kind, keys)


def test_handlers_cannot_read_a_tally_nor_custodians_a_story() -> None:
    case = sent()
    with pytest.raises(MissingHalf):
        case.read("tally", case.keys("a"))
    with pytest.raises(MissingHalf):
        case.read("story", case.keys("x"))
    with pytest.raises(CannotOpen):
        opened(case.key_sets[Side.CUSTODIANS], "a", Side.CUSTODIANS)


def test_nobody_opens_with_another_persons_slot() -> None:
    case = sent()
    blob = case.key_sets[Side.HANDLERS]
    for name, slot in [("a", "b"), ("x", "a"), ("stranger", "a"), ("a", RECOVERY)]:
        with pytest.raises(CannotOpen):
            opened(blob, name, member_id=slot)
    with pytest.raises(CannotOpen):
        opened(blob, "a", member_id="nobody")


def test_the_cards_open_the_handlers_side_and_never_the_custodians() -> None:
    case = sent(struck="a")
    found = opened(case.key_sets[Side.HANDLERS], "cards", member_id=RECOVERY)
    assert found.key == case.case.handlers.key == case.key("b").key
    assert case.story("cards").words == WORDS["story"]
    with pytest.raises(CannotOpen):
        opened(case.key_sets[Side.CUSTODIANS], "cards", Side.CUSTODIANS, member_id=RECOVERY)


def test_cards_and_all_custodians_together_open_no_name() -> None:
    case = sent()
    cards = case.keys("cards")
    assert cards.names is None
    for custodian in "xyz":
        keys = case.keys("cards", custodian)
        with pytest.raises(MissingHalf):
            case.read("identity", keys)
        for guess in (keys.handlers, keys.custodians, SharedKey(bytes(32))):
            with pytest.raises(CannotOpen):
                case.read("identity", replace(keys, names=guess))


def test_what_the_cards_give_is_made_from_the_key_of_names_and_never_the_other_way() -> None:
    names = SharedKey(b"n" * 32)
    found = SideKey.from_names(names)
    assert found.names == names != found.key
    assert SideKey.from_names(found.key).key != found.key
    slots = fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=ROSTER)
    inside = unseal(slots.slots[-1169:], private("cards"), b'[2,"wrap","' + CASE.encode() + b'","S"]')
    assert inside == slots.key.raw
    assert slots.found.names is not None
    assert slots.found.names.raw not in inside


def test_a_slot_of_the_cards_that_holds_more_than_it_should_is_refused() -> None:
    wrapped = fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=ROSTER)
    assert wrapped.found.names is not None
    too_much = seal(
        wrapped.found.names.raw, private("cards").public, b'[2,"wrap","' + CASE.encode() + b'","S"]'
    )
    blob = locked(replace(wrapped, slots=wrapped.slots[:-1169] + too_much))
    assert opened(blob, "a") == wrapped.found
    with pytest.raises(CannotOpen):
        opened(blob, "cards", member_id=RECOVERY)


def test_an_erased_case_opens_for_nobody() -> None:
    case = sent()
    zeros = SharedKey(bytes(32))
    with pytest.raises(CannotOpen):
        open_slot(
            case.key_sets[Side.HANDLERS],
            "a",
            private("a"),
            eraser=zeros,
            case_id=CASE,
            side=Side.HANDLERS,
            roster=ROSTER,
        )


def test_slots_open_for_no_other_case_side_or_roster() -> None:
    blob = sent().key_sets[Side.HANDLERS]
    right: dict[str, Any] = {"eraser": ERASER, "case_id": CASE, "side": Side.HANDLERS, "roster": ROSTER}
    assert open_slot(blob, "a", private("a"), **right)
    for wrong in [{"case_id": "d" * 32}, {"side": Side.CUSTODIANS}, {"roster": roster(version=2)}]:
        with pytest.raises(CannotOpen):
            open_slot(blob, "a", private("a"), **right | wrong)


# --- striking out ---------------------------------------------------------------------------------


@few
@given(st.sets(st.sampled_from("abcxyz")))
def test_exactly_those_not_struck_out_open(struck: set[str]) -> None:
    if set("abc") <= struck:
        with pytest.raises(NobodyLeft):
            sent(struck)
        return
    case = sent(struck)
    for name in "abcxyz":
        side = Side.HANDLERS if name in "abc" else Side.CUSTODIANS
        if name in struck:
            with pytest.raises(CannotOpen):
                case.key(name, side)
        else:
            assert case.key(name, side)
    assert set(case.story(min(set("abc") - struck)).strikeouts.struck) == struck


def test_a_case_looks_the_same_whoever_is_struck_out() -> None:
    plain, struck = sent(), sent("abxyz")
    for one, other in zip(plain.rows, struck.rows, strict=True):
        assert (one[0], one[1], len(one[2])) == (other[0], other[1], len(other[2]))
    assert {side: len(blob) for side, blob in plain.key_sets.items()} == {
        side: len(blob) for side, blob in struck.key_sets.items()
    }
    assert len(plain.case.strikeouts) == len(struck.case.strikeouts)


def test_no_id_or_name_of_a_reader_stands_in_what_is_stored() -> None:
    long = replace(person("a", "handler"), id="handler-with-a-telling-id", name="Trần Văn Tên")
    named = replace(ROSTER, members=(long, *ROSTER.members[1:]))
    case = seal_case(WORDS, case_id=CASE, roster=named, struck=[], reporter_seed=RECEIPT_SEED)
    stored = case.handlers.slots + case.strikeouts + b"".join(blob for _, blob in case.compartments)
    for secret in (long.id, long.name, "Nguyễn Thị A", "0900"):
        assert secret.encode() not in stored


def test_a_strike_out_of_somebody_unknown_is_never_lost_silently() -> None:
    with pytest.raises(KeyError):
        sent(["nobody"])


def test_strike_outs_reach_the_reporters_later_messages() -> None:
    case = sent("b")
    kept = open_strikeouts(case.case.strikeouts, case_id=CASE, private=PrivateKey.from_seed(RECEIPT_SEED))
    assert kept == case.story().strikeouts == Strikeouts(roster_version=1, struck=("b",))
    fresh = fresh_key(CASE, Side.HANDLERS, ROSTER, kept.struck, now=ROSTER)
    assert opened(locked(fresh), "a") == opened(locked(fresh), "c") == fresh.found
    with pytest.raises(CannotOpen):
        opened(locked(fresh), "b")


def test_strike_outs_are_read_by_the_reporter_only_and_for_this_case() -> None:
    sealed = sent("b").case.strikeouts
    for case_id, who in [(CASE, private("a")), ("d" * 32, PrivateKey.from_seed(RECEIPT_SEED))]:
        with pytest.raises(CannotOpen):
            open_strikeouts(sealed, case_id=case_id, private=who)
    for odd in [{}, {"roster": 1}, {"roster": "one", "struck": []}, {"roster": 1, "struck": None}]:
        with pytest.raises(CannotOpen):
            Strikeouts.from_json(odd)


# --- lengths --------------------------------------------------------------------------------------


@few
@given(st.text(max_size=4000), st.text(max_size=500), st.booleans())
def test_every_report_has_the_same_lengths(story: str, name: str, named: bool) -> None:
    printable = "".join(letter for letter in story if letter.isprintable())
    words = WORDS | {
        "story": {"narrative": printable},
        "identity": {"reporter_name": "".join(filter(str.isprintable, name))} if named else {},
    }
    lengths = [len(blob) for _, _, blob in sent(words=words).rows]
    assert lengths == [SIZES[kind] + 29 for kind in FIRST]


def test_the_longest_words_a_form_allows_still_fit_into_one_size() -> None:
    longest = WORDS | {
        "story": {"narrative": "😀" * 4000, "choices": ["x" * 30] * 40},
        "identity": {"people": "ệ" * 500, "person": "😀" * 500, "name": "😀" * 120},
        "safe_contact": {"safe_contact": "😀" * 300},
    }
    case = sent(struck=["b", "x"], words=longest)
    assert [len(blob) for _, _, blob in case.rows] == [SIZES[kind] + 29 for kind in FIRST]
    case.add(compact({"kind": "message", "text": "😀" * 4000}), case.keys("a"), staff("a"))
    assert len(case.rows[-1][2]) == SIZES["entry"] + 29


def test_something_longer_is_kept_whole_in_the_next_size() -> None:
    case = sent()
    case.add(b"x" * 20_000, case.keys("a"), staff("a"))
    assert len(case.rows[-1][2]) == 2 * SIZES["entry"] + 29
    assert case.entry(5, case.keys("a")).payload == b"x" * 20_000


def test_an_entry_looks_the_same_whoever_wrote_it() -> None:
    case = sent()
    case.add(b"note", case.keys("a"), staff("a"))
    case.add(b"message", case.keys("a"), Reporter(proof=PROOF))
    assert len(case.rows[5][2]) == len(case.rows[6][2])


# --- writing later --------------------------------------------------------------------------------


def test_what_a_handler_adds_is_read_by_colleagues_with_the_authors_id() -> None:
    case = sent()
    case.add(b"a note", case.keys("a"), staff("a"))
    assert case.entry(5, case.keys("b")) == Written(payload=b"a note", author="a", role="handler")


def test_a_handler_writes_for_the_custodians_without_being_able_to_read_there() -> None:
    case = sent()
    fresh = fresh_key(CASE, Side.CUSTODIANS, ROSTER, case.story().strikeouts.struck, now=ROSTER)
    case.add(b"genuine", Keys(custodians=fresh.key), staff("a"), "C")
    read = case.entry(5, Keys(custodians=opened(locked(fresh), "y", Side.CUSTODIANS).key), "C")
    assert (read.payload, read.author, read.role) == (b"genuine", "a", "handler")


def test_a_reporters_later_message_is_known_by_the_receipt() -> None:
    case = sent()
    fresh = fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=ROSTER)
    case.add(b"one thing more", Keys(handlers=fresh.key), Reporter(proof=reporter_proof(RECEIPT_SEED)))
    read = case.entry(5, Keys(handlers=opened(locked(fresh), "a").key), proof=case.story().proof)
    assert (read.payload, read.author) == (b"one thing more", "reporter")


def test_a_later_name_needs_both_halves_as_well() -> None:
    case = sent()
    both = Keys(names=SharedKey.random(), custodians=SharedKey.random())
    case.add(b"a name", both, Reporter(proof=PROOF), "SC")
    assert case.entry(5, both, "SC").payload == b"a name"
    with pytest.raises(MissingHalf):
        case.entry(5, Keys(handlers=SharedKey.random(), names=both.names), "SC")
    with pytest.raises(MissingHalf):
        case.add(b"a name", Keys(custodians=both.custodians), Reporter(proof=PROOF), "SC")


def test_somebody_with_the_database_alone_forges_nothing() -> None:
    case = sent()
    fresh = fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=ROSTER)
    keys = Keys(handlers=fresh.key)
    forgers = [
        Reporter(proof=SharedKey.random()),
        Staff(member_id="a", roster_version=1, seed=seed("thief")),
        Staff(member_id="thief", roster_version=1, seed=seed("thief")),
        Staff(member_id="a", roster_version=9, seed=seed("a")),
    ]
    for forger in forgers:
        case.add(b"forged", keys, forger)
        with pytest.raises(BadSignature):
            case.entry(len(case.rows) - 1, keys)


def test_a_reporters_entry_stays_closed_where_the_story_was_not_opened() -> None:
    case = sent()
    case.add(b"message", case.keys("a"), Reporter(proof=PROOF))
    with pytest.raises(BadSignature):
        case.entry(5, case.keys("a"), proof=None)


def test_one_author_cannot_pass_for_the_other_class() -> None:
    """The frame of a reporter, sealed where staff write, is no signature of anybody."""
    case = sent()
    place = entry_place(CASE, "S", case.heads)
    keys = case.keys("a")
    inside = unseal(
        write_compartment(b"words", place, keys, Reporter(proof=PROOF)),
        keys.of(place),
        place.bound_to("reporter"),
    )
    swapped = seal(inside, keys.of(place), place.bound_to("staff"))
    with pytest.raises(BadSignature):
        read_compartment(swapped, place, keys, rosters=[ROSTER], proof=PROOF)


@pytest.mark.parametrize(
    "inside",
    [
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x01\xff",
        b"\x00\x00\x00\x45" + bytes(68),
        b"\x00\x00\x00\x46\x01\xff" + bytes(68),
    ],
)
def test_a_frame_cut_short_never_opens(inside: bytes) -> None:
    case = sent()
    place, keys = entry_place(CASE, "S", case.heads), case.keys("a")
    with pytest.raises(CannotOpen):
        read_compartment(
            seal(inside, keys.of(place), place.bound_to("staff")), place, keys, rosters=[ROSTER], proof=PROOF
        )


def test_a_part_of_the_first_sending_whose_frame_is_cut_short_never_opens() -> None:
    case = sent()
    place, keys = first_place(CASE, "flags", case.heads), case.keys("a")
    for length, opens in [(69, True), (68, False), (0, False)]:
        inside = length.to_bytes(4, "big") + bytes(69)
        blob = seal(inside, keys.of(place), place.bound_to("reporter"))
        if opens:
            assert read_compartment(blob, place, keys, rosters=[ROSTER], proof=None).payload == b""
        else:
            with pytest.raises(CannotOpen):
                read_compartment(blob, place, keys, rosters=[ROSTER], proof=None)


# --- damage ---------------------------------------------------------------------------------------


@few
@given(st.data())
def test_a_flipped_byte_never_opens(data: st.DataObject) -> None:
    case = sent()
    case.add(b"a note", case.keys("a"), staff("a"))
    number = data.draw(st.sampled_from([4, 5]))
    kind, _, blob = case.rows[number]
    spoilt = flipped(blob, data.draw(st.integers(0, len(blob) - 1)), data.draw(st.integers(0, 7)))
    case.rows[number] = (kind, number, spoilt)
    with pytest.raises(CannotOpen):
        case.story() if number == 4 else case.entry(5, case.keys("a"))


@few
@given(st.data())
def test_a_flipped_byte_among_the_slots_never_opens(data: st.DataObject) -> None:
    blob = sent().key_sets[Side.HANDLERS]
    with pytest.raises(CannotOpen):
        opened(flipped(blob, data.draw(st.integers(0, len(blob) - 1))), "a")


def test_the_story_vouches_for_the_parts_sent_with_it() -> None:
    mine, other = sent(), sent(words=WORDS | {"tally": {"consent_stats": False}})
    for number in range(4):
        mixed = Stored(case=mine.case, key_sets=mine.key_sets, rows=list(mine.rows))
        mixed.rows[number] = other.rows[number]
        with pytest.raises(CannotOpen):
            mixed.story()


def test_a_note_in_another_order_never_opens() -> None:
    case = sent()
    for words in (b"first", b"second"):
        case.add(words, case.keys("a"), staff("a"))
    first, second = case.rows[5][2], case.rows[6][2]
    case.rows[5:] = [("entry", 5, second), ("entry", 6, first)]
    for number in (5, 6):
        with pytest.raises(CannotOpen):
            case.entry(number, case.keys("a"))


def test_a_note_rolled_back_to_an_older_one_breaks_everything_after_it() -> None:
    case = sent()
    place = entry_place(CASE, "S", case.heads)
    older = write_compartment(b"older", place, case.keys("a"), staff("a"))
    case.add(b"newer", case.keys("a"), staff("a"))
    case.add(b"later", case.keys("a"), staff("b"))
    case.rows[5] = ("entry", 5, older)
    with pytest.raises(CannotOpen):
        case.entry(6, case.keys("a"))


def test_a_cut_off_end_shows_against_a_remembered_head() -> None:
    case = sent()
    case.add(b"a note", case.keys("a"), staff("a"))
    count, head = len(case.rows), case.heads[-1]
    case.add(b"another", case.keys("a"), staff("a"))
    require_continues(case.heads, count, head)
    require_continues(case.heads, 5, case.case.head)
    require_continues(case.heads, 0, start(CASE))
    rolled_back = verify_chain(CASE, case.rows[:5])
    with pytest.raises(CannotOpen):
        require_continues(rolled_back, count, head)
    for wrong in [(count, bytes(32)), (count - 1, head), (-1, case.heads[-1])]:
        with pytest.raises(CannotOpen):
            require_continues(case.heads, *wrong)


def test_a_part_moved_to_another_case_never_opens() -> None:
    case = sent()
    place = first_place("d" * 32, "flags", [start("d" * 32)])
    with pytest.raises(CannotOpen):
        read_compartment(case.rows[0][2], place, case.keys("a"), rosters=[ROSTER], proof=None)


def test_a_list_of_parts_with_gaps_repeats_or_strangers_is_refused() -> None:
    case = sent()
    case.add(b"a note", case.keys("a"), staff("a"))
    rows = case.rows
    assert verify_chain(CASE, rows)[-1] == link(case.case.head, rows[5][2])
    for wrong in [
        [],
        rows[:4],
        rows[1:],
        rows[:3] + rows[4:],
        [*rows, rows[5]],
        [rows[1], rows[0], *rows[2:]],
        [*rows[:5], ("story", 5, rows[5][2])],
        [("entry", 0, rows[0][2]), *rows[1:]],
    ]:
        with pytest.raises(CannotOpen):
            verify_chain(CASE, wrong)


@pytest.mark.parametrize(
    ("kind", "sequence", "sides"),
    [("story", 0, "S"), ("story", 5, "S"), ("entry", 4, "S"), ("identity", 3, "S"), ("entry", -1, "S")],
)
def test_no_place_exists_where_nothing_may_stand(kind: str, sequence: int, sides: Any) -> None:
    with pytest.raises(ValueError, match="stands at"):
        Place(case_id=CASE, kind=kind, sequence=sequence, sides=sides, before=bytes(32))


def test_a_key_that_is_not_the_one_promised_is_refused() -> None:
    """A sender who wraps different keys for different handlers is found out by the commitment."""
    honest, other = (fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=ROSTER) for _ in range(2))
    first_wrap = slice(33, 33 + 1169)
    forged = bytearray(honest.slots)
    forged[first_wrap] = other.slots[first_wrap]
    blob = locked(replace(honest, slots=bytes(forged)))
    assert opened(blob, "b") == honest.found
    with pytest.raises(CannotOpen):
        opened(blob, "a")


@pytest.mark.parametrize("side", list(Side))
def test_slots_of_the_wrong_shape_are_not_stored(side: Side) -> None:
    slots = fresh_key(CASE, side, ROSTER, [], now=ROSTER).slots
    for wrong in [b"", slots[:-1], slots + b"x", b"\x03" + slots[1:]]:
        with pytest.raises(SlotsRefused):
            lock_slots(wrong, ERASER, case_id=CASE, side=side, roster=ROSTER)


def test_a_case_is_handed_on_with_its_names_by_a_handler_who_wraps_its_key_anew() -> None:
    case = sent("b")
    later = roster("abcd", version=2)
    anew = wrap_anew(case.key("a"), CASE, Side.HANDLERS, later, struck=case.story().strikeouts.struck)
    blob = locked(anew, later)
    handed = opened(blob, "d", on=later)
    assert handed == case.case.handlers.found
    both = replace(case.keys("x"), names=handed.names)
    assert read_compact(case.read("identity", both).payload) == WORDS["identity"]
    with pytest.raises(CannotOpen):
        opened(blob, "b", on=later)


def test_who_kept_their_keys_keeps_their_slot_and_who_enrolled_again_gets_a_new_one() -> None:
    """Byte for byte, whether it opens or not: nobody can tell the slot of somebody struck out by its staying."""
    case, later = sent("b"), replace(roster("acdb", version=2), recovery_public=private("z").public.raw)
    again = replace(later.members[1], seal_public=private("q").public.raw)
    later = replace(later, members=(later.members[0], again, *later.members[2:]))
    seats = Seats.between([ROSTER, later], Side.HANDLERS)
    assert (seats.kept, seats.stale) == ((0, None, None, 1, None), True)

    blob = case.key_sets[Side.HANDLERS]
    struck = ["b", "d"]
    found, lock = case.key("a"), {"eraser": ERASER, "case_id": CASE}
    anew = renewed(blob, found, seats, struck=struck, **lock)  # type: ignore[arg-type]

    (before, _), (after, _) = (inside(one, on) for one, on in ((blob, ROSTER), (anew, later)))
    assert [after[0], after[3]] == [before[0], before[1]]
    assert not {after[1], after[2], after[4]} & set(before)
    assert opened(anew, "a", on=later) == case.case.handlers.found
    assert opened(anew, "q", on=later, member_id="c") == case.case.handlers.found
    assert opened(anew, "z", on=later, member_id=RECOVERY).names is None
    for closed in ("b", "c", "d"):
        with pytest.raises(CannotOpen):
            opened(anew, closed, on=later)


def test_a_roster_to_which_people_only_came_leaves_every_slot_as_it_is() -> None:
    seats = Seats.between([ROSTER, roster("dabc", version=2)], Side.HANDLERS)
    assert not seats.stale
    assert Seats.between([ROSTER, roster("ab", version=2)], Side.HANDLERS).stale
    gone = [ROSTER, roster("ab", version=2), roster("abc", version=3)]
    assert Seats.between(gone, Side.HANDLERS).kept == (0, 1, None, 3), (
        "whoever was away in between is somebody new"
    )


def test_slots_of_the_first_format_open_and_are_renewed_as_a_whole() -> None:
    case = sent()
    place = b'[1,"wrap","' + CASE.encode() + b'","C",1]'
    (_, commitment) = inside(case.key_sets[Side.CUSTODIANS], ROSTER, Side.CUSTODIANS)
    raw = case.case.custodians.key.raw
    wraps = b"".join(seal(raw, private(one).public, place) for one in "xyz")
    first = lock_slots(
        b"\x01" + commitment + wraps, ERASER, case_id=CASE, side=Side.CUSTODIANS, roster=ROSTER
    )
    assert opened(first, "y", side=Side.CUSTODIANS).key.raw == raw
    later = roster(custodians="xy", version=2)
    seats = Seats.between([ROSTER, later], Side.CUSTODIANS)
    anew = renewed(first, case.key("x", Side.CUSTODIANS), seats, eraser=ERASER, case_id=CASE, struck=[])
    after, _ = inside(anew, later, Side.CUSTODIANS)
    assert opened(anew, "y", on=later, side=Side.CUSTODIANS).key.raw == raw
    assert not {wraps[:1169], wraps[1169:2338]} & set(after)


def inside(blob: bytes, on: Roster, side: Side = Side.HANDLERS) -> tuple[list[bytes], bytes]:
    """The wraps in stored slots, and their commitment."""
    place = f'[1,"slots","{CASE}","{side.value}",{on.version}]'.encode()
    slots = unseal(blob, ERASER, place)
    return [slots[at : at + 1169] for at in range(33, len(slots), 1169)], slots[1:33]


def test_what_is_wrapped_anew_from_cards_gives_stories_back_and_no_names() -> None:
    case = sent("b")
    later = roster("abcd", version=2)
    found = opened(case.key_sets[Side.HANDLERS], "cards", member_id=RECOVERY)
    anew = wrap_anew(found, CASE, Side.HANDLERS, later, struck=case.story("cards").strikeouts.struck)
    recovered = opened(locked(anew, later), "a", on=later)
    assert recovered == SideKey(key=case.case.handlers.key, names=None)
    keys = replace(case.keys("x"), handlers=recovered.key)
    assert read_story(case.read("story", keys)).words == WORDS["story"]
    with pytest.raises(MissingHalf):
        case.read("identity", keys)
    with pytest.raises(CannotOpen):
        opened(locked(anew, later), "b", on=later)
    # And from hand to hand: a colleague who was given no names has none to give.
    again = wrap_anew(recovered, CASE, Side.HANDLERS, later, struck=["b"])
    assert opened(locked(again, later), "d", on=later).names is None


def test_slots_from_cards_look_like_slots_from_a_handler() -> None:
    case = sent()
    found = opened(case.key_sets[Side.HANDLERS], "cards", member_id=RECOVERY)
    lengths = {
        len(wrap_anew(one, CASE, Side.HANDLERS, ROSTER, struck=[]).slots) for one in (found, case.key("a"))
    }
    assert lengths == {len(case.case.handlers.slots)} == {33 + 4 * 1169}


# --- an older case --------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "stayed", "came"), [(Side.HANDLERS, "a", "d"), (Side.CUSTODIANS, "x", "w")])
def test_a_fresh_key_of_an_older_case_has_no_slot_for_people_who_came_later(
    side: Side, stayed: str, came: str
) -> None:
    now = roster("abcd", "xyzw", version=2)
    blob = locked(fresh_key(CASE, side, ROSTER, [], now=now))
    assert opened(blob, stayed, side)
    for name, on in [(came, ROSTER), (came, now), (stayed, now)]:
        with pytest.raises(CannotOpen):
            opened(blob, name, side, on=on)


@pytest.mark.parametrize(
    ("side", "stayed", "left"), [(Side.HANDLERS, "ac", "b"), (Side.CUSTODIANS, "xz", "y")]
)
def test_a_fresh_key_of_an_older_case_is_sealed_to_nobody_who_left(
    side: Side, stayed: str, left: str
) -> None:
    now = roster("acd", "xzw", version=2)
    fresh = fresh_key(CASE, side, ROSTER, [], now=now)
    assert len(fresh.slots) == len(fresh_key(CASE, side, ROSTER, [], now=ROSTER).slots)
    for name in stayed:
        assert opened(locked(fresh), name, side) == fresh.found
    with pytest.raises(CannotOpen):
        opened(locked(fresh), left, side)


def test_somebody_who_changed_sides_keeps_no_slot_on_the_old_one() -> None:
    moved = replace(person("b", "handler"), role="custodian")
    now = replace(roster("ac", version=2), members=(*roster("ac", version=2).members, moved))
    blob = locked(fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=now))
    with pytest.raises(CannotOpen):
        opened(blob, "b")


def test_a_fresh_key_reaches_who_enrolled_again_and_not_their_old_key() -> None:
    again = replace(person("b", "handler"), seal_public=private("b again").public.raw)
    now = replace(roster("ac", version=2), members=(*roster("ac", version=2).members, again))
    fresh = fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=now)
    assert opened(locked(fresh), "b again", member_id="b") == fresh.found
    with pytest.raises(CannotOpen):
        opened(locked(fresh), "b")


def test_a_fresh_key_goes_to_the_present_cards() -> None:
    now = replace(roster(version=2), recovery_public=private("new cards").public.raw)
    fresh = fresh_key(CASE, Side.HANDLERS, ROSTER, [], now=now)
    assert opened(locked(fresh), "new cards", member_id=RECOVERY).key == fresh.key
    with pytest.raises(CannotOpen):
        opened(locked(fresh), "cards", member_id=RECOVERY)


def test_where_every_handler_of_a_case_has_left_nothing_more_is_sealed_for_them() -> None:
    with pytest.raises(NobodyLeft):
        fresh_key(CASE, Side.HANDLERS, ROSTER, ["a"], now=roster("ade", version=2))
    assert fresh_key(CASE, Side.CUSTODIANS, ROSTER, ["x"], now=roster(custodians="xvw", version=2)).slots


# --- the reporter ---------------------------------------------------------------------------------


def test_a_letter_is_read_with_the_receipt_and_not_without() -> None:
    case = sent()
    blob = seal_letter("Chào bạn".encode(), case_id=CASE, sequence=1, reporter=case.story().reporter)
    reporter = PrivateKey.from_seed(RECEIPT_SEED)
    assert open_letter(blob, case_id=CASE, sequence=1, private=reporter).decode() == "Chào bạn"
    for case_id, sequence, who in [
        (CASE, 1, private("a")),
        (CASE, 2, reporter),
        ("d" * 32, 1, reporter),
    ]:
        with pytest.raises(CannotOpen):
            open_letter(blob, case_id=case_id, sequence=sequence, private=who)


def test_all_letters_have_one_length() -> None:
    reporter = PrivateKey.from_seed(RECEIPT_SEED).public
    lengths = {
        len(seal_letter(text.encode(), case_id=CASE, sequence=1, reporter=reporter))
        for text in ("", "a", "😀" * 4000)
    }
    assert lengths == {16_384 + 1137}
    strikeouts = [Strikeouts(roster_version=1, struck=("a" * 32,) * count) for count in (0, 1, 80)]
    assert {len(seal_strikeouts(one, case_id=CASE, reporter=reporter)) for one in strikeouts} == {4096 + 1137}


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"\xff", b"[" * 100_000, b"{}", b'{"words": {}, "reporter": "AAAA"}']
)
def test_what_opens_but_is_no_story_is_refused(payload: bytes) -> None:
    with pytest.raises(CannotOpen):
        read_story(Written(payload=payload, author="reporter", role="reporter"))


@pytest.mark.parametrize("payload", [b"[]", b'"text"', b"3", b"null", b'{"a": "\\ud800"}', b"\xff", b""])
def test_what_is_no_mapping_or_cannot_be_shown_is_refused(payload: bytes) -> None:
    with pytest.raises(CannotOpen):
        read_compact(payload)


def test_secrets_never_show_themselves() -> None:
    case = sent(struck=["b"])
    shown = f"{case.case.handlers}{case.case}{case.story()}{staff('a')}{case.read('flags', case.keys('a'))}"
    names = case.case.handlers.found.names
    assert names is not None
    for secret in (seed("a"), case.case.handlers.key.raw, names.raw, PROOF.raw, b"narrative", b"danger_now"):
        assert repr(secret)[2:-1] not in shown
    assert "struck" not in repr(case.story())


def test_every_part_must_be_there() -> None:
    with pytest.raises(KeyError):
        sent(words={kind: WORDS[kind] for kind in ("story", "flags")})
