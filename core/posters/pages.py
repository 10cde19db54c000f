"""The secretary's page of posters and leaflets: choose, look, print. Nothing is stored; the address says what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, config, db, document, heavy, messages, rosters
from core.access import Role
from core.campaign import Campaign, Message, help_numbers, now_running
from core.i18n import Text
from core.posters import choosing
from core.posters.choosing import DOORS, LANGUAGES, SIZES, Door, Saying, Size
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import signed_in

pages = Blueprint("posters", __name__, url_prefix="/dieu-hanh/ap-phich")

JOB: Final = "core.posters.sheet:pdf_job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen, each of it possible. moved: the message asked for may not stand there, so another does."""

    door: Door
    size: Size
    language: str
    saying: Saying
    offered: list[Saying]
    moved: bool

    @property
    def query(self) -> dict[str, Any]:
        """The same choice as parts of an address."""
        return {
            "to": self.door.code,
            "size": self.size.code,
            "in": self.language,
            "message": self.saying.code,
        }


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def show() -> str:
    """Choose what the sheet leads to, its size, language and message; what it will look like stands beside."""
    with db.reading() as session:
        campaign = now_running(session) or abort(404)
        chosen = _chosen(session, campaign, request.args)
        payload = _payload(session, campaign, chosen)
    try:
        sides = [Markup(side) for side in heavy.run(JOB, payload)["pages"]]  # noqa: S704  (drawn by our own job)
    except (heavy.HeavyBusy, heavy.HeavyFailed):
        sides = []
    return render_template(
        "core/posters.html",
        chosen=chosen,
        sides=sides,
        fields=_fields(chosen),
        address=payload["address"],
        local=not config.current().public_url,
        busy=document.BUSY,
    )


def _fields(chosen: Chosen) -> dict[str, Any]:
    """What may be chosen, as the radio component takes it."""
    sayings = [(one.code, one.text) for one in chosen.offered]
    return {
        "to": _field("to", Text("Dẫn tới trang", "Leads to"), chosen.door.code, _named(DOORS)),
        "size": _field("size", Text("Khổ giấy", "Paper"), chosen.size.code, _named(SIZES)),
        "language": _field(
            "in",
            Text("Ngôn ngữ trên tờ in", "Language of the sheet"),
            chosen.language,
            list(LANGUAGES.items()),
        ),
        "message": _field("message", Text("Thông điệp", "Message"), chosen.saying.code, sayings),
    }


def _field(name: str, label: Text, now: str, choices: list[tuple[str, Text]]) -> dict[str, Any]:
    return {"name": name, "label": label, "data": now, "errors": [], "choices": choices}


def _named(known: Mapping[str, Any]) -> list[tuple[str, Text]]:
    return [(code, one.name) for code, one in known.items()]


@pages.get("/to-in.pdf")
@signed_in(Role.CAMPAIGNER)
def as_file() -> Any:
    """The sheet as a file to print."""
    with db.reading() as session:
        campaign = now_running(session) or abort(404)
        chosen = _chosen(session, campaign, request.args)
        payload = _payload(session, campaign, chosen)
    try:
        made = document.bytes_of(heavy.run(JOB, payload))
    except (heavy.HeavyBusy, heavy.HeavyFailed):
        flash(str(document.BUSY))
        return redirect(url_for("posters.show", **chosen.query))
    answer = Response(made, content_type="application/pdf")
    name = f"{chosen.size.code}-{chosen.saying.code.lower()}-{chosen.language}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _chosen(session: Session, campaign: Campaign, asked: Mapping[str, str]) -> Chosen:
    """What the address asks for; what it does not name, or names wrongly, is the first possible."""
    door = DOORS.get(asked.get("to", ""), DOORS["home"])
    size = SIZES.get(asked.get("size", ""), SIZES["a4"])
    language = asked.get("in", "vi")
    rows = session.scalars(select(Message).where(Message.year == campaign.year).order_by(Message.code))
    sayings = [
        Saying(code=row.code, text=Text(row.text_vi, row.text_en), places=frozenset(row.places))
        for row in rows
    ]
    if campaign.particulars.theme_set:
        # The year's theme is a message like any other, held to the same rules.
        theme = Text(campaign.theme_vi, campaign.theme_en or campaign.theme_vi)
        sayings.insert(0, Saying(code="theme", text=theme, places=frozenset(messages.PLACES)))
    fitting = choosing.offered(sayings, door, size, answering=_answering(session))
    wanted = asked.get("message", "")
    found = next((one for one in fitting if one.code == wanted), None)
    return Chosen(
        door=door,
        size=size,
        language=language if language in LANGUAGES else "vi",
        saying=found or fitting[0],
        offered=fitting,
        moved=bool(wanted) and found is None,
    )


def _answering(session: Session) -> bool:
    """Whether there is a roster in force, so that letters are answered."""
    try:
        rosters.current(session)
    except (NoRoster, RosterRefused):
        return False
    return True


def _payload(session: Session, campaign: Campaign, chosen: Chosen) -> dict[str, Any]:
    """Everything that stands on the sheet, in the languages that were chosen."""
    door, link, centre = chosen.door, _link(chosen), campaign.particulars
    names = [words for words in (centre.issuer, centre.board) if words]
    numbers = [
        (line.number, Text(line.name_vi, line.name_en), Text(line.when_vi, line.when_en))
        for line in help_numbers(session)
    ]
    back = {
        "heading": _said(chosen, door.behind),
        "lines": [line for words in door.more for line in _said(chosen, words)],
    }
    return {
        "width": chosen.size.width,
        "height": chosen.size.height,
        "day": clock.today().isoformat(),
        "quiet": door.quiet,
        "title": str(door.name),
        "lang": "en-GB" if chosen.language == "en" else "vi-VN",
        "above": _said(chosen, Text(campaign.title_vi, campaign.title_en))[:1],
        "message": _said(chosen, chosen.saying.text),
        "lead": _said(chosen, door.lead),
        "lines": [_said(chosen, words)[0] for words in choosing.beside(door, chosen.saying)],
        "centre": [" · ".join(_said(chosen, words)[0] for words in names)],
        "address": link.split("//")[-1].rstrip("/"),
        "link": link,
        "numbers": [
            [number, _said(chosen, name)[0], _said(chosen, when)[0]] for number, name, when in numbers
        ],
        "back": back if chosen.size.sides == 2 else None,
    }


def _link(chosen: Chosen) -> str:
    """Where the square leads: the page itself in the language of the sheet, and nothing of who looks."""
    english = "/en" if chosen.language == "en" else ""
    return (config.current().public_url or request.host_url).rstrip("/") + english + chosen.door.path


def _said(chosen: Chosen, words: Text) -> list[str]:
    """The words in each language of the sheet, Vietnamese first."""
    both = {"vi": choosing.kept_together(words.vi), "en": words.en}
    return list(both.values()) if chosen.language == "both" else [both[chosen.language]]
