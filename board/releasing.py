"""A release, as the act of two custodians one after the other (design.md 4).

    begin      the first chooses a closed period and a second custodian; her cells wait sealed to that person
    count      the second opens that share and her own, tabulates, and passes all through the disclosure rule
    publish    she has seen exactly what the board will see; figures, hash and log line are kept in one piece

Between the steps everything lies in memory-backed storage, sealed to the one person who may go on, for two
days (the share) and half an hour (the preview). Interrupted anywhere, nothing is published and nothing is
left behind. No step says how many cases anybody could open, or which. Where keys are tried on thousands of cases,
`begin` and `count` stop after `patience` seconds and `go_on` goes on (board/halfway.py).

*What is signed.* The first custodian signs the hash of her sealed share, with period and recipient: she
cannot have seen the figures. The second signs the figures' hash together with the head of the log, whose last
line says that they were published and holds the same hash.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from board import figures, halfway, ledger
from board.catalogue import CATALOGUE, CATALOGUES, FEWEST_UNITS, Catalogue
from board.drawing import draw
from board.halfway import BEGIN, COUNT, Halfway
from board.periods import Period, offered, to_open
from board.published import K, Published
from board.roles import require_may
from board.signed import words_of, written
from core import clock, db, heavy, log, memory, once, units
from core.access import Identity
from core.disclosure import ProtectedTable, from_json, to_job
from core.log import LogHead
from intake.counts import shares, tally
from intake.counts.counting import Cell, final_day
from intake.counts.shares import Share, ShareRefused
from intake.counts.tally import Wanted

HOURS_WAITING: Final = 48
PREVIEW_MINUTES: Final = 30
_SHELF: Final = "release:waiting"
_PREVIEW: Final = "release preview"

Progress = Callable[[str], None]


class NotThisPeriod(Exception):
    """A period that is not closed yet, not on the list, or already covered by a release."""


class AlreadyBegun(Exception):
    """Another release waits for its second custodian; it is finished or put aside first."""


class NotYours(Exception):
    """This release waits for somebody else, or no longer waits."""


class Stopped(NotYours):
    """Whoever counted stopped it, while it was at work for them elsewhere."""


class NotSafe(Exception):
    """The disclosure rule found no way to publish these figures; nothing was published."""


class Overtaken(Exception):
    """Somebody else published in the meantime; nothing more was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A begun release: who began it, who is to finish it, for which period."""

    period: Period
    first: str
    second: str
    share: Share

    @property
    def as_of(self) -> date:
        """The last day that is counted."""
        return self.period.as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the board will see, before it is published. `after`: fingerprints of the releases it builds on."""

    period: Period
    first: Mapping[str, Any]
    catalogue: int
    tables: tuple[ProtectedTable, ...]
    charts: Mapping[str, Mapping[str, str]]
    after: Sequence[Sequence[str]]

    @property
    def published(self) -> Published:
        """As it would be published today."""
        document = written(self.tables)
        return Published(
            name=self.period.name,
            as_of=self.period.as_of,
            made_on=clock.today(),
            catalogue=self.catalogue,
            tables=self.tables,
            digest=ledger.digest_of(document),
            charts=self.charts,
            signatures=[dict(self.first)],
        )


def periods(session: Session) -> list[Period]:
    """What can be released now, the newest first; then the closed years whose final figures can be made."""
    done = ledger.days(session)
    today = clock.today()
    days = offered(today, done[-1] if done else None, ledger.report_days(session))
    released = [name for name, _ in ledger.fingerprints(session)]
    return [*(Period(as_of=day) for day in days), *to_open(today, released, final_day)]


def waiting() -> Waiting | None:
    """The release that waits for its second custodian, if one does."""
    kept = memory.store().get(_SHELF)
    if kept is None:
        return None
    found = json.loads(kept)
    return Waiting(
        period=Period.of(found["period"]),
        first=found["first"],
        second=found["second"],
        share=Share.from_json(found["share"]),
    )


