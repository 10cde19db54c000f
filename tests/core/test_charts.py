"""Pictures: what they say in words, what they may not contain, and that ranges stay ranges."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import heavy
from core.charts import (
    Mean,
    Part,
    Share,
    Spread,
    balanced,
    bars,
    draw,
    dumbbell,
    file_job,
    flow,
    forest,
    png,
    spreads,
)
from core.disclosure import ProtectedTable, RawTable, Row, to_json
from core.i18n import language

SVG = "{http://www.w3.org/2000/svg}"


def test_a_picture_says_in_words_what_it_shows() -> None:
    picture = ElementTree.fromstring(bars(TABLE, "vi", title="Thư đã nhận", labels=LABELS))
    title, words = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert title is not None
    assert words is not None
    assert title.text == "Thư đã nhận"
    assert words.text == (
        "Tổng: 64. Bạo lực thể chất: 27. Bạo lực tinh thần: từ 12 đến 16. Bạo lực kinh tế: dưới 5. "
        "khác: giữ kín."
    )
    assert picture.get("role") == "img"
    assert picture.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"


def test_the_same_words_in_english() -> None:
    picture = bars(TABLE, "en", title="Letters", labels={"total": "All letters"})
    assert "All letters: 64." in picture
    assert "12 to 16" in picture
    assert "fewer than 5" in picture
    assert "withheld" in picture
    assert language() == "vi"


@pytest.mark.parametrize("mood", ["open", "quiet"])
def test_nothing_in_a_picture_needs_a_style_or_a_script(mood: str) -> None:
    for picture in pictures(mood):
        assert not re.search(
            r"\sstyle=|<style|<script|\son\w+=|href=|url\(|http(?!://www\.w3\.org/2000/svg)", picture
        )
        assert "NaN" not in picture
        assert "#0101" not in picture
        ElementTree.fromstring(picture)


def test_ink_is_the_ink_of_the_page_and_marks_have_classes() -> None:
    for picture in pictures("open"):
        root = ElementTree.fromstring(picture)
        assert {text.get("fill") for text in root.iter(f"{SVG}text")} == {"currentColor"}
        assert 'class="drawn-accent"' in picture
        assert root.get("class") == "drawn drawn-open"


def test_the_two_moods_differ_and_both_stand_out_from_light_and_dark() -> None:
    colours = [
        re.search(r'class="drawn-accent"[^>]*(#[0-9a-f]{6})', pictures(mood)[0]) for mood in ("open", "quiet")
    ]
    found = [colour.group(1) for colour in colours if colour]
    assert len(set(found)) == 2
    for colour in found:
        assert contrast(colour, "#ffffff") >= 3
        assert contrast(colour, "#15181c") >= 3


def test_a_range_is_drawn_as_a_range() -> None:
    """Bars span 1 to 359 for 0 to 64: the light part of "12 to 16" reaches from 12 to 16."""
    light = re.search(
        r'<path class="drawn-soft" d="M([\d.]+),\S*?h([\d.]+)', bars(TABLE, "vi", title="", labels={})
    )
    assert light is not None
    start, width = float(light.group(1)), float(light.group(2))
    assert start == pytest.approx(1 + 12 / 64 * 358, abs=0.01)
    assert width == pytest.approx(4 / 64 * 358, abs=0.01)


def test_small_and_withheld_figures_have_their_own_marks_and_a_sentence_why() -> None:
    picture = bars(TABLE, "vi", title="", labels=LABELS)
    assert picture.count("stroke-dasharray") == 2
    words = " ".join(ElementTree.fromstring(picture).itertext())
    assert "Khung nét đứt: dưới 5, có thể là 0." in words
    assert "Dãy chấm: giữ kín" in words
    plain = bars(table((64,), (40,), (24,)), "vi", title="", labels=LABELS)
    assert "Khung" not in plain
    assert "Dãy chấm" not in plain
    assert "Phần nhạt" not in plain


def test_crossed_rows_name_both_categories() -> None:
    crossed = ProtectedTable(
        name="kind_sex",
        release="2026-09-30",
        dims={"kind": ("a",), "sex": ("f", "m")},
        rows=(Row(at=("a", "f"), value=12), Row(at=("a", "total"), value=15)),
    )
    assert "Bạo lực thể chất · nữ: 12." in bars(crossed, "vi", title="", labels={**LABELS, "f": "nữ"})


def test_a_table_with_nothing_to_show_is_still_a_picture() -> None:
    assert "giữ kín" in bars(table((None,)), "vi", title="", labels={})


def test_a_raw_table_is_not_drawn() -> None:
    raw = RawTable(name="kind", release="2026-09-30", dims={"kind": ("a",)}, rows={("a",): 3})
    with pytest.raises(TypeError, match="protect"):
        bars(raw, "vi", title="", labels={})  # type: ignore[arg-type]


def test_names_cannot_break_out_of_the_picture() -> None:
    picture = bars(
        TABLE, "vi", title="<script>1</script>", labels={"a": '"><script>alert(1)</script>'}, heading=True
    )
    assert "<script" not in picture
    ElementTree.fromstring(picture)


def test_a_dumbbell_says_before_after_and_how_sure() -> None:
    picture = dumbbell([ROW, Share(label="K2.", missing="Quá ít người.")], "vi", title="Trả lời đúng")
    words = ElementTree.fromstring(picture).find(f"{SVG}desc")
    assert words is not None
    assert words.text == "K1. 41 % → 63 %, +22 (+13 … +31). K2. Quá ít người."
    assert "khoảng tin cậy" in picture


def test_a_dumbbell_without_intervals_does_not_speak_of_them() -> None:
    picture = dumbbell([Share(label="K1.", before=0.5, after=0.5)], "en", title="")
    assert "50% → 50%, 0." in picture
    assert "interval" not in picture
    assert "drawn-soft" not in picture


def test_an_interval_beyond_all_or_none_stops_at_the_edge() -> None:
    picture = dumbbell([Share(label="K1.", before=0.95, after=1.0, low=-0.02, high=0.2)], "en", title="")
    reach = [float(x) for x in re.findall(r'"M([\d.]+),', picture)]
    assert max(reach) <= 360


def test_a_forest_shows_change_against_no_change() -> None:
    rows = [
        Mean(label="Thái độ", change=0.42, low=0.31, high=0.53),
        Mean(label="Tự tin", change=-0.05, low=-0.2, high=0.1),
        Mean(label="Giúp đỡ", missing="Quá ít người."),
    ]
    picture = forest(rows, "vi", title="Thay đổi", unit="Điểm từ 1 đến 5.")
    words = ElementTree.fromstring(picture).find(f"{SVG}desc")
    assert words is not None
    assert words.text == "Thái độ: +0,4 (+0,3 … +0,5). Tự tin: −0,1 (−0,2 … +0,1). Giúp đỡ Quá ít người."
    assert "Điểm từ 1 đến 5." in picture
    assert "0: không đổi" in picture


def test_nothing_at_all_is_drawn_without_complaint() -> None:
    for picture in (forest([], "vi", title=""), dumbbell([], "vi", title="")):
        ElementTree.fromstring(picture)


def test_no_change_has_no_sign() -> None:
    picture = forest([Mean(label="T", change=-0.001, low=-0.004, high=0.004)], "vi", title="")
    assert "T: 0,0 (dưới 0 … trên 0)." in picture


def test_a_picture_becomes_a_file_for_documents() -> None:
    made = png(dumbbell([ROW], "vi", title="Trả lời đúng", heading=True), scale=1)
    assert made.startswith(b"\x89PNG")
    assert int.from_bytes(made[16:20]) == 360


def test_the_title_is_drawn_only_where_the_page_has_none() -> None:
    assert "<text" in bars(table(), "vi", title="Thư đã nhận", labels={}, heading=True)
    assert "<text" not in bars(table(), "vi", title="Thư đã nhận", labels={})


def test_a_child_draws_all_pictures_of_a_page_at_once(tmp_path: Path) -> None:
    charts = [
        {"chart": "bars", "language": "vi", "title": "T", "labels": LABELS, "document": to_json([TABLE])},
        {"chart": "dumbbell", "language": "en", "title": "T", "rows": [share_row()]},
        {
            "chart": "forest",
            "language": "en",
            "title": "T",
            "rows": [{"label": "x", "change": 1, "low": 0, "high": 2}],
        },
    ]
    drawn = draw({"charts": charts})["svg"]
    assert drawn[0] == bars(TABLE, "vi", title="T", labels=LABELS)
    assert heavy.run("core.charts:draw", {"charts": charts}, lock=tmp_path / "lock") == {"svg": drawn}


def test_a_picture_of_its_own_has_its_title_and_its_ink() -> None:
    chart = {"chart": "dumbbell", "language": "en", "title": "Right answers", "rows": [share_row()]}
    drawn = b64decode(file_job({"chart": chart, "kind": "svg"})["file"]).decode()
    assert drawn.count("Right answers") == 2
    assert "currentColor" not in drawn
    assert b64decode(file_job({"chart": chart, "kind": "png"})["file"]).startswith(b"\x89PNG")


def test_answers_part_in_the_middle() -> None:
    rows = [
        Spread(label="A1.", before=(0.2, 0.2, 0.2, 0.3, 0.1), after=(0.0, 0.1, 0.1, 0.3, 0.5)),
        Spread(label="A2.", missing="Quá ít người."),
    ]
    picture = spreads(rows, "vi", title="Thái độ")
    words = ElementTree.fromstring(picture).find(f"{SVG}desc")
    assert words is not None
    assert words.text == (
        "A1. Trước: 40 % chưa tốt, 40 % tốt; Sau: 10 % chưa tốt, 80 % tốt. A2. Quá ít người."
    )
    places = [float(x) for x in re.findall(r'"drawn-(?:accent|soft)" d="M([\d.]+),', picture)]
    assert min(places) >= 92
    assert max(places) <= 268


def test_who_took_part_is_said_with_and_without_an_invitation() -> None:
    rows = [
        Part(label="Before", invited=350, answered=310, joined=262),
        Part(label="After", invited=None, answered=300, joined=262),
    ]
    words = ElementTree.fromstring(flow(rows, "en", title="")).find(f"{SVG}desc")
    assert words is not None
    assert words.text == (
        "Before: 310 of 350 answered; 262 took part both times; 48 only this time. "
        "After: 300 answered; 262 took part both times; 38 only this time."
    )


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="aễ ữb", max_size=120), st.integers(10, 60))
def test_balanced_lines_lose_no_word_and_take_no_more_room(words: str, width: int) -> None:
    lines = balanced(words, width)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(len(line) <= width for line in lines)


# --- furniture

LABELS = {"a": "Bạo lực thể chất", "b": "Bạo lực tinh thần", "c": "Bạo lực kinh tế", "d": "khác"}
ROW = Share(label="K1.", before=0.41, after=0.63, low=0.13, high=0.31)


def share_row() -> dict[str, object]:
    return {"label": "One", "before": 0.41, "after": 0.63, "low": 0.13, "high": 0.31}


def table(*values: tuple[object, ...]) -> ProtectedTable:
    ats = (("total",), ("a",), ("b",), ("c",), ("d",))
    rows = tuple(Row(at=at, value=value) for at, (value,) in zip(ats, values, strict=False))  # type: ignore[arg-type]
    return ProtectedTable(name="kind", release="2026-09-30", dims={"kind": ("a", "b", "c", "d")}, rows=rows)


TABLE = table((64,), (27,), ((12, 16),), ((0, 4),), (None,))


def pictures(mood: str) -> list[str]:
    return [
        bars(TABLE, "vi", mood, title="Thư", labels=LABELS, heading=True),  # type: ignore[arg-type]
        dumbbell([ROW, Share(label="K2.", missing="Quá ít.")], "vi", mood, title="K"),  # type: ignore[arg-type]
        forest([Mean(label="T", change=0.4, low=0.3, high=0.5)], "vi", mood, title="T"),  # type: ignore[arg-type]
        spreads([Spread(label="A", before=(0.5, 0.2, 0.3), after=(0, 0, 1))], "vi", mood, title="A"),  # type: ignore[arg-type]
        flow([Part(label="T", invited=9, answered=8, joined=7)], "vi", mood, title="T"),  # type: ignore[arg-type]
    ]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_ceiling_is_marked_and_told_in_words() -> None:
    """Two strokes more than without, and the sentence both drawn and in the description."""
    words = "Ceiling: 30% were at the top already; little room to rise."
    shares: dict[str, Any] = {"label": "A question", "before": 0.9, "after": 0.95}
    answers: dict[str, Any] = {
        "label": "A question",
        "before": (0.2,) * 5,
        "after": (0.1, 0.1, 0.2, 0.3, 0.3),
    }
    for plain, marked in (
        (
            dumbbell([Share(**shares)], "en", title="x"),
            dumbbell([Share(**shares, ceiling=words)], "en", title="x"),
        ),
        (
            spreads([Spread(**answers)], "en", title="x"),
            spreads([Spread(**answers, ceiling=words)], "en", title="x"),
        ),
    ):
        assert marked.count("stroke-width") == plain.count("stroke-width") + 2
        assert words.rstrip(".") in marked[marked.index("<desc") : marked.index("</desc>")]
        assert "Ceiling" not in plain
