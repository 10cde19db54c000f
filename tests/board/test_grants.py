"""On PostgreSQL the board's pages work by a role that the database lets read no case."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import ProgrammingError

from board import grants
from core import db
from core.access import Role
from core.config import Settings, WrongSetting, read
from tests import factories
from tests.board.conftest import Year
from tests.conftest import running
from tests.servers import Postgres

ROLE = "centre_board"


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgresql)])
def by_role(request: pytest.FixtureRequest, postgres: Postgres, settings: Settings) -> Iterator[Flask]:
    """A centre whose board reads by its own role."""
    url = settings.database_url
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"DROP ROLE IF EXISTS {ROLE}".encode())
        owner.execute(f"CREATE ROLE {ROLE} LOGIN".encode())
        for line in grants.statements(ROLE):
            owner.execute(line.encode())
    board = url.replace("postgres@", f"{ROLE}@")
    with factories.cheap_locks(), running(dataclasses.replace(settings, board_database_url=board)) as app:
        yield app
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"DROP OWNED BY {ROLE}".encode())
        owner.execute(f"DROP ROLE {ROLE}".encode())


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_the_pages_work_and_the_database_refuses_everything_else(by_role: Flask) -> None:
    year = Year(by_role, factories.found_centre(by_role))
    page = year.at_desk(Role.BOARD).get("/ban/")
    assert page.status_code == 200
    assert "Chưa có kỳ công bố nào" in page.text
    with by_role.app_context():
        tables = set(inspect(db.current().engine).get_table_names())
        assert set(grants.READ) < tables
        for table in sorted(tables):
            with db.of_the_board().reading() as session:
                if table in grants.READ:
                    session.execute(text(f"SELECT count(*) FROM {table}"))
                    continue
                with pytest.raises(ProgrammingError, match="permission denied"):
                    session.execute(text(f"SELECT count(*) FROM {table}"))


@pytest.mark.parametrize("role", ["", "Board", "a b", 'x"; DROP TABLE person; --', "1a"])
def test_a_role_that_needs_quoting_is_refused(role: str) -> None:
    with pytest.raises(ValueError, match="small letters"):
        grants.statements(role)


def test_the_setting_needs_postgresql_beside_it() -> None:
    with pytest.raises(WrongSetting, match="BOARD_DATABASE_URL"):
        read({"BOARD_DATABASE_URL": "postgresql://x@/y"})
    both = {"BOARD_DATABASE_URL": "postgresql://x@/y", "DATABASE_URL": "postgresql://z@/y"}
    assert read(both).board_database == "postgresql+psycopg://x@/y"
