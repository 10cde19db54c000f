"""Handing one case to an authority: two people, two sessions, one sealed file that opens on another machine."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import db, log, memory
from core.access import Role
from core.log_reader import DEEDS, ON_A_CASE
from intake import authority, export_file, open_export
from intake.authority import NotAgreed, Wish
from intake.cases import NoSuchCase
from intake.founding import Founded, Settled
from intake.log_tag import lines_of, log_key
from tests.factories import post, signed_in
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


def asks(client: FlaskClient, case_id: str, *parts: str) -> None:
    answer = post(client, f"/lam-viec/co-quan/hoi/{case_id}", {**DEMAND, "parts": list(parts)})
    assert answer.status_code == 303, answer.text


def asked_id(client: FlaskClient) -> str:
    page = client.get("/lam-viec/co-quan/").text
    found = re.search(r"/lam-viec/co-quan/([0-9a-f]{32})/bo", page)
    assert found, page
    return found.group(1)


def agreed(app: Flask, centre: Founded, letter: Reporter, *parts: str) -> tuple[FlaskClient, str]:
    """A request to which the second custodian agreed, in the handler's browser."""
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    asks(handler, letter.case_id, *parts)
    custodian = signed_in(app, centre.of(Role.CUSTODIAN)[1])
    number = asked_id(custodian)
    assert post(custodian, f"/lam-viec/co-quan/{number}/dong-y").status_code == 303
    return handler, number


def takes(handler: FlaskClient, number: str, **more: str) -> tuple[bytes, str]:
    """The sealed file, and the passphrase that was on the page."""
    page = handler.get(f"/lam-viec/co-quan/{number}").text
    words = re.search(r'name="passphrase" value="([^"]+)"', page)
    assert words, page
    answer = post(handler, f"/lam-viec/co-quan/{number}", {"passphrase": words.group(1), **more})
    assert answer.status_code == 200, answer.text
    return answer.data, words.group(1)


def opens_elsewhere(file: Path, typed: str) -> dict[str, Any]:
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
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_case_goes_from_the_centre_to_the_authority_and_opens_there_with_one_command(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path
) -> None:
    handler, number = agreed(app, centre, letter, "story", "entries")
    sealed, passphrase = takes(handler, number)
    for secret in ("Một câu chuyện", letter.case_id, DEMAND["recipient"], passphrase):
        assert secret.encode() not in sealed
    file = tmp_path / "away" / "ho-so.case"
    file.parent.mkdir()
    file.write_bytes(sealed)
    found = opens_elsewhere(file, passphrase.upper())
    assert set(found) == {"letter.txt", "letter.json", "entries.txt", "entries.json", "manifest.json"}
    assert "Một câu chuyện" in found["letter.txt"]
    assert "Chúng tôi đã đọc." in found["entries.txt"]
    assert "Nguyễn Thị Ẩn" not in "".join(found.values())
    assert centre.of(Role.CUSTODIAN)[0].person_id not in found["letter.json"]  # whom they struck out
    manifest = json.loads(found["manifest.json"])
    assert manifest["document"] == DEMAND["document"]
    assert manifest["custodian"]["name"] == centre.of(Role.CUSTODIAN)[1].name
    assert len(manifest["compartments"]) >= 6
    for name, digest in manifest["files"].items():
        assert hashlib.sha256(found[name].encode()).hexdigest() == digest


def test_names_go_along_only_with_the_custodians_half(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path
) -> None:
    handler, number = agreed(app, centre, letter, "names")
    sealed, passphrase = takes(handler, number)
    file = tmp_path / "ho-so.case"
    file.write_bytes(sealed)
    found = opens_elsewhere(file, passphrase)
    assert "Nguyễn Thị Ẩn" in found["names.txt"]
    assert "Một câu chuyện" not in "".join(found.values())


