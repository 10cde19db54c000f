"""The respondent's pages: answered without a script or a cookie, every mistake loses nothing."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from core import clock as core_clock
from core import db
from core.sealing import PrivateKey, context, unpad, unseal
from survey import respondent as respondent_pages
from survey import taking
from survey.cards import draw, shown
from survey.models import Response, Round
from tests.conftest import StillClock
from tests.survey.conftest import Custody, close, opened, public_of
from tests.surveys import QUESTIONS, Respondent, chosen, first_answers, kept, listening, typed

ANSWERS: dict[str, Any] = {"K1": "sai", "T1": "2", "H1": ["113", "111"], "B1": "tram_y_te"}


@pytest.fixture
def box(in_app: Flask, custody: Custody) -> tuple[str, list[str]]:
    """An open round before the campaign, and the codes in the box."""
    return opened(custody, print_cards=5)


def answers_of(row: Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.answers)
    return found


# What is asked


@pytest.mark.embedded
@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("wave", ["before", "after", "followup"])
def test_every_question_of_the_wave_stands_on_the_page(
    in_app: Flask, custody: Custody, wave: str, prefix: str
) -> None:
    round_id, codes = opened(custody, wave, print_cards=1)

    page = unescape(Respondent(in_app, codes[0], prefix).opens(round_id).text)

    asked = {item.code for item in QUESTIONS.items(wave)}
    assert asked <= set(re.findall(r'name="([A-Z][0-9])"', page))
    assert ("X1" in asked) == (wave == "after")
    for item in QUESTIONS.items(wave):
        assert (item.label.en if prefix else item.label.vi) in page


@pytest.mark.embedded
def test_the_page_says_what_is_promised_before_it_asks(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app).opens(box[0]).text

    for sentence in QUESTIONS.consent:
        assert page.index(sentence.vi) < page.index('name="K1"')


@pytest.mark.embedded
def test_the_other_language_takes_along_what_was_answered(box: tuple[str, list[str]], in_app: Flask) -> None:
    assert f'formaction="/en/khao-sat/{box[0]}" name="stay"' in Respondent(in_app).opens(box[0]).text

    page = Respondent(in_app, box[1][0], prefix="/en").answers(box[0], K1="sai", stay="1")

    assert page.status_code == 200
    assert "Send my answers" in page.text
    assert re.search(r'name="K1" value="sai" checked', page.text)
    assert kept(in_app, box[0]) == [], "and nothing is sent"


@pytest.mark.embedded
def test_the_page_is_one_of_eight_that_are_kept_ready(box: tuple[str, list[str]], in_app: Flask) -> None:
    pages = {Respondent(in_app).opens(box[0]).data for _ in range(80)}

    assert 1 < len(pages) <= respondent_pages.ORDERS


@pytest.mark.embedded
def test_places_for_help_stand_in_a_drawn_order_and_the_exclusive_answer_last(
    box: tuple[str, list[str]], in_app: Flask
) -> None:
    orders = {
        tuple(re.findall(r'name="H1" value="([^"]+)"', Respondent(in_app).opens(box[0]).text))
        for _ in range(40)
    }

    assert len(orders) > 1
    assert {order[-1] for order in orders} == {"khong_biet"}
    assert len({frozenset(order) for order in orders}) == 1


@pytest.mark.embedded
def test_other_questions_keep_their_order(box: tuple[str, list[str]], in_app: Flask) -> None:
    orders = {
        tuple(re.findall(r'name="T1" value="([^"]+)"', Respondent(in_app).opens(box[0]).text))
        for _ in range(20)
    }

    assert orders == {("1", "2", "3", "4", "5")}


@pytest.mark.embedded
def test_nothing_right_or_wrong_shows_before_the_last_wave(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app).opens(box[0]).text

    for item in QUESTIONS.items("before"):
        if item.source:
            assert item.source.vi not in page


def assets(page: str) -> list[str]:
    """Every file a page loads."""
    return re.findall(r'(?:src|href)="(/tinh/[^"]+)"', page)


@pytest.mark.embedded
def test_no_page_sets_a_cookie_or_loads_what_a_letter_does_not(
    box: tuple[str, list[str]], in_app: Flask
) -> None:
    somebody = Respondent(in_app, box[1][0])

    for page in (somebody.lists(), somebody.opens(box[0]), somebody.answers(box[0], **ANSWERS)):
        assert page.status_code == 200
        assert "Set-Cookie" not in page.headers
        assert not "".join(re.findall(r"<script[^>]*>(.*?)</script>", page.text))
        assert assets(page.text) == assets(in_app.test_client().get("/giup-do").text)


# What is taken


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_answers_are_kept_as_codes_and_the_person_is_thanked(
    box: tuple[str, list[str]], in_app: Flask, prefix: str
) -> None:
    page = Respondent(in_app, shown(box[1][0]), prefix).answers(box[0], **ANSWERS)

    assert page.status_code == 200
    assert ("Your answers have arrived" if prefix else "Đã nhận câu trả lời") in page.text
    assert "113" in page.text
    assert [answers_of(row) for row in kept(in_app, box[0])] == [ANSWERS]


@pytest.mark.embedded
def test_every_question_may_be_skipped(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app, box[1][0]).answers(box[0])

    assert page.status_code == 200
    assert [answers_of(row) for row in kept(in_app, box[0])] == [{}]


def test_every_question_may_be_answered(box: tuple[str, list[str]], in_app: Flask) -> None:
    everything = first_answers("before")

    assert Respondent(in_app, box[1][0]).answers(box[0], **everything).status_code == 200
    assert [answers_of(row) for row in kept(in_app, box[0])] == [everything]


@pytest.mark.embedded
def test_an_exclusive_answer_clears_the_others(box: tuple[str, list[str]], in_app: Flask) -> None:
    Respondent(in_app, box[1][0]).answers(box[0], H1=["113", "khong_biet"])

    assert [answers_of(row) for row in kept(in_app, box[0])] == [{"H1": ["khong_biet"]}]


@pytest.mark.embedded
def test_what_is_no_question_of_the_wave_is_not_kept(box: tuple[str, list[str]], in_app: Flask) -> None:
    Respondent(in_app, box[1][0]).answers(box[0], K1="sai", X2="0", name="Nguyễn Thị A", unit="phong1")

    assert [answers_of(row) for row in kept(in_app, box[0])] == [{"K1": "sai"}]


@pytest.mark.embedded
def test_a_letter_typed_decomposed_or_with_marks_is_the_same_letter(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, print_cards=3)
    for code, letter in zip(
        codes, ("Ố", "O\N{COMBINING CIRCUMFLEX ACCENT}\N{COMBINING ACUTE ACCENT}", "o"), strict=True
    ):
        assert Respondent(in_app, code).answers(round_id, E1=letter).status_code == 200

    assert [hint["elements"][0] for hint in _hints(in_app, custody, round_id)] == ["O", "O", "O"]


def test_another_card_than_last_time_counts_but_does_not_link(in_app: Flask, custody: Custody) -> None:
    round_id, codes = opened(custody, "after", print_cards=1)

    Respondent(in_app, codes[0]).answers(round_id, other_card="y", E1="H", E5="7")

    assert _hints(in_app, custody, round_id) == [{"card": "", "elements": ["H", "", "", "", "07", "", ""]}]
    assert Respondent(in_app, codes[0]).answers(round_id, K1="sai").status_code == 409


def _hints(app: Flask, custody: Custody, round_id: str) -> list[dict[str, Any]]:
    """What a custodian finds in the sealed links."""
    with db.reading() as session:
        wraps = json.loads(session.get_one(Round, round_id).link_wraps or b"{}")
    person, seed = next(iter(custody.seeds.items()))
    whole = context("round", round_id, person)
    private = PrivateKey.from_seed(unseal(bytes.fromhex(wraps[person]), PrivateKey.from_seed(seed), whole))
    return [
        json.loads(unpad(unseal(row.link, private, context("link", round_id)))) for row in kept(app, round_id)
    ]


# What is not taken


@pytest.mark.embedded
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_mistyped_card_is_named_and_every_answer_kept(
    box: tuple[str, list[str]], in_app: Flask, prefix: str
) -> None:
    code = box[1][0]
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)

    page = Respondent(in_app, wrong, prefix).answers(box[0], **ANSWERS, E1="H", E3="do", E5="42")

    assert page.status_code == 422
    assert ("One of the digits" if prefix else "Có một chữ số chưa đúng") in page.text
    assert 'href="#card"' in page.text
    assert typed(page.text, "card") == wrong
    for name, answer in ANSWERS.items():
        assert sorted(chosen(page.text, name)) == sorted([answer] if isinstance(answer, str) else answer)
    assert (typed(page.text, "E1"), typed(page.text, "E5"), chosen(page.text, "E3")) == ("H", "42", ["do"])
    assert '<details class="more" open>' in page.text
    assert kept(in_app, box[0]) == []


@pytest.mark.embedded
def test_check_digits_are_looked_at_before_anything_is_looked_up(
    box: tuple[str, list[str]], in_app: Flask
) -> None:
    with listening(in_app) as said:
        page = Respondent(in_app, "123456789012").answers(box[0], **ANSWERS)

    assert page.status_code == 422
    assert not [statement for statement in said if "card" in statement.split("FROM")[-1].split("WHERE")[0]]


def test_a_round_with_cards_needs_one(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app).answers(box[0], **ANSWERS)

    assert page.status_code == 422
    assert "mỗi người chỉ trả lời một lần" in page.text


@pytest.mark.embedded
def test_an_unknown_card_is_told_so_and_every_answer_kept(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app, draw()).answers(box[0], **ANSWERS)

    assert page.status_code == 422
    assert "không thuộc khảo sát năm nay" in page.text
    assert chosen(page.text, "K1") == ["sai"]
    assert kept(in_app, box[0]) == []


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_used_card_is_told_kindly(box: tuple[str, list[str]], in_app: Flask, prefix: str) -> None:
    Respondent(in_app, box[1][0]).answers(box[0], K1="sai")

    page = Respondent(in_app, box[1][0], prefix).answers(box[0], K1="dung")

    assert page.status_code == 409
    assert ("already answered" if prefix else "đã trả lời rồi") in page.text
    assert [answers_of(row) for row in kept(in_app, box[0])] == [{"K1": "sai"}]


def test_the_same_sending_again_is_thanked_again_and_kept_once(
    box: tuple[str, list[str]], in_app: Flask
) -> None:
    somebody = Respondent(in_app, box[1][0])

    assert [somebody.answers(box[0], **ANSWERS).status_code for _ in range(3)] == [200, 200, 200]
    assert len(kept(in_app, box[0])) == 1


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("name", "value"), [("K1", "co_le"), ("T1", "9"), ("H1", "115"), ("E3", "hong"), ("B1", "khoa_noi")]
)
def test_an_answer_that_is_not_on_the_list_is_refused(
    box: tuple[str, list[str]], in_app: Flask, name: str, value: str
) -> None:
    page = Respondent(in_app, box[1][0]).answers(box[0], **{**ANSWERS, name: value})

    assert page.status_code == 422
    assert "không có trong danh sách" in page.text
    assert f'href="#{name}"' in page.text
    assert kept(in_app, box[0]) == []


@pytest.mark.embedded
def test_two_answers_where_one_is_asked_are_refused(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app, box[1][0]).answers(box[0], K1=["sai", "dung"])

    assert page.status_code == 422
    assert "chỉ chọn một" in page.text


@pytest.mark.embedded
def test_every_mistake_is_named_at_once(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app, "12").answers(box[0], K1="?", E1="bà", E5="một trăm")

    for name in ("card", "K1", "E1", "E5"):
        assert f'href="#{name}"' in page.text
    assert "Có chỗ cần xem lại" in page.text


def test_a_card_refused_for_another_mistake_is_not_used_up(box: tuple[str, list[str]], in_app: Flask) -> None:
    somebody = Respondent(in_app, box[1][0])
    assert somebody.answers(box[0], K1="?").status_code == 422

    assert somebody.answers(box[0], K1="sai").status_code == 200


@pytest.mark.embedded
def test_an_oversized_form_is_refused_and_nothing_is_lost(box: tuple[str, list[str]], in_app: Flask) -> None:
    Respondent(in_app, box[1][0]).answers(box[0], K1="sai")

    page = Respondent(in_app, box[1][1]).answers(box[0], **ANSWERS, E1="x" * 600_000)

    assert page.status_code == 413
    assert "Chưa có gì được gửi đi" in page.text
    assert len(kept(in_app, box[0])) == 1
    assert Respondent(in_app, box[1][1]).answers(box[0], **ANSWERS).status_code == 200


@pytest.mark.embedded
def test_a_form_from_another_site_is_refused(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = in_app.test_client().post(
        f"/khao-sat/{box[0]}", data={"card": box[1][0]}, headers={"Origin": "https://elsewhere.example"}
    )

    assert page.status_code == 403
    assert kept(in_app, box[0]) == []


def test_a_busy_database_says_so_keeps_every_answer_and_the_card_may_try_again(
    box: tuple[str, list[str]], in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = Respondent(in_app, box[1][0])
    with monkeypatch.context() as broken:
        broken.setattr(taking, "_fill_place", _locked)
        page = somebody.answers(box[0], **ANSWERS)

    assert page.status_code == 503
    assert "Máy đang bận" in page.text
    assert chosen(page.text, "T1") == ["2"]
    assert somebody.answers(box[0], K1="dung").status_code == 200
    assert [answers_of(row) for row in kept(in_app, box[0])] == [{"K1": "dung"}]


def _locked(*_: object) -> None:
    raise OperationalError("UPDATE", {}, Exception("database is locked"))


# Rounds without cards


def test_without_cards_the_page_itself_counts_once(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)
    somebody = Respondent(in_app)
    page = somebody.opens(round_id).text
    token = typed(page, "token")
    assert 'name="card"' not in page

    assert somebody.answers(round_id, token=token, K1="sai").status_code == 200
    assert somebody.answers(round_id, token=token, K1="sai").status_code == 200
    again = somebody.answers(round_id, token=token, K1="dung")

    assert again.status_code == 409
    assert "Trang này đã được gửi rồi" in again.text
    assert [answers_of(row) for row in kept(in_app, round_id)] == [{"K1": "sai"}]


def test_without_cards_two_people_may_answer_alike(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)
    for _ in range(2):
        somebody = Respondent(in_app)
        token = typed(somebody.opens(round_id).text, "token")
        assert somebody.answers(round_id, token=token, K1="sai").status_code == 200
    assert Respondent(in_app).answers(round_id, K1="sai").status_code == 200

    assert len(kept(in_app, round_id)) == 3


@pytest.mark.embedded
def test_a_page_put_right_is_still_the_same_page(in_app: Flask, custody: Custody) -> None:
    round_id, _ = opened(custody, with_cards=False)
    somebody = Respondent(in_app)
    token = typed(somebody.opens(round_id).text, "token")

    page = somebody.answers(round_id, token=token, K1="?")

    assert page.status_code == 422
    assert typed(page.text, "token") == token


# Rounds that are not open


@pytest.mark.embedded
def test_a_round_nobody_knows_is_not_there(in_app: Flask) -> None:
    assert Respondent(in_app).opens("0" * 32).status_code == 404
    assert Respondent(in_app).answers("0" * 32, K1="sai").status_code == 404


@pytest.mark.embedded
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_closed_round_says_that_it_has_closed(in_app: Flask, custody: Custody, prefix: str) -> None:
    round_id, codes = opened(custody, print_cards=1)
    close(round_id)
    somebody = Respondent(in_app, codes[0], prefix)

    page, sent = somebody.opens(round_id), somebody.answers(round_id, **ANSWERS)

    assert (page.status_code, sent.status_code) == (404, 404)
    assert ("This survey has closed" if prefix else "Khảo sát này đã đóng") in page.text
    assert ("not recorded" if prefix else "nên không được ghi") in sent.text


def test_past_its_last_day_a_round_takes_nothing_even_before_it_is_closed(
    in_app: Flask, custody: Custody, clock: StillClock
) -> None:
    round_id, codes = opened(custody, print_cards=1)
    last = core_clock.today() + timedelta(days=10)
    clock.set(datetime(last.year, last.month, last.day, 23, 59, tzinfo=core_clock.ZONE))
    assert Respondent(in_app).opens(round_id).status_code == 200

    clock.set(
        datetime(last.year, last.month, last.day, 23, 59, tzinfo=core_clock.ZONE) + timedelta(minutes=2)
    )

    assert Respondent(in_app).opens(round_id).status_code == 404
    assert Respondent(in_app, codes[0]).answers(round_id, **ANSWERS).status_code == 404
    assert kept(in_app, round_id) == []


def test_a_round_that_closes_while_somebody_answers_says_so(
    box: tuple[str, list[str]], in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object, **__: object) -> None:
        raise taking.RoundNotOpen

    monkeypatch.setattr(taking, "take", too_late)

    page = Respondent(in_app, box[1][0]).answers(box[0], **ANSWERS)

    assert page.status_code == 404
    assert "nên không được ghi" in page.text


# The list


def test_the_list_shows_open_rounds_and_leads_to_them(box: tuple[str, list[str]], in_app: Flask) -> None:
    page = Respondent(in_app).lists().text

    assert f'href="/khao-sat/{box[0]}"' in page
    assert "Lần trả lời trước chiến dịch" in page


@pytest.mark.embedded
def test_with_nothing_open_the_list_says_so(in_app: Flask) -> None:
    assert "Hiện không có khảo sát" in Respondent(in_app).lists().text
    assert "No survey at present" in Respondent(in_app, prefix="/en").lists().text


# What a page costs


def test_a_page_costs_at_most_five_statements(box: tuple[str, list[str]], in_app: Flask) -> None:
    somebody = Respondent(in_app, box[1][0])
    somebody.lists(), somebody.opens(box[0])
    costs = {}
    for name, look in {
        "list": somebody.lists,
        "page": lambda: somebody.opens(box[0]),
        "answers": lambda: somebody.answers(box[0], **ANSWERS),
        "again": lambda: somebody.answers(box[0], **ANSWERS),
        "used": lambda: somebody.answers(box[0], K1="dung"),
    }.items():
        with listening(in_app) as said:
            look()
        costs[name] = len(said)

    assert max(costs.values()) <= 5, costs
    assert costs["page"] <= 1, "an open round is looked up at most once a second"


@pytest.mark.embedded
def test_a_link_leads_nowhere_without_its_key(box: tuple[str, list[str]], in_app: Flask) -> None:
    Respondent(in_app, box[1][0]).answers(box[0], E1="H")

    assert public_of(box[0])
    assert box[1][0].encode() not in kept(in_app, box[0])[0].link
