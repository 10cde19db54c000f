"""The report to the Department of Health as whoever receives it measures it: Decree 30/2020/NĐ-CP, Annex I."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml.ns import qn
from docx.shared import Pt

from board.activities import summing
from board.activities.lines import Line
from board.report import layout, paper
from board.report.indicators import figures
from board.report.parts import CHAPTERS, WRITTEN
from board.report.suggestions import Units
from core.document import bytes_of
from core.particulars import read

PARTICULARS = read(
    {
        "issuer_vi": "Trung tâm Y tế Thiệu Hóa",
        "parent_vi": "Sở Y tế Thanh Hóa",
        "place_vi": "Thiệu Hóa",
        "higher_plan_vi": "3911/KH-BVSTBPN ngày 13/11/2026 của Sở Y tế",
    }
)
FORMAL = {
    "number": "5",
    "symbol": "",
    "day": "2026-12-05",
    "addressee": "",
    "bases": "Căn cứ Luật Bình đẳng giới ngày 29 tháng 11 năm 2006",
    "signing": "deputy",
    "signer": "Nguyễn Thị Mẫu",
    "recipients": "",
    "supplement_number": "12",
    "supplement_day": "2026-12-15",
}
TITLE = "Tháng hành động vì bình đẳng giới và phòng ngừa, ứng phó với bạo lực trên cơ sở giới năm 2026"


def facts(**other: Any) -> paper.Facts:
    line = Line(id="1", type_code="A07", state="held", numbers={"count": 3}, participants=120, men=40)
    said = {
        "year": 2026,
        "title": TITLE,
        "as_of": date(2026, 12, 11),
        "particulars": PARTICULARS,
        "formal": FORMAL,
        "texts": dict.fromkeys(WRITTEN, "Đoạn thứ nhất.\nĐoạn thứ hai."),
        "figures": figures(summing.totals([[line]]), {"A13": 7}, None, None),
        "units": Units(
            on_time=["Khoa Dược - Vật tư y tế"], late=["Phòng Dân số"], missing=["Trạm Y tế xã Thiệu Lý"]
        ),
    }
    return paper.Facts(**{**said, **other})


@pytest.fixture(scope="module")
def report() -> Any:
    """The report, opened again as Word would."""
    return docx.Document(io.BytesIO(bytes_of(layout.docx_job(paper.report(facts())))))


def find(report: Any, words: str) -> Any:
    """The one paragraph, in the body or in a table, that says exactly this."""
    cells = [cell for table in report.tables for row in table.rows for cell in row.cells]
    paragraphs = [*report.paragraphs, *(one for cell in cells for one in cell.paragraphs)]
    found = [one for one in paragraphs if one.text == words]
    assert len(found) == 1, f"{words!r} stands there {len(found)} times"
    return found[0]


def looks(paragraph: Any) -> tuple[float, bool, bool, Any]:
    """Size, bold, italic and place of a paragraph of one run."""
    (run,) = paragraph.runs
    return run.font.size.pt, bool(run.bold), bool(run.italic), paragraph.alignment


def mm(length: Any) -> float:
    """Millimetres, to a tenth: Word counts in twentieths of a point."""
    return round(float(length.mm), 1)


def test_the_page_is_a4_with_the_margins_of_the_decree(report: Any) -> None:
    for section in report.sections:
        assert (mm(section.page_width), mm(section.page_height)) == (210, 297)
        assert 20 <= mm(section.top_margin) <= 25
        assert 20 <= mm(section.bottom_margin) <= 25
        assert 30 <= mm(section.left_margin) <= 35
        assert 15 <= mm(section.right_margin) <= 20


def test_everything_is_times_new_roman_in_black(report: Any) -> None:
    normal = report.styles["Normal"].element.rPr.rFonts
    assert {normal.get(qn(f"w:{one}")) for one in ("ascii", "hAnsi", "eastAsia", "cs")} == {"Times New Roman"}
    assert not [name for name in normal.attrib if name.endswith("Theme")], "a font of the theme would win"
    assert set(re.findall(r'<w:lang w:val="([^"]+)"', report.styles.element.xml)) == {"vi-VN"}
    xml = report.element.xml
    assert "w:color " not in xml
    assert set(re.findall(r'w:ascii="([^"]+)"', xml)) <= {"Times New Roman"}


def test_the_page_number_stands_in_the_middle_of_the_upper_margin_but_not_on_the_first_page(
    report: Any,
) -> None:
    for section in report.sections:
        assert section.different_first_page_header_footer
        assert section.first_page_header.paragraphs[0].text == ""
        (number,) = section.header.paragraphs
        assert number.alignment == ALIGN.CENTER
        assert "PAGE" in number._p.xml
        sizes = {run.font.size.pt for run in number.runs}
        assert sizes <= {13, 14}
        assert not any(run.bold or run.italic for run in number.runs)
        assert section.header_distance < section.top_margin


@pytest.mark.parametrize(
    ("words", "sizes", "bold", "italic"),
    [
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", (12, 13), True, False),
        ("Độc lập - Tự do - Hạnh phúc", (13, 14), True, False),
        ("SỞ Y TẾ THANH HÓA", (12, 13), False, False),
        ("TRUNG TÂM Y TẾ THIỆU HÓA", (12, 13), True, False),
        ("Số: 05/BC-TTYT", (13, 13), False, False),
        ("Thiệu Hóa, ngày 05 tháng 12 năm 2026", (13, 14), False, True),
        ("BÁO CÁO", (13, 14), True, False),
        (f"Kết quả triển khai {TITLE}", (13, 14), True, False),
        ("Kính gửi: Sở Y tế Thanh Hóa.", (13, 14), False, False),
        ("KT. GIÁM ĐỐC", (13, 14), True, False),
        ("PHÓ GIÁM ĐỐC", (13, 14), True, False),
        ("Nguyễn Thị Mẫu", (13, 14), True, False),
        ("PHỤ LỤC I", (14, 14), True, False),
        ("BIỂU TỔNG HỢP SỐ LIỆU", (13, 14), True, False),
    ],
)
def test_each_part_has_its_size_and_weight_in_the_middle(
    report: Any, words: str, sizes: tuple[int, int], bold: bool, italic: bool
) -> None:
    size, is_bold, is_italic, place = looks(find(report, words))
    assert sizes[0] <= size <= sizes[1]
    assert (is_bold, is_italic, place) == (bold, italic, ALIGN.CENTER)


def test_head_and_signature_stand_in_two_columns_without_lines(report: Any) -> None:
    head, signature = report.tables[:2]
    texts = [[one.text for one in cell.paragraphs if one.text] for cell in head.rows[0].cells]
    assert texts[0] == ["SỞ Y TẾ THANH HÓA", "TRUNG TÂM Y TẾ THIỆU HÓA", "Số: 05/BC-TTYT"]
    assert texts[1][:2] == [layout.NATION, layout.MOTTO]
    assert "tblBorders" not in head._tbl.xml + signature._tbl.xml
    assert "Table Grid" not in (head.style.name, signature.style.name)
    left, right = head.columns
    assert left.width < right.width
    assert mm(left.width) + mm(right.width) == layout.TEXT_MM


def test_the_nation_fits_on_one_line() -> None:
    assert layout.width_mm(layout.NATION, layout.POINTS["nation"]) < layout.HEAD_MM[1]
    assert layout.width_mm("TRUNG TÂM Y TẾ THIỆU HÓA", layout.POINTS["issuer"]) < layout.HEAD_MM[0]


def line_after(report: Any, words: str, room_mm: float) -> float:
    """How long the line under these words is, in millimetres."""
    paragraph = find(report, words)._p.getnext()
    assert "w:pBdr" in paragraph.xml
    assert paragraph.xpath(".//w:pBdr/w:bottom/@w:val") == ["single"]
    left, right = (int(paragraph.xpath(f".//w:ind/@w:{side}")[0]) for side in ("left", "right"))
    assert left == right, "the line stands in the middle"
    return room_mm - (left + right) / 1440 * 25.4


def test_the_line_under_the_motto_is_as_long_as_the_motto(report: Any) -> None:
    words = layout.width_mm(layout.MOTTO, layout.POINTS["motto"])
    assert line_after(report, layout.MOTTO, layout.HEAD_MM[1]) == pytest.approx(words, abs=0.5)


@pytest.mark.parametrize(
    ("words", "points", "room"),
    [
        ("TRUNG TÂM Y TẾ THIỆU HÓA", layout.POINTS["issuer"], layout.HEAD_MM[0]),
        (f"Kết quả triển khai {TITLE}", layout.POINTS["about"], layout.TEXT_MM),
    ],
)
def test_other_lines_are_a_third_to_a_half_of_the_words(
    report: Any, words: str, points: float, room: float
) -> None:
    long = line_after(report, words, room)
    assert 1 / 3 <= long / min(layout.width_mm(words, points), room) <= 1 / 2


def body(report: Any) -> list[Any]:
    """Paragraphs of the body: from the legal bases to the last words."""
    paragraphs = report.paragraphs
    begin = next(place for place, one in enumerate(paragraphs) if one.text.startswith("Căn cứ"))
    end = next(place for place, one in enumerate(paragraphs) if one.text.endswith("./."))
    return paragraphs[begin : end + 1]


def test_the_body_is_justified_indented_and_spaced(report: Any) -> None:
    for paragraph in body(report):
        shape = paragraph.paragraph_format
        assert paragraph.alignment == ALIGN.JUSTIFY
        assert mm(shape.first_line_indent) in (10, 12.7)
        assert shape.space_after >= Pt(6)
        assert 1 <= shape.line_spacing <= 1.5
        assert {run.font.size.pt for run in paragraph.runs} <= {13, 14}


def test_legal_bases_are_italic_and_end_with_a_semicolon(report: Any) -> None:
    first = body(report)[0]
    assert first.text == "Căn cứ Luật Bình đẳng giới ngày 29 tháng 11 năm 2006;"
    assert all(run.italic for run in first.runs)


def test_headings_stand_bold_in_their_order_and_words_do_not(report: Any) -> None:
    headings = [
        words
        for chapter in CHAPTERS
        for words in [chapter.heading, *(part.heading for part in chapter.parts if not chapter.alone)]
    ]
    bold = [one.text for one in body(report) if all(run.bold for run in one.runs)]
    assert bold == headings
    assert [one for one in bold if one.startswith(("I", "V"))] == [
        one for one in bold if one.startswith(("I", "V")) and one == one.upper()
    ]


def test_it_opens_and_ends_with_the_usual_words(report: Any) -> None:
    words = [one.text for one in body(report)]
    assert words[1] == (
        f"Thực hiện Kế hoạch số 3911/KH-BVSTBPN ngày 13/11/2026 của Sở Y tế về việc triển khai {TITLE},"
        " Trung tâm Y tế Thiệu Hóa báo cáo kết quả thực hiện như sau (số liệu tính đến hết ngày 11/12/2026):"
    )
    assert words[-1] == (
        f"Trên đây là báo cáo kết quả triển khai {TITLE}, Trung tâm Y tế Thiệu Hóa trân trọng báo cáo./."
    )


def test_recipients_stand_on_the_left_the_word_bold_and_italic(report: Any) -> None:
    left, right = report.tables[1].rows[0].cells
    first, *others = left.paragraphs
    assert (first.text, looks(first)[:3]) == ("Nơi nhận:", (12, True, True))
    assert [one.text for one in others] == ["- Như trên;", "- Ban Giám đốc (để b/c);", "- Lưu: VT, BVSTBPN."]
    assert {looks(one)[:3] for one in others} == {(11, False, False)}
    assert [one.text for one in right.paragraphs] == ["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC", "Nguyễn Thị Mẫu"]
    assert right.paragraphs[-1].paragraph_format.space_before >= Pt(60), "there is room to sign and to seal"


def test_annexes_begin_a_page_with_numbers_of_their_own_and_say_what_they_belong_to(report: Any) -> None:
    with_words = "(Kèm theo Báo cáo số 05/BC-TTYT ngày 05/12/2026 của Trung tâm Y tế Thiệu Hóa)"
    found = [one for one in report.paragraphs if one.text == with_words]
    assert len(found) == 2
    assert {looks(one)[:3] for one in found} == {(14, False, True)}
    for section in list(report.sections)[1:]:
        assert section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"


def test_the_annex_has_the_25_indicators_and_repeats_its_head(report: Any) -> None:
    table = report.tables[2]
    assert [row.cells[0].text for row in table.rows] == ["TT", *map(str, range(1, 26))]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
    assert sum(mm(cell.width) for cell in table.rows[0].cells) == pytest.approx(layout.TEXT_MM, abs=0.5)
    assert [cell.text for cell in table.rows[9].cells] == [
        "9",
        "- Số người tham dự (trong đó: nam)",
        "người",
        "120 (nam: 40)",
        "",
    ]
    assert table.rows[14].cells[3].text == "7"


def test_what_is_not_known_is_left_to_be_written_by_hand() -> None:
    formal = {**FORMAL, "number": "", "day": "", "bases": "", "signer": ""}
    blank = read({})
    payload = paper.report(facts(formal=formal, particulars=blank))
    assert payload["number"] == "Số:       /BC-TTYT"
    assert payload["place_day"] == "ngày      tháng      năm 2026"
    assert "…" in payload["blocks"][0]["text"]
    assert docx.Document(io.BytesIO(bytes_of(layout.docx_job(payload))))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 12, 5), "Thiệu Hóa, ngày 05 tháng 12 năm 2026"),
        (date(2027, 1, 15), "Thiệu Hóa, ngày 15 tháng 01 năm 2027"),
        (date(2027, 3, 31), "Thiệu Hóa, ngày 31 tháng 3 năm 2027"),
    ],
)
def test_days_below_ten_and_the_first_two_months_have_their_zero(day: date, said: str) -> None:
    assert paper.day_line("Thiệu Hóa", day, day.year) == said


def test_a_supplement_puts_new_figures_beside_those_reported() -> None:
    sent = paper.Sent(
        number="5",
        symbol="",
        day=date(2026, 12, 5),
        as_of=date(2026, 12, 11),
        said={8: "2", 9: "120 (nam: 40)"},
        units=("Khoa Dược - Vật tư y tế",),
    )
    payload = paper.supplement(facts(sent=sent, as_of=date(2026, 12, 15)))
    words = [block["text"] for block in payload["blocks"]]
    assert payload["number"] == "Số: 12/BC-TTYT"
    assert words[0].startswith("Tiếp theo Báo cáo số 05/BC-TTYT ngày 05/12/2026")
    assert "Các đơn vị báo cáo thêm: Phòng Dân số." in words[2]
    assert words[4] == "- Hội nghị, tập huấn, phổ biến pháp luật: số cuộc (cuộc): đã báo cáo 2, đến nay 3."
    assert not any("120" in one for one in words), "what did not change is not told again"
    assert payload["annexes"][0]["columns"][3:5] == ["Đã báo cáo", "Đến hết 15/12"]


def test_the_same_report_is_the_same_bytes() -> None:
    assert layout.docx_job(paper.report(facts())) == layout.docx_job(paper.report(facts()))
