"""Ceremonies after the founding, as steps that are worked out from what is there: they go on where they stopped. Pure.

    add       somebody joins            lost      somebody lost their passphrase, or it was seen
    retire    somebody leaves           yearly    the roster and everybody's keys, once a year

Nothing remembers that a ceremony was begun. Each step asks what the roster, the people and the signatures say now, so
that a crash, a restart or a week in between changes nothing, and two people who look see the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal

from core.i18n import Text
from core.roster import SIGNATURES_NEEDED


class Ceremony(StrEnum):
    """What is to change, as it stands in the address."""

    ADD = "them"
    LOST = "mat-cum-tu"
    RETIRE = "thoi"
    YEARLY = "hang-nam"


State = Literal["done", "now", "later"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is there now; people by name.

    new, gone, rekeyed: what the people who are enrolled change against the version in force. invited: not enrolled yet.
    to_renew: who still has the keys of the version in force. signed: how many signed the version that waits.
    unwrapped: who has not gone through their side since the version in force.
    """

    new: Sequence[str]
    gone: Sequence[str]
    rekeyed: Sequence[str]
    invited: Sequence[str]
    to_renew: Sequence[str]
    waiting: bool
    signed: int
    unwrapped: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what, who does it, how; page: the endpoint where it is done; names: whom it is about now."""

    title: Text
    who: Text
    how: Text
    done: bool
    page: str = ""
    names: Sequence[str] = ()
    state: State = "later"


TITLES: Final = {
    Ceremony.ADD: Text("Thêm một người", "Add a person"),
    Ceremony.LOST: Text("Thay khóa của người mất cụm từ", "New keys for somebody who lost their passphrase"),
    Ceremony.RETIRE: Text("Một người thôi vai trò", "A person leaves"),
    Ceremony.YEARLY: Text("Gia hạn hằng năm", "The yearly renewal"),
}
WHEN: Final = {
    Ceremony.ADD: Text(
        "Người mới chỉ đọc thư mới. Thư cũ phải được chuyển giao riêng.",
        "New people open new letters only. An older one is handed over by itself.",
    ),
    Ceremony.LOST: Text(
        "Cũng dùng khi có người khác đã thấy cụm từ. Hãy làm ngay.",
        "Also when somebody else has seen the passphrase. Do it at once.",
    ),
    Ceremony.RETIRE: Text(
        "Người thôi không đăng nhập được ngay từ bước đầu.",
        "Whoever leaves cannot sign in from the first step on.",
    ),
    Ceremony.YEARLY: Text(
        "Danh sách chỉ có hiệu lực 400 ngày. Cùng dịp đó, mỗi người thay khóa của mình.",
        "A roster is good for 400 days. On the same occasion everybody renews their keys.",
    ),
}
_ADMINISTRATOR: Final = Text("Quản trị hệ thống", "Administrator")
_CUSTODIANS: Final = Text("Hai người giữ khóa", "Two custodians")
_ONE: Final = Text("Một người giữ khóa", "One custodian")
_SELF: Final = Text("Người đó", "That person")
_ALL: Final = Text("Mỗi cán bộ tiếp nhận và người giữ khóa", "Every handler and custodian")


def steps(ceremony: Ceremony, facts: Facts) -> list[Step]:
    """The steps in order: those done, the one that is now, and those that come later.

    Nothing under way: the first step is now. Signed, and somebody still has to wrap anew: only that is left.
    """
    under_way = bool(facts.new or facts.gone or facts.rekeyed or facts.waiting)
    signed = not under_way and bool(facts.unwrapped) and ceremony is not Ceremony.ADD
    made = [*_BEGINNING[ceremony](facts), *_signing(facts), *_afterwards(ceremony, facts)]
    now = len(made) - 1 if signed else next((at for at, one in enumerate(made) if not one.done), len(made))
    return [
        replace(one, state="done" if at < now else "now" if at == now else "later")
        for at, one in enumerate(made)
    ]


def _adding(facts: Facts) -> list[Step]:
    begun = bool(facts.new or facts.invited or facts.waiting)
    return [
        _written_down(facts.invited, done=begun),
        Step(
            title=Text("Người mới đăng ký", "The new person enrols"),
            who=_SELF,
            how=Text(
                "Mở đường dẫn một mình, chép cụm từ ra giấy, thử mã trên điện thoại.",
                "They open the link alone, copy the passphrase onto paper, and try the code on their phone.",
            ),
            done=bool(facts.new) or facts.waiting,
            names=facts.invited,
        ),
    ]


def _written_down(invited: Sequence[str], *, done: bool) -> Step:
    return Step(
        title=Text("Ghi tên người mới và đưa đường dẫn", "Write the new person down and hand over the link"),
        who=_ADMINISTRATOR,
        how=Text(
            "Ở trang Người dùng. Đường dẫn đưa tận tay, không gửi qua Zalo hay thư.",
            "On the page of people. The link is given by hand, never sent by Zalo or mail.",
        ),
        done=done,
        page="administrator.people",
        names=invited,
    )


def _losing(facts: Facts) -> list[Step]:
    done = bool(facts.rekeyed) or facts.waiting
    return [
        Step(
            title=Text("Lập đường dẫn đăng ký mới", "Make a fresh enrolment link"),
            who=_ADMINISTRATOR,
            how=Text(
                "Ở trang của người đó. Đường dẫn cũ hết giá trị; không ai thấy cụm từ.",
                "On that person's page. An older link stops working; nobody sees the passphrase.",
            ),
            done=done,
            page="administrator.people",
        ),
        Step(
            title=Text("Đăng ký lại", "Enrol again"),
            who=_SELF,
            how=Text(
                "Mở đường dẫn một mình và chép cụm từ mới. Cụm từ cũ không dùng được nữa.",
                "They open the link alone and copy the new passphrase. The old one no longer works.",
            ),
            done=done,
            names=facts.rekeyed,
        ),
    ]


def _retiring(facts: Facts) -> list[Step]:
    return [
        Step(
            title=Text("Cho người đó thôi vai trò", "Retire the person"),
            who=_ADMINISTRATOR,
            how=Text(
                "Trước đó, họ chuyển giao thư mà chỉ họ đọc được. Từ đây họ không đăng nhập được nữa.",
                "Before that, they hand on what only they can read. From here on they cannot sign in.",
            ),
            done=bool(facts.gone) or facts.waiting,
            page="administrator.people",
            names=facts.gone,
        )
    ]


def _renewing(facts: Facts) -> list[Step]:
    return [
        Step(
            title=Text("Mỗi người thay khóa của mình", "Everybody renews their keys"),
            who=_ALL,
            how=Text(
                "Ở trang Tài khoản của tôi. Khóa cũ vẫn dùng được đến khi bản mới có hiệu lực.",
                "On the page My account. The old keys go on working until the new version is in force.",
            ),
            done=facts.waiting or (bool(facts.rekeyed) and not facts.to_renew),
            page="sign_in.own_account",
            names=facts.to_renew,
        )
    ]


def _signing(facts: Facts) -> list[Step]:
    return [
        Step(
            title=Text("Đề nghị bản danh sách mới", "Propose the new roster"),
            who=_ONE,
            how=Text(
                "Một nút bấm. Bản mới gồm mọi người đã đăng ký hôm nay.",
                "One button. The new version has everybody who is enrolled today.",
            ),
            done=facts.waiting,
            page="roster.show",
        ),
        Step(
            title=Text("So 24 chữ số rồi ký", "Compare the 24 digits, then sign"),
            who=_CUSTODIANS,
            how=_signatures(facts),
            done=False,  # with the second signature nothing waits any more
            page="roster.show",
        ),
    ]


def _signatures(facts: Facts) -> Text:
    """How to sign; how many have, only while a version waits for them."""
    if not facts.waiting:
        return Text("Mặt đối mặt, mỗi người ký trên máy của mình.", "Face to face, each at their own screen.")
    return Text(
        "Mặt đối mặt, mỗi người ký trên máy của mình. Đã có {signed} trong {of} chữ ký.",
        "Face to face, each at their own screen. {signed} of {of} signatures are there.",
    ).format(signed=facts.signed, of=SIGNATURES_NEEDED)


def _afterwards(ceremony: Ceremony, facts: Facts) -> list[Step]:
    if ceremony is Ceremony.ADD:
        return []
    return [
        Step(
            title=Text("Đăng nhập lại và bọc lại khóa", "Sign in again and wrap keys anew"),
            who=_ALL,
            how=Text(
                "Một nút ở đầu trang làm việc. Dừng lúc nào cũng được, lần sau làm tiếp.",
                "One button at the head of the desk. Stop at any time; next time goes on.",
            ),
            done=False,
            page="recovery.wrap_anew",
            names=facts.unwrapped,
        )
    ]


_BEGINNING: Final = {
    Ceremony.ADD: _adding,
    Ceremony.LOST: _losing,
    Ceremony.RETIRE: _retiring,
    Ceremony.YEARLY: _renewing,
}
