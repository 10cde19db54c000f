"""Paper for whoever has no telephone: the questionnaire to print, and the papers typed in, each of them twice.

The strip with the card's code is torn off and goes into another box. Its code is typed on its own and marks the
card as used; the paper is typed without it. So neither the machine nor the person who types can say which card
gave which answers. A round with cards takes no more papers than strips.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock, db, log, memory
from core.access import Role
from core.campaign import help_numbers
from core.forms import StaffForm
from core.i18n import Text, t
from core.sessions import identity, signed_in
from survey import asking, cards, retyping, rounds, taking
from survey.coding import Coded
from survey.forms import WAVES, DeedForm
from survey.items import ANSWERED, Item
from survey.models import CardUse, Response, Round
from survey.questionnaire import AnswersRefused, Questionnaire

pages = Blueprint("survey_paper", __name__, url_prefix="/dieu-hanh/dot/<round_id>/giay")

DEED: Final = "survey_papers"
_DIFFERENT: Final = Text(
    "Hai lần gõ khác nhau. Bạn nhìn lại phiếu rồi gõ số đúng.",
    "The two typings differ. Look at the paper and type what it says.",
)
_NO_STRIP: Final = Text(
    "Số phiếu đã bằng số mẩu thẻ. Bạn gõ mã của mẩu thẻ trước.",
    "There are as many papers as strips. Please type the code of a strip first.",
)
_BUSY: Final = Text(
    "Máy đang bận, phiếu chưa được ghi. Bạn bấm gửi lại.",
    "The machine is busy and the paper is not recorded yet. Please send it again.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """What the page carries from one typing to the next: hashes and counts, never an answer."""

    token: str
    once: str
    twice: str
    papers: int
    compared: int
    differed: int

    @classmethod
    def sent(cls) -> _Sitting:
        """What came with the form; a fresh paper when there was none."""
        form = request.form
        counts = {name: _count(form.get(name, "")) for name in ("papers", "compared", "differed")}
        token = form.get("token", "")[:32] or secrets.token_hex(16)
        return cls(token=token, once=form.get("once", ""), twice=form.get("twice", ""), **counts)


def _count(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 0


@pages.get("/phieu")
@signed_in(Role.CAMPAIGNER)
def sheet(round_id: str) -> str:
    """The questionnaire to print, A4, with the numbers that are typed in later."""
    found, questionnaire = _find(round_id)
    with db.reading() as session:
        lines = help_numbers(session, everything=True)
    numbers = {item.code: place for place, item in enumerate(_answered(found, questionnaire), start=1)}
    return render_template(
        "survey/paper_sheet.html",
        round=found,
        waves=WAVES,
        questionnaire=questionnaire,
        parts=[part for part in questionnaire.pages(found.wave) if part.items],
        numbers=numbers,
        words=lambda said: asking.filled(said, questionnaire, {}),
        lines=lines,
    )


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def enter(round_id: str) -> Any:
    """An empty paper to type in; that somebody opened the page is in the log, a sending is not."""
    found, questionnaire = _find(round_id)
    if not _is_open(found):
        return _closed()
    who = identity()
    with db.writing() as session:
        log.write_if_started(session, DEED, who=who.person_id if who else None, about=str(found.year))
    return _page(found, questionnaire, _Sitting.sent(), {}, {})


@pages.post("/manh")
@signed_in(Role.CAMPAIGNER)
def strip(round_id: str) -> Any:
    """The code of a strip: its card has answered, by one of the papers and nobody knows which."""
    found, questionnaire = _find(round_id)
    if not _is_open(found) or not found.with_cards:
        return _closed()
    sentence, typed = _mark_strip(round_id) if DeedForm().validate_on_submit() else (_BUSY, "")
    if sentence:
        errors = {"strip": sentence}
        return _page(found, questionnaire, _Sitting.sent(), {}, errors, strip=typed), 422
    flash(t("Đã ghi mẩu thẻ.", "The strip is recorded."))
    return redirect(url_for("survey_paper.enter", round_id=round_id))


def _mark_strip(round_id: str) -> tuple[Text | None, str]:
    """What was wrong with a strip, if anything, and what was typed."""
    typed = request.form.get("strip", "")
    try:
        taking.spend(round_id, cards.parse(typed))
    except cards.NotACard as wrong:
        return wrong.sentence, typed
    except taking.CardUnknown:
        return Text("Thẻ này không thuộc khảo sát năm nay.", "This card is not of this year's survey."), typed
    except taking.AlreadyAnswered:
        return Text(
            "Thẻ này đã trả lời rồi. Một phiếu trong chồng là phiếu thừa; bạn bỏ một phiếu bất kỳ.",
            "This card has answered already. One paper of the pile is too many; take any one out.",
        ), typed
    except (taking.NotTaken, taking.RoundNotOpen):
        return _BUSY, typed
    return None, typed


@pages.post("/")
@signed_in(Role.CAMPAIGNER)
def typed(round_id: str) -> Any:
    """One typing of a paper: the first is remembered as hashes, the second compared, and then it is taken."""
    found, questionnaire = _find(round_id)
    if not _is_open(found):
        return _closed()
    sitting, items = _Sitting.sent(), _answered(found, questionnaire)
    if not StaffForm().validate_on_submit():
        return _page(found, questionnaire, sitting, _typed(items), {"send": _BUSY}), 422
    try:
        given = _given(items)
        answers = _settled(found, questionnaire, given)
        elements = questionnaire.elements(given, found.wave)
    except AnswersRefused as refused:
        return _page(found, questionnaire, sitting, _typed(items), refused.errors), 422
    now = retyping.hashes(memory.boot_secret(memory.store()), sitting.token, given, items)
    if not sitting.once:
        return _page(found, questionnaire, _next(sitting, once=now), {}, {})
    unsure = retyping.differing(now, [one for one in (sitting.once, sitting.twice) if one], items)
    if unsure:
        return _differs(found, questionnaire, sitting, items, now, unsure)
    refused_for = _take(found, sitting, answers, [elements.get(one, "") for one in _linkage(items)])
    if refused_for:
        return _page(found, questionnaire, sitting, _typed(items), {"send": refused_for}), 422
    flash(t("Đã ghi phiếu. Phiếu tiếp theo:", "The paper is recorded. The next one:"))
    done = _Sitting(
        token=secrets.token_hex(16),
        once="",
        twice="",
        papers=sitting.papers + 1,
        compared=sitting.compared + len(items),
        differed=sitting.differed,
    )
    return _page(found, questionnaire, done, {}, {})


def _answered(found: Round, questionnaire: Questionnaire) -> tuple[Item, ...]:
    """What somebody answers on paper; a calculation is nothing to write."""
    return tuple(item for item in questionnaire.items(found.wave) if item.kind in ANSWERED)


def _settled(found: Round, questionnaire: Questionnaire, given: dict[str, list[str]]) -> dict[str, Coded]:
    """The coded answers after the rules that also hold on the screen; what was not to be asked is dropped."""
    coded = questionnaire.validate(given, found.wave)
    settled = asking.settle(questionnaire, found.wave, coded, clock.today())
    if settled.errors:
        raise AnswersRefused(settled.errors)
    return dict(settled.answers)


def _differs(
    found: Round,
    questionnaire: Questionnaire,
    sitting: _Sitting,
    items: tuple[Item, ...],
    now: str,
    unsure: list[str],
) -> Any:
    """The second typing again, with what differed marked; what the paper says then counts."""
    more = 0 if sitting.twice else len(unsure)
    again = _next(sitting, once=sitting.once, twice=now, differed=sitting.differed + more)
    return _page(found, questionnaire, again, _typed(items), dict.fromkeys(unsure, _DIFFERENT)), 422


def _next(sitting: _Sitting, *, once: str, twice: str = "", differed: int | None = None) -> _Sitting:
    return _Sitting(
        token=sitting.token,
        once=once,
        twice=twice,
        papers=sitting.papers,
        compared=sitting.compared,
        differed=sitting.differed if differed is None else differed,
    )


def _linkage(items: tuple[Item, ...]) -> list[str]:
    return [item.code for item in items if item.measure.kind == "linkage"]


def _typed(items: tuple[Item, ...]) -> dict[str, str]:
    return {item.code: request.form.get(item.code, "") for item in items}


def _given(items: tuple[Item, ...]) -> dict[str, list[str]]:
    """The codes of everything typed, or `AnswersRefused` with every error at once."""
    given: dict[str, list[str]] = {}
    errors: dict[str, Text] = {}
    for code, words in _typed(items).items():
        item = next(one for one in items if one.code == code)
        try:
            given[code] = retyping.answers(item, words)
        except retyping.NotOnPaper as wrong:
            errors[code] = wrong.sentence
    if errors:
        raise AnswersRefused(errors)
    return given


def _take(found: Round, sitting: _Sitting, answers: Any, elements: list[str]) -> Text | None:
    """Take the paper's answers without any card; why not, if not."""
    assert found.link_public is not None
    if found.with_cards:
        with db.reading() as session:
            if waiting(session, found.id) < 1:
                return _NO_STRIP
    try:
        taking.take(
            found.id, found.link_public, answers=answers, elements=elements, token=f"paper{sitting.token}"
        )
    except (taking.NotTaken, taking.AlreadyAnswered, taking.RoundNotOpen):
        return _BUSY
    return None


