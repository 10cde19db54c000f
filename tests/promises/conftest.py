"""Furniture of the promises: a founded centre, and the program serving it as it is really started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from intake.keys.founding import Founded
from tests import factories
from tests.servers import Served, serving


@pytest.fixture
def cheap() -> Iterator[None]:
    """Locks that open in no time."""
    with factories.cheap_locks():
        yield


@pytest.fixture
def centre(app: Flask, cheap: None) -> Founded:
    """Everybody enrolled, the roster signed, the log begun."""
    return factories.found_centre(app)


@pytest.fixture
def served(app: Flask, centre: Founded) -> Iterator[Served]:
    """The founded centre served by the program's own processes."""
    settings = app.extensions["settings"]
    with serving(settings.instance, DATABASE_URL=settings.database_url) as running:
        yield running
