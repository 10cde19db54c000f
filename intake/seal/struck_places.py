"""Who was struck out, written as places in the order of a roster: short, and without anybody's id. Pure.

    {"roster": 3, "struck": [0]}

It stands in the tally, of custodians alone (intake/seal/guards.py), and in the flags, of everybody on the roster
(intake/seal/readers.py). Wherever it is read it may have been written by anybody: what it says is checked, not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from core.roster import Member, Roster
from core.sealing import CannotOpen

Among = Callable[[Roster], tuple[Member, ...]]
"""Whose places are meant."""


def written(roster: Roster, struck: Collection[str], among: Among) -> dict[str, Any]:
    """As it stands in a sealed part; the same in browser/envelope.mjs. struck: ids."""
    return {
        "roster": roster.version,
        "struck": [place for place, one in enumerate(among(roster)) if one.id in struck],
    }


def read(
    part: Mapping[str, Any], name: str, chain: Sequence[Roster], among: Among
) -> tuple[Roster, frozenset[str]]:
    """The roster, and the ids of those struck out; `CannotOpen` where a part does not say it, or says nothing sound."""
    try:
        said = part[name]
        version, places = said["roster"], frozenset(said["struck"])
        if not 1 <= version <= len(chain):
            raise CannotOpen
        roster = chain[version - 1]
        people = among(roster)
        if not places <= frozenset(range(len(people))):
            raise CannotOpen
        return roster, frozenset(people[place].id for place in places)
    except (KeyError, TypeError):
        raise CannotOpen from None
