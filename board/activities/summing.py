"""Adding up what units filed (pure): by type, over all units; what was only planned is not counted as done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from board.activities.kinds import KINDS
from board.activities.lines import Line


@dataclass(slots=True, kw_only=True)
class Total:
    """One type over all reports.

    units: how many units held at least one; said_none: how many said that there was nothing; entries: how many
    entries; participants: people in all, of whom `women` and `men` where that was written and `unsplit` where not;
    cost: thousands of đồng written beside the entries.
    """

    code: str
    units: int = 0
    said_none: int = 0
    entries: int = 0
    numbers: Counter[str] = field(default_factory=Counter)
    participants: int = 0
    women: int = 0
    men: int = 0
    unsplit: int = 0
    cost: int = 0

    @property
    def quantity(self) -> int:
        """All the numbers of the type together: events, copies, or groups and people."""
        return self.numbers.total()


def totals(reports: Iterable[Iterable[Line]]) -> Mapping[str, Total]:
    """Code → total, for every type of the plan, also those nobody entered. reports: the lines of each unit."""
    found = {code: Total(code=code) for code in KINDS}
    for lines in reports:
        held: set[str] = set()
        for line in lines:
            if line.state == "held":
                _add(found[line.type_code], line)
                held.add(line.type_code)
            elif line.state == "none":
                found[line.type_code].said_none += 1
        for code in held:
            found[code].units += 1
    return found


def _add(total: Total, line: Line) -> None:
    total.entries += 1
    total.numbers.update(line.numbers)
    came = line.came or 0
    total.participants += came
    women, men = split(line)
    total.women += women
    total.men += men
    total.unsplit += max(0, came - women - men)
    total.cost += line.cost or 0


def split(line: Line) -> tuple[int, int]:
    """Women and men among those who came: what one number and the total say, the other follows from."""
    came = line.came
    if came is not None and line.women is not None and line.men is None:
        return line.women, max(0, came - line.women)
    if came is not None and line.men is not None and line.women is None:
        return max(0, came - line.men), line.men
    return line.women or 0, line.men or 0
