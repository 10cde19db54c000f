"""The file as it stands: every entry in order, the latest of each sheet, the history of each field. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One signed entry. row: its number in the chain, which names it for good; by: an id on the roster."""

    row: int
    kind: str
    at: str
    by: str
    author: str
    values: Mapping[str, Any] = field(repr=False)

    @property
    def on(self) -> date:
        """The day on which it was written."""
        return date.fromisoformat(self.at[:10])

    def day(self, name: str) -> date | None:
        """A date in it."""
        said = str(self.values.get(name, ""))[:10]
        return date.fromisoformat(said) if said else None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """All entries, oldest first. heard: the number of what the reporter wrote last, which opens a closed case again."""

    entries: Sequence[Written] = ()
    heard: int = -1

    @classmethod
    def among(cls, told: Iterable[Mapping[str, Any]], kinds: Container[str]) -> File:
        """The file out of all that was written about a case; what is not a handler's or of no known kind is left out."""
        known = list(told)
        return cls(
            heard=max((one["row"] for one in known if one["role"] == "reporter"), default=-1),
            entries=[
                Written(
                    row=one["row"],
                    kind=one["kind"],
                    at=str(one["at"]),
                    by=one["by"],
                    author=one["author"],
                    values=one["values"],
                )
                for one in known
                if one["what"] == "file"
                and one["role"] == "handler"
                and one.get("kind") in kinds
                and isinstance(one.get("values"), Mapping)
            ],
        )

    def of(self, kind: str) -> list[Written]:
        """All entries of a kind, oldest first."""
        return [one for one in self.entries if one.kind == kind]

    def latest(self, kind: str) -> Written | None:
        """The standing version of a sheet."""
        return next(iter(reversed(self.of(kind))), None)

    def row(self, kind: str, number: Any) -> Written | None:
        """The entry an answer names."""
        return next((one for one in self.of(kind) if str(one.row) == str(number)), None)

    def naming(self, kind: str, row: int) -> list[Written]:
        """The entries of a kind that speak about an earlier one."""
        return [one for one in self.of(kind) if str(one.values.get("of")) == str(row)]

    def seconded(self, entry: Written) -> Written | None:
        """Who agreed to a decision: somebody else, by their own signature."""
        agreed = self.naming("nguoi-thu-hai", entry.row)
        return next((one for one in agreed if one.by != entry.by), None)

    def written_since(self, kind: str, sequence: int) -> bool:
        """Whether somebody wrote this kind after the chain had so many parts."""
        return any(one.row >= sequence for one in self.of(kind))

    def changes(self, kind: str) -> Iterator[tuple[Written, str, Any, Any]]:
        """Entry, field, before and after: what each version of a sheet changed, oldest first."""
        before: Mapping[str, Any] = {}
        for entry in self.of(kind):
            for name in {**before, **entry.values}:
                if before.get(name) != entry.values.get(name):
                    yield entry, name, before.get(name), entry.values.get(name)
            before = entry.values
