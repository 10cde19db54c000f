"""The script that seals letters: the committed file is the one that was written down, and it keeps nothing."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "browser").glob("*.mjs"))
BUNDLES = [ROOT / "static" / name for name in ("letter.js", "mailbox.js", "files.js")]


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)
def test_the_bundle_is_the_one_whose_checksum_is_written_down(path: Path) -> None:
    readme = (ROOT / "browser" / "README.md").read_text(encoding="utf-8")
    written = re.search(rf"sha256\s+([0-9a-f]{{64}})\s+static/{re.escape(path.name)}", readme)
    assert written
    assert hashlib.sha256(path.read_bytes()).hexdigest() == written.group(1), "run browser/build"


def test_the_versions_of_its_packages_are_exact() -> None:
    package = (ROOT / "browser" / "package.json").read_text(encoding="utf-8")
    assert not re.search(r'": "[\^~*>]', package)


@pytest.mark.parametrize("path", [*SOURCES, *BUNDLES], ids=lambda path: path.name)
def test_no_draft_is_kept_and_nothing_is_asked_of_anybody_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for storage in (
        "localStorage", "sessionStorage", "indexedDB", "document.cookie", "cookieStore", "serviceWorker",
        "pushState", "replaceState", "sendBeacon", "navigator.storage", "XMLHttpRequest", "eval(", "Math.random",
    ):  # fmt: skip
        assert storage not in text, storage
    assert not re.search(r"fetch\(\s*[\"'`]", text), "an address written into the script"
