"""How a request is read: everything in memory, nothing ever spooled to a temporary file.

Werkzeug writes uploads above 500 kB to disk in clear; here every part stays in memory, bounded by the
size limit of the page it goes to.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO

from flask import Request


class InMemory(Request):
    """A request whose bodies never touch a disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()
