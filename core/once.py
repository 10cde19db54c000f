"""What a person sees once and writes down: kept in memory for a while, so that a reload shows the same.

It lies under a secret that only the person's browser brings (a link's token, a seed) and the secret of this
boot; nothing of it ever reaches the database.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core import memory
from core.sealing import CannotOpen, SharedKey, context, derive, seal, unseal


def keep(kind: str, secret: bytes, value: Any, seconds: float) -> bool:
    """Keep a JSON value, unless one lies there already: two clicks must not show two papers."""
    sealed = seal(json.dumps(value).encode(), _key(kind, secret), context(kind))
    return memory.store().add(_shelf(kind, secret), sealed, seconds)


def look(kind: str, secret: bytes) -> Any | None:
    """What was kept, or None when there is nothing or its time is over."""
    sealed = memory.store().get(_shelf(kind, secret))
    if sealed is None:
        return None
    try:
        return json.loads(unseal(sealed, _key(kind, secret), context(kind)))
    except CannotOpen:
        return None


def forget(kind: str, secret: bytes) -> None:
    """It was written down; from now on nobody can see it again."""
    memory.store().delete(_shelf(kind, secret))


def _shelf(kind: str, secret: bytes) -> str:
    return f"once:{kind}:" + hashlib.sha256(b"shelf" + kind.encode() + b"\0" + secret).hexdigest()


def _key(kind: str, secret: bytes) -> SharedKey:
    both = hashlib.sha256(b"key" + memory.boot_secret(memory.store()) + secret).digest()
    return derive(SharedKey(both), "once", kind)
