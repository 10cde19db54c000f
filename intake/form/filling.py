"""Answers of few lengths: filled up with characters that nothing compresses, so that a length tells nothing (pure)."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

_COMMENT: Final = b"<!--%s-->"


def step(length: int, sizes: Sequence[int]) -> int:
    """The first of these sizes that holds so many bytes; beyond the last, the next multiple of it."""
    return next((size for size in sizes if length <= size), -(-length // sizes[-1]) * sizes[-1])


def filling(count: int) -> bytes:
    """So many letters that do not compress better than what they stand for."""
    return b64encode(secrets.token_bytes(count // 4 * 3 + 3))[:count]


def filled_page(html: bytes, sizes: Sequence[int]) -> bytes:
    """A page with a comment behind its end that nobody sees, of one of these sizes."""
    bare = len(html) + len(_COMMENT % b"")
    return html + _COMMENT % filling(step(bare, sizes) - bare)
