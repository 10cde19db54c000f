"""What changed, in words and rows: both languages, too few, better, worse and the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.i18n import Language, speak
from survey import effects, reading, tables
from survey.effects.shapes import FEWEST
from tests.surveys import QUESTIONS


@pytest.fixture(params=["vi", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    """The page speaks Vietnamese, then English."""
    speak(request.param)
    yield request.param
    speak("vi")


def found(
    before: list[dict[str, Any]], after: list[dict[str, Any]], linked: int | None = None
) -> dict[str, Any]:
    """The effects of people who answered so before and so after, each linked with themselves."""
    pairs = [(place, place) for place in range(len(before) if linked is None else linked)]
    return effects.effects(effects.freeze(pairs, before, after, QUESTIONS)).to_json()


def people(right: int, level: int, count: int = 20) -> list[dict[str, Any]]:
    """People who know so many of eight things, and stand so high on every scale; the last ones differ a little."""
    said = []
    for number in range(count):
        more = number % 2
        known = [item for item in QUESTIONS.items("before") if item.measure.kind == "knowledge"]
        one: dict[str, Any] = {
            item.code: item.measure.right if place < right + more else "khong_biet"
            for place, item in enumerate(known)
        }
        for item in QUESTIONS.items("before"):
            if item.measure.kind in ("attitude", "confidence", "trust"):
                one[item.code] = str(6 - level if item.measure.reverse else level)
        said.append(one)
    return said


def said(effects: dict[str, Any]) -> str:
    return " | ".join(reading.sentences(effects))


def test_who_answered_and_who_could_be_joined_is_said_first(language: Language) -> None:
    words = said(found(people(3, 3, 30), people(4, 3, 30), linked=20))

    assert words.startswith(
        "30 người trả lời trước và 30 người trả lời sau; 20 người ghép được hai lần."
        if language == "vi"
        else "30 people answered before and 30 after; 20 could be joined with themselves."
    )


def test_with_too_few_joined_nothing_is_said_of_change(language: Language) -> None:
    words = reading.sentences(found(people(3, 3, 30), people(4, 3, 30), linked=FEWEST - 1))

    assert len(words) == 2
    assert words[1].startswith("Cần ít nhất 10 người" if language == "vi" else "At least 10 people")


def test_a_gain_is_told_as_people_of_a_hundred(language: Language) -> None:
    words = said(found(people(2, 3), people(4, 3)))

    assert (
        "cứ 100 người thì thêm 25 người trả lời đúng"
        if language == "vi"
        else "of 100 people 25 more answer right"
    ) in words


def test_a_loss_is_told_as_plainly(language: Language) -> None:
    words = said(found(people(4, 3), people(2, 3)))

    assert (
        "cứ 100 người thì bớt 25 người trả lời đúng"
        if language == "vi"
        else "of 100 people 25 fewer answer right"
    ) in words
    assert "−" in words
    assert "-" not in words


def test_no_change_is_called_no_change(language: Language) -> None:
    same = said(found(people(4, 3), people(4, 3)))

    assert ("không thay đổi chút nào" if language == "vi" else "did not change at all") in same
    nearly = said(found([*people(3, 3), *people(4, 3)], [*people(4, 3), *people(3, 3)]))
    assert ("gần như không đổi" if language == "vi" else "about as many people answer right") in nearly


def test_the_attitude_mean_comes_before_the_knowledge_sum(language: Language) -> None:
    words = reading.sentences(found(people(2, 3), people(4, 4)))

    assert len(words) == 3
    assert ("Điểm thái độ" if language == "vi" else "attitude score") in words[1]
    assert ("hiểu biết" if language == "vi" else "knowledge question") in words[2]
    assert (
        "là 4,0 trên 5; thay đổi 1,0" if language == "vi" else "is 4.0 out of 5; a change of 1.0"
    ) in words[1]


def test_a_number_that_rounds_to_nothing_has_no_sign() -> None:
    speak("vi")

    assert tables._signed(-0.001, 2) == "0,00"
    assert tables._signed(-0.2) == "0"
    assert tables._signed(0.2) == "0"
    assert tables._signed(3.4) == "+3"
    assert tables._signed(-3.4, 1) == "−3,4"
    assert reading.rounded(-0.004, 2) == 0


def test_tables_hold_only_what_can_be_compared(language: Language) -> None:
    whole = found(people(2, 3), people(4, 4))
    none = found(people(2, 3), people(4, 4), linked=3)

    assert [len(tables.knowledge(whole, QUESTIONS)), len(tables.ratings(whole, QUESTIONS))] == [8, 14]
    assert [row[-1] for row in tables.knowledge(whole, QUESTIONS)] == [20] * 8
    assert len(tables.scores(whole)) == 3
    assert tables.knowledge(none, QUESTIONS) == tables.scores(none) == tables.ratings(none, QUESTIONS) == []
    for row in tables.knowledge(whole, QUESTIONS):
        assert len(row) == len(tables.BY_ITEM) == len(tables.BY_SCORE)


def test_a_row_says_both_shares_the_change_and_how_sure(language: Language) -> None:
    rows = tables.knowledge(found(people(2, 3), people(4, 3)), QUESTIONS)

    assert rows[2][1:3] == (["50 %", "trên 90 %"] if language == "vi" else ["50%", "over 90%"])
    assert rows[2][3:5] == ["–", "–"], "a change would tell what all of them answered"
    halves = found([*people(2, 3), *people(3, 3)], [*people(3, 3), *people(3, 3)])
    row = tables.knowledge(halves, QUESTIONS)[3]
    assert row[1:4] == (["25 %", "50 %", "+25"] if language == "vi" else ["25%", "50%", "+25"])
    assert (" đến " if language == "vi" else " to ") in row[4]


def test_a_question_on_which_all_stand_alike_tells_no_mean(language: Language) -> None:
    row = tables.ratings(found(people(2, 3), people(4, 4)), QUESTIONS)[0]
    assert row[1:] == [*["như nhau" if language == "vi" else "all alike"] * 2, "–", "–", 20]


def test_an_end_that_rounds_to_nothing_tells_on_which_side_it_stands(language: Language) -> None:
    told = [reading.end(value, 1) for value in (0.04, -0.04, 0.0, -0.26)]
    wanted = {"vi": ["trên 0", "dưới 0", "0,0", "−0,3"], "en": ["above 0", "below 0", "0.0", "−0.3"]}
    assert told == wanted[language]
    assert reading.share(0.996) == reading.share(1) == ("trên 90 %" if language == "vi" else "over 90%")


def test_figures_that_differ_by_fewer_than_ten_people_do_not_stand_side_by_side(language: Language) -> None:
    withheld = "giữ kín" if language == "vi" else "withheld"
    near = tables.three_ways(found(people(3, 2, 30), people(5, 3, 30), linked=25))
    assert all(row[2].startswith(withheld) and row[3].startswith(withheld) for row in near)
    for linked in (20, 30):
        clear = tables.three_ways(found(people(3, 2, 30), people(5, 3, 30), linked=linked))
        assert not any(cell.startswith(withheld) for row in clear for cell in row[1:])


def caveats(effects: dict[str, Any], *, with_cards: bool = True) -> str:
    return " | ".join(str(one) for one in reading.caveats(effects, with_cards=with_cards))


def test_what_the_data_cannot_say_is_always_said(language: Language) -> None:
    words = caveats(found(people(2, 3), people(4, 3)))

    assert ("Không có nhóm so sánh" if language == "vi" else "no group to compare") in words
    assert ("không mang tên đơn vị" if language == "vi" else "carry no unit") in words
    assert ("60 %" if language == "vi" else "60%") not in words
    assert ("không dùng thẻ" if language == "vi" else "no cards") not in words


def test_few_joined_no_cards_and_a_ceiling_are_said_when_true(language: Language) -> None:
    words = caveats(found(people(8, 5), people(8, 5), linked=11), with_cards=False)

    assert ("Chưa đến 60 %" if language == "vi" else "Fewer than 60%") in words
    assert ("không dùng thẻ" if language == "vi" else "no cards") in words
    assert ("hầu như không tăng được" if language == "vi" else "hardly any room to rise") in words


def test_a_ceiling_of_a_third_is_said_more_mildly(language: Language) -> None:
    top, low = people(8, 5, 12), people(3, 2, 24)
    words = caveats(found([*top, *low], [*top, *low]))
    assert ("nên khó tăng thêm" if language == "vi" else "can hardly rise") in words


def test_joined_people_who_were_better_from_the_start_are_told(language: Language) -> None:
    first = [*people(6, 4, 20), *people(2, 2, 20)]
    words = caveats(found(first, people(6, 4, 20), linked=20))
    assert ("khác những người ghép được" if language == "vi" else "differed from the start") in words
    assert ("không kể cùng một điều" if language == "vi" else "tell different stories") in words


def test_ways_of_counting_that_agree_need_no_word(language: Language) -> None:
    words = caveats(found(people(3, 2, 30), people(5, 3, 30), linked=20))
    assert ("không kể cùng" if language == "vi" else "different stories") not in words
    assert ("còn ít" if language == "vi" else "Few could be joined") in words


def test_joined_people_who_said_nothing_are_not_too_few_joined(language: Language) -> None:
    words = said(found([{}] * 30, [{}] * 30))
    assert ("trả lời đủ câu" if language == "vi" else "answered enough") in words


def test_nobody_at_all_is_no_error(language: Language) -> None:
    nothing = found([], [])

    assert len(reading.sentences(nothing)) == 2
    assert caveats(nothing)


def test_an_evaluator_sees_three_ways_side_by_side(language: Language) -> None:
    rows = tables.three_ways(found(people(3, 2, 30), people(5, 3, 30), linked=20))

    knowledge = next(row for row in rows if str(row[0]) in ("Điểm hiểu biết", "Knowledge score"))
    assert all(cell.startswith("+2") for cell in knowledge[1:])
    alone = tables.three_ways(found(people(3, 2, 30), people(5, 3, 30), linked=5))
    assert alone[0][1] == ("quá ít người" if language == "vi" else "too few people")
    assert tables.three_ways(found(people(3, 2, 5), people(5, 3, 5))) == []


def test_each_item_has_its_p_within_its_family(language: Language) -> None:
    before, after = (
        [one | {"H1": ticked} for one in people(*level, 30)]
        for level, ticked in (((2, 2), ["111"]), ((6, 3), ["111", "113"]))
    )
    computed = found(before, after)
    rows = tables.adjusted(computed, QUESTIONS)

    assert len(rows) == len(computed["adjusted"]) > 10
    smallest = "< 0,001" if language == "vi" else "< 0.001"
    assert smallest in {cell for row in rows for cell in row[1:]}
    assert all(one["p"] <= one["bh"] + 1e-12 <= one["holm"] + 1e-9 for one in computed["adjusted"])
    assert any("113" in str(row[0]) for row in rows), "a place of the help question is named"


def test_reliability_is_told_for_enough_people_only(language: Language) -> None:
    few = tables.together(found(people(3, 3, 40), people(4, 3, 40)))
    assert {row[2] for row in few} == {
        "cần ít nhất 100 người và 3 câu" if language == "vi" else "needs at least 100 people and 3 items"
    }
    many = [person for level in (2, 3, 4) for person in people(3, level, 40)]
    for row in tables.together(found(many, many)):
        assert (row[2], row[5]) == (("1,00", "120") if language == "vi" else ("1.00", "120")), (
            "all answer alike"
        )


def test_three_months_later_is_called_so(language: Language) -> None:
    words = " | ".join(reading.sentences(found(people(2, 3), people(4, 4)), wave="followup"))

    assert ("sau ba tháng" if language == "vi" else "three months later") in words
    assert ("sau chiến dịch" if language == "vi" else "after the campaign") not in words
