"""P1 for uploads, and their weight: nothing of a file in clear on a disk, no worker that grows with it."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from PIL import Image

from core import memory
from core.access import Role
from intake.keys.founding import Founded
from tests.letters import hidden
from tests.promises.test_p01_nothing_in_clear_on_disk import TEMPORARY, Watch, traced, watching
from tests.sealing_files import HERE, Bringing
from tests.servers import Served
from tests.wires import Wire

pytestmark = pytest.mark.embedded
MEGABYTES = 25


def a_large_film(canary: bytes) -> bytes:
    """25 MB that no compression makes small, with a canary every quarter of a megabyte."""
    piece = os.urandom(250_000 - len(canary)) + canary
    return b"\x00\x00\x00\x18ftypmp42" + (piece * (4 * MEGABYTES))[: MEGABYTES * 1_000_000 - 12]


def a_picture(folder: Path, canary: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = canary
    Image.effect_noise((900, 700), 60).save(folder / "p.jpg", exif=exif, quality=95)
    body = (folder / "p.jpg").read_bytes()
    (folder / "p.jpg").unlink()
    return body


def resident(pids: list[int]) -> int:
    """Bytes that the processes hold in memory now."""
    return sum(
        int(line.split()[1]) * 1024
        for pid in pids
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmRSS")
    )


@pytest.fixture
def highest(served: Served) -> Iterator[list[int]]:
    """The most that each of the server's processes held, looked at all the time; its children not counted."""
    pids, stop = served.pids(), threading.Event()
    most = [resident([pid]) for pid in pids]

    def look() -> None:
        while not stop.wait(0.005):
            for place, pid in enumerate(pids):
                most[place] = max(most[place], resident([pid]))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    yield most
    stop.set()
    looking.join()


def file_form(wire: Wire, receipt: str) -> dict[str, str]:
    page = wire.post("/hop-thu/them-tep", {"receipt": receipt}).text
    return {"receipt": receipt, "file_id": hidden(page, "file_id")}


def test_a_worker_grows_by_less_than_10_mb_for_a_file_of_25_sealed_here_or_in_a_browser(
    app: Flask, served: Served, centre: Founded, highest: list[int]
) -> None:
    """Usually by 2 MB. A worker may draw other memory in that moment, so one of three letters has to be enough."""
    film = a_large_film(b"")
    grown: list[int] = []
    while not grown or (min(grown) >= 10_000_000 and len(grown) < 3):
        grown.append(_grown_by(film, app, served, highest))
    assert min(grown) < 10_000_000, grown


def _grown_by(film: bytes, app: Flask, served: Served, highest: list[int]) -> int:
    with Wire(served.url) as wire:
        _, receipt = wire.writes(narrative="…")

        def ask(where: str, body: bytes) -> tuple[int, dict[str, Any]]:
            answer = wire.send(HERE + where, body)
            return answer.status, json.loads(answer.text)

        small = wire.upload("/hop-thu/tep", file_form(wire, receipt), {"tep": b"OggS" + bytes(300_000)})
        assert small.status == 200
        assert Bringing.of(app, receipt, ask).brings(b"OggS" + bytes(300_000))[0] == 200
        before = list(highest)
        big = wire.upload("/hop-thu/tep", file_form(wire, receipt), {"tep": film})
        assert big.status == 200, big.text[:500]
        assert "Đã nhận tệp" in big.text
        sealed = Bringing.of(app, receipt, ask, kind="mp4")
        assert sealed.brings(film, film) == (200, {"kept": True, "room": 1})
    return max(after - then for after, then in zip(highest, before, strict=True))


def test_no_byte_of_a_file_or_of_what_it_hides_is_written_in_clear(
    served: Served, centre: Founded, tmp_path: Path
) -> None:
    begun, trace = time.time() - 1, tmp_path / "trace"
    with watching(served) as watch, traced(served, trace) as exact:
        _everything_goes_through(watch, served, centre, tmp_path)
    if exact:
        written = watch.read_trace(trace)
        assert written > 5
        trace.unlink()
    watch.look()
    watch.sweep(served.instance, memory.folder(served.instance), newer_than=0)
    watch.sweep(*TEMPORARY - {tmp_path}, newer_than=begun)
    watch.search("the server's own log", served.log.read_bytes())
    assert not watch.found


def _everything_goes_through(watch: Watch, served: Served, centre: Founded, folder: Path) -> None:
    with Wire(served.url) as wire, Wire(served.url) as desk:
        case_id, receipt = wire.writes(narrative="…")
        picture = a_picture(folder, watch.canary())
        film = a_large_film(watch.canary().encode())[:3_000_000]
        for body in (picture, film, b"MZ" + watch.canary().encode() * 20_000):
            sent = wire.upload("/hop-thu/tep", file_form(wire, receipt), {"tep": body})
            assert sent.status in {200, 415}
        desk.signs_in(centre.of(Role.HANDLER)[0])
        page = desk.get(f"/lam-viec/{case_id}/tep").text
        row = int(page.split(f"/lam-viec/{case_id}/tep/")[1].split('"')[0].split("/")[0])
        got = desk.post(f"/lam-viec/{case_id}/tep/{row}", {"csrf_token": desk.token()})
        assert got.status == 200


def test_an_upload_of_10_gb_is_refused_early_by_what_it_says_and_by_what_it_brings(served: Served) -> None:
    """Said beforehand: answered after a few megabytes. Not said: cut off just after the limit."""
    head = {"Origin": served.url, "Content-Type": "multipart/form-data; boundary=x"}
    for more in ({"Content-Length": str(10 * 10**9)}, {"Transfer-Encoding": "chunked"}):
        line = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=30)
        line.putrequest("POST", "/hop-thu/tep")
        for name, value in (head | more).items():
            line.putheader(name, value)
        line.endheaders()
        sent, piece = (
            0,
            b'--x\r\nContent-Disposition: form-data; name="tep"; filename="a"\r\n\r\n' + bytes(65_000),
        )
        begun = time.monotonic()
        try:
            while sent < 200_000_000:
                line.send(
                    f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if "Transfer-Encoding" in more else piece
                )
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            line.close()
        assert sent < 60_000_000, f"{sent} bytes were taken"
        assert time.monotonic() - begun < 20
