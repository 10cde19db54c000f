"""Who is to be able to open a case: the people of its first roster, less strike-outs, and what happened since. Pure.

The slots tell nobody who is in them, so whoever wraps a key anew works it out from the sealed case itself: the
reporter's strike-outs in the story, and the signed entries by which somebody stepped back or was let in.

    "readers": {"roster": 3, "struck": [0]}     in the flags of the letter itself; the story says it as well

    told      a handler told the reporter whom they wish to hand the case to
    handed    and then did; only after it was told, and never to somebody struck out
    declined  a handler stepped back, without a reason
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.roster import Member, Roster
from intake.seal import struck_places
from intake.seal.barred import Barred
from intake.seal.letters import Strikeouts

READERS: Final = "readers"
TOLD: Final = "handover_told"
HANDED: Final = "handed_over"
DECLINED: Final = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One signed entry that changed who reads. author: who wrote it; to: whom it is about, "" for themselves."""

    what: str
    author: str
    to: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Handlers of a case. ids: who may open it; told: whom the reporter was told of, and when; gone: stepped back."""

    ids: frozenset[str]
    told: dict[str, str]
    gone: frozenset[str]
    barred: Barred

    def present(self, now: Roster) -> tuple[Member, ...]:
        """Those of them who are on the roster in force."""
        return tuple(one for one in now.handlers if one.id in self.ids and not self.barred.bars(one))

    def candidates(self, now: Roster) -> tuple[Member, ...]:
        """To whom the case may be handed: on the roster, not struck out, did not step back, cannot open it yet."""
        closed = self.ids | self.gone
        return tuple(one for one in now.handlers if one.id not in closed and not self.barred.bars(one))

    def with_everybody(self, now: Roster) -> Readers:
        """Every handler of the roster in force besides: for the cards, where nobody is left who could let them in."""
        everybody = {one.id for one in now.handlers if not self.barred.bars(one)} - self.gone
        return Readers(ids=self.ids | everybody, told=self.told, gone=self.gone, barred=self.barred)

    def left_out(self, first: Roster, now: Roster) -> tuple[str, ...]:
        """Ids of the roster in force whose slots stay dead: of either side, whatever the reason.

        A custodian who came since has none either: new people open new reports only.
        """
        may = {("handler", one) for one in self.ids} | {("custodian", one.id) for one in first.custodians}
        return tuple(
            one.id for one in now.members if (one.role, one.id) not in may or self.barred.bars(one)
        )  # by side: a custodian who became a handler would hold both halves of a name


def readers(first: Roster, strikeouts: Strikeouts, steps: Iterable[Step]) -> Readers:
    """As of the last step. first: the roster of the strike-outs; steps: in the order of their entries."""
    struck, barred = frozenset(strikeouts.struck), Barred.of(first, strikeouts.struck)
    ids = {one.id for one in first.handlers} - struck
    told: dict[str, str] = {}
    gone: set[str] = set()
    for step in steps:
        if step.author not in ids:
            continue  # whoever cannot open a case decides nothing about it
        if step.what == TOLD:
            told[step.to] = step.at
        elif step.what == HANDED and step.to in told and step.to not in struck | gone:
            ids.add(step.to)
        elif step.what == DECLINED:
            ids.discard(step.author)
            gone.add(step.author)
    return Readers(ids=frozenset(ids), told=told, gone=frozenset(gone), barred=barred)


def written(roster: Roster, struck: Collection[str]) -> dict[str, Any]:
    """The strike-outs of a letter as they stand in its flags; the same in browser/envelope.mjs.

    The story says them as well. Here they are short, so that thousands of cases are wrapped anew without a story.
    """
    return struck_places.written(roster, struck, _everybody)


def said_in(flags: Mapping[str, Any], chain: Sequence[Roster]) -> tuple[Roster, Strikeouts]:
    """The roster of the strike-outs, and these; `CannotOpen` for flags that say nothing, as they did before."""
    first, struck = struck_places.read(flags, READERS, chain, _everybody)
    return first, Strikeouts(roster_version=first.version, struck=tuple(sorted(struck)))


def _everybody(roster: Roster) -> tuple[Member, ...]:
    return roster.members
