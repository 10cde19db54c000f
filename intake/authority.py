"""Handing one case to an authority that may lawfully demand it: a handler asks, a custodian agrees, then it is sealed.

What waits between the two lies in memory only, sealed to each person who may see it; a restart forgets it, and one
asks again. A custodian whom the reporter struck out has no part of it and sees nothing. The line of the log names
neither the authority nor its document, since every custodian reads it; both stand in a signed entry of the case.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from core import clock, log, memory, rosters
from core.access import Identity
from core.roster import Member, Roster
from core.sealing import (
    KEY_BYTES,
    BadSignature,
    CannotOpen,
    PrivateKey,
    PublicKey,
    SharedKey,
    context,
    pad,
    random_bytes,
    seal,
    sign,
    unpad,
    unseal,
    verify,
)
from intake import openings
from intake.cases import Case, Holder, NoSuchCase, Opened, add_entry, load, read_entry, require_kept
from intake.compartments import Keys, Staff, lend, write_compartment
from intake.envelope import Story, read_story
from intake.letters import compact, read_compact
from intake.log_tag import on_case
from intake.report import sound
from intake.roles import require_may
from intake.slots import Side

PARTS: Final = ("story", "contact", "entries", "names")
AT_ONCE: Final = 16
SECONDS: Final = 3 * 86400
_PADDED: Final = 8192


class TooManyWait(Exception):
    """As many requests wait as there are places; one must be settled or run out first."""


class NotAgreed(Exception):
    """No custodian has agreed to this request, or not to this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked: to whom, on which document, why, and which of `PARTS`."""

    recipient: str
    document: str
    reason: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as those see it who may: who asked, for which case, and who agreed (to its handler only)."""

    id: str
    place: int
    case_id: str
    arrived_on: str
    handler_id: str
    handler: str
    asked_on: str
    wish: Wish
    agreed: bool = False
    agreed_by: str = ""
    agreement: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What goes into the file: texts by name, and the facts of the manifest."""

    files: Mapping[str, Any] = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)


def ask(session: Session, identity: Identity, seed: bytes, case_id: str, wish: Wish) -> None:
    """Ask the custodians who may know of this case. Raises `Denied`, `NoSuchCase`, `TooManyWait`, `LogBroken`."""
    require_may(identity, "ask to hand to an authority")
    case, opened, chain = _at_hand(session, identity, seed, case_id)
    key = _side_key(case, opened, Side.HANDLERS)
    log.write(session, "export_asked", who=identity.person_id, about=on_case(key))
    story = _story(case, opened, chain)
    require_kept(case.file, _told(case, opened, chain, story))
    struck = story.strikeouts.struck
    roster = rosters.chain(session)[-1]
    asked = {
        "id": secrets.token_hex(16),
        "case_id": case_id,
        "arrived_on": case.file.arrived_on.isoformat(),
        "handler_id": identity.person_id,
        "handler": identity.name,
        "asked_on": clock.today().isoformat(),
        "wish": asdict(wish),
    }
    keys = [_nobody() if member.id in struck else member.seal_key for member in roster.custodians]
    keys.append(roster.member(identity.person_id).seal_key)
    secrets.SystemRandom().shuffle(keys)  # neither whose is whose shows, nor how many were struck out
    value = json.dumps([_sealed(asked, key).hex() for key in keys]).encode()
    for place in range(AT_ONCE):
        if memory.store().add(_shelf(place), value, SECONDS):
            memory.store().delete(_shelf(place, "agreed"))
            return
    raise TooManyWait


def waiting(identity: Identity, seed: bytes) -> Iterator[Asked]:
    """The requests this person may see: a handler their own, a custodian those of cases they can open."""
    private = PrivateKey.from_seed(seed)
    for place in range(AT_ONCE):
        value = memory.store().get(_shelf(place))
        for wrap in json.loads(value) if value else ():
            try:
                found = json.loads(unpad(unseal(bytes.fromhex(wrap), private, _REQUEST)))
            except CannotOpen:
                continue
            wish = Wish(**(found.pop("wish") | {}))
            asked = Asked(**found, place=place, wish=replace(wish, parts=tuple(wish.parts)))
            yield _with_agreement(asked, identity, private)


def find(identity: Identity, seed: bytes, asked_id: str) -> Asked:
    """One of these by its id, or `NoSuchCase`."""
    for asked in waiting(identity, seed):
        if secrets.compare_digest(asked.id.encode(), asked_id.encode()):
            return asked
    raise NoSuchCase


def agree(session: Session, identity: Identity, seed: bytes, asked: Asked) -> None:
    """A custodian agrees, and signs what they agree to; where names go along, they lend their half.

    Raises `Denied`, `NoSuchCase` (also for a custodian who was struck out), `LogBroken`.
    """
    require_may(identity, "agree to an authority")
    case, opened, _ = _at_hand(session, identity, seed, asked.case_id)
    half = lend(_side_key(case, opened, Side.CUSTODIANS), case.first_place("identity"))
    log.write(session, "export_agreed", who=identity.person_id, about=on_case(half))
    agreement = {
        "by": identity.person_id,
        "name": identity.name,
        "signature": sign(_words(asked), seed).hex(),
        "half": half.raw.hex() if "names" in asked.wish.parts else "",
    }
    handler = rosters.chain(session)[-1].member(asked.handler_id)
    sealed = seal(pad(compact(agreement), 1024), handler.seal_key, _AGREEMENT)
    memory.store().put(_shelf(asked.place, "agreed"), sealed, SECONDS)


def put_aside(asked: Asked) -> None:
    """Refused, withdrawn, or done: nothing waits any more."""
    memory.store().delete(_shelf(asked.place))
    memory.store().delete(_shelf(asked.place, "agreed"))


def take_out(session: Session, identity: Identity, seed: bytes, asked: Asked) -> Export:
    """Open what was agreed to, for the sealed file; written down in the log and in the case before.

    Raises `Denied`, `NotAgreed`, `NoSuchCase`, `CannotOpen` (a damaged case), `LogBroken`.
    """
    require_may(identity, "hand to an authority")
    custodian = _agreed(rosters.chain(session)[-1], asked)
    case, opened, chain = _at_hand(session, identity, seed, asked.case_id)
    side_key = _side_key(case, opened, Side.HANDLERS)
    log.write(session, "exported", who=identity.person_id, about=on_case(side_key))
    story = _story(case, opened, chain)
    require_kept(case.file, _told(case, opened, chain, story))
    files, sources = _files(case, opened, chain, story, asked)
    _count(case, side_key, story, names="names" in asked.wish.parts)
    me = rosters.chain(session)[-1].member(identity.person_id)
    facts = _facts(case, asked, me, custodian, chain[-1]) | {"sources": sources}
    words = {
        "what": "export",
        "at": clock.now().isoformat(timespec="minutes"),
        "text": f"{asked.wish.recipient}; {asked.wish.document}; {asked.wish.reason}",
        "parts": list(asked.wish.parts),
        "custodian": custodian.id,
    }
    place = case.next_place(Side.HANDLERS)
    author = Staff(member_id=identity.person_id, roster_version=chain[-1].version, seed=seed)
    blob = write_compartment(compact(words), place, Keys(handlers=side_key), author)
    add_entry(session, place, case.first_key_set(Side.HANDLERS), blob)
    return Export(files=files, facts=facts)


def _at_hand(
    session: Session, identity: Identity, seed: bytes, case_id: str
) -> tuple[Case, Opened, Sequence[Roster]]:
    try:
        case = load(session, case_id, lock=True)
        chain = rosters.chain(session)
        return case, case.open_for(Holder.of(identity, seed), chain), chain
    except CannotOpen as refused:
        raise NoSuchCase from refused


def _side_key(case: Case, opened: Opened, side: Side) -> SharedKey:
    return opened[case.first_key_set(side).id].key


def _story(case: Case, opened: Opened, chain: Sequence[Roster]) -> Story:
    return read_story(case.read_first("story", opened, chain))


def _agreed(roster: Roster, asked: Asked) -> Member:
    """The custodian who signed this very request, or `NotAgreed`: nothing that lies in memory is believed."""
    for member in roster.custodians:
        if member.id == asked.agreement.get("by"):
            try:
                verify(_words(asked), bytes.fromhex(asked.agreement["signature"]), member.sign_public)
            except (BadSignature, KeyError, ValueError):
                break
            return member
    raise NotAgreed


def _with_agreement(asked: Asked, identity: Identity, private: PrivateKey) -> Asked:
    sealed = memory.store().get(_shelf(asked.place, "agreed"))
    asked = replace(asked, agreed=sealed is not None)
    if sealed is None or asked.handler_id != identity.person_id:
        return asked
    try:
        found = read_compact(unpad(unseal(sealed, private, _AGREEMENT)))
    except CannotOpen:
        return asked
    return replace(asked, agreed_by=str(found.get("name", "")), agreement=found)


def _files(
    case: Case, opened: Opened, chain: Sequence[Roster], story: Story, asked: Asked
) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """What was agreed to, by name, and from which compartments each part comes."""
    parts = asked.wish.parts
    found: dict[str, Any] = {}
    sources: dict[str, list[int]] = {}
    if "story" in parts:
        flags = sound(read_compact(case.read_first("flags", opened, chain).payload))
        found["letter"] = {"story": sound(story.words), "flags": flags}
        sources["letter"] = [case.first_place(kind).sequence for kind in ("flags", "story")]
    if "contact" in parts:
        found["contact"] = sound(read_compact(case.read_first("safe_contact", opened, chain).payload))
        sources["contact"] = [case.first_place("safe_contact").sequence]
    if "names" in parts:
        half = SharedKey(bytes.fromhex(asked.agreement["half"]))
        found["names"] = sound(read_compact(case.read_first("identity", opened, chain, half).payload))
        sources["names"] = [case.first_place("identity").sequence]
    if "entries" in parts:
        found["entries"] = list(_entries(case, opened, chain, story))
        sources["entries"] = [entry["sequence"] for entry in found["entries"]]
    return found, sources


def _entries(case: Case, opened: Opened, chain: Sequence[Roster], story: Story) -> Iterator[dict[str, Any]]:
    """Messages, answers, notes and the like; one that does not open is named as damaged, never left out."""
    names = {member.id: member.name for roster in chain for member in roster.members}
    for part, place in case.entries(Side.HANDLERS):
        try:
            written = read_entry(part, place, opened, chain, story.proof)
            said = read_compact(written.payload)
        except CannotOpen:
            yield {"sequence": part.sequence, "damaged": True}
            continue
        by = names.get(written.author, written.author)
        # What stands beside the words comes last: nothing inside them may pass for who wrote it.
        yield {**_without_keys(said), "sequence": part.sequence, "by": by, "role": written.role}


def _told(case: Case, opened: Opened, chain: Sequence[Roster], story: Story) -> list[dict[str, Any]]:
    return [
        {"what": "", "at": "", **one} for one in _entries(case, opened, chain, story) if "damaged" not in one
    ]


def _without_keys(said: Any) -> Any:
    """Words without the keys of files that some entries carry."""
    if isinstance(said, Mapping):
        return {name: _without_keys(value) for name, value in said.items() if name != "key"}
    return said


def _count(case: Case, side_key: SharedKey, story: Story, *, names: bool) -> None:
    """The reporter sees that it was opened, as at every opening."""
    counts = openings.read_by_handler(case.file.openings_handlers, side_key, case.id)
    counts = openings.one_more(counts, "handler", *(["custodian"] if names else []))
    case.file.openings_handlers = openings.for_handlers(counts, side_key, case.id)
    case.file.openings_reporter = openings.for_reporter(counts, story.reporter, case.id)


def _facts(case: Case, asked: Asked, handler: Member, custodian: Member, roster: Roster) -> dict[str, Any]:
    """The manifest beside the hashes of files: who, to whom, why, and the hash of every compartment of the case."""
    return {
        "recipient": asked.wish.recipient,
        "document": asked.wish.document,
        "reason": asked.wish.reason,
        "made_on": clock.today().isoformat(),
        "case": case.id,
        "arrived_on": asked.arrived_on,
        "handler": {"name": handler.name, "title": handler.title_vi, "key": handler.sign_public.hex()},
        "custodian": {
            "name": custodian.name,
            "title": custodian.title_vi,
            "key": custodian.sign_public.hex(),
            "agreed_to": _words(asked).decode(),
            "signature": asked.agreement["signature"],
        },
        "roster": {"version": roster.version, "fingerprint": roster.fingerprint},
        "head": case.heads[-1].hex(),
        "compartments": [
            {
                "sequence": part.sequence,
                "kind": part.kind,
                "sides": ("S" if part.key_set_s else "") + ("C" if part.key_set_c else ""),
                "sha256": hashlib.sha256(part.blob).hexdigest(),
            }
            for part in case.parts
        ],
    }


_REQUEST: Final = context("request of an authority")
_AGREEMENT: Final = context("agreement to a request of an authority")


def _sealed(asked: Mapping[str, Any], key: PublicKey) -> bytes:
    return seal(pad(compact(asked), _PADDED), key, _REQUEST)


def _nobody() -> PublicKey:
    return PrivateKey.from_seed(random_bytes(KEY_BYTES)).public


def _words(asked: Asked) -> bytes:
    wish = asked.wish
    return context(
        "agreed to a request of an authority", asked.id, asked.case_id, asked.handler_id,
        wish.recipient, wish.document, wish.reason, *wish.parts,
    )  # fmt: skip


def _shelf(place: int, what: str = "asked") -> str:
    return f"authority:{what}:{place}"
