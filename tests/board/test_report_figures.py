"""The 25 indicators and the suggested words: what is added up, what is held back, what is never said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from board.activities import summing
from board.activities.lines import Line
from board.report.indicators import INDICATORS, Figure, Letters, Survey, figures
from board.report.parts import WRITTEN
from board.report.suggestions import Known, Units, suggestions


def held(code: str, **said: Any) -> Line:
    numbers = {"count": said.pop("count")} if "count" in said else said.pop("numbers", {})
    return Line(id="1", type_code=code, state="held", numbers=numbers, **said)


UNITS = [
    [
        held("A01", count=1),
        held("A02", count=3),
        held("A07", count=2, participants=90, women=60),
        held("A15", count=4),
    ],
    [
        held("A01", count=2),
        held("A09", count=1, men=5, women=7),
        held("A17", numbers={"budget": 1500, "raised": 700}),
    ],
    [
        held("A07", count=1, participants=30),
        Line(id="2", type_code="A02", state="none"),
        held("A16", numbers={"groups": 1, "people": 2}),
    ],
    [Line(id="3", type_code="A02", state="planned", numbers={"count": 99})],
]
SURVEY = Survey(
    people=(251, 240), knowledge=(5.116, 6.4), attitude=(3.5, 3.71), knows_three=(0.4523, 0.63), linked=198
)


def by_no(centre: dict[str, int] | None = None, **other: Any) -> dict[int, Figure]:
    known = {"letters": None, "survey": None, **other}
    found = figures(
        summing.totals(UNITS), centre or {}, known["letters"], known["survey"], known.get("before")
    )
    return {one.indicator.no: one for one in found}


def test_there_are_25_in_their_order() -> None:
    assert [one.no for one in INDICATORS] == list(range(1, 26))


@pytest.mark.parametrize(
    ("no", "said"),
    [
        (1, "3"),
        (2, "2"),
        (3, "3"),
        (8, "3"),
        (9, "120 (nam: 30)"),
        (10, "1"),
        (11, "12 (nam: 5)"),
        (12, "0"),
        (16, "4"),
        (17, "3"),
        (18, "1.500 / 700"),
    ],
)
def test_what_units_did_is_added_up_and_what_was_only_planned_is_not(no: int, said: str) -> None:
    assert by_no()[no].said.vi == said


def test_people_without_women_and_men_apart_are_said() -> None:
    assert by_no()[9].why is not None
    assert by_no()[9].why.vi.startswith("30 người")
    assert by_no()[11].why is None


@pytest.mark.parametrize("count", range(5))
def test_a_small_count_of_the_centre_is_never_told(count: int) -> None:
    found = by_no({"A14": count})[15]
    assert (found.said.vi, found.numbers) == ("dưới 5", ())


def test_what_the_centre_has_not_written_is_not_zero() -> None:
    assert by_no()[14].said.vi == "chưa có"
    assert by_no({"A13": 5})[14].said.vi == "5"


@pytest.mark.parametrize(
    ("now", "said"), [(8, "từ 8 đến 12"), (12, "từ 8 đến 12"), (13, "13"), (4, "dưới 5")]
)
def test_a_supplement_does_not_tell_by_how_little_a_count_grew(now: int, said: str) -> None:
    assert by_no({"A14": now}, before={15: 8})[15].said.vi == said


def test_letters_stand_there_only_as_far_as_they_may_leave_the_board() -> None:
    both = Letters(as_of="11/12/2026", own=(12, 16), told=23)
    one = Letters(as_of="11/12/2026", own=12, told=None)
    none = Letters(as_of="11/12/2026", own=None, told=None)

    assert by_no(letters=both)[20].said.vi == "người bị hại tự viết: từ 12 đến 16; người khác báo tin: 23"
    assert by_no(letters=one)[20].said.vi == "người bị hại tự viết: 12"
    assert by_no(letters=none)[20].said.vi == "không nêu"
    assert by_no()[20].said.vi == "chưa có"
    assert by_no(letters=both)[21].said.vi == "không nêu"
    quick = Letters(as_of="11/12/2026", own=24, told=None, answered_in_time=21 / 24)
    assert by_no(letters=quick)[21].said.vi == "88"


def test_what_all_or_nobody_answered_is_told_of_nobody() -> None:
    alike = replace(SURVEY, knows_three=(0.0, 1.0))
    assert by_no(survey=alike)[25].said.vi == "dưới 10 / trên 90"
    assert by_no(survey=alike)[25].said.en == "under 10 / over 90"


@pytest.mark.parametrize(
    ("no", "said"), [(22, "251 / 240"), (23, "5,12 / 6,40"), (24, "3,50 / 3,71"), (25, "45,2 / 63,0")]
)
def test_the_survey_stands_there_before_and_after(no: int, said: str) -> None:
    assert by_no(survey=SURVEY)[no].said.vi == said
    assert by_no()[no].said.vi == "chưa có"


def known(centre: dict[str, int] | None = None, **other: Any) -> Known:
    said = {
        "year": 2026,
        "theme": "Sống an toàn",
        "board": "Ban Vì sự tiến bộ của phụ nữ",
        "as_of": "11/12/2026",
        "units": Units(on_time=["Khoa A", "Khoa B"], late=["Trạm C"], missing=["Trạm D"]),
        "totals": summing.totals(UNITS),
        "centre": centre or {},
        "letters": None,
        "survey": None,
    }
    said |= other
    said["figures"] = figures(said["totals"], said["centre"], said["letters"], said["survey"])
    return Known(**said)


def test_every_written_part_has_a_suggestion_made_from_the_data() -> None:
    found = suggestions(known(survey=SURVEY))

    assert set(WRITTEN) <= set(found)
    assert all(found.values())
    assert "treo 03 băng rôn" in found["communication"]
    assert "03/04 đơn vị" in found["direction"]
    assert (
        "- 03 hội nghị, lớp tập huấn, phổ biến pháp luật, 120 lượt người tham dự (nam: 30)."
        in found["events"]
    )
    assert "01 tập thể, 02 cá nhân" in found["praise"]
    assert "trước 45,2 %, sau 63,0 %" in found["survey"]
    assert "chưa chắc là do chiến dịch" in found["survey"]


def test_suggestions_of_an_empty_year_claim_nothing() -> None:
    found = suggestions(
        known(totals=summing.totals([]), theme="", units=Units(on_time=[], late=[], missing=["Khoa A"]))
    )

    assert found["communication"] == "Các đơn vị chưa ghi hoạt động truyền thông nào."
    assert found["events"] == "Các đơn vị chưa ghi sự kiện nào."
    assert "chưa có kỳ công bố" in found["letters"]
    assert "“" not in found["direction"]


@pytest.mark.parametrize("count", range(5))
def test_no_suggestion_tells_a_small_count(count: int) -> None:
    letters = Letters(as_of="11/12/2026", own=None, told=None)
    quiet = known({"A13": count, "A14": count, "A19": count}, letters=letters, totals=summing.totals([]))
    found = suggestions(quiet)

    assert f": {count}" not in found["support"] + found["checks"]
    assert "dưới 5" in found["support"]
    assert "dưới 5" in found["checks"]
    assert found["letters"].startswith("Số thư qua kênh bảo mật chưa đủ lớn")
