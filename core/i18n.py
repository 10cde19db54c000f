"""Two languages side by side, and the one place where dates and numbers become words.

Every sentence stands in the code once, Vietnamese first, its English beside it (decision 0002): a
sentence without its translation is a missing argument, so it cannot be written at all.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

Language = Literal["vi", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")
DEFAULT: Final[Language] = "vi"

_language: ContextVar[Language] = ContextVar("language", default=DEFAULT)


def language() -> Language:
    """The language of the page being made."""
    return _language.get()


def speak(chosen: Language) -> None:
    """Make the rest of this request speak the chosen language."""
    _language.set(chosen)


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages; `str()` gives the one of the page being made."""

    vi: str
    en: str

    def __str__(self) -> str:
        return self.vi if _language.get() == "vi" else self.en

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(str(self)))

    def format(self, **values: object) -> Text:
        """The same sentence with its gaps filled, in both languages; so is a sentence that stands in a gap."""
        vi, en = (
            {
                name: getattr(value, tongue) if isinstance(value, Text) else value
                for name, value in values.items()
            }
            for tongue in ("vi", "en")
        )
        return Text(self.vi.format(**vi), self.en.format(**en))


def t(vi: str, en: str) -> str:
    """The sentence in the language of the page being made."""
    return vi if _language.get() == "vi" else en


_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def day(value: date) -> str:
    """A day as people write it: 05/12/2026, or 5 December 2026."""
    if _language.get() == "vi":
        return f"{value.day:02d}/{value.month:02d}/{value.year}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def number(value: float | Decimal, decimals: int = 0) -> str:
    """A number as people write it: 1.500.000,5 in Vietnamese, 1,500,000.5 in English."""
    text = f"{value:,.{decimals}f}"
    if _language.get() == "vi":
        text = text.translate(str.maketrans(",.", ".,"))
    return text.replace("-", "−")


def percent(share: float, decimals: int = 0) -> str:
    """A share between 0 and 1 as a percentage."""
    return f"{number(share * 100, decimals)} %" if language() == "vi" else f"{number(share * 100, decimals)}%"
