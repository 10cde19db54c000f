"""Who is signed in. Sessions live in memory only, sealed under the browser's cookie and a secret of this boot.

A thief of the machine's disk finds nothing; a thief of its memory files lacks the cookie; the cookie
alone is worth nothing once the machine's memory is gone. Pages without a session set no cookie at all.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from flask import Flask, Request, Response, redirect, request, session, url_for
from flask.sessions import SessionInterface, SessionMixin

from core import config, memory
from core.access import Identity, Role, require
from core.sealing import CannotOpen, SharedKey, context, derive, seal, unseal

COOKIE: Final = "__Host-phien"


_SKEW: Final = 120
"""Seconds by which clocks of several machines may differ; a session from later than that is over: the clock was set back."""
UNSEEN: Final = ("/thu", "/hop-thu", "/khao-sat")
"""Pages of reporters and respondents: they never look at who is signed in at this browser."""


class NotSignedIn(Exception):
    """There is no session, or it has run out, or it holds no key of this kind."""


class StaffSession(dict[str, Any], SessionMixin):
    """What one signed-in browser carries; empty and never stored for everybody else."""

    def __init__(self, data: dict[str, Any], cookie: str = "") -> None:
        super().__init__(data)
        self.cookie = cookie
        self.before = json.dumps(data, sort_keys=True)
        self.new = not cookie

    @property
    def changed(self) -> bool:
        return json.dumps(self, sort_keys=True) != self.before


class MemorySessions(SessionInterface):
    """Flask's sessions on the memory-backed shelf."""

    def open_session(self, app: Flask, request: Request) -> StaffSession:  # noqa: ARG002 - Flask says so
        cookie = "" if request.path.startswith(UNSEEN) else request.cookies.get(COOKIE, "")
        blob = memory.store().get(_shelf(cookie)) if cookie else None
        if not blob:
            return StaffSession({})
        try:
            data = json.loads(unseal(blob, _key(cookie), context("session")))
        except CannotOpen:
            return StaffSession({})
        settings = config.current()
        now = time.time()
        over = (
            not -_SKEW <= now - data["seen"] <= settings.idle_minutes * 60
            or now - data["begun"] > settings.session_hours * 3600
        )
        if over or _epoch(data["person"]) != data["epoch"]:
            memory.store().delete(_shelf(cookie))
            return StaffSession({})
        return StaffSession(data, cookie)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002
        assert isinstance(session, StaffSession)
        if not session.cookie or "person" not in session:
            return
        # Rewriting the record on every page would cost more than it tells: a minute is fine enough.
        if time.time() - session["seen"] > 60:
            session["seen"] = time.time()
        # A page that ends after somebody signed out must not bring the session back.
        if session.changed and (session.new or memory.store().get(_shelf(session.cookie)) is not None):
            settings = config.current()
            blob = seal(json.dumps(session).encode(), _key(session.cookie), context("session"))
            memory.store().put(_shelf(session.cookie), blob, settings.session_hours * 3600)
        if session.new:
            response.set_cookie(COOKIE, session.cookie, secure=True, httponly=True, samesite="Lax", path="/")


def begin(
    identity: Identity, seed: bytes | None, earlier: bytes | None = None, *, by_phone: bool = False
) -> None:
    """Sign a person in: from now on this browser's cookie opens their session, and nothing else does.

    earlier: the seed of the keys they had before they renewed them, to wrap anew with. by_phone: they came in with a
    code that counts time. No session outlives a jump of the clock, so that the clock was right when they came.
    """
    assert isinstance(session, object)
    current = session._get_current_object()  # type: ignore[attr-defined]
    if current.cookie:
        memory.store().delete(_shelf(current.cookie))
    current.clear()
    current.cookie, current.new = secrets.token_urlsafe(32), True
    current.update(
        person=identity.person_id,
        name=identity.name,
        roles=sorted(identity.roles),
        seed=base64.b64encode(seed).decode() if seed else "",
        earlier=base64.b64encode(earlier).decode() if earlier else "",
        begun=time.time(),
        seen=time.time(),
        epoch=_epoch(identity.person_id),
        by_phone=by_phone,
    )


def end(response: Response) -> Response:
    """Sign this browser out and forget its session."""
    current = session._get_current_object()  # type: ignore[attr-defined]
    if current.cookie:
        memory.store().delete(_shelf(current.cookie))
        current.clear()
        current.cookie = ""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return response


def end_all(person_id: str) -> None:
    """Sign a person out everywhere, at once: their role or lock has changed."""
    memory.store().count(f"epoch:{person_id}", 30 * 86400)


def identity() -> Identity | None:
    """The person signed in at this browser, if any."""
    if "person" not in session:
        return None
    roles = frozenset(Role(role) for role in session["roles"])
    return Identity(person_id=session["person"], name=session["name"], roles=roles)


def seed() -> bytes:
    """The 32-byte seed of the handler or custodian signed in; `NotSignedIn` for everybody else."""
    held = session.get("seed")
    if not held:
        raise NotSignedIn
    return base64.b64decode(held)


def by_phone() -> bool:
    """Whether whoever is signed in came with the code of their phone, and not with a recovery code."""
    return bool(session.get("by_phone"))


def seeds() -> tuple[bytes, ...]:
    """The same, with the one before it first where this person renewed their keys: for what is still under it."""
    held = session.get("earlier")
    return (base64.b64decode(held), seed()) if held else (seed(),)


P = ParamSpec("P")
R = TypeVar("R")


def signed_in(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R | Any]]:
    """A page for people who hold one of the roles. Others are asked to sign in, or told there is nothing here."""

    def decorate(page: Callable[P, R]) -> Callable[P, R | Any]:
        @functools.wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Any:
            if identity() is None:
                if request.method == "POST":
                    raise NotSignedIn
                return redirect(url_for("sign_in.show", next=request.path))
            require(identity(), *(roles or tuple(Role)))
            return page(*args, **kwargs)

        return guarded

    return decorate


def _shelf(cookie: str) -> str:
    return "session:" + hashlib.sha256(cookie.encode()).hexdigest()


def _key(cookie: str) -> SharedKey:
    both = hashlib.sha256(cookie.encode() + memory.boot_secret(memory.store())).digest()
    return derive(SharedKey(both), "session")


def _epoch(person_id: str) -> str:
    return (memory.store().get(f"epoch:{person_id}") or b"").decode()
