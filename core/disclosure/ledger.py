"""The step ledger: how true counts become published rows, and the one door they pass (pure).

statistics.md 2.2. A row is first shown when it reaches k. Later it moves only when it has grown by at
least k since the value last shown; until then it stays as the range "last to last + k−1", which is its
honest public meaning. Below k, zero included, it is "fewer than k". Nothing ever falls. A row in which
one category holds all of its parent is withheld (rule 9). Then the audit reads everything ever
published; what it can prove costs one more row, the least valuable first, until it can prove nothing.

The final figures of a closed year are told anew, not in steps: what was held may be exact there. Only where a case
cannot have moved, and fewer than k were taken out, is a row the range from last − k + 1 to last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from core.disclosure.lattice import Lattice
from core.disclosure.reader import SECONDS, Array, Progress, Proof, Reader, audit, universes
from core.disclosure.tables import (
    FINAL,
    TOTAL,
    Meaning,
    NotPublishable,
    ProtectedTable,
    RawTable,
    Row,
    Value,
    from_json,
    meaning_of,
    places,
    places_of,
    raw_from_job,
    to_json,
)

Ledger = dict[Meaning, Value]


def protect(
    candidate: Sequence[RawTable],
    history: Sequence[ProtectedTable],
    k: int = 5,
    *,
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> tuple[ProtectedTable, ...]:
    """The tables of one new release as everybody may see them, in the order given.

    candidate: true counts, all of one release. history: every table ever published, in the order of
    release. Raises NotPublishable, and then nothing of the release may be shown: counts fell or disagree,
    the release exists already, or the audit could not be satisfied or decided within `seconds`.
    """
    if not candidate:
        return ()
    release = _one_new_release(candidate, history)
    counts = _true_counts(candidate)
    final = release.endswith(FINAL)
    values = _finished(counts, candidate, history, k) if final else _step_all(counts, _last_shown(history), k)
    for meaning in _whole_parents(candidate, counts, k):
        values[meaning] = None
    tables = _assemble(candidate, values)
    known: list[Array] = []
    for key, told in universes([*history, *tables]).items():
        if any(table.release == release for table in told):
            if progress:
                progress(f"audit {key[0]} {key[1]}")
            for meaning in _to_withhold(told, release, values, k, seconds, known):
                values[meaning] = None
    tables = _assemble(candidate, values)
    touched = {(table.release[:4], table.counts) for table in tables}
    again = [table for table in (*history, *tables) if (table.release[:4], table.counts) in touched]
    if audit(again, k, seconds=seconds, known=known):
        raise NotPublishable("Something small could still be proved after withholding.")
    return tables


def protect_job(payload: Mapping[str, Any], progress: Progress | None = None) -> dict[str, Any]:
    """`protect` for a child process: `to_job` in, the document of the new tables out."""
    candidate = [raw_from_job(table) for table in payload["candidate"]]
    tables = protect(candidate, from_json(payload["history"]), payload["k"], progress=progress)
    return to_json(tables, k=payload["k"])


def step(count: int, last: int | None, k: int) -> Value:
    """What one row says now, given its true count and the value last shown (None if never)."""
    if last is None:
        return count if count >= k else (0, k - 1)
    if count < last:
        raise NotPublishable(
            "A published count would fall; a counted case stays counted until the year ends."
        )
    return count if count - last >= k else (last, last + k - 1)


def finish(count: int, last: Value, k: int) -> Value:
    """What one row says in the final figures if nothing counted in it can have moved elsewhere, only been taken out.

    last: what the last release said. Fewer than k taken out, none included, look the same.
    """
    if isinstance(last, int) and last - count < k:
        if count > last:
            raise NotPublishable("More is final than was ever counted.")
        return max(0, last - k + 1), last
    return step(count, None, k)


def _finished(
    counts: Mapping[Meaning, int], candidate: Sequence[RawTable], history: Sequence[ProtectedTable], k: int
) -> Ledger:
    moves = {dim for raw in candidate for dim in raw.moves}
    before = [table for table in history if table.release[:4] == candidate[0].release[:4]]
    last = {table.meaning(row): row.value for table in before for row in table.rows}
    staying = {
        meaning: last.get(meaning) for meaning in counts if not any(d in moves for d, _ in meaning.cell)
    }
    return {meaning: finish(count, staying.get(meaning), k) for meaning, count in counts.items()}


def _one_new_release(candidate: Sequence[RawTable], history: Sequence[ProtectedTable]) -> str:
    releases = {raw.release for raw in candidate}
    if len(releases) != 1:
        raise NotPublishable("Tables are published one release at a time.")
    release = releases.pop()
    if any(table.release == release for table in history):
        raise NotPublishable(
            f"The release {release} is already published, and published figures never change."
        )
    return release


def _true_counts(candidate: Sequence[RawTable]) -> dict[Meaning, int]:
    counts: dict[Meaning, int] = {}
    for raw in candidate:
        for at, count in raw.totals().items():
            meaning = meaning_of(raw.release, raw.counts, raw.dims, at)
            if counts.setdefault(meaning, count) != count:
                raise NotPublishable(f"Table {raw.name!r} disagrees with another about the same cases.")
    return counts


def _last_shown(history: Sequence[ProtectedTable]) -> dict[Meaning, int]:
    return {
        table.meaning(row): row.value for table in history for row in table.rows if isinstance(row.value, int)
    }


def _step_all(counts: Mapping[Meaning, int], last: Mapping[Meaning, int], k: int) -> Ledger:
    return {meaning: step(count, last.get(meaning), k) for meaning, count in counts.items()}


def _whole_parents(candidate: Sequence[RawTable], counts: Mapping[Meaning, int], k: int) -> list[Meaning]:
    """Rows of at least k whose one category holds all of a parent, though there are other categories."""
    whole = []
    for raw in candidate:
        for at in places(raw.dims, raw.groups):
            meaning = meaning_of(raw.release, raw.counts, raw.dims, at)
            for place, (dim, categories) in enumerate(raw.dims.items()):
                if at[place] == TOTAL or len(places_of(dim, categories, raw.groups)) == 1:
                    continue
                parent = meaning_of(raw.release, raw.counts, raw.dims, (*at[:place], TOTAL, *at[place + 1 :]))
                if k <= counts[meaning] == counts[parent]:
                    whole.append(meaning)
    return whole


def _assemble(candidate: Sequence[RawTable], values: Ledger) -> tuple[ProtectedTable, ...]:
    return tuple(
        ProtectedTable(
            name=raw.name,
            release=raw.release,
            dims=dict(raw.dims),
            groups={dim: dict(named) for dim, named in raw.groups.items()},
            counts=raw.counts,
            moves=raw.moves,
            rows=tuple(
                Row(at=at, value=values[meaning_of(raw.release, raw.counts, raw.dims, at)])
                for at in places(raw.dims, raw.groups)
            ),
        )
        for raw in candidate
    )


def _to_withhold(
    told: Sequence[ProtectedTable],
    release: str,
    values: Ledger,
    k: int,
    seconds: float,
    known: list[Array],
) -> set[Meaning]:
    """The rows that must go so that nothing can be proved; withholding only ever widens what is possible.

    known: gets the cubes that were found on the way; most of them agree with what is left.
    """
    reader = Reader(Lattice(told), k, seconds, careful=True)
    order = _least_valuable_first(
        [table for table in told if table.release == release and table.rows], values
    )
    hidden: set[Meaning] = set()
    left = reader.still_open()
    while left:
        proof, *left = left
        held, left = reader.decide(proof, left)
        if held:
            hidden.add(_next_to_go(reader, release, proof, order, hidden))
            reader.withhold(release, hidden)
            left = [proof, *left]
    known.extend(reader.witnesses)
    return hidden


def _least_valuable_first(tables: Sequence[ProtectedTable], values: Ledger) -> list[Meaning]:
    """Finest cells before margins before totals; the catalogue's last before its first, so "not said" goes early.

    Not by their size: which of two rows is withheld would then tell something about the third.
    """
    rows = dict.fromkeys(chain.from_iterable((t.meaning(row) for row in t.rows) for t in tables))
    shown_rows = [meaning for meaning in reversed(rows) if values[meaning] is not None]
    return sorted(shown_rows, key=lambda meaning: -len(meaning.cell))


def _next_to_go(
    reader: Reader, release: str, proof: Proof, order: Sequence[Meaning], hidden: set[Meaning]
) -> Meaning:
    """The row whose withholding, after all less valuable ones, first makes the proof impossible."""

    def proved_without(count: int) -> bool:
        reader.withhold(release, hidden | set(order[:count]))
        return reader.proves(proof)

    few, many = 0, len(order)
    if proved_without(many):
        raise NotPublishable("Figures already published let something small be proved.")
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if proved_without(middle) else (few, middle)
    return order[many - 1]
