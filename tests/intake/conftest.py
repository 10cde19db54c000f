"""Furniture of this folder: cheap locks, and a founded centre that forgets them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from intake.keys.founding import Founded
from tests import factories
from tests.letters import Handler, Reporter, desks


@pytest.fixture
def cheap() -> Iterator[None]:
    """Locks and receipts that open in no time."""
    with factories.cheap_locks(), factories.cheap_receipts():
        yield


@pytest.fixture
def centre(app: Flask, cheap: None) -> Founded:
    """Everybody enrolled, the roster signed, the log begun."""
    return factories.found_centre(app)


@pytest.fixture
def reporter(app: Flask, centre: Founded) -> Reporter:
    """Somebody who may write a letter."""
    return Reporter(app)


@pytest.fixture
def handlers(app: Flask, centre: Founded) -> list[Handler]:
    """The two handlers of the centre at their desks."""
    return desks(app, centre)
