"""Two waves are joined in memory by a custodian: the log first, only counts kept, and links gone when nothing needs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import db, heavy, log
from core.access import Denied, Role
from core.heavy import HeavyFailed
from core.sealing import CannotOpen, random_bytes
from intake.keys.founding import Founded, Settled
from survey import effects, pictures, results, rounds
from survey.models import LINK_BYTES, Comparison, QuestionnaireVersion, Response, Round
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.intake.test_recovery import enrols_again, signs
from tests.surveys import QUESTIONS, Campaigner, Custodian, Respondent, kept

PEOPLE = 40
LEARNT = 12
"""So many of them answer three more questions right the second time."""


@pytest.fixture
def custodians(app: Flask, centre: Founded, clock: StillClock) -> list[Custodian]:
    """The three custodians."""
    return [Custodian(app, person) for person in centre.of(Role.CUSTODIAN)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heavy jobs done here instead of in a child, and no pictures drawn."""

    def here(job: str, payload: dict[str, Any]) -> dict[str, Any]:
        if job == "survey.effects:count_job":
            return effects.count_job(payload)
        return {"svg": ["<svg></svg>"] * len(payload["charts"])}

    monkeypatch.setattr(heavy, "run", here)


def answers(number: int, learnt: bool) -> dict[str, Any]:
    """A person's answers: everybody a little different, and more right ones where somebody learnt."""
    said: dict[str, Any] = {}
    for place, item in enumerate(QUESTIONS.items("before")):
        if item.measure.kind == "knowledge":
            right = (number + place) % 3 == 0 or (learnt and place % 3 == 0)
            said[item.code] = item.measure.right if right else "khong_biet"
        elif item.measure.kind in ("attitude", "confidence"):
            level = 2 + (number + place) % 3 + (1 if learnt else 0)
            said[item.code] = str(6 - level if item.measure.reverse else level)
    return said


def both_waves(
    app: Flask, campaigner: Campaigner, people: int = PEOPLE, *, between: Callable[[], None] = lambda: None
) -> tuple[str, str]:
    """Forty people answer before and after with the same card; the two closed rounds."""
    codes = campaigner.prints(people + 5)
    ids = []
    for wave in ("before", "after"):
        round_id = campaigner.opens(wave, invited=people)
        for number, code in enumerate(codes[:people]):
            said = answers(number, learnt=wave == "after" and number < LEARNT)
            assert Respondent(app, code).answers(round_id, **said).status_code == 200
        campaigner.closes(round_id)
        between()
        ids.append(round_id)
    return ids[0], ids[1]


def links(app: Flask, round_id: str) -> set[bytes]:
    return {row.link for row in kept(app, round_id)}


GONE = b"\0" * LINK_BYTES


def lines(app: Flask, person: Settled) -> list[log.Line]:
    """The log as a custodian reads it."""
    assert person.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        seed, _ = log.keys_for(session, person.person_id, person.credentials.seed)
        return log.read(session, seed)


def comparisons(app: Flask) -> int:
    with app.app_context(), db.reading() as session:
        return session.scalar(select(func.count()).select_from(Comparison)) or 0


@pytest.mark.embedded
def test_a_custodian_who_enrolled_again_opens_rounds_once_a_colleague_has_wrapped_anew(
    app: Flask, centre: Founded, campaigner: Campaigner
) -> None:
    round_id = campaigner.opens("before", invited=5)
    stays, _, lost = centre.of(Role.CUSTODIAN)
    again = enrols_again(app, lost)
    signs(app, centre)

    def opens(person: Settled) -> bool:
        with app.app_context(), db.reading() as session:
            wraps = json.loads(session.get_one(Round, round_id).link_wraps or b"{}")
        seed = person.credentials.seed or b""
        return rounds.link_seed(round_id, wraps, person.person_id, [seed]) is not None

    assert (opens(stays), opens(again)) == (True, False)
    assert post(signed_in(app, stays), "/lam-viec/boc-lai").status_code == 302
    assert (opens(stays), opens(again), opens(lost)) == (True, True, False)


# From end to end


