"""Founding: by the guided pages, and at a terminal; nothing counts before two custodians have signed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pyotp
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from core import accounts, db, log, once, rosters
from core.access import Role
from core.accounts import LinkSpent, Person
from core.installation import Installation
from core.rosters import NoRoster
from intake import eraser
from intake.keys import cards, commands, founding, founding_link
from intake.keys.founding import AlreadyFounded, Founded, FoundingRefused, Newcomer
from tests import factories
from tests.factories import code_for, forget_codes, post, signed_in

FORM = {
    "administrator-1-name": "Nguyễn Thị Quản",
    "administrator-1-title": "Kế toán",
    "custodian-1-name": "Lê Văn Giữ",
    "custodian-1-title": "Chủ tịch công đoàn",
    "custodian-2-name": "Phạm Thị Khóa",
    "custodian-2-title": "Điều dưỡng trưởng",
    "custodian-4-name": "Đỗ Minh Chìa",
    "custodian-4-title": "Chuyên viên Sở Y tế",
    "handler-1-name": "Trần Thu Hà",
    "handler-1-title": "Bác sĩ",
    "handler-3-name": "Hoàng Văn Đông",
    "handler-3-title": "Y sĩ",
}


@pytest.fixture(autouse=True)
def quick(cheap: None) -> None:
    """Cheap locks in every test of this file."""


@pytest.fixture
def link(app: Flask) -> str:
    """The path that the first start prints."""
    with app.app_context(), db.writing() as session:
        token = founding_link.offer_link(session)
    assert token is not None
    return f"/khoi-lap/{token}"


def test_a_founded_centre_has_everything_reports_need(app: Flask, centre: Founded) -> None:
    with app.app_context():
        with db.reading() as session:
            assert rosters.current(session) == centre.roster
            row = session.get(Installation, 1)
            assert row is not None
            assert row.founded_on is not None
            assert row.founding_token_hash is None
            person = centre.of(Role.CUSTODIAN)[0]
            assert person.credentials.seed is not None
            log_seed, first_key = log.keys_for(session, person.person_id, person.credentials.seed)
            assert log.check(session, first_key) == 2
            assert [line.deed for line in log.read(session, log_seed)] == ["roster_in_force", "founded"]
        assert eraser.take(eraser.eraser_path())
    assert cards.recover(centre.cards[:2], centre.roster.recovery_public)


@pytest.mark.embedded
def test_the_cards_and_passphrases_are_nowhere_in_the_instance(app: Flask, centre: Founded) -> None:
    folder = app.extensions["settings"].instance
    stored = b"".join(path.read_bytes() for path in folder.iterdir() if path.name != "eraser.keys")
    for card in centre.cards:
        words = card.split()
        assert " ".join(words[3:6]).encode() not in stored
    for person in centre.people:
        assert person.credentials.passphrase.encode() not in stored
        assert person.credentials.totp.encode() not in stored
        if person.credentials.seed:
            assert person.credentials.seed not in stored


def test_an_installation_is_founded_once(app: Flask, centre: Founded) -> None:
    with app.app_context():
        prepared = founding.prepare(factories.PEOPLE)
        with pytest.raises(AlreadyFounded), db.writing() as session:
            founding.found(session, prepared)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [(Role.ADMINISTRATOR, "At least 1"), (Role.CUSTODIAN, "At least 3"), (Role.HANDLER, "At least 2")],
)
def test_too_few_people_found_nothing(app: Flask, left_out: Role, sentence: str) -> None:
    one = next(person for person in factories.PEOPLE if left_out in person.roles)
    people = [person for person in factories.PEOPLE if person is not one]
    with app.app_context():
        prepared = founding.prepare(people)
        with pytest.raises(FoundingRefused, match=sentence), db.writing() as session:
            founding.found(session, prepared)
        with db.reading() as session:
            assert not accounts.anyone(session)
            assert not log.started(session)


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (
            Newcomer(name="Hai Vai", title_vi="x", roles=frozenset({Role.HANDLER, Role.BOARD})),
            "held by different",
        ),
        (Newcomer(name="trần thu HÀ", title_vi="x", roles=frozenset({Role.UNIT})), "stands here twice"),
        (Newcomer(name=" ", title_vi="x", roles=frozenset({Role.UNIT})), "needs a name"),
        (Newcomer(name="Không Chức", title_vi="", roles=frozenset({Role.UNIT})), "“Không Chức” has no title"),
        (Newcomer(name="Không Vai", title_vi="x", roles=frozenset()), "held by different"),
    ],
)
def test_a_list_with_a_mistake_is_refused_with_its_reason(extra: Newcomer, sentence: str) -> None:
    with pytest.raises(FoundingRefused, match=sentence):
        founding.check_people([*factories.PEOPLE, extra])


@pytest.mark.slow
def test_the_whole_founding_by_the_pages(app: Flask, client: FlaskClient, link: str) -> None:
    """From the printed link to a roster in force, each person at their own browser, without scripts."""
    assert client.get(link).status_code == 200
    assert client.post(link, data=FORM).status_code == 302
    people = _enrol_everybody(app, client.get(link).text)
    first, second = (_browser(app, people[name]) for name in ("Lê Văn Giữ", "Phạm Thị Khóa"))
    page = first.get("/lam-viec/danh-sach/").text
    assert "Lập thẻ phục hồi" in page
    assert _in_force(app) is None

    assert post(first, "/lam-viec/danh-sach/the").status_code == 302
    deck = _deck(first)
    assert _deck(first) == deck, "a reload shows the same cards"
    assert post(second, "/lam-viec/danh-sach/the").status_code == 302
    assert _deck(second) != deck, "another custodian sees none of hers"
    wrong = {f"last-{number}": "sai" for number in (1, 2, 3)}
    assert post(first, "/lam-viec/danh-sach/the/xong", wrong).status_code == 422
    typed = {f"last-{number}": words[-1].upper() + " " for number, words in enumerate(deck, start=1)}
    assert post(first, "/lam-viec/danh-sach/the/xong", typed).status_code == 302
    assert first.get("/lam-viec/danh-sach/the").status_code == 302, "the cards are gone"

    seen = _waiting(app)
    assert post(first, "/lam-viec/danh-sach/ky", {"seen": seen, "compared": "y"}).status_code == 302
    assert _in_force(app) is None
    post(second, "/lam-viec/danh-sach/ky", {"seen": seen, "compared": "y"})
    roster = _in_force(app)
    assert roster is not None
    assert {member.name for member in roster.members} == set(people) - {"Nguyễn Thị Quản"}
    assert cards.recover([" ".join(words) for words in deck[1:]], roster.recovery_public)
    assert "Chuỗi nhật ký nguyên vẹn" in second.get("/lam-viec/nhat-ky/").text


def test_the_founding_link_works_once_and_shows_its_sheets_for_a_while(
    app: Flask, client: FlaskClient, link: str
) -> None:
    assert client.post(link, data=FORM).status_code == 302
    sheets = client.get(link).text
    assert len(re.findall(r"/dang-ky/", sheets)) >= 6
    assert client.get(link).text == sheets, "a reload shows the same"
    assert client.post(link, data={**FORM, "administrator-1-name": "Kẻ Khác"}).status_code == 302
    assert "Kẻ Khác" not in client.get(link).text
    assert client.post(f"{link}/xong").status_code == 302
    assert client.get(link).status_code == 410
    assert client.post(link, data=FORM).status_code == 410
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 6


@pytest.mark.embedded
@pytest.mark.parametrize("path", ["/khoi-lap/x", "/khoi-lap/" + "x" * 43, "/en/khoi-lap/%F0%9F%99%82"])
def test_a_wrong_founding_link_gets_one_clear_sentence(client: FlaskClient, link: str, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 410
    assert client.post(path, data=FORM).status_code == 410
    assert "Quản" not in answer.text


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"handler-3-name": "", "handler-3-title": ""}, "Cần ít nhất 2"),
        ({"custodian-4-name": "", "custodian-4-title": ""}, "Cần ít nhất 3"),
        ({"administrator-1-name": "", "administrator-1-title": ""}, "Cần ít nhất 1"),
        ({"handler-3-title": ""}, "“Hoàng Văn Đông” chưa có chức danh."),
        ({"board-1-name": "tran thu ha", "board-1-title": "x"}, "có hai lần"),
    ],
)
def test_a_wrong_list_keeps_everything_typed_and_writes_nothing(
    app: Flask, client: FlaskClient, link: str, changed: dict[str, str], sentence: str
) -> None:
    answer = client.post(link, data={**FORM, **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    for name, value in {**FORM, **changed}.items():
        assert value in answer.text, name
    with app.app_context(), db.reading() as session:
        assert not accounts.anyone(session)
    assert client.post(link, data=FORM).status_code == 302


@pytest.mark.embedded
def test_people_of_one_name_are_told_apart_by_a_sign_in_name(
    app: Flask, client: FlaskClient, link: str
) -> None:
    twice = {"board-1-name": "Trần Thu Hà", "board-1-title": "Phó Giám đốc", "board-1-sign": "ha.bgd"}
    assert client.post(link, data={**FORM, **twice}).status_code == 302


def test_each_start_offers_a_fresh_link_until_an_administrator_has_enrolled(app: Flask, link: str) -> None:
    client = app.test_client()
    with app.app_context(), db.writing() as session:
        later = founding_link.offer_link(session)
    assert client.get(link).status_code == 410
    client.post(f"/khoi-lap/{later}", data=FORM)
    with app.app_context(), db.writing() as session:
        again = founding_link.offer_link(session)
    assert again, "the sheets may have been lost"
    client.post(f"/khoi-lap/{again}", data=FORM)
    _enrol_everybody(app, client.get(f"/khoi-lap/{again}").text)
    with app.app_context(), db.writing() as session:
        assert founding_link.offer_link(session) is None


def test_lost_sheets_are_replaced_without_touching_who_has_enrolled(app: Flask, link: str) -> None:
    client = app.test_client()
    client.post(link, data=FORM)
    sheets = _sheets(client.get(link).text)
    _enrol(app.test_client(), sheets["Lê Văn Giữ"])
    with app.app_context(), db.writing() as session:
        token = founding_link.offer_link(session)
    again = {name: value for name, value in FORM.items() if not name.startswith("custodian-1")}
    assert client.post(f"/khoi-lap/{token}", data=again).status_code == 302
    assert client.get(sheets["Trần Thu Hà"]).status_code == 410
    with app.app_context(), db.reading() as session:
        states = {row.name: row.state for row in session.execute(select(Person.name, Person.state))}
    assert states["Lê Văn Giữ"] == "active"
    assert len(states) == 6


def test_a_founded_centre_offers_no_link(app: Flask, centre: Founded) -> None:
    with app.app_context(), db.writing() as session:
        assert founding_link.offer_link(session) is None
        with pytest.raises(LinkSpent):
            founding_link.write_down(session, "x", factories.PEOPLE)


@pytest.mark.embedded
def test_the_sheets_lie_sealed_in_memory(app: Flask, client: FlaskClient, link: str) -> None:
    from core import memory

    client.post(link, data=FORM)
    tokens = re.findall(r"/dang-ky/([\w-]+)", client.get(link).text)
    with app.app_context():
        rows = memory.store()._db().execute("SELECT key, value FROM shelf").fetchall()  # type: ignore[attr-defined]
        assert once.look("founding", b"another token") is None
    lying = b"".join(str(key).encode() + (value if isinstance(value, bytes) else b"") for key, value in rows)
    assert tokens
    assert not any(token.encode() in lying for token in tokens)
    with app.app_context(), db.reading() as session:
        hashes = repr(session.execute(text("SELECT token_hash FROM enrolment")).all())
    assert not any(token in hashes for token in tokens)


@pytest.mark.embedded
def test_a_handler_alone_makes_no_cards_and_too_few_people_make_none(app: Flask, link: str) -> None:
    client = app.test_client()
    client.post(link, data=FORM)
    sheets = _sheets(client.get(link).text)
    people = {name: _enrol(app.test_client(), sheets[name]) for name in ("Lê Văn Giữ", "Trần Thu Hà")}
    custodian, handler = (_browser(app, people[name]) for name in people)
    assert "Chưa đủ người đã đăng ký" in custodian.get("/lam-viec/danh-sach/").text
    assert "Chưa có danh sách, nên thư chưa gửi được" in custodian.get("/lam-viec/").text
    waits = handler.get("/lam-viec/")
    assert waits.status_code == 409
    assert "Chưa bắt đầu nhận thư" in waits.text, "nothing is wrong with a log that has not begun"
    assert post(custodian, "/lam-viec/danh-sach/the").status_code == 409
    assert post(handler, "/lam-viec/danh-sach/the").status_code == 404


def test_found_at_a_terminal(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    people = [
        {"name": one.name, "title": one.title_vi, "roles": sorted(one.roles)} for one in factories.PEOPLE
    ]
    path.write_text(json.dumps(people, ensure_ascii=False), encoding="utf-8")
    done = _run(app, ["intake", "found", "--people", str(path)])
    assert done.exit_code == 0, done.output
    assert "Recovery card 3 of 3" in done.output
    words = re.search(r"Trần Thu Hà.*?passphrase +([a-z -]+)\n.*?TOTP\) +([A-Z2-7]+)", done.output, re.DOTALL)
    assert words
    sent = {"name": "Trần Thu Hà", "passphrase": words.group(1), "code": pyotp.TOTP(words.group(2)).now()}
    assert app.test_client().post("/dang-nhap", data=sent).status_code == 302
    assert _in_force(app) is not None
    again = _run(app, ["intake", "found", "--people", str(path)])
    assert again.exit_code == 1
    assert "founded only once" in again.output


@pytest.mark.embedded
def test_found_at_a_terminal_asks_for_names(app: Flask) -> None:
    answers = [
        "Quản",
        "Kế toán",
        "",
        "Giữ",
        "x",
        "Khóa",
        "x",
        "Chìa",
        "x",
        "",
        "Hà",
        "x",
        "Đông",
        "x",
        "",
        "",
        "",
    ]
    done = _run(app, ["intake", "found"], input="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    assert _in_force(app) is not None


@pytest.mark.embedded
@pytest.mark.parametrize(
    "written", ["{", "[1]", '[{"name": "x"}]', '[{"name":"x","title":"y","roles":["god"]}]', "[]"]
)
def test_a_file_that_is_no_list_of_people_is_refused_in_one_line(
    app: Flask, tmp_path: Path, written: str
) -> None:
    path = tmp_path / "people.json"
    path.write_text(written, encoding="utf-8")
    done = _run(app, ["intake", "found", "--people", str(path)])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert len(done.output.strip().splitlines()) == 1


@pytest.mark.embedded
def test_ones_own_digits_come_from_ones_own_keys_whatever_the_database_says(
    app: Flask, centre: Founded
) -> None:
    """Otherwise comparing them aloud would prove nothing against somebody who writes into the database."""
    handler, other = centre.of(Role.HANDLER)[:2]
    client = signed_in(app, handler)
    spoken = centre.roster.member(handler.person_id).spoken
    assert spoken in client.get("/tai-khoan").text
    with app.app_context(), db.writing() as session:
        straw = session.get_one(Person, other.person_id)
        mine = session.get_one(Person, handler.person_id)
        mine.sign_public, straw.sign_public = straw.sign_public, mine.sign_public
    page = client.get("/tai-khoan").text
    assert spoken in page
    assert "ghi khóa khác cho bạn" in page


@pytest.mark.embedded
def test_the_founding_at_a_terminal_ends_with_every_pair_of_cards_tried_from_paper(centre: Founded) -> None:
    first, second, third = centre.cards
    tried = click.command()(lambda: commands._rehearse(centre))
    typed = "\n".join([first.replace("a", "q"), first, second, first, first, second, third, ""])
    done = CliRunner().invoke(tried, input=typed)
    assert "is not in the list of words" in done.output
    assert "same card twice" in done.output
    assert "3 of 3 pairs bring the recovery key back" in done.output
    assert "do it today" in CliRunner().invoke(tried, input="").output


def test_verify_log_at_a_terminal(app: Flask, centre: Founded) -> None:
    custodian = centre.of(Role.CUSTODIAN)[0]
    good = _verify(app, custodian)
    assert good.exit_code == 0, good.output
    assert "The chain holds: 3 lines." in good.output
    with app.app_context(), db.writing() as session:
        row = session.get(log.LogLine, 2)
        assert row is not None
        row.mac = bytes(32)
    bad = _verify(app, custodian)
    assert bad.exit_code == 1
    assert "Line 2 was changed" in bad.output


def test_verify_log_opens_for_custodians_only_and_asks_for_all_three(app: Flask, centre: Founded) -> None:
    handler, custodian = centre.of(Role.HANDLER)[0], centre.of(Role.CUSTODIAN)[0]
    assert "Only a custodian" in _verify(app, handler).output
    assert "not right" in _verify(app, custodian, code="000000").output
    assert "not right" in _verify(app, custodian, passphrase="sai").output


def test_a_lost_administrator_gets_a_link_at_the_terminal_and_nobody_else_does(
    app: Flask, centre: Founded
) -> None:
    done = _run(app, ["intake", "link", "Nguyễn Thị Quản"])
    assert done.exit_code == 0, done.output
    path = re.search(r"(/dang-ky/\S+)", done.output)
    assert path
    assert "Nguyễn Thị Quản" in app.test_client().get(path.group(1)).text
    assert _run(app, ["intake", "link", "Trần Thu Hà"]).exit_code == 1
    assert _run(app, ["intake", "link", "khongcoai"]).exit_code == 1


# Furniture


def _run(app: Flask, arguments: list[str], **options: Any) -> Any:
    return app.test_cli_runner().invoke(args=arguments, **options)


def _verify(app: Flask, person: Any, **other: str) -> Any:
    forget_codes(app, person)
    passphrase = other.get("passphrase", person.credentials.passphrase)
    typed = f"{passphrase}\n{other.get('code', code_for(person))}\n"
    return _run(app, ["intake", "verify-log", "--name", person.sign_name], input=typed)


def _sheets(page: str) -> dict[str, str]:
    """Name → path of the enrolment link on the founding sheets."""
    found = re.findall(r"<h2>([^<]+)</h2>.*?href=\"http://localhost(/dang-ky/[^\"]+)\"", page, re.DOTALL)
    return dict(found)


def _enrol(client: FlaskClient, path: str) -> Any:
    """One person at their own browser: press the button, copy, type back."""
    client.post(path)
    page = client.get(path).text
    words = re.search(r'<ol class="words">(.*?)</ol>', page, re.DOTALL)
    secret = re.search(r"<b>((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})</b>", page)
    name = re.search(r"tên đăng nhập <b>([^<]+)</b>", page)
    assert words
    assert secret
    totp = secret.group(1).replace(" ", "")
    passphrase = " ".join(re.findall(r"<li>([^<]+)</li>", words.group(1)))
    done = client.post(f"{path}/xong", data={"passphrase": passphrase, "code": pyotp.TOTP(totp).now()})
    assert done.status_code == 302
    return {"passphrase": passphrase, "totp": totp, "name": name.group(1) if name else ""}


def _enrol_everybody(app: Flask, page: str) -> dict[str, Any]:
    people = {name: _enrol(app.test_client(), path) for name, path in _sheets(page).items()}
    assert len(people) >= 5
    return people


def _browser(app: Flask, person: dict[str, str]) -> FlaskClient:
    from core import memory

    with app.app_context():
        memory.store()._db().execute("DELETE FROM shelf WHERE key LIKE 'totp:%'")  # type: ignore[attr-defined]
    client = app.test_client()
    sent = {**person, "code": pyotp.TOTP(person["totp"]).now()}
    assert client.post("/dang-nhap", data=sent).status_code == 302
    return client


def _deck(client: FlaskClient) -> list[list[str]]:
    page = client.get("/lam-viec/danh-sach/the").text
    return [re.findall(r"<li>([a-z]+)</li>", part) for part in page.split('<ol class="codes">')[1:]]


def _waiting(app: Flask) -> str:
    with app.app_context(), db.reading() as session:
        waiting = rosters.proposed(session)
    assert waiting is not None
    return waiting[0].fingerprint


def _in_force(app: Flask) -> Any:
    with app.app_context(), db.reading() as session:
        try:
            return rosters.current(session)
        except NoRoster:
            return None
