"""The survey sheet from top to bottom: groups become pages, rows become items, all problems are named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pyxform import aliases

from core.i18n import Text
from survey.xlsform.findings import Findings
from survey.xlsform.kinds import Typed, typed
from survey.xlsform.table import Entry, in_both

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")
RESERVED: Final = frozenset(
    (
        "card",
        "other_card",
        "token",
        "send",
        "carried",
        "asked",
        "csrf_token",
        "page",
        "back",
        "stay",
        "finish",
        "whole",
    )
)
"""Names the page of answers uses itself."""
_GRIDS: Final = frozenset(("table-list", "label", "list-nolabel"))
_QUIET_APPEARANCES: Final = frozenset(
    ("likert", "field-list", "minimal", "quick", "compact", "w1", "w2", "w4")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One row that stays: its entry, kind and list, and the groups around it from the outside in."""

    entry: Entry
    name: str
    kind: str
    choices: str
    groups: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """What becomes a page: the outermost group, or none where questions stand by themselves."""

    group: Entry | None
    rows: list[Asked] = field(default_factory=list)


def screens(entries: Sequence[Entry], findings: Findings) -> list[Screen]:
    """The pages of a survey sheet, with every row that can be asked."""
    return _Walk(findings).over(entries)


class _Walk:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._screens: list[Screen] = []
        self._groups: list[Entry] = []
        self._skipped: list[str] = []
        """What was begun and refused: its end is not to be told again."""
        self._seen: dict[str, str] = {}

    def over(self, entries: Sequence[Entry]) -> list[Screen]:
        for entry in entries:
            if entry.values and not self._is_off(entry):
                self._row(entry)
        for left in self._groups:
            self._problem(left, "type", "Nhóm chưa được đóng.", "The group is not closed.")
        return self._screens

    def _is_off(self, entry: Entry) -> bool:
        return bool(aliases.yes_no.get(entry.text("disabled")))

    def _row(self, entry: Entry) -> None:
        written = entry.text("type")
        if not written:
            if entry.text("name") or entry.text("label"):
                self._problem(entry, "type", "Hàng chưa có kiểu câu.", "The row has no question type.")
            return
        if aliases.settings_header.get(written):
            return
        means = typed(written)
        if means.kind == "end":
            self._end(entry, means)
        elif means.kind == "begin":
            self._begin(entry, means)
        else:
            self._question(entry, means)

    def _begin(self, entry: Entry, means: Typed) -> None:
        if means.refused:
            self._findings.problem(entry.sheet, entry.cell("type"), means.refused.vi, means.refused.en)
            self._skipped.append("repeat")
            return
        self._skipped.append("group")
        if not entry.text("name"):
            self._problem(entry, "name", "Nhóm chưa có tên (cột name).", "The group has no name.")
        if _GRIDS & set(entry.text("control", "appearance").split()):
            self._findings.note(
                entry.sheet,
                entry.cell("control", "appearance"),
                "Bảng lưới được hiện thành từng câu một.",
                "A grid is shown as one list an item.",
            )
        self._groups.append(entry)
        if len(self._groups) == 1:
            self._screens.append(Screen(group=entry))

    def _end(self, entry: Entry, means: Typed) -> None:
        kind = "repeat" if means.refused else "group"
        if not self._skipped or self._skipped[-1] != kind:
            self._problem(entry, "type", "Đóng một nhóm chưa mở.", "This closes a group that is not open.")
            return
        self._skipped.pop()
        if kind == "group":
            self._groups.pop()

    def _question(self, entry: Entry, means: Typed) -> None:
        name = entry.text("name")
        refused = self._element(entry, means) if means.kind in ("text", "integer") else means
        if refused.refused:
            self._findings.problem(entry.sheet, entry.cell("type"), refused.refused.vi, refused.refused.en)
        if not name and refused.kind == "note":
            name = f"note_{entry.number}"
        self._check_name(entry, name)
        self._check_rest(entry)
        if refused.refused or not NAME.fullmatch(name):
            return
        self._place().rows.append(
            Asked(
                entry=entry, name=name, kind=refused.kind, choices=refused.choices, groups=tuple(self._groups)
            )
        )

    def _element(self, entry: Entry, means: Typed) -> Typed:
        """A letter or two digits of the self-made code are the only things somebody writes."""
        element = entry.own.get("element", "").lower()
        if not element:
            return means
        if element in ("letter", "digits") and entry.own.get("measures", "").lower() == "linkage":
            return Typed(kind=element)
        self._problem(
            entry,
            "element",
            "Cột element chỉ nhận letter hoặc digits, ở câu có measures là linkage.",
            "The column element takes letter or digits, where measures is linkage.",
        )
        return means

    def _check_name(self, entry: Entry, name: str) -> None:
        if not NAME.fullmatch(name):
            self._problem(
                entry,
                "name",
                f"Tên “{name[:40]}” không dùng được: chữ cái không dấu, số, _ . -, tối đa 40 ký tự.",
                f"The name “{name[:40]}” cannot be used: plain letters, digits, _ . -, 40 at most.",
            )
        elif name in RESERVED:
            self._problem(
                entry, "name", f"Tên “{name}” đã được trang dùng.", f"The page uses the name “{name}” itself."
            )
        elif name in self._seen:
            self._problem(
                entry,
                "name",
                f"Tên “{name}” đã có ở ô {self._seen[name]}.",
                f"The name “{name}” stands in {self._seen[name]} already.",
            )
        else:
            self._seen[name] = entry.cell("name")

    def _check_rest(self, entry: Entry) -> None:
        """Columns that would show or do something else than what is asked here."""
        if entry.values.get("media"):
            self._problem(
                entry,
                "media",
                "Ảnh, âm thanh và phim trong câu hỏi không được hỗ trợ.",
                "Pictures, sound and film in a question are not supported.",
            )
        if "search(" in entry.text("control", "appearance").replace(" ", ""):
            self._findings.problem(
                entry.sheet,
                entry.cell("control", "appearance"),
                "search() lấy lựa chọn từ tệp khác nên không được hỗ trợ: mọi lựa chọn phải nằm trong trang choices.",
                "search() takes choices from another file and is not supported: all must stand on the sheet choices.",
            )
        if entry.text("trigger"):
            self._problem(
                entry,
                "trigger",
                "Cột trigger không được hỗ trợ: mọi phép tính được làm lại khi nhận câu trả lời.",
                "The column trigger is not supported: every calculation is done anew on arrival.",
            )
        for column in ("default", "guidance_hint", "intent"):
            if entry.text(column):
                self._passed_over(entry, column)
        if entry.text("bind", "readonly"):
            self._passed_over(entry, "bind", "readonly")

    def _passed_over(self, entry: Entry, *column: str) -> None:
        self._findings.note(
            entry.sheet,
            entry.cell(*column),
            f"Cột {column[-1]} được bỏ qua.",
            f"The column {column[-1]} is passed over.",
        )

    def _place(self) -> Screen:
        alone = not self._groups
        if not self._screens or (alone and self._screens[-1].group is not None):
            self._screens.append(Screen(group=None))
        return self._screens[-1]

    def _problem(self, entry: Entry, column: str, vi: str, en: str) -> None:
        self._findings.problem(entry.sheet, entry.cell(column), vi, en)


def words(entry: Entry, findings: Findings, *column: str) -> Text | None:
    """Words of a column in both languages; a note where one of them is missing."""
    value: Any = entry.values
    for word in column:
        value = value.get(word) if isinstance(value, Mapping) else None
    found, missing = in_both(value)
    if found is None or not missing:
        return found
    cell = entry.cell(*column)
    if len(missing) == 2:
        findings.note_once(
            entry.sheet,
            cell,
            "Từ đây có chữ chỉ bằng một thứ tiếng: trang hiện như thế ở cả hai.",
            "From here on some words are in one language: both pages show them.",
        )
    elif "vi" in missing:
        findings.note_once(
            entry.sheet,
            cell,
            "Từ đây có chữ thiếu bản tiếng Việt: trang hiện bản tiếng Anh.",
            "From here on some words have no Vietnamese: the English is shown.",
        )
    else:
        findings.note_once(
            entry.sheet,
            cell,
            "Từ đây có chữ thiếu bản tiếng Anh: trang hiện bản tiếng Việt.",
            "From here on some words have no English: the Vietnamese is shown.",
        )
    return found
