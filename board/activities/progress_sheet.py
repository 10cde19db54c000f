"""The secretary's list of units as a workbook: the rows of the page, without its pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

from board.activities.standing import Progress
from board.activities.words import STATES
from core.administrator.units import KINDS as UNIT_KINDS
from core.deadlines import Deadline
from core.i18n import day, t


class Row(Protocol):
    """One unit in the list, and how much in what it filed is done and is worth a second look."""

    @property
    def unit(self) -> Progress: ...
    @property
    def entries(self) -> int: ...
    @property
    def doubtful(self) -> int: ...


def as_workbook(rows: Iterable[Row], year: int, deadline: Deadline | None, today: date) -> dict[str, Any]:
    """The payload of `core.document.xlsx_job`. What a unit has not filed is an empty cell, never a zero."""
    caption = t("Hoạt động các đơn vị, năm {}, đến ngày {}", "Units’ activities, {}, on {}").format(
        year, day(today)
    )
    last = t("Ngày cuối đúng hạn của các đơn vị: {}.", "Last day on time for units: {}.")
    sheet = {
        "name": t("Tiến độ", "Progress"),
        "caption": caption,
        "columns": [
            t("Đơn vị", "Unit"),
            t("Loại đơn vị", "Kind"),
            t("Tình trạng", "State"),
            t("Trễ hạn", "Late"),
            t("Ngày nộp", "Filed on"),
            t("Việc đã làm", "Done"),
            t("Cần xem lại", "To look at"),
        ],
        "rows": [_cells(row) for row in rows],
        "notes": [last.format(day(deadline.last_day))] if deadline else [],
    }
    return {"title": caption, "day": today.isoformat(), "sheets": [sheet]}


def _cells(row: Row) -> list[str | int | None]:
    unit = row.unit
    until = t(" (đến hết {})", " (until {})").format(day(unit.closed_on)) if unit.closed_on else ""
    return [
        f"{unit.name}{until}",
        str(UNIT_KINDS[unit.kind]),
        str(STATES[unit.state]),
        t("trễ hạn", "late") if unit.late else "",
        day(unit.filed_on) if unit.filed_on else "",
        row.entries if unit.counted else None,
        row.doubtful if unit.counted else None,
    ]
