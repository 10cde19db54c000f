"""Who can open what of one case, worked out from the rules that open it, and written as tables. Pure.

Nothing here is a list kept by hand: each cell asks `Keys.of` of intake/seal/compartments.py whether the keys that
people's slots hold (intake/seal/slots.py) make the key of a part, and the second table is intake/roles.py read aloud.
The tables stand in docs/threat-model.md; one test compares them, another tries every cell on a real database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from core.access import TITLES, Role
from core.sealing import KEY_BYTES, SharedKey
from intake.roles import MAY
from intake.seal.compartments import ENTRY, FIRST, Keys, MissingHalf, Place, Sides
from intake.seal.slots import Side, SideKey


class Holder(StrEnum):
    """Kinds of people, and what lies on paper, each with what they hold."""

    HANDLER = "handler"
    CUSTODIAN = "custodian"
    STRUCK_HANDLER = "handler who was struck out"
    STRUCK_CUSTODIAN = "custodian who was struck out"
    CARDS = "two of three cards"
    ADMINISTRATOR = "administrator"
    BOARD = "board member"
    CAMPAIGNER = "campaigner"
    UNIT = "unit reporter"
    REPORTER = "reporter, with the receipt"


class Part(StrEnum):
    """What there is to open."""

    WORDS = "words"
    TALLY = "tally"
    NAMES = "names"
    MAILBOX = "mailbox"


PARTS_OF: Final[dict[Sides, Part]] = {"S": Part.WORDS, "C": Part.TALLY, "SC": Part.NAMES}

# Any keys will do: what counts is which of them somebody holds.
_NAMES: Final = SideKey.from_names(SharedKey(bytes(KEY_BYTES)))
_TALLIES: Final = SideKey(key=SharedKey(bytes([1]) * KEY_BYTES))
_HELD: Final[dict[Holder, tuple[Side, SideKey]]] = {
    Holder.HANDLER: (Side.HANDLERS, _NAMES),
    Holder.CUSTODIAN: (Side.CUSTODIANS, _TALLIES),
    # The slot of the cards holds the lower key alone.
    Holder.CARDS: (Side.HANDLERS, SideKey(key=_NAMES.key)),
}


def opens(holders: Iterable[Holder], *, eraser_file: bool = True) -> frozenset[Part]:
    """What these can open together with one copy of the database. eraser_file: whether they have that too."""
    together = list(holders)
    found = {Part.MAILBOX} if Holder.REPORTER in together else set()
    keys = _together(together if eraser_file else ())
    for kind, sides in [*FIRST.items(), (ENTRY, "S"), (ENTRY, "C"), (ENTRY, "SC")]:
        try:
            keys.of(_place(kind, sides))
        except MissingHalf:
            continue
        found.add(PARTS_OF[sides])
    return frozenset(found)


def _together(holders: Iterable[Holder]) -> Keys:
    held = [_HELD[holder] for holder in holders if holder in _HELD]
    lower = [key.key for side, key in held if side is Side.HANDLERS]
    upper = [key.names for side, key in held if side is Side.HANDLERS and key.names]
    custodians = [key.key for side, key in held if side is Side.CUSTODIANS]
    return Keys(
        handlers=lower[0] if lower else None,
        names=upper[0] if upper else None,
        custodians=custodians[0] if custodians else None,
    )


def _place(kind: str, sides: Sides) -> Place:
    number = list(FIRST).index(kind) if kind in FIRST else len(FIRST)
    return Place(case_id="any", kind=kind, sequence=number, sides=sides, before=bytes(KEY_BYTES))


def tables() -> str:
    """Both tables in Markdown, as they stand in docs/threat-model.md."""
    return "\n\n".join((_alone_and_in_pairs(), _groups(), _permissions()))


_BEGIN: Final = "<!-- who opens what -->\n"
_END: Final = "<!-- end of who opens what -->"


def put_into(page: str) -> str:
    """A page with the tables in their place between two marks; ValueError where there are none."""
    start, end = page.index(_BEGIN) + len(_BEGIN), page.index(_END)
    return f"{page[:start]}{tables()}\n{page[end:]}"


def _alone_and_in_pairs() -> str:
    rows = [["", *(holder.value for holder in Holder)]]
    for number, one in enumerate(Holder):
        cells = [_said(opens({one, other})) if at <= number else "" for at, other in enumerate(Holder)]
        rows.append([f"**{one.value}**", *cells])
    return _table(rows)


_OFFICIALS: Final = (Holder.ADMINISTRATOR, Holder.BOARD, Holder.CAMPAIGNER, Holder.UNIT)
_ALL: Final = (Holder.HANDLER, Holder.CUSTODIAN, Holder.CARDS, *_OFFICIALS)


def _groups() -> str:
    lines: Sequence[tuple[str, tuple[Holder, ...], bool]] = (
        ("nobody: a thief of the whole disk", (), True),
        ("administrator, board, campaigner and unit reporter together", _OFFICIALS, True),
        ("all handlers together", (Holder.HANDLER,), True),
        ("all custodians together", (Holder.CUSTODIAN,), True),
        ("the cards and all custodians", (Holder.CARDS, Holder.CUSTODIAN), True),
        ("one card alone", (), True),
        ("everybody together, the cards too, without the eraser file", _ALL, False),
    )
    rows = [
        ["who", "opens"],
        *([who, _said(opens(holders, eraser_file=file))] for who, holders, file in lines),
    ]
    return _table(rows)


def _permissions() -> str:
    rows = [["may ask the program to", "who"]]
    rows += [
        [deed, ", ".join(sorted(TITLES[Role(role)].en for role in roles))] for deed, roles in MAY.items()
    ]
    return _table(rows)


def _said(parts: frozenset[Part]) -> str:
    return ", ".join(part.value for part in Part if part in parts) or "—"


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
