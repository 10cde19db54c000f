"""The fixed tables of a release, with the words for everything in them (pure).

The catalogue is data (data/catalogue.json) with a version; a release remembers the version it was made by.
Two kinds of report are counted apart and share no case: the survivors' own, whose tables are margins of
one cube, and those told by somebody else, in total alone. Own reports without consent to statistics stand
in the total and under "not said" in every table. Were both kinds rows of one table, what is known about
them (a third party's report has no details) would let a reader subtract one table from another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.disclosure.tables import TOTAL
from core.i18n import Text

OWN: Final = "own"
TOLD: Final = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dim:
    """One way of dividing reports. labels: category → its name, in the order of the catalogue."""

    code: str
    label: Text
    labels: Mapping[str, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what it counts, by which dims; its title and what it means."""

    name: str
    counts: str
    dims: tuple[Dim, ...]
    title: Text
    note: Text

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """Dim → categories, as `RawTable` takes them."""
        return {dim.code: tuple(dim.labels) for dim in self.dims}

    def say(self, dim: str, place: str) -> Text:
        """The name of a category, or "in all"."""
        if place == TOTAL:
            return Text("Tổng", "In all")
        (found,) = (one for one in self.dims if one.code == dim)
        return found.labels.get(place, Text(place, place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All tables of a release, in the order in which they are shown."""

    version: int
    counts: Mapping[str, tuple[Text, Text]]
    """What is counted → its name and its meaning."""
    tables: tuple[Table, ...]

    def __getitem__(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)


def _both(entry: Mapping[str, Any], stem: str = "") -> Text:
    return Text(entry[f"{stem}vi"], entry[f"{stem}en"])


def _dim(entry: Mapping[str, Any]) -> Dim:
    labels = {category["code"]: _both(category) for category in entry["categories"]}
    return Dim(code=entry["code"], label=_both(entry), labels=labels)


def _catalogue(data: Mapping[str, Any]) -> Catalogue:
    dims = {entry["code"]: _dim(entry) for entry in data["dims"]}
    return Catalogue(
        version=data["version"],
        counts={entry["code"]: (_both(entry), _both(entry, "note_")) for entry in data["counts"]},
        tables=tuple(
            Table(
                name=entry["name"],
                counts=entry["counts"],
                dims=tuple(dims[code] for code in entry["dims"]),
                title=_both(entry),
                note=_both(entry, "note_"),
            )
            for entry in data["tables"]
        ),
    )


CATALOGUE: Final = _catalogue(
    json.loads((Path(__file__).parent / "data" / "catalogue.json").read_text("utf-8"))
)
