"""Regular expressions a workbook may use: a small part of the language, in which no match takes long.

Python's matcher tries every way to divide a text between repetitions. What makes it take for ever is refused:
a repetition of what repeats or branches, and more than three open repetitions. Texts are cut before matching.
Measured: the worst pattern that passes, on the longest text, takes under 30 ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.i18n import Text

LONGEST_PATTERN: Final = 200
LONGEST_TEXT: Final = 64
"""Answers are numbers, days and codes; nothing longer needs a pattern."""
OPEN_REPETITIONS: Final = 3
MAYBES: Final = 6
_MOST_TIMES: Final = 64

_UNIT: Final = re.compile(
    r"""(?P<escape>\\[dDwWsS.\\+*?()\[\]{}|^$/@'"-])
      | (?P<set>\[\^?(?:\\[dDwWsS.\\+*?()\[\]{}|^$/@'"-]|[^\\\[\]])+\])
      | (?P<open>\((?:\?:)?)
      | (?P<close>\))
      | (?P<branch>\|)
      | (?P<edge>[\^$])
      | (?P<times>[*+?]|\{\d{1,3}(?:,\d{0,3})?\})
      | (?P<letter>[^\\\[\]{}*+?])""",
    re.VERBOSE,
)


class PatternRefused(ValueError):
    """A regular expression was refused: not on the list, or it could take too long."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason: Final = reason


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern, ready to match. Raises PatternRefused."""
    if len(pattern) > LONGEST_PATTERN:
        raise PatternRefused(
            Text(
                f"Mẫu regex dài quá {LONGEST_PATTERN} ký tự.",
                f"The pattern is longer than {LONGEST_PATTERN} characters.",
            )
        )
    _measure(pattern)
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError):
        raise _not_understood(pattern) from None


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text fits the pattern, as ODK means it; a text past the limit fits none."""
    return len(text) <= LONGEST_TEXT and compile_pattern(pattern).fullmatch(text) is not None


@dataclass(slots=True)
class _Group:
    """What one pair of brackets holds: whether anything in it repeats or branches."""

    restless: bool = False


def _measure(pattern: str) -> None:
    """Raises PatternRefused for what is not on the list or could take too long."""
    groups, closed, before = [_Group()], None, ""
    opened, maybes, place = 0, 0, 0
    while place < len(pattern):
        found = _UNIT.match(pattern, place)
        if found is None:
            raise _not_understood(pattern[place:])
        kind, unit, place = str(found.lastgroup), found[0], found.end()
        if kind == "times":
            if before not in ("escape", "set", "letter", "close"):
                raise _not_understood(unit)
            varies = _varies(unit)
            if before == "close" and closed is not None and closed.restless and unit != "?":
                raise _TOO_SLOW
            opened += varies and unit != "?"
            maybes += unit == "?"
            groups[-1].restless |= varies or unit != "?"
        elif kind == "open":
            groups.append(_Group())
        elif kind == "close":
            if len(groups) == 1:
                raise _not_understood(unit)
            closed = groups.pop()
            groups[-1].restless |= closed.restless
        elif kind == "branch":
            groups[-1].restless = True
        before = kind
    if len(groups) > 1:
        raise _not_understood(pattern)
    if opened > OPEN_REPETITIONS or maybes > MAYBES:
        raise _TOO_SLOW


def _varies(unit: str) -> bool:
    """Whether a repetition may happen more or less often. Raises PatternRefused past the most."""
    if unit in ("*", "+", "?"):
        return True
    low, comma, high = unit[1:-1].partition(",")
    if max(int(low), int(high or 0)) > _MOST_TIMES:
        raise _TOO_SLOW
    return bool(comma) and low != high


_TOO_SLOW: Final = PatternRefused(
    Text(
        "Mẫu regex này có thể chạy rất lâu: bỏ phần lặp nằm trong phần lặp, và chỉ dùng tối đa ba chỗ lặp.",
        "This pattern could run for very long: use no repetition inside a repetition, and three repetitions at most.",
    )
)


def _not_understood(rest: str) -> PatternRefused:
    return PatternRefused(
        Text(
            f"Mẫu regex có phần không được hỗ trợ: “{rest[:20]}”.",
            f"The pattern has a part that is not supported: “{rest[:20]}”.",
        )
    )
