"""The database is brought to this version whole or not at all, on both databases; a newer one is left alone."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from flask import Flask

import app as whole_program  # noqa: F401 - its parts declare the tables
from core import migrate
from core.db import Base, Database
from core.migrate import DatabaseTooNew

if TYPE_CHECKING:
    from tests.servers import Postgres

pytestmark = pytest.mark.skipif(migrate.newest() is None, reason="before the first step of the database")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/centre.db")
        yield database
        database.engine.dispose()
        return
    server: Postgres = request.getfixturevalue("postgres")
    server.create("empty")
    database = Database(server.url("empty").replace("postgresql://", "postgresql+psycopg://"))
    yield database
    database.engine.dispose()
    server.drop("empty")


def test_an_empty_database_gets_every_table(empty: Database) -> None:
    migrate.migrate(empty)
    with empty.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_what_the_models_say_is_what_the_steps_make(empty: Database) -> None:
    migrate.migrate(empty)
    migrate.check(empty)


def test_named_rules_stand_in_the_database_itself(empty: Database) -> None:
    migrate.migrate(empty)
    wanted = {
        (table.name, str(rule.name))
        for table in Base.metadata.tables.values()
        for rule in table.constraints
        if isinstance(rule, sa.CheckConstraint)
    }
    with empty.engine.connect() as connection:
        look = sa.inspect(connection)
        found = {
            (name, rule["name"]) for name in Base.metadata.tables for rule in look.get_check_constraints(name)
        }
    assert wanted <= found


def test_a_second_start_changes_nothing(empty: Database) -> None:
    migrate.migrate(empty)
    with empty.writing() as session:
        session.execute(sa.text("INSERT INTO unit_group VALUES ('a', 'Một', 'One')"))
    migrate.migrate(empty)
    with empty.reading() as session:
        assert session.execute(sa.text("SELECT name_vi FROM unit_group")).scalars().all() == ["Một"]


def test_two_processes_that_start_at_once_wait_for_each_other(empty: Database) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            migrate.migrate(empty)
        except Exception as error:  # noqa: BLE001 - told to the thread that looks
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    migrate.check(empty)


def test_a_database_from_a_newer_version_is_left_alone(empty: Database) -> None:
    migrate.migrate(empty)
    with empty.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match=r"newer version .*9999.*Nothing was changed") as refused:
        migrate.migrate(empty)
    assert "\n" not in str(refused.value)
    with empty.reading() as session:
        assert session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_a_step_that_fails_leaves_the_database_as_it_was(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError("the power went out")

    monkeypatch.setattr(migrate, "_check_references", fail)
    with pytest.raises(RuntimeError, match="power"):
        migrate.migrate(empty)
    with empty.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []


@pytest.mark.embedded
def test_the_embedded_database_belongs_to_one_user_from_its_first_byte(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/centre.db")
    migrate.migrate(database)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    for path in (tmp_path / "new").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    database.engine.dispose()


@pytest.mark.embedded
def test_tables_that_must_not_tell_an_order_have_no_hidden_row_number(app: Flask) -> None:
    wanted = {
        table.name
        for table in Base.metadata.tables.values()
        if table.dialect_options["sqlite"]["with_rowid"] is False
    }
    with app.extensions["database"].reading() as session:
        rows = session.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    found = {name for name, words in rows if words.rstrip().endswith("WITHOUT ROWID")}
    assert found == wanted
    assert wanted
