"""The rules of the file: levels rise by rule, nothing is shared without consent or two people, nine ways to end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from intake.casefile import assessment, classification, closure, labour, next_steps, rules
from intake.casefile.echo import repeated
from intake.casefile.fields import ask
from intake.casefile.kinds import KINDS
from intake.casefile.record import File, Written

pytestmark = pytest.mark.embedded

DAY = date(2026, 11, 24)


def written(row: int, kind: str, by: str = "a", **values: Any) -> Written:
    return Written(row=row, kind=kind, at="2026-11-24T09:00", by=by, author=by, values=values)


def file(*entries: Written) -> File:
    return File(entries=entries)


def wrong(kind: str, standing: File, by: str = "a", **values: Any) -> set[str]:
    return set(rules.check(kind, standing, values, by=by, today=DAY))


# Assessment


def test_there_are_thirteen_signs_and_nine_reasons() -> None:
    assert len(ask("risk_factors").options) == 13
    assert len(ask("closure").options) == 9


@pytest.mark.parametrize(
    ("signs", "conditions", "level"),
    [
        ([], [], "standard"),
        (["leaving", "control"], [], "standard"),
        (["threat_to_kill"], [], "high"),
        (["weapon"], [], "standard"),
        (["weapon", "threat_to_kill"], [], "high"),
        (["choking"], [], "high"),
        (["fear"], [], "high"),
        ([], ["child_at_home"], "high"),
        (["choking"], ["ongoing"], "emergency"),
    ],
)
def test_signs_ask_for_a_level(signs: list[str], conditions: list[str], level: str) -> None:
    assert assessment.floor({"risk_factors": signs, "conditions": conditions}) == level


def test_a_rule_raises_what_the_handler_chose_and_never_lowers_it() -> None:
    low = {"risk_level": "standard", "risk_factors": ["choking"]}
    assert assessment.wanted(low) == "high"
    assert assessment.wanted({"risk_level": "emergency", "risk_factors": []}) == "emergency"


def test_a_lower_level_needs_a_reason_and_holds_once_another_person_signed() -> None:
    high = written(5, "danh-gia", risk_level="high")
    assert wrong("danh-gia", file(high), risk_level="concern") == {"reason"}
    assert not wrong("danh-gia", file(high), risk_level="concern", reason="người ấy đã đi xa")
    lower = written(6, "danh-gia", risk_level="concern", reason="đã đi xa")
    alone = file(high, lower)
    assert assessment.in_force(alone) == ("high", high)
    assert assessment.waiting(alone) is lower
    own = file(high, lower, written(7, "nguoi-thu-hai", by="a", of="6"))
    assert assessment.in_force(own) == ("high", high)
    two = file(high, lower, written(7, "nguoi-thu-hai", by="b", of="6"))
    assert assessment.in_force(two) == ("concern", lower)
    assert assessment.waiting(two) is None


def test_the_next_assessment_is_never_later_than_the_level_allows() -> None:
    late = written(5, "danh-gia", risk_level="high", again_on="2027-06-01")
    assert assessment.again_on(file(late)) == DAY + timedelta(days=7)
    early = written(5, "danh-gia", risk_level="high", again_on="2026-11-25")
    assert assessment.again_on(file(early)) == date(2026, 11, 25)


# Consent and referrals

CONSENT = {"recipient": "Bệnh viện huyện", "given": "yes", "on": "2026-11-20"}
REFERRAL = {"service": "health", "recipient": "bệnh viện  huyện", "on": "2026-11-24"}


def test_a_referral_rests_on_a_consent_for_the_same_recipient_once() -> None:
    agreed = file(written(5, "dong-y", **CONSENT))
    assert wrong("chuyen-gui", agreed, **REFERRAL) == {"consent"}
    assert not wrong("chuyen-gui", agreed, **REFERRAL, consent="5")
    elsewhere = {**REFERRAL, "recipient": "Công an"}
    assert wrong("chuyen-gui", agreed, **elsewhere, consent="5") == {"consent"}
    used = file(*agreed.entries, written(6, "chuyen-gui", **REFERRAL, consent="5"))
    assert wrong("chuyen-gui", used, **REFERRAL, consent="5") == {"consent"}


@pytest.mark.parametrize(
    "change",
    [{"given": "no"}, {"until": "2026-11-23"}, {"on": "2026-11-25"}],
    ids=["refused", "ended", "not yet given"],
)
def test_a_consent_that_does_not_stand_carries_no_referral(change: dict[str, str]) -> None:
    standing = file(written(5, "dong-y", **{**CONSENT, **change}))
    assert wrong("chuyen-gui", standing, **REFERRAL, consent="5") == {"consent"}


def test_a_withdrawn_consent_carries_nothing_from_that_day_on() -> None:
    ended = file(written(5, "dong-y", **CONSENT), written(6, "rut-dong-y", of="5", on="2026-11-24"))
    assert wrong("chuyen-gui", ended, **REFERRAL, consent="5") == {"consent"}
    dated_back = {**REFERRAL, "on": "2026-11-23"}
    assert wrong("chuyen-gui", ended, **dated_back, consent="5") == {"consent"}
    assert wrong("rut-dong-y", ended, of="5", on="2026-11-24") == {"of"}


def test_sharing_without_consent_needs_two_different_people() -> None:
    asked = written(5, "khong-dong-y", recipient="Công an xã", ground="life")
    referral = {"service": "police", "recipient": "Công an xã", "on": "2026-11-24", "override": "5"}
    assert wrong("chuyen-gui", file(asked), **referral) == {"override"}
    assert wrong("nguoi-thu-hai", file(asked), by="a", of="5") == {"of"}
    assert not wrong("nguoi-thu-hai", file(asked), by="b", of="5")
    signed = file(asked, written(6, "nguoi-thu-hai", by="b", of="5"))
    assert not wrong("chuyen-gui", signed, **referral)
    assert wrong("nguoi-thu-hai", signed, by="c", of="5") == {"of"}


# The others


def test_the_type_is_the_first_yes_and_no_question_is_passed_over() -> None:
    assert classification.first_yes({"rape": "no", "sexual_assault": "yes", "denial": "yes"}) == (
        "sexual_assault"
    )
    everything = {one.name: "no" for one in classification.QUESTIONS}
    assert classification.first_yes(everything) == "not_gbv"
    assert classification.first_yes({**everything, "rape": "unknown"}) == "insufficient"
    assert wrong("phan-loai", file(), genuine="yes", sexual_assault="yes") == {"rape"}


def test_a_risk_of_self_harm_says_what_was_done() -> None:
    assert wrong("tu-hai", file(), suicide_risk="yes") == {"suicide_action"}
    assert not wrong("tu-hai", file(), suicide_risk="not_asked")


def test_a_head_who_is_complained_of_is_passed_by() -> None:
    assert wrong("xung-dot", file(), who="x", conflict="yes", head="yes") == {"instead"}


def test_retaliation_is_looked_for_after_one_three_and_six_months() -> None:
    begun = written(5, "lao-dong", step="interim", on="2026-08-31")
    assert list(labour.checks_due(file(begun))) == [
        ("check_1", date(2026, 9, 30)),
        ("check_3", date(2026, 11, 30)),
        ("check_6", date(2027, 2, 28)),
    ]
    seen = written(6, "lao-dong", step="check_1", on="2026-09-29")
    assert [step for step, _ in labour.checks_due(file(begun, seen))] == ["check_3", "check_6"]


@pytest.mark.parametrize(
    ("reason", "errors"),
    [
        ("hoan_thanh", set()),
        ("theo_yeu_cau", set()),
        ("da_chuyen", {"closure"}),
        ("mat_lien_lac", {"closure"}),
        ("khong_du_tt", set()),
        ("da_ket_luan", {"note"}),
        ("ngoai_pham_vi", set()),
        ("trung_lap", set()),
        ("qua_doi", {"note"}),
    ],
)
def test_some_reasons_to_close_need_their_proof(reason: str, errors: set[str]) -> None:
    assert wrong("ket-thuc", file(), closure=reason) == errors


def test_a_case_of_high_risk_is_left_alone_only_with_a_reason_in_words() -> None:
    choked = file(written(1, "danh-gia", risk_level="standard", risk_factors=["choking"]))
    assert wrong("ket-thuc", choked, closure="theo_yeu_cau") == {"note"}
    assert not wrong("ket-thuc", choked, closure="theo_yeu_cau", note="Chị gái ở cùng, biết gọi ai.")
    assert not wrong("ket-thuc", choked, closure="trung_lap")


def test_no_contact_is_three_attempts_over_thirty_days() -> None:
    days = (DAY - timedelta(days=31), DAY - timedelta(days=10), DAY)
    tried = [written(5 + n, "viec", on=on.isoformat(), what="gọi") for n, on in enumerate(days)]
    assert not wrong("ket-thuc", file(*tried), closure="mat_lien_lac")
    assert wrong("ket-thuc", file(*tried[1:]), closure="mat_lien_lac") == {"closure"}


def test_what_is_closed_is_closed_once_and_may_be_opened_again() -> None:
    ended = file(written(5, "ket-thuc", closure="theo_yeu_cau"))
    assert closure.closed(ended)
    assert wrong("ket-thuc", ended, closure="hoan_thanh") == {"closure"}
    assert not wrong("mo-lai", ended, reason="viết lại")
    again = file(*ended.entries, written(6, "mo-lai", reason="viết lại"))
    assert not closure.closed(again)
    assert wrong("mo-lai", again, reason="x") == {"reason"}


def test_every_change_of_a_sheet_stays_readable() -> None:
    sheets = file(
        written(5, "an-toan", places="nhà chị"), written(6, "an-toan", by="b", places="nhà mẹ", people="mẹ")
    )
    changed = [(one.author, name, before, after) for one, name, before, after in sheets.changes("an-toan")]
    assert changed == [
        ("a", "places", None, "nhà chị"),
        ("b", "places", "nhà chị", "nhà mẹ"),
        ("b", "people", None, "mẹ"),
    ]


def test_the_next_step_is_about_lives_first() -> None:
    flags = {"age_group": "under_16", "danger_signs": ["self_harm"]}
    order = [step.kind for step in next_steps.steps(file(), flags, DAY)]
    assert order[:3] == ["danh-gia", "tu-hai", "tre-em"]
    high = file(written(5, "danh-gia", risk_level="standard", risk_factors=["fear"]))
    assert next_steps.steps(high, {}, DAY)[0].kind == "an-toan"
    assert not next_steps.steps(file(written(5, "ket-thuc")), flags, DAY)


# What is typed


def test_every_kind_says_one_sentence_for_each_question_it_needs() -> None:
    for kind in KINDS.values():
        _, errors = rules.read(kind, {})
        needed = {one.name for one in kind.asks if one.required}
        assert set(errors) == (needed or {kind.asks[0].name}), kind.code


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("dong-y", "on", "2026-11-24"),
        ("dong-y", "on", "31/02/2026"),
        ("dong-y", "given", "maybe"),
        ("tre-em", "at", "24/11/2026"),
        ("ghi-chu", "note", "ừ" * 1001),
        ("danh-gia", "risk_factors", "hunger"),
    ],
)
def test_a_mistake_is_found_where_it_was_made(kind: str, name: str, said: str) -> None:
    _, errors = rules.read(KINDS[kind], {name: [said]})
    assert name in errors
    assert errors[name] != rules.MISSING


def test_nobody_was_told_tomorrow_and_no_risk_is_looked_at_again_yesterday() -> None:
    tomorrow, yesterday = f"{DAY + timedelta(days=1)}", f"{DAY - timedelta(days=1)}"
    told = {"whom": "111", "taken_by": "Chị Hoa"}
    assert wrong("tre-em", file(), **told, at=f"{tomorrow}T08:00") == {"at"}
    assert not wrong("tre-em", file(), **told, at=f"{DAY}T23:00")
    assert wrong("danh-gia", file(), risk_level="high", again_on=yesterday) == {"again_on"}


def test_the_largest_entry_fits_into_its_compartment() -> None:
    """16,384 bytes; letters of three bytes each are the longest that Vietnamese has."""
    for kind in KINDS.values():
        letters = sum(one.max_length for one in kind.asks if one.kind == "text")
        assert 4 * letters + 2000 < 16_384, kind.code


def test_a_run_of_five_words_of_the_story_is_a_quotation() -> None:
    story = "Tối hôm đó anh ấy chặn cửa phòng trực và không cho tôi ra."
    assert repeated("Bạn kể rằng ANH ẤY chặn cửa, phòng trực tối.", story) == "anh ấy chặn cửa phòng"
    assert not repeated("Cảm ơn bạn đã viết. Anh ấy chặn cửa là sai.", story)
    assert not repeated("", story)


def test_signs_that_the_reporter_named_are_ticked_beforehand_and_others_are_not() -> None:
    flags = {"danger_signs": ["pregnant", "getting_worse", "children", "self_harm"]}
    assert assessment.told(flags) == ["escalation", "pregnancy"]
    assert assessment.told({}) == []


def test_care_after_a_sexual_assault_is_offered_the_same_day() -> None:
    flags = {"what_kind": ["sexual_touch"], "when": "hours_72"}
    due = [step for step in next_steps.steps(File(), flags, DAY) if step.due]
    assert [(step.kind, step.due) for step in due] == [("viec", DAY)]
    assert not [step for step in next_steps.steps(File(), {**flags, "when": "month"}, DAY) if step.due]


def test_closing_before_the_last_look_for_retaliation_says_who_goes_on_with_it() -> None:
    begun = written(5, "lao-dong", step="interim", on="2026-11-20")
    ending = {"closure": "hoan_thanh", "outcome": "safer"}
    assert set(closure.check(file(begun), ending, DAY)) == {"note"}
    assert closure.check(file(begun), {**ending, "note": "Công đoàn theo dõi tiếp"}, DAY) == {}
    looked = [written(6 + n, "lao-dong", step=step, on="2026-11-20") for n, step in enumerate(labour.MONTHS)]
    assert closure.check(file(begun, *looked), ending, DAY) == {}


def test_after_a_consent_was_withdrawn_the_recipient_is_told() -> None:
    agreed = written(5, "dong-y", given="yes", recipient="Bệnh viện", on="2026-11-20")
    shared = written(6, "chuyen-gui", recipient="Bệnh viện", consent="5", on="2026-11-20")
    ended = written(7, "rut-dong-y", of="5", on="2026-11-22")

    def says(*entries: Written) -> bool:
        return any("rút lại" in step.sentence.vi for step in next_steps.steps(file(*entries), {}, DAY))

    assert says(agreed, shared, ended)
    assert not says(agreed, ended), "nothing was shared by it"
    assert not says(agreed, shared, ended, written(8, "viec", on="2026-11-23", what="Đã gọi"))
