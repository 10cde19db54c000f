"""Every rule of the file, kind by kind, and the reading of what was typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from core.i18n import Text
from core.vietnamese import nfc
from intake.casefile import assessment, classification, closure, consent
from intake.casefile.fields import Ask
from intake.casefile.kinds import Kind
from intake.casefile.record import File

Raw = Mapping[str, list[str]]

MISSING: Final = Text("Bạn chưa trả lời câu này.", "Please answer this question.")
_UNKNOWN: Final = Text("Câu trả lời này không có trong danh sách.", "This answer is not one of the list.")
_LONG: Final = Text("Dài quá {limit} chữ và dấu.", "This is longer than {limit} characters.")
_DATE: Final = Text(
    "Ngày này chưa đúng. Bạn ghi như 05/12/2026.", "This is not a date. Write it like 05/12/2026."
)
_MOMENT: Final = Text("Ghi ngày và giờ như 05/12/2026 14:30.", "Write day and time like 05/12/2026 14:30.")
_EMPTY: Final = Text("Chưa có gì để ghi.", "There is nothing to write down.")
_ACTION: Final = Text("Ghi việc đã làm để bảo vệ họ.", "Write down what was done to keep them safe.")
_INSTEAD: Final = Text("Ghi nơi nhận thay người đứng đầu.", "Say who is told instead of the head.")
_FUTURE: Final = Text("Ngày này chưa tới.", "This day has not come yet.")
_PAST: Final = Text("Ngày này đã qua.", "This day has passed.")
_PAST_ONLY: Final = frozenset({"dong-y", "rut-dong-y", "chuyen-gui", "viec", "lien-he", "lao-dong", "tre-em"})


class _Wrong(Exception):
    def __init__(self, sentence: Text) -> None:
        super().__init__()
        self.sentence = sentence


def read(kind: Kind, raw: Raw) -> tuple[dict[str, Any], dict[str, Text]]:
    """What was typed, as JSON-able values, and one sentence for each mistake."""
    values: dict[str, Any] = {}
    errors: dict[str, Text] = {}
    for ask in kind.asks:
        try:
            value = _value(ask, [nfc(one).strip() for one in raw.get(ask.name, [])])
        except _Wrong as wrong:
            errors[ask.name] = wrong.sentence
            continue
        if value:
            values[ask.name] = value
        elif ask.required:
            errors[ask.name] = MISSING
    if not values and not errors:
        errors[kind.asks[0].name] = _EMPTY
    return values, errors


def check(kind: str, file: File, values: Mapping[str, Any], *, by: str, today: date) -> dict[str, Text]:
    """What the file as it stands has against an entry. by: the id of who would sign it."""
    to_come = [name for name in ("on", "at") if str(values.get(name, ""))[:10] > today.isoformat()]
    if kind in _PAST_ONLY and to_come:
        return dict.fromkeys(to_come, _FUTURE)
    if kind == "danh-gia" and str(values.get("again_on", "9")) < today.isoformat():
        return {"again_on": _PAST}
    if kind == "danh-gia":
        return assessment.check(file, values)
    if kind == "nguoi-thu-hai":
        return consent.check_second(file, values, by)
    rule = _RULES.get(kind)
    return rule(file, values, today) if rule else {}


def _value(ask: Ask, given: list[str]) -> Any:
    given = [one for one in given if one]
    if ask.kind == "many" or (ask.kind == "one" and given):
        if set(given) - {option.code for option in ask.options}:
            raise _Wrong(_UNKNOWN)
        chosen = [option.code for option in ask.options if option.code in given]
        return chosen if ask.kind == "many" else chosen[0]
    said = "\n".join(given)
    if len(said) > ask.max_length:
        raise _Wrong(Text(_LONG.vi.format(limit=ask.max_length), _LONG.en.format(limit=ask.max_length)))
    if ask.kind == "date" and said:
        return _parsed(said, "%d/%m/%Y", _DATE).date().isoformat()
    if ask.kind == "moment" and said:
        return _parsed(said, "%d/%m/%Y %H:%M", _MOMENT).isoformat(timespec="minutes")
    return said


def _parsed(said: str, form: str, wrong: Text) -> datetime:
    try:
        return datetime.strptime(said, form)  # noqa: DTZ007 - a day and an hour as a person writes them
    except ValueError:
        raise _Wrong(wrong) from None


def _self_harm(_file: File, values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    missing = values.get("suicide_risk") == "yes" and not values.get("suicide_action")
    return {"suicide_action": _ACTION} if missing else {}


def _conflict(_file: File, values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    missing = values.get("head") == "yes" and not values.get("instead")
    return {"instead": _INSTEAD} if missing else {}


def _in_order(_file: File, values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    skipped = classification.gap(values)
    return {skipped: classification.NOT_IN_ORDER} if skipped else {}


def _result(file: File, values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    return {} if file.row("chuyen-gui", values.get("of")) else {"of": _UNKNOWN}


_RULES: Final = {
    "tu-hai": _self_harm,
    "dong-y": consent.check_consent,
    "rut-dong-y": consent.check_withdrawal,
    "chuyen-gui": consent.check_referral,
    "ket-qua": _result,
    "xung-dot": _conflict,
    "phan-loai": _in_order,
    "ket-thuc": closure.check,
    "mo-lai": closure.check_reopening,
}
