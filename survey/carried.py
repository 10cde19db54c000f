"""Answers on their way from page to page: sealed, in the form itself, so that nothing is kept between pages.

What is carried opens in this round alone and at the step for which it was sealed; nobody can read or change it,
not even who carries it. The key is gone when the machine restarts: then a respondent begins again.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from core import memory
from core.sealing import CannotOpen, SharedKey, context, derive, pad, seal, unpad, unseal
from survey.coding import Coded

_BLOCK: Final = 1024
_LONGEST: Final = 16 * 1024


class NotCarried(Exception):
    """What a page brought along does not belong to this round and step, or the machine was restarted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """Everything a respondent has said before the page in front of them.

    token: names this sending, so that a repeat counts once. again: required items asked a second time.
    """

    step: int
    token: str
    answers: Mapping[str, Coded] = field(default_factory=dict)
    card: str = ""
    other_card: bool = False
    again: tuple[str, ...] = ()


def sealed(carried: Carried, round_id: str) -> str:
    """The contents of the hidden field of the page for this step."""
    words = json.dumps(
        {
            "step": carried.step,
            "token": carried.token,
            "answers": dict(carried.answers),
            "card": carried.card,
            "other_card": carried.other_card,
            "again": list(carried.again),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    return base64.urlsafe_b64encode(seal(pad(words, _BLOCK), _key(), _place(round_id))).decode()


def opened(field_value: str, round_id: str) -> Carried:
    """What a page brought along, or NotCarried."""
    try:
        if len(field_value) > _LONGEST:
            raise NotCarried
        raw = base64.b64decode(field_value.encode("ascii"), altchars=b"-_", validate=True)
        found = json.loads(unpad(unseal(raw, _key(), _place(round_id))))
    except (CannotOpen, binascii.Error, ValueError):
        raise NotCarried from None
    return Carried(
        step=found["step"],
        token=found["token"],
        answers=found["answers"],
        card=found["card"],
        other_card=found["other_card"],
        again=tuple(found["again"]),
    )


def _key() -> SharedKey:
    return derive(SharedKey(memory.boot_secret(memory.store())), "answers carried between pages")


def _place(round_id: str) -> bytes:
    return context("carried", round_id)
