"""Files with scripts on: sealed in the browser, no canary in any request, and both doors of the desk open them."""

from __future__ import annotations

import hashlib
import io
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page, Route, expect

from core.sealing import SharedKey
from intake.files.kinds import kind_of
from intake.files.stream import CHUNK, SEALED_CHUNK, Stream, chunks_for, seal_stream
from intake.keys.founding import Founded
from intake.seal import receipt
from tests import factories
from tests.intake.test_files import (
    BODIES,
    CANARY,
    a_paper,
    a_picture,
    copy_of,
    holds_canary,
    listed,
    original_of,
)
from tests.journeys.sealing import Writer
from tests.letters import Handler, Reporter, desks

Look = Callable[[Page], None]

pytestmark = pytest.mark.browser


@pytest.fixture
def centre(app: Flask) -> Iterator[Founded]:
    with factories.cheap_locks():
        yield factories.found_centre(app)


@pytest.fixture
def handlers(app: Flask, centre: Founded) -> list[Handler]:
    return desks(app, centre)


@pytest.fixture
def returning(visitor: BrowserContext, app: Flask, centre: Founded) -> Writer:
    """Somebody who wrote a letter and comes back with the receipt."""
    writing = Reporter(app)
    writing.writes()
    return Writer(visitor, app, receipt=writing.receipt)


