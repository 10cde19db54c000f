"""What differs between two rosters, and telling every handler and custodian about it when they sign in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from core import clock, memory, rosters
from core.i18n import Text
from core.roster import Member, Roster, RosterRefused
from core.rosters import NoRoster

SOON_DAYS: Final = 60
"""So long before a roster runs out people begin to hear of it."""
_REMEMBERED_SECONDS = 400 * 86400
_NEW_CARDS = Text(
    "Bộ thẻ phục hồi đã đổi. Thẻ cũ cần hủy sau khi thư cũ được bọc lại.",
    "There is a new set of recovery cards. Destroy the old ones once older letters are wrapped anew.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """People who are new, who are gone, and who have fresh keys."""

    new: tuple[Member, ...]
    gone: tuple[Member, ...]
    rekeyed: tuple[Member, ...]

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.new or self.gone or self.rekeyed)


def between(before: tuple[Member, ...], after: tuple[Member, ...]) -> Changes:
    """What a later list of members says that an earlier one does not."""
    old = {member.id: member for member in before}
    now = {member.id: member for member in after}
    rekeyed = (now[one] for one in now if one in old and _keys(now[one]) != _keys(old[one]))
    return Changes(
        new=tuple(now[one] for one in now if one not in old),
        gone=tuple(old[one] for one in old if one not in now),
        rekeyed=tuple(rekeyed),
    )


def news(session: Session, person_id: str) -> Iterator[Text]:
    """Sentences about what changed since this person last signed in; said once."""
    try:
        chain = rosters.chain(session)
    except NoRoster:
        return
    except RosterRefused as refused:
        yield Text(f"{refused.reason}", f"{refused.reason}")
        return
    name = f"roster-seen:{person_id}"
    seen = int(memory.store().get(name) or 0)
    memory.store().put(name, str(chain[-1].version).encode(), _REMEMBERED_SECONDS)
    # After a restart of the machine nobody remembers; then the newest change is told once more.
    since = seen or chain[-1].version - 1
    if 0 < since < chain[-1].version:
        yield _sentence(chain[-1], between(chain[since - 1].members, chain[-1].members))
        if chain[since - 1].recovery_public != chain[-1].recovery_public:
            yield _NEW_CARDS
    left = (chain[-1].not_after - clock.today()).days
    if 0 <= left < SOON_DAYS:
        yield _runs_out(chain[-1].not_after)
    if rosters.proposed(session) is not None:
        yield Text(
            "Một bản danh sách mới đang chờ chữ ký của người giữ khóa.",
            "A new version of the roster waits for custodians' signatures.",
        )


def _runs_out(last: date) -> Text:
    return Text(
        f"Danh sách người được giao có hiệu lực đến {last:%d/%m/%Y}. Đã đến lúc gia hạn hằng năm.",
        f"The roster counts until {last.day} {last:%B} {last.year}. It is time for the yearly renewal.",
    )


def _sentence(roster: Roster, changes: Changes) -> Text:
    vi = [f"Danh sách người được giao đã đổi (bản {roster.version})."]
    en = [f"The roster has changed (version {roster.version})."]
    for members, word_vi, word_en in (
        (changes.new, "Thêm", "New"),
        (changes.gone, "Thôi", "Gone"),
        (changes.rekeyed, "Khóa mới", "Fresh keys"),
    ):
        if members:
            names = ", ".join(member.name for member in members)
            vi.append(f"{word_vi}: {names}.")
            en.append(f"{word_en}: {names}.")
    return Text(" ".join(vi), " ".join(en))


def _keys(member: Member) -> tuple[bytes, bytes]:
    return member.seal_public, member.sign_public
