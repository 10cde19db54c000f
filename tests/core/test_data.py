"""The product's own data: complete in both languages, sealed where it must be, kind where people read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.vietnamese import nfc
from intake.form.report import COMPARTMENTS, FORM
from survey.questionnaire import load

ROOT = Path(__file__).parents[2]
FILES = {
    path.relative_to(ROOT).as_posix(): json.loads(path.read_text(encoding="utf-8"))
    for package in ("core", "board", "intake", "survey")
    for path in sorted((ROOT / package / "data").glob("*.json"))
}
EVERY_FILE = pytest.mark.parametrize("file", FILES)
IDENTITY = {"people_involved", "affected_person", "reporter_name"}


def test_nothing_is_missing() -> None:
    assert {
        *(
            f"core/data/{name}.json"
            for name in ["units", "unit_groups", "campaign", "messages", "hotlines", "holidays"]
        ),
        *(f"board/data/{name}.json" for name in ["activity_types", "indicators"]),
        *(f"intake/data/{name}.json" for name in ["report", "case", "closure", "templates"]),
        "survey/data/questionnaire.json",
    } <= set(FILES)


@EVERY_FILE
def test_every_sentence_has_its_other_language(file: str) -> None:
    for where, entry in dicts(FILES[file]):
        for key, text in entry.items():
            if re.fullmatch(r"(.*_)?(vi|en)", key):
                other = entry[key[:-2] + ("en" if key.endswith("vi") else "vi")]
                assert bool(text) == bool(other), f"{where}.{key}"
                assert isinstance(text, str)


@EVERY_FILE
def test_every_text_is_clean_and_in_one_unicode_form(file: str) -> None:
    for where, text in texts(FILES[file]):
        assert nfc(text) == text, where
        assert text.strip() == text, where
        assert "  " not in text, where


@EVERY_FILE
def test_codes_are_short_ascii_and_unique_in_their_list(file: str) -> None:
    for where, listed in lists(FILES[file]):
        codes = [entry["code"] for entry in listed if isinstance(entry, dict) and "code" in entry]
        assert len(set(codes)) == len(codes), where
        assert all(re.fullmatch(r"[A-Za-z0-9_]{1,60}", code) for code in codes), where


# --- the report ----------------------------------------------------------------------------------


def test_the_report_has_exactly_the_agreed_fields() -> None:
    assert {field.name for field in FORM.fields} == {
        *("ack_limits", "danger_now", "danger_signs", "reporter_role", "survivor_aware", "age_group", "sex"),
        *("affected_group", "what_kind", "narrative", "relation", "when", "setting", "exclude_handlers"),
        *("support_wanted", "access_needs", "contact_mode", "safe_contact", "consent_stats"),
        *("people_involved", "affected_person", "reporter_name"),
    }


def test_exactly_the_agreed_answers_are_required() -> None:
    assert {field.name for field in FORM.fields if field.required and not field.condition} == {
        "ack_limits", "reporter_role", "danger_now", "age_group", "what_kind", "contact_mode"
    }  # fmt: skip
    assert {field.name for field in FORM.fields if field.required and field.condition} == {
        "survivor_aware",
        "safe_contact",
    }
    assert all(field.missing or field.default for field in FORM.fields if field.required)


def test_every_field_says_why_it_is_asked_and_where_it_is_sealed() -> None:
    for field in FORM.fields:
        assert field.why.vi, field.name
        assert field.why.en, field.name
        assert set(field.compartments), field.name
        assert set(field.compartments) <= set(COMPARTMENTS), field.name


def test_names_are_sealed_as_names_and_nowhere_else() -> None:
    assert {field.name for field in FORM.fields if "identity" in field.compartments} == IDENTITY
    assert {field.compartments for field in FORM.fields if field.name in IDENTITY} == {("identity",)}
    assert FORM["safe_contact"].compartments == ("safe_contact",)


def test_no_free_word_is_in_the_queue_or_in_the_count() -> None:
    for field in FORM.fields:
        if {"flags", "tally"} & set(field.compartments):
            assert field.kind != "text", field.name
            assert field.choices is None, field.name


def test_whatever_may_be_counted_has_a_coarser_word_for_every_answer() -> None:
    for field in FORM.fields:
        if "tally" in field.compartments and field.kind != "tick":
            assert all(option.tally for option in field.options), field.name
        else:
            assert not any(option.tally for option in field.options), field.name


def test_every_free_text_has_an_end_and_every_choice_a_list() -> None:
    limits = {field.name: field.max_length for field in FORM.fields if field.kind == "text"}
    assert limits == {
        "narrative": 4000,
        "safe_contact": 300,
        "people_involved": 500,
        "affected_person": 500,
        "reporter_name": 120,
    }
    assert all(len(field.options) >= 2 for field in FORM.fields if field.kind in ("one", "many"))


def test_limits_come_first_safety_next_and_names_last() -> None:
    order = [field.section for field in FORM.fields]
    assert list(dict.fromkeys(order)) == [section.code for section in FORM.sections]
    assert (order[0], order[1], order[-1]) == ("limits", "safety", "names")


def test_conditions_and_urgency_look_only_at_answers_that_exist() -> None:
    seen: list[str] = []
    for field in FORM.fields:
        if field.condition:
            assert field.condition.field in seen, field.name
            assert FORM[field.condition.field].option(field.condition.code), field.name
        seen.append(field.name)
    for rule in FORM.urgent:
        for name, codes in rule.items():
            assert "flags" in FORM[name].compartments
            assert all(FORM[name].option(code) for code in codes)


def test_the_reporter_hears_only_of_four_states() -> None:
    assert [state.code for state in FORM.states] == ["received", "reading", "answered", "closed"]


def test_the_wording_that_must_be_said_is_there() -> None:
    assert {"safety_preface", "limits", "limits_cases", "legal_status", "tone", "good_faith"} <= set(
        FORM.wording
    )
    assert len(FORM.wording["limits_cases"]) == 3
    assert "không phải lỗi của bạn" in FORM.wording["tone"][0].vi


# --- words ---------------------------------------------------------------------------------------


def read_by_people() -> Iterator[tuple[str, str]]:
    """Vietnamese text of the pages for reporters and respondents, and of handlers' answers to them."""
    for file in ("intake/data/report.json", "intake/data/templates.json", "survey/data/questionnaire.json"):
        for where, text in texts({key: value for key, value in FILES[file].items() if key != "checks"}):
            if where.endswith("vi") and "source" not in where:
                yield f"{file}{where}", text
    for where, text in texts(FILES["core/data/hotlines.json"]):
        if where.endswith("vi"):
            yield f"hotlines{where}", text


