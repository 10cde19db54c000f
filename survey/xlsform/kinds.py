"""Which types of question are asked here, and why the others are not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pyxform.question_type_dictionary import QUESTION_TYPE_DICT
from pyxform.xls2json import RE_BEGIN_CONTROL, RE_END_CONTROL, RE_SELECT

from core.i18n import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What a type means: a kind of item, `begin` or `end` of a group, or a reason for refusing it."""

    kind: str
    choices: str = ""
    refused: Text | None = None


def typed(written: str) -> Typed:
    """The meaning of what stands in the type column."""
    written = " ".join(written.split())
    if found := RE_BEGIN_CONTROL.match(written):
        return Typed(kind="begin", refused=None if found["type"] == "group" else _REPEAT)
    if found := RE_END_CONTROL.match(written):
        return Typed(kind="end", refused=None if found["type"] == "group" else _REPEAT)
    if found := RE_SELECT.match(written):
        return _select(found)
    if written in ("range", "calculate"):
        return Typed(kind=written)
    return _other(written)


def _select(found: re.Match[str]) -> Typed:
    command, listed = found["select_command"], found["list_name"]
    if found["specify_other"]:
        return Typed(kind="one", choices=listed, refused=_OTHER)
    if command == "rank":
        return Typed(kind="many", choices=listed, refused=_RANK)
    if "external" in command or "file" in command or re.search(r"\.(csv|xml|geojson)$", listed):
        return Typed(kind="one", refused=_ELSEWHERE)
    if listed.startswith("${"):
        return Typed(kind="one", refused=_ELSEWHERE)
    many = "multiple" in command or "all that apply" in command
    return Typed(kind="many" if many else "one", choices=listed)


def _other(written: str) -> Typed:
    known = QUESTION_TYPE_DICT.get(written) or QUESTION_TYPE_DICT.get(written.lower())
    if written.split(" ")[0] in ("text", "string"):
        return Typed(kind="text", refused=_FREE)
    if known is None:
        return Typed(kind="unknown", refused=_unknown(written))
    bind, tag = known.get("bind", {}), known.get("control", {}).get("tag", "")
    if bind.get("jr:preload") or written in ("audit", "background-audio", "uuid"):
        return Typed(kind="unknown", refused=_DEVICE)
    if bind.get("readonly"):
        return Typed(kind="note")
    kind = {"int": "integer", "decimal": "decimal", "date": "date"}.get(bind.get("type", ""))
    if tag == "input" and kind and "constraint" not in bind:
        return Typed(kind=kind)
    return Typed(kind="unknown", refused=_by_nature(str(bind.get("type", "")), tag, written))


def _by_nature(nature: str, tag: str, written: str) -> Text:
    if nature.startswith("geo"):
        return _PLACE
    if tag == "upload" or nature == "binary":
        return _MEDIA
    if nature in ("string", "barcode") and tag == "input":
        return _FREE
    if nature in ("time", "dateTime"):
        return _HOUR
    return _unknown(written)


def _unknown(written: str) -> Text:
    shown = written[:40]
    return Text(f"Kiểu câu “{shown}” không được hỗ trợ.", f"The question type “{shown}” is not supported.")


_FREE: Final = Text(
    "Câu trả lời tự viết không được hỗ trợ: chữ viết và câu chuyện có thể cho biết người trả lời là ai.",
    "Free text is not supported: how and what somebody writes can tell who they are.",
)
_MEDIA: Final = Text(
    "Ảnh, âm thanh, phim và tệp không được hỗ trợ: chúng có thể cho biết người trả lời là ai.",
    "Pictures, sound, film and files are not supported: they can tell who answered.",
)
_PLACE: Final = Text(
    "Vị trí trên bản đồ không được hỗ trợ: nó cho biết người trả lời ở đâu.",
    "Positions on a map are not supported: they tell where somebody is.",
)
_HOUR: Final = Text(
    "Giờ trong ngày không được hỗ trợ: không có gì chi tiết hơn một ngày được lưu.",
    "A time of day is not supported: nothing finer than a day is stored.",
)
_DEVICE: Final = Text(
    "Thông tin về máy và thời điểm trả lời không được thu thập.",
    "Nothing about a device or the moment of answering is collected.",
)
_REPEAT: Final = Text(
    "Nhóm lặp lại không được hỗ trợ: mỗi người có một dòng trả lời, cùng độ dài với mọi người.",
    "Repeats are not supported: everybody has one row of answers, as long as everybody else's.",
)
_OTHER: Final = Text(
    "“Khác, ghi rõ” (or_other) không được hỗ trợ vì đó là câu tự viết. Hãy thêm lựa chọn “Khác”.",
    "“Other, specify” (or_other) is not supported, as it is free text. Add a choice “Other”.",
)
_RANK: Final = Text("Xếp thứ tự (rank) không được hỗ trợ.", "Ranking (rank) is not supported.")
_ELSEWHERE: Final = Text(
    "Danh sách lựa chọn phải nằm trong trang choices của chính tệp này.",
    "The list of choices must stand on the choices sheet of this very file.",
)
