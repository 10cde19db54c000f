"""The fixed tables of a release, with the words for everything in them (pure).

The catalogue is data with a version: data/catalogue.json is the newest, and those before it are kept, since a
release remembers the version it was made by and a year keeps the one it began with.

Two kinds of report are counted apart and share no case: the survivors' own, whose tables are margins of
one cube, and those told by somebody else, in total alone. Own reports without consent to statistics stand
in the total and under "not said" in every table. Were both kinds rows of one table, what is known about
them (a third party's report has no details) would let a reader subtract one table from another.

Several answers to one question ("needs") are a table each, by yes and no: only so are their rows margins of the
same cube. On a page they stand together (`Joined`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from core.disclosure.tables import TOTAL, ProtectedTable, Row
from core.i18n import Text

OWN: Final = "own"
TOLD: Final = "told"
FEWEST_UNITS: Final = 5
"""A group of units with fewer is never shown by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dim:
    """One way of dividing reports. labels: category → its name, in the order of the catalogue.

    units: category → the groups of units it stands for, where it stands for people who work there; merged: the
    name under which all of those are shown together once one of them is too small.
    """

    code: str
    label: Text
    labels: Mapping[str, Text]
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    merged: tuple[str, Text] | None = None

    def say(self, place: str) -> Text:
        """The name of a category, of those shown together, or "in all"."""
        if place == TOTAL:
            return Text("Tổng", "In all")
        if self.merged and place == self.merged[0]:
            return self.merged[1]
        return self.labels.get(place, Text(place, place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what it counts, by which dims; its title and what it means. final: the same of final figures."""

    name: str
    counts: str
    dims: tuple[Dim, ...]
    title: Text
    note: Text
    final: tuple[Text, Text] | None = None

    def words(self, *, final: bool) -> tuple[Text, Text]:
        """Title and meaning, of final figures or of others."""
        return self.final if final and self.final else (self.title, self.note)

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """Dim → categories, as `RawTable` takes them."""
        return {dim.code: tuple(dim.labels) for dim in self.dims}

    def groups(self, too_small: Collection[str]) -> dict[str, dict[str, tuple[str, ...]]]:
        """Dim → categories to be shown together, as `RawTable` takes them. too_small: categories with too few units."""
        return {
            dim.code: {dim.merged[0]: tuple(dim.units)}
            for dim in self.dims
            if dim.merged and any(code in too_small for code in dim.units)
        }

    def say(self, dim: str, place: str) -> Text:
        """The name of a category of a dim, or "in all"."""
        (found,) = (one for one in self.dims if one.code == dim)
        return found.say(place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Tables shown as one: of each the row `row`, under the name of its dim. words: of what is shown."""

    words: Table
    tables: tuple[Table, ...]
    row: str

    def among(self, tables: Iterable[ProtectedTable]) -> ProtectedTable | None:
        """The rows of the published tables as one, to be shown; None where they were not published."""
        found = {table.name: table for table in tables}
        if not all(one.name in found for one in self.tables):
            return None
        first = found[self.tables[0].name]
        rows = [Row(at=(one.dims[0].code,), value=found[one.name].value(self.row)) for one in self.tables]
        return ProtectedTable(
            name=self.words.name,
            release=first.release,
            counts=first.counts,
            dims=self.words.categories,
            rows=(Row(at=(TOTAL,), value=first.value(TOTAL)), *rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All tables of a release, in the order in which they are shown."""

    version: int
    counts: Mapping[str, tuple[Text, Text]]
    """What is counted → its name and its meaning."""
    tables: tuple[Table, ...]
    joined: tuple[Joined, ...]
    moves: frozenset[str]
    """The dims in which a letter may be classified anew. In all others it stays where its writer put it."""

    def __getitem__(self, name: str) -> Table:
        return next(
            table for table in (*self.tables, *(one.words for one in self.joined)) if table.name == name
        )

    @property
    def groups_of_units(self) -> dict[str, tuple[str, ...]]:
        """Category → the groups of units it stands for, of every dim that divides by work."""
        return {
            code: groups for table in self.tables for dim in table.dims for code, groups in dim.units.items()
        }

    @property
    def shown(self) -> list[Table]:
        """Every table as a page shows it: those that stand together as one."""
        together = {table.name: one for one in self.joined for table in one.tables}
        found = [together[table.name].words if table.name in together else table for table in self.tables]
        return list({table.name: table for table in found}.values())

    def arranged(self, tables: Iterable[ProtectedTable]) -> list[ProtectedTable]:
        """Published tables as a page shows them, in the order of the catalogue."""
        told = {table.name: table for table in tables}
        told |= {one.words.name: table for one in self.joined if (table := one.among(told.values()))}
        return [told[table.name] for table in self.shown if table.name in told]


def _both(entry: Mapping[str, Any], stem: str = "") -> Text:
    return Text(entry[f"{stem}vi"], entry[f"{stem}en"])


def _dim(entry: Mapping[str, Any]) -> Dim:
    merged = entry.get("merged")
    return Dim(
        code=entry["code"],
        label=_both(entry),
        labels={category["code"]: _both(category) for category in entry["categories"]},
        units={code: tuple(groups) for code, groups in entry.get("groups", {}).items()},
        merged=(merged["code"], _both(merged)) if merged else None,
    )


def _table(entry: Mapping[str, Any], dims: tuple[Dim, ...]) -> Table:
    return Table(
        name=entry["name"],
        counts=entry["counts"],
        dims=dims,
        title=_both(entry),
        note=_both(entry, "note_"),
        final=(_both(entry, "final_"), _both(entry, "final_note_")) if "final_vi" in entry else None,
    )


def _joined(entry: Mapping[str, Any], tables: Mapping[str, Table]) -> Joined:
    parts = tuple(tables[name] for name in entry["tables"])
    labels = {part.dims[0].code: part.dims[0].label for part in parts}
    dim = Dim(code=entry["name"], label=_both(entry, "by_"), labels=labels)
    return Joined(words=_table(entry, (dim,)), tables=parts, row=entry["row"])


def _catalogue(data: Mapping[str, Any]) -> Catalogue:
    dims = {entry["code"]: _dim(entry) for entry in data["dims"]}
    tables = tuple(_table(entry, tuple(dims[code] for code in entry["dims"])) for entry in data["tables"])
    named = {table.name: table for table in tables}
    return Catalogue(
        version=data["version"],
        counts={entry["code"]: (_both(entry), _both(entry, "note_")) for entry in data["counts"]},
        tables=tables,
        joined=tuple(_joined(entry, named) for entry in data.get("joined", ())),
        moves=frozenset(data["moves"]),
    )


def _read(name: str) -> Catalogue:
    return _catalogue(json.loads((Path(__file__).parent / "data" / name).read_text("utf-8")))


CATALOGUE: Final = _read("catalogue.json")
CATALOGUES: Final[Mapping[int, Catalogue]] = {
    one.version: one for one in (_read("catalogue-1.json"), CATALOGUE)
}
"""Every version that a release may have been made by."""