@pytest.mark.slow
def test_forty_people_in_two_waves_become_effects_and_leave_no_pair(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian]
) -> None:
    before, after = both_waves(app, campaigner)

    found = custodians[0].joins(before, after)

    assert (found.effects["before"], found.effects["after"], found.effects["linked"]) == (40, 40, 40)
    linking = found.effects["linking"]
    assert [linking[one] for one in ("by_card", "by_distance", "ties", "false")] == [40, [0, 0, 0], 0, 0.0]
    assert [(one["tolerance"], one["linked"]) for one in linking["tolerances"]] == [(0, 40), (1, 40), (2, 40)]
    (knowledge,) = [one for one in found.effects["scores"] if one["name"] == "knowledge"]
    wanted = (
        sum(_right(answers(number, True)) - _right(answers(number, False)) for number in range(LEARNT))
        / PEOPLE
    )
    assert knowledge["linked"]["change"]["change"] == pytest.approx(wanted)
    assert sum(map(sum, found.joint["items"][0]["joint"])) == PEOPLE
    assert set(found.charts) == {"vi", "en"}
    assert list(found.charts["vi"]) == ["tham-gia", "dung", "thai-do", "tu-tin"]
    assert "Tỷ lệ trả lời đúng" in found.charts["vi"]["dung"]
    assert "40 took part both times; 0 only this time" in found.charts["en"]["tham-gia"]
    assert len(found.digest) == 64
    stored = json.dumps([found.joint, found.effects])
    assert not any(row.id in stored for one in (before, after) for row in kept(app, one))


def _right(said: dict[str, Any]) -> int:
    return sum(
        said[item.code] == item.measure.right
        for item in QUESTIONS.items("before")
        if item.measure.kind == "knowledge"
    )


