"""Rows of the surveys. An answer's row holds no person, no unit, no time and no order of arrival.

Answers and used marks are not appended: places for them are made beforehand under random ids, all of one
size, and an answer fills one drawn at random (decision 0006). A copy of the file therefore does not tell,
even by the position of bytes in its pages, which answer came when, or which card came with it.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import ID, Base

ANSWER_BYTES: Final = 2048
LINK_BYTES: Final = 1121 + 128 + 16
WAVES: Final = ("before", "after", "followup")


class QuestionnaireVersion(Base):
    """One version of a questionnaire, frozen with its hash when a round first opens it."""

    __tablename__ = "questionnaire"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    frozen: Mapped[bool] = mapped_column(default=False)


class QuestionnaireWorkbook(Base):
    """The workbook a version was written in, byte for byte, with its SHA-256."""

    __tablename__ = "questionnaire_workbook"

    questionnaire_id: Mapped[str] = mapped_column(ForeignKey("questionnaire.id"), primary_key=True)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    kept_on: Mapped[date] = mapped_column(Date)


class Round(Base):
    """One wave of one year's survey."""

    __tablename__ = "survey_round"
    __table_args__ = (
        CheckConstraint("wave IN ('before', 'after', 'followup')", name="wave_known"),
        CheckConstraint("state IN ('planned', 'open', 'closed')", name="state_known"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    year: Mapped[int] = mapped_column(Integer)
    wave: Mapped[str] = mapped_column(String(10))
    questionnaire_id: Mapped[str] = mapped_column(ForeignKey("questionnaire.id"))
    state: Mapped[str] = mapped_column(String(10), default="planned")
    opens_on: Mapped[date] = mapped_column(Date)
    closes_on: Mapped[date] = mapped_column(Date)
    with_cards: Mapped[bool] = mapped_column(default=True)
    invited: Mapped[int] = mapped_column(Integer, default=0)
    link_public: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What links this wave to another is sealed to this key …"""
    link_wraps: Mapped[bytes | None] = mapped_column(LargeBinary)
    """… whose seed is sealed to each custodian: JSON, custodian id → hexadecimal."""


class Response(Base):
    """A place for one response: coded answers, padded to one size, and the sealed link. Nothing else, ever."""

    __tablename__ = "response"
    __table_args__ = (
        CheckConstraint(f"length(answers) = {ANSWER_BYTES}", name="one_size"),
        CheckConstraint(f"length(link) = {LINK_BYTES}", name="link_one_size"),
        {"sqlite_with_rowid": False},
    )

    round_id: Mapped[str] = mapped_column(ForeignKey("survey_round.id"), primary_key=True)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    filled: Mapped[int] = mapped_column(Integer, default=0)
    answers: Mapped[bytes] = mapped_column(LargeBinary)
    link: Mapped[bytes] = mapped_column(LargeBinary)


class Card(Base):
    """A printed card, by a mark that only its code and a key outside the database can make."""

    __tablename__ = "card"
    __table_args__ = ({"sqlite_with_rowid": False},)

    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)


class CardUse(Base):
    """Whether a card was used in a round. Shares no key with any answer."""

    __tablename__ = "card_use"
    __table_args__ = (CheckConstraint("used IN (0, 1)", name="used_or_not"), {"sqlite_with_rowid": False})

    round_id: Mapped[str] = mapped_column(ForeignKey("survey_round.id"), primary_key=True)
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    used: Mapped[int] = mapped_column(Integer, default=0)


class Comparison(Base):
    """Two closed rounds put side by side: frozen joint tables, and the effects computed from them once."""

    __tablename__ = "comparison"

    before_id: Mapped[str] = mapped_column(ForeignKey("survey_round.id"), primary_key=True)
    after_id: Mapped[str] = mapped_column(ForeignKey("survey_round.id"), primary_key=True)
    joint: Mapped[dict[str, Any]] = mapped_column(JSON)
    effects: Mapped[dict[str, Any]] = mapped_column(JSON)
    charts: Mapped[dict[str, Any]] = mapped_column(JSON)  # language → name of the picture → SVG
    digest: Mapped[str] = mapped_column(String(64))
    made_on: Mapped[date] = mapped_column(Date)


class AnalysisPlan(Base):
    """What a year's results will be, decided before its first round; fixed once and never changed."""

    __tablename__ = "analysis_plan"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    fixed_on: Mapped[date | None] = mapped_column(Date)


class EvaluatorFile(Base):
    """The one background item that files for evaluators of a round may carry, chosen once for always.

    Two files with two items could be laid over each other by the answers, which nearly name their rows.
    """

    __tablename__ = "evaluator_file"

    round_id: Mapped[str] = mapped_column(ForeignKey("survey_round.id"), primary_key=True)
    background: Mapped[str] = mapped_column(String(40))
    chosen_on: Mapped[date] = mapped_column(Date)
