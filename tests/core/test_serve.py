"""The program as `make run` starts it: what it says, what it refuses, and how it stands up to slow visitors."""

from __future__ import annotations

import dataclasses
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import serve
from core import db
from core.config import Settings
from core.migrate import DatabaseTooNew
from serve import CannotStart
from tests.conftest import shelf_of
from tests.servers import ROOT, Served, free_port, serving

pytestmark = pytest.mark.embedded


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Settings]:
    settings = Settings(instance=tmp_path / "instance", port=free_port())
    yield settings
    shutil.rmtree(shelf_of(settings), ignore_errors=True)


def test_a_first_start_makes_a_private_folder_and_a_link_to_found_with(here: Settings) -> None:
    link = serve.prepare(here)
    assert link is not None
    assert link.startswith("/")
    assert stat.S_IMODE(here.instance.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in here.instance.glob("centre.db*"))


def test_a_folder_others_could_look_into_is_closed(here: Settings) -> None:
    here.instance.mkdir(mode=0o755)
    serve.prepare(here)
    assert stat.S_IMODE(here.instance.stat().st_mode) == 0o700


def test_files_others_could_have_read_are_refused_by_name(here: Settings) -> None:
    here.instance.mkdir()
    (here.instance / "README.md").write_text("belongs here")
    (here.instance / "log.key").write_bytes(b"")
    (here.instance / "log.key").chmod(0o644)
    with pytest.raises(CannotStart, match=r"may read log\.key in .*chmod 600"):
        serve.prepare(here)


def test_a_port_in_use_is_named(here: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", here.port))
        other.listen()
        with pytest.raises(CannotStart, match=rf"127\.0\.0\.1:{here.port} is in use by another program"):
            serve.prepare(here)


def test_an_address_of_another_machine_is_named(here: Settings) -> None:
    elsewhere = dataclasses.replace(here, host="192.0.2.1")
    with pytest.raises(CannotStart, match=r"192\.0\.2\.1:\d+ cannot be used"):
        serve.check_port(elsewhere)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match=r"cannot be written to .*INSTANCE may name another"):
        serve.check_place(Settings(instance=tmp_path / "file" / "instance"))


def test_a_read_only_disk_is_named(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("serve.os.open", refuse)
    with pytest.raises(CannotStart, match="Read-only file system"):
        serve.check_place(here)


def test_a_database_from_a_newer_version_is_refused(here: Settings) -> None:
    serve.prepare(here)
    database = db.Database(here.database)
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.engine.dispose()
    with pytest.raises(DatabaseTooNew):
        serve.prepare(here)


def test_a_postgresql_that_does_not_answer_is_told_without_its_password(here: Settings) -> None:
    gone = dataclasses.replace(here, database_url="postgresql://centre:geheim@127.0.0.1:1/centre")
    with pytest.raises(CannotStart) as refused:
        serve.prepare(gone)
    assert "does not answer" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_preparing_twice_loads_nothing_twice(here: Settings) -> None:
    counts = []
    for _ in range(2):
        serve.prepare(here)
        database = db.Database(here.database)
        with database.reading() as session:
            tables = sa.inspect(session.connection()).get_table_names()
            counts.append(
                {name: session.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar() for name in tables}
            )
        database.engine.dispose()
    assert counts[0] == counts[1]
    assert counts[0]["unit"] > 20


def _refused(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "serve.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PORT": "http"}, "PORT must be a whole number"),
        ({"HOST": "0.0.0.0"}, "docs/operations.md"),
        ({"INSTANCE": "/proc/none"}, "cannot be written to"),
        ({"MEMORY_URL": "redis://127.0.0.1:1"}, "MEMORY_URL"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_refusal_is_one_line_and_a_non_zero_exit(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    ran = _refused(**({"INSTANCE": str(tmp_path / "instance"), "PORT": str(free_port())} | environment))
    assert ran.returncode == 1
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served") / "instance") as program:
        yield program


def _get(url: str, **heads: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=heads), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.slow
def test_it_says_where_it_answers_and_how_to_found_and_nothing_else(served: Served) -> None:
    said = served.said()
    assert f"Ready on {served.url} (Ctrl+C ends it)" in said
    link = re.search(rf"{served.url}(/\S+)", said)
    assert link is not None
    assert _get(served.url + link.group(1))[0] == 200
    assert len(said.strip().splitlines()) == 3


@pytest.mark.slow
def test_visits_leave_no_line(served: Served) -> None:
    before = served.said()
    for path in ("/", "/thu", "/thu?q=con-chim", "/nowhere", "/hop-thu", "/dang-nhap"):
        _get(served.url + path, **{"User-Agent": "con-chim", "X-Forwarded-For": "10.1.2.3"})
    assert served.said() == before


@pytest.mark.slow
def test_its_processes_leave_no_core_and_show_no_memory(served: Served) -> None:
    for pid in served.pids():
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits)
    for path in served.instance.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


@pytest.mark.slow
def test_a_hundred_visitors_who_send_one_byte_close_nothing(served: Served) -> None:
    head = f"POST /thu HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {served.url}\r\nContent-Length: 1000\r\n"
    lines = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(100)]
    try:
        for line in lines:
            line.sendall(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\nx")
        time.sleep(0.3)
        # Each of the hundred still holds its line; a thread kept by one of them would leave these to time out.
        assert [_get(served.url + "/healthz")[0] for _ in range(10)] == [200] * 10
    finally:
        for line in lines:
            line.close()
    assert _get(served.url + "/thu")[0] == 200


@pytest.mark.slow
def test_an_oversized_form_gets_its_page_over_the_wire(served: Served) -> None:
    asked = urllib.request.Request(
        served.url + "/thu", data=b"story=" + b"x" * 2_000_000, headers={"Origin": served.url}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=10)
    assert refused.value.code == 413
    assert "Nội dung gửi quá dài" in refused.value.read().decode()


@pytest.mark.slow
def test_a_second_program_on_the_same_port_is_refused(served: Served) -> None:
    ran = _refused(INSTANCE=str(served.instance), PORT=str(served.port))
    assert ran.returncode == 1
    assert "is in use by another program" in ran.stderr


def _gone(pids: list[int]) -> bool:
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_a_second_start_works_and_every_process_ends_with_it(tmp_path: Path) -> None:
    with serving(tmp_path / "instance"):
        pass
    with serving(tmp_path / "instance") as again:
        pids = again.pids()
    assert len(pids) >= 3
    assert again.process.returncode == 0
    assert len(again.said().strip().splitlines()) == 3, "it ends without a word"
    assert _gone(pids)
