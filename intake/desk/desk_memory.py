"""What a handler opened in this session, to search in: in memory only, sealed, gone with the session.

Each opened case is one sealed piece on the memory-backed shelf, under a key of the handler's seed and of the
moment they signed in, so that any process finds it, a new session begins with nothing, and nobody else reads
a word. Nothing of what is searched for is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flask import session as signed_in

from core import config, memory, sessions
from core.sealing import CannotOpen, SharedKey, context, derive, seal, unseal
from core.vietnamese import fold

AROUND = 60
"""Letters of the text shown on each side of what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One place where the words stand: before, the words as written, after."""

    case_id: str
    before: str = field(repr=False)
    words: str = field(repr=False)
    after: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A handler's session. begun: when it began, as the session itself remembers it."""

    seed: bytes = field(repr=False)
    begun: str

    @property
    def key(self) -> SharedKey:
        """Of this session alone."""
        return derive(SharedKey(self.seed), "opened", self.begun)

    @property
    def shelf(self) -> str:
        """A name that tells neither who nor when."""
        return "opened:" + hashlib.sha256(self.key.raw).hexdigest()


def here() -> Session:
    """That of the handler in front of this page; `NotSignedIn` for everybody else."""
    return Session(seed=sessions.seed(), begun=str(signed_in["begun"]))


def remember(session: Session, case_id: str, texts: Sequence[str]) -> None:
    """Keep what was shown of a case; the newest counts."""
    seconds = config.current().session_hours * 3600
    store = memory.store()
    number = store.count(f"{session.shelf}:n", seconds)
    piece = json.dumps([case_id, list(texts)], ensure_ascii=False).encode()
    store.put(f"{session.shelf}:{number}", seal(piece, session.key, _bound(number)), seconds)


def opened(session: Session) -> dict[str, list[str]]:
    """Case id → its texts, of everything opened in this session."""
    store = memory.store()
    last = int(store.get(f"{session.shelf}:n") or 0)
    found: dict[str, list[str]] = {}
    for number in range(1, last + 1):
        sealed = store.get(f"{session.shelf}:{number}")
        try:
            case_id, texts = json.loads(unseal(sealed or b"", session.key, _bound(number)))
        except CannotOpen:
            continue
        found[case_id] = texts
    return found


def search(session: Session, wanted: str) -> list[Found]:
    """Where the words stand, without regard to marks or capitals; the first place of each text."""
    sought = fold(wanted)
    if not sought:
        return []
    return [
        place
        for case_id, texts in opened(session).items()
        for text in texts
        for place in _first(case_id, text, sought)
    ]


def forget(session: Session, case_id: str) -> None:
    """A case one has stepped back from is searched no more."""
    remember(session, case_id, [])


def _first(case_id: str, text: str, sought: str) -> Iterator[Found]:
    folded, places = _folded(text)
    at = folded.find(sought)
    if at >= 0:
        begin, end = places[at], places[at + len(sought) - 1] + 1
        yield Found(
            case_id=case_id,
            before=("…" if begin > AROUND else "") + text[max(0, begin - AROUND) : begin],
            words=text[begin:end],
            after=text[end : end + AROUND] + ("…" if end + AROUND < len(text) else ""),
        )


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as a search sees it, and for each of its letters the place in the text."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in fold(letter) or (" " if letter.isspace() else ""):
            if not (one == " " and letters[-1:] == [" "]):
                letters.append(one)
                places.append(place)
    return "".join(letters), places


def _bound(number: int) -> bytes:
    return context("opened", number)
