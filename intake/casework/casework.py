"""What a handler does with a case: permission first, log second, then it opens (house.md).

Each deed runs inside the caller's `writing()`: the line of the log, the counts of openings and whatever the
deed adds are kept together or not at all, and what was unsealed leaves only as the deed's result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from core import clock, log, rosters
from core.access import Identity
from core.i18n import Text
from core.roster import Roster
from core.sealing import CannotOpen, NotAKey, SharedKey
from intake.casefile.counted import coarse, judged_genuine
from intake.casefile.echo import repeated
from intake.cases import (
    Case,
    Holder,
    NoSuchCase,
    Opened,
    add_entry,
    add_key_set,
    load,
    months,
    read_entry,
    require_kept,
)
from intake.desk import dating
from intake.form.report import says_urgent, sound
from intake.mailbox.mailbox import add_letter
from intake.mailbox.wishes import KINDS, asks_for_another, read_choices
from intake.models import CaseFile
from intake.retention import Kept, closed, kept
from intake.roles import require_may
from intake.seal import openings
from intake.seal.compartments import Keys, Staff, write_compartment
from intake.seal.envelope import Story, read_story
from intake.seal.letters import compact, read_compact, read_said
from intake.seal.log_tag import on_case
from intake.seal.openings import Counts
from intake.seal.readers import DECLINED, HANDED, TOLD, Step, readers
from intake.seal.slots import Side, fresh_key

AFTER_ANSWER: Final = ("answered", "closed")
UNSIGNED: Final[Mapping[str, Text]] = {
    "state": Text("tình trạng", "state"),
    "urgent": Text("dấu khẩn", "urgent mark"),
}
"""What stands in clear beside a case and is compared with what is sealed at each opening."""
IN_THREAD: Final = KINDS | {"answer", TOLD, HANDED, DECLINED}
"""Entries shown where messages stand: also what was asked for, who was let in and who stepped back."""


class CaseDamaged(Exception):
    """The keys fit but a sealed part did not open: somebody changed, swapped or cut off what was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message or an answer. `author`: the name on the roster, empty for the reporter."""

    what: str
    at: str
    author: str
    mine: bool
    text: str = field(repr=False)
    choices: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCase:
    """A case as its handler reads it. `damaged`: later parts that did not open.

    unsigned: what stood in clear and did not fit what is sealed. kept: how long it is kept, also where the reporter
    asked to withdraw; other: they asked for another handler; alone: nobody else on the roster may read it.
    """

    case_id: str
    arrived_on: date
    urgent: bool
    state: str
    story: Mapping[str, Any] = field(repr=False)
    safe_contact: Mapping[str, Any] = field(repr=False)
    flags: Mapping[str, Any] = field(repr=False)
    entries: tuple[Entry, ...] = field(repr=False)
    judgement: Mapping[str, Any] | None
    openings: Counts
    damaged: int
    unsigned: tuple[Text, ...]
    kept: Kept
    other: bool
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """The line in the log stands, and the case did not open."""

    case_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """A case whose keys this handler holds, before any word of it is unsealed. What files are made of."""

    case: Case
    holder: Holder
    opened: Opened
    rosters: Sequence[Roster]

    @property
    def side_key(self) -> SharedKey:
        """The handlers' key of the first sending."""
        return self.opened[self.case.first_key_set(Side.HANDLERS).id].key

    @property
    def staff(self) -> Staff:
        """The handler as an author."""
        return Staff(
            member_id=self.holder.member_id, roster_version=self.rosters[-1].version, seed=self.holder.seed
        )

    def story_or_damage(self) -> Story:
        """The sealed story opened, or `CaseDamaged`."""
        try:
            return self.story()
        except CannotOpen as damage:
            raise CaseDamaged from damage

    def story(self) -> Story:
        """The sealed story opened, or `CannotOpen`."""
        story = read_story(self.case.read_first("story", self.opened, self.rosters))
        if story.strikeouts.roster_version > self.case.first_key_set(Side.HANDLERS).roster_version:
            raise CannotOpen  # made so by the sender; slots made anew since stand under a later roster
        return story


