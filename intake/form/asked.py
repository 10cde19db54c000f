"""What a handler asks the custodians for: names, the original of one file, or a case for an authority. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["names", "original", "authority"]
KINDS: Final[tuple[Kind, ...]] = ("names", "original", "authority")
SECONDS: Final[Mapping[Kind, int]] = {"names": 15 * 60, "original": 15 * 60, "authority": 3 * 86400}
"""How long a request waits for a custodian, and what they lend for its handler."""
PARTS: Final = ("story", "contact", "entries", "files", "names", "originals")
"""What of a case may go to an authority; for the last two a custodian lends halves of keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a request is for. row: the number of a file's entry, for its original; zero for everything else."""

    case_id: str
    kind: Kind
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an authority demands: who it is, on which document, which of `PARTS`; rows: the entries of the files."""

    recipient: str
    document: str
    parts: tuple[str, ...]
    rows: tuple[int, ...] = ()
    arrived_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a custodian reads before they agree: who asks, for what and why; of the case a label, and no word."""

    ask_id: str
    about: About
    handler: str
    reason: str = field(repr=False)
    at: float
    wish: Wish | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """Six letters by which both know that they speak of the same case."""
        return label_of(self.about.case_id)

    @property
    def seconds(self) -> int:
        """How long it waits in all."""
        return SECONDS[self.about.kind]

    def over(self, now: float) -> bool:
        """Whether its time is past, whatever still lies in memory."""
        return now > self.at + self.seconds

    def minutes_left(self, now: float) -> int:
        """Whole minutes until it is forgotten, at least one."""
        return max(1, round((self.at + self.seconds - now) / 60))


def label_of(case_id: str) -> str:
    """Six hexadecimal digits that name a case aloud and lead nowhere."""
    return hashlib.sha256(b"label" + case_id.encode()).hexdigest()[:6].upper()


def read(said: Mapping[str, Any]) -> Ask:
    """A request out of the JSON that was signed; KeyError, TypeError or ValueError where it is none."""
    told = dict(said)
    about, wish = About(**told.pop("about")), told.pop("wish")
    if about.kind not in KINDS or (about.kind == "authority") is not bool(wish):
        raise ValueError("kind")
    lists = {name: tuple(wish[name]) for name in ("parts", "rows")} if wish else {}
    return Ask(about=about, wish=Wish(**{**wish, **lists}) if wish else None, **told)
