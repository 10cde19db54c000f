"""How long twenty reports take while one source sends ten thousand requests, beside P11's two seconds each."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench.clients import in_turn, request
from tests.servers import Served
from tests.wires import Wire

NOISE, LINES, REPORTERS = 10_000, 8, 20


def measure(program: Served, line: Callable[[str, str, str], None]) -> None:
    """Print the slowest of the twenty; each writes, checks and sends a letter."""
    page = request("GET", "/thu", program.port)
    with ThreadPoolExecutor(REPORTERS + 1) as people:
        noise = people.submit(in_turn, program.port, [[page] * (NOISE // LINES)] * LINES)
        time.sleep(1)  # the noise is under way
        took = sorted(people.map(lambda _: _one(program), range(REPORTERS)))
        went_on = not noise.done()
        load = noise.result()
    line(
        f"twenty reports amid {load.good + load.bad:,} requests",
        f"slowest {took[-1]:.2f} s, {load.rate:,.0f}/s of noise{'' if went_on else ', noise over'}",
        "all kept, each ≤ 2 s",
    )


def _one(program: Served) -> float:
    begun = time.perf_counter()
    with Wire(program.url) as wire:
        wire.writes()
    return time.perf_counter() - begun
