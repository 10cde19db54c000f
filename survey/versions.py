"""Versions of questionnaires: kept byte for byte with the workbook they were written in, frozen by a round."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Identity, Role, require
from core.db import new_id
from survey.models import QuestionnaireVersion, QuestionnaireWorkbook, Round
from survey.questionnaire import Questionnaire, load


class AlreadyKept(Exception):
    """This very workbook is a version already; `version_id` says which."""

    def __init__(self, version_id: str) -> None:
        super().__init__(version_id)
        self.version_id = version_id


class InUse(Exception):
    """A version that a round has planned or opened, or that is shipped, is not taken away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One version as a list shows it."""

    id: str
    questionnaire: Questionnaire
    frozen: bool
    rounds: int
    shipped: bool


def keep(session: Session, by: Identity | None, file: bytes, data: Mapping[str, Any]) -> str:
    """Keep a workbook and what was read from it as the next version of its name; its id. Raises AlreadyKept."""
    require(by, Role.CAMPAIGNER)
    digest = hashlib.sha256(file).hexdigest()
    same = select(QuestionnaireWorkbook.questionnaire_id).where(QuestionnaireWorkbook.digest == digest)
    if (found := session.scalar(same)) is not None:
        raise AlreadyKept(found)
    latest = select(func.max(QuestionnaireVersion.version)).where(QuestionnaireVersion.name == data["name"])
    numbered = Questionnaire.from_json({**data, "version": (session.scalar(latest) or 0) + 1})
    row = QuestionnaireVersion(
        id=new_id(),
        name=numbered.name,
        version=numbered.version,
        content=numbered.to_json(),
        digest=numbered.digest(),
    )
    session.add(row)
    session.flush()
    session.add(
        QuestionnaireWorkbook(questionnaire_id=row.id, file=file, digest=digest, kept_on=clock.today())
    )
    return row.id


def drop(session: Session, by: Identity | None, version_id: str) -> None:
    """Take away a version that no round has planned. Raises InUse."""
    require(by, Role.CAMPAIGNER)
    row = session.get_one(QuestionnaireVersion, version_id)
    planned = session.scalar(select(Round.id).where(Round.questionnaire_id == version_id).limit(1))
    if row.frozen or planned or row.digest == shipped():
        raise InUse
    workbook = session.get(QuestionnaireWorkbook, version_id)
    if workbook:
        session.delete(workbook)
        session.flush()
    session.delete(row)


def kept(session: Session) -> Sequence[Kept]:
    """Every version, the newest first."""
    used = dict(
        session.execute(select(Round.questionnaire_id, func.count()).group_by(Round.questionnaire_id)).all()
    )
    rows = session.scalars(
        select(QuestionnaireVersion).order_by(QuestionnaireVersion.name, QuestionnaireVersion.version.desc())
    )
    return [
        Kept(
            id=row.id,
            questionnaire=Questionnaire.from_json(row.content),
            frozen=row.frozen,
            rounds=used.get(row.id, 0),
            shipped=row.digest == shipped(),
        )
        for row in rows
    ]


def suggested(session: Session) -> str:
    """The version a new round would most likely ask: that of the last round, else the shipped one."""
    last = select(Round.questionnaire_id).order_by(Round.opens_on.desc()).limit(1)
    usual = select(QuestionnaireVersion.id).where(QuestionnaireVersion.digest == shipped())
    return session.scalar(last) or session.scalar(usual) or ""


def asked_otherwise(session: Session, year: int, wave: str, version_id: str) -> bool:
    """Whether the year's wave before the campaign asks another version, so that a later wave cannot be joined to it."""
    found = select(Round.id).where(
        Round.year == year, Round.wave == "before", Round.questionnaire_id != version_id
    )
    return wave != "before" and session.scalar(found.limit(1)) is not None


@cache
def shipped() -> str:
    """The digest of the shipped questionnaire."""
    return load().digest()
