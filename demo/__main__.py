"""`make demo`: a throwaway centre with people and data. SEED=n makes the same one again, SIZE=small one with little.

It refuses any folder that exists, so that it can never touch a real instance; the sign-ins it writes to ACCOUNTS
open nothing but itself.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import serve
from app import create_app
from core import config, memory
from core.config import WrongSetting
from core.memory import NoMemory
from demo.centre import SIZES, build, sign_ins
from serve import CannotStart


def main() -> int:
    """Build the centre, write the sign-ins, serve until somebody stops it."""
    try:
        seed = int(os.environ.get("SEED", "1"))
        size = SIZES[os.environ.get("SIZE", "full")]
    except (ValueError, KeyError):
        return _refuse(f"SEED must be a whole number, and SIZE one of: {', '.join(SIZES)}.")
    named = os.environ.get("INSTANCE")
    if named and Path(named).exists():
        return _refuse(f"{named} exists; a demonstration only uses a folder that does not exist yet.")
    folder = Path(named).absolute() if named else Path(tempfile.mkdtemp(prefix="demo-")) / "instance"
    os.environ["INSTANCE"] = str(folder)
    folder.mkdir(mode=0o700, parents=True)
    (folder / config.DEMONSTRATION).touch(mode=0o600)
    try:
        settings = config.from_environment()
        if settings.database_url:
            return _refuse("A demonstration uses its own database; unset DATABASE_URL.")
        serve.check_place(settings)
        serve.check_port(settings)
        _build(settings, seed, size)
        serve.answer(replace(settings))
    except (WrongSetting, NoMemory, CannotStart) as error:
        return _refuse(str(error))
    finally:
        if not named:
            shutil.rmtree(folder.parent, ignore_errors=True)
            shutil.rmtree(memory.folder(folder), ignore_errors=True)
    return 0


def _build(settings: config.Settings, seed: int, size: object) -> None:
    app = create_app(settings)
    serve.make_ready(app)
    founded = build(app, seed=seed, size=size, say=_say)  # type: ignore[arg-type]
    app.extensions["database"].engine.dispose()
    accounts = os.environ.get("ACCOUNTS")
    people = sign_ins(founded)
    if accounts:
        path = Path(accounts)
        path.write_text(json.dumps(people, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        path.chmod(0o600)
        _say(f"sign-ins of {len(people)} people written to {path}")
    else:
        for one in people:
            _say(f"{one['role']:14} {one['name']:24} {one['passphrase']}  {one['totp_secret']}")


def _say(words: str) -> None:
    sys.stdout.write(f"demo: {words}\n")
    sys.stdout.flush()


def _refuse(words: str) -> int:
    sys.stderr.write(f"demo: {words}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
