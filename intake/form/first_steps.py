"""What is right to do before anything else, for the answers given (pure). A letter never replaces a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from core.i18n import Text
from intake.form.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    """One thing to do now, when `code` was chosen for the question `asked`.

    numbers: help numbers to show beside it, as they stand in the help list.
    """

    asked: str
    code: str

    title: Text
    sentence: Text
    kind: Literal["urgent", "soon"]
    numbers: tuple[str, ...]


_DANGER: Final = FirstStep(
    asked="danger_now",
    code="yes",
    title=Text("Có người đang gặp nguy hiểm: hãy gọi ngay", "Someone is in danger: call now"),
    sentence=Text(
        "Đừng đợi trả lời thư. Nếu không gọi được, nhờ người ở gần nhất gọi giúp.",
        "Do not wait for an answer to this letter. If you cannot call, ask whoever is nearest to call.",
    ),
    kind="urgent",
    numbers=("113", "115"),
)
_SELF_HARM: Final = FirstStep(
    asked="danger_signs",
    code="self_harm",
    title=Text("Có người nghĩ đến việc tự làm hại mình", "Someone is thinking of hurting themselves"),
    sentence=Text(
        "Hãy nói với một người ngay bây giờ. Nếu đã bị thương hoặc đã uống thuốc, gọi 115.",
        "Please talk to someone now. If someone is hurt or has taken something, call 115.",
    ),
    kind="urgent",
    numbers=("115", "1900 969 680"),
)
_CHILD: Final = FirstStep(
    asked="age_group",
    code="under_16",
    title=Text("Người bị hại dưới 16 tuổi", "The person harmed is under 16"),
    sentence=Text(
        "Gọi 111, miễn phí, cả ngày đêm. Luật buộc chúng tôi báo nơi bảo vệ trẻ em ngay khi đọc thư.",
        "Call 111, free, day and night. The law obliges us to tell child protection as soon as we read this.",
    ),
    kind="urgent",
    numbers=("111",),
)
_HOURS: Final = FirstStep(
    asked="when",
    code="hours_72",
    title=Text("Chuyện vừa xảy ra: nên đi khám sớm", "It has just happened: see a doctor soon"),
    sentence=Text(
        "Có thuốc ngừa HIV trong 72 giờ, ngừa thai trong 5 ngày; càng sớm càng tốt."
        " Ở nơi khám, bạn không cần kể hết chuyện.",
        "HIV can be prevented within 72 hours and pregnancy within 5 days; the sooner the better."
        " You need not tell the doctor everything.",
    ),
    kind="soon",
    numbers=(),
)


FIRST_STEPS: Final = (_DANGER, _SELF_HARM, _CHILD, _HOURS)
"""All there are, the most pressing first."""


def first_steps(report: Report) -> Iterator[FirstStep]:
    """The steps that fit, the most pressing first."""
    return (step for step in FIRST_STEPS if step.code in report.chosen(step.asked))