def open_case(session: Session, identity: Identity, seed: bytes, case_id: str) -> OpenedCase | Damaged:
    """Open story, contact and messages. The line in the log comes first and stands even if opening fails.

    Raises `Denied`, `NoSuchCase` (also for a handler who was struck out), `LogBroken`.
    """
    require_may(identity, "open story")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "opened", who=identity.person_id, about=on_case(hand.side_key))
    try:
        opened = _read(hand)
    except (CannotOpen, NotAKey):
        return Damaged(case_id=case_id)
    return opened


def answer(
    session: Session,
    identity: Identity,
    seed: bytes,
    case_id: str,
    text: str,
    state: str = "answered",
    *,
    choices: Sequence[str] = (),
    quoting: bool = False,
) -> str:
    """Write to the reporter: a signed entry for the desk, a letter for the mailbox, and the new state.

    Unless `quoting`, an answer that repeats words of the story is not sent, and those words are returned: whoever
    forces the receipt out of somebody would read them. It is no exception, so that the lines of the log stay.

    The letter is sealed to the key that stands in the sealed story and to no other. choices: short answers the
    reporter may tap. Raises `Denied`, `NoSuchCase`, `CaseDamaged`, `LogBroken`; ValueError for a state no answer
    leads to.
    """
    require_may(identity, "answer")
    if state not in AFTER_ANSWER:
        raise ValueError(state)
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "answered", who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    before = counted_as(hand, entries_of(hand, story)[0])
    said = "\n".join((text, *choices))
    if not quoting and (run := repeated(said, str(story.words.get("narrative", "")))):
        log.write(session, "answer_held", who=identity.person_id, about=on_case(hand.side_key))
        return run
    signed = {"what": "answer", "text": text, "state": state}  # a closing counts by this, not by the column
    add(session, hand, signed | ({"choices": list(choices)} if choices else {}))
    add_letter(session, hand.case.file, story.reporter, "handler", text, choices=choices)
    if hand.case.file.state != "closed":  # a last word leaves it closed, with its reason and its date
        hand.case.file.state = state
    count_again(session, hand, story, before)
    return ""


def judge(
    session: Session, identity: Identity, seed: bytes, case_id: str, *, genuine: str, gbv_type: str
) -> None:
    """Record for the custodians' count whether a case is genuine, and its type; a later one replaces it.

    Sealed to the custodians under a fresh key, since a handler does not hold theirs; a copy for the desk.
    Raises as `answer` does.
    """
    require_may(identity, "classify")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "judged", who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    entries_of(hand, story)
    count(session, hand, story, genuine=genuine, gbv_type=gbv_type)


def count(session: Session, hand: AtHand, story: Story, *, genuine: str, gbv_type: str) -> None:
    """A judgement for the desk and its copy for the custodians, inside a deed that wrote its line."""
    words = {"what": "judgement", "genuine": genuine, "gbv_type": gbv_type}
    add(session, hand, words)
    _tell_custodians(session, hand, story, words)


