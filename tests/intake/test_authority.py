"""Handing one case to an authority: two people, two sessions, one sealed file that opens on another machine."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from core import clock, db, log, memory
from core.access import Role
from core.log_reader import DEEDS, ON_A_CASE
from core.sealing import CannotOpen, sign_public
from intake.asking import authority, export_file, export_words, open_export, shelf
from intake.asking.authority import NotAgreed
from intake.cases import NoSuchCase
from intake.casework.casework import at_hand
from intake.form.asked import About
from intake.keys.founding import Founded
from intake.models import Compartment
from intake.seal.log_tag import lines_of, log_key
from tests.factories import post, signed_in
from tests.intake.test_files import a_picture, holds_canary, sends
from tests.letters import Handler, Reporter, desks

SCRIPT = Path(open_export.__file__)
DEMAND = {
    "recipient": "Công an phường Bến Nghé",
    "document": "Số 12/YC, ngày 20/11/2026",
    "reason": "Điều 88 Bộ luật Tố tụng hình sự",
}


@pytest.fixture
def letter(app: Flask, centre: Founded) -> Reporter:
    """A letter with a name, a message and an answer; the first custodian was struck out."""
    reporter = Reporter(app)
    reporter.writes(
        struck=[centre.of(Role.CUSTODIAN)[0]], narrative="Một câu chuyện", reporter_name="Nguyễn Thị Ẩn"
    )
    desk = desks(app, centre)[0]
    desk.opens(reporter.case_id)
    desk.answers(reporter.case_id, "Chúng tôi đã đọc.")
    return reporter


def address(letter: Reporter) -> str:
    return f"/lam-viec/{letter.case_id}/co-quan"


def asks(client: FlaskClient, letter: Reporter, *parts: str) -> None:
    answer = post(client, f"{address(letter)}/xin", {**DEMAND, "parts": list(parts)})
    assert answer.status_code == 303, answer.text


def settles(client: FlaskClient, how: str = "dong-y") -> None:
    page = client.get("/lam-viec/mo-ten").text
    found = re.search(rf'action="([^"]*/mo-ten/[0-9a-f]{{32}}/{how})"', page)
    assert found, page
    assert post(client, found.group(1)).status_code == 303


def agreed(app: Flask, centre: Founded, letter: Reporter, *parts: str) -> FlaskClient:
    """A request to which the second custodian agreed, in the handler's browser."""
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    asks(handler, letter, *parts)
    settles(signed_in(app, centre.of(Role.CUSTODIAN)[1]))
    return handler


def drawn(handler: FlaskClient, letter: Reporter) -> str:
    page = handler.get(address(letter)).text
    found = re.search(r'<ol class="words">(.*?)</ol>', page, re.S)
    assert found, page
    return " ".join(re.findall("<li>(.*?)</li>", found.group(1)))


