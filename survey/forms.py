"""Forms of the campaigner."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, DateField, IntegerField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import NumberRange, Optional, ValidationError

from core.forms import Needed, StaffForm
from core.i18n import Text

_DAY = ["%d/%m/%Y", "%Y-%m-%d"]

WAVES = {
    "before": Text("Trước chiến dịch", "Before the campaign"),
    "after": Text("Sau chiến dịch", "After the campaign"),
    "followup": Text("Sau ba tháng", "After three months"),
}


class PlanForm(StaffForm):
    """A new round."""

    wave = RadioField(
        Text("Lần khảo sát", "Which wave"),
        choices=[SelectChoice(code, words) for code, words in WAVES.items()],
        validators=[Needed()],
    )
    opens_on = DateField(Text("Mở từ ngày", "Opens on"), format=_DAY, validators=[Needed()])
    closes_on = DateField(Text("Đóng sau ngày", "Closes after"), format=_DAY, validators=[Needed()])
    invited = IntegerField(
        Text("Số người được mời trả lời", "How many people are invited"),
        validators=[Optional(), NumberRange(0, 100_000)],
    )
    with_cards = BooleanField(
        Text("Mỗi người trả lời bằng một thẻ rút từ hộp", "Each person answers with a card drawn from a box"),
        default=True,
    )

    def validate_closes_on(self, field: Any) -> None:
        if self.opens_on.data and field.data and field.data < self.opens_on.data:
            raise ValidationError(Text("Ngày đóng phải sau ngày mở.", "It must close after it opens."))


class CardsForm(StaffForm):
    """How many cards to print."""

    count = IntegerField(
        Text("Số thẻ cần in", "How many cards to print"),
        validators=[
            Needed(),
            NumberRange(1, 2000, Text("Từ 1 đến 2.000 thẻ một lần.", "Between 1 and 2,000 cards at a time.")),
        ],
        default=60,
    )


class DeedForm(StaffForm):
    """A button that changes something: only the token."""