def begin(
    identity: Identity | None,
    seed: bytes,
    *,
    as_of: date,
    second: str,
    final: bool = False,
    patience: float | None = None,
) -> Halfway:
    """Open what the first custodian can and leave it sealed to the second (an id on the roster).

    final: the final figures of the year that ends on that day.

    Raises `Denied`, `NotThisPeriod`, `AlreadyBegun`, `NotYours` for a second who cannot be one, `LogBroken`.
    """
    first = require_may(identity, "begin a release")
    period = Period(as_of=as_of, final=final)
    with db.reading() as session:
        _require_period(session, period)
        known = {member.id for member in shares.custodians(session)}
        days = tuple(ledger.days(session))
    if not {first.person_id, second} <= known or second == first.person_id:
        raise NotYours
    if waiting() is not None:
        raise AlreadyBegun
    _write("release_begun", first, period, {"with": second})
    return _further(first, seed, Halfway(step=BEGIN, period=period, of=second, releases=days), patience)


def count(
    identity: Identity | None, seed: bytes, *, patience: float | None = None, progress: Progress | None = None
) -> Halfway:
    """Put both shares together, protect the tables in a child process, and keep the preview for `preview`.

    Raises `Denied`, `NotYours`, `NotThisPeriod`, `NotSafe`, `ShareRefused`, `HeavyBusy`, `HeavyFailed`, `LogBroken`.
    """
    second = require_may(identity, "count a release")
    begun = _mine(second)
    with db.reading() as session:
        _require_period(session, begun.period)
        days = tuple(ledger.days(session))
    _write("release_counted", second, begun.period)
    half = Halfway(step=COUNT, period=begun.period, of=begun.share.digest, releases=days)
    return _further(second, seed, half, patience, progress)


def go_on(
    identity: Identity | None, seed: bytes, *, patience: float | None = None, progress: Progress | None = None
) -> Halfway:
    """Go on with a step that was not done in time. Its line is in the log since it began.

    Raises what that step raises, `NotYours` where there is nothing to go on with, `Overtaken`.
    """
    person = require_may(identity, "see releases")
    half = halfway.look(seed)
    if half is None:
        raise NotYours
    return _further(require_may(person, f"{half.step} a release"), seed, half, patience, progress)


def unfinished(identity: Identity | None, seed: bytes) -> Halfway | None:
    """The step this custodian has begun and not finished, if any."""
    require_may(identity, "see releases")
    return halfway.look(seed)


def stop(identity: Identity | None, seed: bytes) -> None:
    """Give up one's own counting; a share that waits stays. Raises `Denied`."""
    require_may(identity, "see releases")
    halfway.forget(seed)


def preview(identity: Identity | None, seed: bytes) -> Preview | None:
    """Exactly what the board will see, if this custodian has counted what still waits and half an hour is not over."""
    require_may(identity, "count a release")
    kept, begun = once.look(_PREVIEW, seed), waiting()
    if kept is None or begun is None or kept["first"]["sha256"] != begun.share.digest:
        return None
    return Preview(
        period=Period.of(kept["period"]),
        first=kept["first"],
        catalogue=kept["catalogue"],
        tables=from_json(kept["document"]),
        charts=kept["charts"],
        after=kept["after"],
    )


def publish(identity: Identity | None, seed: bytes) -> Published:
    """Publish what the preview shows: rows, document, signatures and the log's line in one transaction.

    Raises `Denied`, `NotYours` when there is nothing to publish, `Overtaken`, `LogBroken`.
    """
    second = require_may(identity, "publish a release")
    seen, begun = preview(second, seed), _mine(second)
    if seen is None or seen.period != begun.period:
        raise NotYours
    looked_at = seen.published
    with db.writing() as session:
        # The log's line first: its lock makes two publishers take turns, and the second then sees the first.
        detail = {"digest": looked_at.digest, "audit": "nothing found"}
        log.write(session, "release_published", who=second.person_id, about=looked_at.name, detail=detail)
        session.flush()
        if [list(one) for one in ledger.fingerprints(session)] != [list(one) for one in seen.after]:
            raise Overtaken
        signed = _signed(session, looked_at, second, seed)
        ledger.freeze(session, signed)
    forget(seed)
    return signed