def takes(handler: FlaskClient, letter: Reporter, **more: str) -> tuple[bytes, str]:
    """The sealed file, and the passphrase that was on the page."""
    words = drawn(handler, letter)
    answer = post(handler, f"{address(letter)}/mo", more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment"), answer.text
    return answer.data, words


def opens_elsewhere(file: Path, typed: str) -> dict[str, bytes]:
    """On another machine: the script alone, in a folder where nothing of the program is."""
    script = shutil.copy(SCRIPT, file.parent / "open_export.py")
    code = (
        f"import getpass, runpy, sys; getpass.getpass = lambda _: {typed!r}\n"
        f"sys.argv = ['open_export.py', {str(file)!r}]; runpy.run_path({str(script)!r}, run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=file.parent, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    folder = file.with_name(f"{file.stem}-opened")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_case_goes_from_the_centre_to_the_authority_and_opens_there_with_one_command(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path
) -> None:
    body = a_picture()
    assert sends(letter, body, "báo cáo.jpg").status_code == 200
    handler = agreed(app, centre, letter, "story", "entries", "files", "originals")
    sealed, passphrase = takes(handler, letter)
    for secret in ("Một câu chuyện", letter.case_id, DEMAND["recipient"], passphrase):
        assert secret.encode() not in sealed
    file = tmp_path / "away" / "ho-so.case"
    file.parent.mkdir()
    file.write_bytes(sealed)
    found = opens_elsewhere(file, passphrase.upper())
    texts = {f"{name}.{end}" for name in ("letter", "entries", "files") for end in ("txt", "json")}
    assert set(found) == texts | {"copy-1.jpg", "original-1.jpg", "manifest.json"}
    assert found["original-1.jpg"] == body
    assert not holds_canary(found["copy-1.jpg"])
    assert "báo cáo.jpg" in found["files.txt"].decode()
    assert hashlib.sha256(body).hexdigest() in found["files.txt"].decode()
    assert "Một câu chuyện" in found["letter.txt"].decode()
    assert "Chúng tôi đã đọc." in found["entries.txt"].decode()
    assert "Nguyễn Thị Ẩn" not in b"".join(found.values()).decode(errors="replace")
    assert centre.of(Role.CUSTODIAN)[0].person_id not in found["letter.json"].decode()  # whom they struck out
    manifest = json.loads(found["manifest.json"])
    assert manifest["document"] == DEMAND["document"]
    assert manifest["damaged"] == []
    assert manifest["unopened"] == 0
    assert manifest["custodian"]["name"] == centre.of(Role.CUSTODIAN)[1].name
    assert len(manifest["compartments"]) >= 6
    for name, digest in manifest["files"].items():
        assert hashlib.sha256(found[name]).hexdigest() == digest


@pytest.mark.embedded
@pytest.mark.embedded
def test_an_authority_is_told_that_the_newest_part_was_cut_off(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path
) -> None:
    letter.adds("Một tin nữa.")
    handler = agreed(app, centre, letter, "entries")
    desks(app, centre)[0].opens(letter.case_id)
    with app.app_context(), db.writing() as session:
        parts = select(func.max(Compartment.sequence)).where(Compartment.case_id == letter.case_id)
        newest = session.scalar(parts)
        session.execute(
            delete(Compartment).where(Compartment.case_id == letter.case_id, Compartment.sequence == newest)
        )
    sealed, passphrase = takes(handler, letter)
    (tmp_path / "a.case").write_bytes(sealed)
    manifest = json.loads(opens_elsewhere(tmp_path / "a.case", passphrase)["manifest.json"])
    assert manifest["unopened"] == 1


def test_names_go_along_only_with_the_custodians_half_and_one_agreement_serves_once(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path
) -> None:
    handler = agreed(app, centre, letter, "names")
    sealed, passphrase = takes(handler, letter)
    file = tmp_path / "ho-so.case"
    file.write_bytes(sealed)
    found = opens_elsewhere(file, passphrase)
    assert "Nguyễn Thị Ẩn" in found["names.txt"].decode()
    assert "Một câu chuyện" not in b"".join(found.values()).decode()
    again, same = takes(handler, letter)
    assert (again != sealed, same) == (True, passphrase), "a download that broke off is fetched again"
    assert [line.deed for line in lines(app, centre)].count("exported") == 2
    post(handler, f"{address(letter)}/thoi")
    assert post(handler, f"{address(letter)}/mo").status_code == 303
    assert "Hỏi những người giữ khóa" in handler.get(address(letter)).text


@pytest.mark.embedded
def test_only_the_drawn_words_lock_it_and_they_stay_the_same_until_then(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = agreed(app, centre, letter, "story")
    assert drawn(handler, letter) == drawn(handler, letter)
    sealed, words = takes(handler, letter, passphrase=" ".join(["sao-tuyet"] * 6))
    (tmp_path / "x.case").write_bytes(sealed)
    for typed, code in (("sao-tuyet " * 6, 1), (words, 0)):
        monkeypatch.setattr("getpass.getpass", lambda _, typed=typed: typed)
        assert open_export.main([str(tmp_path / "x.case")]) == code


@pytest.mark.embedded
def test_an_authority_with_a_key_needs_no_passphrase_once_its_digits_were_compared(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert open_export.main(["--make-key", str(tmp_path / "phuong")]) == 0
    digits = capsys.readouterr().out.split()[-1]
    handler, place = agreed(app, centre, letter, "story"), f"{address(letter)}/mo"
    public = (tmp_path / "phuong.pub").read_text()
    assert post(handler, place, {"public_key": "AAAA"}).status_code == 422
    asked = post(handler, place, {"public_key": public})
    assert digits in asked.text
    assert "Content-Disposition" not in asked.headers
    sealed, _ = takes(handler, letter, public_key=public, compared=digits)
    file = tmp_path / "ho-so.case"
    file.write_bytes(sealed)
    assert open_export.main([str(file)]) == 1
    assert "--key" in capsys.readouterr().err
    assert open_export.main(["--make-key", str(tmp_path / "khac")]) == 0
    assert open_export.main([str(file), "--key", str(tmp_path / "khac.key")]) == 1
    assert open_export.main([str(file), "--key", str(tmp_path / "phuong.key")]) == 0
    assert "Một câu chuyện" in (tmp_path / "ho-so-opened" / "letter.txt").read_text(encoding="utf-8")


FIRST_FORMAT = (
    "Y2FzZSBleHBvcnQgMQoAAADmeyJsb2NrIjogInBhc3NwaHJhc2UiLCAibWVtb3J5IjogNjU1MzYsICJyb3VuZHMiOiAzLCAic2Fs"
    "dCI6ICIyZDM1YTNhYjM1YjliMWFlMjllMzNiMzU3Y2EzNWU2YyIsICJ3cmFwIjogIjAxNTY3ZDJmMGJhY2I0NTNkNWFkYTA1YjAw"
    "NTY3M2M3NGM1YzMzMWFhYjY4ODJkZWYzMzM5NjgxMTgxZjk0NzgxYzk2ZmM1ZWZlODgxYzY2MGM5MzkyZDg4MmQ3OTdlOWE3ZTY3"
    "N2EwYzQ4NDVjNWYwZWFhMmJlNjU1In0BCpaPcKg9DN57CAfe8J9+0hyaghDSP90KIToJHjCTUL3y+zCZf4cMWcek0wOtAtAWig6P"
    "MY/+hkeo8o6dC3jdbKSX/w38OoRI7T0Utm23GoghcWJgHqLkA9bHB7g1max4DGKhW6tDXNQ0WH0I7dJWGmTnD+cqw1eLJ3pkZD8f"
    "vj/4pA81yz0yo3u7sVtRAi+hvd1fs5dWyveM+LhRU01DUHU07DfzUcQgl5A0virIe27lBGWgCC4jhCN1uBOpTU0+BEjXYHJasVQp"
    "wafqLAwJpXHdKw+TNX1StaW1iCD7zsJMCcHW7lGacbA+d52Nb0ymliZKjSosLc3BC9H8l9ZSiDvb/pImBmCvFOzxHXFnG72eA2Ah"
    "Evr6gWdUJu2hi2WfHCjwtx1IF21Q82RXqUV19IKAo1wNjyfrM5JRVSF6t4WgM8x/Nm/7mL9PPw+PTTqldzewieWhLiwdTb6Kwz4o"
    "O/NQFo4UZaVpLsXKw9EaW7a20qdqU9cGSANKsBWEHC0d+v/ui9PPCR3sG3g0+JyvyhNHlsEyyilcl9c9i//Anh+zFleJdHYrpxTZ"
    "G1wT4raM6jVlciAHC4D8cb3ViWSic4X29A+/00ArH1L33o7PeZp7QeuUj38="
)


@pytest.mark.slow
@pytest.mark.embedded
def test_a_changed_file_a_wrong_passphrase_and_a_forged_manifest_do_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def built(name: str, seed: bytes = bytes(32)) -> bytes:
        return b"".join(export_file.build([(name, [b"x" * 70_000, b"", b"y"])], FACTS, seed, SAID))

    good = built("letter.txt")
    flipped = bytearray(good)
    flipped[-1] ^= 1
    file = tmp_path / "x.case"
    for raw, typed, said in (
        (good, "sai", "does not open"),
        (bytes(flipped), SAID, "does not open"),
        (good[:200], SAID, "does not open"),
        (good[: len(good) - 200], SAID, "does not open"),
        (good + b"x", SAID, "does not open"),
        (b"something", SAID, "not a case"),
        (built("letter.txt", bytes([1]) * 32), SAID, "signature does not fit"),
        (built("../letter.txt"), SAID, "does not belong"),
    ):
        file.write_bytes(raw)
        monkeypatch.setattr("getpass.getpass", lambda _, typed=typed: typed)
        assert open_export.main([str(file)]) == 1
        assert said in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["x.case"]
    monkeypatch.setattr("getpass.getpass", lambda _: SAID)
    for raw in (good, base64.b64decode("".join(FIRST_FORMAT))):
        file.write_bytes(raw)
        assert open_export.main([str(file)]) == 0
        shutil.rmtree(tmp_path / "x-opened")


SAID = "sao-tuyet " * 6
FACTS = {"handler": {"name": "Trần Thu Hà", "key": sign_public(bytes(32)).hex()}}


@pytest.mark.embedded
def test_a_file_that_breaks_off_is_named_and_the_whole_is_made_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = []

    def large() -> Iterator[bytes]:
        for number in range(40):
            taken.append(number)
            yield bytes(262_144)

    def broken() -> Iterator[bytes]:
        yield b"part of it"
        raise CannotOpen

    parts = [("original-1.mp4", large()), ("copy-2.jpg", broken()), ("letter.txt", [b"x"])]
    made = export_file.build(parts, FACTS, bytes(32), SAID)
    next(made), next(made)
    assert len(taken) == 1, "nothing is read before it is sent"
    front = b"".join(
        export_file.build([("copy-2.jpg", broken()), ("letter.txt", [b"x"])], FACTS, bytes(32), SAID)
    )
    (tmp_path / "x.case").write_bytes(front)
    monkeypatch.setattr("getpass.getpass", lambda _: SAID)
    assert open_export.main([str(tmp_path / "x.case")]) == 0
    assert "cut short: copy-2.jpg" in capsys.readouterr().out


@pytest.mark.embedded
def test_one_agreement_is_enough_and_a_refusal_is_written_down(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    asks(handler, letter, "story")
    third = signed_in(app, centre.of(Role.CUSTODIAN)[2])
    settles(third, "tu-choi")
    assert "/dong-y" not in third.get("/lam-viec/mo-ten").text
    settles(signed_in(app, centre.of(Role.CUSTODIAN)[1]))
    assert centre.of(Role.CUSTODIAN)[1].name in handler.get(address(letter)).text
    assert [line.deed for line in lines(app, centre)] == ["export_agreed", "export_refused", "export_asked"]
    assert post(handler, f"{address(letter)}/thoi").status_code == 303
    assert post(handler, f"{address(letter)}/mo").status_code == 303


@pytest.mark.embedded
def test_nothing_is_made_before_a_custodian_agreed_or_by_another_handler(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    asks(handler, letter, "story")
    assert 'class="words"' not in handler.get(address(letter)).text
    assert post(handler, f"{address(letter)}/mo").status_code == 303
    settles(signed_in(app, centre.of(Role.CUSTODIAN)[1]))
    other = signed_in(app, centre.of(Role.HANDLER)[1])
    assert "Bến Nghé" not in other.get(address(letter)).text
    assert post(other, f"{address(letter)}/mo").status_code == 303


@pytest.mark.embedded
def test_a_custodian_who_was_struck_out_sees_no_request_and_cannot_agree(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    struck = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    before = struck.get("/lam-viec/mo-ten").text
    asks(handler, letter, "story", "names")
    after = struck.get("/lam-viec/mo-ten").text
    hide = re.compile(r'value="[^"]*"')
    assert hide.sub("", before) == hide.sub("", after)
    one = standing(app, centre, letter).ask
    assert post(struck, f"/lam-viec/mo-ten/{one.ask_id}/dong-y").status_code == 303
    assert standing(app, centre, letter).state == "waiting"
    person = centre.of(Role.CUSTODIAN)[0]
    with app.app_context(), pytest.raises(NoSuchCase), db.writing() as session:
        authority.lend(session, person.identity, person.credentials.seed or b"", one)


def standing(app: Flask, centre: Founded, letter: Reporter) -> shelf.Standing:
    """How the first handler's request stands."""
    person = centre.of(Role.HANDLER)[0]
    with app.app_context():
        about = About(case_id=letter.case_id, kind="authority")
        found = shelf.standing(person.identity, person.credentials.seed or b"", about)
    assert found is not None
    return found


@pytest.mark.embedded
def test_an_agreement_to_something_else_counts_for_nothing(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    """Whoever can write into the memory store cannot make of an agreement to a story one to a name."""
    agreed(app, centre, letter, "story")
    person, found = centre.of(Role.HANDLER)[0], standing(app, centre, letter)
    seed, asked = person.credentials.seed or b"", found.ask
    assert asked.wish is not None
    with app.app_context():
        sealed = shelf.lent(found)
    more = replace(asked, wish=replace(asked.wish, parts=("story", "entries")))
    for forged, given in ((more, sealed), (replace(asked, reason="khác"), sealed), (asked, b"x" * 2_000)):
        with app.app_context(), pytest.raises(NotAgreed), db.writing() as session:
            authority.take_out(session, person.identity, seed, forged, given)


@pytest.mark.embedded
def test_what_stands_in_the_file_is_told_in_words_and_the_codes_stay_beside_it() -> None:
    values = {"risk_factors": ["choking"], "risk_level": "high", "again_on": "2026-12-01"}
    entry = {"sequence": 6, "at": "2026-11-24T09:00+07:00", "by": "Lan", "what": "file", "kind": "danh-gia"}
    odd = {**entry, "kind": "la", "values": 3}
    found = export_words.texts({"entries": [{**entry, "values": values}, odd]})
    assert "Đánh giá nguy cơ" in found["entries.txt"]
    assert "Từng bóp cổ, làm ngạt" in found["entries.txt"]
    assert "choking" not in found["entries.txt"]
    assert "choking" in found["entries.json"]
    assert 'kind: "la"' in found["entries.txt"]


@pytest.mark.embedded
def test_an_agreement_put_back_into_memory_serves_nobody_a_second_time(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    handler, found = agreed(app, centre, letter, "story"), standing(app, centre, letter)
    with app.app_context():
        sealed = shelf.lent(found)
    takes(handler, letter)
    person = centre.of(Role.HANDLER)[0]
    later = clock.freeze(clock.now() + timedelta(hours=2))
    with later, app.app_context(), pytest.raises(NotAgreed), db.writing() as session:
        authority.take_out(session, person.identity, person.credentials.seed or b"", found.ask, sealed)


def lines(app: Flask, centre: Founded) -> list[log.Line]:
    """The lines about exports, the newest first, in a chain that holds."""
    reader = centre.of(Role.CUSTODIAN)[2]
    with app.app_context(), db.reading() as session:
        log_seed, first = log.keys_for(session, reader.person_id, reader.credentials.seed or b"")
        assert log.check(session, first)
        return [line for line in log.read(session, log_seed, limit=30) if line.deed.startswith("export")]


@pytest.mark.embedded
def test_each_step_is_logged_before_it_happens_and_stands_in_the_case(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    takes(agreed(app, centre, letter, "story", "names"), letter)
    found = lines(app, centre)
    assert sorted(line.deed for line in found) == ["export_agreed", "export_asked", "exported"]
    assert all(line.deed in ON_A_CASE and line.deed in DEEDS for line in found)
    told = json.dumps([(line.about, dict(line.detail)) for line in found], ensure_ascii=False)
    assert DEMAND["recipient"] not in told
    assert letter.case_id not in told
    desk = Handler(app, centre.of(Role.HANDLER)[0])
    with app.app_context(), db.reading() as session:
        hand = at_hand(session, desk.person.identity, desk.seed, letter.case_id)
        mine = lines_of(found, log_key(hand.side_key))
    assert {line.deed for line in mine} == {"export_asked", "exported"}
    assert desk.opens(letter.case_id).damaged == 0
    assert "Một câu chuyện" not in letter.opens().text


@pytest.mark.embedded
@pytest.mark.parametrize("step", ["ask", "agree"])
def test_when_the_log_cannot_be_written_nobody_was_asked_and_nobody_agreed(
    app: Flask, centre: Founded, letter: Reporter, step: str
) -> None:
    handler, keeper = signed_in(app, centre.of(Role.HANDLER)[0]), signed_in(app, centre.of(Role.CUSTODIAN)[1])
    handler.get("/lam-viec/")
    if step == "agree":
        asks(handler, letter, "story")
    key = app.extensions["settings"].instance / "log.key"
    kept = key.read_bytes()
    key.unlink()
    if step == "ask":
        sent = {**DEMAND, "parts": ["story"]}
        assert post(handler, f"{address(letter)}/xin", sent).status_code == 503
        assert "Bến Nghé" not in keeper.get("/lam-viec/mo-ten").text
    else:
        found = standing(app, centre, letter)
        assert post(keeper, f"/lam-viec/mo-ten/{found.ask.ask_id}/dong-y").status_code == 503
        assert standing(app, centre, letter).state == "waiting"
    key.write_bytes(kept)


@pytest.mark.embedded
def test_what_waits_lies_in_memory_only_and_sealed(app: Flask, centre: Founded, letter: Reporter) -> None:
    asks(signed_in(app, centre.of(Role.HANDLER)[0]), letter, "story")
    folder: Path = app.extensions["settings"].instance
    memories = memory.folder(folder)
    for path in (*folder.iterdir(), *memories.iterdir()):
        if path.is_file():
            content = path.read_bytes()
            for word in (*DEMAND.values(), letter.case_id):
                assert word.encode() not in content or path.name.startswith("centre.db"), path.name


@pytest.mark.embedded
def test_the_form_asks_for_a_document_and_a_part(app: Flask, centre: Founded, letter: Reporter) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    answer = post(handler, f"{address(letter)}/xin", {"recipient": "Công an"})
    assert answer.status_code == 422
    assert "Bạn chọn ít nhất một phần" in answer.text
    assert handler.get("/lam-viec/co-quan/mo-tep").data == SCRIPT.read_bytes()
    assert handler.get(f"/en{address(letter)}").status_code == 200
