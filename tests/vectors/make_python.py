"""Seals with core/sealing.py for JavaScript to open; writes from-python.json beside this file."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.sealing import PrivateKey, SharedKey, context, seal

WORDS: tuple[tuple[str, list[str | int]], ...] = (
    ("", ["empty"]),
    ("Chào bạn, Đặng Thị Hoà 😀", ["letter", 3]),
    ("x" * 5000, ["long"]),
)


def numbered(start: int) -> bytes:
    return bytes((start + n) % 256 for n in range(32))


def vectors() -> dict[str, Any]:
    person, shared = PrivateKey.from_seed(numbered(0)), SharedKey(numbered(7))
    return {
        "made_with": {"python": platform.python_version(), "cryptography": version("cryptography")},
        "hpke": [
            {
                "seed": numbered(0).hex(),
                "context": parts,
                "words": words,
                "sealed": seal(words.encode(), person.public, context(*parts)).hex(),
            }
            for words, parts in WORDS
        ],
        "shared": [
            {
                "key": shared.raw.hex(),
                "context": parts,
                "words": words,
                "sealed": seal(words.encode(), shared, context(*parts)).hex(),
            }
            for words, parts in WORDS
        ],
    }


if __name__ == "__main__":
    made = json.dumps(vectors(), ensure_ascii=False, indent=1)
    Path(__file__).with_name("from-python.json").write_text(made + "\n", encoding="utf-8")
