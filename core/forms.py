"""Two kinds of form: for everyone, and for people who are signed in.

Every POST must come from a page of this server (core/headers.py looks at its origin). Forms of signed-in
people carry Flask-WTF's token as well; forms for everyone carry none, since that would need a cookie.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectFieldBase, StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError

from core.i18n import Text, day
from core.meanwhile import Overtaken, Stands, mark
from core.vietnamese import nfc


class InBothLanguages:
    """The form library's own sentences, in the language of the page."""

    def gettext(self, sentence: str) -> str:
        return str(_SENTENCES.get(sentence, _LOOK_AGAIN))

    def ngettext(self, singular: str, _plural: str, _n: int) -> str:
        return self.gettext(singular)


_LOOK_AGAIN: Final = Text("Chỗ này chưa đúng, bạn xem lại.", "This is not right yet; please look again.")
_SENTENCES: Final = {
    "This field is required.": Text("Bạn chưa trả lời câu này.", "Please answer this question."),
    "Not a valid choice.": Text(
        "Câu trả lời này không có trong danh sách.", "This answer is not one of the list."
    ),
    "Not a valid date value.": Text(
        "Ngày này chưa đúng. Bạn ghi như 05/12/2026.", "This is not a date. Write it like 05/12/2026."
    ),
    "Not a valid integer value.": Text("Bạn chỉ ghi chữ số, ví dụ 120.", "Write digits only, such as 120."),
}


class PublicForm(FlaskForm):  # type: ignore[misc]
    """A form for everyone: no token, no cookie."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False

        def get_translations(self, _form: Any) -> InBothLanguages:
            return InBothLanguages()


class StaffForm(FlaskForm):  # type: ignore[misc]
    """A form of a signed-in person, with a token of their session."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def get_translations(self, _form: Any) -> InBothLanguages:
            return InBothLanguages()


class ChangeForm(StaffForm):
    """A form that changes what is there already. `seen` is the mark of what its page was made from (core.meanwhile)."""

    overtaken = False
    theirs: Sequence[tuple[str, str]] = ()
    """What somebody else has written meanwhile where it is not the same: label and words."""
    seen = HiddenField()

    def let_pass(self, changed: Overtaken, as_fields: Stands | None = None) -> None:
        """Say that somebody else was faster, and what they wrote; sent once more, this form replaces it.

        as_fields: what stands there by the names of these fields, where it has others.
        """
        self.overtaken, self.seen.data = True, mark(changed.stands)
        stands = changed.stands if as_fields is None else as_fields
        both = [
            (str(field.label.text), _words(field, field.data), _words(field, stands[field.name]))
            for field in self
            if field.name in stands
        ]
        self.theirs = [(label, theirs) for label, mine, theirs in both if mine != theirs]

    @property
    def status(self) -> int:
        """The answer's number when the page is shown again."""
        return 409 if self.overtaken else 422 if self.errors else 200


def _words(field: Field, value: Any) -> str:
    """What a field would say if it held this, as a person reads it."""
    if isinstance(field, SelectFieldBase):
        codes = value if isinstance(value, list) else [value]
        return ", ".join(str(choice.label) for choice in field.iter_choices() if choice.value in codes)
    if isinstance(field, DateField):
        value = date.fromisoformat(value) if value and isinstance(value, str) else value
        return day(value) if value else ""
    return "" if value is None else str(value)


class Words(StringField):  # type: ignore[misc]
    """One line of text, composed (NFC) on arrival."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([nfc(value).strip() for value in valuelist])


class Lines(TextAreaField):  # type: ignore[misc]
    """Several lines of text, composed (NFC) on arrival."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([nfc(value).strip() for value in valuelist])


class Needed(InputRequired):  # type: ignore[misc]
    """The answer is needed; the sentence says so in the reader's language."""

    def __init__(self, message: Text | None = None) -> None:
        super().__init__(message or Text("Bạn chưa trả lời câu này.", "Please answer this question."))

    def __call__(self, form: Any, field: Any) -> None:
        # Spaces alone are no answer, though a browser sent them.
        if isinstance(field.data, str) and not field.data.strip():
            field.raw_data = []
        super().__call__(form, field)


class AtMost:
    """So many characters at most; what is longer is refused in one sentence and kept, never cut."""

    def __init__(self, limit: int, message: Text | None = None) -> None:
        self.limit = limit
        self.message = message or _TOO_LONG.format(limit=limit)

    def __call__(self, _form: Any, field: Any) -> None:
        if len(field.data or "") > self.limit:
            raise ValidationError(self.message)


_TOO_LONG: Final = Text("Dài quá {limit} chữ và dấu.", "This is longer than {limit} characters.")


def errors_of(form: FlaskForm) -> dict[str, Any]:
    """Field name → first error, for the summary on top of a page."""
    return {name: messages[0] for name, messages in form.errors.items() if messages and name}


__all__ = [
    "AtMost",
    "ChangeForm",
    "Field",
    "InBothLanguages",
    "Lines",
    "Needed",
    "PublicForm",
    "StaffForm",
    "Words",
    "errors_of",
]
