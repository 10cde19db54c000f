"""Published figures that prove themselves: who signed which release, written into the file and checked from outside.

A file of releases carries for each of them what its second custodian signed (name, hash, the log's head), by which
key, and the categories as they stood. Whoever holds the file and knows the key from elsewhere needs nothing more: no
database, no connection, no word of ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from board.published import K, Published
from core.disclosure import ProtectedTable, to_json
from intake.counts import shares

Signers = Mapping[tuple[str, int], tuple[str, bytes]]
"""A custodian's id and the version of a roster → their name and public key on it."""


class NotSigned(Exception):
    """A release in this file is not what somebody signed, or nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed a release. key: the fingerprint by which people compare it."""

    release: str
    name: str
    key: str
    installation: str


def canonical(document: Mapping[str, Any]) -> bytes:
    """A document in its one written form: compact, keys sorted, UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def written(tables: Sequence[ProtectedTable]) -> bytes:
    """Protected tables in their one written form: the JSON of design.md 6."""
    return canonical(to_json(tables, k=K))


def words_of(published: Published) -> tuple[str | int, ...]:
    """What the second custodian signs."""
    return (published.name, published.digest, published.log_sequence, published.log_head)


def entry(published: Published, installation: str, signers: Signers) -> dict[str, Any] | None:
    """What the file says of one release's signature; None where its signer is not known."""
    one = next((one for one in published.signatures if one["over"] == "document"), None)
    if one is None or (one["person"], one["roster_version"]) not in signers:
        return None
    name, key = signers[one["person"], one["roster_version"]]
    document = to_json(published.tables, k=K)
    return {
        "release": published.name,
        "sha256": published.digest,
        "log": [published.log_sequence, published.log_head],
        "installation": installation,
        "name": name,
        "key": key.hex(),
        "signature": one["signature"],
        "dims": document["dims"],
        "groups": document["groups"],
    }


def check(document: Mapping[str, Any]) -> list[Signer]:
    """Who signed every release of a file, in order; `NotSigned` when one does not fit, ValueError for no file at all."""
    try:
        told = {one["release"]: one for one in document["signed"]}
        if len(told) != len(document["signed"]) or set(told) != set(document["releases"]):
            raise NotSigned("not every release is signed once")
        found = [_checked(document, told[release]) for release in document["releases"]]
        _only_what_was_signed(document, list(told.values()))
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(f"its signatures cannot be read: {wrong!r}") from wrong
    return found


def fingerprint(key: bytes) -> str:
    """A public key as people compare it: eight groups of four."""
    digest = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(digest[place : place + 4] for place in range(0, 32, 4))


def _checked(document: Mapping[str, Any], one: Mapping[str, Any]) -> Signer:
    release = one["release"]
    tables = [table for table in document["tables"] if table["release"] == release]
    own = {
        "k": document["k"],
        "releases": [release],
        "dims": one["dims"],
        "groups": one["groups"],
        "tables": tables,
    }
    sequence, head = one["log"]
    words = (release, one["sha256"], sequence, head)
    key, signature = bytes.fromhex(one["key"]), bytes.fromhex(one["signature"])
    if hashlib.sha256(canonical(own)).hexdigest() != one["sha256"]:
        raise NotSigned(f"the figures of {release} are not those that were signed")
    if not shares.signed_by(key, signature, one["installation"], words):
        raise NotSigned(f"the signature of {release} does not fit")
    return Signer(release=release, name=one["name"], key=fingerprint(key), installation=one["installation"])


def _only_what_was_signed(document: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> None:
    """Categories that nobody signed would give an audit room that the cases never had."""
    signed: dict[str, dict[str, set[str]]] = {"dims": {}, "groups": {}}
    for one in entries:
        for part, known in signed.items():
            for dim, places in one[part].items():
                known.setdefault(dim, set()).update(places)
    for part, known in signed.items():
        if {dim: set(places) for dim, places in document[part].items()} != known:
            raise NotSigned(f"the {part} of the file are not those that were signed")
