"""Forms of the custodians' release pages."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import RadioField
from wtforms.fields import SelectChoice

from board.periods import Period
from core.forms import Needed, StaffForm
from core.i18n import Text, day, t
from core.roster import Member


class BeginForm(StaffForm):
    """The period, and the colleague who is to finish it."""

    as_of = RadioField(
        Text("Số liệu tính đến hết ngày nào?", "Up to the end of which day?"),
        [Needed(Text("Bạn chưa chọn ngày.", "Choose a day."))],
    )
    second = RadioField(
        Text("Ai công bố cùng bạn?", "Who publishes it with you?"),
        [Needed(Text("Bạn chưa chọn người giữ khóa thứ hai.", "Choose the second custodian."))],
    )

    def offer(self, periods: Sequence[Period], colleagues: Sequence[Member]) -> None:
        """What can be released now, and the other custodians on the roster."""
        self.as_of.choices = [SelectChoice(one.name, _named(one)) for one in periods]
        self.second.choices = [
            SelectChoice(member.id, f"{member.name} – {member.title}") for member in colleagues
        ]


def _named(period: Period) -> str:
    if period.final:
        return t("Số cuối cùng của năm {}", "The final figures of {}").format(period.as_of.year)
    return day(period.as_of)


class DeedForm(StaffForm):
    """A button that does one thing."""
