"""Posters and leaflets: which message may stand where, and what comes out of the printer."""

from __future__ import annotations

import base64
import io
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import segno
from flask import Flask
from fontTools.ttLib import TTFont

from core import db, messages
from core.access import Role
from core.campaign import Campaign
from core.i18n import Text
from core.posters import choosing, sheet
from core.posters.choosing import DOORS, OWN, SIZES, Saying
from tests import factories

SEED = json.loads((Path(choosing.__file__).parent.parent / "data" / "messages.json").read_text("utf-8"))
SAYINGS = [
    Saying(code=one["code"], text=Text(one["text_vi"], one["text_en"]), places=frozenset(one["places"]))
    for one in SEED
]
PRESSING = {one["code"] for one in SEED if one["presses"]}
LETTERS = "ắằẳẵặấầẩẫậếềểễệốồổỗộớờởỡợứừửữựỳỷỹỵđ" + "ẮẰẲẴẶẤẦẨẪẬẾỀỂỄỆỐỒỔỖỘỚỜỞỠỢỨỪỬỮỰỲỶỸỴĐ" + "“”–…·₫"


def codes(door: str, size: str = "a4", *, answering: bool = True) -> list[str]:
    return [one.code for one in choosing.offered(SAYINGS, DOORS[door], SIZES[size], answering=answering)]


@pytest.mark.parametrize("size", list(SIZES))
def test_nothing_beside_the_way_to_a_letter_urges_blames_or_promises(size: str) -> None:
    offered = codes("letter", size)

    assert offered[0] == OWN
    assert len(offered) > 3
    assert not PRESSING & set(offered)
    for one in SAYINGS:
        if one.code in offered:
            assert not messages.presses(one.text.vi, one.text.en)
            assert not messages.promises(one.text.vi, one.text.en)


def test_what_may_hang_on_a_wall_leads_elsewhere() -> None:
    assert "M09" in codes("home"), "on posters that lead to the home page it may stand, as the plan wants"
    assert "M12" not in codes("home") + codes("survey"), "silence is blamed on no wall"


def test_a_promise_stands_there_only_while_somebody_answers() -> None:
    assert "M17" in codes("home", answering=True)
    assert "M17" not in codes("home", answering=False)


def test_a_tick_in_the_wrong_box_brings_no_pressing_message_to_the_letter() -> None:
    everywhere = [Saying(code=one.code, text=one.text, places=frozenset(messages.PLACES)) for one in SAYINGS]
    offered = choosing.offered(everywhere, DOORS["letter"], SIZES["a5"], answering=True)

    assert not PRESSING & {one.code for one in offered}


def test_a_pressing_message_stands_beside_no_word_of_letters() -> None:
    for one in SAYINGS:
        words = " ".join(line.vi for line in choosing.beside(DOORS["home"], one))
        assert ("thư" in words) == (one.code not in PRESSING), one.code


def test_no_door_itself_presses_or_promises() -> None:
    for door in DOORS.values():
        for words in (door.lead, door.behind, *door.lines, *door.more):
            assert not messages.presses(words.vi, words.en), words.vi
            assert len(words.vi.split(". ")[0].split()) <= 20


def asked(**other: Any) -> dict[str, Any]:
    size, door = SIZES[other.pop("size", "a4")], DOORS["letter"]
    said = {
        "width": size.width,
        "height": size.height,
        "day": "2026-11-24",
        "quiet": True,
        "title": "Viết thư",
        "lang": "vi-VN",
        "above": ["Tháng hành động vì bình đẳng giới năm 2026"],
        "message": [
            choosing.kept_together(
                "Bình đẳng giới là chìa khóa để chấm dứt bạo lực đối với phụ nữ và trẻ em."
            )
        ],
        "lead": [door.lead.vi],
        "lines": [words.vi for words in door.lines],
        "centre": ["Trung tâm Y tế Thiệu Hóa · Ban Vì sự tiến bộ của phụ nữ"],
        "address": "goc.example.vn/thu",
        "link": "https://goc.example.vn/thu",
        "numbers": [["113", "Công an", "Đang gặp nguy hiểm"], ["1900 969 680", "Ngôi nhà Bình yên", "24/7"]],
        "back": {"heading": [door.behind.vi], "lines": [words.vi for words in door.more]}
        if size.sides == 2
        else None,
    }
    return {**said, **other}


@pytest.mark.parametrize(
    ("size", "points", "sides"), [("a4", (595, 842), 1), ("a3", (842, 1191), 1), ("a5", (420, 595), 2)]
)
def test_a_sheet_has_exactly_the_size_of_its_paper_and_brings_its_letters(
    size: str, points: tuple[int, int], sides: int
) -> None:
    made = sheet.pdf_job(asked(size=size))
    with pikepdf.open(io.BytesIO(base64.b64decode(made["file"]))) as pdf:
        boxes = [tuple(round(float(end)) for end in page.mediabox)[2:] for page in pdf.pages]
        fonts = [
            one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"
        ]
        embedded = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/FontFile2" in one]
        pictures = [
            one for one in pdf.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"
        ]
    assert boxes == [points] * sides
    assert len(embedded) >= 3
    assert all("BeVietnamPro" in str(one["/BaseFont"]) for one in fonts)
    assert pictures == [], "the square is drawn, not a picture that blurs"
    assert len(made["pages"]) == sides


