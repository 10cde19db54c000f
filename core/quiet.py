"""A process that keeps quiet: no core file, no look into its memory, and no word of anybody in its log.

What a failure may say of itself is the kind of exception and the lines of this program it passed through.
Its message is never written: an exception's message is where a value ends up that nobody meant to keep.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from core import clock

if TYPE_CHECKING:  # a child that only computes closes itself as well, and loads no pages
    from flask import Flask

ROOT: Final = Path(__file__).parent.parent
PLAIN: Final = frozenset({"centre", "_granian"})
"""Loggers whose sentences are written as they are: this program's and the server's; it names no request."""

_PR_SET_DUMPABLE: Final = 4


def close_process() -> None:
    """Files of this process are for its own user; its memory goes to no core file and to no debugger."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def swap_in_use() -> bool:
    """Whether this machine may write memory to a disk, words and keys included."""
    try:
        return len(Path("/proc/swaps").read_text(encoding="ascii").splitlines()) > 1
    except OSError:
        return False


class WithoutWords(logging.Formatter):
    """Day, severity, and where it happened; an exception by its kind, never by its message."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and record.exc_info[1] is not None:
            said = trace(record.exc_info[1])
        elif record.name.split(".")[0] in PLAIN:
            said = record.getMessage()
        else:
            said = f"{record.name} at {record.module}:{record.lineno}"
        return f"{clock.today().isoformat()} {record.levelname.lower()} {said}"


def trace(error: BaseException) -> str:
    """The kind of an exception and the lines it passed, innermost first: `ValueError at intake.form.forms:12`."""
    steps = []
    found: TracebackType | None = error.__traceback__
    while found is not None:
        path = Path(found.tb_frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and ".venv" not in path.parts:
            steps.append(f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}:{found.tb_lineno}")
        found = found.tb_next
    said = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if steps:
        said += " at " + " < ".join(reversed(steps))
    cause = error.__cause__
    return f"{said}, because of {trace(cause)}" if cause is not None else said


def hush() -> None:
    """Let everything this process has to say go through `WithoutWords`, on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(WithoutWords())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = lambda _kind, error, _trace: report(error)
    threading.excepthook = lambda found: report(found.exc_value)
    sys.unraisablehook = lambda found: report(found.exc_value)


def watch(app: Flask) -> None:
    """Replace Flask's own line for a failed page, which names the address, by one without it."""

    def log_exception(exc_info: Any) -> None:
        logging.getLogger("centre").error("", exc_info=exc_info)

    app.log_exception = log_exception  # type: ignore[method-assign]


def report(error: BaseException | None) -> None:
    """One line for a failure that no page caught."""
    if error is not None and not isinstance(error, (KeyboardInterrupt, SystemExit)):
        logging.getLogger("centre").error("", exc_info=(type(error), error, error.__traceback__))
