"""Rows of a case. What stands in clear is what docs/threat-model.md 4.1 lists, and a test counts the columns.

Nothing here says who wrote, who read or who was struck out. Ids are random, days have no hours, the embedded
database keeps no hidden row order, and every blob of one kind has the same length for every case.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import ID, Base

STATES: Final = ("received", "reading", "answered", "closed")
SIZES: Final = ("words", "files")
SIDES: Final = ("S", "C")
COPIES: Final = ("clean", "original")
FIRST_KINDS: Final = ("story", "flags", "safe_contact", "tally", "identity")
"""Every case has these five from its first moment, whatever was answered; `entry` is everything later."""
KINDS: Final = (*FIRST_KINDS, "entry")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class CaseFile(Base):
    """One report and what became of it."""

    __tablename__ = "case_file"
    __table_args__ = (
        CheckConstraint(_one_of("state", STATES), name="state_known"),
        CheckConstraint(_one_of("size_class", SIZES), name="size_known"),
        CheckConstraint("messages >= 0", name="messages_counted"),
        UniqueConstraint("mailbox", name="uq_case_file_mailbox"),
        UniqueConstraint("eraser_slot", name="uq_case_file_eraser_slot"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the mailbox token that only the receipt gives, in hexadecimal."""
    arrived_on: Mapped[date] = mapped_column(Date, index=True)
    state: Mapped[str] = mapped_column(String(10))
    urgent: Mapped[bool]
    messages: Mapped[int] = mapped_column(Integer)
    size_class: Mapped[str] = mapped_column(String(10))
    eraser_slot: Mapped[int] = mapped_column(Integer)
    """A place drawn at random in the file of eraser keys."""
    openings_handlers: Mapped[bytes] = mapped_column(LargeBinary)
    """How often it was opened and by which role, for the handlers' side; overwritten in place."""
    openings_reporter: Mapped[bytes] = mapped_column(LargeBinary)
    """The same, sealed to the reporter; overwritten in place."""
    for_reporter: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed to the reporter: whom they struck out, so that their later messages keep to it."""


class KeySet(Base):
    """One random key of one side, wrapped to everybody on that side of a roster version."""

    __tablename__ = "key_set"
    __table_args__ = (
        CheckConstraint(_one_of("side", SIDES), name="side_known"),
        Index("ix_key_set_side", "side", "case_id", "roster_version"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.id"), index=True)
    side: Mapped[str] = mapped_column(String(1))
    roster_version: Mapped[int] = mapped_column(Integer)
    blob: Mapped[bytes] = mapped_column(LargeBinary)


class Compartment(Base):
    """One sealed part of a case, chained to the one before."""

    __tablename__ = "compartment"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind_known"),
        CheckConstraint("key_set_s IS NOT NULL OR key_set_c IS NOT NULL", name="has_a_side"),
        UniqueConstraint("case_id", "sequence", name="uq_compartment_case_id"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.id"))
    kind: Mapped[str] = mapped_column(String(12))
    sequence: Mapped[int] = mapped_column(Integer)
    key_set_s: Mapped[str | None] = mapped_column(ForeignKey("key_set.id"), index=True)
    key_set_c: Mapped[str | None] = mapped_column(ForeignKey("key_set.id"), index=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)


class Letter(Base):
    """One message as the reporter can read it with the receipt; their own ones as well."""

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("case_id", "sequence", name="uq_letter_case_id"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.id"))
    sequence: Mapped[int] = mapped_column(Integer)
    blob: Mapped[bytes] = mapped_column(LargeBinary)


class ErasedCase(Base):
    """What remains of a case that was erased: by it the same sending makes no case anew."""

    __tablename__ = "erased_case"
    __table_args__ = ({"sqlite_with_rowid": False},)

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the random id, in hexadecimal."""


class StoredFile(Base):
    """One file beside a case: what it is stands sealed in an entry of the case."""

    __tablename__ = "stored_file"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.id"), index=True)


class ArrivingFile(Base):
    """A file that a browser is still bringing: its chunks are there in part, and no entry describes it yet."""

    __tablename__ = "arriving_file"
    __table_args__ = (
        CheckConstraint("clean_chunks >= 0 AND original_chunks > 0", name="chunks_counted"),
        {"sqlite_with_rowid": False},
    )

    file_id: Mapped[str] = mapped_column(ForeignKey("stored_file.id"), primary_key=True)
    begun_on: Mapped[date] = mapped_column(Date, index=True)
    """By it a file that never became whole is swept away; a day without an hour."""
    clean_chunks: Mapped[int] = mapped_column(Integer)
    original_chunks: Mapped[int] = mapped_column(Integer)


class FileChunk(Base):
    """One sealed piece of one copy of a file; all pieces have one size (intake/files/stream.py)."""

    __tablename__ = "file_chunk"
    __table_args__ = (
        CheckConstraint(_one_of("copy", COPIES), name="copy_known"),
        CheckConstraint("length(blob) = 262160", name="one_size"),
        {"sqlite_with_rowid": False},
    )

    file_id: Mapped[str] = mapped_column(ForeignKey("stored_file.id"), primary_key=True)
    copy: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