def test_the_same_sheet_on_the_same_day_is_the_same_bytes_and_tells_no_hour() -> None:
    one, other = sheet.pdf_job(asked()), sheet.pdf_job(asked())
    assert one == other
    with pikepdf.open(io.BytesIO(base64.b64decode(one["file"]))) as pdf:
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261124000000")


def drawn(side: str, kind: str) -> list[dict[str, float]]:
    """Texts of a side as the picture has them: x, baseline, size, width."""
    names = ("x", "y", "font-size", "textLength")
    found = re.findall(rf"<{kind} [^>]*>", side)
    return [{name: float(re.findall(rf' {name}="([^"]+)"', one)[0]) for name in names} for one in found]


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("longest", [False, True])
def test_nothing_reaches_the_edge_and_no_line_touches_the_one_above(size: str, longest: bool) -> None:
    most = max(SAYINGS, key=lambda one: len(one.text.vi)).text
    said = {"message": [choosing.kept_together(most.vi), most.en]} if longest else {}
    paper = SIZES[size]
    edge = paper.width * sheet.EDGE
    for side in sheet.pdf_job(asked(size=size, **said))["pages"]:
        texts = drawn(side, "text")
        assert len(texts) > 8
        for one in texts:
            assert one["x"] >= edge - 0.1
            assert one["x"] + one["textLength"] <= paper.width - edge + 0.1
            assert one["font-size"] < one["y"] <= paper.height - edge + 0.1
        columns: dict[float, list[dict[str, float]]] = {}
        for one in texts:
            columns.setdefault(one["x"], []).append(one)
        for lines in columns.values():  # a column of words, all of which begin at one place
            lines.sort(key=lambda one: one["y"])
            for above, below in pairwise(lines):
                assert below["y"] - above["y"] >= 1.05 * below["font-size"] - 0.01


def test_the_square_is_the_address_and_nothing_else() -> None:
    side = sheet.pdf_job(asked())["pages"][0]
    (path,) = re.findall(r'<path d="([^"]+)"', side)
    bars = [tuple(map(float, one)) for one in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v", path)]
    fields = [
        [bool(one) for one in row]
        for row in segno.make("https://goc.example.vn/thu", error="m", micro=False).matrix
    ]
    one = 25 * 2.1 / len(fields)
    left, top = min(x for x, _, _ in bars), min(y for _, y, _ in bars)
    seen = [[False] * len(fields) for _ in fields]
    for x, y, wide in bars:
        for place in range(round(wide / one)):
            seen[round((y - top) / one)][round((x - left) / one) + place] = True
    assert seen == fields
    assert 297 * 0.2 > one * len(fields) > 20, "large enough for a phone at arm's length"


@pytest.mark.parametrize("weight", list(sheet.WEIGHTS.values()))
def test_the_letters_have_every_vietnamese_mark_and_their_licence(weight: str) -> None:
    with TTFont(sheet.FONTS / f"BeVietnamPro-{weight}-vi.ttf", lazy=True) as font:
        assert set(map(ord, LETTERS)) <= set(font.getBestCmap())
    assert "SIL Open Font License" in (sheet.FONTS / "LICENCE.txt").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.embedded
def test_the_secretary_chooses_looks_and_prints(
    app: Flask, cheap: None, calculated_here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    founded = factories.found_centre(app)
    desk = factories.signed_in(app, founded.of(Role.CAMPAIGNER)[0])

    page = desk.get("/dieu-hanh/ap-phich/?to=letter&size=a5&in=both&message=M09").text
    assert "Thông điệp ấy không đặt ở đây" in page
    assert page.count("<svg xmlns") >= 2
    assert "Hãy tố cáo" not in page
    assert "chưa có địa chỉ công khai" in page

    with app.app_context(), db.writing() as session:
        campaign = session.get_one(Campaign, 2026)
        campaign.theme_vi, campaign.theme_en = "Sống an toàn", "Living safely"
        campaign.details = {**campaign.details, "theme_set": True}
    assert "Sống an toàn" in desk.get("/dieu-hanh/ap-phich/?to=letter&message=theme").text

    made = desk.get("/en/dieu-hanh/ap-phich/to-in.pdf?to=survey&size=a3&in=en&message=M05")
    assert made.content_type == "application/pdf"
    assert made.headers["Content-Disposition"] == 'attachment; filename="a3-m05-en.pdf"'
    assert made.data.startswith(b"%PDF")
    assert desk.get("/dieu-hanh/ap-phich/?to=x&size=y&in=z").status_code == 200

    board = factories.signed_in(app, founded.of(Role.BOARD)[0])
    assert board.get("/dieu-hanh/ap-phich/").status_code in (403, 404)
