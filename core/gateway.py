"""Between the server and the pages: a request is read whole before anybody works on it, and never to a disk.

A page is made by one of a few threads. Were a thread taken when a request begins, a dozen visitors who send
one byte a minute would close the letter box for everybody (decision 0007). So requests are received without
any thread, in memory, within a time and a size; only then does a thread make the page, as plain WSGI.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from core import disk, quiet
from core.spool import Nowhere, Spool

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

BODY_SECONDS: Final = 90
"""A letter of 16 KiB takes a minute on the slowest telephone line anybody still has."""
DRAIN: Final = 8
"""So many times the limit is read and thrown away, so that a browser hears why instead of a broken line."""
LAST_SECONDS: Final = 3
"""Requests under way when the server is asked to end may take so long."""
STEP_SECONDS: Final = 30
"""A thread that sends a long answer waits so long for the other side to take one piece of it."""


UPLOAD_GRACE: Final = 30
"""Seconds before a large body's pace is looked at."""
UPLOAD_PACE: Final = 8_192
"""Bytes a second a large body must bring on average: 25 MB then take at most 51 minutes."""
UPLOAD_PLACES: Final = 16
"""Large bodies one process receives at once; those beyond are asked to come again in a minute."""

NO_ROOM: Final = "centre.no_room"
"""In the environment of a request whose large body was read and thrown away: the disk has no room for it."""
COPIES: Final = 4
"""So many times its length a large body may take: the spool, two copies that are kept, and the journal's."""