@pytest.mark.embedded
def test_an_authority_with_a_key_needs_no_passphrase(
    app: Flask, centre: Founded, letter: Reporter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert open_export.main(["--make-key", str(tmp_path / "phuong")]) == 0
    handler, number = agreed(app, centre, letter, "story")
    sealed, _ = takes(handler, number, public_key=(tmp_path / "phuong.pub").read_text())
    file = tmp_path / "ho-so.case"
    file.write_bytes(sealed)
    assert open_export.main([str(file)]) == 1
    assert "--key" in capsys.readouterr().err
    assert open_export.main(["--make-key", str(tmp_path / "khac")]) == 0
    assert open_export.main([str(file), "--key", str(tmp_path / "khac.key")]) == 1
    assert open_export.main([str(file), "--key", str(tmp_path / "phuong.key")]) == 0
    assert "Một câu chuyện" in (tmp_path / "ho-so-opened" / "letter.txt").read_text(encoding="utf-8")
    wrong = post(handler, f"/lam-viec/co-quan/{number}", {"public_key": "AAAA"})
    assert wrong.status_code == 422


@pytest.mark.embedded
def test_a_changed_file_a_wrong_passphrase_and_a_forged_manifest_do_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.sealing import sign_public

    facts = {"handler": {"name": "Trần Thu Hà", "key": sign_public(bytes(32)).hex()}}
    words = "sao-tuyet " * 6
    good = export_file.build({"letter.txt": "Lời"}, facts, bytes(32), words)
    forged = export_file.build({"letter.txt": "Lời"}, facts, bytes([1]) * 32, words)
    nasty = export_file.build({"../letter.txt": "Lời"}, facts, bytes(32), words)
    flipped = bytearray(good)
    flipped[-1] ^= 1
    file = tmp_path / "x.case"
    for raw, typed, said in (
        (good, "sai", "does not open"),
        (bytes(flipped), words, "does not open"),
        (good[:200], words, "does not open"),
        (b"something", words, "not a case"),
        (forged, words, "signature does not fit"),
        (nasty, words, "does not belong"),
    ):
        file.write_bytes(raw)
        monkeypatch.setattr("getpass.getpass", lambda _, typed=typed: typed)
        assert open_export.main([str(file)]) == 1
        assert said in capsys.readouterr().err
        shutil.rmtree(tmp_path / "x-opened", ignore_errors=True)
    file.write_bytes(good)
    monkeypatch.setattr("getpass.getpass", lambda _: words)
    assert open_export.main([str(file)]) == 0


def test_one_agreement_is_enough_and_the_other_custodians_see_that(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    agreed(app, centre, letter, "story")
    third = signed_in(app, centre.of(Role.CUSTODIAN)[2]).get("/lam-viec/co-quan/").text
    assert "đã đồng ý" in third
    assert "/dong-y" not in third
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    assert centre.of(Role.CUSTODIAN)[1].name in handler.get("/lam-viec/co-quan/").text
    assert post(handler, f"/lam-viec/co-quan/{asked_id(handler)}/bo").status_code == 303
    assert "Không có yêu cầu nào chờ" in handler.get("/lam-viec/co-quan/").text


def test_nothing_is_made_before_a_custodian_agreed_or_by_another_handler(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    asks(handler, letter.case_id, "story")
    number = asked_id(handler)
    assert handler.get(f"/lam-viec/co-quan/{number}").status_code == 302
    drawn = " ".join(["sao-tuyet"] * 6)
    assert post(handler, f"/lam-viec/co-quan/{number}", {"passphrase": drawn}).status_code in {400, 409}
    other = signed_in(app, centre.of(Role.HANDLER)[1])
    assert "Bến Nghé" not in other.get("/lam-viec/co-quan/").text
    assert other.get(f"/lam-viec/co-quan/{number}").status_code == 404


def test_a_custodian_who_was_struck_out_sees_no_request_and_cannot_agree(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    struck = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    before = struck.get("/lam-viec/co-quan/").text
    asks(handler, letter.case_id, "story")
    number = asked_id(handler)
    after = struck.get("/lam-viec/co-quan/").text
    hide = re.compile(r'value="[^"]*"')
    assert hide.sub("", before) == hide.sub("", after)
    assert post(struck, f"/lam-viec/co-quan/{number}/dong-y").status_code == 404
    person = centre.of(Role.CUSTODIAN)[0]
    asked = found(app, centre.of(Role.HANDLER)[0])
    with app.app_context(), pytest.raises(NoSuchCase), db.writing() as session:
        authority.agree(session, person.identity, person.credentials.seed or b"", asked)


def found(app: Flask, person: Settled) -> authority.Asked:
    """The one request that waits for somebody."""
    with app.app_context():
        (asked,) = authority.waiting(person.identity, person.credentials.seed or b"")
        return asked


@pytest.mark.embedded
def test_an_agreement_to_something_else_counts_for_nothing(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    """Whoever can write into the memory store cannot make of an agreement to a story one to a name."""
    import dataclasses

    agreed(app, centre, letter, "story")
    person = centre.of(Role.HANDLER)[0]
    asked = found(app, person)
    more = dataclasses.replace(asked, wish=dataclasses.replace(asked.wish, parts=("story", "entries")))
    nobody = dataclasses.replace(
        asked, agreement={**asked.agreement, "by": centre.of(Role.CUSTODIAN)[2].person_id}
    )
    seed = person.credentials.seed or b""
    for forged in (more, nobody, dataclasses.replace(asked, agreement={})):
        with app.app_context(), pytest.raises(NotAgreed), db.writing() as session:
            authority.take_out(session, person.identity, seed, forged)


def test_each_step_is_logged_before_it_happens_and_stands_in_the_case(
    app: Flask, centre: Founded, letter: Reporter
) -> None:
    handler, number = agreed(app, centre, letter, "story", "names")
    takes(handler, number)
    reader = centre.of(Role.CUSTODIAN)[2]
    with app.app_context(), db.reading() as session:
        log_seed, first = log.keys_for(session, reader.person_id, reader.credentials.seed or b"")
        lines = [line for line in log.read(session, log_seed, limit=30) if line.deed.startswith("export")]
        assert log.check(session, first)
    assert sorted(line.deed for line in lines) == ["export_agreed", "export_asked", "exported"]
    assert all(line.deed in ON_A_CASE and line.deed in DEEDS for line in lines)
    told = json.dumps([(line.about, dict(line.detail)) for line in lines], ensure_ascii=False)
    assert DEMAND["recipient"] not in told
    assert letter.case_id not in told
    desk = Handler(app, centre.of(Role.HANDLER)[0])
    with app.app_context(), db.reading() as session:
        from core import rosters
        from intake.cases import Holder, load
        from intake.slots import Side

        case = load(session, letter.case_id)
        opened = case.open_for(Holder.of(desk.person.identity, desk.seed), rosters.chain(session))
        key = opened[case.first_key_set(Side.HANDLERS).id].key
        assert {line.deed for line in lines_of(lines, log_key(key))} == {"export_asked", "exported"}
    assert desk.opens(letter.case_id).damaged == 0
    assert "Một câu chuyện" not in letter.opens().text


@pytest.mark.embedded
def test_what_waits_lies_in_memory_only_and_sealed(app: Flask, centre: Founded, letter: Reporter) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    asks(handler, letter.case_id, "story")
    folder: Path = app.extensions["settings"].instance
    shelf = memory.folder(folder)
    for path in (*folder.iterdir(), *shelf.iterdir()):
        content = path.read_bytes()
        for word in (DEMAND["recipient"], DEMAND["document"], DEMAND["reason"]):
            assert word.encode() not in content, path.name


@pytest.mark.embedded
def test_places_run_out_kindly_and_are_given_back(app: Flask, centre: Founded, letter: Reporter) -> None:
    person = centre.of(Role.HANDLER)[0]
    wish = Wish(recipient="A", document="B", reason="C", parts=("story",))
    seed = person.credentials.seed or b""
    with app.app_context():
        for _ in range(authority.AT_ONCE):
            with db.writing() as session:
                authority.ask(session, person.identity, seed, letter.case_id, wish)
        with pytest.raises(authority.TooManyWait), db.writing() as session:
            authority.ask(session, person.identity, seed, letter.case_id, wish)
        waiting = list(authority.waiting(person.identity, seed))
        assert len(waiting) == authority.AT_ONCE
        authority.put_aside(waiting[0])
        with db.writing() as session:
            authority.ask(session, person.identity, seed, letter.case_id, wish)


def test_the_form_asks_for_a_document_and_a_part(app: Flask, centre: Founded, letter: Reporter) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    answer = post(handler, f"/lam-viec/co-quan/hoi/{letter.case_id}", {"recipient": "Công an"})
    assert answer.status_code == 422
    assert "Bạn chọn ít nhất một phần" in answer.text
    assert handler.get("/lam-viec/co-quan/mo-tep").data == SCRIPT.read_bytes()
    assert handler.get(f"/en/lam-viec/co-quan/hoi/{letter.case_id}").status_code == 200
