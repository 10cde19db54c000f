"""Many clients at once: raw requests over connections that stay open, from processes of their own.

Made to cost as little as possible, since clients and server share the machine: a request is bytes, an answer
is read by its length and looked at no further than its status.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

PROCESSES = 2


@dataclass(frozen=True)
class Load:
    """What a load came to: answers with 2xx or 3xx, others, seconds, and each answer's time in milliseconds."""

    good: int
    bad: int
    seconds: float
    times: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds

    def percentile(self, share: float) -> float:
        """The time below which this share of all answers came, in milliseconds."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(
    method: str, path: str, port: int, body: bytes = b"", kind: str = "", *, gzip: bool = True
) -> bytes:
    """A request as it goes over the wire; forms carry an equal Origin."""
    heads = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    if gzip:
        heads.append("Accept-Encoding: gzip")
    if method == "POST":
        heads += [f"Origin: http://127.0.0.1:{port}", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
    return "\r\n".join(heads).encode() + b"\r\n\r\n" + body


def over_and_over(port: int, one: bytes, *, clients: int, seconds: float) -> Load:
    """Every client sends the same request as often as it can."""
    return _run(port, [[one]] * clients, until=seconds)


def once_each(port: int, every: Sequence[bytes], *, clients: int) -> Load:
    """Every request is sent once, shared among the clients, as fast as they are answered."""
    return _run(port, [list(every[place::clients]) for place in range(clients)], until=None)


def in_turn(port: int, plans: Sequence[Sequence[bytes]]) -> Load:
    """Every client has requests of its own, one after the other."""
    return _run(port, plans, until=None)


def _run(port: int, plans: Sequence[Sequence[bytes]], *, until: float | None) -> Load:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(_awake, range(PROCESSES * 4)))
        begun = time.perf_counter()
        parts = [pool.submit(_process, port, plans[place::PROCESSES], until) for place in range(PROCESSES)]
        answers = [answer for part in parts for answer in part.result()]
        seconds = time.perf_counter() - begun
    good = sum(status < 400 for status, _ in answers)
    return Load(good, len(answers) - good, seconds, tuple(took for _, took in answers))


def _awake(_: int) -> None:
    time.sleep(0.05)


def _process(port: int, plans: Sequence[Sequence[bytes]], until: float | None) -> list[tuple[int, float]]:
    with ThreadPoolExecutor(max(1, len(plans))) as threads:
        return [
            answer for part in threads.map(lambda plan: _client(port, plan, until), plans) for answer in part
        ]


def _client(port: int, plan: Sequence[bytes], until: float | None) -> list[tuple[int, float]]:
    answers = []
    end = time.perf_counter() + until if until is not None else 0.0
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            for one in plan:
                begun = time.perf_counter()
                line.sendall(one)
                status = _status(line)
                now = time.perf_counter()
                answers.append((status, (now - begun) * 1000))
            if until is None or time.perf_counter() > end:
                return answers


def _status(line: socket.socket) -> int:
    data = line.recv(65536)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += line.recv(65536)
    head = data[:end].lower()
    at = head.find(b"content-length:")
    left = int(head[at + 15 : head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None]) - (
        len(data) - end - 4
    )
    while left > 0:
        left -= len(line.recv(65536))
    return int(head[9:12])