def waiting(session: Session, round_id: str) -> int:
    """Strips typed without a paper yet: cards that count as used, less answers that are there."""
    used = select(func.count()).where(CardUse.round_id == round_id, CardUse.used == 1)
    there = select(func.count()).where(Response.round_id == round_id, Response.filled == 1)
    return (session.scalar(used) or 0) - (session.scalar(there) or 0)


def _find(round_id: str) -> tuple[Round, Questionnaire]:
    with db.reading() as session:
        found = session.get(Round, round_id) or abort(404)
        return found, rounds.questionnaire_of(session, found)


def _is_open(found: Round) -> bool:
    return found.state == "open" and found.closes_on >= clock.today()


def _closed() -> Any:
    flash(
        t("Đợt này không mở, nên không nhập phiếu được.", "This round is not open; no paper can be entered."),
        "info",
    )
    return redirect(url_for("campaigner.desk"))


def _page(
    found: Round,
    questionnaire: Questionnaire,
    sitting: _Sitting,
    given: dict[str, str],
    errors: dict[str, Text],
    *,
    strip: str = "",
) -> str:
    items = _answered(found, questionnaire)
    fields = [
        {
            "name": item.code,
            "item": item,
            "label": f"{place}. {asking.filled(item.label, questionnaire, {})}",
            "data": given.get(item.code, ""),
            "errors": [str(errors[item.code])] if item.code in errors else [],
        }
        for place, item in enumerate(items, start=1)
    ]
    with db.reading() as session:
        strips = waiting(session, found.id) if found.with_cards else 0
    return render_template(
        "survey/paper_enter.html",
        round=found,
        waves=WAVES,
        fields=fields,
        sitting=sitting,
        strips=strips,
        strip={
            "name": "strip",
            "label": Text("Mã trên mẩu thẻ", "The code on the strip"),
            "data": strip,
            "errors": [str(errors["strip"])] if "strip" in errors else [],
        },
        summary=[(f"#{name}", str(sentence)) for name, sentence in errors.items()],
        wrong=bool(errors),
    )
