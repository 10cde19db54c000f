"""One case as its rows: finding it, the keys in it that one person can open, reading and adding parts.

The sealing itself is intake/envelope.py; permission and log are the deeds' (casework, mailbox, tally).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session, object_session

from core import clock, config
from core.access import Identity, Role
from core.db import new_id
from core.roster import Roster
from core.sealing import CannotOpen, PrivateKey, SharedKey
from intake import eraser
from intake.compartments import ENTRY, FIRST, Keys, Place, Sides, Written, read_compartment, verify_chain
from intake.envelope import entry_place, first_place
from intake.founding import eraser_path
from intake.models import CaseFile, Compartment, KeySet
from intake.retention import Months, kept
from intake.slots import Side, SideKey, WrappedKey, lock_slots, open_slot

Opened = Mapping[str, SideKey]
"""Key set id → the key in it, for the sets of one case that somebody could open."""


class NoSuchCase(Exception):
    """There is no case of this id, or none that this person's keys open; nobody is told which."""


class PastRetention(Exception):
    """The time for which this case is kept is over: it opens to nobody, and is to be erased."""


def require_kept(file: CaseFile, entries: Iterable[Mapping[str, Any]]) -> None:
    """`PastRetention` for a case past its date, before anything is done in it. entries: as `retention.kept` takes them."""
    today = max(clock.today(), newest_arrival(object_session(file)) or file.arrived_on)
    if kept(entries, state=file.state, arrived_on=file.arrived_on, months=months()).over(today):
        raise PastRetention


def newest_arrival(session: Session | None) -> date | None:
    """The newest day on which a letter came: it is not earlier today, and a clock set back opens nothing again."""
    return session.scalar(select(func.max(CaseFile.arrived_on))) if session else None


