"""`make migration NAME="…"`: draft the next step of the database from what the models say by now."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import app  # noqa: F401 - its parts declare the tables
from core import migrate
from core.db import Database


def main(words: str) -> None:
    """Bring an empty database to the last step, write the difference as the next one, and put it in form."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/centre.db")
        migrate.migrate(database)
        path = migrate.draft(database, words)
        database.engine.dispose()
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "format", "--quiet", path], check=True)
    subprocess.run([*ruff, "check", "--fix", "--quiet", "--select", "I,F", path], check=True)
    print(f"Read {path.name} before you keep it: a draft knows what the models say, not what people stored.")


if __name__ == "__main__":
    main(sys.argv[1])
