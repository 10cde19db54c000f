"""A sheet of units is read whole or not at all, and every wrong cell is named at once."""

from __future__ import annotations

from datetime import date

import pytest

from core import unit_sheet
from core.i18n import Text, speak
from core.unit_sheet import UnitRow

KINDS = {"khoa": Text("Khoa", "Department"), "tram_y_te": Text("Trạm Y tế", "Health station")}
GROUPS = {"chuyen_mon": Text("Các khoa chuyên môn", "Professional departments")}
HEAD = [
    "Mã (để trống nếu thêm mới)",
    "Tên",
    "Tên bằng tiếng Anh",
    "Loại",
    "Nhóm trong số liệu",
    "Có từ ngày",
    "Đến hết ngày",
]
GOOD = ["a1", "Khoa Dược", "Pharmacy", "Khoa", "Các khoa chuyên môn", "01/01/2020", ""]


def _read(*lines: list[str]) -> tuple[list[UnitRow], dict[str, str]]:
    rows, wrong = unit_sheet.read(lines, kinds=KINDS, groups=GROUPS, known={"a1", "a2"})
    return rows, {one.cell: one.reason.vi for one in wrong}


def test_a_sheet_that_is_sent_twice_does_not_add_its_units_twice() -> None:
    (there,), _ = unit_sheet.read([HEAD, GOOD], kinds=KINDS, groups=GROUPS, known={"a1"})
    again = ["", *GOOD[1:]]
    rows, wrong = unit_sheet.read([HEAD, again], kinds=KINDS, groups=GROUPS, known={"a1"}, there=[there])
    assert [(one.cell, one.reason.en[:12]) for one in wrong] == [("B2", "A unit of th")]
    rows, wrong = unit_sheet.read([HEAD, GOOD], kinds=KINDS, groups=GROUPS, known={"a1"}, there=[there])
    assert (len(rows), wrong) == (1, [])


def test_what_is_written_is_read_back_in_either_language() -> None:
    row = UnitRow(
        id="a1",
        name_vi="Khoa Dược",
        name_en="Pharmacy",
        kind="khoa",
        group="chuyen_mon",
        valid_from=date(2020, 1, 1),
        valid_until=date(2025, 6, 30),
    )
    for language in ("en", "vi"):
        speak(language)  # type: ignore[arg-type]
        head = [str(label) for label in unit_sheet.COLUMNS.values()]
        assert _read(head, *unit_sheet.written([row], KINDS, GROUPS)) == ([row], {})


def test_every_wrong_cell_is_named_at_once() -> None:
    _, wrong = _read(
        ["Danh sách đơn vị"],
        [],
        HEAD,
        GOOD,
        ["zz", "", "", "Phòng", "", "31/02/2020", ""],
        ["a2", "x" * 161, "", "khoa", "cac khoa chuyen mon", "2020-01-01", "01/01/2019"],
        GOOD,
    )
    assert list(wrong) == ["A5", "B5", "D5", "E5", "F5", "B6", "G6", "A7"]
    assert wrong["D5"] == "“Phòng” không có trong: Khoa; Trạm Y tế."
    assert wrong["F5"] == "“31/02/2020” không phải ngày như 01/07/2025."
    assert wrong["A7"] == "Mã này đã đứng ở dòng 4."
    assert "đứng trước" in wrong["G6"]


def test_the_row_of_names_is_found_below_a_title_and_in_any_order_of_columns() -> None:
    order = [5, 1, 4, 3]
    rows, wrong = _read(
        ["Tiêu đề"], [HEAD[at].upper() for at in order], [GOOD[at] for at in order], ["", " ", ""]
    )
    assert wrong == {}
    assert [(row.id, row.name_vi, row.name_en) for row in rows] == [(None, "Khoa Dược", "Khoa Dược")]


def test_an_old_name_comes_back_only_after_it_has_ended() -> None:
    old = ["a1", "Trạm xã Hòa", "", "Khoa", "Các khoa chuyên môn", "01/01/2020", "30/06/2025"]
    fresh = ["", "Trạm xã Hoà", "", "Khoa", "Các khoa chuyên môn", "01/07/2025", ""]
    other = ["", "Trạm xã Hóa", "", "Khoa", "Các khoa chuyên môn", "01/01/2020", ""]
    assert _read(HEAD, old, fresh, other)[1] == {}
    assert _read(HEAD, [*old[:6], "01/07/2025"], fresh)[1] == {
        "B3": "Tên này trùng với dòng 2 trong cùng thời gian."
    }
    assert list(_read(HEAD, fresh, fresh)[1]) == ["B3"]


@pytest.mark.parametrize(
    ("lines", "cell", "said"),
    [
        ([], "A1", "Không thấy dòng tên cột"),
        ([["a", "b"], ["c", "d"]], "A1", "Không thấy dòng tên cột"),
        ([["Tên", "Loại"]], "A1", "Thiếu cột: Nhóm trong số liệu, Có từ ngày."),
        ([HEAD, *([GOOD] * (unit_sheet.MOST_ROWS + 1))], "A1", "Nhiều hơn 1.000 dòng"),
    ],
)
def test_a_sheet_that_is_no_list_of_units_gets_one_sentence(
    lines: list[list[str]], cell: str, said: str
) -> None:
    rows, wrong = _read(*lines)
    assert rows == []
    assert said in wrong[cell]


@pytest.mark.parametrize(
    "written", ["1/7/2025", "01.07.2025", "01-07-2025", "2025-07-01", "2025-07-01 00:00:00"]
)
def test_days_are_read_as_people_and_spreadsheets_write_them(written: str) -> None:
    rows, _ = _read(HEAD, [*GOOD[:5], written, ""])
    assert rows[0].valid_from == date(2025, 7, 1)
