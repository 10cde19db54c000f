"""Pages of the campaigner, open to the administrator too: the year's campaign, its messages, its events and news."""

from core.campaigner import happenings, messages, year
from core.campaigner.blueprint import pages

__all__ = ["happenings", "messages", "pages", "year"]
