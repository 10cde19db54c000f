"""Files beside a letter: sealed in chunks, cleaned, opened as downloads, refused by what they are."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from docx import Document
from flask import Flask
from PIL import Image
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from core import db
from core.access import Denied, Role
from core.sealing import CannotOpen, SharedKey
from intake.cases import NoSuchCase
from intake.casework.casework import CaseDamaged
from intake.casework.names import HalfRefused
from intake.files import opening
from intake.files.kinds import kind_of
from intake.files.stream import CHUNK, SEALED_CHUNK, Stream, chunks_for, open_stream, seal_stream
from intake.keys.founding import Founded
from intake.models import CaseFile, FileChunk, StoredFile
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter, desks, hidden

pytestmark = pytest.mark.embedded
CANARY = "CanaryOfHoangYen7731 Nguyễn Thị"


# --- the stream -----------------------------------------------------------------------------------


def a_stream(copy: Any = "clean", case_id: str = "a" * 32) -> Stream:
    return Stream(case_id=case_id, file_id="f" * 32, copy=copy, key=SharedKey(b"k" * 32))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 7])
def test_a_stream_opens_to_the_same_bytes_and_shows_only_its_size_class(size: int) -> None:
    clear = (b"abcdefg" * (size // 7 + 1))[:size]
    chunks = list(seal_stream([clear[:10], clear[10:]], size, a_stream()))
    assert len(chunks) == chunks_for(size)
    assert {len(chunk) for chunk in chunks} == {SEALED_CHUNK}
    assert b"".join(open_stream(chunks, len(chunks), size, a_stream())) == clear


def test_size_classes_grow_by_half_at_most() -> None:
    found = [chunks_for(count * CHUNK) for count in range(1, 130)]
    assert sorted(set(found)) == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192]
    assert all(count <= got < 1.5 * count + 1 for count, got in enumerate(found, 1))


@pytest.mark.parametrize(
    "harm",
    [
        lambda chunks: [*chunks[:-1]],
        lambda chunks: [chunks[1], chunks[0], chunks[2]],
        lambda chunks: [chunks[0], chunks[0], chunks[2]],
        lambda chunks: [*chunks, chunks[-1]],
        lambda chunks: [chunks[0][:-1], *chunks[1:]],
        lambda chunks: [chunks[0], bytes([chunks[1][0] ^ 1]) + chunks[1][1:], chunks[2]],
        lambda chunks: [],
    ],
    ids=["cut off", "moved", "doubled", "longer", "truncated", "flipped", "empty"],
)
def test_a_stream_that_was_touched_does_not_open(harm: Any) -> None:
    size = 3 * CHUNK - 5
    chunks = list(seal_stream([bytes(size)], size, a_stream()))
    with pytest.raises(CannotOpen):
        list(open_stream(harm(chunks), 3, size, a_stream()))


def test_a_chunk_of_another_case_or_copy_does_not_open() -> None:
    chunks = list(seal_stream([b"x"], 1, a_stream()))
    for other in (a_stream("original"), a_stream(case_id="b" * 32)):
        with pytest.raises(CannotOpen):
            list(open_stream(chunks, 1, 1, other))


# --- kinds ----------------------------------------------------------------------------------------


def test_a_file_is_what_its_content_says_and_programs_are_not_taken() -> None:
    assert kind_of(a_picture(), 9).code == "jpg"  # type: ignore[union-attr]
    assert kind_of(a_letter(), 9).code == "docx"  # type: ignore[union-attr]
    for refused in (b"MZ\x90\0", b"\x7fELF", b"#!/bin/sh\n", b"<html><script>", b"<svg xmlns", b"hello", b""):
        assert kind_of(refused, len(refused)) is None
    assert kind_of(zipped({"a.exe": b"MZ"}), 9) is None


# --- bodies with a canary -------------------------------------------------------------------------


def a_picture(form: str = "JPEG") -> bytes:
    picture, exif, out = Image.new("RGB", (60, 40), "teal"), Image.Exif(), io.BytesIO()
    exif[0x010E] = exif[0x013B] = CANARY
    picture.save(out, format=form, exif=exif)
    return out.getvalue()


def a_paper() -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    made.docinfo["/Author"] = CANARY
    with made.open_metadata() as meta:
        meta["dc:creator"] = [CANARY]
    made.attachments["a.txt"] = CANARY.encode()
    made.save(out, compress_streams=False)
    return out.getvalue()


def a_letter() -> bytes:
    made, out = Document(), io.BytesIO()
    made.add_paragraph("Nội dung còn nguyên")
    made.core_properties.author = made.core_properties.comments = CANARY
    made.save(out)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in members.items():
            made.writestr(name, body)
    return out.getvalue()


def holds_canary(body: bytes) -> bool:
    """Whether the canary can be found anywhere: as it is, in two-byte letters, or in a part of a zip."""
    parts = [body]
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as opened:
            parts += [opened.read(name) for name in opened.namelist()]
    if body.startswith(b"%PDF"):
        with pikepdf.open(io.BytesIO(body)) as paper:
            out = io.BytesIO()
            paper.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
            parts.append(out.getvalue() + str(list(paper.objects)).encode())
    codings = ("utf-8", "utf-16-be", "utf-16-le")
    return any(CANARY.encode(coding)[:20] in part for part in parts for coding in codings)


BODIES = {"jpg": a_picture, "png": lambda: a_picture("PNG"), "pdf": a_paper, "docx": a_letter}


# --- the way through the pages --------------------------------------------------------------------


def door(reporter: Reporter) -> TestResponse:
    return reporter.client.post("/hop-thu/them-tep", data={"receipt": reporter.receipt})


def sends(reporter: Reporter, body: bytes, name: str = "a.bin", file_id: str = "") -> TestResponse:
    data = {"receipt": reporter.receipt, "file_id": file_id or hidden(door(reporter).text, "file_id")}
    # As bytes: the test client itself would keep a long form in a file, and forget to close it.
    kind, raw = _as_form(data, body, name)
    return reporter.client.post("/hop-thu/tep", data=raw, content_type=kind)


def _as_form(fields: Mapping[str, str], body: bytes, name: str) -> tuple[str, bytes]:
    """The kind and the bytes of a form with one file, as a browser sends it."""
    edge = "----" + secrets.token_hex(12)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="tep"; filename="{name}"\r\n'
    parts += [
        f"{head}Content-Type: application/octet-stream\r\n\r\n".encode(),
        body,
        f"\r\n--{edge}--\r\n".encode(),
    ]
    return f"multipart/form-data; boundary={edge}", b"".join(parts)


def kept(app: Flask) -> tuple[int, int]:
    with app.app_context(), db.reading() as session:
        files = session.scalar(select(func.count()).select_from(StoredFile))
        return files or 0, session.scalar(select(func.count()).select_from(FileChunk)) or 0


@pytest.fixture
def letter(reporter: Reporter) -> Reporter:
    assert reporter.writes(narrative="Có ảnh chụp tin nhắn.").status_code == 200
    return reporter


def listed(app: Flask, desk: Handler, case_id: str) -> list[opening.Listed]:
    with app.app_context(), db.writing() as session:
        return opening.files(session, desk.person.identity, desk.seed, case_id)


def copy_of(app: Flask, desk: Handler, case_id: str, row: int) -> bytes:
    with app.app_context():
        with db.writing() as session:
            found = opening.open_copy(session, desk.person.identity, desk.seed, case_id, row)
        return b"".join(found.pieces)


def original_of(app: Flask, centre: Founded, desk: Handler, case_id: str, row: int, whose: int = 0) -> bytes:
    custodian = Handler(app, centre.of(Role.CUSTODIAN)[whose])
    with app.app_context():
        with db.writing() as session:
            half = opening.lend_file_half(
                session, custodian.person.identity, custodian.seed, case_id, row, desk.person.person_id
            )
        with db.writing() as session:
            found = opening.open_original(session, desk.person.identity, desk.seed, case_id, row, half)
        return b"".join(found.pieces)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_the_canary_is_gone_from_the_copy_and_stands_in_the_original_byte_for_byte(
    app: Flask, centre: Founded, letter: Reporter, handlers: list[Handler], kind: str
) -> None:
    body = BODIES[kind]()
    assert holds_canary(body)
    page = sends(letter, body, f"{CANARY}.exe")
    assert page.status_code == 200, page.text
    (one,) = listed(app, handlers[0], letter.case_id)
    assert (one.kind.code, one.size, one.sha256) == (kind, len(body), hashlib.sha256(body).hexdigest())
    clean = copy_of(app, handlers[0], letter.case_id, one.row)
    assert not holds_canary(clean)
    assert kind_of(clean, len(clean)).code == kind  # type: ignore[union-attr]
    assert original_of(app, centre, handlers[0], letter.case_id, one.row) == body


def test_a_clean_document_still_says_what_it_said(
    app: Flask, letter: Reporter, handlers: list[Handler]
) -> None:
    sends(letter, a_letter())
    clean = copy_of(app, handlers[0], letter.case_id, listed(app, handlers[0], letter.case_id)[0].row)
    assert [line.text for line in Document(io.BytesIO(clean)).paragraphs] == ["Nội dung còn nguyên"]


def test_every_opening_of_a_file_is_counted_for_the_reporter(
    app: Flask, centre: Founded, letter: Reporter, handlers: list[Handler]
) -> None:
    sends(letter, a_picture())
    assert "Chưa ai mở thư" in letter.opens().text
    (one,) = listed(app, handlers[0], letter.case_id)
    copy_of(app, handlers[0], letter.case_id, one.row)
    original_of(app, centre, handlers[0], letter.case_id, one.row)
    counts = handlers[0].opens(letter.case_id).openings
    assert (counts["handler"], counts["custodian"]) == (3, 1)


def test_an_original_opens_for_no_handler_alone_and_for_nobody_else_s_half(
    app: Flask, centre: Founded, letter: Reporter, handlers: list[Handler]
) -> None:
    sends(letter, a_picture())
    (one,) = listed(app, handlers[0], letter.case_id)
    custodian = Handler(app, centre.of(Role.CUSTODIAN)[0])
    with app.app_context(), db.writing() as session:
        lent = (session, custodian.person.identity, custodian.seed, letter.case_id)
        half = opening.lend_file_half(*lent, one.row, handlers[1].person.person_id)
    for wrong in (half, b"", b"\1" * 200):
        with app.app_context(), db.writing() as session, pytest.raises(HalfRefused):
            mine = (session, handlers[0].person.identity, handlers[0].seed, letter.case_id)
            opening.open_original(*mine, one.row, wrong)
    with app.app_context(), db.writing() as session, pytest.raises(Denied):
        opening.open_copy(session, custodian.person.identity, custodian.seed, letter.case_id, one.row)


def test_a_struck_out_handler_and_custodian_open_no_file(
    app: Flask, centre: Founded, handlers: list[Handler]
) -> None:
    out = centre.of(Role.CUSTODIAN)[0]
    letter = Reporter(app)
    letter.writes([handlers[1].person, out], narrative="…")
    assert sends(letter, a_picture()).status_code == 200
    (one,) = listed(app, handlers[0], letter.case_id)
    with pytest.raises(NoSuchCase):
        copy_of(app, handlers[1], letter.case_id, one.row)
    with pytest.raises(NoSuchCase):
        original_of(app, centre, handlers[0], letter.case_id, one.row, whose=0)
    assert original_of(app, centre, handlers[0], letter.case_id, one.row, whose=1) == a_picture()


# --- bad input ------------------------------------------------------------------------------------


def bomb() -> bytes:
    return zipped({"[Content_Types].xml": b"x", "word/document.xml": bytes(250 * 2**20)})


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"MZ program", 415), (b"just text", 415), (zipped({"a.txt": b"a"}), 415)],
    ids=["empty", "program", "text", "zip"],
)
def test_what_is_not_taken_leaves_nothing_and_says_so_in_one_sentence(
    app: Flask, letter: Reporter, body: bytes, status: int
) -> None:
    page = sends(letter, body, "photo.jpg")
    assert page.status_code == status
    assert "Tệp chưa được gửi" in page.text
    assert kept(app) == (0, 0)


@pytest.mark.slow
def test_a_zip_bomb_is_refused(app: Flask, letter: Reporter) -> None:
    page = sends(letter, bomb(), "a.docx")
    assert (page.status_code, kept(app)) == (422, (0, 0))
    assert "bung ra quá lớn" in page.text


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xd8\xff" + b"broken" * 50,
        b"%PDF-1.7 broken",
        zipped({"[Content_Types].xml": b"", "word/x": b""}),
    ],
    ids=["picture", "paper", "letter"],
)
def test_a_file_that_lies_about_its_kind_is_kept_untouched_for_two_and_has_no_copy(
    app: Flask, centre: Founded, letter: Reporter, handlers: list[Handler], body: bytes
) -> None:
    assert sends(letter, body).status_code == 200
    (one,) = listed(app, handlers[0], letter.case_id)
    assert one.clean is None
    with pytest.raises(NoSuchCase):
        copy_of(app, handlers[0], letter.case_id, one.row)
    assert original_of(app, centre, handlers[0], letter.case_id, one.row) == body


def test_the_same_sending_again_adds_nothing(app: Flask, letter: Reporter) -> None:
    file_id = hidden(door(letter).text, "file_id")
    for _ in range(2):
        assert sends(letter, a_picture(), file_id=file_id).status_code == 200
    assert kept(app)[0] == 1


def test_an_id_of_another_letter_s_file_gets_neither_that_file_nor_its_place(
    app: Flask, letter: Reporter, handlers: list[Handler]
) -> None:
    file_id = hidden(door(letter).text, "file_id")
    sends(letter, a_picture(), file_id=file_id)
    other = Reporter(app)
    other.writes(narrative="…")
    assert sends(other, a_paper(), file_id=file_id).status_code == 200
    (one,), (two,) = (listed(app, handlers[0], who.case_id) for who in (letter, other))
    assert one.file_id == file_id != two.file_id


def test_one_letter_has_so_many_files_and_no_more(app: Flask, letter: Reporter) -> None:
    for _ in range(5):
        assert sends(letter, b"OggS" + bytes(99)).status_code == 200
    assert "đã đủ số tệp" in door(letter).text
    assert sends(letter, b"OggS" + bytes(99), file_id="0" * 32).status_code == 409
    assert kept(app)[0] == 5


def test_a_wrong_receipt_adds_nothing(app: Flask, letter: Reporter) -> None:
    data = {"receipt": "0" * 24, "file_id": "0" * 32, "tep": (io.BytesIO(a_picture()), "a.jpg")}
    assert letter.client.post("/hop-thu/tep", data=data).status_code == 422
    assert kept(app) == (0, 0)


def test_a_file_beyond_the_limit_is_refused_before_it_is_kept(app: Flask, letter: Reporter) -> None:
    start = b'--x\r\nContent-Disposition: form-data; name="tep"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'
    body = start + bytes(25_000_001) + b"\r\n--x--\r\n"
    page = letter.client.post("/hop-thu/tep", data=body, content_type="multipart/form-data; boundary=x")
    assert (page.status_code, kept(app)) == (413, (0, 0))
    assert "25 MB" in page.text


def test_chunks_that_were_swapped_in_the_database_do_not_open(
    app: Flask, letter: Reporter, handlers: list[Handler]
) -> None:
    sends(letter, a_picture())
    sends(letter, a_picture("PNG"))
    one, two = listed(app, handlers[0], letter.case_id)
    with app.app_context(), db.writing() as session:
        other = select(FileChunk.blob).where(FileChunk.file_id == two.file_id, FileChunk.copy == "clean")
        blob = session.scalars(other).one()
        mine = (FileChunk.file_id == one.file_id) & (FileChunk.copy == "clean")
        session.execute(update(FileChunk).where(mine).values(blob=blob))
    with pytest.raises(CaseDamaged):
        copy_of(app, handlers[0], letter.case_id, one.row)


def test_the_size_class_says_files_from_then_on(app: Flask, letter: Reporter) -> None:
    sends(letter, a_picture())
    with app.app_context(), db.reading() as session:
        assert session.get_one(CaseFile, letter.case_id).size_class == "files"


def test_files_can_be_switched_off(app: Flask, letter: Reporter) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], files_per_letter=0)
    assert "Thêm tệp" not in letter.opens().text
    assert sends(letter, a_picture(), file_id="0" * 32).status_code == 409
    assert kept(app) == (0, 0)


def test_both_handlers_of_a_letter_see_its_files(app: Flask, centre: Founded, letter: Reporter) -> None:
    sends(letter, a_picture())
    assert [len(listed(app, desk, letter.case_id)) for desk in desks(app, centre)] == [1, 1]


# --- pages at the desk ----------------------------------------------------------------------------


def test_a_handler_downloads_a_copy_and_with_a_custodian_the_original_each_in_their_own_session(
    app: Flask, centre: Founded, letter: Reporter, handlers: list[Handler]
) -> None:
    body = a_picture()
    sends(letter, body)
    desk, custodian = signed_in(app, handlers[0].person), signed_in(app, centre.of(Role.CUSTODIAN)[0])
    place = f"/lam-viec/{letter.case_id}/tep"
    page = desk.get(place)
    assert hashlib.sha256(body).hexdigest() in page.text
    (row,) = {int(found) for found in re.findall(rf"{place}/(\d+)", page.text)}
    got = post(desk, f"{place}/{row}", {})
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"].startswith("attachment; filename=")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert got.data.startswith(b"\xff\xd8\xff")
    assert not holds_canary(got.data)
    goc = f"{place}/{row}/goc"
    assert post(desk, f"{goc}/mo", {}).status_code == 303
    assert post(desk, f"{goc}/xin", {"reason": ""}).status_code == 422
    assert post(desk, f"{goc}/xin", {"reason": "Giao cho Công an"}).status_code == 303
    asked = custodian.get("/lam-viec/mo-ten").text
    assert "bản gốc của một tệp" in asked
    (ask_id,) = set(re.findall(r"/mo-ten/([0-9a-f]{32})/dong-y", asked))
    assert post(custodian, f"/lam-viec/mo-ten/{ask_id}/dong-y", {}).status_code == 303
    assert "Tải bản gốc" in desk.get(goc).text
    assert post(desk, f"{goc}/mo", {}).data == body
    assert post(desk, f"{goc}/mo", {}).data == body, "a download may have broken off"
    assert post(desk, f"{goc}/thoi", {}).status_code == 303
    assert post(desk, f"{goc}/mo", {}).status_code == 303
    assert custodian.get(place).status_code == 404
