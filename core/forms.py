"""Two kinds of form: for everyone, and for people who are signed in.

Every POST must come from a page of this server (core/headers.py looks at its origin). Forms of signed-in
people carry Flask-WTF's token as well; forms for everyone carry none, since that would need a cookie.
"""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError

from core.i18n import Text
from core.vietnamese import nfc


class PublicForm(FlaskForm):  # type: ignore[misc]
    """A form for everyone: no token, no cookie."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False


class StaffForm(FlaskForm):  # type: ignore[misc]
    """A form of a signed-in person, with a token of their session."""


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

    def __init__(self, limit: int, message: Text) -> None:
        self.limit, self.message = limit, message

    def __call__(self, _form: Any, field: Any) -> None:
        if len(field.data or "") > self.limit:
            raise ValidationError(self.message)


def errors_of(form: FlaskForm) -> dict[str, Any]:
    """Field name → first error, for the summary on top of a page."""
    return {name: messages[0] for name, messages in form.errors.items() if messages and name}


__all__ = ["AtMost", "Field", "Lines", "Needed", "PublicForm", "StaffForm", "Words", "errors_of"]
