"""Brakes on guessing: they slow, they never lock, and nobody can turn them against somebody else.

Failures are counted in memory under a keyed hash of what is guessed at and where the guess comes from; the
key is drawn anew every day, so no address is ever kept. After five failures in ten minutes (thirty at
receipts) the next try waits 1, 2, 4 … at most 20 seconds. Three things keep the brake from becoming a weapon:

- a browser that has signed in before is known by a cookie of its own and has its own count;
- whoever is asked to wait is given a ticket: after the wait it buys one try, however much others behind the
  same address are guessing in the meantime;
- whoever waits is told so at once, and nothing is computed for them.

`pace` slows what nobody guesses at but somebody might pile up: messages in one letter.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import math
import secrets
import time
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from core import clock, memory

FREE_TRIES: Final = 5
RECEIPT_TRIES: Final = 30
"""A receipt has 73 random bits, so this brake spares the machine and not the receipt; and a whole health centre behind
one address opens mailboxes, and brings pieces of files, at the same moment."""
WINDOW_SECONDS: Final = 600
LONGEST_WAIT: Final = 20

DEVICE_COOKIE: Final = "__Host-quen"
DEVICE_DAYS: Final = 30


class MustWait(Exception):
    """Too many wrong tries: the next one waits `seconds`; `ticket` then buys it whatever others do."""

    def __init__(self, seconds: int, ticket: str) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds
        self.ticket = ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try that was let through; say `succeeded()` so that it does not count as a failure."""

    key: str

    def succeeded(self) -> None:
        """Forget the failures before this success."""
        memory.store().delete(f"tries:{self.key}")
        memory.store().delete(f"wait:{self.key}")


def of_a_receipt(ticket: str = "") -> Attempt:
    """`attempt` at a mailbox, from wherever the request comes."""
    return attempt("receipt", source(), ticket=ticket, free=RECEIPT_TRIES)


def attempt(
    kind: str, *subject: str, ticket: str = "", longest: int = LONGEST_WAIT, free: int = FREE_TRIES
) -> Attempt:
    """Let one try through, or raise `MustWait`.

    `kind` names what is guessed at ("sign-in"); `subject` what the count belongs to: the name guessed at and
    `source()` or a device. The try is counted before it is made, so that tries sent all at once gain nothing.
    """
    key = f"{kind}:{_hashed(kind, *subject)}"
    shelf = memory.store()
    left = float(shelf.get(f"wait:{key}") or 0) - time.time()
    if left > 0 and not _spend(ticket, key):
        seconds = max(1, math.ceil(left))
        raise MustWait(seconds, _ticket(key, seconds))
    tries = shelf.count(f"tries:{key}", WINDOW_SECONDS)
    if tries >= free:
        wait = min(2 ** min(tries - free, 30), longest)
        shelf.put(f"wait:{key}", str(time.time() + wait).encode(), wait)
    return Attempt(key=key)


def pace(kind: str, *subject: str, at_once: int, apart: float) -> int:
    """Let one through, `at_once` in a row and then one in `apart` seconds; else the seconds until the next may come.

    Nothing is ever shut: whoever waits that long is let through. 0 means that this one was, and is counted.
    """
    key = f"pace:{kind}:{_hashed(kind, *subject)}"
    shelf, now = memory.store(), time.time()
    since = max(now, float(shelf.get(key) or 0))
    ahead = since - now - (at_once - 1) * apart
    if ahead > 0:
        return math.ceil(ahead)
    shelf.put(key, str(since + apart).encode(), at_once * apart)
    return 0


def source() -> str:
    """Where a request comes from, to be hashed at once: an address, or the network of a version 6 address."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def device(sign_name: str) -> str:
    """The name of this browser, if this person has signed in from it before; empty otherwise."""
    name, _, mark = request.cookies.get(DEVICE_COOKIE, "").partition(".")
    return name if name and _same(mark, _mark("device", name, sign_name)) else ""


def remember_device(response: Response, sign_name: str) -> None:
    """Give a browser in which somebody has just signed in a count of its own for their next sign-ins."""
    name = device(sign_name) or secrets.token_urlsafe(16)
    response.set_cookie(
        DEVICE_COOKIE,
        f"{name}.{_mark('device', name, sign_name)}",
        max_age=DEVICE_DAYS * 86400,
        secure=True,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def _hashed(*parts: str) -> str:
    return _digest(_key_of_the_day(), *parts)


def _key_of_the_day() -> bytes:
    name = f"brake-key:{clock.today().isoformat()}"
    known = memory.store().get(name)
    if known is None:
        memory.store().add(name, secrets.token_bytes(32), 2 * 86400)
        known = memory.store().get(name)
    assert known is not None
    return known


def _mark(*parts: str) -> str:
    return _digest(memory.boot_secret(memory.store()), *parts)


def _digest(key: bytes, *parts: str) -> str:
    # Lengths before the parts: ("ab", "c") and ("a", "bc") are different subjects.
    words = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return base64.urlsafe_b64encode(hmac.digest(key, words, "sha256")[:24]).decode()


def _ticket(key: str, seconds: int) -> str:
    ready, once = f"{time.time() + seconds:.1f}", secrets.token_urlsafe(12)
    return "~".join((ready, once, _mark("ticket", key, ready, once)))


def _spend(ticket: str, key: str) -> bool:
    """Whether a ticket is real, has been waited for, and was not used before."""
    ready, _, rest = ticket.partition("~")
    once, _, mark = rest.partition("~")
    if not _same(mark, _mark("ticket", key, ready, once)):
        return False
    waited = float(ready) <= time.time() < float(ready) + WINDOW_SECONDS
    return waited and memory.store().add(f"ticket:{once}", b"1", 2 * WINDOW_SECONDS)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