def put_aside(identity: Identity | None, seed: bytes) -> None:
    """Take a begun release back, as its first or its second custodian. Raises `Denied`, `NotYours`, `LogBroken`."""
    person = require_may(identity, "put a release aside")
    begun = waiting()
    if begun is None or person.person_id not in {begun.first, begun.second}:
        raise NotYours
    _write("release_put_aside", person, begun.period)
    forget(seed)


def forget(seed: bytes) -> None:
    """Nothing of a release is left in memory."""
    halfway.forget(seed)
    once.forget(_PREVIEW, seed)
    memory.store().delete(_SHELF)


def wanted(catalogue: Catalogue, too_small: Collection[str] = ()) -> list[Wanted]:
    """The catalogue's tables as the custodians' wing makes them. too_small: categories with too few units."""
    return [
        Wanted(
            name=one.name,
            counts=one.counts,
            dims=one.categories,
            groups=one.groups(too_small),
            moves=tuple(dim for dim in one.categories if dim in catalogue.moves),
        )
        for one in catalogue.tables
    ]


def _too_small(session: Session, catalogue: Catalogue, on: date, before: Sequence[Published]) -> set[str]:
    """The categories whose groups have fewer than five units on a day. What was merged once this year stays so."""
    sizes = Counter(unit.group for unit in units.valid(session, on))
    told = {name for one in before for table in one.tables for name in table.groups}
    return {
        code
        for code, groups in catalogue.groups_of_units.items()
        if told or sum(sizes[group] for group in groups) < FEWEST_UNITS
    }


def _as_if(tables: tuple[ProtectedTable, ...], period: Period) -> Iterator[Published]:
    """A release that is none yet, to stand among the others in a picture."""
    yield Published(
        name=period.name,
        as_of=period.as_of,
        made_on=clock.today(),
        catalogue=0,
        tables=tables,
        digest="",
        charts={},
        signatures=[],
    )


def _require_period(session: Session, period: Period) -> None:
    if period not in periods(session):
        raise NotThisPeriod


def _counted_until(period: Period) -> date:
    """The last day whose judgements matter: a share is bound to it, so that none serves for another release."""
    return final_day(period.as_of.year) if period.final else period.as_of


def _further(
    person: Identity, seed: bytes, half: Halfway, patience: float | None, progress: Progress | None = None
) -> Halfway:
    """Some of the work or the rest of it. Between two times what was counted waits in memory."""
    try:
        if not half.opened.whole:
            with db.reading_much() as session:
                _require_same(session, person, half)
                half = half.further(session, person, seed, patience)
            # A page says first that the tables come next: they take a while of their own.
            if not half.opened.whole or (half.resumed and half.step == COUNT):
                return _kept(seed, half)
        if half.step == BEGIN:
            _leave_share(person, seed, half)
        else:
            _keep_preview(person, seed, half, progress)
    except (heavy.HeavyBusy, heavy.HeavyFailed):
        raise  # what was counted stays, so that only the tables need to be tried again
    except Exception:
        halfway.forget(seed)
        raise
    halfway.forget(seed)
    return replace(half, done=True)


def _kept(seed: bytes, half: Halfway) -> Halfway:
    if halfway.stopped(seed, half):
        raise Stopped
    halfway.keep(seed, half)
    return half


def _require_same(session: Session, person: Identity, half: Halfway) -> None:
    """Raises `AlreadyBegun`, `NotYours` or `Overtaken` where others went on in the meantime."""
    if half.step == BEGIN and waiting() is not None:
        raise AlreadyBegun
    if half.step == COUNT and _mine(person).share.digest != half.of:
        raise NotYours
    if tuple(ledger.days(session)) != half.releases:
        raise Overtaken


def _leave_share(first: Identity, seed: bytes, half: Halfway) -> None:
    with db.reading() as session:
        _require_same(session, first, half)
        if halfway.stopped(seed, half):
            raise Stopped
        if half.of not in {member.id for member in shares.custodians(session)}:
            raise NotYours
        until = _counted_until(half.period)
        share = shares.seal_share(session, first, seed, half.opened.cells, as_of=until, to=half.of)
    kept = {
        "period": half.period.name,
        "first": first.person_id,
        "second": half.of,
        "share": share.to_json(),
    }
    if not memory.store().add(_SHELF, json.dumps(kept).encode(), HOURS_WAITING * 3600):
        raise AlreadyBegun


