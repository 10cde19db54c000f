"""What a handler chooses from and may copy: judgement, types, kind answers, duties by flag (pure).

The choices are data/case.json, the sentences data/templates.json, each read once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from core.i18n import Text

_DATA: Final = Path(__file__).parent.parent / "data"


def _read(name: str) -> Any:
    return json.loads((_DATA / name).read_text("utf-8"))


_FIELDS: Final = {entry["name"]: entry for entry in _read("case.json")["fields"]}
_TEMPLATES: Final = _read("templates.json")


def _choices(name: str) -> tuple[tuple[str, Text], ...]:
    return tuple((option["code"], Text(option["vi"], option["en"])) for option in _FIELDS[name]["options"])


def _both(name: str, stem: str = "") -> Text:
    return Text(_FIELDS[name][f"{stem}vi"], _FIELDS[name][f"{stem}en"])


GENUINE: Final = (*_choices("genuine"), ("later", Text("Chưa đủ thông tin để nói", "Too early to say")))
GENUINE_LABEL: Final = _both("genuine")
GENUINE_HINT: Final = _both("genuine", "hint_")
GBV_TYPES: Final = _choices("gbv_type")
GBV_LABEL: Final = _both("gbv_type")
GBV_HINT: Final = _both("gbv_type", "hint_")
GBV_GROUPS: Final[Mapping[str, str]] = {
    option["code"]: option["tally"] for option in _FIELDS["gbv_type"]["options"]
}
"""GBVIMS type → the group under which it may be counted."""

CHOICES: Final = 5
"""So many short answers may go with a message."""
CHOICE_LENGTH: Final = 60
STATES: Final[Mapping[str, Text]] = {
    "received": Text("Mới đến", "New"),
    "reading": Text("Đang xem xét", "Being looked at"),
    "answered": Text("Đã trả lời", "Answered"),
    "closed": Text("Đã kết thúc", "Closed"),
}
"""States as a desk calls them; a reporter is told the same from their side (data/report.json)."""
REMINDER: Final = Text(_TEMPLATES["reminder_vi"], _TEMPLATES["reminder_en"])


@dataclass(frozen=True, slots=True, kw_only=True)
class KindAnswer:
    """A text to copy into an answer and to change. choices: short answers that the reporter may tap."""

    title: Text
    text: Text
    choices: tuple[Text, ...] = ()


def _kind(one: Mapping[str, Any]) -> KindAnswer:
    return KindAnswer(
        title=Text(one["title_vi"], one["title_en"]),
        text=Text(one["vi"], one["en"]),
        choices=tuple(Text(*choice) for choice in one.get("choices", [])),
    )


KIND_ANSWERS: Final = tuple(map(_kind, (*_TEMPLATES["templates"], *_TEMPLATES["questions"])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What the flags of a case oblige its handler to do, whatever else it says."""

    title: Text
    sentence: Text
    kind: Literal["urgent", "soon"]


_DANGER: Final = Duty(
    title=Text("Có người đang gặp nguy hiểm", "Somebody is in danger"),
    sentence=Text(
        "Đọc trong một giờ làm việc. Nếu tính mạng bị đe dọa, hai người quyết định báo Công an 113 ngay.",
        "Read it within one working hour. If a life is at risk, two people decide to call the police (113) now.",
    ),
    kind="urgent",
)
_CHILD: Final = Duty(
    title=Text("Người bị hại dưới 16 tuổi", "The person harmed is under 16"),
    sentence=Text(
        "Báo 111 hoặc Công an, Ủy ban nhân dân cấp xã ngay trong ngày. Không gửi gì về nhà của em.",
        "Tell 111, or police and commune, the same day. Send nothing to the child's home.",
    ),
    kind="urgent",
)
_HOURS: Final = Duty(
    title=Text("Xảy ra trong 72 giờ qua", "It happened within 72 hours"),
    sentence=Text(
        "Đề nghị chăm sóc y tế ngay hôm nay: ngừa HIV trong 72 giờ, ngừa thai trong 5 ngày.",
        "Offer medical care today: against HIV within 72 hours, against pregnancy within 5 days.",
    ),
    kind="urgent",
)
_SELF_HARM: Final = Duty(
    title=Text("Có ý nghĩ tự làm hại mình", "Thoughts of self-harm"),
    sentence=Text(
        "Trả lời sớm, hỏi thẳng và nhẹ nhàng về sự an toàn; có người cùng trực với bạn.",
        "Answer soon, ask about safety plainly and gently; have a colleague with you.",
    ),
    kind="soon",
)


def duties(flags: Mapping[str, Any]) -> Iterator[Duty]:
    """What must not wait, the most pressing first."""
    if flags.get("danger_now") == "yes":
        yield _DANGER
    if flags.get("age_group") == "under_16":
        yield _CHILD
    if flags.get("when") == "hours_72":
        yield _HOURS
    if "self_harm" in flags.get("danger_signs", ()):
        yield _SELF_HARM
