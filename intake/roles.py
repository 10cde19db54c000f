"""Who may do what to a case, as one table to read aloud (pure). What is not listed is denied.

The table says who may *ask*. Whether a case opens is decided by keys: a handler whom the reporter struck
out passes this table and still opens nothing (intake/seal/envelope.py).
"""

from __future__ import annotations

from typing import Final

from core.access import Denied, Identity, Role, require

MAY: Final[dict[str, frozenset[Role]]] = {
    "list": frozenset({Role.HANDLER}),
    "open story": frozenset({Role.HANDLER}),
    "answer": frozenset({Role.HANDLER}),
    "classify": frozenset({Role.HANDLER}),
    "read the file": frozenset({Role.HANDLER}),
    "write in the file": frozenset({Role.HANDLER}),
    "print the file": frozenset({Role.HANDLER}),
    "step back": frozenset({Role.HANDLER}),
    "hand over": frozenset({Role.HANDLER}),
    "wrap anew": frozenset({Role.HANDLER}),
    "wrap the custodians' side anew": frozenset({Role.CUSTODIAN}),
    "recover": frozenset({Role.CUSTODIAN}),
    "enter for another": frozenset({Role.HANDLER}),
    "keep the rota": frozenset({Role.HANDLER}),
    "close": frozenset({Role.HANDLER}),
    "hold": frozenset({Role.HANDLER}),
    "erase": frozenset({Role.HANDLER}),
    "erase what nobody opens": frozenset({Role.CUSTODIAN}),
    "list files": frozenset({Role.HANDLER}),
    "open copy": frozenset({Role.HANDLER}),
    "lend half of a file": frozenset({Role.CUSTODIAN}),
    "open original": frozenset({Role.HANDLER}),
    "lend half of a name": frozenset({Role.CUSTODIAN}),
    "open name": frozenset({Role.HANDLER}),
    "ask to hand to an authority": frozenset({Role.HANDLER}),
    "agree to an authority": frozenset({Role.CUSTODIAN}),
    "hand to an authority": frozenset({Role.HANDLER}),
    "count": frozenset({Role.CUSTODIAN}),
}


def require_may(identity: Identity | None, deed: str) -> Identity:
    """The identity, if the table lists one of its roles for the deed; else `Denied`, also for unknown deeds."""
    roles = MAY.get(deed)
    if not roles:
        raise Denied
    return require(identity, *roles)


def may(identity: Identity | None, deed: str) -> bool:
    """Whether a page should offer the deed; the deed itself asks again."""
    return identity is not None and bool(identity.roles & MAY.get(deed, frozenset()))
