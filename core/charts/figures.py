"""A protected table as bars: a range is drawn as a range, "fewer than k" as a dashed frame, withheld as quiet dots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.charts.sheet import ACCENT, INK, QUIET, SOFT, Head, Mood, Sheet, speaking, svg, words_above
from core.disclosure import ProtectedTable, Value, shown
from core.i18n import Language, Text


def bars(
    table: ProtectedTable,
    language: Language,
    mood: Mood = "open",
    *,
    title: str,
    labels: Mapping[str, str],
    heading: bool = False,
) -> str:
    """A protected table, one bar a row. labels: category or group → its name; "total" may be among them.

    title: the picture's name; drawn as well with `heading`, for a picture that will stand alone.
    """
    if not isinstance(table, ProtectedTable):
        raise TypeError("Only protected tables are drawn: core.disclosure.protect() is the door.")
    return speaking(language, lambda: _bars(table, mood, Head(title, heading), labels))


def _bars(table: ProtectedTable, mood: Mood, head: Head, labels: Mapping[str, str]) -> str:
    ends = [row.value if isinstance(row.value, int) else (row.value or (0, 0))[1] for row in table.rows]
    sheet = Sheet(0, max([1, *ends]), edge=1)
    sheet.heading(head)
    for row in table.rows:
        named = [place for place in row.at if place != "total"]
        label = " · ".join(labels.get(place, place) for place in named) or _total(labels)
        words = str(shown(row.value))
        words_above(sheet, label, words, bold=not named)
        _value(sheet, row.value)
        sheet.upright(0, sheet.y - 2, sheet.y + 16, color=INK, strokeWidth=1.5)
        sheet.y += 14 + 15
        sheet.words.append(f"{label}: {words}.")
    sheet.notes(_legend(row.value for row in table.rows))
    return svg(sheet, head.title, mood)


def _total(labels: Mapping[str, str]) -> str:
    return labels.get("total", str(Text("Tổng", "Total")))


def _value(sheet: Sheet, value: Value) -> None:
    if value is None:
        sheet.rule(
            0, sheet.high * 0.25, 7, color=QUIET, strokeWidth=3, strokeDash=[0.1, 9], strokeCap="round"
        )
    elif isinstance(value, int):
        sheet.box(0, value, 0, 14, color=ACCENT)
    elif value[0] == 0:
        sheet.box(0, value[1], 0.75, 12.5, filled=False, stroke=INK, strokeWidth=1.2, strokeDash=[3, 3])
    else:
        sheet.box(value[0], value[1], 0.75, 12.5, color=SOFT, stroke=ACCENT, strokeWidth=1.5)
        sheet.box(0, value[0], 0, 14, color=ACCENT)


def _legend(values: Iterable[Value]) -> list[str]:
    kinds = list(values)
    lines = []
    if any(isinstance(value, tuple) and value[0] > 0 for value in kinds):
        lines.append(
            Text("Phần nhạt: số thật nằm trong khoảng này.", "Light part: the true number is in this range.")
        )
    few = next((value for value in kinds if isinstance(value, tuple) and value[0] == 0), None)
    if few is not None:
        frame = Text("Khung nét đứt: dưới {k}, có thể là 0.", "Dashed frame: fewer than {k}, perhaps none.")
        lines.append(frame.format(k=few[1] + 1))
    if None in kinds:
        lines.append(
            Text(
                "Dãy chấm: giữ kín, để không ai bị nhận ra.",
                "Dots: withheld, so that nobody can be recognised.",
            )
        )
    return [str(line) for line in lines]
