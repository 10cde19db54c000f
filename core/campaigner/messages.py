"""Messages of the year, and the places where each may stand."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from wtforms import SelectField, SelectMultipleField
from wtforms.fields import SelectChoice

from core import campaign_editing, db, meanwhile, messages
from core.campaign import Message
from core.campaign_editing import ROLES, MayNotStand, MessageFacts, NoSuchCampaign, YearIsOver
from core.campaigner.blueprint import DeedForm, pages, running
from core.forms import AtMost, ChangeForm, Lines, Needed
from core.i18n import Text, t
from core.meanwhile import Overtaken
from core.messages import GROUPS, PLACES
from core.pages import data_changed
from core.sessions import identity, signed_in


class MessageForm(ChangeForm):
    """A message: its words, its group, and where it stands."""

    text_vi = Lines(Text("Lời", "Words"), [Needed(), AtMost(300)])
    text_en = Lines(Text("Lời bằng tiếng Anh", "Words in English"), [AtMost(300)])
    group = SelectField(Text("Nhóm", "Group"), choices=[SelectChoice(*one) for one in GROUPS.items()])
    places = SelectMultipleField(
        Text("Nơi được hiện", "Where it may stand"), choices=[SelectChoice(*one) for one in PLACES.items()]
    )


@pages.get("/thong-diep/")
@signed_in(*ROLES)
def list_messages() -> str:
    """Every message of the running year, with its places."""
    with db.reading() as session:
        campaign = running(session)
        found = session.scalars(
            select(Message).where(Message.year == campaign.year).order_by(Message.code)
        ).all()
    return render_template(
        "core/campaigner/messages.html",
        campaign=campaign,
        messages=found,
        places=PLACES,
        groups=GROUPS,
        presses=messages.presses,
        promises=messages.promises,
    )


@pages.route("/thong-diep/moi", methods=["GET", "POST"])
@signed_in(*ROLES)
def new_message() -> Any:
    """Add a message."""
    return _save(None, MessageForm())


@pages.route("/thong-diep/<code>", methods=["GET", "POST"])
@signed_in(*ROLES)
def message(code: str) -> Any:
    """Change a message."""
    with db.reading() as session:
        found = session.get(Message, (running(session).year, code)) or abort(404)
    return _save(found, MessageForm(obj=found, seen=meanwhile.mark(meanwhile.told(found))))


@pages.post("/thong-diep/<code>/bo")
@signed_in(*ROLES)
def remove_message(code: str) -> Any:
    """Take a message out of this year."""
    if not DeedForm().validate_on_submit():
        abort(400)
    try:
        with db.writing() as session:
            campaign_editing.remove_message(session, identity(), running(session).year, code)
    except (NoSuchCampaign, YearIsOver):
        abort(404)
    data_changed()
    flash(t("Đã bỏ thông điệp {}.", "Message {} is taken out.").format(code))
    return redirect(url_for("campaign.list_messages"))


def _save(found: Message | None, form: MessageForm) -> Any:
    if form.validate_on_submit() and _saved(found, form):
        return redirect(url_for("campaign.list_messages"))
    page = render_template("core/campaigner/message.html", message=found, form=form, deed=DeedForm())
    return page, form.status


def _saved(found: Message | None, form: MessageForm) -> bool:
    facts = MessageFacts(
        text_vi=form.text_vi.data,
        text_en=form.text_en.data or "",
        group=form.group.data,
        places=tuple(form.places.data or ()),
    )
    try:
        with db.writing() as session:
            year, code = running(session).year, found.code if found else None
            campaign_editing.save_message(session, identity(), year, code, facts, seen=form.seen.data or "")
    except MayNotStand as refused:
        form.places.errors = [_refusal(refused)]
        return False
    except Overtaken as changed:
        form.let_pass(changed)
        return False
    except (NoSuchCampaign, YearIsOver):
        abort(404)
    data_changed()
    flash(t("Đã lưu thông điệp.", "The message is saved."))
    return True


def _refusal(refused: MayNotStand) -> Text:
    allowed = [place for name, place in PLACES.items() if name in refused.places]
    return Text(
        "Lời này thúc giục hoặc trách người im lặng, nên chỉ đặt ở: "
        + ", ".join(place.vi for place in allowed)
        + ".",
        "These words urge people to speak or blame silence, so they may only stand on: "
        + ", ".join(place.en for place in allowed)
        + ".",
    )
