"""Rows of the board: what was published, frozen. Nothing here leads back to a case.

A release is its canonical document (design.md 6), signed, and beside it the same figures as rows of their
own. Neither is ever changed: the program refuses to, and whoever reads them checks rows and document
against the release's hash (board/ledger.py).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, LargeBinary, String, event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from core.db import Base


class Frozen(Exception):
    """Published figures never change; nothing was changed."""


class Release(Base):
    """One release, named by the day its counts reach."""

    __tablename__ = "release"
    __table_args__ = (CheckConstraint("as_of < made_on", name="period_closed"), {"sqlite_with_rowid": False})

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(Integer)
    as_of: Mapped[date] = mapped_column(Date)
    made_on: Mapped[date] = mapped_column(Date)
    catalogue: Mapped[int] = mapped_column(Integer)
    """Version of the catalogue whose words belong to it."""
    document: Mapped[bytes] = mapped_column(LargeBinary)
    """The protected tables in their one written form, UTF-8 JSON: what is hashed and signed."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the document, in hexadecimal."""
    charts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Table name → language → SVG, drawn once when it was published."""
    signatures: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Of the first custodian over the hash of her sealed share, of the second over the document."""
    log_sequence: Mapped[int] = mapped_column(Integer)
    """Number and link of the log's last line when it was published: that line says so and holds the hash."""
    log_head: Mapped[str] = mapped_column(String(64))


class PublishedRow(Base):
    """One row of one table of a release, as everybody may see it."""

    __tablename__ = "published_row"
    __table_args__ = (
        CheckConstraint("(low IS NULL) = (high IS NULL)", name="both_ends"),
        CheckConstraint("(low IS NULL) = withheld", name="withheld_says_nothing"),
        CheckConstraint("low >= 0 AND low <= high", name="from_low_to_high"),
        {"sqlite_with_rowid": False},
    )

    release_name: Mapped[str] = mapped_column(ForeignKey("release.name"), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    dims: Mapped[dict[str, str]] = mapped_column(JSON)
    """Dim → category or "total"."""
    low: Mapped[int | None] = mapped_column(Integer)
    high: Mapped[int | None] = mapped_column(Integer)
    withheld: Mapped[bool]


_FROZEN: Final = frozenset({Release.__tablename__, PublishedRow.__tablename__})


@event.listens_for(Release, "before_update")
@event.listens_for(Release, "before_delete")
@event.listens_for(PublishedRow, "before_update")
@event.listens_for(PublishedRow, "before_delete")
def _refuse(_mapper: object, _connection: object, _row: object) -> None:
    raise Frozen


@event.listens_for(Session, "do_orm_execute")
def _refuse_in_bulk(asked: ORMExecuteState) -> None:
    if asked.is_update or asked.is_delete:
        table = getattr(asked.statement, "table", None)
        if getattr(table, "name", None) in _FROZEN:
            raise Frozen