def payload(name: str, body: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": body}


def adds_files(returning: Writer) -> Page:
    """Open the mailbox in the browser, and the panel for files in it."""
    page = returning.page
    page.goto("/hop-thu")
    expect(page.get_by_text("Mã thư không rời khỏi máy của bạn.")).to_be_visible()
    page.fill("#receipt", receipt.shown(returning.receipt))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Thêm tệp").click()
    expect(page.get_by_role("heading", name="Ảnh, ghi âm, tài liệu")).to_be_focused()
    return page


def test_a_picture_and_a_paper_are_sealed_here_and_open_at_the_desk(
    returning: Writer, app: Flask, centre: Founded, handlers: list[Handler], assert_accessible: Look
) -> None:
    picture, paper = a_turned_picture() + bytes(600_000), a_paper()
    page = adds_files(returning)
    page.set_input_files(
        "#tep",
        [
            payload(f"{CANARY}.jpg", picture),
            payload("don.pdf", paper),
            payload("may.exe", b"MZ program"),
            payload("trong.jpg", b""),
            payload("hong.jpg", b"\xff\xd8\xff broken"),
        ],
    )
    rows = page.locator(".files li")
    expect(rows.nth(0)).to_contain_text("Người tiếp nhận mở bản sạch")
    expect(rows.nth(1)).to_contain_text("Chỉ mở được khi hai người cùng mở")
    expect(rows.nth(2)).to_contain_text("Chỉ nhận ảnh, ghi âm")
    expect(rows.nth(3)).to_contain_text("Tệp này trống")
    expect(rows.nth(4)).to_contain_text("không làm được bản sạch")
    expect(page.get_by_role("button", name="Thêm tệp theo cách khác")).to_be_visible()
    rows.nth(4).get_by_role("button", name="Bỏ tệp này").click()
    assert_accessible(page)
    lost: list[str] = []

    def the_line_breaks(route: Route) -> None:
        """Once before a chunk arrives, and once after: then the browser does not know that it did."""
        lost.append(route.request.url)
        if len(lost) == 4:
            route.fetch()
        if len(lost) in {1, 4}:
            return route.abort("connectionreset")
        return route.continue_()

    page.route("**/tep-niem-phong/manh", the_line_breaks)
    page.get_by_role("button", name="Niêm phong và gửi").click()
    expect(page.get_by_role("heading", name="Tệp đã đến")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-room]")).to_have_text("3")
    expect(rows.nth(0)).to_contain_text(hashlib.sha256(picture).hexdigest())
    (line,) = handlers[0].cases()
    first, second = listed(app, handlers[0], line.case_id)
    assert (first.kind.code, first.sha256, bool(first.clean)) == (
        "jpg",
        hashlib.sha256(picture).hexdigest(),
        True,
    )
    assert (second.kind.code, second.size, second.clean) == ("pdf", len(paper), None)
    clean = copy_of(app, handlers[0], line.case_id, first.row)
    assert not holds_canary(clean)
    assert Image.open(io.BytesIO(clean)).size == (40, 60)  # upright, though what said so is gone
    assert original_of(app, centre, handlers[0], line.case_id, first.row) == picture
    assert original_of(app, centre, handlers[0], line.case_id, second.row) == paper
    nothing_leaves(returning)
    page.fill("#message", "Tôi đã gửi ảnh.")
    page.get_by_role("button", name="Gửi tin").click()
    expect(page.get_by_text("Tin của bạn đã đến")).to_be_visible()
    expect(rows.nth(0)).to_be_visible()  # the panel stays where the screen around it is made anew
    assert handlers[0].opens(line.case_id).entries[-1].text == "Tôi đã gửi ảnh."
    page.get_by_role("button", name="Thêm tệp theo cách khác").click()
    page.get_by_role("button", name="Niêm phong trên máy này").click()  # the other way offers this one again
    expect(page.get_by_text("Chọn một hay nhiều tệp")).to_be_visible()
    expect(page.locator("input[name=tep]")).to_have_count(0)


def a_turned_picture() -> bytes:
    """As a phone held upright keeps it: 60 by 40, and a note that it is to be turned."""
    with Image.open(io.BytesIO(a_picture())) as picture:
        exif, out = picture.getexif(), io.BytesIO()
        exif[0x0112] = 6
        picture.save(out, format="JPEG", exif=exif)
    assert holds_canary(out.getvalue())
    return out.getvalue()


def nothing_leaves(returning: Writer) -> None:
    """No canary and no receipt in any request, and one size for every body of a kind."""
    everything = b"".join(url.encode() + body for _method, url, body in returning.sent)
    assert not holds_canary(everything)
    assert b"don.pdf" not in everything
    assert returning.receipt.encode() not in everything
    assert receipt.shown(returning.receipt).encode() not in everything
    sizes: dict[str, set[int]] = {}
    for method, url, body in returning.sent:
        if method == "POST" and "/tep-niem-phong/" in url:
            sizes.setdefault(url.rsplit("/", 1)[1], set()).add(len(body))
    assert {len(found) for found in sizes.values()} == {1}, sizes
    assert sizes["manh"] == {1 + 32 + 16 + 1 + 4 + SEALED_CHUNK}


def test_the_browser_makes_the_server_s_chunks_knows_its_kinds_and_trusts_no_noise(
    visitor: BrowserContext,
) -> None:
    page = visitor.new_page()
    page.goto("/hop-thu")
    script = re.search(r'data-script="([^"]+files\.js)"', page.content())
    assert script
    size = 2 * CHUNK + 7
    found = page.evaluate(
        """async ([address, size, heads, png]) => {
          const script = await import(address);
          const body = new Uint8Array(size).map((_, at) => at % 251);
          const where = { caseId: "a".repeat(32), fileId: "f".repeat(32), copy: "clean", raw: new Uint8Array(32).fill(107) };
          const stream = await script.streamOf(new Blob([body]), where);
          const hashes = [];
          for (let at = 0; at < stream.chunks; at += 1) {
            const sealed = await script.sealChunk(stream, at);
            const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", sealed));
            hashes.push(Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
          }
          const classes = [];
          for (let count = 1; count < 400; count += 1) classes.push(script.chunksFor(count * 262144 - 5));
          const kinds = heads.map((head) => script.kindOf(Uint8Array.from(atob(head), (one) => one.charCodeAt(0)), 99999));
          const picture = new Blob([Uint8Array.from(atob(png), (one) => one.charCodeAt(0))]);
          const drawn = await script.drawnAnew(picture, "png", 1e6);
          const clean = Array.from(new Uint8Array(await drawn.blob.arrayBuffer()), (one) => String.fromCharCode(one));
          const told = CanvasRenderingContext2D.prototype.getImageData;
          CanvasRenderingContext2D.prototype.getImageData = function (...where) {
            const found = told.apply(this, where);
            found.data.fill(77);
            return found;
          };
          const noise = await script.drawnAnew(picture, "png", 1e6);
          return { hashes, classes, kinds, clean: btoa(clean.join("")), noise };
        }""",
        [script.group(1), size, [_base64(head) for head in HEADS], _base64(a_picture("PNG"))],
    )
    body = bytes(at % 251 for at in range(size))
    stream = Stream(case_id="a" * 32, file_id="f" * 32, copy="clean", key=SharedKey(b"k" * 32))
    assert found["hashes"] == [hashlib.sha256(one).hexdigest() for one in seal_stream([body], size, stream)]
    assert found["classes"] == [chunks_for(count * CHUNK - 5) for count in range(1, 400)]
    there = [kind_of(head, 99_999) for head in HEADS]
    assert found["kinds"] == [kind.code if kind else "" for kind in there]
    assert len({kind.code for kind in there if kind}) > 15
    clean = b64decode(found["clean"])
    assert clean.startswith(b"\x89PNG")
    assert not holds_canary(clean)
    assert (
        found["noise"] is None
    )  # where a browser gives back noise there is no copy, rather than a false one


def _base64(head: bytes) -> str:
    return b64encode(head[:65_536]).decode()


HEADS = [
    *(make() for _, make in sorted(BODIES.items())),
    b"", b"MZ\x90\0", b"hello", b"<svg xmlns", b"GIF89a", b"OggS1234", b"fLaC", b"#!AMR\n", b"ID3\3", b"\x1aE\xdf\xa3",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"RIFF1234WEBP", b"RIFF1234WAVE", b"RIFF1234AVI ", b"RIFF1234xxxx",
    *(b"1234ftyp" + brand for brand in (b"heic", b"mif1", b"M4A ", b"qt  ", b"3gp5", b"isom")),
    b"\xff\xfb\x90\0", b"\xff\xf1\x50", b"PK\3\4" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.text",
    b"PK\3\4" + bytes(26) + b"[Content_Types].xml" + bytes(9) + b"xl/workbook.xml word/", b"PK\3\4" + bytes(26) + b"a.txt",
]  # fmt: skip
