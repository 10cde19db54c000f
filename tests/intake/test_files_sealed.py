"""The server's half of files that a browser seals: what it takes, what it refuses, and that nothing counts twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import db, disk, gateway
from core.access import Role
from core.sealing import CannotOpen
from intake.casework.casework import CaseDamaged
from intake.files import opening
from intake.files.bodies import NotAFile, asked, begun, piece, whole
from intake.files.stream import CHUNK, SEALED_CHUNK, chunks_for
from intake.keys.founding import Founded
from intake.models import ArrivingFile, CaseFile, FileChunk, StoredFile
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.intake.test_files import a_paper, a_picture, copy_of, holds_canary, listed, original_of, sends
from tests.letters import Handler, Reporter
from tests.sealing_files import HERE, Bringing, by_client


@pytest.fixture
def bringing(app: Flask, reporter: Reporter) -> Callable[..., Bringing]:
    """Another file of one letter with each call."""
    assert reporter.writes(narrative="…").status_code == 200
    return lambda **more: Bringing.of(app, reporter.receipt, by_client(reporter.client), **more)


def rows(app: Flask) -> tuple[int, int, int]:
    """Files, files on their way, chunks."""
    with app.app_context(), db.reading() as session:
        found = [
            session.scalar(select(func.count()).select_from(one)) or 0
            for one in (StoredFile, ArrivingFile, FileChunk)
        ]
    return found[0], found[1], found[2]


def test_a_file_sealed_in_a_browser_opens_by_the_same_doors(
    app: Flask,
    centre: Founded,
    bringing: Callable[..., Bringing],
    reporter: Reporter,
    handlers: list[Handler],
) -> None:
    original, clean = a_picture() + bytes(400_000), b"\xff\xd8\xff clean"
    one = bringing()
    assert one.brings(original, clean) == (200, {"kept": True, "room": 4})
    with app.app_context(), db.reading() as session:
        case = session.get_one(CaseFile, reporter.case_id)
        assert (case.size_class, case.state) == ("files", "received")
    (found,) = listed(app, handlers[0], reporter.case_id)
    assert (found.kind.code, found.size, found.clean_bytes) == ("jpg", len(original), len(clean))
    assert copy_of(app, handlers[1], reporter.case_id, found.row) == clean
    assert original_of(app, centre, handlers[0], reporter.case_id, found.row) == original
    assert "Đã gửi một tệp: Ảnh" in reporter.opens().text
    reporter.adds("Và thêm một tin.")
    assert handlers[0].opens(reporter.case_id).entries[-1].text == "Và thêm một tin."


@pytest.mark.slow
@pytest.mark.embedded
def test_one_letter_has_files_of_both_ways_beside_one_another(
    app: Flask, bringing: Callable[..., Bringing], reporter: Reporter, handlers: list[Handler]
) -> None:
    assert bringing().brings(a_picture())[0] == 200
    assert sends(reporter, a_picture()).status_code == 200
    assert bringing(kind="pdf").brings(b"%PDF-1.7 .")[1] == {"kept": True, "room": 2}
    found = listed(app, handlers[0], reporter.case_id)
    assert [(one.kind.code, bool(one.clean)) for one in found] == [
        ("jpg", False),
        ("jpg", True),
        ("pdf", False),
    ]
    assert not holds_canary(copy_of(app, handlers[0], reporter.case_id, found[1].row))


@pytest.mark.slow
@pytest.mark.embedded
def test_two_who_open_an_original_may_take_it_without_what_it_hides(
    app: Flask,
    centre: Founded,
    bringing: Callable[..., Bringing],
    reporter: Reporter,
    handlers: list[Handler],
) -> None:
    paper = a_paper()
    assert bringing(kind="pdf").brings(paper)[0] == 200
    assert bringing(kind="ogg").brings(b"OggS" + bytes(99))[0] == 200
    desk, custodian = signed_in(app, handlers[0].person), signed_in(app, centre.of(Role.CUSTODIAN)[0])
    got = []
    for one in listed(app, handlers[0], reporter.case_id):
        place = f"/lam-viec/{reporter.case_id}/tep/{one.row}/goc"
        assert post(desk, f"{place}/xin", {"reason": "Xem nội dung"}).status_code == 303
        (ask_id,) = set(re.findall(r"/([0-9a-f]{32})/dong-y", custodian.get("/lam-viec/mo-ten").text))
        assert post(custodian, f"/lam-viec/mo-ten/{ask_id}/dong-y", {}).status_code == 303
        assert "Tải bản bỏ thông tin ẩn" in desk.get(place).text
        got.append(post(desk, f"{place}/mo", {"copy": "clean"}))
    assert got[0].data.startswith(b"%PDF")
    assert holds_canary(paper)
    assert not holds_canary(got[0].data)
    assert (got[1].status_code, got[1].location) == (303, place)  # of a recording there is no such copy
    assert "Không làm được bản bỏ thông tin ẩn" in desk.get(place).text


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [asked, begun, piece, whole])
@pytest.mark.parametrize("body", [b"", b"\1", b"\2" + bytes(300), bytes(33), b"\1" + bytes(70)])
def test_what_has_not_the_shape_is_no_body(read: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(NotAFile):
        read(body)


@pytest.mark.embedded
def test_a_chunk_that_is_truncated_repeated_otherwise_or_out_of_place_is_refused(
    app: Flask, bringing: Callable[..., Bringing]
) -> None:
    one = bringing()
    _, (first, second, _) = one.sealed(bytes(3 * CHUNK))
    assert one.begins(3) == (200, {"kept": True})
    for number, blob in ((0, first[:-1]), (0, first + b"\0"), (0, b""), (3, first), (2**31, first)):
        assert one.adds("original", number, blob) == (400, {"why": "shape"})
    assert one.adds("clean", 0, first) == (400, {"why": "shape"})
    assert one.adds("original", 0, first)[0] == one.adds("original", 0, first)[0] == 200
    assert one.adds("original", 0, second) == (400, {"why": "shape"})
    assert rows(app) == (1, 1, 1)


@pytest.mark.embedded
def test_a_file_is_not_whole_while_a_chunk_is_missing(
    app: Flask, bringing: Callable[..., Bringing], reporter: Reporter, handlers: list[Handler]
) -> None:
    one, body = bringing(), bytes(2 * CHUNK)
    stream, (first, second) = one.sealed(body)
    one.begins(2)
    one.adds("original", 1, second)
    assert one.finishes(body, {"original": stream}) == (409, {"why": "gone"})
    assert listed(app, handlers[0], reporter.case_id) == []
    one.adds("original", 0, first)
    assert one.finishes(body, {"original": stream})[0] == 200
    assert len(listed(app, handlers[0], reporter.case_id)) == 1


@pytest.mark.embedded
@pytest.mark.parametrize("order", [(1, 0), (0, 0)], ids=["reordered", "repeated"])
def test_chunks_kept_in_a_wrong_order_never_open(
    app: Flask,
    centre: Founded,
    bringing: Callable[..., Bringing],
    reporter: Reporter,
    handlers: list[Handler],
    order: tuple[int, int],
) -> None:
    one, body = bringing(), b"OggS" + bytes(2 * CHUNK - 4)
    stream, chunks = one.sealed(body)
    one.begins(2)
    for number, which in enumerate(order):
        one.adds("original", number, chunks[which])
    assert one.finishes(body, {"original": stream})[0] == 200  # the server cannot tell
    (found,) = listed(app, handlers[0], reporter.case_id)
    with pytest.raises((CaseDamaged, CannotOpen)):
        original_of(app, centre, handlers[0], reporter.case_id, found.row)


@pytest.mark.embedded
def test_a_file_of_10_gb_is_refused_before_its_first_byte(
    app: Flask, bringing: Callable[..., Bringing]
) -> None:
    one = bringing()
    assert one.begins(chunks_for(10 * 10**9)) == (413, {"why": "large"})
    assert one.begins(1, chunks_for(10 * 10**9)) == (413, {"why": "large"})
    assert one.begins(2**32 - 1) == one.begins(5) == one.begins(0) == (400, {"why": "shape"})
    assert one.adds("original", 0, bytes(SEALED_CHUNK)) == (409, {"why": "gone"})
    assert rows(app) == (0, 0, 0)


@pytest.mark.embedded
def test_the_same_again_adds_nothing_and_has_the_same_answer(
    app: Flask, bringing: Callable[..., Bringing], reporter: Reporter
) -> None:
    one, body = bringing(), a_picture()
    stream, (blob,) = one.sealed(body)
    assert one.begins(1) == one.begins(1) == (200, {"kept": True})
    one.adds("original", 0, blob)
    last = one.described(body, {"original": stream})
    assert one.ask("/xong", last) == one.ask("/xong", last) == (200, {"kept": True, "room": 4})
    assert rows(app) == (1, 0, 1)
    assert reporter.opens().text.count("Đã gửi một tệp") == 1


@pytest.mark.embedded
def test_who_wrote_meanwhile_moves_the_place_and_the_file_waits(
    app: Flask, bringing: Callable[..., Bringing], reporter: Reporter, handlers: list[Handler]
) -> None:
    one, body = bringing(), a_picture()
    stream, (blob,) = one.sealed(body)
    one.begins(1)
    one.adds("original", 0, blob)
    stale = one.described(body, {"original": stream})
    handlers[0].answers(reporter.case_id, "Chúng tôi đã đọc.")
    assert one.ask("/xong", stale) == (409, {"why": "moved"})
    assert one.finishes(body, {"original": stream})[0] == 200
    assert handlers[0].opens(reporter.case_id).story["narrative"] == "…"


@pytest.mark.embedded
def test_a_token_of_nobody_and_a_file_of_somebody_else_get_nothing(
    app: Flask, bringing: Callable[..., Bringing], reporter: Reporter
) -> None:
    one = bringing()
    one.begins(1)
    other = Reporter(app)
    other.writes(narrative="…")
    thief = Bringing.of(app, other.receipt, by_client(other.client), file_id=one.file_id)
    assert thief.begins(1) == (400, {"why": "shape"})
    assert thief.adds("original", 0, bytes(SEALED_CHUNK)) == (409, {"why": "gone"})
    nobody = b"\1" + bytes(32)
    assert one.ask("/mo", nobody) == (404, {"why": "unknown"})
    tried = [one.ask("/mo", nobody) for _ in range(33)]
    assert tried[-1][0] == 429
    assert tried[-1][1]["ticket"]


@pytest.mark.embedded
def test_one_letter_has_so_many_files_and_no_more(app: Flask, bringing: Callable[..., Bringing]) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], files_per_letter=1)
    assert bringing().brings(a_picture())[1] == {"kept": True, "room": 0}
    assert bringing().begins(1) == (409, {"why": "many"})
    assert rows(app)[0] == 1


@pytest.mark.embedded
def test_what_never_became_whole_takes_no_place_and_is_swept_away(
    app: Flask, clock: StillClock, bringing: Callable[..., Bringing], reporter: Reporter
) -> None:
    abandoned, other = bringing(), Reporter(app)
    abandoned.begins(2)
    abandoned.adds("original", 0, bytes(SEALED_CHUNK))
    other.writes(narrative="…")
    theirs = Bringing.of(app, other.receipt, by_client(other.client))
    theirs.begins(1)
    assert rows(app) == (2, 2, 1)
    assert bringing().brings(a_picture())[1] == {"kept": True, "room": 4}
    assert rows(app) == (2, 1, 1)  # the letter let go of its own; the other's may still come
    assert abandoned.adds("original", 1, bytes(SEALED_CHUNK)) == (409, {"why": "gone"})
    clock.set(clock.moment + timedelta(days=2))
    bringing().begins(1)
    assert rows(app) == (2, 1, 1)
    assert theirs.adds("original", 0, bytes(SEALED_CHUNK)) == (409, {"why": "gone"})


@pytest.mark.embedded
@pytest.mark.parametrize(
    "lie",
    [{"bytes": -1}, {"kind": "exe"}, {"clean": {"bytes": "x"}}],
    ids=str,
)
def test_a_browser_that_lies_about_a_file_spoils_no_other_file_and_no_page(
    app: Flask,
    bringing: Callable[..., Bringing],
    reporter: Reporter,
    handlers: list[Handler],
    lie: dict[str, Any],
) -> None:
    one, body = bringing(), a_picture()
    stream, (blob,) = one.sealed(body)
    one.begins(1)
    one.adds("original", 0, blob)
    assert one.finishes(body, {"original": stream}, lies=lie)[0] == 200
    assert bringing().brings(body, body)[0] == 200
    assert listed(app, handlers[0], reporter.case_id)[-1].clean_bytes == len(body)


@pytest.mark.embedded
def test_a_download_is_named_for_what_it_is_whatever_a_browser_called_it(
    app: Flask, bringing: Callable[..., Bringing], reporter: Reporter, handlers: list[Handler]
) -> None:
    assert bringing(kind="pdf").brings(b"%PDF-1.7", clean=b"MZ a program")[0] == 200
    (found,) = listed(app, handlers[0], reporter.case_id)
    with app.app_context(), db.writing() as session:
        desk = handlers[0]
        got = opening.open_copy(session, desk.person.identity, desk.seed, reporter.case_id, found.row)
    assert got.name.endswith(".bin")


@pytest.mark.embedded
def test_the_panel_of_the_script_is_the_same_for_everyone_and_names_the_limit(
    app: Flask, centre: Founded
) -> None:
    client = app.test_client(use_cookies=False)
    first, second = client.get(HERE), client.get(HERE)
    assert first.data == second.data
    assert 'data-most="25000000"' in first.text
    assert "<bdi data-name>" in first.text, "a name written backwards turns nothing around beside it"
    assert "Ảnh của trẻ em" in first.text
    assert "Pictures of children" in client.get("/en" + HERE).text


@pytest.mark.embedded
def test_files_that_are_switched_off_are_refused_and_not_offered(
    app: Flask, bringing: Callable[..., Bringing]
) -> None:
    one = bringing()
    app.extensions["settings"] = replace(app.extensions["settings"], files_per_letter=0)
    assert one.begins(1) == (409, {"why": "many"})
    assert "data-file-door" not in app.test_client(use_cookies=False).get("/hop-thu").text


@pytest.mark.embedded
@pytest.mark.parametrize(("most", "said"), [(5, "gửi kèm được trong hộp thư"), (0, "sẽ hướng dẫn cách nộp")])
def test_the_receipt_says_what_becomes_of_evidence_here(
    app: Flask, reporter: Reporter, most: int, said: str
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], files_per_letter=most)
    assert said in reporter.writes().text
    assert said in app.test_client(use_cookies=False).get("/thu").text, "with scripts as well"


@pytest.mark.embedded
@pytest.mark.parametrize("share", ["disk", "setting"])
def test_where_room_is_short_no_file_begins_and_words_are_taken(
    app: Flask,
    bringing: Callable[..., Bringing],
    reporter: Reporter,
    monkeypatch: pytest.MonkeyPatch,
    share: str,
) -> None:
    assert bringing().brings(a_picture())[0] == 200
    if share == "disk":
        monkeypatch.setattr(disk, "free", lambda _folder: 501 * disk.MEGABYTE)
    else:
        app.extensions["settings"] = replace(app.extensions["settings"], files_megabytes=1)
    one = bringing()
    assert one.begins(4, 4) == (507, {"why": "short"})
    assert rows(app) == (1, 0, 1)
    token = one.keys.token
    assert one.ask("/mo", b"\1" + token)[1]["short"] is True
    page = reporter.client.post("/hop-thu/them-tep", data={"receipt": reporter.receipt})
    assert "Lúc này máy chủ hết chỗ" in page.text
    assert 'name="tep"' not in page.text
    assert "Lúc này máy chủ hết chỗ" in sends(reporter, a_picture() + bytes(400_000), file_id="b" * 32).text
    heard_out = reporter.client.post("/hop-thu/tep", environ_overrides={gateway.NO_ROOM: True})
    assert (heard_out.status_code, "Lúc này máy chủ hết chỗ" in heard_out.text) == (507, True)
    assert rows(app) == (1, 0, 1)
    assert reporter.adds("Tôi có một bức ảnh.").status_code == 200
    said = app.test_cli_runner().invoke(args=["instance", "check"]).output
    (line,) = [line for line in said.splitlines() if " disk: " in line]
    assert line.startswith("BAD ")
    assert "1 files beside letters take 0 MB" in line


@pytest.mark.embedded
def test_what_a_browser_has_promised_counts_before_it_comes(
    app: Flask, bringing: Callable[..., Bringing], reporter: Reporter
) -> None:
    other = Reporter(app)
    other.writes(narrative="…")
    theirs = Bringing.of(app, other.receipt, by_client(other.client))
    app.extensions["settings"] = replace(app.extensions["settings"], files_megabytes=4)
    assert theirs.begins(8) == (200, {"kept": True})
    assert bringing().begins(8) == (507, {"why": "short"})
    assert bringing().begins(6) == (200, {"kept": True})
    assert bringing().begins(6) == (200, {"kept": True}), "a new beginning takes the place of one's own"


@pytest.mark.embedded
def test_the_first_who_comes_by_on_a_day_sweeps_up_what_never_arrived(
    app: Flask,
    clock: StillClock,
    bringing: Callable[..., Bringing],
    reporter: Reporter,
    handlers: list[Handler],
) -> None:
    abandoned = bringing()
    abandoned.begins(2)
    abandoned.adds("original", 0, bytes(SEALED_CHUNK))
    desk = signed_in(app, handlers[0].person)
    assert desk.get("/lam-viec/").status_code == 200
    assert rows(app) == (1, 1, 1), "it may still come"
    clock.set(clock.moment + timedelta(days=2))
    desk = signed_in(app, handlers[0].person)
    assert desk.get("/lam-viec/").status_code == 200
    assert rows(app) == (0, 0, 0)
