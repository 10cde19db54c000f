"""Cards as a PDF: what stands on the sheet, that the square carries no code, and that nothing is kept."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
from typing import Any

import pikepdf
import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from core import config, db, heavy
from core.access import Role
from intake.keys.founding import Founded
from survey import card_sheet, cards
from survey.models import Card
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.surveys import Campaigner, Respondent

pytestmark = [pytest.mark.embedded, pytest.mark.slow]

ADDRESS = "https://goc.example.vn/khao-sat/"
CODES = [cards.draw() for _ in range(12)]


def asked(**other: Any) -> dict[str, Any]:
    said = {"address": ADDRESS, "year": 2026, "language": "vi", "day": "2026-11-24"}
    return {"codes": [cards.shown(code) for code in CODES], **said, **other}


@pytest.fixture(scope="module")
def sheet() -> bytes:
    """Twelve cards: one full sheet and two more."""
    return base64.b64decode(card_sheet.pdf_job(asked())["file"])


def read(pdf: bytes) -> str:
    """The words of a PDF, as a reader would copy them."""
    ran = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return ran.stdout.decode()


def test_ten_cards_stand_on_an_a4_sheet(sheet: bytes) -> None:
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        boxes = [[round(float(end)) for end in page.mediabox] for page in pdf.pages]

    assert boxes == [[0, 0, 595, 842]] * 2


def test_the_letters_are_embedded_so_that_every_printer_has_them(sheet: bytes) -> None:
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        fonts = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/FontFile2" in one]

    assert len(fonts) == 2


def test_the_square_leads_to_the_open_rounds_and_is_the_same_on_each_card(sheet: bytes) -> None:
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        pictures = {
            image.objgen: pikepdf.PdfImage(image).as_pil_image().convert("1")
            for page in pdf.pages
            for image in page.get_images().values()
        }

    (picture,) = pictures.values()
    assert modules(picture) == [[bool(one) for one in row] for row in segno.make(ADDRESS, error="m").matrix]


def modules(picture: Image.Image) -> list[list[bool]]:
    """The dark and light modules of a square of eight dots a module and a border of two modules."""
    across = picture.width // 8 - 4
    return [
        [not picture.getpixel(((column + 2) * 8 + 4, (row + 2) * 8 + 4)) for column in range(across)]
        for row in range(across)
    ]


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler reads the words back")
def test_every_code_stands_there_once_with_words_in_both_languages(sheet: bytes) -> None:
    words = read(sheet)

    assert sorted(re.findall(r"\d{4} \d{4} \d{4}", words)) == sorted(cards.shown(code) for code in CODES)
    assert words.count("Khảo sát 2026") == words.count("Survey 2026") == 12
    assert "Giữ thẻ cho lần sau. Không đưa cho ai xem." in words
    assert words.count("goc.example.vn/khao-sat/") == 12


def test_the_same_cards_on_the_same_day_are_the_same_bytes(sheet: bytes) -> None:
    assert base64.b64decode(card_sheet.pdf_job(asked())["file"]) == sheet


def test_no_hour_stands_in_the_file(sheet: bytes) -> None:
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261124000000")
        assert "/ID" not in pdf.trailer


# The page


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    """The campaigner's browser, signed in."""
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def registered(app: Flask) -> int:
    with app.app_context(), db.reading() as session:
        return session.scalar(select(func.count()).select_from(Card)) or 0


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler reads the words back")
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_cards_come_as_a_file_that_is_kept_nowhere_and_they_answer(
    app: Flask, desk: FlaskClient, campaigner: Campaigner, prefix: str
) -> None:
    round_id = campaigner.opens("before")

    answer = post(desk, f"{prefix}/dieu-hanh/the/tep", {"count": "11"})

    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="the-2026.pdf"'
    assert "no-store" in answer.headers["Cache-Control"]
    codes = re.findall(r"\d{4} \d{4} \d{4}", read(answer.data))
    assert len(set(codes)) == registered(app) == 11
    assert Respondent(app, codes[0]).answers(round_id, K1="sai").status_code == 200
    kept = b"".join(path.read_bytes() for path in config_folder(app).rglob("*") if path.is_file())
    assert not any(code.replace(" ", "").encode() in kept or code.encode() in kept for code in codes)


def config_folder(app: Flask) -> Any:
    with app.app_context():
        return config.current().instance


def test_when_the_file_cannot_be_made_no_card_is_registered(
    app: Flask, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise heavy.HeavyBusy

    monkeypatch.setattr(heavy, "run", busy)

    page = post(desk, "/dieu-hanh/the/tep", {"count": "3"}, follow_redirects=True)

    assert "Máy đang tính việc khác" in page.text
    assert registered(app) == 0


@pytest.mark.parametrize("count", ["0", "2001", "", "nhiều"])
def test_a_wrong_number_is_named(app: Flask, desk: FlaskClient, count: str) -> None:
    page = post(desk, "/dieu-hanh/the/tep", {"count": count})

    assert page.status_code == 422
    assert 'href="#count"' in page.text
    assert registered(app) == 0
