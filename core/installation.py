"""This installation: its public id, and loading the product's own data into an empty one."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Date, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.campaign import Campaign, Holiday, Hotline, Message
from core.db import ID, Base, current, new_id
from core.units import Unit, UnitGroup

DATA = Path(__file__).parent / "data"


class Installation(Base):
    """The one row that says which installation this is; its id salts every receipt."""

    __tablename__ = "installation"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(ID, unique=True)
    founded_on: Mapped[date | None] = mapped_column(Date)
    founding_token_hash: Mapped[str | None] = mapped_column(String(64))


def installation(session: Session) -> Installation:
    """The installation's row, made at the first start."""
    found = session.get(Installation, 1)
    if found is None:
        found = Installation(number=1, id=new_id())
        session.add(found)
    return found


def installation_id() -> str:
    """The public id of this installation, read once per process."""
    found: str | None = current_app.extensions.get("installation_id")
    if found is None:
        with current().reading() as session:
            row = session.get(Installation, 1)
        assert row is not None, "prepare() runs before the first page"
        found = current_app.extensions["installation_id"] = row.id
    return found


@cache
def read_data(name: str) -> Any:
    """One of the product's own data files."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def prepare(session: Session) -> None:
    """Load units, campaigns, messages, help numbers and holidays where there are none yet."""
    installation(session)
    if session.scalar(select(UnitGroup.code).limit(1)) is None:
        _load_units(session)
    if session.scalar(select(Campaign.year).limit(1)) is None:
        _load_campaigns(session)
    if session.scalar(select(Hotline.id).limit(1)) is None:
        _load_help(session)


def _load_units(session: Session) -> None:
    session.add_all(UnitGroup(**entry) for entry in read_data("unit_groups.json"))
    session.flush()  # units refer to their groups
    for entry in read_data("units.json"):
        if entry["default"]:
            session.add(
                Unit(
                    id=new_id(),
                    name_vi=entry["name_vi"],
                    name_en=entry["name_en"],
                    kind=entry["kind"],
                    group=entry["group"],
                    valid_from=date.fromisoformat(entry["valid_from"]),
                    valid_until=date.fromisoformat(entry["valid_until"]) if entry["valid_until"] else None,
                )
            )


def _load_campaigns(session: Session) -> None:
    for entry in read_data("campaign.json"):
        days = {name: date.fromisoformat(entry[name]) for name in ("begins", "ends")}
        session.add(Campaign(**(entry | days)))
        for message in read_data("messages.json"):
            if message["only"] in (None, entry["year"]):
                session.add(_message(message, entry["year"]))


def _message(entry: dict[str, Any], year: int) -> Message:
    return Message(
        year=year,
        code=entry["code"],
        text_vi=entry["text_vi"],
        text_en=entry["text_en"],
        group=entry["group"],
        places=entry["places"],
    )


def _load_help(session: Session) -> None:
    for entry in read_data("hotlines.json"):
        session.add(Hotline(id=new_id(), **(entry | {"checked_on": date.fromisoformat(entry["checked_on"])})))
    for entry in read_data("holidays.json"):
        session.add(
            Holiday(
                day=date.fromisoformat(entry["day"]),
                name_vi=entry["name_vi"],
                name_en=entry["name_en"],
                certain=entry["certain"],
            )
        )
