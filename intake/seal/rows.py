"""One case as its rows, whatever read them: the keys that one person can open, and its parts. Pure.

Loading and adding rows is intake/cases.py; the sealing itself intake/seal/envelope.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from core.access import Identity, Role
from core.roster import Roster
from core.sealing import CannotOpen, PrivateKey, SharedKey
from intake.seal.compartments import FIRST, Keys, Place, Sides, Written, read_compartment, verify_chain
from intake.seal.envelope import entry_place, first_place
from intake.seal.slots import Side, SideKey, open_slot

Opened = Mapping[str, SideKey]
"""Key set id → the key in it, for the sets of one case that somebody could open."""


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


class KeyRow(NamedTuple):
    """One key set as columns; plain, since thousands are made."""

    id: str
    case_id: str
    side: str
    roster_version: int
    blob: bytes


class PartRow(NamedTuple):
    """One sealed part as columns."""

    case_id: str
    kind: str
    sequence: int
    key_set_s: str | None
    key_set_c: str | None
    blob: bytes


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one case. file: has an `id`; key_sets and parts: as `KeyRow` and `PartRow`, or rows like them."""

    file: Any
    key_sets: Mapping[str, Any]
    parts: Sequence[Any]

    @cached_property
    def heads(self) -> Sequence[bytes]:
        """The chain: one head before each part and one at the end; `CannotOpen` where one is missing."""
        return verify_chain(self.id, self._links)

    @cached_property
    def _first_heads(self) -> Sequence[bytes]:
        """The same as far as the first sending needs it: what came later is not hashed."""
        return verify_chain(self.id, self._links, before=len(FIRST) - 1)

    @property
    def _links(self) -> list[tuple[str, int, bytes]]:
        return [(part.kind, part.sequence, part.blob) for part in self.parts]

    @property
    def id(self) -> str:
        """The random id."""
        return str(self.file.id)

    def first_key_set(self, side: Side) -> Any:
        """The side's key set of the first sending, to which its strike-outs and its roster belong."""
        part = self.first_part("flags" if side is Side.HANDLERS else "tally")
        found = self.key_sets.get((part.key_set_s if side is Side.HANDLERS else part.key_set_c) or "")
        if found is None:
            raise CannotOpen
        return found

    def first_part(self, kind: str) -> Any:
        """The row of one part of the first sending, or `CannotOpen`."""
        for part in self.parts:
            if part.kind == kind:
                return part
        raise CannotOpen

    def open_under(self, key: SharedKey, holder: Holder, rosters: Sequence[Roster]) -> Opened:
        """The keys this person can open, with the eraser key of the case; `CannotOpen` without the side's first one."""
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
        return first_place(self.id, kind, self._first_heads)

    def entries(self, side: Side) -> Iterator[tuple[Any, Place]]:
        """Everything later that lies on one side alone, in order."""
        sides: Sides = "S" if side is Side.HANDLERS else "C"
        for part in self.parts[len(FIRST) :]:
            if _sides(part) == sides:
                yield part, entry_place(self.id, sides, self.heads, part.sequence)

    def next_place(self, side: Side) -> Place:
        """Where the next entry of a side stands."""
        return entry_place(self.id, "S" if side is Side.HANDLERS else "C", self.heads)


def open_key_set(key_set: Any, holder: Holder, eraser_key: SharedKey, rosters: Sequence[Roster]) -> SideKey:
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
    part: Any, place: Place, opened: Opened, rosters: Sequence[Roster], proof: SharedKey | None
) -> Written:
    """One later part, its author checked, or `CannotOpen`."""
    return read_compartment(part.blob, place, _keys(part, opened), rosters=rosters, proof=proof)


def _sides(part: Any) -> str:
    return ("S" if part.key_set_s else "") + ("C" if part.key_set_c else "")


def _keys(part: Any, opened: Opened, half: SharedKey | None = None) -> Keys:
    handlers, custodians = opened.get(part.key_set_s or ""), opened.get(part.key_set_c or "")
    return Keys(
        handlers=handlers.key if handlers else None,
        names=handlers.names if handlers else None,
        custodians=custodians.key if custodians else None,
        half=half,
    )
