"""A calendar as iCalendar text (pure), RFC 5545: lines end with CRLF, are at most 75 octets long, and words are escaped.

Whole days are dates; an hour of Viet Nam is written in UTC, so that no time zone needs to be described. The same
calendar on the same day is the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from core.calendar.entries import Entry

KIND: Final = "text/calendar; charset=utf-8"
_OCTETS: Final = 75
_VIET_NAM: Final = timezone(timedelta(hours=7))
_ONE_HOUR: Final = "PT1H"


def text(entries: Iterable[Entry], *, name: str, domain: str, stamp: date) -> str:
    """The whole file. domain: makes the ids the centre's own; stamp: the day it is made on."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Goc nhan vien//Calendar of the month//VI",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for entry in entries:
        lines += _event(entry, domain, stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in fold(line))


def _event(entry: Entry, domain: str, stamp: date) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.key}@{domain}"
    yield f"DTSTAMP:{stamp:%Y%m%d}T000000Z"
    yield from _span(entry)
    yield f"SUMMARY:{escaped(str(entry.title))}"
    if entry.place:
        yield f"LOCATION:{escaped(str(entry.place))}"
    if entry.note:
        yield f"DESCRIPTION:{escaped(str(entry.note))}"
    yield f"CATEGORIES:{entry.kind.upper()}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _span(entry: Entry) -> Iterator[str]:
    """A whole day ends on the day after it, which is not part of it (RFC 5545, 3.6.1)."""
    if not entry.at or entry.until:
        yield f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{entry.last + timedelta(days=1):%Y%m%d}"
        return
    begins = datetime.combine(entry.on, time.fromisoformat(entry.at), _VIET_NAM).astimezone(UTC)
    yield f"DTSTART:{begins:%Y%m%dT%H%M%SZ}"
    yield f"DURATION:{_ONE_HOUR}"


def escaped(words: str) -> str:
    """Words as a TEXT value (RFC 5545, 3.3.11); what is not printable is left out."""
    kept = words.replace("\r\n", "\n").replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ")
    kept = "".join(letter for letter in kept if letter == "\n" or letter.isprintable())
    for plain, said in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        kept = kept.replace(plain, said)
    return kept


def fold(line: str) -> Iterator[str]:
    """A line as pieces of at most 75 octets, no letter cut in two; each piece after the first begins with a space."""
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _OCTETS:
            yield piece
            piece, size = " ", 1
        piece, size = piece + letter, size + octets
    yield piece
