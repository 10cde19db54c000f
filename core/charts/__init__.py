"""Pictures of published figures and of effects, as SVG with the words for those who do not see them.

Runs in the child process of `core.heavy`; Vega-Lite draws. One design, 360 units wide, readable on a phone
and enlarged on a screen: words above their mark, the figure itself beside them, so that nothing depends on
colour or on an axis. A range is drawn as a range, "fewer than k" as a dashed frame, a withheld figure as a
quiet row of dots. Without colour and on paper, solid, light and outlined still differ.

The SVG carries no style, no script and no colour of text: ink is `currentColor`; the marks have classes
(`drawn-accent`, `drawn-soft`) over colours that stand out from light and dark paper alike.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from core.charts.answers import Part, Spread, flow, spreads
from core.charts.change import Mean, Share, dumbbell, forest
from core.charts.figures import bars
from core.charts.sheet import balanced, png, standalone
from core.disclosure import from_json

__all__ = [
    "Mean",
    "Part",
    "Share",
    "Spread",
    "balanced",
    "bars",
    "draw",
    "dumbbell",
    "file_job",
    "flow",
    "forest",
    "png",
    "spreads",
    "standalone",
]


def draw(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Many pictures in one child: {"charts": [{"chart": "bars" | "dumbbell" | …, …}]} → {"svg": […]}.

    Each has language, mood, title, heading; bars a `document` (design.md 6) with one table and `labels`;
    the others `rows` of the fields of Share, Mean, Spread or Part; forest a `unit`.
    """
    return {"svg": [_drawn(chart) for chart in payload["charts"]]}


def file_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """One picture as a file that stands alone, its title drawn: {"chart": …, "kind": "svg" | "png"} → {"file": base64}."""
    drawn = _drawn({**payload["chart"], "heading": True})
    made = png(drawn) if payload["kind"] == "png" else standalone(drawn).encode()
    return {"file": b64encode(made).decode()}


def _drawn(chart: Mapping[str, Any]) -> str:
    language, mood = chart["language"], chart.get("mood", "open")
    told = {"title": chart["title"], "heading": chart.get("heading", False)}
    rows = chart.get("rows", ())
    match chart["chart"]:
        case "bars":
            (table,) = from_json(chart["document"])
            return bars(table, language, mood, labels=chart["labels"], **told)
        case "dumbbell":
            return dumbbell([Share(**row) for row in rows], language, mood, **told)
        case "spreads":
            return spreads([Spread(**row) for row in rows], language, mood, **told)
        case "flow":
            return flow([Part(**row) for row in rows], language, mood, **told)
    return forest([Mean(**row) for row in rows], language, mood, unit=chart.get("unit", ""), **told)
