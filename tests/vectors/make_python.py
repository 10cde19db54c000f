"""Seals with core/sealing.py for JavaScript to open; writes from-python.json beside this file."""

from __future__ import annotations

import json
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.roster import Member, MemberRole, Roster
from core.sealing import PrivateKey, SharedKey, context, seal, sign_public
from intake.seal.envelope import seal_case

WORDS: tuple[tuple[str, list[str | int]], ...] = (
    ("", ["empty"]),
    ("Chào bạn, Đặng Thị Hoà 😀", ["letter", 3]),
    ("x" * 5000, ["long"]),
)


def numbered(start: int) -> bytes:
    return bytes((start + n) % 256 for n in range(32))


SEEDS = {name: numbered(10 + number) for number, name in enumerate(["a", "b", "x", "y", "z", "cards"])}
CASE_WORDS: dict[str, dict[str, Any]] = {
    "flags": {"danger_now": "no"},
    "tally": {"consent_stats": True},
    "safe_contact": {},
    "identity": {"reporter_name": "Đặng Thị Hoà"},
    "story": {"narrative": "Chuyện xảy ra ở khoa…"},
}


def member(name: str, role: MemberRole) -> Member:
    return Member(
        id=name,
        name=name,
        title_vi="",
        title_en="",
        role=role,
        seal_public=PrivateKey.from_seed(SEEDS[name]).public.raw,
        sign_public=sign_public(SEEDS[name]),
    )


def whole_case() -> dict[str, Any]:
    roster = Roster(
        version=2,
        previous="",
        installation="centre",
        made_on=date(2026, 11, 15),
        not_after=date(2027, 11, 15),
        members=(*(member(one, "handler") for one in "ab"), *(member(one, "custodian") for one in "xyz")),
        recovery_public=PrivateKey.from_seed(SEEDS["cards"]).public.raw,
    )
    case_id = "ca" * 16
    case = seal_case(CASE_WORDS, case_id=case_id, roster=roster, struck=["a"], reporter_seed=numbered(50))
    return {
        "id": case_id,
        "roster_version": roster.version,
        "words": CASE_WORDS,
        "handler": {"slot": 1, "seed": SEEDS["b"].hex()},
        "cards": {"slot": 2, "seed": SEEDS["cards"].hex()},
        "custodian": {"slot": 0, "seed": SEEDS["x"].hex()},
        "slots": {"S": case.handlers.slots.hex(), "C": case.custodians.slots.hex()},
        "compartments": [
            [place.kind, place.sequence, place.sides, blob.hex()] for place, blob in case.compartments
        ],
    }


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
        "case": whole_case(),
    }


if __name__ == "__main__":
    made = json.dumps(vectors(), ensure_ascii=False, indent=1)
    Path(__file__).with_name("from-python.json").write_text(made + "\n", encoding="utf-8")
