"""A release as a value (pure): what was published, by whom it was signed, and where the log stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from core.disclosure import ProtectedTable
from core.disclosure.tables import FINAL

K: Final = 5
"""Counts from 1 to K − 1 are never told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One release as it was published. charts: table → language → SVG."""

    name: str
    as_of: date
    made_on: date
    catalogue: int
    tables: tuple[ProtectedTable, ...]
    digest: str
    charts: Mapping[str, Mapping[str, str]] = field(repr=False)
    signatures: Sequence[Mapping[str, Any]] = field(repr=False)
    log_sequence: int = 0
    log_head: str = ""

    @property
    def final(self) -> bool:
        """Whether these are the final figures of a closed year."""
        return self.name.endswith(FINAL)

    @property
    def year(self) -> int:
        """The year in which its counts run from 1 January."""
        return self.as_of.year