def counted_as(hand: AtHand, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The coarse words that go with a judgement of this case as it stands."""
    return coarse(entries, arrived_on=hand.case.file.arrived_on, closed=closed(entries))


def count_again(session: Session, hand: AtHand, story: Story, before: Mapping[str, Any]) -> None:
    """The standing judgement for the custodians once more, where the coarse words are no longer as before."""
    session.flush()
    entries, _ = every_entry(replace(hand, case=load(session, hand.case.id)), story)
    standing = judged_genuine(entries)
    if standing is not None and counted_as(hand, entries) != before:
        words = {name: standing.get(name, "") for name in ("what", "genuine", "gbv_type")}
        _tell_custodians(session, hand, story, words)


def _tell_custodians(session: Session, hand: AtHand, story: Story, words: Mapping[str, Any]) -> None:
    """A judgement under a fresh key of the custodians, with the coarse words of the file as it stands."""
    session.flush()
    case = load(session, hand.case.id)  # the place after what was just written
    told = counted_as(hand, every_entry(replace(hand, case=case), story)[0])
    roster = hand.rosters[story.strikeouts.roster_version - 1]
    wrapped = fresh_key(case.id, Side.CUSTODIANS, roster, story.strikeouts.struck, now=hand.rosters[-1])
    key_set = add_key_set(session, case.file, wrapped, roster)
    place = case.next_place(Side.CUSTODIANS)
    blob = write_compartment(_stamped({**words, **told}), place, Keys(custodians=wrapped.key), hand.staff)
    add_entry(session, place, key_set, blob)


def at_hand(session: Session, identity: Identity, seed: bytes, case_id: str) -> AtHand:
    """The case, locked, with its keys; `NoSuchCase` where it does not open for this person, too."""
    try:
        holder, chain = Holder.of(identity, seed), rosters.chain(session)
        case = load(session, case_id, lock=True)
        return AtHand(case=case, holder=holder, opened=case.open_for(holder, chain), rosters=chain)
    except CannotOpen as refused:
        raise NoSuchCase from refused


def _read(hand: AtHand) -> OpenedCase:
    case = hand.case
    story = hand.story()
    entries, damaged = entries_of(hand, story)
    counts = keep_counts(hand, story, entries, "handler")
    dating.renew(case.file, hand.side_key, entries)
    _note_length(hand, len(case.parts))
    flags = _first(hand, "flags")
    unsigned = _set_right(case.file, flags, entries, damaged)
    if case.file.state == "received":
        case.file.state = "reading"
    judgements = [one for one in entries if one["what"] == "judgement" and one["role"] == "handler"]
    return OpenedCase(
        case_id=case.id,
        arrived_on=case.file.arrived_on,
        urgent=case.file.urgent,
        state=case.file.state,
        story=sound(story.words),
        safe_contact=_first(hand, "safe_contact"),
        flags=flags,
        entries=tuple(in_thread(words) for words in entries if words["what"] in IN_THREAD),
        judgement=judgements[-1] if judgements else None,
        openings=counts,
        damaged=damaged,
        unsigned=unsigned,
        kept=kept_of(case.file, entries),
        other=asks_for_another(entries),
        alone=_alone(hand, story, entries),
    )


def _alone(hand: AtHand, story: Story, entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nobody else on the roster may read this case: should this handler leave, it stays closed."""
    steps = [
        Step(what=str(one["what"]), author=one["by"], to=str(one.get("to", "")), at=str(one["at"]))
        for one in entries
        if one["role"] == "handler" and one["what"] in {TOLD, HANDED, DECLINED}
    ]
    read = readers(hand.rosters[story.strikeouts.roster_version - 1], story.strikeouts, steps)
    return not any(one.id != hand.holder.member_id for one in read.present(hand.rosters[-1]))


def _set_right(
    file: CaseFile, flags: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], damaged: int
) -> tuple[Text, ...]:
    """State and urgent mark in clear, as what is sealed says it; and what did not fit.

    Where parts are damaged the state stays: what they said of it is not known.
    """
    found = []
    if not damaged and closed(entries) is not (file.state == "closed"):
        file.state = "closed" if closed(entries) else "reading"
        found.append(UNSIGNED["state"])
    if says_urgent(flags) and not file.urgent:
        file.urgent = True
        found.append(UNSIGNED["urgent"])
    return tuple(found)


def keep_counts(hand: AtHand, story: Story, entries: Sequence[Mapping[str, Any]], *roles: str) -> Counts:
    """Write both cells anew: one opening more by each of these roles, and until when a closed case is kept."""
    file = hand.case.file
    counts = openings.read_by_handler(file.openings_handlers, hand.side_key, file.id)
    found = kept_of(file, entries)
    until = None if found.why == "withdrawn" else found.until
    counts = openings.dated(openings.one_more(counts, *roles), until)
    file.openings_handlers = openings.recounted(file.openings_handlers, counts, hand.side_key, file.id)
    file.openings_reporter = openings.for_reporter(counts, story.reporter, file.id)
    return counts


