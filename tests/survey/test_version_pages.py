"""Uploading a questionnaire: kept with its workbook, or refused with every reason; frozen by a round."""

from __future__ import annotations

import io
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import db, heavy
from core.access import Role
from intake.keys.founding import Founded
from survey.models import QuestionnaireVersion, QuestionnaireWorkbook, Round
from survey.xlsform.job import as_json
from survey.xlsform.reading import check
from tests.conftest import StillClock
from tests.factories import post, signed_in, token_of
from tests.surveys import Campaigner

pytestmark = pytest.mark.embedded
ROOT = Path(__file__).parent.parent.parent
TEMPLATE = (ROOT / "survey/data/mau_bang_hoi.xlsx").read_bytes()
REFUSED = (ROOT / "tests/survey/xlsforms/tutorial.xls").read_bytes()


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def uploads(desk: FlaskClient, file: bytes, name: str = "a.xlsx", prefix: str = "") -> Any:
    return post(
        desk,
        f"{prefix}/dieu-hanh/bang-hoi/",
        {"tep": (io.BytesIO(file), name)},
        content_type="multipart/form-data",
    )


def kept(app: Flask) -> list[QuestionnaireVersion]:
    with app.app_context(), db.reading() as session:
        return list(session.scalars(select(QuestionnaireVersion).order_by(QuestionnaireVersion.version)))


def the_new_one(app: Flask) -> QuestionnaireVersion:
    (found,) = [one for one in kept(app) if one.name == "khao_sat_mau"]
    return found


@pytest.mark.slow
def test_a_workbook_is_kept_byte_for_byte_and_shown_in_both_languages(app: Flask, desk: FlaskClient) -> None:
    answer = uploads(desk, TEMPLATE)
    assert answer.status_code == 302, answer.text[:2000]
    page = desk.get(answer.location).text
    assert "Bạn đã từng dự tập huấn chưa?" in page
    assert "Have you attended training?" in page
    assert "${da_hoc} = " in page

    row = the_new_one(app)
    assert not row.frozen
    file = desk.get(f"/dieu-hanh/bang-hoi/{row.id}/tep")
    assert file.data == TEMPLATE
    assert 'filename="khao_sat_mau-1.xlsx"' in file.headers["Content-Disposition"]

    assert uploads(desk, TEMPLATE).location == answer.location, "the same file again is no new version"
    assert len(kept(app)) == 2

    assert post(desk, f"/dieu-hanh/bang-hoi/{row.id}/bo").status_code == 302
    assert len(kept(app)) == 1
    with app.app_context(), db.reading() as session:
        assert session.scalars(select(QuestionnaireWorkbook)).all() == []


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workbooks are read in this process; the first test shows that a process of its own does it."""

    def read(job: str, payload: dict[str, bytes], **_: Any) -> dict[str, Any]:
        outcome = check(payload["file"])
        problems, notes = (as_json(one) for one in (outcome.findings.problems, outcome.findings.notes))
        return {"data": outcome.data, "problems": problems, "notes": notes}

    monkeypatch.setattr(heavy, "run", read)


@pytest.mark.parametrize(
    ("prefix", "words"), [("", "không được hỗ trợ"), ("/en", "Free text is not supported")]
)
def test_what_is_wrong_is_listed_by_cell(
    app: Flask, desk: FlaskClient, here: None, prefix: str, words: str
) -> None:
    answer = uploads(desk, REFUSED, "a.xls", prefix)
    assert answer.status_code == 422
    assert "survey!B2" in answer.text
    assert "survey!B3" in answer.text
    assert words in answer.text
    assert len(kept(app)) == 1


def test_a_file_that_is_missing_too_large_or_takes_too_long_is_refused_kindly(
    desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert uploads(desk, b"").status_code == 422
    assert _raw(desk, 7_000_000).status_code == 413

    def never(*_: Any, **__: Any) -> dict[str, Any]:
        raise heavy.HeavyFailed("TimeoutExpired", "long")

    monkeypatch.setattr(heavy, "run", never)
    answer = uploads(desk, TEMPLATE)
    assert answer.status_code == 422
    answer = _raw(desk, 3_000_000)
    assert answer.status_code == 422
    assert "quá nhiều thời gian" in answer.text


def _raw(desk: FlaskClient, size: int) -> Any:
    """A large form as one piece of memory: the test's own client would spool it to a file."""
    parts = {"csrf_token": token_of(desk).encode(), 'tep"; filename="a.xlsx': b"x" * size}
    body = b"".join(
        b'--z\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), words)
        for name, words in parts.items()
    )
    form = {"data": body + b"--z--\r\n", "content_type": "multipart/form-data; boundary=z"}
    return Context().run(desk.post, "/dieu-hanh/bang-hoi/", **form)


def test_the_shipped_questionnaire_and_the_template_can_be_downloaded(app: Flask, desk: FlaskClient) -> None:
    (shipped,) = kept(app)
    assert desk.get("/dieu-hanh/bang-hoi/mau.xlsx").data == TEMPLATE
    assert desk.get(f"/dieu-hanh/bang-hoi/{shipped.id}/tep").data[:2] == b"PK"
    assert "Từng bước" not in desk.get(f"/dieu-hanh/bang-hoi/{shipped.id}?dot=after").text
    assert desk.get(f"/dieu-hanh/bang-hoi/{shipped.id}?dot=x").status_code == 404


def test_a_round_asks_the_chosen_version_and_freezes_it(
    app: Flask, desk: FlaskClient, campaigner: Campaigner
) -> None:
    version_id = campaigner.writes(TEMPLATE)
    form = {
        "wave": "before",
        "opens_on": "20/11/2026",
        "closes_on": "30/11/2026",
        "questionnaire": version_id,
    }
    assert post(desk, "/dieu-hanh/dot-moi", form).status_code == 302
    with app.app_context(), db.reading() as session:
        found = session.scalars(select(Round)).one()
    assert found.questionnaire_id == version_id
    post(desk, f"/dieu-hanh/dot/{found.id}/mo", {})
    row = the_new_one(app)
    assert row.frozen
    post(desk, f"/dieu-hanh/bang-hoi/{row.id}/bo")
    assert len(kept(app)) == 2, "what a round has opened stays"

    (shipped,) = [one.id for one in kept(app) if one.name == "nhan_thuc"]
    later = {"opens_on": "01/12/2026", "closes_on": "15/12/2026"}
    after = {**form, **later, "wave": "after", "questionnaire": shipped}
    assert "không ghép được" in post(desk, "/dieu-hanh/dot-moi", after, follow_redirects=True).text
    nowhere = post(desk, "/dieu-hanh/dot-moi", {**form, "wave": "followup", "questionnaire": "x" * 32})
    assert nowhere.status_code == 422


@pytest.mark.parametrize("role", [Role.HANDLER, Role.ADMINISTRATOR, Role.BOARD])
def test_nobody_else_comes_near(app: Flask, centre: Founded, clock: StillClock, role: Role) -> None:
    other = signed_in(app, centre.of(role)[0])
    assert other.get("/dieu-hanh/bang-hoi/").status_code == 404
