"""Forms of the custodians' release pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from wtforms import RadioField
from wtforms.fields import SelectChoice

from core.forms import Needed, StaffForm
from core.i18n import Text, day
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

    def offer(self, days: Sequence[date], colleagues: Sequence[Member]) -> None:
        """The days that can be released now, and the other custodians on the roster."""
        self.as_of.choices = [SelectChoice(one.isoformat(), day(one)) for one in days]
        self.second.choices = [
            SelectChoice(member.id, f"{member.name} – {member.title}") for member in colleagues
        ]


class DeedForm(StaffForm):
    """A button that does one thing."""
