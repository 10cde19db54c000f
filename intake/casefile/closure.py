"""When a case may end, and for which of the nine reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from core.i18n import Text
from intake.casefile import assessment, labour
from intake.casefile.record import File

_NO_RECEIPT: Final = Text(
    "Chưa có lần chuyển gửi nào được xác nhận đã tiếp nhận.", "No referral is confirmed as accepted yet."
)
_TRIES: Final = Text(
    "Nhật ký cần ít nhất ba việc trong tối thiểu 30 ngày.",
    "The actions must show at least three attempts over at least 30 days.",
)
_CONCLUDED: Final = Text(
    "Luồng lao động chưa ghi kết luận. Nếu cơ quan khác kết luận, bạn ghi ở dưới.",
    "The labour track shows no conclusion. If an authority concluded, say so below.",
)
_CHECKS: Final = Text(
    "Còn lần theo dõi trả đũa chưa làm, và sau khi kết thúc sẽ không nhắc nữa. Ghi ai theo dõi tiếp.",
    "A check for retaliation is still to come, and nothing reminds of it after closing. Say who goes on with it.",
)
_REVIEW: Final = Text("Cần ghi kết quả rà soát bắt buộc.", "Write down what the mandatory review found.")
_RISK: Final = Text(
    "Mức nguy cơ đang là cao hoặc khẩn cấp. Ghi vì sao vẫn kết thúc, và ai còn trông chừng.",
    "The risk stands at high or urgent. Say why it ends all the same, and who keeps an eye on it.",
)
_LEAVES_ALONE: Final = frozenset(
    {"hoan_thanh", "theo_yeu_cau", "mat_lien_lac", "khong_du_tt", "ngoai_pham_vi"}
)
"""Reasons after which nobody else has the case."""
_OPEN: Final = Text("Việc này đang mở.", "This case is open.")
_CLOSED: Final = Text("Việc này đã kết thúc.", "This case is closed already.")


def closed(file: File) -> bool:
    """Whether the last word on it is an ending, and the reporter has not written since."""
    ends = [one for one in file.entries if one.kind in {"ket-thuc", "mo-lai"}]
    return bool(ends) and ends[-1].kind == "ket-thuc" and ends[-1].row > file.heard


def check(file: File, values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    """What stands against closing for this reason."""
    reason = values.get("closure")
    if closed(file):
        return {"closure": _CLOSED}
    if reason == "da_chuyen" and not any(
        one.values.get("result") == "accepted" for one in file.of("ket-qua")
    ):
        return {"closure": _NO_RECEIPT}
    if reason == "mat_lien_lac" and not _tried(file):
        return {"closure": _TRIES}
    concluded = any(one.values.get("step") == "conclusion" for one in file.of("lao-dong"))
    if reason == "da_ket_luan" and not concluded and not values.get("note"):
        return {"note": _CONCLUDED}
    if any(labour.checks_due(file)) and not values.get("note"):
        return {"note": _CHECKS}
    holds = assessment.in_force(file)
    if holds and holds[0] in {"high", "emergency"} and reason in _LEAVES_ALONE and not values.get("note"):
        return {"note": _RISK}
    return {"note": _REVIEW} if reason == "qua_doi" and not values.get("note") else {}


def check_reopening(file: File, _values: Mapping[str, Any], _today: date) -> dict[str, Text]:
    """Only what is closed can be opened again."""
    return {} if closed(file) else {"reason": _OPEN}


def _tried(file: File) -> bool:
    days = sorted(day for one in file.of("viec") if (day := one.day("on")))
    return len(days) >= 3 and days[-1] - days[0] >= timedelta(days=30)
