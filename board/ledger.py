"""What has been published: read only after it was checked against its hash, written once, never changed.

The board's pages and files know a case from nowhere else. What is read is a pure function of rows that are
frozen: two members, any address, any later day see the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from board.models import PublishedRow, Release
from board.periods import report_day
from board.published import K, Published
from board.signed import canonical, entry, words_of, written
from core.campaign import Campaign
from core.disclosure import ProtectedTable, Row, from_json, to_json
from core.installation import installation_id
from core.roster import RosterRefused
from core.rosters import NoRoster
from intake.counts import shares


class NotAsPublished(Exception):
    """A published figure does not agree with the hash of its release: somebody changed what was frozen."""


def digest_of(document: bytes) -> str:
    """The hash that the log holds and the second custodian signs."""
    return hashlib.sha256(document).hexdigest()


def days(session: Session) -> list[date]:
    """The days of all releases, in order."""
    return list(session.scalars(select(Release.as_of).order_by(Release.as_of)))


def fingerprints(session: Session) -> tuple[tuple[str, str], ...]:
    """Name and hash of every release, in order: what a page made from them depends on."""
    found = session.execute(select(Release.name, Release.digest).order_by(Release.as_of, Release.name))
    return tuple((name, digest) for name, digest in found)


def releases(session: Session) -> list[Published]:
    """Every release, in order. Raises `NotAsPublished` when a row or a document was changed."""
    rows: dict[str, list[PublishedRow]] = {}
    order = select(PublishedRow).order_by(PublishedRow.table_name, PublishedRow.position)
    for row in session.scalars(order):
        rows.setdefault(row.release_name, []).append(row)
    found = session.scalars(select(Release).order_by(Release.as_of, Release.name)).all()
    return [_checked(release, rows.get(release.name, [])) for release in found]


def freeze(session: Session, published: Published) -> None:
    """Keep a release for ever: its document, and the same figures as rows of their own."""
    session.add(
        Release(
            name=published.name,
            year=published.year,
            as_of=published.as_of,
            made_on=published.made_on,
            catalogue=published.catalogue,
            document=written(published.tables),
            digest=published.digest,
            charts={name: dict(drawn) for name, drawn in published.charts.items()},
            signatures=[dict(one) for one in published.signatures],
            log_sequence=published.log_sequence,
            log_head=published.log_head,
        )
    )
    session.flush()  # the rows refer to it
    for table in published.tables:
        session.add_all(_row(table, place, row) for place, row in enumerate(table.rows))


def whole(session: Session, published: Sequence[Published]) -> bytes:
    """Every release in one document (design.md 6), with what its second custodian signed and by which key."""
    document = to_json([table for one in published for table in one.tables], k=K)
    try:
        signers = shares.signers(session)
    except (NoRoster, RosterRefused):
        signers = {}
    entries = [entry(one, installation_id(), signers) for one in published]
    return canonical({**document, "signed": [one for one in entries if one is not None]})


def is_signed(session: Session, published: Published) -> bool:
    """Whether the second custodian's signature fits figures, hash and the log's head, by the signed roster."""
    return any(
        shares.figures_signed(
            session,
            bytes.fromhex(one["signature"]),
            words_of(published),
            by=one["person"],
            roster_version=one["roster_version"],
        )
        for one in published.signatures
        if one["over"] == "document"
    )


def report_days(session: Session) -> list[date]:
    """The as-of days of the yearly reports, of every campaign."""
    found = (report_day(campaign.details) for campaign in session.scalars(select(Campaign)))
    return [day for day in found if day is not None]


def _checked(release: Release, rows: Sequence[PublishedRow]) -> Published:
    if digest_of(release.document) != release.digest:
        raise NotAsPublished(release.name)
    tables = from_json(json.loads(release.document))
    frozen = {
        (table.name, place): _row(table, place, row)
        for table in tables
        for place, row in enumerate(table.rows)
    }
    if {(row.table_name, row.position): _said(row) for row in rows} != {
        at: _said(row) for at, row in frozen.items()
    }:
        raise NotAsPublished(release.name)
    return Published(
        name=release.name,
        as_of=release.as_of,
        made_on=release.made_on,
        catalogue=release.catalogue,
        tables=tables,
        digest=release.digest,
        charts=release.charts,
        signatures=release.signatures,
        log_sequence=release.log_sequence,
        log_head=release.log_head,
    )


def _row(table: ProtectedTable, place: int, row: Row) -> PublishedRow:
    low, high = (row.value, row.value) if isinstance(row.value, int) else row.value or (None, None)
    return PublishedRow(
        release_name=table.release,
        table_name=table.name,
        position=place,
        dims=dict(zip(table.dims, row.at, strict=True)),
        low=low,
        high=high,
        withheld=row.value is None,
    )


def _said(row: PublishedRow) -> tuple[Any, ...]:
    return (row.release_name, row.dims, row.low, row.high, row.withheld)
