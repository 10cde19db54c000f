"""Who works out new slots: this process where there are few cases, else one child for each core (intake/keys/anew_child.py).

The seed of whoever wraps anew goes to a child through a pipe and nowhere else, and is gone with it. Where a child ends
too early its batch is worked out here: a press never fails for that.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from core.sealing import SharedKey
from intake.keys import anew_child
from intake.keys.anew import Press, Result, opens, worked_out
from intake.seal.rows import Rows

FEW: Final = 600
"""So many cases are worked out sooner than a child has started."""
MOST: Final = 4
_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_QUIET: Final = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}

Keys = Sequence[SharedKey | None]


class Hands:
    """Takes batches and gives what became of each case, in the order in which it was asked. size: children at work."""

    def __init__(self, press: Press, size: int) -> None:
        self.size = size
        self._over = False
        self._press = press
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._children = [_child() for _ in range(size)]
        self._pool = ThreadPoolExecutor(max_workers=max(1, size))
        who = anew_child.told(press)
        for child in self._children:
            self._pool.submit(self._begin, child, who)

    def work(self, cases: Sequence[Rows], keys: Keys) -> Callable[[], list[Result]]:
        """Have new slots worked out; the answer waits for them. keys: of the eraser file, in the same order."""
        return self._asked(
            cases,
            keys,
            False,
            lambda: [worked_out(*one, self._press) for one in zip(cases, keys, strict=True)],
        )

    def count(self, cases: Sequence[Rows], keys: Keys) -> Callable[[], list[bool]]:
        """Have it tried which of these cases open."""
        return self._asked(
            cases, keys, True, lambda: [opens(*one, self._press) for one in zip(cases, keys, strict=True)]
        )

    def close(self) -> None:
        """End the children, also in the midst of a batch."""
        self._over = True
        for child in self._children:
            child.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            child.communicate()

    def _asked(
        self, cases: Sequence[Rows], keys: Keys, counting: bool, here: Callable[[], list[Any]]
    ) -> Callable[[], list[Any]]:
        if not self.size:
            found = here()
            return lambda: found
        given: Future[list[Any]] = self._pool.submit(
            self._ask, anew_child.batch(cases, keys, counting=counting), here
        )
        return given.result

    def _begin(self, child: subprocess.Popen[bytes], who: bytes) -> None:
        with suppress(OSError):
            anew_child.send(_to(child), who)
        self._idle.put(child)

    def _ask(self, frame: bytes, here: Callable[[], list[Any]]) -> list[Any]:
        child = self._idle.get()
        try:
            anew_child.send(_to(child), frame)
            return anew_child.results(anew_child.receive(_from(child)))
        except (OSError, EOFError, ValueError):
            return [] if self._over else here()
        finally:
            self._idle.put(child)


@contextmanager
def at_work(press: Press, cases: int) -> Iterator[Hands]:
    """As many hands as so many cases need on this machine; none of them is left when this is over."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    hands = Hands(press, min(cores, MOST) if cases > FEW and cores > 1 else 0)
    try:
        yield hands
    finally:
        hands.close()


def _child() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "intake.keys.anew_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env=_QUIET,
    )


def _to(child: subprocess.Popen[bytes]) -> Any:
    return child.stdin


def _from(child: subprocess.Popen[bytes]) -> Any:
    return child.stdout
