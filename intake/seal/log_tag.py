"""How a line of the log names a case: to whoever can open it, and to nobody else. Pure.

Custodians read the whole log, also one whom a reporter struck out. So no line carries the id of a case, but a
tag: a MAC over the line's own number, under a key of that case. Two tags of one case have no more in common
than tags of two cases, so that nobody who cannot open it can say which lines belong together, or how many
cases there are. A handler finds the lines of a case they can open, or gives its `log_key` to a custodian who
then finds them; that key opens nothing.

    log.write(session, "opened", who=…, about=on_case(side_key))
    its_lines = lines_of(log.read(…), log_key(side_key))
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeVar

from core.sealing import SharedKey, context, derive

TAG_BYTES: Final = 16


class _Line(Protocol):
    @property
    def sequence(self) -> int: ...
    @property
    def about(self) -> str: ...


AnyLine = TypeVar("AnyLine", bound=_Line)


def log_key(case_key: SharedKey) -> SharedKey:
    """What recognises the lines of a case. case_key: K_S; of a lent half the half itself."""
    return derive(case_key, "log")


def on_case(case_key: SharedKey) -> Callable[[int], str]:
    """What a line is about, once its number is known: 32 hexadecimal digits."""
    key = log_key(case_key)
    return lambda sequence: _tag(key, sequence)


def lines_of(lines: Iterable[AnyLine], key: SharedKey) -> list[AnyLine]:
    """Those lines that are about the case of this `log_key`, in the order given."""
    return [
        line for line in lines if hmac.compare_digest(line.about.encode(), _tag(key, line.sequence).encode())
    ]


def _tag(key: SharedKey, sequence: int) -> str:
    return hmac.digest(key.raw, context("log line", sequence), "sha256")[:TAG_BYTES].hex()