LARGE_PAGES: Final = 2
"""Large bodies worked on at once in a process: whatever comes in files, most threads stay for letters."""
_FULL: Final = (
    "Đang có nhiều tệp được gửi. Bạn quay lại và thử sau một phút; thư của bạn vẫn nguyên. Nếu gấp: gọi 113, 115, 111.\n\n"
    "Many files are being sent. Please go back and try again in a minute; your letter is untouched. "
    "If it is urgent: call 113, 115 or 111.\n"
).encode()
_FULL_HEADERS: Final = [
    ("content-type", "text/plain; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("connection", "close"),
    ("retry-after", "60"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """Bodies that may be larger than a form's: to which paths (how they end), how large, and where they wait, sealed.

    reserve_megabytes: room on that disk which is not theirs.
    """

    ends: str
    limit: int
    folder: Path
    reserve_megabytes: int = 0

    def meant(self, environ: dict[str, Any]) -> bool:
        """Whether a request may bring a large body."""
        path, kind = environ["PATH_INFO"], environ.get("CONTENT_TYPE", "")
        return environ["REQUEST_METHOD"] == "POST" and path.endswith(self.ends) and "multipart/" in kind

    def has_room(self, length: int) -> bool:
        """Whether a body of so many bytes, or of the limit where nobody says how many, leaves the reserve alone."""
        try:
            disk.require_room(
                self.folder, COPIES * (length or self.limit), reserve_megabytes=self.reserve_megabytes
            )
        except disk.NoRoom:
            return False
        return True


class Full(Exception):
    """All places for large bodies are taken; nothing of this one was read."""


class TooSlow(Exception):
    """A request did not arrive within its time; nothing of it was kept."""


class Gone(Exception):
    """The visitor left before the request was complete; nothing of it was kept."""


class Gateway:
    """A WSGI application behind the server's own interface (RSGI)."""

    def __init__(
        self,
        app: Wsgi,
        *,
        threads: int,
        limit: int,
        large: Large | None = None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._large = large
        self._receiving = 0
        self._turn = asyncio.Semaphore(LARGE_PAGES)
        self._limit = limit
        self._end = end
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self._busy = 0

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """The server ends this process: requests under way are finished, then it is gone at once.

        Left to end by itself, Python would take itself apart while the server's own threads still run, and they
        would abort with a page of noise.
        """
        end = loop.time() + LAST_SECONDS
        while self._busy and loop.time() < end:
            loop.run_until_complete(asyncio.sleep(0.01))
        self._end()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.proto != "http":
            return
        environ = environ_of(scope)
        spool: Spool | Nowhere | None = None
        try:
            if self._large and self._large.meant(environ) and _length(environ) <= self._large.limit:
                spool = await self._receive_large(self._large, environ, protocol)
            else:
                body, whole = await self._receive(environ, protocol)
        except TooSlow:
            protocol.response_empty(408, [("connection", "close")])
            return
        except Full:
            protocol.response_bytes(503, _FULL_HEADERS, _FULL)
            return
        except Gone:
            return
        if spool:
            environ["CONTENT_LENGTH"] = str(spool.size)
            environ["wsgi.input"] = spool.reader()
            try:
                async with self._turn:
                    await self._hand_over(environ, protocol)
            finally:
                spool.close()
            return
        # Whole, or too long: then the page sees a length beyond its limit and answers in its own words.
        environ["CONTENT_LENGTH"] = str(len(body) if whole else self._limit + 1)
        environ["wsgi.input"] = io.BytesIO(body)
        await self._hand_over(environ, protocol)

    async def _hand_over(self, environ: dict[str, Any], protocol: Any) -> None:
        """Have a thread make the page."""
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        loop = asyncio.get_running_loop()
        self._busy += 1
        try:
            await loop.run_in_executor(self._threads, self._answer, environ, protocol, loop)
        finally:
            self._busy -= 1

    async def _receive_large(self, large: Large, environ: dict[str, Any], protocol: Any) -> Spool | Nowhere:
        """A large body, sealed on the disk piece by piece. Raises `TooSlow`, `Gone` or `Full`.

        What is beyond the limit is read no further; the page then sees a length it refuses. Where the disk has no
        room nothing is kept: it is read all the same, so that a browser hears why instead of a broken line.
        """
        if self._receiving >= UPLOAD_PLACES:
            raise Full
        self._receiving += 1
        environ[NO_ROOM] = not large.has_room(_length(environ))
        spool = Nowhere() if environ[NO_ROOM] else Spool(large.folder)
        try:
            await _fill(spool, large.limit, protocol)
        except BaseException:
            spool.close()
            raise
        finally:
            self._receiving -= 1
        return spool

    async def _receive(self, environ: dict[str, Any], protocol: Any) -> tuple[bytes, bool]:
        """The body, and whether that is all of it. Raises `TooSlow` or `Gone`."""
        if (
            not _length(environ)
            and "HTTP_TRANSFER_ENCODING" not in environ
            and environ["REQUEST_METHOD"] in _BARE
        ):
            return b"", True
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in protocol:
                    size += len(piece)
                    if size <= self._limit:
                        pieces.append(piece)
                    else:
                        pieces.clear()
                    if size > self._limit * DRAIN:
                        break
        except TimeoutError as error:
            raise TooSlow from error
        except Exception as error:
            raise Gone from error
        return b"".join(pieces), size <= self._limit

    def _answer(self, environ: dict[str, Any], protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._make(environ, protocol, loop)
        except Exception as error:  # noqa: BLE001
            # Left to the server, it would be printed with its message.
            quiet.report(error)
            with contextlib.suppress(Exception):
                protocol.response_empty(500, [])

    def _make(self, environ: dict[str, Any], protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        head: list[Any] = [500, []]

        def start(
            status: str, headers: list[tuple[str, str]], _error: Any = None
        ) -> Callable[[bytes], object]:
            head[:] = [int(status[:3]), [(name.lower(), value) for name, value in headers]]
            return _no_writing

        parts = self._app(environ, start)
        try:
            if any(name == "content-length" for name, _ in head[1]):
                protocol.response_bytes(head[0], head[1], b"".join(parts))
            else:
                _stream(parts, protocol.response_stream(head[0], head[1]), loop)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()


async def _fill(spool: Spool | Nowhere, limit: int, protocol: Any) -> None:
    loop, pieces = asyncio.get_running_loop(), aiter(protocol)
    begun = loop.time()
    while True:
        try:
            async with asyncio.timeout(UPLOAD_GRACE):
                piece = await anext(pieces)
        except StopAsyncIteration:
            break
        except TimeoutError as error:
            raise TooSlow from error
        except Exception as error:
            raise Gone from error
        spool.write(piece)
        took = loop.time() - begun
        if took > UPLOAD_GRACE and spool.size < took * UPLOAD_PACE:
            raise TooSlow
        if spool.size > limit:
            break
    spool.done()


_BARE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def environ_of(scope: Any) -> dict[str, Any]:
    """The request as WSGI names it. Nothing of this machine's environment stands in it."""
    host, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": _UNHEARD,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        _put_header(environ, name, value)
    return environ


def _put_header(environ: dict[str, Any], name: str, value: str) -> None:
    # X_Forwarded_For would look like the header that only the proxy may send.
    if "_" in name:
        return
    key = name.upper().replace("-", "_")
    if key not in {"CONTENT_LENGTH", "CONTENT_TYPE"}:
        key = f"HTTP_{key}"
    if key in environ and key != "HTTP_HOST":
        environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
    else:
        environ[key] = value


def _length(environ: dict[str, Any]) -> int:
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _stream(parts: Iterable[bytes], transport: Any, loop: asyncio.AbstractEventLoop) -> None:
    for part in parts:
        if part:
            asyncio.run_coroutine_threadsafe(_send(transport, part), loop).result(STEP_SECONDS)


async def _send(transport: Any, part: bytes) -> None:
    await transport.send_bytes(part)


def _no_writing(_data: bytes) -> object:
    raise NotImplementedError("pages return their bytes")


class _Unheard(io.StringIO):
    """What a page would write to the server's error stream goes nowhere: core/quiet.py writes the log."""

    def write(self, text: str) -> int:
        return len(text)


_UNHEARD: Final = _Unheard()
