"""`make bench`: the rows of the design's table that exist so far, with the load average beside them.

A centre is founded in memory-backed storage, served as `make run` serves it, and asked by one client process on
the same cores. Each figure is the median of RUNS runs.
"""

from __future__ import annotations

import gzip
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import serve
from app import create_app
from bench.line import Run, ask, get, post
from core import clock, memory
from core.access import Role
from core.config import Settings
from demo.centre import found_people, open_round, print_cards

ROOT = Path(__file__).parent.parent
RUNS = 3
LETTER = {
    "ack_limits": "yes",
    "danger_now": "no",
    "reporter_role": "self",
    "age_group": "18_59",
    "what_kind": ["threats"],
    "contact_mode": "mailbox",
    "narrative": "Tôi chỉ muốn có người biết. " * 20,
}


class Centre:
    """A served centre: where it answers, its open survey and the cards nobody has used."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(instance=folder, port=_free_port())
        self.app = create_app(self.settings)
        serve.make_ready(self.app)
        chance = random.Random(1)  # noqa: S311 - invented people
        with self.app.app_context():
            by = found_people(chance).of(Role.CAMPAIGNER)[0].identity
            today = clock.today()
            self.cards = iter(print_cards(by, today.year, 2000) + print_cards(by, today.year, 2000))
            last = today + timedelta(days=9)
            self.round_id = open_round(by, today.year, "before", today, last, 4000).id

    @property
    def port(self) -> int:
        return self.settings.port

    @contextmanager
    def answering(self) -> Iterator[int]:
        """The server's processes, as `make run` starts them; yields the pid of the first."""
        environment = os.environ | {"INSTANCE": str(self.settings.instance), "PORT": str(self.port)}
        server = subprocess.Popen(
            [sys.executable, "serve.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            _wait(f"http://127.0.0.1:{self.port}/healthz")
            yield server.pid
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    instance = folder / "instance"
    instance.mkdir(mode=0o700)
    try:
        centre = Centre(instance)
        with centre.answering() as pid:
            for measure in (report_page, letters, crowd, survey, weight):
                measure(centre)
            workers(centre, pid)
        effects()
        releases()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(memory.folder(instance), ignore_errors=True)
    return 0


# --- rows ----------------------------------------------------------------------------------------


def report_page(centre: Centre) -> None:
    runs = [ask(centre.port, [get("/thu")] * 6000) for _ in range(RUNS + 1)][1:]
    _row("report page, 16 clients", f"{_rate(runs):,.0f} requests/s, p95 {_p95(runs):.0f} ms", "≥ 1,500/s")


def letters(centre: Centre) -> None:
    runs = []
    for _ in range(RUNS):
        sent = ask(centre.port, _prepared(centre, 240))
        assert sent.of(200) == 240, [one.status for one in sent.answers if one.status != 200][:5]
        runs.append(sent)
    _row(
        "report without scripts", f"{_rate(runs):.0f}/s, p95 {_p95(runs):.0f} ms, 0 lost", "≥ 40/s, none lost"
    )


def crowd(centre: Centre) -> None:
    before = _cases(centre)
    ready = _prepared(centre, 1000)
    sent = ask(centre.port, ready, clients=200)
    late = [request for request, one in zip(ready, sent.answers, strict=True) if one.status != 200]
    kept = _cases(centre) - before
    _row("1,000 sent by 200 at once", f"{kept} kept, {len(late)} asked to try again", "none lost")


def survey(centre: Centre) -> None:
    path = f"/khao-sat/{centre.round_id}"
    runs = []
    for _ in range(RUNS):
        pages = ask(centre.port, [get(path)] * 600)
        sent = ask(centre.port, [post(path, _answers(next(centre.cards))) for _ in range(600)])
        assert sent.of(200) == 600, [one.status for one in sent.answers if one.status != 200][:5]
        slowest = sorted(
            zip(pages.answers, sent.answers, strict=True), key=lambda two: two[0].seconds + two[1].seconds
        )
        runs.append((600 / (pages.seconds + sent.seconds), sum(one.seconds for one in slowest[570]) * 1000))
    rate, p95 = (median(column) for column in zip(*runs, strict=True))
    _row("survey response, page and 23 answers", f"{rate:.0f}/s, p95 {p95:.0f} ms", "≥ 150/s, p95 ≤ 200 ms")


def weight(centre: Centre) -> None:
    for name, path in (
        ("report", "/thu"),
        ("survey", f"/khao-sat/{centre.round_id}"),
        ("mailbox", "/hop-thu"),
    ):
        for scripts, limit in ((False, 25), (True, 60)):
            size, count = _first_visit(centre, path, scripts=scripts)
            with_scripts = "with scripts" if scripts else "without"
            _row(
                f"first visit, {name}, {with_scripts}",
                f"{size / 1000:.1f} kB, {count} requests",
                f"≤ {limit} kB, ≤ 5",
            )


def workers(centre: Centre, pid: int) -> None:
    mixed = [get("/thu"), get(f"/khao-sat/{centre.round_id}"), get("/"), get("/hop-thu"), get("/en/thu")]
    ask(centre.port, mixed * 2000)
    largest = max(_resident(child) for child in _children(pid))
    _row("memory of a page worker after 10,000 more", f"{largest / 1024:.0f} MB", "≤ 150 MB")


def effects() -> None:
    from survey import effects as effect
    from survey.questionnaire import load

    questionnaire = load()
    chance = random.Random(2)  # noqa: S311 - invented answers
    waves = [[_coded(questionnaire, chance, lift) for _ in range(50_000)] for lift in (0.0, 0.1)]
    pairs = [(place, place) for place in range(40_000)]
    began = time.perf_counter()
    joint = effect.freeze(pairs, waves[0], waves[1], questionnaire)
    frozen = time.perf_counter() - began
    effect.effects(joint)
    began = time.perf_counter()
    effect.effects(joint)
    seconds = time.perf_counter() - began
    _row(
        "effect report, 100,000 responses, 23 items",
        f"{seconds:.2f} s (frozen once in {frozen:.1f} s)",
        "≤ 1 s",
    )


def releases() -> None:
    from board.catalogue import CATALOGUE
    from board.releasing import wanted
    from core.disclosure import protect
    from intake import tally

    chance = random.Random(3)  # noqa: S311 - invented cases
    tables = wanted(CATALOGUE)
    dims = {dim: categories for table in tables for dim, categories in table.dims.items()}
    counts = sorted({table.counts for table in tables})
    cells = {
        f"{number:032x}": {dim: chance.choice(categories) for dim, categories in dims.items()}
        | {"counts": chance.choice(counts)}
        for number in range(10_000)
    }
    began = time.perf_counter()
    protect(tally.tabulate(cells, tables=tables, release="2026-09-30"), ())
    _row("tables of 10,000 cases protected and audited", f"{time.perf_counter() - began:.1f} s", "≤ 10 s")


# --- small parts ---------------------------------------------------------------------------------


def _row(what: str, figure: str, goal: str) -> None:
    load = os.getloadavg()[0]
    sys.stdout.write(f"{what:46} {figure:48} goal {goal:24} load {load:.1f}\n")
    sys.stdout.flush()


def _rate(runs: list[Run]) -> float:
    return median(run.rate for run in runs)


def _p95(runs: list[Run]) -> float:
    return median(run.p95 for run in runs)


def _prepared(centre: Centre, count: int) -> list[bytes]:
    """Letters that were checked and only need sending, each with its own id and receipt."""
    checked = ask(centre.port, [post("/thu", LETTER)] * count)
    return [post("/thu/gui", LETTER | _hidden(one.body.decode())) for one in checked.answers]


def _hidden(page: str) -> dict[str, str]:
    found = dict(re.findall(r'type="hidden" name="(case|receipt)" value="([^"]*)"', page))
    assert len(found) == 2, page[:300]
    return found


def _cases(centre: Centre) -> int:
    with centre.app.app_context(), centre.app.extensions["database"].reading() as session:
        return int(session.connection().exec_driver_sql("SELECT count(*) FROM case_file").scalar())


def _answers(card: str) -> dict[str, Any]:
    rated = {f"T{number}": "4" for number in range(1, 9)} | {f"C{number}": "3" for number in range(1, 7)}
    return {f"K{number}": "dung" for number in range(1, 9)} | rated | {"H1": ["113", "111"], "card": card}


def _coded(questionnaire: Any, chance: random.Random, lift: float) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for item in questionnaire.items("before"):
        codes = [choice.code for choice in item.choices]
        if item.measure.kind == "knowledge":
            answers[item.code] = item.measure.right if chance.random() < 0.6 + lift else chance.choice(codes)
        elif item.measure.kind in ("attitude", "confidence", "trust"):
            answers[item.code] = chance.choice(codes)
        elif item.measure.kind == "help":
            answers[item.code] = [code for code in codes if chance.random() < 0.4]
    return answers


def _first_visit(centre: Centre, path: str, *, scripts: bool) -> tuple[int, int]:
    """Bytes and requests of a browser that has never been here, as they travel."""
    page = ask(centre.port, [get(path)], clients=1).answers[0]
    html = gzip.decompress(page.body) if page.body[:2] == b"\x1f\x8b" else page.body
    wanted = set(re.findall(rb'(?:href|src)="(/tinh/[^"]+)"', html))
    if not scripts:
        wanted = {one for one in wanted if not one.endswith(b".js")}
    got = ask(centre.port, [get(one.decode()) for one in wanted], clients=1).answers
    # A page made for one person is not compressed on its way; what a browser would get is counted as it is.
    return page.received + sum(one.received for one in got), 1 + len(got)


def _children(pid: int) -> list[int]:
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [deeper for child in found for deeper in (child, *_children(child))]


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found.group(1)) if found else 0


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            urlopen(url, timeout=2).close()  # noqa: S310 - this machine's own server
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("bench: the server did not come up")


Measure = Callable[[Centre], None]

if __name__ == "__main__":
    sys.exit(main())
