"""The custodians' page of releases: begin, count and look, publish. Nothing of a case is ever shown here."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for

from board import ledger, releasing
from board.forms import BeginForm, DeedForm
from board.halfway import BEGIN, Halfway
from board.ledger import NotAsPublished
from board.member import arranged, not_as_published
from board.periods import Period, next_to_come, skipped_year_end
from board.releasing import AlreadyBegun, NotSafe, NotThisPeriod, NotYours, Overtaken, Stopped
from core import clock, db
from core.access import Role
from core.heavy import HeavyBusy, HeavyFailed
from core.i18n import Text
from core.roster import Member, RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, seed, signed_in
from intake.counts import shares
from intake.counts.shares import ShareRefused

pages = Blueprint("releases", __name__, url_prefix="/lam-viec/cong-bo")
pages.register_error_handler(NotAsPublished, not_as_published)

_SENTENCES: Final[dict[type[Exception], Text]] = {
    NotThisPeriod: Text(
        "Kỳ này chưa kết thúc, hoặc đã có kỳ công bố đến ngày đó. Chưa có gì thay đổi.",
        "This period is not over yet, or has been published. Nothing was changed.",
    ),
    AlreadyBegun: Text(
        "Một người giữ khóa khác vừa bắt đầu. Bạn chờ họ xong, hoặc họ để kỳ đó lại.",
        "Another custodian has just begun. Wait until they finish, or put it aside.",
    ),
    NotYours: Text(
        "Việc này đã xong, đã được để lại, hoặc đang chờ người khác. Chưa có gì thay đổi.",
        "This is done, was put aside, or waits for somebody else. Nothing was changed.",
    ),
    NotSafe: Text(
        "Lần này chưa tìm được cách công bố mà không ai bị nhận ra. Không có gì được công bố. "
        "Bạn có thể thử với một đồng nghiệp khác, hoặc đợi kỳ sau.",
        "No way was found to publish without somebody being recognised. Nothing was published. "
        "You may try with another colleague, or wait for the next period.",
    ),
    Overtaken: Text(
        "Người khác vừa công bố trước. Chưa có gì của bạn được công bố; bạn đếm lại rồi xem trước.",
        "Somebody else published first. Nothing of yours was published; count again and look.",
    ),
    ShareRefused: Text(
        "Phần đếm của đồng nghiệp không mở được bằng khóa của bạn. Không có gì được công bố; hãy bắt đầu lại.",
        "Your colleague's share does not open with your key. Nothing was published; please begin again.",
    ),
    HeavyBusy: Text(
        "Máy đang bận tính việc khác. Bạn thử lại sau một phút.",
        "The machine is busy with another calculation. Try again in a minute.",
    ),
    HeavyFailed: Text(
        "Chưa tính xong được. Không có gì được công bố; bạn thử lại.",
        "The calculation did not finish. Nothing was published; please try again.",
    ),
    NoRoster: Text("Chưa có danh sách người giữ khóa.", "There is no roster of custodians yet."),
    RosterRefused: Text(
        "Danh sách không còn hiệu lực; hai người giữ khóa cần ký bản mới.",
        "The roster is no longer valid; two custodians need to sign a new one.",
    ),
}
_TOLD = tuple(_SENTENCES)
PATIENCE: Final = 2.0
"""So many seconds of trying keys go by before a page says how far it is; what lies between costs a tenth of that."""


@pages.get("/")
@signed_in(Role.CUSTODIAN)
def show() -> Any:
    """What waits, what can be begun, what has been published."""
    return _page(BeginForm(formdata=None))


@pages.post("/bat-dau")
@signed_in(Role.CUSTODIAN)
def begin() -> Any:
    """Count one's own share and leave it sealed to a colleague."""
    form = BeginForm()
    _offer(form)
    if not form.validate():
        return make_response(_page(form), 422)
    period = Period.of(form.as_of.data)
    try:
        half = releasing.begin(
            identity(),
            seed(),
            as_of=period.as_of,
            second=form.second.data,
            final=period.final,
            patience=PATIENCE,
        )
    except _TOLD as told:
        return _told(told)
    return _next(half)


@pages.post("/dem")
@signed_in(Role.CUSTODIAN)
def count() -> Any:
    """Put both shares together and show what the board would see."""
    try:
        half = releasing.count(identity(), seed(), patience=PATIENCE)
    except _TOLD as told:
        return _told(told)
    return _next(half)


@pages.get("/dang-dem")
@signed_in(Role.CUSTODIAN)
def go_on() -> Any:
    """How far it is; loaded again, it is further. What it goes on with was begun by a press of a button."""
    try:
        half = releasing.go_on(identity(), seed(), patience=PATIENCE)
    except NotYours as told:
        # Asked for twice, one of the two finds everything done.
        if releasing.preview(identity(), seed()) is not None:
            return redirect(url_for("releases.preview"))
        # Of a stop the button told already, and one sentence must not be written over by another.
        return redirect(url_for("releases.show")) if isinstance(told, Stopped) else _told(told)
    except _TOLD as told:
        return _told(told)
    if half.done:
        return _next(half)
    return render_template("board/counting.html", half=half, form=DeedForm(formdata=None))


