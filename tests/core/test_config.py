"""Configuration fails at the door: one line, the setting's name, and what would do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from core import config
from core.config import Settings, WrongSetting


def test_nothing_set_is_a_centre_on_loopback_with_its_own_database(tmp_path: Path) -> None:
    settings = config.read({}, tmp_path)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database == f"sqlite:///{tmp_path}/centre.db"
    assert not settings.secure


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('port = 8001\nworkers = 3\nexit_url = "https://vi.wikipedia.org"\n')
    settings = config.read({"PORT": "8002", "INSTANCE": str(tmp_path)})
    assert (settings.port, settings.workers) == (8002, 3)
    assert settings.exit_url == "https://vi.wikipedia.org"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PORT", "http", "PORT must be a whole number, not 'http'"),
        ("PORT", "0", "PORT must lie between 1 and 65535"),
        ("PORT", "", "PORT must be a whole number"),
        ("WORKERS", "65", "WORKERS must lie between 1 and 64"),
        ("IDLE_MINUTES", "1", "IDLE_MINUTES must lie between 2 and 120"),
        ("SESSION_HOURS", "-3", "SESSION_HOURS must lie between 1 and 24"),
        ("THREADS", "2.5", "THREADS must be a whole number"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must begin with postgresql://"),
        ("MEMORY_URL", "memcached://x", "MEMORY_URL must begin with redis://"),
        ("PUBLIC_URL", "http://centre.example", "PUBLIC_URL must begin with https://"),
        ("EXIT_URL", "javascript:history.back()", "EXIT_URL must begin with https://"),
        ("TLS_KEY", "/some/key.pem", "TLS_CERTIFICATE and TLS_KEY are needed together"),
        ("HOST", "0.0.0.0", "plain HTTP"),
        ("HOST", "::", "docs/operations.md"),
        ("HOST", "centre.example", "TLS_CERTIFICATE"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, variable: str, value: str, said: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        config.read({variable: value}, tmp_path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    files = {"TLS_CERTIFICATE": str(tmp_path / "none.pem"), "TLS_KEY": str(tmp_path / "none.key")}
    with pytest.raises(WrongSetting, match=r"TLS_CERTIFICATE names .*none\.pem, which cannot be read"):
        config.read(files, tmp_path)


def test_a_certificate_opens_the_door_beyond_loopback(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    files = {"TLS_CERTIFICATE": str(tmp_path / "cert.pem"), "TLS_KEY": str(tmp_path / "key.pem")}
    settings = config.read({"HOST": "0.0.0.0", **files}, tmp_path)
    assert settings.secure


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("port = ", "cannot be read as TOML"),
        ("prot = 8000", "unknown setting 'prot'; known are: board_database_url"),
        ('instance = "/elsewhere"', "unknown setting 'instance'"),
        ("host = 5", "HOST must be text in quotation marks"),
        ("workers = true", "WORKERS must be a whole number, not True"),
        ("workers = 2.9", "WORKERS must be a whole number, not 2.9"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(tmp_path: Path, words: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(words)
    with pytest.raises(WrongSetting) as refused:
        config.read({}, tmp_path)
    assert said in str(refused.value)


def test_a_file_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(WrongSetting, match="cannot be read"):
        config.read({}, tmp_path)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_is_spoken_to_by_one_driver(tmp_path: Path, scheme: str) -> None:
    settings = config.read({"DATABASE_URL": f"{scheme}://centre@db/centre?host=/run"}, tmp_path)
    assert settings.database == "postgresql+psycopg://centre@db/centre?host=/run"


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings(instance=tmp_path).port = 1  # type: ignore[misc]
