"""`bin/prepare` on machines that lack something: one line that says what to install, and nothing half made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ("sh", "cat", "cksum", "tr", "rm", "dirname")

OLD = '#!/bin/sh\ncase "$*" in *version_info\\[:3\\]*) echo 3.9.2;; *) exit 1;; esac\n'
BARE = f'#!/bin/sh\ncase "$*" in "-m venv"*|"-m pip"*) exit 1;; esac\nexec {sys.executable} "$@"\n'


def _machine(folder: Path, python: str) -> Path:
    """A clone and a path on which nothing is found but a few tools and this Python."""
    (folder / "path").mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found
        (folder / "path" / name).symlink_to(found)
    if python:
        (folder / "path" / "python3").write_text(python)
        (folder / "path" / "python3").chmod(0o755)
    for name in ("uv.lock", "requirements-uv.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "bin", folder / "bin")
    return folder


def _prepare(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "bin" / "prepare"],
        env={"PATH": str(folder / "path"), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (OLD, "Python 3.11 or newer is needed; this machine has 3.9.2."),
        ("", "Python 3.11 or newer is needed; this machine has none."),
        (BARE, "Install python3-venv: apt install python3-venv"),
    ],
    ids=["old", "none", "without ensurepip and pip"],
)
def test_what_is_missing_is_said_in_one_line(tmp_path: Path, python: str, said: str) -> None:
    ran = _prepare(_machine(tmp_path, python))
    assert ran.returncode == 1
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / ".tools").exists()


def test_a_ready_environment_is_left_as_it_is(tmp_path: Path) -> None:
    folder = _machine(tmp_path, "")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    lock = (folder / "uv.lock").read_bytes() + (folder / "requirements-uv.txt").read_bytes()
    stamp = subprocess.run(["cksum"], input=lock, capture_output=True, check=True).stdout.decode().strip()
    (folder / ".venv" / "ready-develop").write_text(f"{stamp} {folder}\n")
    assert _prepare(folder).returncode == 0
    (folder / "uv.lock").write_text("changed")
    assert _prepare(folder).returncode == 1


def test_every_file_fetched_is_pinned_by_its_hash() -> None:
    tool = (ROOT / "requirements-uv.txt").read_text()
    assert "uv==" in tool
    assert tool.count("--hash=sha256:") >= 4
    lock = (ROOT / "uv.lock").read_text()
    assert lock.count("url = ") == lock.count('hash = "sha256:')
    assert 'registry = "https://pypi.org/simple"' in lock
    assert "file://" not in lock
