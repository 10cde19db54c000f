"""How long a file of 25 MB takes: sealed in the browser (chunks sealed beforehand), and sealed when it arrives."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

from intake.files.stream import chunks_for
from tests.letters import hidden
from tests.sealing_files import HERE, Bringing
from tests.servers import Served
from tests.wires import Wire

FILM = b"\x00\x00\x00\x18ftypmp42" + os.urandom(25_000_000 - 12)


def measure(app: Flask, program: Served, line: Callable[[str, str, str], None]) -> None:
    """Print both ways, on a connection that stays open; a film, of which no clean copy is made."""
    with Wire(program.url) as wire:
        _, receipt = wire.writes()
        took = _sealed(app, wire, receipt)
        line("file of 25 MB sealed in the browser, 96 chunks", f"{took:.2f} s, {25 / took:.0f} MB/s", "")
        took = _arriving(wire, receipt)
        line("file of 25 MB sealed when it arrives", f"{took:.2f} s, {25 / took:.0f} MB/s", "")


def _sealed(app: Flask, wire: Wire, receipt: str) -> float:
    def ask(where: str, body: bytes) -> tuple[int, dict[str, Any]]:
        answer = wire.send(HERE + where, body)
        return answer.status, json.loads(answer.text)

    film = Bringing.of(app, receipt, ask, kind="mp4")
    stream, chunks = film.sealed(FILM)
    begun = time.perf_counter()
    said = [film.begins(chunks_for(len(FILM)))]
    said += [film.adds("original", number, blob) for number, blob in enumerate(chunks)]
    said.append(film.finishes(FILM, {"original": stream}))
    assert {status for status, _ in said} == {200}, said[-1]
    return time.perf_counter() - begun


def _arriving(wire: Wire, receipt: str) -> float:
    form = {"receipt": receipt}
    form["file_id"] = hidden(wire.post("/hop-thu/them-tep", form).text, "file_id")
    begun = time.perf_counter()
    sent = wire.upload("/hop-thu/tep", form, {"tep": FILM})
    assert sent.status == 200, sent.text[:300]
    return time.perf_counter() - begun
