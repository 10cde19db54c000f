"""A process that keeps quiet: what a failure may say of itself is its kind and where it happened."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from flask import Flask, request

from core import quiet

ROOT = Path(__file__).parent.parent.parent
CANARY = "con chim hoàng yến 7261"


def _line(record: logging.LogRecord) -> str:
    return quiet.WithoutWords().format(record)


def _record(name: str, words: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    about = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.ERROR, "/somewhere/module.py", 7, words, values, about)


def test_an_exception_is_told_by_kind_and_place_never_by_message() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        said = _line(_record("centre", "", error=error))
    assert "ValueError at tests.core.test_quiet:" in said
    assert CANARY not in said


def test_a_cause_is_told_in_the_same_way() -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise RuntimeError(CANARY) from error
    except RuntimeError as error:
        said = quiet.trace(error)
    assert "RuntimeError at" in said
    assert "because of KeyError at" in said
    assert CANARY not in said


def test_what_another_library_says_is_reduced_to_where_it_said_it() -> None:
    assert _line(_record("sqlalchemy.pool", "found %s", CANARY)).endswith("error sqlalchemy.pool at module:7")


def test_our_own_sentences_are_written_as_they_are() -> None:
    assert _line(_record("centre", "the disk is nearly full")).endswith("error the disk is nearly full")


def test_a_line_tells_the_day_and_not_the_moment() -> None:
    words = _line(_record("centre", "x"))
    assert words.count(":") == 0
    assert len(words.split()[0]) == len("2026-11-20")


def test_a_page_that_fails_logs_neither_its_address_nor_what_was_sent(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise ValueError(request.form["words"])

    app.testing = False
    app.add_url_rule("/thu/fail", view_func=fail, methods=["POST"])
    quiet.watch(app)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(quiet.WithoutWords())
    logging.getLogger("centre").addHandler(handler)
    try:
        answer = app.test_client().post(
            f"/thu/fail?q={CANARY}", data={"words": CANARY}, environ_base={"REMOTE_ADDR": "10.9.8.7"}
        )
    finally:
        logging.getLogger("centre").removeHandler(handler)
    assert answer.status_code == 500
    said = capsys.readouterr().err
    assert "ValueError at tests.core.test_quiet:" in said
    for leak in (CANARY, "thu/fail", "POST", "10.9.8.7"):
        assert leak not in said


SCRIPT = """
import logging, sys, threading, warnings
from core import quiet
quiet.close_process(); quiet.hush()
canary = sys.argv[1]
warnings.warn(canary)
logging.getLogger("werkzeug").error("%s", canary)
logging.getLogger("granian.access").error(canary)
thread = threading.Thread(target=lambda: int(canary)); thread.start(); thread.join()
class Broken:
    def __del__(self): raise OSError(canary)
del_me = Broken(); del del_me
print(open("/proc/self/status").read().count("x"), file=open("/dev/null", "w"))
import os, resource
print("core", resource.getrlimit(resource.RLIMIT_CORE), "umask", oct(os.umask(0)))
import ctypes; print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
raise LookupError(canary)
"""


def test_nothing_a_process_says_in_any_way_holds_a_word() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, CANARY], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ran.returncode == 1
    assert CANARY not in ran.stderr + ran.stdout
    for kind in ("ValueError", "OSError", "LookupError", "werkzeug at", "py.warnings at"):
        assert kind in ran.stderr
    assert "core (0, 0) umask 0o77" in ran.stdout
    assert "dumpable 0" in ran.stdout


def test_swap_is_told_from_what_the_kernel_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = "Filename\tType\tSize\tUsed\tPriority\n"
    found = {"swaps": head}
    monkeypatch.setattr(Path, "read_text", lambda *_a, **_n: found["swaps"])
    assert not quiet.swap_in_use()
    found["swaps"] = head + "/swapfile file 1048572 0 -2\n"
    assert quiet.swap_in_use()


def test_warnings_stay_errors_in_this_run() -> None:
    with pytest.raises(UserWarning, match="x"):
        warnings.warn("x", UserWarning, stacklevel=1)
