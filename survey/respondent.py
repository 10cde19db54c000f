"""Pages of a respondent: no account, no cookie, no script needed, and no brake ever."""

from __future__ import annotations

import secrets
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


@pages.get("/")
def rounds_page() -> str:
    """The open rounds; or when the next one opens."""
    with db.reading() as session:
        found = session.scalars(select(Round).where(Round.state != "closed").order_by(Round.opens_on)).all()
        titles = {one.id: rounds.questionnaire_of(session, one).title for one in found}
    open_now = [one for one in found if one.state == "open" and one.closes_on >= clock.today()]
    coming = [one for one in found if one.state == "planned"]
    return render_template("survey/rounds.html", open_now=open_now, coming=coming, titles=titles)


pages.add_url_rule("/", "rounds", rounds_page)


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
    errors: dict[str, Text] = {}
    coded: dict[str, Any] = {}
    elements: dict[str, str] = {}
    code = ""
    typed = " ".join(given.get("card", []))
    if typed.strip():
        try:
            code = cards.parse(typed)
        except cards.NotACard as wrong:
            errors["card"] = wrong.sentence
    for take in (lambda: coded.update(questionnaire.validate(given, found.wave)), lambda: elements.update(questionnaire.elements(given, found.wave))):
        try:
            take()
        except AnswersRefused as refused:
            errors |= refused.errors
    if found.with_cards and not typed.strip():
        errors["card"] = Text("Bạn nhập mã trên thẻ để mỗi người chỉ trả lời một lần.", "Please type the code on your card, so that each person answers once.")
    if not errors:
        link = [elements.get(item.code, "") for item in questionnaire.items(found.wave) if item.measure.kind == "linkage"]
        try:
            rounds.take(
                found.id,
                found.link_public or b"",
                answers=coded,
                elements=link,
                code=code,
                token=" ".join(given.get("token", []))[:64],
            )
        except rounds.CardUnknown:
            errors["card"] = Text("Thẻ này không thuộc khảo sát năm nay.", "This card does not belong to this year's survey.")
        except rounds.CardUsed:
            return render_template("survey/thanks.html", used=True, questionnaire=questionnaire), 409
        except rounds.RoundNotOpen:
            abort(404)
    if errors:
        return _page(found, questionnaire, given=given, errors=errors, token=secrets.token_hex(16)), 422
    return Response(render_template("survey/thanks.html", used=False, questionnaire=questionnaire))


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
        (page, [_field(item, given, errors) for item in page.items]) for page in questionnaire.pages(found.wave) if page.items
    ]
    card = {"name": "card", "label": t_card, "data": " ".join(given.get("card", [])), "errors": _said(errors, "card")}
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


t_card: Final = Text("Mã trên thẻ của bạn", "The code on your card")


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
