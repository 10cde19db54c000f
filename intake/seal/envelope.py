"""A report as one sealed case: two sides, five compartments, one chain. Pure.

The one door to intake/seal/slots.py (who opens a side), intake/seal/compartments.py (the parts, their authors and
their chain) and intake/seal/letters.py (what the reporter reads):

    case = seal_case(words, case_id=case_id, roster=roster, struck=struck, reporter_seed=mailbox.seed)
    for wrapped in (case.handlers, case.custodians):             # two key sets, locked as they are stored
        blob = lock_slots(wrapped.slots, eraser, case_id=case_id, side=wrapped.side, roster=roster)
    for place, blob in case.compartments: ...                    # five compartments in this order

    private = PrivateKey.from_seed(seed)                         # a handler at their desk
    found = open_slot(key_set, my_id, private, eraser=eraser, case_id=case_id, side=Side.HANDLERS, roster=then)
    heads = verify_chain(case_id, [(row.kind, row.sequence, row.blob) for row in rows])
    place = first_place(case_id, "story", heads)
    mine = Keys(handlers=found.key, names=found.names)
    story = read_story(read_compartment(rows[4].blob, place, mine, rosters=chain, proof=None))
    place = entry_place(case_id, "S", heads)                     # the next free place
    blob = write_compartment(payload, place, mine, Staff(member_id=…, roster_version=…, seed=…))
    letter = seal_letter(payload, case_id=case_id, sequence=n, reporter=story.reporter)

Who adds to a side without holding its key takes `fresh_key(case_id, side, then, strikeouts.struck, now=…)`
and stores it as one more key set: a reporter's later message is `write_compartment(…, Reporter(proof=…))`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.roster import Roster
from core.sealing import CannotOpen, PrivateKey, PublicKey, SharedKey
from intake.seal import guards, readers
from intake.seal.compartments import (
    ENTRY,
    FIRST,
    SIZES,
    Keys,
    MissingHalf,
    Place,
    Reporter,
    Sides,
    Staff,
    Written,
    lend,
    link,
    read_compartment,
    reporter_proof,
    require_continues,
    start,
    verify_chain,
    write_compartment,
    write_first,
)
from intake.seal.letters import (
    Strikeouts,
    compact,
    open_letter,
    open_strikeouts,
    read_compact,
    read_mapping,
    seal_letter,
    seal_strikeouts,
)
from intake.seal.slots import (
    RECOVERY,
    NobodyLeft,
    Side,
    SideKey,
    SlotsRefused,
    WrappedKey,
    fresh_key,
    lock_slots,
    open_slot,
    wrap_anew,
)

__all__ = [
    "ENTRY",
    "FIRST",
    "RECOVERY",
    "SIZES",
    "Keys",
    "MissingHalf",
    "NobodyLeft",
    "Place",
    "Reporter",
    "SealedCase",
    "Side",
    "SideKey",
    "SlotsRefused",
    "Staff",
    "Story",
    "Strikeouts",
    "WrappedKey",
    "Written",
    "compact",
    "entry_place",
    "first_place",
    "fresh_key",
    "lend",
    "link",
    "lock_slots",
    "open_letter",
    "open_slot",
    "open_strikeouts",
    "read_compact",
    "read_compartment",
    "read_story",
    "reporter_proof",
    "require_continues",
    "seal_case",
    "seal_letter",
    "seal_strikeouts",
    "start",
    "verify_chain",
    "wrap_anew",
    "write_compartment",
]

_KINDS: Final = tuple(FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An opened story: the words, and what later additions need to know."""

    words: Mapping[str, Any] = field(repr=False)
    reporter: PublicKey
    proof: SharedKey
    strikeouts: Strikeouts = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCase:
    """A report ready to be stored. `strikeouts`: sealed to the reporter; `head`: after all five parts."""

    handlers: WrappedKey
    custodians: WrappedKey
    compartments: tuple[tuple[Place, bytes], ...]
    strikeouts: bytes
    head: bytes


