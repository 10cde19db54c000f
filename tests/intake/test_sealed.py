"""Letters that a browser sealed: taken in by their shape alone, once, and opened with care."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from core import db, rosters
from core.installation import installation_id
from core.roster import Roster
from core.sealing import PrivateKey, pad
from intake.cases import Holder
from intake.casework import casework, handing
from intake.casework.casework import Damaged
from intake.form.report import split, validate
from intake.keys.founding import Founded
from intake.models import CaseFile, Compartment, KeySet
from intake.seal import openings, receipt
from intake.seal.envelope import seal_case
from intake.seal.letters import Strikeouts
from intake.writing import sealed
from tests import factories
from tests.factories import signed_in
from tests.letters import Handler, Reporter, answers, sign_a_new_roster

STORY = "Chuyện ở phòng trực."


@dataclass
class Browser:
    """A browser that seals, played in Python."""

    app: Flask
    receipt: str = field(default_factory=receipt.draw)
    case_id: str = field(default_factory=lambda: secrets.token_hex(16))

    def seals(self, words: Mapping[str, Any] | None = None, struck: Sequence[str] = (), **said: Any) -> bytes:
        """The body. words: parts as they are, instead of a letter."""
        raw = {name: [value] if isinstance(value, str) else value for name, value in answers(**said).items()}
        with self.app.app_context():
            with db.reading() as session:
                roster = rosters.current(session)
            keys = receipt.derive(self.receipt, installation_id())
            parts = dict(split(validate(raw)).items()) | dict(words or {})
            case = seal_case(
                parts, case_id=self.case_id, roster=roster, struck=struck, reporter_seed=keys.seed
            )
            none, reporter = openings.none_yet(), PrivateKey.from_seed(keys.seed).public
            return b"".join(
                [
                    bytes([sealed.FORMAT]),
                    bytes.fromhex(self.case_id + keys.token_hash + roster.fingerprint),
                    b"\0",
                    case.handlers.slots,
                    case.custodians.slots,
                    *(blob for _, blob in case.compartments),
                    case.strikeouts,
                    openings.for_handlers(none, case.handlers.key, self.case_id),
                    openings.for_reporter(none, reporter, self.case_id),
                ]
            )

    def sends(self, body: bytes) -> TestResponse:
        """Post it."""
        client = self.app.test_client(use_cookies=False)
        return client.post("/thu/niem-phong", data=body, content_type="application/octet-stream")


@pytest.fixture
def browser_(app: Flask, centre: Founded) -> Browser:
    return Browser(app)


def counted(app: Flask) -> tuple[int, int, int]:
    """Rows of cases, key sets and compartments."""
    with app.app_context(), db.reading() as session:
        return tuple(session.query(kind).count() for kind in (CaseFile, KeySet, Compartment))  # type: ignore[return-value]


def test_a_sealed_letter_is_kept_and_opens(app: Flask, browser_: Browser, handlers: list[Handler]) -> None:
    answer = browser_.sends(browser_.seals(narrative=STORY))
    assert answer.status_code == 200
    assert answer.json["come_back"]
    assert handlers[0].opens(browser_.case_id).story["narrative"] == STORY
    assert "Hộp thư của bạn" in Reporter(app, receipt=browser_.receipt).opens().text


def test_the_same_body_again_whoever_sends_it_changes_nothing(app: Flask, browser_: Browser) -> None:
    body = browser_.seals(narrative=STORY)
    first = browser_.sends(body)
    before = counted(app)
    again = Browser(app).sends(body)
    assert (again.status_code, again.data) == (200, first.data)
    assert counted(app) == before == (1, 2, 5)


def test_a_stranger_with_a_copy_of_the_body_learns_nothing_of_what_became_of_it(
    app: Flask, browser_: Browser, handlers: list[Handler]
) -> None:
    body = browser_.seals(narrative=STORY)
    first = browser_.sends(body)
    handlers[0].opens(browser_.case_id)
    handlers[1].answers(browser_.case_id, "Đã đọc.")
    told = app.test_client().post("/thu/niem-phong", data=body, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert (told.status_code, told.data, list(told.headers)) == (200, first.data, list(first.headers))
    assert set(told.json) == {"come_back"}
    other = browser_.seals(narrative=STORY)  # the same case sealed once more: not their letter, so nothing
    assert Browser(app).sends(other).json == {"why": "taken"}
    assert counted(app)[0] == 1


def test_another_letter_under_the_same_id_is_refused_and_the_first_stays(
    app: Flask, browser_: Browser, handlers: list[Handler]
) -> None:
    browser_.sends(browser_.seals(narrative=STORY))
    for other in (browser_, Browser(app, case_id=browser_.case_id), Browser(app, receipt=browser_.receipt)):
        refused = other.sends(other.seals(narrative="Khác"))
        assert (refused.status_code, refused.json) == (409, {"why": "taken"})
    assert counted(app) == (1, 2, 5)
    assert handlers[0].opens(browser_.case_id).story["narrative"] == STORY


def test_what_has_not_the_shape_of_a_sealed_letter_is_refused(app: Flask, browser_: Browser) -> None:
    body = browser_.seals()
    wrong = [b"", b"\1", body[:-1], body + b"\0", b"\2" + body[1:], body[:81] + b"\2" + body[82:]]
    wrong += [body[:82] + b"\7" + body[83:], body[:-1265] + b"\0" + body[-1264:], STORY.encode() * 3000]
    for other in wrong:
        refused = browser_.sends(other)
        assert refused.status_code == 400, len(other)
        assert refused.json == {"why": "shape"}
    assert counted(app) == (0, 0, 0)


def test_a_letter_to_people_who_are_not_in_force_is_refused_but_a_repeat_is_known(
    app: Flask, centre: Founded, browser_: Browser
) -> None:
    kept, late = browser_.seals(), Browser(app)
    never = late.seals()
    first = browser_.sends(kept)
    sign_a_new_roster(app, centre)
    refused = late.sends(never)
    assert (refused.status_code, refused.json) == (409, {"why": "roster"})
    assert browser_.sends(kept).data == first.data
    unknown = bytearray(never)
    unknown[49] ^= 1
    assert late.sends(bytes(unknown)).json == {"why": "roster"}
    assert late.sends(late.seals()).status_code == 200


def test_without_a_roster_nothing_is_taken_and_no_form_is_given(app: Flask) -> None:
    client = app.test_client()
    for answer in (
        client.get("/thu/mau.json"), client.get("/thu/khoa.json"), client.post("/thu/niem-phong", data=b"\1" * 60_000)
    ):  # fmt: skip
        assert (answer.status_code, answer.json) == (503, {"why": "closed"})


HOSTILE: dict[str, Any] = {
    "what_kind": 7,
    "age_group": {"a": []},
    "danger_now": ["yes"],
    "danger_signs": "choking",
    "arrived_at": [1],
    "narrative": {"x": 1},
    "relation": "x" * 9000,
    "contact_mode": None,
    "consent_stats": "true",
    "exclude_handlers": [[1]],
    "unknown": 1,
}


@pytest.mark.parametrize("words", [HOSTILE, {}, {"narrative": "x" * 9000, "what_kind": ["no such code"]}])
def test_whatever_a_browser_sealed_breaks_no_page_of_a_handler(
    app: Flask, centre: Founded, browser_: Browser, handlers: list[Handler], words: dict[str, Any]
) -> None:
    short = {name: value for name, value in words.items() if len(str(value)) < 100}
    parts = dict.fromkeys(("flags", "safe_contact", "tally", "identity"), short) | {"story": words}
    assert browser_.sends(browser_.seals(parts)).status_code == 200
    client = signed_in(app, handlers[0].person)
    assert client.get("/lam-viec/").status_code == 200
    assert client.get(f"/lam-viec/{browser_.case_id}").status_code == 200
    opened = factories.post(client, f"/lam-viec/{browser_.case_id}/mo")
    assert opened.status_code == 200
    assert "x" * 4001 not in opened.text
    handlers[0].judges(browser_.case_id)


CELLS = (
    '{"days":"r99991231"}',
    '{"days":"{20261201 v00010101"}',
    '{"days":"a20261201 b20261201 c20261201 d20261201 e20261201 f20261201"}',
    '{"handler":Infinity}',
    f'{{"custodian":{10**90}}}',
    '{"kept":-1e999}',
)


@pytest.mark.embedded
def test_no_cell_that_a_browser_sealed_closes_the_list_for_the_other_letters(
    app: Flask, handlers: list[Handler], browser_: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cell in CELLS:
        writing = Browser(app)
        with monkeypatch.context() as patched:
            patched.setattr(openings, "_written", lambda _words, cell=cell: pad(cell.encode(), 128))
            assert writing.sends(writing.seals()).status_code == 200
    browser_.sends(browser_.seals(narrative=STORY))
    for line in handlers[0].cases():
        with app.app_context(), db.writing() as session:
            casework.open_case(session, handlers[0].person.identity, handlers[0].seed, line.case_id)
    client = signed_in(app, handlers[0].person)
    page = client.get("/lam-viec/")
    assert page.status_code == 200
    assert page.text.count("/lam-viec/" + browser_.case_id) == 1


@pytest.mark.embedded
@pytest.mark.parametrize("number", [float("inf"), 0, -7, "1e3"])
def test_strike_outs_of_no_roster_open_as_damage_and_hold_nobody_up(
    app: Flask, browser_: Browser, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch, number: Any
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Strikeouts, "as_json", lambda _self: {"roster": number, "struck": []})
        assert browser_.sends(browser_.seals()).status_code == 200
    with app.app_context(), db.writing() as session:
        who, seed = handlers[0].person.identity, handlers[0].seed
        assert isinstance(casework.open_case(session, who, seed, browser_.case_id), Damaged)
        with pytest.raises(handing.HandingDamaged):
            handing.take_up(session, Holder.of(who, seed), browser_.case_id, "opened", who=who.person_id)


def test_half_a_character_opens_for_nobody_and_breaks_no_page(
    app: Flask, browser_: Browser, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.seal.envelope.compact", lambda value: json.dumps(value).encode())
    assert browser_.sends(browser_.seals({"flags": {"arrived_at": "\ud800"}})).status_code == 200
    assert signed_in(app, handlers[0].person).get("/lam-viec/").status_code == 200


def test_the_blank_letter_is_the_same_for_everyone_and_sets_nothing(app: Flask, centre: Founded) -> None:
    client = app.test_client()
    first, second = client.get("/thu/mau.json"), client.get("/thu/mau.json", headers={"Cookie": "a=b"})
    assert first.data == second.data
    assert "Set-Cookie" not in first.headers
    assert first.headers["Cache-Control"] == "no-store"
    assert first.content_type == "application/json"
    english = client.get("/en/thu/mau.json").json
    assert english["fields"][0]["missing"] != first.json["fields"][0]["missing"]
    with app.app_context(), db.reading() as session:
        current: Roster = rosters.current(session)
    keys = client.get("/thu/khoa.json")
    assert keys.data == client.get("/thu/khoa.json", headers={"Cookie": "a=b"}).data
    assert "Set-Cookie" not in keys.headers
    assert keys.headers["Cache-Control"] == "no-store"
    for roster in (first.json["roster"], keys.json):
        assert roster["fingerprint"] == current.fingerprint
        assert [member["id"] for member in roster["members"]] == [member.id for member in current.members]
    sealed_to = [b64decode(member["key"]) for member in keys.json["members"]]
    assert sealed_to == [member.seal_public for member in current.members]
    assert b64decode(keys.json["recovery"]) == current.recovery_public
    assert not any("key" in member for member in first.json["roster"]["members"]), "reading needs no key"
    assert "sign_public" not in first.text + keys.text
