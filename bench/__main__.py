"""`make bench`: how fast and how large the program is on this machine, beside the goals of the design.

Client and server share the machine, as they do in the figures of the goals; the load of the machine stands
beside each figure, since a busy machine measures itself.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import secrets
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, select

import serve
from app import create_app
from bench import anew, clients, consolidating, desk, files, flood, log_chain, releases, surveys
from bench.clients import Load, once_each, over_and_over, request
from core import db, memory, rosters
from core.access import Role
from core.config import Settings
from core.sealing import FORMAT as SEALED_FORMAT
from intake.keys.founding import Founded
from intake.models import CaseFile
from intake.seal import receipt
from intake.writing import sealed
from tests import factories
from tests.letters import answers
from tests.servers import Served, serving
from tests.surveys import Campaigner, first_answers, kept

CLIENTS = 16
FORM = "application/x-www-form-urlencoded"
PEERS = """
beside them, measured in the same way on two cores    GlobaLeaks                  Hush Line
page with the form, a second, 16 clients              2,500 (static shell)        103
first visit, gzipped                                  1,167 kB, 16 requests       331 kB, 14 requests
reports sent a second, 16 clients                     0.15, p95 14-35 s           21-27, p95 0.7-1.0 s
sent at the same moment, kept                         6 of 32                     all"""


def main() -> None:
    """Found a centre, serve it, measure, print."""
    with _centre() as (app, founded, settings):
        round_id, cards = _round(app, founded)
        with serving(settings.instance) as program:
            _line("what", "measured", "goal")
            _pages(program, round_id)
            _first_visits(program)
            _sealed_letters(app, program)
            _letters(app, program)
            files.measure(app, program, _line)
            flood.measure(program, _line)
            _answers(app, program, round_id, cards)
            _memory(program)
        begun = time.perf_counter()
        with serving(settings.instance):
            _line("second start, to the first page", f"{time.perf_counter() - begun:.1f} s", "< 5 s")
    with _centre() as (app, founded, _settings):
        desk.measure(app, founded, _line)
        anew.measure(app, founded, _line)
        log_chain.measure(app, founded, _line)
        surveys.measure(app, founded, _line)
        consolidating.measure(app, _line)
    with _centre() as (app, founded, _settings):
        releases.opening(app, founded, _line)
    releases.measure(_line)
    _effects()
    print(PEERS)


def _line(what: str, measured: str, goal: str) -> None:
    load = "load" if goal == "goal" else f"{os.getloadavg()[0]:.1f}"
    print(f"{what:52} {measured:>44}   {goal:28} {load:>5}", flush=True)


def _said(load: Load) -> str:
    lost = f", {load.bad} refused" if load.bad else ""
    return f"{load.rate:,.0f}/s, p95 {load.percentile(0.95):,.0f} ms{lost}"


@contextmanager
def _centre() -> Iterator[tuple[Flask, Founded, Settings]]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    settings = Settings(instance=folder / "instance")
    settings.instance.mkdir(mode=0o700)
    try:
        app = create_app(settings)
        serve.make_ready(app)
        with factories.cheap_locks():
            yield app, factories.found_centre(app), settings
        app.extensions["database"].engine.dispose()
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(memory.folder(settings.instance), ignore_errors=True)


def _round(app: Flask, founded: Founded) -> tuple[str, list[str]]:
    campaigner = Campaigner(app, founded.of(Role.CAMPAIGNER)[0])
    cards = campaigner.prints(1000)
    return campaigner.opens("before", invited=1000), cards


def _pages(program: Served, round_id: str) -> None:
    for name, path in (("report page", "/thu"), ("home page", "/"), ("survey page", f"/khao-sat/{round_id}")):
        one = request("GET", path, program.port)
        over_and_over(program.port, one, clients=4, seconds=0.5)
        load = max(
            (over_and_over(program.port, one, clients=CLIENTS, seconds=3) for _ in range(3)), key=_rate
        )
        _line(
            f"{name}, {CLIENTS} clients, best of 3", _said(load), "≥ 1,500/s" if name == "report page" else ""
        )


def _rate(load: Load) -> float:
    return load.rate


def _first_visits(program: Served) -> None:
    for path in ("/", "/thu", "/hop-thu", "/khao-sat/"):
        page = _fetch(program, path)
        words = _unpacked(page)
        styles = set(re.findall(r'<link rel="stylesheet" href="(/tinh/[^"]+)"', words))
        scripts = _with_imports(program, set(re.findall(r'<script[^>]+src="(/tinh/[^"]+)"', words)))
        # Asked for by the script at once: rules and keys of the letter, the script of the mailbox.
        scripts |= set(re.findall(r'<form[^>]+data-(?:letter|script)="([^"]+)"', words))
        without = len(page) + sum(len(_fetch(program, one)) for one in styles)
        whole = without + sum(len(_fetch(program, one)) for one in scripts)
        measured = f"{without / 1000:.1f} kB, {whole / 1000:.1f} kB, {1 + len(styles | scripts)} requests"
        _line(f"first visit to {path}: without scripts, with", measured, "≤ 25 kB, ≤ 60 kB, ≤ 5")


def _with_imports(program: Served, scripts: set[str]) -> set[str]:
    found = set(scripts)
    for one in scripts:
        found |= set(re.findall(r'"(/tinh/[^"]+\.m?js)"', _unpacked(_fetch(program, one))))
    return found


def _unpacked(data: bytes) -> str:
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def _fetch(program: Served, path: str) -> bytes:
    asked = urllib.request.Request(program.url + path, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked) as answer:
        data: bytes = answer.read()
    return data


def _sealed_letters(app: Flask, program: Served) -> None:
    """Bodies of the right shape: the server cannot tell them from letters, and does the same with them."""
    with app.app_context(), db.reading() as session:
        roster = rosters.current(session)
    shape = sealed.lengths(roster)
    bodies = [
        bytes([sealed.FORMAT])
        + secrets.token_bytes(48)
        + bytes.fromhex(roster.fingerprint)
        + b"\0"
        + b"".join(bytes([SEALED_FORMAT]) + secrets.token_bytes(size - 1) for size in shape)
        for _ in range(1000)
    ]
    requests = [
        request("POST", "/thu/niem-phong", program.port, body, "application/octet-stream") for body in bodies
    ]
    load, lost = _kept(app, requests, program)
    goal = "≥ 150/s, p95 ≤ 200 ms, 0 lost"
    _line("report sealed in the browser, 1,000 at once", f"{_said(load)}, {lost} lost", goal)


def _letters(app: Flask, program: Served) -> None:
    said = answers(narrative="Hôm nay ở khoa tôi có chuyện này. " * 20)
    forms = [{**said, "case": secrets.token_hex(16), "receipt": receipt.draw()} for _ in range(240)]
    requests = [
        request("POST", "/thu/gui", program.port, urlencode(form, doseq=True).encode(), FORM)
        for form in forms
    ]
    load, lost = _kept(app, requests, program)
    _line("report without scripts, 240 by 16 clients", f"{_said(load)}, {lost} lost", "≥ 40/s, 0 lost")


def _kept(app: Flask, requests: list[bytes], program: Served) -> tuple[Load, int]:
    def count() -> int:
        with app.app_context(), db.reading() as session:
            return session.scalar(select(func.count()).select_from(CaseFile)) or 0

    before = count()
    load = once_each(program.port, requests, clients=CLIENTS)
    return load, len(requests) - (count() - before)


def _answers(app: Flask, program: Served, round_id: str, cards: list[str]) -> None:
    path = f"/khao-sat/{round_id}"
    page = request("GET", path, program.port)
    said = first_answers("before")
    forms = [urlencode({**said, "card": card}, doseq=True).encode() for card in cards]
    pairs = [(page, request("POST", path, program.port, form, FORM)) for form in forms]
    shared = [list(chain.from_iterable(pairs[place::CLIENTS])) for place in range(CLIENTS)]
    load = clients.in_turn(program.port, shared)
    lost = len(cards) - len(kept(app, round_id))
    posts = Load(len(pairs), load.bad, load.seconds, load.times[1::2])
    _line(
        "survey response: page and answers, 16 clients",
        f"{_said(posts)}, {lost} lost",
        "≥ 150/s, p95 ≤ 200 ms",
    )


def _memory(program: Served) -> None:
    for path in ("/thu", "/", "/hop-thu", "/khao-sat/", "/dang-nhap"):
        over_and_over(program.port, request("GET", path, program.port), clients=CLIENTS, seconds=1)
    sizes = sorted(_megabytes(pid) for pid in program.pids()[1:])[-2:]
    measured = ", ".join(f"{size:.0f} MB" for size in sizes)
    _line("memory of each page worker after all this", measured, "≤ 150 MB")


def _megabytes(pid: int) -> float:
    words = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", words)
    return int(found.group(1)) / 1000 if found else 0.0


def _effects() -> None:
    """From coded answers to every figure. A million answers are drawn from 2,000 different people, to spare memory."""
    for responses, different, most in ((100_000, 50_000, "≤ 1 s"), (1_000_000, 2_000, "≤ 5 s")):
        waves, pairs, questions = _people(responses, different)
        packing, sent = _timed(lambda: _sent(waves, pairs, questions))  # noqa: B023  (called at once)
        counting = _child_seconds(sent)
        _line(f"effect report of {responses:,} responses", f"{packing + counting:.2f} s", most)
        _line("  of that packing in the worker / all of the child", f"{packing:.2f} / {counting:.2f} s", "")


def _people(responses: int, different: int) -> tuple[list[Any], list[tuple[int, int]], Any]:
    from survey.questionnaire import load as load_questions

    questions = load_questions()
    draw = random.Random(1)
    waves = [
        [_invented(questions.items(wave), draw) for _ in range(different)] * (responses // 2 // different)
        for wave in ("before", "after")
    ]
    return waves, [(place, place) for place in range(responses // 5)], questions


def _sent(waves: list[Any], pairs: list[tuple[int, int]], questions: Any) -> bytes:
    """What a worker hands to the child."""
    from survey.effects.packing import packed, pairs_to_text

    before, after = (packed(questions, wave).to_json() for wave in waves)
    asked = {"before": before, "after": after, "pairs": [pairs_to_text(pairs)]}
    return json.dumps({"questionnaire": questions.to_json(), **asked}).encode()


def _child_seconds(sent: bytes) -> float:
    """A new process, its libraries, counting and every figure, as a custodian waits for it."""
    from core import heavy

    seconds, told = _timed(lambda: heavy._child("survey.effects:count_job", sent, None, 120))
    heavy._answer(told)
    return seconds


def _invented(items: object, draw: random.Random) -> dict[str, str | list[str]]:
    said: dict[str, str | list[str]] = {}
    for item in items:  # type: ignore[attr-defined]
        if item.choices and item.measure.kind != "linkage":
            chosen = draw.choice(item.choices).code
            said[item.code] = [chosen] if item.kind == "many" else chosen
    return said


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


if __name__ == "__main__":
    main()
