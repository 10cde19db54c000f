"""Forms of the campaigner."""

from __future__ import annotations

from typing import Any, Final

from wtforms import BooleanField, DateField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError

from core import clock
from core.forms import Needed, StaffForm
from core.i18n import Text
from core.vietnamese import NotANumber, parse_number

_DAY: Final = ["%d/%m/%Y", "%Y-%m-%d"]

WAVES: Final = {
    "before": Text("Trước chiến dịch", "Before the campaign"),
    "after": Text("Sau chiến dịch", "After the campaign"),
    "followup": Text("Sau ba tháng", "After three months"),
}


class Whole(StringField):  # type: ignore[misc]
    """A whole number, with or without dots between thousands."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = (valuelist or [""])[0].strip()
        self.raw_data = [typed]
        self.data = None
        if not typed:
            return
        try:
            read = parse_number(typed)
        except NotANumber as wrong:
            raise ValueError(wrong.reason) from None
        if not isinstance(read, int):
            raise ValueError(Text("Ô này cần một số nguyên.", "A whole number is needed here."))
        self.data = read

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else str(self.data)


class Between:
    """A number of this size; what could not be read as a number has its own sentence already."""

    def __init__(self, least: int, most: int, message: Text) -> None:
        self.least, self.most, self.message = least, most, message

    def __call__(self, _form: Any, field: Any) -> None:
        if field.data is not None and not self.least <= field.data <= self.most:
            raise ValidationError(self.message)


class PlanForm(StaffForm):
    """A new round."""

    wave = RadioField(
        Text("Lần khảo sát", "Which wave"),
        choices=[SelectChoice(code, words) for code, words in WAVES.items()],
        validators=[Needed()],
    )
    questionnaire = RadioField(
        Text("Bảng hỏi", "Questionnaire"), choices=[], validate_choice=False, validators=[Optional()]
    )
    opens_on = DateField(Text("Mở từ ngày", "Opens on"), format=_DAY, validators=[Needed()])
    closes_on = DateField(
        Text("Nhận đến hết ngày", "Last day of answers"), format=_DAY, validators=[Needed()]
    )
    invited = Whole(
        Text("Số người được mời trả lời", "How many people are invited"),
        validators=[
            Optional(),
            Between(0, 100_000, Text("Từ 0 đến 100.000 người.", "Between 0 and 100,000 people.")),
        ],
    )
    with_cards = BooleanField(
        Text("Mỗi người trả lời bằng một thẻ rút từ hộp", "Each person answers with a card drawn from a box"),
        default=True,
    )

    def validate_closes_on(self, field: Any) -> None:
        if self.opens_on.data and field.data and field.data < self.opens_on.data:
            raise ValidationError(
                Text("Ngày cuối không thể trước ngày mở.", "The last day cannot come before the opening day.")
            )
        if field.data and field.data < clock.today():
            raise ValidationError(Text("Ngày này đã qua.", "This day has passed."))


class CardsForm(StaffForm):
    """How many cards to print."""

    count = Whole(
        Text("Số thẻ cần in", "How many cards to print"),
        validators=[
            Needed(),
            Between(1, 2000, Text("Từ 1 đến 2.000 thẻ một lần.", "Between 1 and 2,000 cards at a time.")),
        ],
        default=60,
    )


class DeedForm(StaffForm):
    """A button that changes something: only the token."""
