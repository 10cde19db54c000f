"""`python serve.py` brings an installation up and answers for it: what `make run` does once the environment is there.

It stands beside app.py so that app.py stays the factory that tests, commands and every worker process import:
nothing of the server, its processes or the start's one-line errors is loaded there.
"""

from __future__ import annotations

from flask import Flask

from core import installation, migrate


def make_ready(app: Flask) -> None:
    """Bring the database to this version and load the product's own data where there is none yet."""
    database = app.extensions["database"]
    migrate.migrate(database)
    with app.app_context(), database.writing() as session:
        installation.prepare(session)
