"""Who came onto the list of readers while somebody was writing: said before their letter goes any further.

A page carries the fingerprint of the roster it showed. Whoever is on the roster now and was not then is named
beside the question of strike-outs; whoever left it is asked about no more. Everything that was typed is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.access import TITLES, Role
from core.i18n import Text
from core.roster import Member, Roster
from intake.form.report import Report, ReportRefused, validate
from intake.writing import submission

Raw = Mapping[str, list[str]]
CARRIED: Final = "roster"
"""The hidden field in which a page says which roster it showed."""
_ASKED: Final = "exclude_handlers"
_NEW: Final = Text(
    "Có người mới được đọc thư: {names}. Bạn xem có cần đánh dấu thêm ai không, rồi tiếp tục. Chưa có gì được gửi đi.",
    "Somebody new may read letters: {names}. Please see whether to tick anyone else, then go on. Nothing was sent.",
)


def read(raw: Raw, roster: Roster) -> Report:
    """The letter that was typed, or `ReportRefused` with every error, newcomers among the readers included."""
    new = newcomers(raw, roster)
    try:
        report = validate(_without_gone(raw, roster), people=[member.id for member in roster.members])
    except ReportRefused as refused:
        raise ReportRefused({**refused.errors, **new}) from None
    if new:
        raise ReportRefused(new)
    return report


def newcomers(raw: Raw, roster: Roster) -> dict[str, Text]:
    """The sentence that names who is on the roster now and was not on the one the page showed; none is usual."""
    then = _then(raw, roster)
    if then is None:
        return {}
    before = {(member.id, member.role) for member in then.members}
    new = [member for member in roster.members if (member.id, member.role) not in before]
    return {_ASKED: _named(new)} if new else {}


def _named(new: list[Member]) -> Text:
    vi = [f"{one.name} ({one.title_vi}, {TITLES[Role(one.role)].vi.lower()})" for one in new]
    en = [f"{one.name} ({one.title_en}, {TITLES[Role(one.role)].en.lower()})" for one in new]
    return Text(_NEW.vi.format(names=", ".join(vi)), _NEW.en.format(names=", ".join(en)))


def _without_gone(raw: Raw, roster: Roster) -> Raw:
    """What was typed, less ticks beside people who have left the roster: they read no letter any more."""
    then = _then(raw, roster)
    gone = {one.id for one in then.members} - {one.id for one in roster.members} if then else set()
    if not gone.intersection(raw.get(_ASKED, [])):
        return raw
    return {**raw, _ASKED: [code for code in raw[_ASKED] if code not in gone]}


def _then(raw: Raw, roster: Roster) -> Roster | None:
    fingerprint = (raw.get(CARRIED) or [""])[0]
    return None if fingerprint in {"", roster.fingerprint} else submission.readers_then(fingerprint)
