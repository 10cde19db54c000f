"""Pages of the administrator: people, units, help numbers, days off. None of them reads anything sealed."""

from core.administrator import campaign, desk, holidays, hotlines, people, unit_changes, unit_files, units
from core.administrator.blueprint import pages

__all__ = [
    "campaign",
    "desk",
    "holidays",
    "hotlines",
    "pages",
    "people",
    "unit_changes",
    "unit_files",
    "units",
]
