"""What is wrong with a workbook, and what is only worth knowing: each with sheet, cell and reason (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from core.i18n import Text

MOST: Final = 300
"""Problems told; a workbook with more is not made better by a longer list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing about one cell; `sheet` and `cell` are empty where it is about the file or a sheet."""

    sheet: str
    cell: str
    reason: Text

    def where(self) -> str:
        """Sheet and cell, as people name them: survey!B7."""
        return f"{self.sheet}!{self.cell}" if self.cell else self.sheet


@dataclass(slots=True)
class Findings:
    """Collected while a workbook is read: problems refuse it, notes do not."""

    problems: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def problem(self, sheet: str, cell: str, vi: str, en: str) -> None:
        """Something for which the workbook is refused; said once a cell and reason."""
        found = Finding(sheet=sheet, cell=cell, reason=Text(vi, en))
        if found not in self.problems and len(self.problems) < MOST:
            self.problems.append(found)

    def note(self, sheet: str, cell: str, vi: str, en: str) -> None:
        """Something that was left out or filled in."""
        found = Finding(sheet=sheet, cell=cell, reason=Text(vi, en))
        if found not in self.notes and len(self.notes) < MOST:
            self.notes.append(found)

    def note_once(self, sheet: str, cell: str, vi: str, en: str) -> None:
        """A note that is true of many cells, told at the first."""
        if not any(one.sheet == sheet and one.reason.en == en for one in self.notes):
            self.note(sheet, cell, vi, en)

    def touches(self, sheet: str, row: int) -> bool:
        """Whether there is a problem in this row already."""
        return any(
            one.sheet == sheet and one.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(row)
            for one in self.problems
        )