@pages.post("/dung")
@signed_in(Role.CUSTODIAN)
def stop() -> Any:
    """Stop counting half-way; nothing of it is kept."""
    releasing.stop(identity(), seed())
    flash(
        str(
            Text(
                "Đã dừng. Không còn gì của lần đếm này trong bộ nhớ.",
                "Stopped. Nothing of this count is left in memory.",
            )
        )
    )
    return redirect(url_for("releases.show"))


@pages.get("/xem-truoc")
@signed_in(Role.CUSTODIAN)
def preview() -> Any:
    """Exactly what the board will see, not published yet."""
    seen = releasing.preview(identity(), seed())
    if seen is None:
        return redirect(url_for("releases.show"))
    with db.reading() as session:
        earlier = ledger.releases(session)
    return render_template(
        "board/preview.html",
        **arranged(seen.published, earlier),
        form=DeedForm(formdata=None),
        minutes=releasing.PREVIEW_MINUTES,
    )


@pages.post("/cong-bo")
@signed_in(Role.CUSTODIAN)
def publish() -> Any:
    """Publish what was looked at."""
    try:
        releasing.publish(identity(), seed())
    except _TOLD as told:
        return _told(told)
    flash(str(Text("Đã công bố. Ban xem được ngay.", "Published. The board can see it now.")))
    return redirect(url_for("releases.show"))


@pages.post("/de-lai")
@signed_in(Role.CUSTODIAN)
def put_aside() -> Any:
    """Take a begun release back; nothing of it is kept."""
    try:
        releasing.put_aside(identity(), seed())
    except _TOLD as told:
        return _told(told)
    flash(
        str(
            Text(
                "Đã để lại. Không còn gì của kỳ này trong bộ nhớ.",
                "Put aside. Nothing of it is left in memory.",
            )
        )
    )
    return redirect(url_for("releases.show"))


def _next(half: Halfway) -> Any:
    """Where a step leads: on with it, to the list of releases, or to what the board would see."""
    if not half.done:
        return redirect(url_for("releases.go_on"))
    if half.step != BEGIN:
        return redirect(url_for("releases.preview"))
    flash(
        str(
            Text(
                "Phần của bạn đã đếm và niêm phong cho đồng nghiệp. Nó chờ trong bộ nhớ 48 giờ.",
                "Your share is counted and sealed to your colleague. It waits in memory for 48 hours.",
            )
        )
    )
    return redirect(url_for("releases.show"))


def _told(told: Exception) -> Response:
    sentence = next(words for kind, words in _SENTENCES.items() if isinstance(told, kind))
    flash(str(sentence), "soon")
    return make_response(redirect(url_for("releases.show")))


def _page(form: BeginForm) -> str:
    me = identity()
    assert me is not None
    colleagues = _offer(form)
    begun = releasing.waiting()
    with db.reading() as session:
        done = ledger.releases(session)
        last = done[-1].as_of if done else None
        coming = next_to_come(clock.today(), last, ledger.report_days(session))
        names = _names(session)
    left_behind = (
        skipped_year_end(Period.of(form.as_of.choices[0].value).as_of, last) if form.as_of.choices else None
    )
    return render_template(
        "board/releases.html",
        form=form,
        deed=DeedForm(formdata=None),
        waiting=begun,
        half=releasing.unfinished(me, seed()),
        counted=releasing.preview(me, seed()) is not None,
        names=names,
        mine=begun is not None and begun.second == me.person_id,
        begun_by_me=begun is not None and begun.first == me.person_id,
        colleagues=colleagues,
        done=done,
        coming=coming,
        left_behind=left_behind,
        hours=releasing.HOURS_WAITING,
        minutes=releasing.PREVIEW_MINUTES,
    )


def _offer(form: BeginForm) -> list[Member]:
    """Fill the form; the colleagues are all custodians on the roster but oneself, none where oneself is not on it."""
    me = identity()
    assert me is not None
    with db.reading() as session:
        periods = releasing.periods(session)
        try:
            members = shares.custodians(session)
        except (NoRoster, RosterRefused):
            members = ()
    on_it = any(member.id == me.person_id for member in members)
    colleagues = [member for member in members if member.id != me.person_id] if on_it else []
    form.offer(periods, colleagues)
    return colleagues


def _names(session: Any) -> dict[str, str]:
    try:
        return {member.id: member.name for member in shares.custodians(session)}
    except (NoRoster, RosterRefused):
        return {}
