"""Handing one case to an authority that may lawfully demand it: what a custodian signs, and what then leaves.

Asking and waiting are as for names (intake/asking/asking.py). The line of the log names neither the authority nor its
document, since every custodian reads it; both stand in a signed entry of the case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from core import clock, log, rosters
from core.access import Identity
from core.roster import Member, Roster
from core.sealing import BadSignature, CannotOpen, SharedKey, context, pad, seal, sign, unpad, unseal, verify
from intake.asking.shelf import AGAIN
from intake.cases import Holder, NoSuchCase, load, read_entry
from intake.casework.casework import AtHand, CaseDamaged, add, at_hand, entries_of, keep_counts
from intake.files import opening
from intake.form.asked import PARTS, Ask, Wish
from intake.form.report import sound
from intake.roles import require_may
from intake.seal.compartments import lend as lend_half
from intake.seal.envelope import Story
from intake.seal.letters import compact, read_compact
from intake.seal.log_tag import on_case
from intake.seal.slots import Side

_PADDED: Final = 4_096


class NotAgreed(Exception):
    """No custodian has agreed to this request, or not to this one, or what was agreed to has left already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Who agreed, with their signature and the halves they lend. originals: by the entries of the files."""

    custodian: Member
    signature: str
    names: SharedKey | None
    originals: Mapping[int, SharedKey] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What goes into the file: texts by name, files in pieces, and the facts of the manifest."""

    texts: Mapping[str, Any] = field(repr=False)
    files: Iterable[tuple[str, Iterator[bytes]]] = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)


def completed(hand: AtHand, story: Story, wish: Wish) -> Wish:
    """The wish with what stands in the case: its day, and which files it has. ValueError for parts that are none."""
    if not wish.parts or set(wish.parts) - set(PARTS):
        raise ValueError("parts")
    entries, _ = entries_of(hand, story)
    files = [one["row"] for one in entries if one["what"] == "file" and one["role"] == "reporter"]
    wanted = files if {"files", "originals"} & set(wish.parts) else []
    return replace(wish, rows=tuple(wanted), arrived_on=hand.case.file.arrived_on.isoformat())


def lend(session: Session, identity: Identity, seed: bytes, asked: Ask) -> bytes:
    """A custodian agrees: signs what they agree to, and lends halves where names or originals go along.

    Sealed to the handler who asked. Raises `Denied`, `NoSuchCase` (also for a custodian who was struck out),
    `LogBroken`; KeyError for a handler who is not on the roster.
    """
    require_may(identity, "agree to an authority")
    handler, wish = rosters.current(session).member(asked.handler), _wish(asked)
    try:
        case = load(session, asked.about.case_id, lock=True)
        opened = case.open_for(Holder.of(identity, seed), rosters.chain(session))
        half = lend_half(opened[case.first_key_set(Side.CUSTODIANS).id].key, case.first_place("identity"))
        rows = wish.rows if "originals" in wish.parts else ()
        originals = {str(row): opening.half_of(case, opened, row).raw.hex() for row in rows}
    except CannotOpen as refused:
        raise NoSuchCase from refused
    log.write(session, "export_agreed", who=identity.person_id, about=on_case(half))
    agreement = {
        "by": identity.person_id,
        "signature": sign(_words(asked), seed).hex(),
        "names": half.raw.hex() if "names" in wish.parts else "",
        "originals": originals,
    }
    return seal(pad(compact(agreement), _PADDED), handler.seal_key, _bound(asked))


def agreement(roster: Roster, holder: Holder, asked: Ask, sealed: bytes) -> Agreement:
    """What a custodian signed for this very request, or `NotAgreed`: nothing that lies in memory is believed."""
    try:
        found = read_compact(unpad(unseal(sealed, holder.private, _bound(asked))))
        custodian = {member.id: member for member in roster.custodians}[found["by"]]
        verify(_words(asked), bytes.fromhex(found["signature"]), custodian.sign_public)
        return Agreement(
            custodian=custodian,
            signature=found["signature"],
            names=SharedKey(bytes.fromhex(found["names"])) if found["names"] else None,
            originals={int(row): SharedKey(bytes.fromhex(half)) for row, half in found["originals"].items()},
        )
    except (BadSignature, CannotOpen, KeyError, TypeError, ValueError) as refused:
        raise NotAgreed from refused


