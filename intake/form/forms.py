"""Forms of this wing: the report's questions as a page shows them, and the few small ones around it.

The report's questions are data (intake/form/questions.py); here they become what the components of
templates/components expect, with what was typed and what was wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wtforms import HiddenField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError

from core.access import TITLES, Role
from core.forms import AtMost, Lines, Needed, PublicForm, StaffForm
from core.i18n import Text
from core.roster import Member
from intake.form import handling
from intake.form.handling import CHOICE_LENGTH, CHOICES
from intake.form.questions import FORM, Answer, Field, Section

Raw = Mapping[str, list[str]]
"""The values a browser sent, by field name, as `request.form.to_dict(flat=False)` gives them."""

LINE_LENGTH: Final = 200
"""Answers up to this length get one line to write on, longer ones an area."""
MESSAGE_LENGTH: Final = 4000

_ANSWERED: Final = Text("Người viết thấy: có tin nhắn mới", "The reporter sees: a new message")
_TOO_LONG: Final = Text(
    "Tin này dài hơn 4.000 ký tự. Mọi điều bạn viết vẫn còn đây. Bạn chia làm hai tin giúp.",
    "This message is longer than 4,000 characters. Nothing is lost. Please send it in two parts.",
)
_MANY: Final = Text("Nhiều nhất {most} câu, mỗi dòng một câu.", "At most {most}, one on each line.")
_LONG: Final = Text("Mỗi câu dài nhất {most} chữ và dấu.", "Each has at most {most} characters.")


# --- the report ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of the report as a component draws it: `data` is what was typed."""

    field: Field
    data: Any
    errors: tuple[Text, ...] = ()
    choices: tuple[tuple[str, Text | str], ...] = ()
    hints: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """The name of the field, which is also its id on the page."""
        return self.field.name

    @property
    def label(self) -> Text:
        """The question."""
        return self.field.label

    @property
    def declines(self) -> bool:
        """Whether the options themselves offer a way not to say; then no further one is needed."""
        return self.field.option("unsaid") is not None

    @property
    def long(self) -> bool:
        """Whether the answer needs more than one line to write on."""
        return self.field.kind == "text" and (self.field.max_length or 0) > LINE_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One answered question on the page where answers are checked; no answer: it was skipped."""

    question: Text
    answer: list[Text | str] | str | None
    change: tuple[str, str, str]


def sections(
    raw: Raw, errors: Mapping[str, Text], people: Sequence[Member]
) -> Iterator[tuple[Section, list[Asked]]]:
    """The whole report, section by section, with what was typed so far."""
    for section in FORM.sections:
        yield section, [_asked(field, raw, errors, people) for field in FORM.within(section.code)]


def error_list(errors: Mapping[str, Text]) -> list[tuple[str, Text, Text]]:
    """What the summary on top shows: address on the page, sentence, question."""
    return [
        (f"#{field.name}", errors[field.name], field.label) for field in FORM.fields if field.name in errors
    ]


def typed(raw: Raw) -> list[tuple[str, str]]:
    """Every value of the report's own fields, to be carried from page to page in hidden fields."""
    return [(field.name, value) for field in FORM.fields for value in raw.get(field.name, []) if value]


def checked(
    answers: Mapping[str, Answer], people: Sequence[Member], url: str
) -> tuple[list[Shown], list[Shown]]:
    """The answers once more in the order of the form: those given, and those skipped."""
    given, skipped = [], []
    names = {member.id: member.name for member in people}
    for field in FORM.fields:
        if (field.kind == "tick" and field.required) or (
            field.condition and not field.condition.met(answers)
        ):
            continue
        change = ("edit", field.name, f"{url}#{field.name}")
        if field.name in answers:
            words = [names.get(str(word), word) for word in field.words(answers[field.name])]
            answer = str(words[0]) if field.kind == "text" else words
            given.append(Shown(question=field.label, answer=answer, change=change))
        else:
            skipped.append(Shown(question=field.label, answer=None, change=change))
    return given, skipped


def _asked(field: Field, raw: Raw, errors: Mapping[str, Text], people: Sequence[Member]) -> Asked:
    given = raw.get(field.name, [])
    data: Any = given
    if field.kind in {"one", "text", "tick"}:
        data = given[0] if given else (field.default or "")
    choices: list[tuple[str, Text | str]] = [(option.code, option.label) for option in field.options]
    hints = None
    if field.choices == "roster":
        choices = [(member.id, member.name) for member in people] + choices
        hints = {member.id: f"{member.title} · {TITLES[Role(member.role)]}" for member in people}
    wrong = (errors[field.name],) if field.name in errors else ()
    return Asked(field=field, data=data, errors=wrong, choices=tuple(choices), hints=hints)


# --- around it -----------------------------------------------------------------------------------


class ReceiptForm(PublicForm):
    """The digits that open a mailbox."""

    receipt = StringField(Text("Mã thư của bạn", "Your letter code"))


class BackForm(PublicForm):
    """One group of the receipt, typed back."""

    receipt = HiddenField()
    group = HiddenField()
    digits = StringField(Text("Gõ lại bốn số của một nhóm", "Type the four digits of one group"))


class ReplyForm(PublicForm):
    """A message from the reporter."""

    receipt = HiddenField()
    message = Lines(
        Text("Viết thêm", "Write more"),
        validators=[
            Needed(Text("Bạn chưa viết gì.", "You have not written anything.")),
            AtMost(MESSAGE_LENGTH, _TOO_LONG),
        ],
    )


class OtherForm(PublicForm):
    """A wish for another handler; words are welcome and not needed."""

    receipt = HiddenField()
    message = Lines(
        Text("Điều bạn muốn nói thêm", "What you would like to add"),
        validators=[AtMost(MESSAGE_LENGTH, _TOO_LONG)],
    )


class Choices(Lines):
    """Short answers that the reporter may tap, one on each line."""

    @property
    def lines(self) -> list[str]:
        """Each once, in order."""
        return list(dict.fromkeys(filter(None, map(str.strip, (self.data or "").splitlines()))))


class AnswerForm(StaffForm):
    """A message from a handler, short answers to it, and what the reporter sees after it."""

    message = Lines(
        Text("Nội dung trả lời", "Your answer"),
        validators=[
            Needed(Text("Chưa có nội dung trả lời.", "The answer is empty.")),
            AtMost(MESSAGE_LENGTH, _TOO_LONG),
        ],
    )
    choices = Choices(Text("Câu trả lời sẵn để chạm chọn", "Short answers to tap"))
    state = RadioField(
        Text("Sau khi gửi", "After sending"),
        choices=[SelectChoice("answered", _ANSWERED)],  # closing is a part of the file, with its reason
        default="answered",
    )

    def validate_choices(self, field: Choices) -> None:
        """Few and short; together with the message they must fit into a letter of one size."""
        if len(field.lines) > CHOICES:
            raise ValidationError(_MANY.format(most=CHOICES))
        if any(len(line) > CHOICE_LENGTH for line in field.lines):
            raise ValidationError(_LONG.format(most=CHOICE_LENGTH))
        if len(self.message.data or "") + sum(map(len, field.lines)) > MESSAGE_LENGTH:
            raise ValidationError(_TOO_LONG)


class JudgementForm(StaffForm):
    """What a handler judges, for the custodians' count and nothing else."""

    genuine = RadioField(
        handling.GENUINE_LABEL,
        choices=[SelectChoice(*one) for one in handling.GENUINE],
        validators=[Needed()],
    )
    gbv_type = RadioField(
        handling.GBV_LABEL,
        choices=[SelectChoice(*one) for one in handling.GBV_TYPES],
        validators=[Optional()],
    )
