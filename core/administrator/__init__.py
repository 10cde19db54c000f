"""Pages of the administrator: people, units, help numbers, the year's campaign. None of them reads anything sealed."""

from core.administrator import campaign, desk, holidays, hotlines, people, units
from core.administrator.blueprint import pages

__all__ = ["campaign", "desk", "holidays", "hotlines", "pages", "people", "units"]