def months() -> Months:
    """How long closed cases are kept in this installation."""
    settings = config.current()
    return Months(closed=settings.retention_months, out_of_scope=settings.retention_months_out_of_scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody on one side with their opened seed."""

    member_id: str
    side: Side
    seed: bytes = field(repr=False)
    private: PrivateKey = field(repr=False)

    @classmethod
    def of(cls, identity: Identity, seed: bytes) -> Holder:
        """The holder a signed-in handler or custodian is."""
        side = Side.HANDLERS if Role.HANDLER in identity.roles else Side.CUSTODIANS
        return cls(member_id=identity.person_id, side=side, seed=seed, private=PrivateKey.from_seed(seed))


@dataclass(frozen=True, kw_only=True)
class Case:
    """The rows of one case."""

    file: CaseFile
    key_sets: Mapping[str, KeySet]
    parts: Sequence[Compartment]

    @cached_property
    def heads(self) -> Sequence[bytes]:
        """The chain: one head before each part and one at the end; `CannotOpen` where one is missing."""
        return verify_chain(self.id, [(part.kind, part.sequence, part.blob) for part in self.parts])

    @property
    def id(self) -> str:
        """The random id."""
        return self.file.id

    def first_key_set(self, side: Side) -> KeySet:
        """The side's key set of the first sending, to which its strike-outs and its roster belong."""
        part = self.first_part("story" if side is Side.HANDLERS else "tally")
        found = self.key_sets.get((part.key_set_s if side is Side.HANDLERS else part.key_set_c) or "")
        if found is None:
            raise CannotOpen
        return found

    def first_part(self, kind: str) -> Compartment:
        """The row of one part of the first sending, or `CannotOpen`."""
        for part in self.parts:
            if part.kind == kind:
                return part
        raise CannotOpen

    def open_for(self, holder: Holder, rosters: Sequence[Roster]) -> Opened:
        """The keys this person can open; `CannotOpen` unless the side's first one is among them."""
        return self.open_under(eraser.key(eraser_path(), self.file.eraser_slot), holder, rosters)

    def open_under(self, key: SharedKey, holder: Holder, rosters: Sequence[Roster]) -> Opened:
        """The same, where the eraser key of the case is at hand."""
        first = self.first_key_set(holder.side)
        opened = {first.id: open_key_set(first, holder, key, rosters)}
        for key_set in self.key_sets.values():
            if key_set.side == holder.side and key_set.id not in opened:
                try:
                    opened[key_set.id] = open_key_set(key_set, holder, key, rosters)
                except CannotOpen:
                    continue
        return opened

    def read_first(
        self, kind: str, opened: Opened, rosters: Sequence[Roster], half: SharedKey | None = None
    ) -> Written:
        """One part of the first sending, or `CannotOpen`. half: of names, as a custodian lent it."""
        place = self.first_place(kind)
        part = self.first_part(kind)
        return read_compartment(part.blob, place, _keys(part, opened, half), rosters=rosters, proof=None)

    def first_place(self, kind: str) -> Place:
        """Where one part of the first sending stands."""
        return first_place(self.id, kind, self.heads)

    def entries(self, side: Side) -> Iterator[tuple[Compartment, Place]]:
        """Everything later that lies on one side alone, in order."""
        sides: Sides = "S" if side is Side.HANDLERS else "C"
        for part in self.parts[len(FIRST) :]:
            if _sides(part) == sides:
                yield part, entry_place(self.id, sides, self.heads, part.sequence)

    def next_place(self, side: Side) -> Place:
        """Where the next entry of a side stands."""
        return entry_place(self.id, "S" if side is Side.HANDLERS else "C", self.heads)


def load(session: Session, case_id: str, *, lock: bool = False) -> Case:
    """A case by its id, or `NoSuchCase`. lock: others who would add to it wait until this is committed."""
    wanted = select(CaseFile).where(CaseFile.id == case_id)
    file = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if file is None:
        raise NoSuchCase
    key_sets = {row.id: row for row in session.scalars(select(KeySet).where(KeySet.case_id == case_id))}
    parts = session.scalars(
        select(Compartment).where(Compartment.case_id == case_id).order_by(Compartment.sequence)
    ).all()
    return Case(file=file, key_sets=key_sets, parts=parts)


def load_many(session: Session, case_ids: Sequence[str]) -> Iterator[Case]:
    """Several cases at once, in no order, in three questions to the database; keep batches small."""
    key_sets: dict[str, dict[str, KeySet]] = {case_id: {} for case_id in case_ids}
    for row in session.scalars(select(KeySet).where(KeySet.case_id.in_(case_ids))):
        key_sets[row.case_id][row.id] = row
    parts: dict[str, list[Compartment]] = {case_id: [] for case_id in case_ids}
    ordered = select(Compartment).where(Compartment.case_id.in_(case_ids)).order_by(Compartment.sequence)
    for part in session.scalars(ordered):
        parts[part.case_id].append(part)
    for file in session.scalars(select(CaseFile).where(CaseFile.id.in_(case_ids))):
        yield Case(file=file, key_sets=key_sets[file.id], parts=parts[file.id])


def rows_of(session: Session, case_ids: Sequence[str], kinds: Sequence[str]) -> list[Case]:
    """Many cases in the order of their ids, as plain rows that cannot be changed through; kinds: which parts.

    Making objects of rows takes longer than opening what is in them.
    """
    key_sets: dict[str, dict[str, Any]] = {case_id: {} for case_id in case_ids}
    for row in session.execute(_KEY_SETS.where(KeySet.case_id.in_(case_ids))):
        key_sets[row.case_id][row.id] = row
    parts: dict[str, list[Any]] = {case_id: [] for case_id in case_ids}
    wanted = _PARTS.where(Compartment.case_id.in_(case_ids), Compartment.kind.in_(kinds))
    for part in session.execute(wanted.order_by(Compartment.case_id, Compartment.sequence)):
        parts[part.case_id].append(part)
    files = session.execute(_FILES.where(CaseFile.id.in_(case_ids)).order_by(CaseFile.id)).all()
    return [Case(file=cast(Any, row), key_sets=key_sets[row.id], parts=parts[row.id]) for row in files]


_FILES: Final = select(CaseFile.id, CaseFile.eraser_slot)
_KEY_SETS: Final = select(KeySet.id, KeySet.case_id, KeySet.side, KeySet.roster_version, KeySet.blob)
_PARTS: Final = select(
    Compartment.case_id,
    Compartment.kind,
    Compartment.sequence,
    Compartment.key_set_s,
    Compartment.key_set_c,
    Compartment.blob,
)


def open_key_set(
    key_set: KeySet, holder: Holder, eraser_key: SharedKey, rosters: Sequence[Roster]
) -> SideKey:
    """The key in a set, for one person; `CannotOpen` for everybody whose slot is dead or missing."""
    return open_slots(
        key_set.blob,
        holder,
        eraser_key,
        rosters,
        case_id=key_set.case_id,
        side=key_set.side,
        version=key_set.roster_version,
    )


def open_slots(
    blob: bytes,
    holder: Holder,
    eraser_key: SharedKey,
    rosters: Sequence[Roster],
    *,
    case_id: str,
    side: str,
    version: int,
) -> SideKey:
    """The same of a set that was read as columns: of thousands, objects take longer to make than to open."""
    if not 1 <= version <= len(rosters):
        raise CannotOpen
    return open_slot(
        blob,
        holder.member_id,
        holder.private,
        eraser=eraser_key,
        case_id=case_id,
        side=Side(side),
        roster=rosters[version - 1],
    )


def read_entry(
    part: Compartment, place: Place, opened: Opened, rosters: Sequence[Roster], proof: SharedKey | None
) -> Written:
    """One later part, its author checked, or `CannotOpen`."""
    return read_compartment(part.blob, place, _keys(part, opened), rosters=rosters, proof=proof)


def add_key_set(session: Session, case: CaseFile, wrapped: WrappedKey, roster: Roster) -> KeySet:
    """Keep a fresh key of one side in its slots."""
    return keep_slots(session, case, wrapped.side, wrapped.slots, roster)


def keep_slots(session: Session, case: CaseFile, side: Side, slots: bytes, roster: Roster) -> KeySet:
    """Keep slots that may have been made elsewhere, in the order of `roster`; `SlotsRefused` for a wrong shape."""
    key = eraser.key(eraser_path(), case.eraser_slot)
    blob = lock_slots(slots, key, case_id=case.id, side=side, roster=roster)
    row = KeySet(id=new_id(), case_id=case.id, side=side.value, roster_version=roster.version, blob=blob)
    session.add(row)
    session.flush()  # the entry under this key refers to the row
    return row


def add_entry(session: Session, place: Place, key_set: KeySet, blob: bytes, entry_id: str = "") -> None:
    """Keep one more entry of a case at its place in the chain."""
    on_handlers = key_set.side == Side.HANDLERS
    session.add(
        Compartment(
            id=entry_id or new_id(),
            case_id=place.case_id,
            kind=ENTRY,
            sequence=place.sequence,
            key_set_s=key_set.id if on_handlers else None,
            key_set_c=None if on_handlers else key_set.id,
            blob=blob,
        )
    )


def _sides(part: Compartment) -> str:
    return ("S" if part.key_set_s else "") + ("C" if part.key_set_c else "")


def _keys(part: Compartment, opened: Opened, half: SharedKey | None = None) -> Keys:
    handlers, custodians = opened.get(part.key_set_s or ""), opened.get(part.key_set_c or "")
    return Keys(
        handlers=handlers.key if handlers else None,
        names=handlers.names if handlers else None,
        custodians=custodians.key if custodians else None,
        half=half,
    )
