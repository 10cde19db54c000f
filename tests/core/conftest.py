"""Furniture of this folder: cheap locks, and a founded centre for the tests that ask for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from intake.keys.founding import Founded
from tests import factories


@pytest.fixture
def cheap() -> Iterator[None]:
    """Locks that open in no time."""
    with factories.cheap_locks():
        yield


@pytest.fixture
def centre(app: Flask, cheap: None) -> Founded:
    """Everybody enrolled, the roster signed, the log begun."""
    return factories.found_centre(app)