def _keep_preview(second: Identity, seed: bytes, half: Halfway, progress: Progress | None) -> None:
    with db.reading() as session:
        _require_same(session, second, half)
        _require_period(session, half.period)
        begun = _mine(second)
        earlier = ledger.releases(session)
        before = [one for one in earlier if one.year == begun.as_of.year]
        after = ledger.fingerprints(session)
        catalogue = CATALOGUES[before[0].catalogue] if before else CATALOGUE
        asked = wanted(catalogue, _too_small(session, catalogue, begun.as_of, before))
        cells = _theirs(session, second, seed, begun) | dict(half.opened.cells)
    tables = _protected(cells, begun.period, asked, before, progress)
    if tables is None:
        _write("release_refused", second, begun.period)
        memory.store().delete(_SHELF)
        raise NotSafe
    charts = draw(tables, catalogue, figures.years([*earlier, *_as_if(tables, begun.period)]))
    if halfway.stopped(seed, half):
        raise Stopped
    if _mine(second).share.digest != half.of:
        raise NotYours
    kept = {
        "period": begun.period.name,
        "first": _first_signature(begun),
        "catalogue": catalogue.version,
        "document": json.loads(written(tables)),
        "charts": charts,
        "after": after,
    }
    once.forget(_PREVIEW, seed)
    once.keep(_PREVIEW, seed, kept, PREVIEW_MINUTES * 60)


def _mine(second: Identity) -> Waiting:
    begun = waiting()
    if begun is None or begun.second != second.person_id:
        raise NotYours
    return begun


def _theirs(session: Session, second: Identity, seed: bytes, begun: Waiting) -> dict[str, Cell]:
    """Case id → cell: what the first custodian could open. With one's own, each case is there once."""
    try:
        return shares.open_share(session, second, seed, begun.share, as_of=_counted_until(begun.period))
    except ShareRefused:
        memory.store().delete(_SHELF)
        raise


def _protected(
    cells: Mapping[str, Cell],
    period: Period,
    asked: Sequence[Wanted],
    history: Sequence[Published],
    progress: Progress | None,
) -> tuple[ProtectedTable, ...] | None:
    """The tables as everybody may see them; None where the rule refuses. Years share no case, so one year is enough."""
    tables = asked if period.final else [replace(one, moves=()) for one in asked]
    raw = tally.tabulate(cells, tables=tables, release=period.name)
    past = [table for one in history for table in one.tables]
    try:
        document = heavy.run("core.disclosure:protect_job", to_job(raw, past, k=K), progress=progress)
    except heavy.HeavyFailed as failed:
        if failed.kind == "NotPublishable":
            return None
        raise
    return from_json(document)


def _first_signature(begun: Waiting) -> dict[str, Any]:
    return {
        "over": "share",
        "person": begun.first,
        "roster_version": begun.share.roster_version,
        "to": begun.second,
        "sha256": begun.share.digest,
        "signature": begun.share.signature.hex(),
    }


def _signed(session: Session, looked_at: Published, second: Identity, seed: bytes) -> Published:
    """The figures with the log's head as it stands after this release's own line, and the second signature."""
    head = session.scalars(select(LogHead)).one()
    at_head = replace(looked_at, log_sequence=head.sequence, log_head=head.mac.hex())
    signature = {
        "over": "document",
        "person": second.person_id,
        "roster_version": shares.roster_version(session),
        "signature": shares.sign_figures(second, seed, words_of(at_head)).hex(),
    }
    return replace(at_head, signatures=[*at_head.signatures, signature])


def _write(deed: str, person: Identity, period: Period, detail: Mapping[str, Any] | None = None) -> None:
    with db.writing() as session:
        log.write(session, deed, who=person.person_id, about=period.name, detail=detail)
