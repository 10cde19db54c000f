"""What a referral rests on: a consent that stands, or a decision two people signed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from core.i18n import Text
from core.vietnamese import nfc
from intake.casefile.record import File, Written

NEEDS_ONE: Final = Text(
    "Cần một sự đồng ý còn hiệu lực, hoặc quyết định của hai người.",
    "A consent that stands is needed, or a decision of two people.",
)
_ENDED: Final = Text(
    "Sự đồng ý này đã bị từ chối, rút lại hoặc hết hạn.", "This consent was refused, withdrawn or has ended."
)
_OTHER: Final = Text(
    "Điều này dành cho nơi nhận khác: “{name}”. Bạn ghi đúng như vậy.",
    "This is for another recipient: “{name}”. Write it just like that.",
)
_USED: Final = Text(
    "Sự đồng ý này đã dùng cho một lần chuyển gửi.", "This consent was used for a referral already."
)
_ALONE: Final = Text(
    "Chưa có người thứ hai đồng ý với quyết định này.", "No second person has agreed to this decision yet."
)
OWN: Final = Text(
    "Người thứ hai phải là người khác. Đồng nghiệp của bạn ký trong phiên của họ.",
    "The second person must be somebody else. A colleague signs in their own session.",
)
_UNTIL: Final = Text("Ngày hết hiệu lực trước ngày đồng ý.", "It would end before it was given.")
_AGAIN: Final = Text("Việc này đã được ghi.", "This is written down already.")


def withdrawn(file: File, consent: Written) -> date | None:
    """The day on which a consent was withdrawn."""
    return next((one.day("on") for one in file.naming("rut-dong-y", consent.row)), None)


def stands(file: File, consent: Written, on: date) -> bool:
    """Whether something may be shared on a day by this consent."""
    given, until, ended = consent.day("on"), consent.day("until"), withdrawn(file, consent)
    return (
        consent.values.get("given") == "yes"
        and (given is None or given <= on)
        and (until is None or on <= until)
        and (ended is None or on < ended)
    )


def check_referral(file: File, values: Mapping[str, Any], today: date) -> dict[str, Text]:
    """Whether this one referral rests on something."""
    on = date.fromisoformat(str(values["on"])) if values.get("on") else today
    if row := values.get("consent"):
        consent = file.row("dong-y", row)
        if consent is None or not stands(file, consent, on) or not stands(file, consent, today):
            return {"consent": _ENDED}
        return _fits(file, "consent", consent, values)
    if row := values.get("override"):
        decision = file.row("khong-dong-y", row)
        if decision is None or file.seconded(decision) is None:
            return {"override": _ALONE}
        return _fits(file, "override", decision, values)
    return {"consent": NEEDS_ONE}


def check_consent(_file: File, values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    """A consent does not end before it begins."""
    until, on = values.get("until"), values.get("on")
    return {"until": _UNTIL} if until and on and until < on else {}


def check_withdrawal(file: File, values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    """What is withdrawn was given, and is withdrawn once."""
    consent = file.row("dong-y", values.get("of"))
    if consent is None or consent.values.get("given") != "yes":
        return {"of": _ENDED}
    return {"of": _AGAIN} if withdrawn(file, consent) else {}


def check_second(file: File, values: Mapping[str, Any], by: str) -> dict[str, Text]:
    """The second person is another one, and agrees to something that waits for it."""
    decision = file.row("khong-dong-y", values.get("of")) or file.row("danh-gia", values.get("of"))
    if decision is None or file.seconded(decision):
        return {"of": _AGAIN}
    return {"of": OWN} if decision.by == by else {}


def _fits(file: File, name: str, basis: Written, values: Mapping[str, Any]) -> dict[str, Text]:
    if _plain(basis.values.get("recipient")) != _plain(values.get("recipient")):
        return {name: _OTHER.format(name=basis.values.get("recipient", ""))}
    used = any(str(one.values.get(name)) == str(basis.row) for one in file.of("chuyen-gui"))
    return {name: _USED} if used else {}


def _plain(written: Any) -> str:
    return " ".join(nfc(str(written or "")).casefold().split())
