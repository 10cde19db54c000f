"""Pages of a respondent: no account, no cookie, no script needed, and no brake ever."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy import select

from core import clock, db
from core.i18n import Text
from core.pages import same_bytes
from survey import cards, rounds
from survey.models import Round
from survey.questionnaire import AnswersRefused, Item, Questionnaire

pages = Blueprint("respondent", __name__, url_prefix="/khao-sat")

_ORDERS: Final = 8
"""How many orders of shuffled choices are kept ready: the page stays the same bytes for everyone who draws it."""


@pages.get("/", endpoint="rounds")
def show_rounds() -> str:
    """The open rounds; or when the next one opens."""
    with db.reading() as session:
        found = session.scalars(select(Round).where(Round.state != "closed").order_by(Round.opens_on)).all()
        titles = {one.id: rounds.questionnaire_of(session, one).title for one in found}
    open_now = [one for one in found if one.state == "open" and one.closes_on >= clock.today()]
    coming = [one for one in found if one.state == "planned"]
    return render_template("survey/rounds.html", open_now=open_now, coming=coming, titles=titles)


@pages.get("/<round_id>")
def show(round_id: str) -> Response:
    """The questions of an open round."""
    found, questionnaire = _open(round_id)
    if not found.with_cards:
        return Response(_page(found, questionnaire, token=secrets.token_hex(16)))
    order = secrets.randbelow(_ORDERS)
    return same_bytes(lambda: _page(found, questionnaire), key=("survey", round_id, order))


@pages.post("/<round_id>")
def answer(round_id: str) -> Response | tuple[str, int]:
    """Take the answers; what cannot be taken is shown again with everything kept."""
    found, questionnaire = _open(round_id)
    given = {name: request.form.getlist(name) for name in request.form}
    try:
        _take(found, _read(given, found, questionnaire))
    except AnswersRefused as refused:
        page = _page(found, questionnaire, given=given, errors=refused.errors, token=secrets.token_hex(16))
        return page, 422
    except rounds.CardUsed:
        return render_template("survey/thanks.html", used=True, questionnaire=questionnaire), 409
    except rounds.RoundNotOpen:
        abort(404)
    return Response(render_template("survey/thanks.html", used=False, questionnaire=questionnaire))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What one respondent sent, checked: coded answers, elements in their fixed order, card or token."""

    answers: dict[str, Any]
    elements: list[str]
    code: str
    token: str


def _read(given: dict[str, list[str]], found: Round, questionnaire: Questionnaire) -> _Answered:
    """The checked answers, or `AnswersRefused` with every error at once."""
    errors: dict[str, Text] = {}
    answers = _or_errors(errors, lambda: questionnaire.validate(given, found.wave))
    elements = _or_errors(errors, lambda: questionnaire.elements(given, found.wave))
    code = ""
    try:
        code = _card(" ".join(given.get("card", [])), needed=found.with_cards)
    except cards.NotACard as wrong:
        errors["card"] = wrong.sentence
    if errors:
        raise AnswersRefused(errors)
    linkage = [item.code for item in questionnaire.items(found.wave) if item.measure.kind == "linkage"]
    return _Answered(
        answers=answers,
        elements=[elements.get(one, "") for one in linkage],
        code=code,
        token=" ".join(given.get("token", []))[:64],
    )


def _or_errors(errors: dict[str, Text], check: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return dict(check())
    except AnswersRefused as refused:
        errors |= refused.errors
        return {}


def _card(typed: str, *, needed: bool) -> str:
    if typed.strip():
        return cards.parse(typed)
    if needed:
        raise cards.NotACard(
            Text(
                "Bạn nhập mã trên thẻ để mỗi người chỉ trả lời một lần.",
                "Please type the code on your card, so that each person answers once.",
            )
        )
    return ""


def _take(found: Round, sent: _Answered) -> None:
    assert found.link_public is not None
    try:
        rounds.take(
            found.id,
            found.link_public,
            answers=sent.answers,
            elements=sent.elements,
            code=sent.code,
            token=sent.token,
        )
    except rounds.CardUnknown:
        sentence = Text(
            "Thẻ này không thuộc khảo sát năm nay.", "This card does not belong to this year's survey."
        )
        raise AnswersRefused({"card": sentence}) from None


def _open(round_id: str) -> tuple[Round, Questionnaire]:
    with db.reading() as session:
        found = session.get(Round, round_id)
        if found is None or found.state != "open" or found.closes_on < clock.today():
            abort(404)
        return found, rounds.questionnaire_of(session, found)


def _page(
    found: Round,
    questionnaire: Questionnaire,
    *,
    given: dict[str, list[str]] | None = None,
    errors: dict[str, Text] | None = None,
    token: str = "",
) -> str:
    given, errors = given or {}, errors or {}
    sections = [
        (page, [_field(item, given, errors) for item in page.items])
        for page in questionnaire.pages(found.wave)
        if page.items
    ]
    card = {
        "name": "card",
        "label": _CARD,
        "data": " ".join(given.get("card", [])),
        "errors": _said(errors, "card"),
    }
    summary = [(f"#{name}", str(sentence)) for name, sentence in errors.items()]
    return render_template(
        "survey/answer.html",
        round=found,
        questionnaire=questionnaire,
        sections=sections,
        card=card,
        summary=summary,
        token=token,
        wrong=bool(errors),
    )


_CARD: Final = Text("Mã trên thẻ của bạn", "The code on your card")


def _said(errors: dict[str, Text], name: str) -> list[str]:
    return [str(errors[name])] if name in errors else []


def _field(item: Item, given: dict[str, list[str]], errors: dict[str, Text]) -> dict[str, Any]:
    choices = [choice for choice in item.choices if not choice.exclusive]
    if item.shuffle:
        secrets.SystemRandom().shuffle(choices)
    choices += [choice for choice in item.choices if choice.exclusive]
    chosen = given.get(item.code, [])
    return {
        "item": item,
        "name": item.code,
        "id": item.code,
        "label": item.label,
        "choices": [(choice.code, str(choice.label)) for choice in choices],
        "alone": [choice.code for choice in item.choices if choice.exclusive],
        "data": chosen if item.kind == "many" else (chosen[0] if chosen else ""),
        "errors": _said(errors, item.code),
    }
