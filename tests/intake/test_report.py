"""A report: six answers are enough, every mistake is named at once, every answer goes to its compartment."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping

import pytest

from intake.form.report import FORM, ReportRefused, entered, sound, split, urgent, validate


def test_six_answers_are_enough_and_need_no_word_and_no_name() -> None:
    report = validate(smallest())
    assert report.answers["contact_mode"] == "mailbox"
    assert not urgent(report)
    assert split(report).identity == {"form": 1}


def test_exactly_these_answers_are_required() -> None:
    assert set(refused({})) == {"ack_limits", "danger_now", "reporter_role", "age_group", "what_kind"}
    asked = {field.name for field in FORM.fields if field.required and not field.condition}
    assert asked == set(smallest())
    conditional = {field.name for field in FORM.fields if field.required and field.condition}
    assert conditional == {"survivor_aware", "safe_contact"}


def test_whoever_does_not_say_how_to_be_contacted_is_not_contacted() -> None:
    answers = smallest()
    del answers["contact_mode"]
    assert validate(answers).answers["contact_mode"] == "mailbox"


def test_whoever_writes_for_another_says_whether_that_person_knows() -> None:
    errors = refused(smallest(reporter_role=["witness"]))
    assert set(errors) == {"survivor_aware"}
    validate(smallest(reporter_role=["witness"], survivor_aware=["no"]))


def test_whoever_wants_a_call_says_how_to_call_safely() -> None:
    assert set(refused(smallest(contact_mode=["phone"], safe_contact=[" \u200b\n "]))) == {"safe_contact"}
    report = validate(smallest(contact_mode=["phone"], safe_contact=["0900 000 000, sau 17 giờ"]))
    parts = split(report)
    assert parts.safe_contact["safe_contact"] == "0900 000 000, sau 17 giờ"
    assert "0900" not in json.dumps([parts.story, parts.flags, parts.tally, parts.identity])


def test_every_mistake_is_named_at_once_with_a_sentence() -> None:
    errors = refused(
        smallest(danger_now=["maybe"], age_group=["under_16", "18_59"], narrative=["x" * 4001], sex=["?"])
    )
    assert set(errors) == {"danger_now", "age_group", "narrative", "sex"}
    assert all(sentence.endswith(".") for sentence in errors.values())


def test_four_thousand_letters_fit_however_they_were_typed() -> None:
    apart = unicodedata.normalize("NFD", "ệ" * 4000)
    assert len(apart) == 12_000
    assert validate(smallest(narrative=[apart])).answers["narrative"] == "ệ" * 4000


def test_one_letter_more_gets_a_clear_sentence_and_nothing_is_cut() -> None:
    typed = smallest(narrative=["ệ" * 4001])
    assert refused(typed) == {
        "narrative": "Bạn đã viết 4.001 ký tự, ô này nhận nhiều nhất 4.000. Mọi điều bạn viết vẫn còn đây."
        " Bạn bớt lại, hoặc gửi phần sau trong hộp thư."
    }
    assert typed["narrative"] == ["ệ" * 4001]


@pytest.mark.parametrize("sign", ["😀", "e\u0323\u0302", "ệ"], ids=["emoji", "three signs", "one sign"])
def test_a_sign_counts_as_one_whatever_it_is_made_of(sign: str) -> None:
    assert len(str(validate(smallest(narrative=[sign * 4000])).answers["narrative"])) == 4000
    assert "4.001" in refused(smallest(narrative=[sign * 4001]))["narrative"]


def test_a_first_line_of_who_entered_it_takes_no_room_from_the_story() -> None:
    story = "ệ" * 4000
    letter = entered(validate(smallest(narrative=[story])), "Nghe kể, [An]\nnhập hộ. " + "x" * 300)
    opened = sound(split(letter).story)["narrative"]
    first, empty, rest = opened.split("\n")
    assert first.startswith("[Nghe kể, An nhập hộ. x")
    assert (len(first), empty, rest) == (202, "", story)
    assert sound(split(entered(validate(smallest()), "Theo phiếu")).story)["narrative"] == "[Theo phiếu]"


def test_a_line_in_brackets_makes_no_more_room_than_one_line() -> None:
    opened = sound({"narrative": "[a]\n\n[b]\n\n" + "x" * 9000})["narrative"]
    assert len(opened) == 4005
    assert len(sound({"reporter_name": "[a]\n\n" + "x" * 500})["reporter_name"]) == 120


def test_lines_count_once_though_browsers_send_two_letters_for_each() -> None:
    assert len(str(validate(smallest(narrative=["a\r\n" * 1999 + "a"])).answers["narrative"])) == 3999


def test_an_answer_to_a_question_that_was_not_asked_is_dropped() -> None:
    report = validate(
        smallest(survivor_aware=["no"], affected_person=["chị Lan"], safe_contact=["0900"], unknown=["x"])
    )
    assert not {"survivor_aware", "affected_person", "safe_contact", "unknown"} & set(report.answers)


def test_names_are_in_the_identity_compartment_and_nowhere_else() -> None:
    report = validate(
        smallest(
            reporter_role=["told"],
            survivor_aware=["agrees"],
            narrative=["Chuyện xảy ra ở hành lang."],
            people_involved=["TÊN-MỘT"],
            affected_person=["TÊN-HAI"],
            reporter_name=["TÊN-BA"],
        )
    )
    parts = split(report)
    names = {"people_involved": "TÊN-MỘT", "affected_person": "TÊN-HAI", "reporter_name": "TÊN-BA"}
    assert parts.identity == {"form": 1, **names}
    others = json.dumps([part for name, part in parts.items() if name != "identity"], ensure_ascii=False)
    assert "TÊN" not in others
    assert "hành lang" in parts.story["narrative"]


def test_the_queue_gets_flags_and_no_words() -> None:
    flags = split(validate(smallest(danger_signs=["weapon"], when=["month"], narrative=["lời kể"]))).flags
    assert flags == {
        "form": 1,
        "danger_now": "no",
        "danger_signs": ["weapon"],
        "age_group": "18_59",
        "what_kind": ["physical"],
        "when": "month",
        "contact_mode": "mailbox",
    }


def test_without_consent_a_report_counts_in_the_total_alone() -> None:
    assert split(validate(smallest(sex=["female"]))).tally == {
        "form": 1,
        "consent_stats": False,
        "reporter_role": "self",
    }


def test_with_consent_only_coarse_answers_may_be_counted() -> None:
    report = validate(
        smallest(
            consent_stats=["yes"],
            age_group=["16_17"],
            what_kind=["money", "threats", "sexual_words"],
            relation=["superior"],
            affected_group=["staff"],
            narrative=["lời kể"],
            when=["month"],
        )
    )
    assert split(report).tally == {
        "form": 1,
        "consent_stats": True,
        "reporter_role": "self",
        "age_group": "under_18",
        "what_kind": ["other", "sexual"],
        "relation": "work",
        "affected_group": "staff",
    }


def test_nobody_can_consent_for_somebody_else() -> None:
    answers = smallest(
        reporter_role=["witness"], survivor_aware=["agrees"], consent_stats=["yes"], sex=["male"]
    )
    assert split(validate(answers)).tally == {"form": 1, "consent_stats": False, "reporter_role": "other"}


@pytest.mark.parametrize(
    "answers",
    [
        {"danger_now": ["yes"]},
        {"danger_signs": ["getting_worse", "choking"]},
        {"danger_signs": ["self_harm"]},
        {"age_group": ["under_16"]},
        {"what_kind": ["sexual_touch"], "when": ["hours_72"]},
    ],
)
def test_danger_is_urgent(answers: dict[str, list[str]]) -> None:
    assert urgent(validate(smallest(**answers)))


@pytest.mark.parametrize(
    "answers",
    [
        {"danger_now": ["unsure"]},
        {"danger_signs": ["stalking"]},
        {"what_kind": ["sexual_touch"], "when": ["month"]},
        {"what_kind": ["threats"], "when": ["hours_72"]},
    ],
)
def test_not_everything_is_urgent(answers: dict[str, list[str]]) -> None:
    assert not urgent(validate(smallest(**answers)))


def test_struck_out_people_stand_in_the_story_and_win_over_excluding_nobody() -> None:
    report = validate(smallest(exclude_handlers=["none", "aa11"]), people=["aa11", "bb22"])
    assert report.struck_out == {"aa11"}
    assert split(report).story["exclude_handlers"] == ["aa11"]


def test_a_strike_out_that_cannot_be_honoured_is_never_silently_dropped() -> None:
    assert set(refused(smallest(exclude_handlers=["cc33"]), people=["aa11"])) == {"exclude_handlers"}


def test_excluding_nobody_and_preferring_somewhere_else_strike_nobody_out() -> None:
    assert validate(smallest(exclude_handlers=["none"])).struck_out == frozenset()
    outside = validate(smallest(exclude_handlers=["outside"]))
    assert outside.prefers_outside
    assert outside.struck_out == frozenset()


def test_no_traceback_repeats_what_was_written() -> None:
    report = validate(smallest(narrative=["BÍ-MẬT"]))
    assert "BÍ-MẬT" not in repr(report) + repr(split(report))
    with pytest.raises(ReportRefused) as caught:
        validate(smallest(narrative=["BÍ-MẬT"], danger_now=["BÍ-MẬT"]))
    assert "BÍ-MẬT" not in repr(caught.value) + str(caught.value.errors)


def test_a_report_reads_back_as_question_and_answer() -> None:
    story = json.loads(json.dumps(split(validate(smallest(what_kind=["physical", "unsure"]))).story))
    told = {field.name: [str(word) for word in words] for field, words in FORM.told(story)}
    assert told["what_kind"] == ["Đánh đập, gây thương tích", "Tôi không chắc"]
    assert told["ack_limits"] == ["Có"]


def smallest(**more: list[str]) -> dict[str, list[str]]:
    """The six answers, and whatever a test adds."""
    return {
        "ack_limits": ["yes"],
        "danger_now": ["no"],
        "reporter_role": ["self"],
        "age_group": ["18_59"],
        "what_kind": ["physical"],
        "contact_mode": ["mailbox"],
        **more,
    }


def refused(raw: Mapping[str, list[str]], people: list[str] | None = None) -> dict[str, str]:
    """The errors of a refused report, in Vietnamese."""
    with pytest.raises(ReportRefused) as caught:
        validate(raw, people=people or [])
    return {name: sentence.vi for name, sentence in caught.value.errors.items()}
