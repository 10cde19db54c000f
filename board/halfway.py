"""What a custodian has counted of a release so far, between one second of work and the next.

Trying one's keys on ten thousand letters takes ten seconds, so a page does a second of it at a time, says how far it
is, and goes on. What was counted by then lies in memory for ten minutes, sealed to that custodian, in a length that
does not tell how many letters it is. Stopped, or simply left, nothing of it stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from board.periods import Period
from core import once
from core.access import Identity
from intake.counts import shares, tally
from intake.counts.tally import NOTHING, Opened

MINUTES: Final = 10
BEGIN: Final = "begin"
COUNT: Final = "count"
_KIND: Final = "release halfway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halfway:
    """A step of a release that goes on. of: the second custodian's id, or the digest of the share that is added.

    releases: the days of all releases when it began; with another in between, cells would not fit together.
    """

    step: str
    period: Period
    of: str
    releases: tuple[date, ...]
    opened: Opened = NOTHING
    resumed: bool = False
    done: bool = False

    def further(
        self, session: Session, custodian: Identity, seed: bytes, patience: float | None = None
    ) -> Halfway:
        """After so many seconds more; None: to the end."""
        opened = tally.open_cells(
            session,
            custodian,
            seed,
            releases=self.releases,
            as_of=self.period.as_of,
            final=self.period.final,
            so_far=self.opened,
            patience=patience,
        )
        return replace(self, opened=opened)


def look(seed: bytes) -> Halfway | None:
    """What this custodian has not finished, or None."""
    kept: Mapping[str, Any] | None = once.look(_KIND, seed)
    if kept is None:
        return None
    return Halfway(
        step=kept["step"],
        period=Period.of(kept["period"]),
        of=kept["of"],
        releases=tuple(date.fromisoformat(day) for day in kept["releases"]),
        opened=Opened(
            cells=shares.unpacked(bytes.fromhex(kept["cells"])),
            last=kept["last"],
            percent=kept["percent"],
            whole=kept["whole"],
        ),
        resumed=True,
    )


def stopped(seed: bytes, halfway: Halfway) -> bool:
    """Whether somebody stopped it while it was being gone on with."""
    return halfway.resumed and once.look(_KIND, seed) is None


def keep(seed: bytes, halfway: Halfway) -> None:
    """In the place of what was kept before."""
    opened = halfway.opened
    words = {
        "step": halfway.step,
        "period": halfway.period.name,
        "of": halfway.of,
        "releases": [day.isoformat() for day in halfway.releases],
        "cells": shares.packed(opened.cells).hex(),
        "last": opened.last,
        "percent": opened.percent,
        "whole": opened.whole,
    }
    forget(seed)
    once.keep(_KIND, seed, words, MINUTES * 60)


def forget(seed: bytes) -> None:
    """Nothing of it stays in memory."""
    once.forget(_KIND, seed)