def take_out(session: Session, identity: Identity, seed: bytes, asked: Ask, sealed: bytes) -> Export:
    """Open what was agreed to, for the sealed file; written down in the log and in the case before.

    Raises `Denied`, `NotAgreed`, `NoSuchCase`, `PastRetention`, `CaseDamaged`, `CannotOpen`, `LogBroken`.
    """
    require_may(identity, "hand to an authority")
    hand, wish = at_hand(session, identity, seed, asked.about.case_id), _wish(asked)
    given = agreement(hand.rosters[-1], hand.holder, asked, sealed)
    log.write(session, "exported", who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    told, gone = entries_of(hand, story)  # what is past its date leaves to nobody
    if any(_left_before(one, asked) for one in told):
        raise NotAgreed
    texts, sources = _texts(hand, story, wish, given)
    listed, files = _attached(session, hand, story, wish, given)
    if listed:
        texts["files"] = listed
    both = ["custodian"] if given.names or given.originals else []
    keep_counts(hand, story, told, "handler", *both)
    facts = _facts(hand, asked, given) | {"sources": sources, "unopened": gone}
    add(
        session,
        hand,
        {
            "what": "export",
            "text": f"{wish.recipient}; {wish.document}; {asked.reason}",
            "parts": list(wish.parts),
            "custodian": given.custodian.id,
            "ask": asked.ask_id,
        },
    )
    return Export(texts=texts, files=files, facts=facts)


# --- inside ---------------------------------------------------------------------------------------


def _left_before(one: Mapping[str, Any], asked: Ask) -> bool:
    """Whether an entry says that this request was used up: not within the hour in which a download is fetched again."""
    if one["what"] != "export" or one.get("ask") != asked.ask_id:
        return False
    try:
        made = datetime.fromisoformat(str(one["at"])).timestamp()
    except ValueError:
        return True
    return one["role"] != "handler" or not -60 <= clock.now().timestamp() - made <= AGAIN + 60


def _wish(asked: Ask) -> Wish:
    if asked.wish is None:
        raise NotAgreed
    return asked.wish


def _texts(
    hand: AtHand, story: Story, wish: Wish, given: Agreement
) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """What was agreed to, by name, and from which compartments each part comes."""
    case, found = hand.case, dict[str, Any]()
    sources: dict[str, list[int]] = {}

    def first(kind: str, half: SharedKey | None = None) -> dict[str, Any]:
        return sound(read_compact(case.read_first(kind, hand.opened, hand.rosters, half).payload))

    if "story" in wish.parts:
        found["letter"] = {"story": sound(story.words), "flags": first("flags")}
        sources["letter"] = [case.first_place(kind).sequence for kind in ("flags", "story")]
    if "contact" in wish.parts:
        found["contact"] = first("safe_contact")
        sources["contact"] = [case.first_place("safe_contact").sequence]
    if "names" in wish.parts:
        found["names"] = first("identity", given.names)
        sources["names"] = [case.first_place("identity").sequence]
    if "entries" in wish.parts:
        found["entries"] = list(entries(hand, story))
        sources["entries"] = [entry["sequence"] for entry in found["entries"]]
    return found, sources


def entries(hand: AtHand, story: Story) -> Iterator[dict[str, Any]]:
    """Messages, answers, notes and the like; one that does not open is named as damaged, never left out."""
    names = {member.id: member.name for roster in hand.rosters for member in roster.members}
    for part, place in hand.case.entries(Side.HANDLERS):
        try:
            written = read_entry(part, place, hand.opened, hand.rosters, story.proof)
            said = read_compact(written.payload)
        except CannotOpen:
            yield {"sequence": part.sequence, "damaged": True}
            continue
        by = names.get(written.author, written.author)
        # What stands beside the words comes last: nothing inside them may pass for who wrote it.
        yield {**_without_keys(said), "sequence": part.sequence, "by": by, "role": written.role}


def _without_keys(said: Any) -> Any:
    """Words without the keys of files that some entries carry."""
    if isinstance(said, Mapping):
        return {name: _without_keys(value) for name, value in said.items() if name != "key"}
    return said


def _attached(
    session: Session, hand: AtHand, story: Story, wish: Wish, given: Agreement
) -> tuple[list[dict[str, Any]], list[tuple[str, Iterator[bytes]]]]:
    """The list of attached files, and those that leave, each in pieces that are read while it is sent."""
    listed: list[dict[str, Any]] = []
    files: list[tuple[str, Iterator[bytes]]] = []
    for number, (one, copy) in enumerate(opening.copies(session, hand, story, wish.rows), 1):
        told: dict[str, Any] = {"number": number, "sequence": one.row, "sent_at": one.at}
        told |= {"kind": one.kind.code, "bytes": one.size, "sha256": one.sha256}
        if "files" in wish.parts:
            told["copy"] = copy and f"copy-{number}.{copy.name.rpartition('.')[2]}"
            if copy:
                files.append((told["copy"], copy.pieces))
        if half := given.originals.get(one.row):
            told |= _original(session, hand, story, half, told, files)
        listed.append(told)
    return listed, files


def _original(
    session: Session,
    hand: AtHand,
    story: Story,
    half: SharedKey,
    told: Mapping[str, Any],
    files: list[tuple[str, Iterator[bytes]]],
) -> dict[str, Any]:
    try:
        name, made = opening.original(session, hand, story, told["sequence"], half)
    except (CannotOpen, CaseDamaged):
        return {"original": None, "damaged": True}
    file = f"original-{told['number']}.{made.name.rpartition('.')[2]}"
    files.append((file, made.pieces))
    return {"original": file, "sent_as": name}


def _facts(hand: AtHand, asked: Ask, given: Agreement) -> dict[str, Any]:
    """The manifest beside the hashes of files: who, to whom, why, and the hash of every compartment of the case."""
    wish, roster = _wish(asked), hand.rosters[-1]
    handler = roster.member(hand.holder.member_id)
    return {
        "recipient": wish.recipient,
        "document": wish.document,
        "reason": asked.reason,
        "made_on": clock.today().isoformat(),
        "case": hand.case.id,
        "arrived_on": wish.arrived_on,
        "handler": {"name": handler.name, "title": handler.title_vi, "key": handler.sign_public.hex()},
        "custodian": {
            "name": given.custodian.name,
            "title": given.custodian.title_vi,
            "key": given.custodian.sign_public.hex(),
            "agreed_to": _words(asked).decode(),
            "signature": given.signature,
        },
        "roster": {"version": roster.version, "fingerprint": roster.fingerprint},
        "head": hand.case.heads[-1].hex(),
        "compartments": [
            {
                "sequence": part.sequence,
                "kind": part.kind,
                "sides": ("S" if part.key_set_s else "") + ("C" if part.key_set_c else ""),
                "sha256": hashlib.sha256(part.blob).hexdigest(),
            }
            for part in hand.case.parts
        ],
    }


def _words(asked: Ask) -> bytes:
    wish = _wish(asked)
    return context(
        "agreed to a request of an authority", asked.ask_id, asked.about.case_id, asked.handler,
        wish.recipient, wish.document, asked.reason, *wish.parts, *wish.rows,
    )  # fmt: skip


def _bound(asked: Ask) -> bytes:
    return context("agreement to a request of an authority", asked.ask_id, asked.handler)
