"""Documents as whoever receives them opens them."""

from __future__ import annotations

import io
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from docx.shared import Pt

from core import document, heavy

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#0a4b5c"/></svg>'
LETTER: dict[str, Any] = {
    "title": "Báo cáo thử",
    "language": "vi",
    "day": "2026-11-20",
    "header": "Mã kiểm tra 0123",
    "blocks": [
        {"kind": "title", "text": "Báo cáo thử"},
        {"kind": "heading", "text": "Người tham gia"},
        {"kind": "paragraph", "text": "Nghiễm nhiên Nguyễn Thị Thuỷ Tiên gửi lời cảm ơn."},
        {"kind": "item", "text": "Không có nhóm so sánh."},
        {
            "kind": "table",
            "caption": "Thang điểm",
            "columns": ["Thang", "Trước"],
            "rows": [["Thái độ", "3,49"], ["Tự tin", None]],
            "numbers": [1],
        },
        {"kind": "picture", "svg": SVG, "words": "Một hình"},
        {"kind": "small", "text": "Lập ngày 20/11/2026."},
    ],
}
SHEETS: dict[str, Any] = {
    "title": "Bảng",
    "day": "2026-11-20",
    "sheets": [
        {
            "name": "Thang điểm",
            "caption": "Điểm trung bình",
            "columns": ["Thang", "Trước"],
            "rows": [["Thái độ", 3.4917], ["=HYPERLINK(1)", None]],
            "notes": ["Lập ngày 20/11/2026."],
        }
    ],
}


def opened(payload: dict[str, Any] = LETTER) -> Any:
    return docx.Document(io.BytesIO(document.bytes_of(document.docx_job(payload))))


def test_the_page_has_the_measures_of_the_decree() -> None:
    section = opened().sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(one.mm) for one in margins] == [20, 20, 30, 20]


def test_every_style_in_use_is_set_in_times_new_roman() -> None:
    found = opened()
    for paragraph in found.paragraphs:
        assert paragraph.style.font.name == "Times New Roman", paragraph.style.name
    assert found.styles["Normal"].font.size == Pt(13)


def test_words_tables_and_pictures_arrive_in_their_order() -> None:
    found = opened()
    words = [paragraph.text for paragraph in found.paragraphs if paragraph.text]
    assert words == [
        "Báo cáo thử",
        "Người tham gia",
        "Nghiễm nhiên Nguyễn Thị Thuỷ Tiên gửi lời cảm ơn.",
        "Không có nhóm so sánh.",
        "Thang điểm",
        "Lập ngày 20/11/2026.",
    ]
    assert [[cell.text for cell in row.cells] for row in found.tables[0].rows] == [
        ["Thang", "Trước"],
        ["Thái độ", "3,49"],
        ["Tự tin", ""],
    ]
    assert "w:tblHeader" in found.tables[0].rows[0]._tr.xml, "the head stands again on the next page"
    assert found.inline_shapes[0]._inline.docPr.get("descr") == "Một hình"
    assert found.sections[0].header.paragraphs[0].text == "Mã kiểm tra 0123"


def test_a_file_names_no_author_and_says_its_language() -> None:
    core = opened().core_properties
    assert (core.title, core.author, core.comments, core.language) == ("Báo cáo thử", "", "", "vi-VN")
    assert opened({**LETTER, "language": "en"}).core_properties.language == "en-GB"


def test_numbers_stay_numbers_and_formulas_stay_words() -> None:
    book = openpyxl.load_workbook(io.BytesIO(document.bytes_of(document.xlsx_job(SHEETS))))
    page = book["Thang điểm"]
    assert page["B4"].value == 3.4917
    assert page["A5"].value == "\u200b=HYPERLINK(1)"
    assert page["A5"].data_type == "s"
    assert page["A7"].value == "Lập ngày 20/11/2026."
    assert page.freeze_panes == "B4"
    assert page.row_dimensions[7].height is None, "a note runs over the columns beside it"
    assert book.properties.creator in (None, "")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "payload"), [("docx", LETTER), ("xlsx", SHEETS)])
def test_a_child_makes_it_and_libreoffice_reads_it(
    kind: str, payload: dict[str, Any], tmp_path: Path
) -> None:
    made = tmp_path / f"a.{kind}"
    made.write_bytes(
        document.bytes_of(heavy.run(f"core.document:{kind}_job", payload, lock=tmp_path / "lock"))
    )
    office = shutil.which("soffice")
    if office is None:
        pytest.skip(
            "LibreOffice is not installed: apt install libreoffice-writer-nogui libreoffice-calc-nogui"
        )
    turned = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    subprocess.run(
        [*turned, "--outdir", str(tmp_path), str(made)], check=True, capture_output=True, timeout=120
    )
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_a_tall_picture_stays_on_its_page_and_rows_stay_whole() -> None:
    tall = SVG.replace("0 0 40 20", "0 0 40 200").replace('height="20"', 'height="200"')
    found = opened(
        {**LETTER, "blocks": [*LETTER["blocks"][4:5], {"kind": "picture", "svg": tall, "words": "Cao"}]}
    )
    picture = found.inline_shapes[0]
    assert picture.height.mm <= document.TALLEST_MM + 0.1
    assert picture.height / picture.width == pytest.approx(5, rel=0.02)
    assert all("w:cantSplit" in row._tr.xml for row in found.tables[0].rows)
    assert sum(cell.width.mm for cell in found.tables[0].rows[0].cells) == pytest.approx(
        document.TEXT_MM, abs=1
    )


@pytest.mark.slow
def test_the_same_words_on_the_same_day_are_the_same_bytes() -> None:
    first = document.docx_job(LETTER), document.xlsx_job(SHEETS)
    time.sleep(2.1)  # a zip file tells two seconds apart
    assert (document.docx_job(LETTER), document.xlsx_job(SHEETS)) == first
    assert opened().core_properties.modified.isoformat().startswith("2026-11-20T00:00:00")
