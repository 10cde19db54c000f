"""The texts of a case that goes to an authority, as people read them and as programs do. Pure.

For each part two files: `letter.txt` in Vietnamese sentences, `letter.json` with the codes behind them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from core.i18n import Text
from intake.casefile.fields import Ask
from intake.casefile.kinds import KINDS, Kind
from intake.form.questions import FORM

_LEFT_OUT: Final = frozenset({"ack_limits", "exclude_handlers"})
"""Whom the reporter did not want to read is nobody's business outside."""
_TITLES: Final = {
    "letter": Text("Lời kể và các câu trả lời", "Story and answers"),
    "contact": Text("Liên hệ an toàn", "Safe contact"),
    "names": Text("Tên", "Names"),
    "entries": Text("Tin nhắn và ghi chép của hồ sơ", "Messages and notes of the case"),
    "files": Text("Tệp gửi kèm", "Attached files"),
}


def texts(parts: Mapping[str, Any]) -> dict[str, str]:
    """File name → text, for the parts that `authority.take_out` gave."""
    found: dict[str, str] = {}
    for name, part in parts.items():
        kept = _without(part)
        told: Callable[[Any], Iterator[str]] = _LINES.get(name, _answers)
        lines = told(kept)
        found[f"{name}.txt"] = "\n".join([_TITLES[name].vi, "", *lines, ""])
        found[f"{name}.json"] = json.dumps(kept, ensure_ascii=False, indent=1)
    return found


def _without(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {name: _without(value) for name, value in part.items() if name not in _LEFT_OUT}
    return part


def _answers(part: Mapping[str, Any]) -> Iterator[str]:
    said: dict[str, Any] = {}
    for name, value in part.items():
        said |= value if isinstance(value, Mapping) else {name: value}
    for field, words in FORM.told(said):
        yield field.label.vi
        yield "    " + ", ".join(word.vi if isinstance(word, Text) else word for word in words)


def _entries(part: list[Mapping[str, Any]]) -> Iterator[str]:
    for entry in part:
        who = "người viết thư" if entry.get("by") == "reporter" else str(entry.get("by", ""))
        what = str(entry.get("what", ""))
        yield f"{entry['sequence']}. {entry.get('at', '')}  {who}  {_WHAT[what].vi if what in _WHAT else what}"
        if entry.get("damaged"):
            yield "    (không mở được)"
        if what == "file" and entry.get("kind") in KINDS and isinstance(entry.get("values"), Mapping):
            yield from _of_the_file(KINDS[entry["kind"]], entry["values"])
            continue
        told = {name: value for name, value in entry.items() if name not in _HEAD}
        for name, value in told.items():
            yield f"    {value}" if name == "text" else f"    {name}: {json.dumps(value, ensure_ascii=False)}"


def _of_the_file(kind: Kind, values: Mapping[str, Any]) -> Iterator[str]:
    """One entry of the case file as its questions and answers."""
    yield f"    {kind.title.vi}"
    for asked in kind.asks:
        if asked.name in values:
            yield f"    {asked.label.vi}: {_answer(asked, values[asked.name])}"


def _answer(asked: Ask, value: Any) -> str:
    if asked.kind == "row":
        return f"mục {value}"
    if asked.kind == "date":
        return "/".join(reversed(str(value)[:10].split("-")))
    said = asked.said(value)
    return ", ".join(
        one.vi if isinstance(one, Text) else one for one in (said if isinstance(said, list) else [said])
    )


_WHAT: Final = {
    "answer": Text("trả lời", "answer"),
    "message": Text("tin nhắn", "message"),
    "judgement": Text("nhận định", "judgement"),
    "file": Text("hồ sơ", "file"),
    "export": Text("đã giao cho cơ quan", "handed to an authority"),
    "hold": Text("giữ vì việc tố tụng", "held for proceedings"),
    "unhold": Text("thôi giữ", "no longer held"),
    "withdraw": Text("xin rút", "asked to withdraw"),
}
_HEAD: Final = frozenset({"sequence", "at", "by", "role", "what", "damaged"})


def _files(part: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in part:
        yield f"{one['number']}. {one['sent_at']}  {one['kind']}  {one['bytes']} byte"
        yield f"    SHA-256 của bản gốc: {one['sha256']}"
        if one.get("sent_as"):
            yield f"    tên khi gửi: {one['sent_as']}"
        for name, said in (("copy", "bản đã xóa thông tin ẩn"), ("original", "bản gốc")):
            if name in one:
                yield f"    {said}: {one[name] or 'không có, hoặc không mở được'}"


_LINES: Final[Mapping[str, Callable[[Any], Iterator[str]]]] = {"entries": _entries, "files": _files}
