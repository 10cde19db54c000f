"""A client that costs little: many kept-open connections, each asking one thing after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and how long it took in seconds."""

    status: int
    body: bytes
    seconds: float
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Many answers and the time they took together."""

    answers: Sequence[Answer]
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answers) / self.seconds

    @property
    def p95(self) -> float:
        """The time within which 95 of 100 answers came, in milliseconds."""
        return quantiles([one.seconds for one in self.answers], n=20)[-1] * 1000

    def of(self, *statuses: int) -> int:
        """How many answers had one of these statuses."""
        return sum(one.status in statuses for one in self.answers)


def get(path: str, *, packed: bool = True) -> bytes:
    """The bytes of a page request."""
    accept = "Accept-Encoding: gzip\r\n" if packed else ""
    return f"GET {path} HTTP/1.1\r\nHost: centre\r\n{accept}\r\n".encode()


def post(path: str, data: object, kind: str = "application/x-www-form-urlencoded") -> bytes:
    """The bytes of a form, as a page of this server would send it."""
    body = data if isinstance(data, bytes) else urlencode(data, doseq=True).encode()  # type: ignore[arg-type]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: centre\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask(port: int, requests: Sequence[bytes], *, clients: int = 16) -> Run:
    """Send all requests over so many connections, each as soon as its connection is free."""
    return asyncio.run(_ask(port, requests, clients))


async def _ask(port: int, requests: Sequence[bytes], clients: int) -> Run:
    waiting = iter(requests)
    began = time.perf_counter()
    done = await asyncio.gather(*(_client(port, waiting) for _ in range(clients)))
    return Run(answers=[one for many in done for one in many], seconds=time.perf_counter() - began)


async def _client(port: int, waiting: Iterator[bytes]) -> list[Answer]:
    answers = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    for request in waiting:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        answers.append(
            Answer(
                status=int(head[9:12]),
                body=body,
                seconds=time.perf_counter() - began,
                received=len(head) + len(body),
            )
        )
    writer.close()
    return answers


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(b"content-length:") + 15
    return int(lower[start : lower.index(b"\r\n", start)])