def test_the_log_has_its_line_before_anything_is_opened(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = both_waves(app, campaigner, 1)
    person = custodians[0].person

    def stop(*_: object) -> None:
        raise CannotOpen

    monkeypatch.setattr(results, "_open", stop)
    with pytest.raises(CannotOpen):
        custodians[0].joins(before, after)

    newest = lines(app, person)[0]
    assert (newest.deed, newest.who, newest.about) == ("survey_linked", person.person_id, "2026")
    assert newest.detail == {"before": before, "after": after}
    assert comparisons(app) == 0


# Links


def test_links_are_overwritten_when_no_later_wave_is_planned(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    before, after = both_waves(app, campaigner, 3)
    assert GONE not in links(app, before) | links(app, after)

    custodians[0].joins(before, after)

    assert links(app, before) == links(app, after) == {GONE}
    with app.app_context(), db.reading() as session:
        assert [session.get_one(Round, one).link_wraps for one in (before, after)] == [None, None]


def test_links_stay_while_a_later_wave_is_planned_and_go_with_it(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    before, after = both_waves(app, campaigner, 3)
    third = campaigner.plans("followup", date(2027, 3, 1))

    custodians[0].joins(before, after)
    assert GONE not in links(app, before) | links(app, after)

    with app.app_context(), db.writing() as session:
        rounds.drop(session, campaigner.person.identity, session.get_one(Round, third))
    third = campaigner.opens("followup")
    campaigner.closes(third)
    found = custodians[1].joins(before, third)
    assert links(app, before) == links(app, after) == {GONE}
    assert lines(app, custodians[1].person)[0].detail["third"] == after
    assert (found.effects["three"]["linked"], found.effects["three"]["items"]) == (0, [])


def test_links_stay_while_another_pair_of_the_year_waits(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    before, after = both_waves(app, campaigner, 3)
    third = campaigner.opens("followup")
    campaigner.closes(third)

    custodians[0].joins(before, third)
    assert GONE not in links(app, before)
    found = custodians[0].joins(before, after)

    assert found.effects["linked"] == 3
    assert links(app, before) == {GONE}


@pytest.mark.embedded
def test_a_wave_that_comes_after_the_links_are_gone_is_counted_but_not_joined(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    before, after = both_waves(app, campaigner, 3)
    custodians[0].joins(before, after)
    third = campaigner.opens("followup")
    campaigner.closes(third)

    found = custodians[0].joins(before, third)

    assert (found.effects["before"], found.effects["after"], found.effects["linked"]) == (3, 0, 0)


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.embedded
def test_a_follow_up_is_put_beside_both_waves_before_it(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    codes = campaigner.prints(11)
    ids = []
    for place, wave in enumerate(("before", "after", "followup")):
        ids.append(campaigner.opens(wave))
        for number, code in enumerate(codes):
            said = answers(number, learnt=number < 5 * place)
            assert Respondent(app, code).answers(ids[-1], **said).status_code == 200
        campaigner.closes(ids[-1])

    first = custodians[0].joins(ids[0], ids[1])
    found = custodians[0].joins(ids[0], ids[2])

    detail = {"before": ids[0], "after": ids[2], "third": ids[1]}
    assert lines(app, custodians[0].person)[0].detail == detail
    three = found.effects["three"]
    assert three == first.effects["three"], "whichever was joined first"
    assert three["linked"] == 11
    known = [item for item in QUESTIONS.items("before") if item.measure.kind == "knowledge"]
    for item in three["items"]:
        if item["code"] == known[0].code:
            shares = [
                sum(
                    answers(n, learnt=n < 5 * place)[item["code"]] == known[0].measure.right
                    for n in range(11)
                )
                for place in range(3)
            ]
            assert item["right"] == pytest.approx([one / 11 for one in shares])
    assert any(item["q"] and item["q"]["p"] < 0.05 for item in three["items"])
    (knowledge,) = [one["model"] for one in three["scores"] if one["name"] == "knowledge"]
    assert (knowledge["people"], knowledge["answers"]) == (11, 33)
    assert links(app, ids[0]) == links(app, ids[1]) == {GONE}


def test_a_self_made_code_joins_where_the_card_was_another(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    first, second, third = campaigner.prints(3)
    code = {"E1": "H", "E2": "Đ", "E3": "do", "E4": "07", "E5": "42", "E6": "L", "E7": "nem"}
    before = campaigner.opens("before")
    Respondent(app, first).answers(before, K1="sai", **code)
    Respondent(app, second).answers(before, K1="dung")
    campaigner.closes(before)
    after = campaigner.opens("after")
    Respondent(app, third).answers(after, K1="sai", other_card="y", **{**code, "E5": "43"})
    campaigner.closes(after)

    found = custodians[0].joins(before, after)

    assert found.effects["linking"]["by_card"] == 0
    assert found.effects["linking"]["by_distance"] == [0, 1, 0]


@pytest.mark.embedded
def test_a_damaged_link_costs_the_link_and_not_the_answer(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    before, after = both_waves(app, campaigner, 3)
    with app.app_context(), db.writing() as session:
        session.scalars(select(Response).where(Response.round_id == after)).first().link = random_bytes(  # type: ignore[union-attr]
            LINK_BYTES
        )

    found = custodians[0].joins(before, after)

    assert (found.effects["after"], found.effects["linked"]) == (3, 2)


# What is refused


def test_nothing_is_kept_when_the_computation_fails(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = both_waves(app, campaigner, 2)

    def fails(*_: object, **__: object) -> None:
        raise HeavyFailed("MemoryError", "no room")

    with monkeypatch.context() as broken:
        broken.setattr(heavy, "run", fails)
        with pytest.raises(HeavyFailed):
            custodians[0].joins(before, after)

    assert comparisons(app) == 0
    assert GONE not in links(app, before) | links(app, after)


def test_two_rounds_are_joined_once(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    before, after = both_waves(app, campaigner, 2)
    custodians[0].joins(before, after)

    with pytest.raises(results.AlreadyCompared):
        custodians[1].joins(before, after)

    with app.app_context(), db.reading() as session:
        assert session.scalars(select(Comparison)).one().effects["linked"] == 2


def test_of_two_custodians_at_the_same_time_one_is_first(
    app: Flask,
    campaigner: Campaigner,
    custodians: list[Custodian],
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second has opened and computed when the first is done: its result, with the links still there, is left."""
    before, after = both_waves(app, campaigner, 2)
    really = pictures.drawn

    def the_other_is_quicker(*passed: Any) -> dict[str, Any]:
        monkeypatch.setattr(pictures, "drawn", really)
        custodians[1].joins(before, after)
        return really(*passed)

    monkeypatch.setattr(pictures, "drawn", the_other_is_quicker)
    with pytest.raises(results.AlreadyCompared):
        custodians[0].joins(before, after)

    assert comparisons(app) == 1


@pytest.mark.embedded
def test_somebody_who_was_no_custodian_at_the_opening_cannot_open(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian]
) -> None:
    before, after = both_waves(app, campaigner, 1)
    person = custodians[0].person
    with app.app_context(), db.writing() as session:
        found = session.get_one(Round, before)
        wraps = json.loads(found.link_wraps or b"{}")
        del wraps[person.person_id]
        found.link_wraps = json.dumps(wraps).encode()

    with pytest.raises(CannotOpen):
        custodians[0].joins(before, after)

    assert comparisons(app) == 0


@pytest.mark.embedded
def test_another_persons_seed_opens_nothing(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian]
) -> None:
    before, after = both_waves(app, campaigner, 1)

    with app.app_context(), pytest.raises(CannotOpen):
        results.compare(before, after, custodians[0].person.identity, random_bytes(32))


@pytest.mark.embedded
def test_who_renewed_their_keys_since_a_round_began_joins_with_the_earlier_ones(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian]
) -> None:
    before, after = both_waves(app, campaigner, 1)
    one = custodians[0].person
    with app.app_context():
        results.compare(before, after, one.identity, random_bytes(32), one.credentials.seed or b"")
    assert comparisons(app) == 1


@pytest.mark.embedded
def test_only_a_custodian_joins(app: Flask, campaigner: Campaigner) -> None:
    with app.app_context(), pytest.raises(Denied):
        results.compare("a" * 32, "b" * 32, campaigner.person.identity, random_bytes(32))


@pytest.mark.embedded
@pytest.mark.parametrize("wrong", ["the other way round", "open", "unknown", "other questions", "other year"])
def test_what_cannot_be_compared_is_refused(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], wrong: str
) -> None:
    before = campaigner.opens("before")
    campaigner.closes(before)
    after = campaigner.opens("after")
    if wrong != "open":
        campaigner.closes(after)
    with app.app_context(), db.writing() as session:
        found = session.get_one(Round, after)
        if wrong == "other questions":
            content = {"name": "khac", "version": 2, "content": {}, "digest": "0" * 64}
            session.add(QuestionnaireVersion(id="9" * 32, **content))
            session.flush()
            found.questionnaire_id = "9" * 32
        if wrong == "other year":
            found.year += 1
    if wrong == "the other way round":
        before, after = after, before
    if wrong == "unknown":
        after = "0" * 32

    with app.app_context(), db.reading() as session:
        assert results.waiting(session) == [] or wrong in ("the other way round", "unknown")
    with pytest.raises(results.NotComparable):
        custodians[0].joins(before, after)


@pytest.mark.embedded
def test_what_waits_is_each_before_with_each_later_wave_once(
    app: Flask, campaigner: Campaigner, custodians: list[Custodian], quick: None
) -> None:
    before, after = both_waves(app, campaigner, 1)
    third = campaigner.opens("followup")
    campaigner.closes(third)

    def waiting() -> set[tuple[str, str]]:
        with app.app_context(), db.reading() as session:
            return {(one.id, other.id) for one, other in results.waiting(session)}

    assert waiting() == {(before, after), (before, third)}
    custodians[0].joins(before, after)
    assert waiting() == {(before, third)}


def test_a_picture_is_drawn_only_where_something_compares() -> None:
    joint = effects.freeze([], [{}], [{}], QUESTIONS)

    waves = [Round(invited=0), Round(invited=0)]
    shown = pictures.in_languages(effects.effects(joint).to_json(), joint.to_json(), QUESTIONS, waves)
    assert shown == {"vi": {}, "en": {}}
    assert pictures.drawn(shown) == {}


def test_a_spread_stands_from_the_least_to_the_most_helpful_answer() -> None:
    (item,) = [
        one for one in QUESTIONS.items("before") if one.measure.kind == "attitude" and one.measure.reverse
    ][:1]
    agrees, disagrees = item.choices[-1].code, item.choices[0].code
    pairs = [(place, place) for place in range(10)]
    before, after = (
        [{item.code: most}] * 9 + [{item.code: other}]
        for most, other in ((agrees, disagrees), (disagrees, agrees))
    )
    joint = effects.freeze(pairs, before, after, QUESTIONS)

    shown = pictures.in_languages(
        effects.effects(joint).to_json(), joint.to_json(), QUESTIONS, [Round(invited=30), Round(invited=0)]
    )

    (row,) = shown["en"]["thai-do"]["rows"]
    assert row["label"] == item.label.en
    assert (row["before"], row["after"]) == ([0.9, 0, 0, 0, 0.1], [0.1, 0, 0, 0, 0.9])
    people = [(one["invited"], one["answered"], one["joined"]) for one in shown["vi"]["tham-gia"]["rows"]]
    assert people == [(30, 10, 10), (None, 10, 10)]


def test_a_question_that_all_answered_alike_is_named_and_not_drawn() -> None:
    known = next(one for one in QUESTIONS.items("before") if one.measure.kind == "knowledge")
    rated = next(one for one in QUESTIONS.items("before") if one.measure.kind == "attitude")
    before = [{known.code: known.measure.right, rated.code: rated.choices[0].code}] * 12
    after = [*before[:6], *[{known.code: "khong_biet", rated.code: rated.choices[1].code}] * 6]
    joint = effects.freeze([(place, place) for place in range(12)], before, after, QUESTIONS)

    shown = pictures.in_languages(
        effects.effects(joint).to_json(), joint.to_json(), QUESTIONS, [Round(invited=0), Round(invited=0)]
    )["en"]

    for name, item in (("dung", known), ("thai-do", rated)):
        (row,) = shown[name]["rows"]
        assert row["label"] == item.label.en
        assert set(row) == {"label", "missing"}
