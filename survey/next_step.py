"""What a campaigner does next, from where the rounds of a year stand (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Protocol

from core.i18n import Text

Deed = Literal["plan", "print", "drop", "look", ""]


class Standing(Protocol):
    """What is asked of a round here."""

    wave: str
    state: str
    opens_on: date
    closes_on: date
    with_cards: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """One step: what it is, why or when, and the deed whose button stands beside it ("" for waiting)."""

    title: Text
    sentence: Text
    deed: Deed = ""


_FIRST: Final = Next(
    title=Text("Ghi đợt trước chiến dịch", "Plan the round before the campaign"),
    sentence=Text(
        "Nên xong trước khi chiến dịch bắt đầu, để có cái mà so sánh.",
        "It should be over before the campaign begins, so that there is something to compare with.",
    ),
    deed="plan",
)
_SECOND: Final = Next(
    title=Text("Ghi đợt sau chiến dịch", "Plan the round after the campaign"),
    sentence=Text(
        "Đợt trước đã đóng. Mọi người dùng lại thẻ cũ.",
        "The first round has closed. Everybody uses the same card again.",
    ),
    deed="plan",
)
_PRINT: Final = Next(
    title=Text("In thẻ", "Print cards"),
    sentence=Text(
        "Chưa có thẻ nào cho năm này. Không có thẻ thì không ai trả lời được.",
        "There are no cards for this year yet, and nobody can answer without one.",
    ),
    deed="print",
)
_MISSED: Final = Next(
    title=Text("Bỏ đợt đã quá ngày", "Take back the round that was missed"),
    sentence=Text(
        "Đợt này chưa mở mà đã quá ngày. Bạn bỏ nó rồi ghi đợt mới.",
        "This round never opened and its days are over. Take it back and plan another.",
    ),
    deed="drop",
)
_NO_ROSTER: Final = Next(
    title=Text("Chờ danh sách người giữ khóa", "Wait for the roster of custodians"),
    sentence=Text(
        "Ngày mở đã đến, nhưng chưa có danh sách còn hạn. Người giữ khóa cần ký danh sách mới.",
        "The day has come, but there is no valid roster. The custodians need to sign a new one.",
    ),
)
_JOIN: Final = Next(
    title=Text("Chờ người giữ khóa ghép hai đợt", "Wait for a custodian to join the two rounds"),
    sentence=Text(
        "Hai đợt đã đóng. Bạn nhắn một người giữ khóa vào trang Ghép khảo sát.",
        "Both rounds have closed. Ask a custodian to open the page Join surveys.",
    ),
)
_LOOK: Final = Next(
    title=Text("Xem điều gì đã thay đổi", "See what changed"),
    sentence=Text("Hai đợt đã được ghép và tính xong.", "The two rounds have been joined and computed."),
    deed="look",
)


def next_step(year: Sequence[Standing], *, printed: int, compared: bool, today: date) -> Next:
    """The next step of one year. `printed`: its cards; compared: whether two of its rounds have been joined."""
    ahead = sorted((one for one in year if one.state != "closed"), key=lambda one: one.opens_on)
    if ahead:
        return _ahead(ahead[0], printed, today)
    waves = {one.wave for one in year}
    if "before" not in waves:
        return _FIRST
    if waves == {"before"}:
        return _SECOND
    return _LOOK if compared else _JOIN


def _ahead(found: Standing, printed: int, today: date) -> Next:
    if found.state == "planned" and found.closes_on < today:
        return _MISSED
    if found.with_cards and not printed:
        return _PRINT
    if found.state == "planned" and found.opens_on <= today:
        return _NO_ROSTER
    if found.state == "planned":
        return Next(
            title=Text("Chờ ngày mở", "Wait for the opening day"),
            sentence=Text(
                "Đợt này tự mở vào ngày đã ghi. Trước đó bạn phát thẻ và báo mọi người.",
                "The round opens by itself on its day. Until then hand out cards and tell everybody.",
            ),
        )
    return Next(
        title=Text("Mời mọi người trả lời", "Invite everybody to answer"),
        sentence=Text(
            "Đợt này tự đóng sau ngày cuối. Kết quả chỉ có khi cả hai đợt đã đóng.",
            "The round closes by itself after its last day. Results come only when both rounds have closed.",
        ),
    )
