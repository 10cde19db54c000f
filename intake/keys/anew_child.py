"""A process that works out new slots for batches of cases, and lives no longer than one press of a button.

`wrapping` starts one for each core. Through its standard input come who wraps anew, with their seed, and then batch after
batch; through its standard output go the new slots. It has none of the server's environment, no database and no
file; it leaves no core file, lets no debugger in, and its memory is gone with it.

A frame is its length (4 bytes) and plain values as `marshal` writes them: both ends are this program, on this machine.
"""

from __future__ import annotations

import gc
import marshal
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from core.quiet import close_process
from core.roster import Roster
from core.sealing import PrivateKey, SharedKey
from intake.keys.anew import Press, Result, Way, opens, worked_out
from intake.seal.rows import Holder, KeyRow, PartRow, Rows
from intake.seal.slots import Side

LONGEST_SECONDS = 600
"""Without a new batch for so long, the child ends: should its parent hang, nobody else would end it."""
_LETTERS_FIRST = 5
"""How much a child stands back for those who read and write meanwhile."""


@dataclass(frozen=True, slots=True)
class _File:
    id: str


def told(press: Press) -> bytes:
    """The first frame: who wraps anew, for whom."""
    holder = press.holder
    who = (press.way.value, holder.member_id, holder.side.value, holder.seed)
    return marshal.dumps((*who, [roster.encode() for roster in press.chain]))


def batch(cases: Sequence[Rows], keys: Sequence[SharedKey | None], *, counting: bool = False) -> bytes:
    """A frame of cases with their eraser keys. counting: whether it is only asked which of them open."""
    rows = [
        (case.id, key and key.raw, [*map(tuple, case.key_sets.values())], [*map(tuple, case.parts)])
        for case, key in zip(cases, keys, strict=True)
    ]
    return marshal.dumps((counting, rows))


def results(answer: bytes) -> list[Any]:
    """What became of each case, in order; of a batch that was only counted, whether it opens."""
    found = marshal.loads(answer)  # noqa: S302 - the answer of a child that this process started
    return [
        one if isinstance(one, bool) else Result(what=one[0], slots=one[1], for_reporter=one[2])
        for one in found
    ]


def send(out: BinaryIO, frame: bytes) -> None:
    """One frame."""
    out.write(len(frame).to_bytes(4, "big"))
    out.write(frame)
    out.flush()


def receive(into: BinaryIO) -> bytes:
    """One frame, or EOFError where the other end is gone."""
    size = into.read(4)
    frame = into.read(int.from_bytes(size, "big")) if len(size) == 4 else b""
    if len(size) < 4 or len(frame) < int.from_bytes(size, "big"):
        raise EOFError
    return frame


def main() -> None:
    """Work until the other end is closed."""
    close_process()
    gc.disable()  # nothing here goes in circles, and looking for it takes a sixth of the time
    os.nice(_LETTERS_FIRST)
    into, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed by accident goes nowhere
    try:
        signal.alarm(LONGEST_SECONDS)
        way, member_id, side, seed, chain = marshal.loads(receive(into))  # noqa: S302 - from the parent
        holder = Holder(member_id=member_id, side=Side(side), seed=seed, private=PrivateKey.from_seed(seed))
        press = Press(way=Way(way), holder=holder, chain=[Roster.decode(one) for one in chain])
        while True:
            signal.alarm(LONGEST_SECONDS)
            send(out, _answer(receive(into), press))
    except EOFError:
        return


def _answer(frame: bytes, press: Press) -> bytes:
    counting, rows = marshal.loads(frame)  # noqa: S302 - from the parent
    if counting:
        return marshal.dumps([opens(_case(row), _key(row), press) for row in rows])
    found = [worked_out(_case(row), _key(row), press) for row in rows]
    return marshal.dumps([(one.what, one.slots, one.for_reporter) for one in found])


def _case(row: Any) -> Rows:
    case_id, _, sets, parts = row
    key_sets = {one[0]: KeyRow._make(one) for one in sets}
    return Rows(file=_File(case_id), key_sets=key_sets, parts=[PartRow._make(one) for one in parts])


def _key(row: Any) -> SharedKey | None:
    return SharedKey(row[1]) if row[1] else None


if __name__ == "__main__":
    main()
