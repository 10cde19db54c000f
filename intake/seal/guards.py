"""Who keeps the custodians' side of a case: its first custodians, less those struck out, as the tally says. Pure.

Slots tell nobody who is in them, and custodians read no story, where the strike-outs stand. So whoever sends a
letter writes into the tally which custodians of its roster were left out, as places in the order of the slots:

    "guards": {"roster": 3, "struck": [0]}

Only those who open the tally read it, and no page shows it: it serves to wrap the side anew when somebody enrolled
again, so that nobody struck out, and nobody who came since, is ever let in. Handlers do not hold the key of the
tally, so none of them can change what it says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.roster import Member, Roster
from intake.seal import struck_places
from intake.seal.barred import Barred

GUARDS: Final = "guards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """ids: custodians who may open the side; barred: those who were struck out, under whatever id they come back."""

    ids: frozenset[str]
    barred: Barred

    def left_out(self, now: Roster) -> tuple[str, ...]:
        """Custodians of the roster in force whose slots stay dead, whatever the reason."""
        return tuple(one.id for one in now.custodians if not self._may(one))

    def present(self, now: Roster) -> tuple[Member, ...]:
        """Custodians of the roster in force who may open it."""
        return tuple(one for one in now.custodians if self._may(one))

    def _may(self, one: Member) -> bool:
        return one.id in self.ids and not self.barred.bars(one)


def written(roster: Roster, struck: Collection[str]) -> dict[str, Any]:
    """As it stands in a tally; the same in browser/envelope.mjs."""
    return struck_places.written(roster, struck, _custodians)


def said_in(tally: Mapping[str, Any], chain: Sequence[Roster]) -> tuple[Roster, frozenset[str]]:
    """The roster of a letter, and its custodians who were struck out.

    `CannotOpen` for a tally that says nothing, as letters did before this stood in it.
    """
    return struck_places.read(tally, GUARDS, chain, _custodians)


def guards(first: Roster, struck: frozenset[str]) -> Guards:
    """Who keeps a side. first: the roster of the letter."""
    ids = frozenset(one.id for one in first.custodians) - struck
    return Guards(ids=ids, barred=Barred.of(first, struck))


def _custodians(roster: Roster) -> tuple[Member, ...]:
    return roster.custodians
