"""A file is kept and opened on both databases."""

from __future__ import annotations

from flask import Flask

from intake.keys.founding import Founded
from tests.intake.test_files import a_picture, copy_of, holds_canary, listed, original_of, sends
from tests.letters import Handler, Reporter


def test_a_file_is_kept_and_opened_and_two_get_its_original(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="…")
    body = a_picture() + bytes(400_000)
    assert sends(reporter, body).status_code == 200
    (one,) = listed(app, handlers[0], reporter.case_id)
    assert not holds_canary(copy_of(app, handlers[0], reporter.case_id, one.row))
    assert original_of(app, centre, handlers[0], reporter.case_id, one.row) == body
