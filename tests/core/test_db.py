"""Two ways into the database: a look that keeps nothing, a deed that is kept whole or not at all."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from core import db
from core.campaign import Holiday, Hotline
from core.units import Unit


def _holiday(day: int) -> Holiday:
    return Holiday(day=date(2031, 1, day), name_vi="Ngày nghỉ", name_en="Day off", certain=True)


def _count(app: Flask) -> int:
    with app.extensions["database"].reading() as session:
        found: int = session.scalar(
            select(func.count()).select_from(Holiday).where(Holiday.day >= date(2031, 1, 1))
        )
        return found


def test_a_look_keeps_nothing(app: Flask) -> None:
    with app.app_context(), db.reading() as session:
        session.add(_holiday(1))
        session.flush()
    assert _count(app) == 0


def test_what_was_read_stays_readable_afterwards(app: Flask) -> None:
    with app.app_context(), db.reading() as session:
        lines = list(session.scalars(select(Hotline)))
    assert "113" in [line.number for line in lines]


def test_a_deed_is_kept(app: Flask) -> None:
    with app.app_context(), db.writing() as session:
        session.add(_holiday(2))
    assert _count(app) == 1


def test_a_deed_that_fails_half_way_leaves_nothing(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), app.app_context(), db.writing() as session:
        session.add(_holiday(3))
        session.flush()
        _ = 1 // 0
    assert _count(app) == 0


def test_a_breach_is_told_by_the_name_of_its_constraint(app: Flask) -> None:
    with pytest.raises(IntegrityError) as refused, app.app_context(), db.writing() as session:
        unit = session.scalars(select(Unit).limit(1)).one()
        unit.valid_from, unit.valid_until = date(2026, 1, 2), date(2026, 1, 1)
    assert "ck_unit_valid_span" in str(refused.value.orig)


def test_an_error_never_shows_the_values_it_was_about(app: Flask) -> None:
    with pytest.raises(IntegrityError) as refused, app.app_context(), db.writing() as session:
        session.add_all([_holiday(4), Holiday(day=date(2031, 1, 5), name_vi="bí mật", name_en=None)])
    assert "bí mật" not in str(refused.value).split("DETAIL")[0]
    assert "parameters hidden" in str(refused.value)


def test_two_deeds_that_read_before_they_write_wait_for_each_other(app: Flask) -> None:
    """On SQLite a transaction that begins by reading could not become a writing one: both must finish here."""
    row = text("UPDATE campaign SET title_en = title_en || 'x' WHERE year = 2020")

    def deed(_: int) -> None:
        with app.app_context(), db.writing() as session:
            session.execute(text("SELECT year FROM campaign WHERE year = 2020")).all()
            time.sleep(0.01)
            session.execute(row)

    with app.app_context(), db.reading() as session:
        before = session.execute(text("SELECT length(title_en) FROM campaign WHERE year = 2020")).scalar_one()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deed, range(24)))
    with app.app_context(), db.reading() as session:
        after = session.execute(text("SELECT length(title_en) FROM campaign WHERE year = 2020")).scalar_one()
    assert after == before + 24


def test_a_look_does_not_wait_for_a_deed(app: Flask) -> None:
    inside, done = threading.Event(), threading.Event()

    def slow_deed() -> None:
        with app.app_context(), db.writing() as session:
            session.add(_holiday(6))
            session.flush()
            inside.set()
            done.wait(10)

    worker = threading.Thread(target=slow_deed)
    worker.start()
    assert inside.wait(10)
    begun = time.monotonic()
    assert _count(app) == 0
    assert time.monotonic() - begun < 2
    done.set()
    worker.join()
    assert _count(app) == 1


@pytest.mark.embedded
def test_every_connection_keeps_deleted_words_off_the_disk(app: Flask) -> None:
    with app.extensions["database"].reading() as session:
        held = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "secure_delete", "temp_store", "foreign_keys", "synchronous")
        }
    assert held == {
        "journal_mode": "wal",
        "secure_delete": 1,
        "temp_store": 2,
        "foreign_keys": 1,
        "synchronous": 2,
    }


def test_ids_are_random_and_tell_no_order() -> None:
    drawn = [db.new_id() for _ in range(200)]
    assert len(set(drawn)) == 200
    assert drawn != sorted(drawn)
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in drawn)
