"""Pages of the roster: who is on it, whose keys are whose, recovery cards, and custodians' signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField

from core import accounts, clock, db, log, once, roster_changes, rosters, sessions
from core.access import Role
from core.forms import StaffForm
from core.i18n import Text, t
from core.roster import LEAST_CUSTODIANS, LEAST_HANDLERS, Member, Roster, RosterRefused
from core.roster_changes import Changes
from core.rosters import NoRoster, NotASigner
from core.sessions import identity, seed, signed_in
from intake.keys import cards, founding

pages = Blueprint("roster", __name__, url_prefix="/lam-viec/danh-sach")

CARDS_SECONDS: Final = 30 * 60


class SignForm(StaffForm):
    """`seen`: fingerprint of the very version on the page, so that nobody signs what they did not see."""

    seen = HiddenField()
    compared = BooleanField(
        Text(
            "Tôi đã đọc to và so 24 chữ số của từng người, mặt đối mặt.",
            "I have read out and compared everybody's 24 digits, face to face.",
        )
    )


class LastWords(StaffForm):
    """The last word of each card, typed from the paper."""


class DeedForm(StaffForm):
    """A button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything the page says: what is in force, what waits, and who is enrolled today."""

    force: Roster | None
    refused: Text | str | None
    waiting: Roster | None
    signers: tuple[str, ...]
    enrolled: tuple[Member, ...]
    invited: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether those who are enrolled could make a roster."""
        handlers = sum(member.role == "handler" for member in self.enrolled)
        return handlers >= LEAST_HANDLERS and len(self.enrolled) - handlers >= LEAST_CUSTODIANS

    @property
    def changes(self) -> Changes:
        """What a new version would change."""
        return roster_changes.between(self.force.members if self.force else (), self.enrolled)

    @property
    def stale(self) -> bool:
        """Whether people have enrolled or left since the waiting version was proposed."""
        return self.waiting is not None and set(self.waiting.members) != set(self.enrolled)

    @property
    def days_left(self) -> int:
        """How long the roster in force still counts."""
        return (self.force.not_after - clock.today()).days if self.force else 0

    @property
    def recovery_public(self) -> bytes | None:
        """The recovery key that a new version names: the one people already hold cards of."""
        known = self.waiting or self.force
        return known.recovery_public if known else None

    @property
    def new_cards(self) -> bool:
        """Whether the waiting version names another recovery key than the one in force."""
        if self.waiting is None or self.force is None:
            return False
        return self.waiting.recovery_public != self.force.recovery_public

    @property
    def number(self) -> int:
        """The version in force; 0 before the founding."""
        return self.force.version if self.force else 0

    @property
    def may_propose(self) -> bool:
        """Whether there is a reason and a way to propose a new version."""
        due = self.changes.any or self.days_left < roster_changes.SOON_DAYS
        return self.enough and self.recovery_public is not None and (self.stale or (not self.waiting and due))


@pages.get("/")
@signed_in(Role.CUSTODIAN, Role.HANDLER)
def show() -> str:
    """The roster as it stands, and what has to be done about it."""
    return _page(SignForm())


@pages.post("/de-nghi")
@signed_in(Role.CUSTODIAN)
def propose() -> Any:
    """Propose a version with everybody who is enrolled today."""
    with db.writing() as session:
        standing = _standing(session)
        if not standing.may_propose or standing.recovery_public is None:
            abort(409)
        _propose(session, standing.recovery_public)
    flash(t("Bản mới đang chờ hai chữ ký.", "The new version waits for two signatures."))
    return redirect(url_for("roster.show"))


@pages.post("/ky")
@signed_in(Role.CUSTODIAN)
def sign() -> Any:
    """Sign the version on the page; with the second signature it is in force."""
    form = SignForm()
    person = identity()
    assert person is not None
    if not form.compared.data:
        form.compared.errors = [
            Text("Hãy so mã với từng người trước khi ký.", "Compare the digits before you sign.")
        ]
        return _page(form), 422
    try:
        with db.writing() as session:
            standing = _standing(session)
            if standing.waiting is None or standing.stale or standing.waiting.fingerprint != form.seen.data:
                raise NoRoster
            changed = standing.changes.rekeyed
            complete = founding.sign(session, person, seed())
    except NoRoster:
        flash(
            t(
                "Danh sách vừa thay đổi. Hãy xem lại rồi ký.",
                "The list has just changed. Look again, then sign.",
            ),
            "soon",
        )
    except NotASigner:
        flash(
            t(
                "Khóa của bạn chưa có trong bản đang có hiệu lực, nên chữ ký của bạn chưa được tính.",
                "Your keys are not on the version in force, so your signature would not count.",
            ),
            "urgent",
        )
    else:
        # Fresh keys count from now on: what a session of before would sign or seal with is no longer theirs.
        for one in changed if complete else ():
            sessions.end_all(one.id)
        flash(
            t("Danh sách đã có hiệu lực.", "The roster is in force.")
            if complete
            else t(
                "Bạn đã ký. Cần thêm một người giữ khóa nữa.",
                "You have signed. One more custodian is needed.",
            )
        )
    return redirect(url_for("roster.show"))


