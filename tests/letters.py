"""People around a letter, for tests: a reporter without scripts, and handlers at their desks.

reporter = Reporter(app)
reporter.writes(narrative="…", struck=[handler])     # sends it, and keeps the receipt
reporter.opens().text                                # the mailbox as a page
desk = Handler(app, centre.of(Role.HANDLER)[0])
desk.opens(desk.cases()[0]).story["narrative"]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import db, rosters
from core.access import Role
from intake.casework import casework
from intake.casework.casework import OpenedCase
from intake.desk import desk
from intake.desk.desk import Listed
from intake.keys.founding import Founded, Newcomer, Settled
from tests import factories

LEAST: Mapping[str, Any] = {
    "ack_limits": "yes",
    "danger_now": "no",
    "reporter_role": "self",
    "age_group": "18_59",
    "what_kind": ["threats"],
    "contact_mode": "mailbox",
}
"""The six answers that are needed, and nothing else."""


def answers(struck: Sequence[Settled] = (), **more: Any) -> dict[str, Any]:
    """What a browser sends of the letter; a None takes an answer away."""
    said = {**LEAST, **more}
    if struck:
        said["exclude_handlers"] = [person.person_id for person in struck]
    return {name: value for name, value in said.items() if value is not None}


def hidden(page: str, name: str) -> str:
    """The value of a hidden field on a page."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden {name} on this page"
    return found.group(1)


@dataclass
class Reporter:
    """Somebody with a browser without scripts or cookies, and what they wrote down."""

    app: Flask
    prefix: str = ""
    receipt: str = ""
    case_id: str = ""
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    def checks(self, struck: Sequence[Settled] = (), **more: Any) -> TestResponse:
        """Fill in the letter and look at it once more."""
        return self.client.post(f"{self.prefix}/thu", data=answers(struck, **more))

    def sends(self, checked: TestResponse, struck: Sequence[Settled] = (), **more: Any) -> TestResponse:
        """Send what the page of answers carries."""
        self.case_id = hidden(checked.text, "case")
        self.receipt = hidden(checked.text, "receipt")
        carried = {"case": self.case_id, "receipt": self.receipt}
        return self.client.post(f"{self.prefix}/thu/gui", data=answers(struck, **more) | carried)

    def writes(self, struck: Sequence[Settled] = (), **more: Any) -> TestResponse:
        """Write and send a letter; the receipt is kept."""
        page = self.sends(self.checks(struck, **more), struck, **more)
        assert page.status_code == 200, page.text
        shown = re.search(r'<output[^>]*id="receipt"[^>]*>(.*?)</output>', page.text)
        assert shown, "no receipt on the page"
        self.receipt = "".join(character for character in shown.group(1) if character.isdigit())
        return page

    def opens(self, receipt: str = "") -> TestResponse:
        """Open the mailbox with the receipt."""
        return self.client.post(f"{self.prefix}/hop-thu", data={"receipt": receipt or self.receipt})

    def adds(self, message: str, message_id: str = "") -> TestResponse:
        """Write a further message from the mailbox."""
        message_id = message_id or hidden(self.opens().text, "message_id")
        sent = {"receipt": self.receipt, "message": message, "message_id": message_id}
        return self.client.post(f"{self.prefix}/hop-thu/gui", data=sent)


@dataclass
class Handler:
    """A handler with their opened seed, doing deeds without a browser."""

    app: Flask
    person: Settled

    @property
    def seed(self) -> bytes:
        assert self.person.credentials.seed is not None
        return self.person.credentials.seed

    def cases(self) -> list[Listed]:
        """The list."""
        with self.app.app_context():
            return desk.cases(self.person.identity, self.seed)

    def opens(self, case_id: str) -> OpenedCase:
        """Open a letter."""
        with self.app.app_context(), db.writing() as session:
            opened = casework.open_case(session, self.person.identity, self.seed, case_id)
        assert isinstance(opened, OpenedCase), "the case is damaged"
        return opened

    def answers(self, case_id: str, text: str, state: str = "answered", choices: Sequence[str] = ()) -> None:
        """Answer into the mailbox."""
        with self.app.app_context(), db.writing() as session:
            casework.answer(session, self.person.identity, self.seed, case_id, text, state, choices=choices)

    def judges(self, case_id: str, genuine: str = "yes", gbv_type: str = "psychological") -> None:
        """Judge a case for the count."""
        with self.app.app_context(), db.writing() as session:
            casework.judge(
                session, self.person.identity, self.seed, case_id, genuine=genuine, gbv_type=gbv_type
            )


def desks(app: Flask, centre: Founded) -> list[Handler]:
    """Every handler of a centre at their desk."""
    return [Handler(app, person) for person in centre.of(Role.HANDLER)]


def sign_a_new_roster(app: Flask, centre: Founded) -> Settled:
    """One more handler, signed in by two custodians."""
    newcomer = Newcomer(
        name="Ngô Thị Mới", title_vi="Dược sĩ", title_en="Pharmacist", roles=frozenset({Role.HANDLER})
    )
    settled = factories.add_person(app, newcomer)
    with app.app_context():
        with db.writing() as session:
            rosters.propose(session, rosters.current(session).recovery_public)
        for person in centre.of(Role.CUSTODIAN)[:2]:
            assert person.credentials.seed
            with db.writing() as session:
                rosters.add_signature(session, person.person_id, person.credentials.seed)
        app.extensions.pop("roster_glanced", None)
    return settled