def test_no_word_blames_presses_or_sounds_like_an_office() -> None:
    for where, text in read_by_people():
        if "legal_status" in where or "'T6'" in where:  # the law's own names; a statement to disagree with
            continue
        for word in ("tố cáo", "tố giác", "đối tượng", "nạn nhân", "trình báo", "khai báo", "tại sao bạn"):
            assert word not in text.lower(), f"{where}: {word}"


def test_no_title_says_denounce() -> None:
    titles = [section.title.vi for section in FORM.sections] + [text.vi for text in FORM.wording["title"]]
    titles += [page.title.vi for page in load().all_pages] + [load().title.vi]
    assert not [title for title in titles if "tố cáo" in title.lower()]


def test_sentences_are_short_enough_to_be_read_aloud() -> None:
    for where, text in read_by_people():
        # A statement to be judged true or false has to stand in one sentence.
        longest = 32 if "['K" in where else 30
        for sentence in re.split(r"[.?!;:]\s|\n", text):
            assert len(sentence.split()) <= longest, f"{where}: {sentence}"


def test_sentences_of_the_report_are_shorter_still() -> None:
    for where, text in read_by_people():
        if where.startswith("intake/data/report.json"):
            for sentence in re.split(r"[.?!;:]\s", text):
                assert len(sentence.split()) <= 20, f"{where}: {sentence}"


def test_answers_to_reporters_repeat_nothing_of_the_letter() -> None:
    templates = FILES["intake/data/templates.json"]["templates"]
    assert 6 <= len(templates) <= 8
    for template in templates:
        for language in ("vi", "en"):
            assert not re.search(r"[{}\[\]<>…]|“", template[language]), template["code"]


# --- the campaign --------------------------------------------------------------------------------


def test_no_message_stands_where_a_letter_is_written() -> None:
    allowed = {"home", "poster", "leaflet", "survey_end", "campaign"}
    for message in FILES["core/data/messages.json"]:
        assert set(message["places"]) <= allowed, message["code"]
        assert message["places"], message["code"]


def test_messages_that_press_stand_only_where_nobody_is_about_to_write() -> None:
    pressing = {m["code"]: set(m["places"]) for m in FILES["core/data/messages.json"] if m["presses"]}
    assert set(pressing) == {"M09", "M12", "M15", "M17"}
    assert set().union(*pressing.values()) <= {"poster", "campaign"}
    assert pressing["M12"] == {"campaign"}
    for message in FILES["core/data/messages.json"]:
        if "tố cáo" in message["text_vi"].lower():
            assert message["presses"], message["code"]


def test_messages_of_one_year_stay_in_that_year() -> None:
    for message in FILES["core/data/messages.json"]:
        years = set(re.findall(r"20\d\d", message["text_vi"])) | (
            {"2020"} if "covid" in message["group"] else set()
        )
        assert years <= {str(message["only"])}, message["code"]
    assert sum(message["only"] != 2026 for message in FILES["core/data/messages.json"]) == 17