@pages.post("/the")
@signed_in(Role.CUSTODIAN)
def make_cards() -> Any:
    """Make recovery cards before the first roster, or a new set later; pressing twice shows the same."""
    with db.reading() as session:
        standing = _standing(session)
    if not standing.enough:
        abort(409)
    public, deck = cards.make()
    made = {"public": public.hex(), "cards": list(deck), "after": standing.number}
    once.keep("cards", seed(), made, CARDS_SECONDS)
    return redirect(url_for("roster.show_cards"))


@pages.get("/the")
@signed_in(Role.CUSTODIAN)
def show_cards() -> Any:
    """The cards, until this custodian has typed their last words back."""
    made = once.look("cards", seed())
    if made is None:
        return redirect(url_for("roster.show"))
    return render_template("core/cards.html", deck=_deck(made), form=LastWords(), wrong=(), typed={})


@pages.post("/the/xong")
@signed_in(Role.CUSTODIAN)
def cards_written() -> Any:
    """The cards are on paper: forget them, and propose a roster with their key."""
    made = once.look("cards", seed())
    if made is None:
        return redirect(url_for("roster.show"))
    deck = _deck(made)
    typed = {f"last-{number}": request.form.get(f"last-{number}", "") for number in range(1, len(deck) + 1)}
    wrong = [
        number
        for number, words in enumerate(deck, start=1)
        if typed[f"last-{number}"].strip().lower() != words[-1]
    ]
    if wrong:
        return render_template("core/cards.html", deck=deck, form=LastWords(), wrong=wrong, typed=typed), 422
    with db.writing() as session:
        if _standing(session).number != made["after"]:
            abort(409)
        _propose(session, bytes.fromhex(made["public"]))
    once.forget("cards", seed())
    flash(
        t(
            "Thẻ đã lập. Danh sách đang chờ hai chữ ký.",
            "The cards are made. The roster waits for two signatures.",
        )
    )
    return redirect(url_for("roster.show"))


def _propose(session: Session, recovery_public: bytes) -> None:
    roster = rosters.propose(session, recovery_public)
    person = identity()
    assert person is not None
    log.write_if_started(session, "roster_proposed", who=person.person_id, about=str(roster.version))


def _standing(session: Session) -> Standing:
    force, refused = None, None
    try:
        force = rosters.chain(session)[-1]
        rosters.current(session)
    except NoRoster:
        pass
    except RosterRefused as error:
        refused = error.reason
    waiting = rosters.proposed(session)
    people = accounts.with_role(session, Role.HANDLER) + accounts.with_role(session, Role.CUSTODIAN)
    return Standing(
        force=force,
        refused=refused,
        waiting=waiting[0] if waiting else None,
        signers=tuple(waiting[1]) if waiting else (),
        enrolled=tuple(rosters.member_of(person) for person in people if person.state == "active"),
        invited=tuple(person.name for person in people if person.state == "invited"),
    )


def _page(form: SignForm) -> str:
    with db.reading() as session:
        standing = _standing(session)
    person = identity()
    assert person is not None
    signers = standing.force or standing.waiting
    return render_template(
        "core/roster.html",
        standing=standing,
        form=form,
        deed=DeedForm(),
        me=person.person_id,
        is_custodian=Role.CUSTODIAN in person.roles,
        may_sign=signers is not None and rosters.may_sign(signers, person.person_id, seed()),
        cards_wait=once.look("cards", seed()) is not None,
        least={"handlers": LEAST_HANDLERS, "custodians": LEAST_CUSTODIANS},
    )


def _deck(made: dict[str, Any]) -> list[list[str]]:
    return [card.split() for card in made["cards"]]
