"""GBVIMS: one type, by the act alone, at the first "yes" of questions in a fixed order. Pure.

Source: GBVIMS user guide, chapter 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.i18n import Text
from intake.casefile.fields import Ask, one

_ORDER: Final = (
    ("rape", "Có xâm nhập (dù nhẹ) mà không được đồng ý?", "Was there penetration, however slight?"),
    (
        "sexual_assault",
        "Có đụng chạm tình dục ngoài ý muốn, hoặc toan hiếp dâm?",
        "Was there unwanted sexual contact, or attempted rape?",
    ),
    ("physical_assault", "Có đánh, gây đau hoặc thương tích?", "Was there a physical assault?"),
    ("forced_marriage", "Có ép kết hôn hoặc tảo hôn?", "Was it a forced or early marriage?"),
    (
        "denial",
        "Có tước tiền, việc làm, học hành, khám bệnh?",
        "Were resources, opportunities or services denied?",
    ),
    (
        "psychological",
        "Có đe dọa, xúc phạm, cô lập, quấy rối bằng lời?",
        "Was there psychological or emotional abuse, or harassment in words?",
    ),
)
_ANSWERS: Final = (("yes", "Có", "Yes"), ("no", "Không", "No"), ("unknown", "Chưa rõ", "Not clear"))
QUESTIONS: Final[tuple[Ask, ...]] = tuple(one(code, Text(vi, en), *_ANSWERS) for code, vi, en in _ORDER)
NOT_IN_ORDER: Final = Text(
    "Câu này chưa trả lời mà câu sau đã có. Bạn trả lời theo thứ tự.",
    "A later question is answered and this one is not. Please answer in order.",
)


def first_yes(values: Mapping[str, Any]) -> str:
    """The GBVIMS type: the first yes; without one `not_gbv` if all are no, else `insufficient`."""
    given = [str(values.get(code, "")) for code, _, _ in _ORDER]
    if "yes" in given:
        return _ORDER[given.index("yes")][0]
    return "not_gbv" if set(given) == {"no"} else "insufficient"


def gap(values: Mapping[str, Any]) -> str:
    """The first question passed over before a yes, or nothing."""
    skipped = ""
    for code, _, _ in _ORDER:
        if values.get(code) == "yes":
            return skipped
        if not values.get(code) and not skipped:
            skipped = code
    return ""
