"""The days on which something that the file promised is to be done: one for each kind of promise. Pure.

    action        what was to come next, by the day written beside it; a later action takes its place
    assessment    the risk is to be looked at again
    retaliation   the check after one, three or six months that was not made yet
    referral      the recipient is asked how it went, a week after the referral, and after each "waiting"

A closed file promises nothing. They reach the list of letters through a sealed cell (intake/desk/dating.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from intake.casefile import assessment, closure, labour
from intake.casefile.record import File, Written

ACTION: Final = "action"
ASSESSMENT: Final = "assessment"
RETALIATION: Final = "retaliation"
REFERRAL: Final = "referral"
PROMISES: Final = (ACTION, ASSESSMENT, RETALIATION, REFERRAL)
FOLLOW_UP: Final = timedelta(days=7)
_STILL_OPEN: Final = "waiting"


def promised(file: File) -> Mapping[str, date]:
    """Kind of promise → the earliest day it falls due; what was kept, or never made, is missing."""
    if closure.closed(file):
        return {}
    return dict(_promised(file))


def asked_again(file: File, referral: Written) -> date | None:
    """When to ask how a referral went; None once it has an end."""
    results = file.naming("ket-qua", referral.row)
    if not results:
        return (referral.day("on") or referral.on) + FOLLOW_UP
    latest = results[-1]
    return latest.on + FOLLOW_UP if latest.values.get("result") == _STILL_OPEN else None


def _promised(file: File) -> Iterator[tuple[str, date]]:
    action = file.latest("viec")
    if action and (due := action.day("due")):
        yield ACTION, due
    if again := assessment.again_on(file):
        yield ASSESSMENT, again
    for _, due in list(labour.checks_due(file))[:1]:
        yield RETALIATION, due
    asked = [day for one in file.of("chuyen-gui") if (day := asked_again(file, one))]
    if asked:
        yield REFERRAL, min(asked)