def seal_case(
    words: Mapping[str, Mapping[str, Any]],
    *,
    case_id: str,
    roster: Roster,
    struck: Collection[str],
    reporter_seed: bytes,
) -> SealedCase:
    """Seal a report on arrival. `words`: one JSON-able mapping for each kind in `FIRST`; none may be missing.

    Raises `NobodyLeft`; `KeyError` for an id not on the roster, since a strike-out must never be lost.
    """
    for member_id in struck:
        roster.member(member_id)
    handlers = fresh_key(case_id, Side.HANDLERS, roster, struck, now=roster)
    custodians = fresh_key(case_id, Side.CUSTODIANS, roster, struck, now=roster)
    reporter = PrivateKey.from_seed(reporter_seed).public
    strikeouts = Strikeouts(roster_version=roster.version, struck=tuple(sorted(struck)))
    story = _story(words["story"], reporter, reporter_proof(reporter_seed), strikeouts)
    flags = {**words["flags"], readers.READERS: readers.written(roster, struck)}
    tally = {**words["tally"], guards.GUARDS: guards.written(roster, struck)}
    said = {**words, "story": story, "flags": flags, "tally": tally}
    payloads = [compact(said[kind]) for kind in FIRST]
    keys = Keys(handlers=handlers.key, names=handlers.found.names, custodians=custodians.key)
    compartments, head = _chained(payloads, case_id, keys)
    sealed = seal_strikeouts(strikeouts, case_id=case_id, reporter=reporter)
    return SealedCase(
        handlers=handlers, custodians=custodians, compartments=compartments, strikeouts=sealed, head=head
    )


def read_story(written: Written) -> Story:
    """The story out of its opened compartment, or `CannotOpen` when it is none."""
    found = read_compact(written.payload)
    try:
        return Story(
            words=dict(found["words"]),
            reporter=PublicKey(b64decode(found["reporter"], validate=True)),
            proof=SharedKey(b64decode(found["proof"], validate=True)),
            strikeouts=Strikeouts.from_json(found["strikeouts"]),
        )
    except (KeyError, TypeError, ValueError):
        raise CannotOpen from None


def read_strikeouts(written: Written) -> tuple[Strikeouts, SharedKey]:
    """Of a story only whom it strikes out, and the reporter's proof; `CannotOpen` when it is none.

    The reporter's public key stays bytes: parsing it takes as long as opening the story. Nor are its words looked at.
    """
    try:
        found = read_mapping(written.payload)
        return Strikeouts.from_json(found["strikeouts"]), SharedKey(b64decode(found["proof"], validate=True))
    except (KeyError, TypeError, ValueError):
        raise CannotOpen from None


def first_place(case_id: str, kind: str, heads: Sequence[bytes]) -> Place:
    """Where a part of the first sending stands. `heads`: of `verify_chain`; for flags `[start(case_id)]`."""
    sequence = _KINDS.index(kind)
    return Place(case_id=case_id, kind=kind, sequence=sequence, sides=FIRST[kind], before=heads[sequence])


def entry_place(case_id: str, sides: Sides, heads: Sequence[bytes], sequence: int | None = None) -> Place:
    """Where an entry stands: the one with this number, or the next free place after `heads`."""
    number = len(heads) - 1 if sequence is None else sequence
    return Place(case_id=case_id, kind=ENTRY, sequence=number, sides=sides, before=heads[number])


def _story(
    words: Mapping[str, Any], reporter: PublicKey, proof: SharedKey, strikeouts: Strikeouts
) -> dict[str, Any]:
    return {
        "words": dict(words),
        "reporter": b64encode(reporter.raw).decode(),
        "proof": b64encode(proof.raw).decode(),
        "strikeouts": strikeouts.as_json(),
    }


def _chained(
    payloads: Sequence[bytes], case_id: str, keys: Keys
) -> tuple[tuple[tuple[Place, bytes], ...], bytes]:
    """The first sending, one part bound to the next."""
    heads, made = [start(case_id)], []
    for kind, payload in zip(FIRST, payloads, strict=True):
        place = first_place(case_id, kind, heads)
        blob = write_first(payload, place, keys)
        made.append((place, blob))
        heads.append(link(heads[-1], blob))
    return tuple(made), heads[-1]
