"""Pages of a board member: the newest release, every earlier one, and the figures as files.

All of them are the same bytes for every member: no filter, no parameter, nothing that depends on who looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, url_for
from sqlalchemy.orm import Session

from board import compared, figures, files, ledger
from board.catalogue import CATALOGUE
from board.ledger import NotAsPublished
from board.periods import next_to_come, offered
from board.published import K, Published
from board.signed import fingerprint
from core import clock, db, document, heavy, rosters
from core.access import Role
from core.i18n import Text, language
from core.pages import same_bytes
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import signed_in

pages = Blueprint("member", __name__, url_prefix="/ban")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """Who signed, with which key, and whether it fits; None where the roster cannot be read to tell."""

    signers: tuple[str, ...]
    key: str
    signed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the survey says, to stand beside the figures. digest: of the comparison it was read from."""

    digest: str
    slug: str
    year: int
    sentences: list[str]
    caveats: list[Text]


@pages.get("/")
@signed_in(Role.BOARD)
def desk() -> Response:
    """The newest release; before the first one, what will come and when."""
    return _page("")


@pages.get("/<release>")
@signed_in(Role.BOARD)
def release(release: str) -> Response:
    """One release, as it was when it was published."""
    return _page(release)


@pages.get("/so-lieu.json")
@signed_in(Role.BOARD)
def as_json() -> Response:
    """All releases in one document (design.md 6)."""
    with db.of_the_board().reading() as session:
        document = ledger.whole(session, ledger.releases(session))
    return Response(document, content_type="application/json; charset=utf-8")


@pages.get("/so-lieu.csv")
@signed_in(Role.BOARD)
def as_csv() -> Response:
    """The rows that may leave the board: those of at least 10."""
    with db.of_the_board().reading() as session:
        found = ledger.releases(session)
    response = Response(files.leaving_csv(found), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="so-lieu.csv"'
    return response


@pages.get("/so-lieu.<any(docx, xlsx):kind>")
@signed_in(Role.BOARD)
def as_file(kind: str) -> Any:
    """The rows that may leave the board as a workbook; those of the newest release as a document."""
    with db.of_the_board().reading() as session:
        found = ledger.releases(session)
    if not found:
        abort(404)
    payload = files.leaving_document(found) if kind == "docx" else files.leaving_workbook(found)
    try:
        return document.download(kind, payload, "so-lieu")
    except heavy.HeavyBusy:
        flash(str(document.BUSY))
        return redirect(url_for("member.desk"))


@pages.errorhandler(NotAsPublished)
def not_as_published(_error: NotAsPublished) -> Any:
    """Nothing is shown of figures that somebody has changed."""
    return make_response(render_template("board/not_as_published.html"), 500)


def arranged(published: Published, all_releases: list[Published]) -> dict[str, Any]:
    """What templates/board/figures.html needs to show one release; the preview of a new one uses it as well."""
    before = figures.before_in_year(published, all_releases)
    return {
        "release": published,
        "before": before,
        "key_figures": figures.key_figures(published),
        "one_way": figures.one_way(published, before, language()),
        "two_way": figures.two_way(published),
        "k": K,
        "leaving": files.LEAVING_AT_LEAST,
    }


def _page(name: str) -> Response:
    """One release, checked against its hash each time it is asked for, and drawn only once."""
    with db.of_the_board().reading() as session:
        found = ledger.releases(session)
        if name and name not in {one.name for one in found}:
            abort(404)
        if not found:
            return same_bytes(_nothing_yet, key=("board", clock.today()))
        published = next((one for one in found if one.name == name), found[-1])
        seals = _seals(session, published)
        beside = _beside(session, published.as_of)
        coming = next_to_come(found[-1].as_of, found[-1].as_of, ledger.report_days(session))
    depends_on = (tuple(one.digest for one in found), seals, beside and beside.digest, coming)
    return same_bytes(
        lambda: render_template(
            "board/release.html",
            **arranged(published, found),
            newest=found[-1],
            course=figures.course(found),
            years=published.charts.get(figures.YEARS, {}).get(language(), ""),
            years_title=figures.YEARS_TITLE,
            seals=seals,
            beside=beside,
            coming=coming,
        ),
        key=("board", published.name, depends_on),
    )


def _nothing_yet() -> str:
    with db.of_the_board().reading() as session:
        known = ledger.report_days(session)
    coming = next_to_come(clock.today(), None, known)
    ready = next(iter(offered(clock.today(), None, known)), None)
    return render_template("board/nothing_yet.html", coming=coming, ready=ready, catalogue=CATALOGUE, k=K)


def _seals(session: Session, published: Published) -> Seals:
    """The two custodians by name, and whether the signature under the figures holds."""
    try:
        chain = rosters.chain(session)
        members = [chain[one["roster_version"] - 1].member(one["person"]) for one in published.signatures]
        signed = ledger.is_signed(session, published)
    except (NoRoster, RosterRefused, KeyError, IndexError):
        return Seals(signers=(), key="", signed=None)
    names = tuple(f"{one.name} ({one.title})" for one in members)
    return Seals(signers=names, key=fingerprint(members[-1].sign_public), signed=signed)


def _beside(session: Session, as_of: date) -> Beside | None:
    """The newest survey that had closed on the day of a release, with enough people joined to say what changed."""
    for one in compared.shown(session, as_of):
        return Beside(
            digest=one.found.digest,
            slug=one.slug,
            year=one.before.year,
            sentences=one.sentences(),
            caveats=one.caveats(),
        )
    return None
