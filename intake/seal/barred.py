"""Somebody struck out stays struck out, also when they come back under another id, where that can be known. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.roster import Member, Roster
from core.vietnamese import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """Whom one case must never open to.

    ids: who was struck out. names, keys: theirs, as the case's first roster spelled them: somebody who comes to the
    roster later under such a name, or with such a key, is taken for the same person. first: who stood on that roster
    beside them; a namesake whom the reporter could see there, and did not strike out, is somebody else.
    """

    ids: frozenset[str]
    first: frozenset[str]
    names: frozenset[str]
    keys: frozenset[bytes]

    @classmethod
    def of(cls, first: Roster, struck: Collection[str]) -> Barred:
        """first: the roster of the strike-outs."""
        people = [one for one in first.members if one.id in struck]
        return cls(
            ids=frozenset(struck),
            first=frozenset(one.id for one in first.members),
            names=frozenset(_name(one) for one in people),
            keys=frozenset(key for one in people for key in (one.seal_public, one.sign_public)),
        )

    def bars(self, one: Member) -> bool:
        """Whether this person is, as far as can be known, one of those struck out."""
        if one.id in self.ids:
            return True
        if one.id in self.first:
            return False
        return _name(one) in self.names or one.seal_public in self.keys or one.sign_public in self.keys


def _name(one: Member) -> str:
    return " ".join(fold(one.name).split())
