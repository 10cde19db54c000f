"""Who may read an opened case: its strike-outs, and the entries that let somebody in or by which they stepped back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.roster import Roster
from core.sealing import CannotOpen, NotAKey, SharedKey
from intake.seal.envelope import read_strikeouts
from intake.seal.letters import read_said
from intake.seal.readers import DECLINED, HANDED, TOLD, Readers, Step, readers
from intake.seal.rows import Opened, Rows, read_entry
from intake.seal.slots import Side


class HandingDamaged(Exception):
    """The keys fit but the sealed story did not open, so that nobody can say who may read."""


def who_reads(case: Rows, opened: Opened, chain: Sequence[Roster]) -> tuple[Readers, Roster]:
    """Who may read, and the roster of the strike-outs, with nothing else made of the case; or `HandingDamaged`."""
    try:
        strikeouts, proof = read_strikeouts(case.read_first("story", opened, chain))
        steps, _, _ = steps_of(case, opened, chain, proof)
        first = chain[strikeouts.roster_version - 1]
    except (CannotOpen, NotAKey, IndexError) as damage:
        raise HandingDamaged from damage
    return readers(first, strikeouts, steps), first


def steps_of(
    case: Rows, opened: Opened, chain: Sequence[Roster], proof: SharedKey
) -> tuple[list[Step], str, list[dict[str, Any]]]:
    """The entries that say who reads, when the reporter last wrote, and all of them; a damaged one says nothing."""
    found, last, entries = [], "", []
    for part, place in case.entries(Side.HANDLERS):
        try:
            written = read_entry(part, place, opened, chain, proof)
            words = read_said(written.payload)
        except CannotOpen:
            continue
        by = {"role": written.role, "by": written.author, "author": "", "row": place.sequence}
        entries.append({"what": "", "at": ""} | words | by)
        what, at = str(words.get("what", "")), str(words.get("at", ""))
        if written.role == "handler" and what in {TOLD, HANDED, DECLINED}:
            found.append(Step(what=what, author=written.author, to=str(words.get("to", "")), at=at))
        elif written.role == "reporter":
            last = max(last, at)
    return found, last, entries
