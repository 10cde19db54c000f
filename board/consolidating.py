"""What several centres have published, added up for a province: ranges add up as ranges (pure).

Only what everybody may see goes in, so that nothing more can come out: no rule is needed, and none is weakened.
A row that a centre withheld is taken as anything between none and what its total leaves, which every reader of that
centre's file knows as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.disclosure import ProtectedTable, Row, Value
from core.disclosure.tables import TOTAL


class NotAlike(Exception):
    """These files do not hold the same tables of the same release, so that they cannot be added up."""


Ends = tuple[int, int | None]
"""At least and at most; None: nobody can say how many at most."""


def added_up(files: Mapping[str, Sequence[ProtectedTable]], release: str) -> list[ProtectedTable]:
    """The tables of one release, row by row over all files. files: name → its tables. `NotAlike`."""
    parts = {name: [table for table in tables if table.release == release] for name, tables in files.items()}
    lacking = [name for name, tables in parts.items() if not tables]
    if lacking:
        raise NotAlike(f"{', '.join(lacking)}: no release {release}")
    first, *others = parts.values()
    for name, tables in parts.items():
        if [_shape(table) for table in tables] != [_shape(table) for table in first]:
            raise NotAlike(f"{name}: other tables or other categories than in the first file")
    return [_sum(alike) for alike in zip(first, *others, strict=True)]


def _shape(table: ProtectedTable) -> tuple[object, ...]:
    return table.name, table.counts, dict(table.dims), dict(table.groups), [row.at for row in table.rows]


def _sum(tables: Sequence[ProtectedTable]) -> ProtectedTable:
    one = tables[0]
    rows = tuple(
        Row(at=row.at, value=_value([_ends(table, place) for table in tables]))
        for place, row in enumerate(one.rows)
    )
    return ProtectedTable(
        name=one.name,
        release=one.release,
        dims=one.dims,
        groups=one.groups,
        counts=one.counts,
        rows=rows,
    )


def _value(parts: Sequence[Ends]) -> Value:
    low, highs = sum(low for low, _ in parts), [high for _, high in parts]
    most = [high for high in highs if high is not None]
    if len(most) < len(highs):
        return None
    high = sum(most)
    return low if low == high else (low, high)


def _ends(table: ProtectedTable, place: int) -> Ends:
    """What one centre's file says of a row, and of a withheld one what the total of its table leaves."""
    row = table.rows[place]
    if row.value is not None:
        return _both(row.value)
    total = next((one.value for one in table.rows if set(one.at) <= {TOTAL}), None)
    return (0, None) if total is None or set(row.at) <= {TOTAL} else (0, _both(total)[1])


def _both(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value
