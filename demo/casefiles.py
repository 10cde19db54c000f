"""Files of invented cases: an assessment, a plan, consent and referral, a decision of two, a closing."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

from core import clock, db
from intake.casefile.record import File
from intake.casework import casework, filing
from intake.keys.founding import Settled


def keep(case_id: str, handler: Settled, colleague: Settled, chance: random.Random, day: date) -> None:
    """What two handlers wrote in the weeks after a letter came. day: of the letter."""
    first = day + timedelta(days=1)
    signs = chance.sample(["escalation", "control", "stalking", "choking", "fear", "substances"], 2)
    _write(
        case_id,
        handler,
        first,
        "danh-gia",
        risk_factors=signs,
        risk_level=chance.choice(["concern", "standard"]),
    )
    _write(case_id, handler, first, "tu-hai", suicide_risk=chance.choice(["no", "not_asked"]))
    _write(case_id, handler, first, "an-toan", places="Nhà chị gái ở xã bên", people="Chị gái, cô hàng xóm")
    _write(case_id, handler, first, "nhu-cau", needs=["health", "psychosocial"])
    _write(case_id, handler, first, "viec", on=first.isoformat(), what="Trả lời qua hộp thư, hẹn gặp")
    _refer(case_id, handler, day + timedelta(days=2))
    if chance.random() < 0.3:
        _share(case_id, handler, colleague, day + timedelta(days=2))
    if chance.random() < 0.4 and day + timedelta(days=40) < clock.today():
        with _on(day + timedelta(days=40)), db.writing() as session:  # what the reporter wrote is read first
            casework.open_case(session, colleague.identity, _seed(colleague), case_id)
        ending = {
            "closure": "hoan_thanh",
            "outcome": "safer",
            "reporter_told": "yes",
            "note": "Chị đang ở nhà chị gái; trạm y tế xã và cô hàng xóm còn trông chừng.",
        }
        _write(case_id, colleague, day + timedelta(days=40), "ket-thuc", **ending)


def _refer(case_id: str, handler: Settled, day: date) -> None:
    where, on = "Bệnh viện Đa khoa huyện", day.isoformat()
    agreed = {"given": "yes", "form": "spoken", "on": on}
    shared = {"content": "Cần khám và tư vấn", "purpose": "Khám bệnh", "means": "Điện thoại"}
    _write(case_id, handler, day, "dong-y", recipient=where, **shared, **agreed)
    consent = _file(case_id, handler, day).of("dong-y")[-1].row
    referral = {"service": "health", "recipient": where, "on": on, "consent": str(consent)}
    _write(case_id, handler, day, "chuyen-gui", **referral)
    row = _file(case_id, handler, day).of("chuyen-gui")[-1].row
    _write(case_id, handler, day + timedelta(days=1), "ket-qua", of=str(row), result="accepted")


def _share(case_id: str, handler: Settled, colleague: Settled, day: date) -> None:
    where = "Công an xã"
    shared = {"content": "Lời đe dọa", "purpose": "Bảo vệ tính mạng", "means": "Gọi 113"}
    why = {"ground": "life", "reason": "Nguy hiểm trước mắt, chưa liên lạc được", "told_first": "no"}
    _write(case_id, handler, day, "khong-dong-y", recipient=where, **shared, **why)
    asked = str(_file(case_id, handler, day).of("khong-dong-y")[-1].row)
    _write(case_id, colleague, day, "nguoi-thu-hai", of=asked)
    referral = {"service": "police", "recipient": where, "on": day.isoformat(), "override": asked}
    _write(case_id, handler, day, "chuyen-gui", **referral)


def _seed(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed


def _on(day: date) -> Any:
    return clock.freeze(datetime.combine(day, time(14, 5), clock.ZONE))


def _file(case_id: str, person: Settled, day: date) -> File:
    with _on(day), db.writing() as session:
        return filing.read(session, person.identity, _seed(person), case_id).file


def _write(case_id: str, person: Settled, day: date, kind: str, **values: Any) -> None:
    with _on(day), db.writing() as session:
        parts = filing.read(session, person.identity, _seed(person), case_id).parts
        filing.write(session, person.identity, _seed(person), case_id, kind=kind, values=values, parts=parts)
