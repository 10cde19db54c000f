"""Whether a server serves the scripts of this release: looked at from another machine, as a visitor sees them.

A page whose script was changed on its way, or on the server, could send words elsewhere before they are sealed.
"""

from __future__ import annotations

import hashlib
import http.client
import ssl
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from core.backup.checking import Finding
from core.pages import load_assets

PAGES: Final = ("/", "/thu", "/hop-thu", "/khao-sat/", "/dang-nhap", "/en/thu")
STATIC: Final = Path(__file__).parent.parent.parent / "static"
_MOST: Final = 4 * 1024 * 1024


class NoAnswer(Exception):
    """The address does not answer with pages of this program."""


class _Loads(HTMLParser):
    """Addresses of everything a page runs or styles itself with, and whether code stands in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" in given:
            self.found.append(given["src"])
        elif tag == "script" and given.get("type", "") not in {"application/json", "text/plain"}:
            self.inside = True
        elif tag == "link" and given.get("rel", "") in {"stylesheet", "modulepreload", "preload"}:
            self.found.append(given.get("href", ""))
        elif tag in {"iframe", "object", "embed"}:
            self.found.append(given.get("src") or given.get("data", ""))
        if "data-script" in given:  # what a script of the page fetches when it is wanted
            self.found.append(given["data-script"])
        if any(name.startswith("on") for name in given):
            self.inside = True


def compare(url: str, pages: Sequence[str] = PAGES) -> Iterator[Finding]:
    """Each script and style a visitor is given, against the same file of this release. `NoAnswer`."""
    seen: set[str] = set()
    for page in pages:
        loads = _Loads()
        loads.feed(_fetch(urljoin(url, page)).decode("utf-8", "replace"))
        if loads.inside:
            yield Finding(
                what=page, said="There is code in the page itself; this release has none.", bad=True
            )
        for address in loads.found:
            full = urljoin(urljoin(url, page), address)
            if full not in seen:
                seen.add(full)
                yield _same(url, full)
    if not seen:
        raise NoAnswer


def _same(url: str, full: str) -> Finding:
    there, here = urlsplit(full), urlsplit(url)
    if (there.scheme, there.netloc) != (here.scheme, here.netloc):
        return Finding(what=full, said="It comes from elsewhere; this release loads nothing so.", bad=True)
    name = there.path.split("/", 3)[-1]
    # As this release serves it: without the comments of a stylesheet.
    released = load_assets(STATIC).get(name)
    if not there.path.startswith("/tinh/") or released is None:
        return Finding(what=there.path, said="This release has no such file.", bad=True)
    served, ours = (hashlib.sha256(raw).hexdigest() for raw in (_fetch(full), released.raw))
    if served != ours:
        return Finding(what=name, said=f"It is not this release's: {served}, not {ours}.", bad=True)
    return Finding(what=name, said=f"As released: {served}")


def _fetch(address: str) -> bytes:
    """The bytes of a page, uncompressed, without following anybody elsewhere."""
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise NoAnswer
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=20)
    try:
        connection.request("GET", parts.path or "/", headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        body = answer.read(_MOST)
    except (OSError, http.client.HTTPException, ssl.SSLError) as error:
        raise NoAnswer from error
    finally:
        connection.close()
    if answer.status != 200:
        raise NoAnswer
    return body
