"""The form of one entry: the numbers its type is counted in, and what every entry has."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any, Final

from wtforms import RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from board.activities.kinds import Kind
from board.activities.lines import Line
from board.activities.words import ENTRY_STATES
from core import clock
from core.forms import AtMost, Lines, Needed, StaffForm, Words
from core.i18n import Text, day
from survey.forms import Between, Whole

MOST: Final = 100_000_000
_SMALL: Final = Between(0, MOST, Text("Từ 0 đến 100.000.000.", "Between 0 and 100,000,000."))
_WRITTEN: Final = re.compile(r"(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}))?|(\d{4})-(\d{2})-(\d{2})")


class Day(StringField):  # type: ignore[misc]
    """A day; one written without its year is of this year."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = (valuelist or [""])[0].strip()
        self.raw_data, self.data = [typed], None
        if not typed:
            return
        found = _WRITTEN.fullmatch(typed)
        try:
            if found is None:
                raise ValueError
            dd, mm, yyyy, *iso = found.groups()
            parts = (yyyy or clock.today().year, mm, dd) if dd else iso
            self.data = date(*map(int, parts))
        except ValueError:
            raise ValueError(_NO_DAY) from None

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else f"{self.data:%d/%m/%Y}" if self.data else ""


_NO_DAY: Final = Text("Ngày này chưa đúng. Bạn ghi như 05/12.", "This is not a date. Write it like 05/12.")


class EntryForm(StaffForm):
    """What every entry has."""

    state = RadioField(
        Text("Hoạt động này", "This activity"),
        choices=[SelectChoice(code, ENTRY_STATES[code]) for code in ("held", "planned")],
        validators=[Needed()],
        default="held",
    )
    day = Day(Text("Ngày", "Day"), [Optional()])
    title = Words(Text("Tên hoạt động", "Name of the activity"), [AtMost(200)])
    audience = Words(Text("Đối tượng", "For whom"), [AtMost(200)])
    description = Lines(Text("Mô tả ngắn", "Short description"), [AtMost(500)])
    cost = Whole(Text("Kinh phí (nghìn đồng)", "Cost (thousand đồng)"), [Optional(), _SMALL])


class _MeetingForm(EntryForm):
    participants = Whole(Text("Số người dự", "People who took part"), [Optional(), _SMALL])
    women = Whole(Text("Trong đó: nữ", "Of them women"), [Optional(), _SMALL])
    men = Whole(Text("Trong đó: nam", "Of them men"), [Optional(), _SMALL])


@cache
def form_of(kind: Kind) -> type[EntryForm]:
    """The form of a type of activity, with a field `n_…` for each of its numbers."""
    numbers = {f"n_{field.code}": Whole(field.label, [Optional(), _SMALL]) for field in kind.fields}
    return type("TypeForm", (_MeetingForm if kind.participants else EntryForm,), numbers)


def filled(kind: Kind, line: Line) -> dict[str, Any]:
    """What an entry says, as the form takes it."""
    values = {name: getattr(line, name) for name in ("title", "audience", "description", "cost", "state")}
    if kind.participants:
        values |= {name: getattr(line, name) for name in ("participants", "women", "men")}
    values |= {f"n_{code}": count for code, count in line.numbers.items()}
    return values | {"day": line.held_on if line.state == "held" else line.planned_on}


def said(form: EntryForm, kind: Kind, entry_id: str, planned_on: date | None) -> Line:
    """The entry a valid form describes. planned_on: the day it was planned for before it was done."""
    held = form.state.data == "held"
    people = {
        name: form[name].data if kind.participants else None for name in ("participants", "women", "men")
    }
    counted = {field.code: form[f"n_{field.code}"].data for field in kind.fields}
    return Line(
        id=entry_id,
        type_code=kind.code,
        state=form.state.data,
        title=form.title.data or "",
        audience=form.audience.data or "",
        planned_on=planned_on if held else form.day.data,
        held_on=form.day.data if held else None,
        numbers={code: count for code, count in counted.items() if count is not None},
        cost=form.cost.data,
        description=form.description.data or "",
        **people,
    )


def differences(form: EntryForm, theirs: Line, mine: Line) -> list[tuple[str, str, str]]:
    """(question, what stands there, what was written here) where two people wrote different things."""
    found = []
    pairs: list[tuple[str, object, object]] = [
        (form.state.label.text, ENTRY_STATES[theirs.state], ENTRY_STATES[mine.state]),
        (form.day.label.text, theirs.held_on or theirs.planned_on, mine.held_on or mine.planned_on),
    ]
    for name in form._fields:
        if name.startswith("n_"):
            code = name.removeprefix("n_")
            pairs.append((form[name].label.text, theirs.numbers.get(code), mine.numbers.get(code)))
        elif name in Line.__slots__ and name != "state":
            pairs.append((form[name].label.text, getattr(theirs, name), getattr(mine, name)))
    for label, there, here in pairs:
        if there != here:
            found.append((str(label), _shown(there), _shown(here)))
    return found


def _shown(value: object) -> str:
    if value is None or value == "":
        return "–"
    return day(value) if isinstance(value, date) else str(value)
