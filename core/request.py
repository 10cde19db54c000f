"""How a request is read: everything in memory, nothing ever spooled to a temporary file.

Werkzeug writes uploads above 500 kB to disk in clear; here every part stays in memory, bounded by the
size limit of the page it goes to.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import Request, current_app, request

Page = TypeVar("Page", bound=Callable[..., Any])


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


def takes_up_to(count: int) -> Callable[[Page], Page]:
    """A page of signed-in people whose form may be larger than usual: a file of so many bytes, and the rest."""

    def marked(page: Page) -> Page:
        page.most_bytes = count + 64 * 1024  # type: ignore[attr-defined]
        return page

    return marked


def make_room() -> None:
    """Let the present request be as large as its page takes; before anything reads the form."""
    page = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = getattr(page, "most_bytes", request.max_content_length)
