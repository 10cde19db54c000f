"""The furniture of the tests: a fresh centre for each, on both databases, and a real browser where needed.

Nothing here is imported by the product. PostgreSQL is a real one that the first test to need it starts in a
folder of its own; Chromium is the one of the machine.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule
from werkzeug.wsgi import ClosingIterator

from core import clock as core_clock
from core import heavy, memory, pages
from core.config import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.servers import Postgres

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def pytest_configure() -> None:
    """Centres of tests lie in memory where it has room: half of their time was the disk's, which nobody tests."""
    place = memory.SHARED_MEMORY
    if os.access(place, os.W_OK) and shutil.disk_usage(place).free > 3 * 2**30:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(place))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever touches the database runs on both; what is marked `browser` or `embedded` on SQLite alone."""
    marks = metafunc.definition.iter_markers("parametrize")
    asked = {name for mark in marks for name in _names(mark.args[0])}
    if "database_url" in metafunc.fixturenames and "database_url" not in asked:
        one = any(metafunc.definition.get_closest_marker(name) for name in ("browser", "embedded"))
        metafunc.parametrize("database_url", BACKENDS[:1] if one else BACKENDS, indirect=True)


def _names(arguments: str | Sequence[str]) -> Sequence[str]:
    return arguments.split(",") if isinstance(arguments, str) else arguments


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys and promises take their time: they belong to `make test`."""
    for item in items:
        if {"journeys", "promises"} & set(item.path.parts):
            item.add_marker(pytest.mark.slow)


# The database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database with tables and the product's own data, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    _fill(Settings(instance=folder))
    return folder / "centre.db"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL of the machine's package, in a folder of its own, reached by a socket only."""
    from tests.servers import Postgres

    with Postgres.started() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with tables and the product's own data, copied for each test."""
    postgres.create("furnished")
    _fill(Settings(instance=tmp_path_factory.mktemp("template"), database_url=postgres.url("furnished")))
    return "furnished"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The setting DATABASE_URL of a furnished database for this test alone: embedded, then PostgreSQL."""
    if request.param == "sqlite":
        instance = _instance(tmp_path)
        shutil.copyfile(request.getfixturevalue("sqlite_template"), instance / "centre.db")
        (instance / "centre.db").chmod(0o600)
        yield ""
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.copy(request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of this test's centre; a test that needs others asks for `dataclasses.replace`."""
    return Settings(instance=_instance(tmp_path), database_url=database_url)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A fresh centre: tables and the product's own data, nobody in it yet."""
    with running(settings) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts: its forms say that they come from a page of this server."""
    return app.test_client()


@contextmanager
def running(settings: Settings) -> Iterator[Flask]:
    """An application, and nothing of it left behind in the machine's memory."""
    from app import create_app

    shelf = shelf_of(settings)
    shutil.rmtree(shelf, ignore_errors=True)
    made = create_app(settings)
    made.testing = True
    made.test_client_class = SameOriginClient
    made.jinja_env.bytecode_cache = COMPILED
    engine = made.extensions["database"].engine
    engine._compiled_cache = COMPILED_SQL[engine.name]
    try:
        yield made
    finally:
        for name in ("database", "board_database"):
            if name in made.extensions:
                made.extensions[name].engine.dispose()
        made.extensions["memory"].close()
        shutil.rmtree(shelf, ignore_errors=True)


class _Compiled(BytecodeCache):
    """Templates are compiled once for the whole run, not once for each test's application."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._kept[bucket.key, bucket.checksum] = bucket.code


COMPILED = _Compiled()


_READ: dict[tuple[str, str], dict[str, Any]] = {}
_compile = Rule.compile


def _read_once(rule: Rule) -> None:
    """Werkzeug reads each address of each application, and writes a function for it: once is enough."""
    key = rule.rule, repr(rule.defaults)
    if key not in _READ:
        _compile(rule)
        names = "_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown"
        _READ[key] = {name: getattr(rule, name) for name in names}
    vars(rule).update(_READ[key])
    for name in ("_build", "_build_unknown"):
        setattr(rule, name, _READ[key][name].__func__.__get__(rule))


Rule.compile = _read_once  # type: ignore[method-assign, assignment]

# The static files of every application are the same: they are read and packed once for the run.
_load_assets = functools.cache(pages.load_assets)
pages.load_assets = lambda folder: dict(_load_assets(folder))

# What SQLAlchemy makes of a statement is the same for every engine of one kind: it is made once for the run.
COMPILED_SQL: dict[str, LRUCache[Any, Any]] = {"sqlite": LRUCache(2000), "postgresql": LRUCache(2000)}
for _kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
    _kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    _kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


@contextmanager
def calculating_here() -> Iterator[None]:
    """Heavy jobs run in this process: the child, which test_heavy.py tries, loads scipy for a second each time."""

    def here(job: str, payload: Any, **_: Any) -> Any:
        return heavy._answer((0, json.dumps(heavy._outcome(job, heavy.written(payload), print)).encode()))

    with patch.object(heavy, "run", here):
        yield


@pytest.fixture
def calculated_here() -> Iterator[None]:
    """Heavy jobs run in this process."""
    with calculating_here():
        yield


def shelf_of(settings: Settings) -> Path:
    """The folder in the machine's memory that an application with these settings uses."""
    path: Path = memory.folder(settings.instance)
    return path