def test_campaigns_have_their_days_in_order_and_their_deadlines_mean_before() -> None:
    for campaign in FILES["core/data/campaign.json"]:
        details = campaign["details"]
        days = [
            campaign["begins"],
            details["units_report_before"],
            details["centre_reports_before"],
            details["supplement_until"],
        ]
        assert days == sorted(days)
        assert {date.fromisoformat(day).year for day in days} == {campaign["year"]}
        assert date.fromisoformat(details["centre_reports_before"]) - timedelta(1) == date(
            campaign["year"], 12, 11
        )
        assert str(campaign["year"]) in campaign["title_vi"]
    now = FILES["core/data/campaign.json"][-1]
    assert "phòng ngừa, ứng phó" in now["title_vi"]
    assert not now["details"]["theme_set"]
    assert now["theme_vi"].startswith("[")


def test_four_help_numbers_are_always_shown_and_each_says_when_it_was_checked() -> None:
    lines = FILES["core/data/hotlines.json"]
    assert [line["number"] for line in lines if line["show"] == "always"] == [
        "113",
        "115",
        "111",
        "1900 969 680",
    ]
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    for line in lines:
        assert date.fromisoformat(line["checked_on"]) <= date(2026, 11, 24)
        assert line["certainty_vi"]


def test_thirty_six_units_in_groups_of_at_least_five() -> None:
    units = [unit for unit in FILES["core/data/units.json"] if unit["default"]]
    groups = {group["code"] for group in FILES["core/data/unit_groups.json"]}
    assert len(units) == 36
    assert len([unit for unit in units if unit["kind"] == "tram_y_te"]) == 25
    assert {unit["group"] for unit in FILES["core/data/units.json"]} == groups
    for group in groups:
        assert sum(unit["group"] == group for unit in units) not in range(1, 5), group


def test_holidays_are_eleven_days_a_year_and_lunar_ones_fall_right() -> None:
    holidays = FILES["core/data/holidays.json"]
    days = [holiday["day"] for holiday in holidays]
    assert days == sorted(set(days))
    first_of_tet = {2025: "2025-01-29", 2026: "2026-02-17", 2027: "2027-02-06", 2028: "2028-01-26"}
    hung_kings = {2025: "2025-04-07", 2026: "2026-04-26", 2027: "2027-04-16", 2028: "2028-04-04"}
    for year in first_of_tet:
        of_year = [h for h in holidays if h["day"].startswith(str(year)) and "(" not in h["name_vi"]]
        assert len([h for h in of_year if h["kind"] != "culture"]) == 11, year
        assert len([h for h in of_year if h["kind"] == "tet"]) == 5, year
        assert {first_of_tet[year], hung_kings[year]} <= set(days)


def test_a_holiday_on_a_weekend_is_made_up_for() -> None:
    holidays = FILES["core/data/holidays.json"]
    weekend = [h for h in holidays if date.fromisoformat(h["day"]).weekday() >= 5]
    in_lieu = [h for h in holidays if "(nghỉ bù)" in h["name_vi"]]
    assert all(date.fromisoformat(h["day"]).weekday() < 5 for h in in_lieu)
    assert sorted(h["kind"] for h in weekend) == sorted(h["kind"] for h in in_lieu)


# --- the board -----------------------------------------------------------------------------------


def test_what_could_name_a_family_is_entered_by_the_centre_alone() -> None:
    types = FILES["board/data/activity_types.json"]
    assert {kind["code"] for kind in types if kind["sensitive"]} == {"A13", "A14", "A19"}
    assert all((kind["entered_by"] == "centre") == kind["sensitive"] for kind in types)


def test_indicators_come_from_known_activities_and_keep_their_sensitivity() -> None:
    sensitive = {kind["code"]: kind["sensitive"] for kind in FILES["board/data/activity_types.json"]}
    indicators = FILES["board/data/indicators.json"]
    assert [indicator["no"] for indicator in indicators] == list(range(1, 26))
    for indicator in indicators:
        assert bool(indicator["activities"]) == (indicator["source"] == "activities")
        from_activities = any(sensitive[code] for code in indicator["activities"])
        assert indicator["sensitive"] == (from_activities or indicator["source"] == "release")


# --- furniture -----------------------------------------------------------------------------------


def dicts(data: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a file, and the way to it."""
    if isinstance(data, dict):
        yield where, data
        for key, value in data.items():
            yield from dicts(value, f"{where}.{key}")
    elif isinstance(data, list):
        for number, value in enumerate(data):
            name = value.get("code", value.get("name", number)) if isinstance(value, dict) else number
            yield from dicts(value, f"{where}[{name!r}]")


def lists(data: Any) -> Iterator[tuple[str, list[Any]]]:
    """Every list in a file."""
    if isinstance(data, list):
        yield "", data
    for where, entry in dicts(data):
        yield from ((f"{where}.{key}", value) for key, value in entry.items() if isinstance(value, list))


def texts(data: Any) -> Iterator[tuple[str, str]]:
    """Every text in a file."""
    for where, entry in dicts(data):
        for key, value in entry.items():
            if isinstance(value, str):
                yield f"{where}.{key}", value
            elif isinstance(value, list):
                yield from ((f"{where}.{key}", one) for one in value if isinstance(one, str))
