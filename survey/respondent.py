"""Pages of a respondent: no account, no cookie, no script needed, and no brake ever."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from flask import Blueprint, Response, abort, current_app, render_template, request
from sqlalchemy import select

from core import clock, db
from core.i18n import Text
from core.pages import same_bytes
from survey import at_once, cards, dates, rounds, stepping, taking
from survey.fields import field
from survey.models import Round
from survey.questionnaire import AnswersRefused, Questionnaire

pages = Blueprint("respondent", __name__, url_prefix="/khao-sat")

ORDERS: Final = 8
"""How many orders of shuffled choices are kept ready: the page stays the same bytes for everyone who draws it."""
_GLANCE_SECONDS: Final = 1.0


@pages.get("/", endpoint="rounds")
def show_rounds() -> str:
    """The open rounds; or when the next one opens."""
    dates.keep()
    today = clock.today()
    with db.reading() as session:
        found = session.scalars(select(Round).where(Round.state != "closed").order_by(Round.opens_on)).all()
        titles = {one.id: rounds.questionnaire_of(session, one).title for one in found}
    open_now = [one for one in found if one.state == "open" and one.closes_on >= today]
    coming = [one for one in found if one.state == "planned" and one.opens_on > today]
    return render_template("survey/rounds.html", open_now=open_now, coming=coming, titles=titles)


@pages.get("/<round_id>")
def show(round_id: str) -> Response | tuple[str, int]:
    """The questions of an open round."""
    found, questionnaire = _find(round_id)
    if not _is_open(found):
        return _not_open(found, sent=False)
    if questionnaire.conditional:
        screen = stepping.begin(found, questionnaire)
        return Response(_screen(found, questionnaire, screen, at_once.whole(found, questionnaire)))
    if not found.with_cards:
        return Response(_page(found, questionnaire, token=secrets.token_hex(16)))
    order = secrets.randbelow(ORDERS)
    return same_bytes(lambda: _page(found, questionnaire), key=("survey", round_id, order))


@pages.post("/<round_id>")
def answer(round_id: str) -> Response | tuple[str, int]:
    """Take the answers; what cannot be taken is shown again with everything kept."""
    found, questionnaire = _find(round_id)
    if not _is_open(found):
        return _not_open(found, sent=True)
    given = {name: request.form.getlist(name) for name in request.form}
    if questionnaire.conditional:
        return (_whole if at_once.NAME in given else _step)(found, questionnaire, given)
    if "stay" in given:
        # The same page in another language, with what was answered on it.
        return Response(_page(found, questionnaire, given=given))
    try:
        _take(found, _read(given, found, questionnaire))
    except AnswersRefused as refused:
        return _page(found, questionnaire, given=given, errors=refused.errors), 422
    except taking.NotTaken:
        return _page(found, questionnaire, given=given, errors={"send": _BUSY}), 503
    except taking.AlreadyAnswered:
        return render_template("survey/already.html", round=found), 409
    except taking.RoundNotOpen:
        return _not_open(found, sent=True)
    return _thanks(found, questionnaire)


def _thanks(found: Round, questionnaire: Questionnaire) -> Response:
    thanks = partial(render_template, "survey/thanks.html", questionnaire=questionnaire)
    return same_bytes(thanks, key=("thanks", found.id))


def _step(
    found: Round, questionnaire: Questionnaire, given: dict[str, list[str]]
) -> Response | tuple[str, int]:
    """The next page of a questionnaire that is asked page by page; at the end its answers are taken."""
    outcome = stepping.onward(found, questionnaire, given)
    if isinstance(outcome, stepping.Screen):
        return _screen(found, questionnaire, outcome), 422 if outcome.repeat else 200
    return _sent_off(found, questionnaire, outcome)


def _whole(
    found: Round, questionnaire: Questionnaire, given: dict[str, list[str]]
) -> Response | tuple[str, int]:
    """The same from a browser that followed the conditions itself and sends everything together."""
    outcome = at_once.arrived(found, questionnaire, given)
    if isinstance(outcome, stepping.Done):
        return _sent_off(found, questionnaire, outcome, given)
    screen, errors = outcome
    page = at_once.whole(found, questionnaire, given, errors)
    return _screen(found, questionnaire, screen, page), 422 if errors else 200


def _sent_off(
    found: Round,
    questionnaire: Questionnaire,
    done: stepping.Done,
    given: dict[str, list[str]] | None = None,
) -> Response | tuple[str, int]:
    """Everything taken and thanked for, or what stands in the way. given: what the one page sent, if it was one."""
    held = done.held
    sent = _Answered(
        answers=done.answers,
        elements=done.elements,
        code=held.card,
        token=held.token,
        same_card=not held.other_card,
    )
    try:
        _take(found, sent)
    except AnswersRefused as refused:
        return _once_more(found, questionnaire, done, refused.errors, given), 422
    except taking.NotTaken:
        return _once_more(found, questionnaire, done, {"send": _BUSY}, given), 503
    except taking.AlreadyAnswered:
        return render_template("survey/already.html", round=found), 409
    except taking.RoundNotOpen:
        return _not_open(found, sent=True)
    return _thanks(found, questionnaire)


def _once_more(
    found: Round,
    questionnaire: Questionnaire,
    done: stepping.Done,
    errors: Mapping[str, Text],
    given: dict[str, list[str]] | None,
) -> str:
    screen = stepping.again(found, questionnaire, done, errors, first="card" in errors)
    page = None if given is None else at_once.whole(found, questionnaire, given, errors)
    return _screen(found, questionnaire, screen, page)


def _screen(
    found: Round, questionnaire: Questionnaire, screen: stepping.Screen, whole: at_once.Whole | None = None
) -> str:
    return render_template(
        "survey/step.html",
        round=found,
        questionnaire=questionnaire,
        screen=screen,
        whole=whole,
        summary=_summary(screen.errors),
        whole_summary=_summary(whole.errors) if whole else [],
    )


def _summary(errors: Mapping[str, Text]) -> list[tuple[str, str]]:
    return [(f"#{name}", str(sentence)) for name, sentence in errors.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What one respondent sent, checked: coded answers, elements in their fixed order, card or token."""

    answers: dict[str, Any]
    elements: list[str]
    code: str
    token: str
    same_card: bool


