"""Rows of the report to the Department of Health: what people wrote in it, and what it said when it went out."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Date, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

KINDS: Final = ("report", "supplement")


class ReportPart(Base):
    """One part of one year's report, as somebody wrote it; what nobody wrote has no row."""

    __tablename__ = "report_part"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(30), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    """Goes up with every change, so that nobody writes over words they have not seen."""


class SentReport(Base):
    """A report or supplement that went out: kept as it was sent, so that it can be had again unchanged."""

    __tablename__ = "sent_report"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind_known"),)

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    sent_on: Mapped[date] = mapped_column(Date)
    as_of: Mapped[date] = mapped_column(Date)
    document: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True, deferred_raiseload=True)
    """Its files as payloads: "docx" for `board.report.layout:docx_job`, "xlsx" for `core.document:xlsx_job`. With their
    photographs they weigh megabytes, so no page reads them by the way: `writing.as_sent` does."""
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What a supplement needs: number, symbol, day, what was said of each indicator, which units had reported; and
    the counts of the centre, which never leave this row."""
