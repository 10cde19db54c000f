"""The pictures of a release, drawn in a child process and kept with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from board import figures
from board.catalogue import CATALOGUE, Catalogue
from board.figures import tells
from board.signed import written
from core import heavy
from core.disclosure import ProtectedTable
from core.disclosure.tables import TOTAL, places_of
from core.i18n import LANGUAGES


def draw(
    tables: Sequence[ProtectedTable],
    catalogue: Catalogue = CATALOGUE,
    years: ProtectedTable | None = None,
) -> dict[str, dict[str, str]]:
    """Table → language → SVG, for the one-way tables that show something; drawn in a child process."""
    one_way = [table for table in catalogue.arranged(tables) if len(table.dims) == 1 and tells(table)]
    places = [(table, language) for table in one_way for language in LANGUAGES]
    charts = [_chart(catalogue, *one) for one in places]
    if years is not None:
        places += [(years, language) for language in LANGUAGES]
        charts += [_chart_of_years(years, language) for language in LANGUAGES]
    if not charts:
        return {}
    drawn = heavy.run("core.charts:draw", {"charts": charts})
    found: dict[str, dict[str, str]] = {}
    for (table, language), svg in zip(places, drawn["svg"], strict=True):
        found.setdefault(table.name, {})[language] = svg
    return found


def _chart_of_years(years: ProtectedTable, language: str) -> dict[str, Any]:
    (dim,) = years.dims
    return {
        "chart": "bars",
        "language": language,
        "title": getattr(figures.YEARS_TITLE, language),
        "labels": {place: place for place in years.dims[dim]},
        "document": json.loads(written([years])),
    }


def _chart(catalogue: Catalogue, table: ProtectedTable, language: str) -> dict[str, Any]:
    words = catalogue[table.name]
    (dim,) = words.dims
    shown = places_of(dim.code, table.dims[dim.code], table.groups)
    labels = {code: getattr(dim.say(code), language) for code in [*shown, TOTAL]}
    return {
        "chart": "bars",
        "language": language,
        "title": getattr(words.words(final=table.final)[0], language),
        "labels": labels,
        "document": json.loads(written([table])),
    }