class SameOriginClient(FlaskClient):
    """Flask's test client, whose forms carry an equal Origin unless a test says otherwise."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("method", "GET").upper() == "POST":
            headers = dict(kwargs.get("headers") or {})
            if not {"origin", "sec-fetch-site"} & {name.lower() for name in headers}:
                headers["Origin"] = kwargs.get("base_url", "http://localhost").rstrip("/")
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)


def _instance(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _fill(settings: Settings) -> None:
    """Tables and data, as the program's own start makes them."""
    from serve import make_ready

    with running(settings) as made:
        make_ready(made)
    if not settings.database_url:
        with sqlite3.connect(settings.instance / "centre.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


# Time


@dataclass
class StillClock:
    """The program's clock, held at one moment until the test moves it."""

    moment: datetime

    def set(self, moment: datetime) -> None:
        core_clock._frozen = moment.astimezone(core_clock.ZONE)


@pytest.fixture
def clock() -> Iterator[StillClock]:
    """The clock stands at noon of 20 November 2026 in Viet Nam; `clock.set(...)` moves it."""
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=core_clock.ZONE)
    with core_clock.freeze(noon):
        yield StillClock(noon)


# A real browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        pytest.fail("Chromium is missing: apt install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield opened
        opened.close()


@dataclass
class Live:
    """An application that answers on a port of this machine."""

    app: Flask
    url: str


@pytest.fixture
def live(app: Flask) -> Iterator[Live]:
    """This test's centre on a free port, in this process, so that a held clock holds there too."""
    with answering(app) as url:
        yield Live(app, url)


class Inside:
    """Lets requests in until it is closed, then waits for those inside: a database closed under one ends the process."""

    def __init__(self, app: Flask) -> None:
        self._app, self._open, self._count = app, True, 0
        self._changed = threading.Condition()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self._changed:
            if not self._open:
                start_response("503 Service Unavailable", [])
                return []
            self._count += 1
        try:
            return ClosingIterator(self._app(environ, start_response), self._leave)
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody comes in any more, and whoever was inside has left, within ten seconds."""
        with self._changed:
            self._open = False
            self._changed.wait_for(lambda: not self._count, timeout=10)


@contextmanager
def answering(app: Flask) -> Iterator[str]:
    """Serve an application on a free loopback port from a thread."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_args: object) -> None:
            """Nothing: the real server keeps no list of visits either."""

    inside = Inside(app)
    server = make_server("127.0.0.1", 0, inside, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        inside.close()
        server.server_close()
        thread.join()


@pytest.fixture
def visitor(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    """A fresh browser window on the live centre: no cookies, no history, scripts on."""
    with window(browser, live.url) as context:
        yield context


@pytest.fixture
def scripts_off(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    """The same with scripts switched off."""
    with window(browser, live.url, java_script_enabled=False) as context:
        yield context


@pytest.fixture(params=["scripts on", "scripts off"])
def both_ways(request: pytest.FixtureRequest, browser: Browser, live: Live) -> Iterator[BrowserContext]:
    """A window with scripts, then one without."""
    with window(browser, live.url, java_script_enabled=request.param == "scripts on") as context:
        yield context


@contextmanager
def window(browser: Browser, url: str, **options: Any) -> Iterator[BrowserContext]:
    """A fresh window whose addresses are relative to the centre, and whose scripts must not fail."""
    context = browser.new_context(base_url=url, locale="vi-VN", **options)
    context.set_default_timeout(10_000)
    failures: list[str] = []
    context.on("weberror", lambda error: failures.append(str(error.error)))
    try:
        yield context
    finally:
        context.close()
    assert not failures, f"a script on the page failed: {failures}"


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """Fails in axe's own words when a page shuts somebody out (WCAG 2.2 A, AA and best practice)."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def look(page: Page) -> None:
        found = axe.run(page).response["violations"]
        words = [
            {"rule": rule["id"], "why": rule["help"], "where": [node["html"][:200] for node in rule["nodes"]]}
            for rule in found
        ]
        assert not words, json.dumps(words, ensure_ascii=False, indent=1)

    return look