def kept_of(file: CaseFile, entries: Sequence[Mapping[str, Any]]) -> Kept:
    """How long a case with these entries is kept."""
    return kept(entries, arrived_on=file.arrived_on, months=months())


def entries_of(hand: AtHand, story: Story) -> tuple[list[dict[str, Any]], int]:
    """As `every_entry`, of a case that is still kept; `PastRetention` for all others, whatever waits to be done."""
    entries, damaged = every_entry(hand, story)
    require_kept(hand.case.file, entries)
    return entries, damaged


def every_entry(hand: AtHand, story: Story) -> tuple[list[dict[str, Any]], int]:
    """Every entry of the handlers' side with who wrote it and its number, and how many did not open or are gone."""
    found: list[dict[str, Any]] = []
    damaged = 0
    names = {member.id: member.name for roster in hand.rosters for member in roster.members}
    with suppress(CannotOpen):  # a spoilt cell: the counts in it do not open either
        damaged = max(0, openings.parts_in(*_cell(hand)) - len(hand.case.parts))
    for part, place in hand.case.entries(Side.HANDLERS):
        try:
            written = read_entry(part, place, hand.opened, hand.rosters, story.proof)
            words = read_said(written.payload)
        except CannotOpen:
            damaged += 1
            continue
        by = {
            "author": names.get(written.author, ""),
            "mine": written.author == hand.holder.member_id,
            "by": written.author,
            "role": written.role,
            "row": place.sequence,
        }
        found.append({"what": "", "at": "", "text": ""} | words | by)
    return found, damaged


def in_thread(words: Mapping[str, Any]) -> Entry:
    """An entry as the thread of messages shows it."""
    return Entry(
        what=str(words["what"]),
        at=str(words["at"]),
        author=words["author"],
        mine=words["mine"],
        text=str(words["text"]),
        choices=read_choices(words.get("choices")),
    )


def _first(hand: AtHand, kind: str) -> dict[str, Any]:
    return sound(read_compact(hand.case.read_first(kind, hand.opened, hand.rosters).payload))


def add(session: Session, hand: AtHand, words: Mapping[str, Any]) -> None:
    """One more signed entry of the handlers' side, inside a deed that wrote its line."""
    place = hand.case.next_place(Side.HANDLERS)
    stamped = _stamped(words)
    blob = write_compartment(stamped, place, Keys(handlers=hand.side_key), hand.staff)
    add_entry(session, place, hand.case.first_key_set(Side.HANDLERS), blob)
    with suppress(CannotOpen):
        _note_length(hand, place.sequence + 1)
    with suppress(CannotOpen):  # of a case with a damaged story nobody knows when its time runs
        told, _damaged = every_entry(hand, hand.story())
        mine = {"role": "handler", "by": hand.holder.member_id, "author": "", "row": place.sequence}
        dating.renew(hand.case.file, hand.side_key, [*told, read_compact(stamped) | mine])


def _cell(hand: AtHand) -> tuple[bytes, SharedKey, str]:
    return hand.case.file.openings_handlers, hand.side_key, hand.case.id


def _note_length(hand: AtHand, parts: int) -> None:
    cell, side, case_id = _cell(hand)
    hand.case.file.openings_handlers = openings.lengthened(cell, parts, side, case_id)


def _stamped(words: Mapping[str, Any]) -> bytes:
    return compact({"at": clock.now().isoformat(timespec="minutes"), **words})


def flags_of(hand: AtHand) -> dict[str, Any]:
    """The flags of a case at hand, inside a deed that wrote its line; `CaseDamaged` where they do not open."""
    try:
        return _first(hand, "flags")
    except CannotOpen as damage:
        raise CaseDamaged from damage