def _read(given: dict[str, list[str]], found: Round, questionnaire: Questionnaire) -> _Answered:
    """The checked answers, or `AnswersRefused` with every error at once."""
    errors: dict[str, Text] = {}
    answers = _or_errors(errors, lambda: questionnaire.validate(given, found.wave))
    elements = _or_errors(errors, lambda: questionnaire.elements(given, found.wave))
    code = ""
    if found.with_cards:
        try:
            code = _card(" ".join(given.get("card", [])))
        except cards.NotACard as wrong:
            errors["card"] = wrong.sentence
    if errors:
        raise AnswersRefused(errors)
    linkage = [item.code for item in questionnaire.items(found.wave) if item.measure.kind == "linkage"]
    return _Answered(
        answers=answers,
        elements=[elements.get(one, "") for one in linkage],
        code=code,
        token=_token(given),
        same_card="other_card" not in given,
    )


def _or_errors(errors: dict[str, Text], check: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return dict(check())
    except AnswersRefused as refused:
        errors |= refused.errors
        return {}


def _card(typed: str) -> str:
    if typed.strip():
        return cards.parse(typed)
    raise cards.NotACard(
        Text(
            "Bạn nhập mã trên thẻ để mỗi người chỉ trả lời một lần.",
            "Please type the code on your card, so that each person answers once.",
        )
    )


def _take(found: Round, sent: _Answered) -> None:
    assert found.link_public is not None
    try:
        taking.take(
            found.id,
            found.link_public,
            answers=sent.answers,
            elements=sent.elements,
            code=sent.code,
            token=sent.token,
            same_card=sent.same_card,
        )
    except taking.CardUnknown:
        sentence = Text(
            "Thẻ này không thuộc khảo sát năm nay.", "This card does not belong to this year's survey."
        )
        raise AnswersRefused({"card": sentence}) from None


def _find(round_id: str) -> tuple[Round, Questionnaire]:
    """The round and its questions; an open one is looked up at most once a second.

    A whole centre answers in the same minutes. That it has just closed is noticed where the answer is taken.
    """
    shelf = current_app.extensions.setdefault("rounds_glanced", {})
    read_at, known = shelf.get(round_id, (0.0, None))
    if known and time.monotonic() - read_at < _GLANCE_SECONDS:
        return cast(tuple[Round, Questionnaire], known)
    with db.reading() as session:
        found = session.get(Round, round_id)
        if found is None:
            abort(404)
        known = found, rounds.questionnaire_of(session, found)
    if _is_open(found):
        shelf[round_id] = (time.monotonic(), known)
    else:
        shelf.pop(round_id, None)
    return known


def _is_open(found: Round) -> bool:
    return found.state == "open" and found.closes_on >= clock.today()


def _not_open(found: Round, *, sent: bool) -> tuple[str, int]:
    """Not there yet, or over; to somebody who has just sent answers it is said that they were not kept."""
    coming = found.state == "planned"
    return render_template("survey/not_open.html", round=found, coming=coming, sent=sent), 404


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
        (page, [field(item, given, errors) for item in page.items])
        for page in questionnaire.pages(found.wave)
        if page.items
    ]
    card = {
        "name": "card",
        "label": _CARD,
        "data": " ".join(given.get("card", [])),
        "errors": _said(errors, "card"),
    }
    return render_template(
        "survey/answer.html",
        round=found,
        questionnaire=questionnaire,
        sections=sections,
        card=card,
        other_card="other_card" in given,
        opened="other_card" in given or any(one["errors"] or one["data"] for one in sections[0][1]),
        summary=_summary(errors),
        token="" if found.with_cards else token or _token(given) or secrets.token_hex(16),
        wrong=bool(errors),
    )


_CARD: Final = Text("Mã trên thẻ của bạn", "The code on your card")
_BUSY: Final = Text(
    "Máy đang bận, câu trả lời chưa được ghi. Bạn chờ một phút rồi gửi lại.",
    "The machine is busy and your answers are not recorded yet. Please wait a minute and send again.",
)


def _token(given: dict[str, list[str]]) -> str:
    """What names the page that was sent; it stays the same while answers are put right."""
    return "".join(given.get("token", []))[:32]


def _said(errors: dict[str, Text], name: str) -> list[str]:
    return [str(errors[name])] if name in errors else []
