"""Forms of the report: how it looks outside, what the centre counts, and one written part at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wtforms import DateField, HiddenField, RadioField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError

from board.report.parts import LONGEST, PHOTOS_AT_MOST, SIGNING
from core.forms import AtMost, ChangeForm, Lines, StaffForm, Words
from core.i18n import Text
from survey.forms import Between, Whole

_DAY: Final = ["%d/%m/%Y", "%Y-%m-%d"]


class PartForm(ChangeForm):
    """One written part."""

    text = Lines(Text("Nội dung", "Words"), [AtMost(LONGEST)])


class SupplementForm(ChangeForm):
    """Number and day of the supplement."""

    supplement_number = Words(Text("Số của báo cáo bổ sung", "Number of the supplement"), [AtMost(20)])
    supplement_day = DateField(
        Text("Ngày của báo cáo bổ sung", "Day of the supplement"), [Optional()], format=_DAY
    )


class FormalForm(ChangeForm):
    """What the decree asks for around the words."""

    number = Words(Text("Số", "Number"), [AtMost(20)])
    symbol = Words(Text("Ký hiệu", "Symbol"), [AtMost(40)])
    day = DateField(Text("Ngày của báo cáo", "Day of the report"), [Optional()], format=_DAY)
    addressee = Words(Text("Kính gửi", "Addressed to"), [AtMost(160)])
    bases = Lines(Text("Căn cứ, mỗi dòng một căn cứ", "Legal bases, one a line"), [AtMost(2000)])
    signing = RadioField(
        Text("Quyền hạn, chức vụ của người ký", "In what capacity it is signed"),
        choices=[SelectChoice(code, " / ".join(lines)) for code, lines in SIGNING.items()],
        validators=[Optional()],
    )
    signer = Words(Text("Họ tên người ký", "Name of the person who signs"), [AtMost(80)])
    recipients = Lines(Text("Nơi nhận, mỗi dòng một nơi", "Recipients, one a line"), [AtMost(1000)])


_SMALL: Final = Between(0, 100_000, Text("Từ 0 đến 100.000.", "Between 0 and 100,000."))


class CentreForm(ChangeForm):
    """What the centre as a whole counts, and no unit."""

    A13 = Whole(
        Text("Lượt tư vấn phòng ngừa, ứng phó với bạo lực", "Times of counselling"), [Optional(), _SMALL]
    )
    A14 = Whole(
        Text(
            "Người bị bạo lực, xâm hại được thăm hỏi, hỗ trợ", "People harmed who were visited or supported"
        ),
        [Optional(), _SMALL],
    )
    A19 = Whole(Text("Vụ việc vi phạm đã xử lý", "Violations handled"), [Optional(), _SMALL])


class PhotosForm(ChangeForm):
    """Which photographs stand in the annex."""

    photos = SelectMultipleField(
        Text("Ảnh đưa vào phụ lục", "Photographs of the annex"), validators=[Optional()]
    )

    def offer(self, known: Sequence[tuple[str, Text, str, str]]) -> None:
        """(photograph, unit, type, title) of each."""
        self.photos.choices = [
            SelectChoice(photo, ": ".join(words for words in (str(unit), title) if words))
            for photo, unit, _, title in known
        ]

    def validate_photos(self, field: Any) -> None:
        if len(field.data or []) > PHOTOS_AT_MOST:
            raise ValidationError(
                Text("Nhiều nhất {n} ảnh.", "At most {n} photographs.").format(n=PHOTOS_AT_MOST)
            )


class DeedForm(StaffForm):
    """A button."""


class SendForm(DeedForm):
    """The button that closes a report. seen: a mark of the document that the page was made from."""

    seen = HiddenField()


def texts_of(form: ChangeForm) -> dict[str, str]:
    """Part → words, of every field that is one."""
    return {
        field.name: _word(field.data) for field in form if field.name not in ("seen", "csrf_token", "text")
    }


def _word(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
