"""What to do now, from the flags and the file; the first one is the page's one clear next step. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.i18n import Text
from intake.casefile import assessment, closure, labour, promises
from intake.casefile.record import File, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, the kind of entry where it is written, and its day if it has one."""

    sentence: Text
    kind: str
    due: date | None = None


def steps(file: File, flags: Mapping[str, Any], today: date) -> list[Step]:
    """The most pressing first: lives, then children, then what was promised, then what is merely due."""
    if closure.closed(file):
        return []
    return [*_safety(file, flags, today), *_promised(file, today), *_labour(file), *_order(file)]


def _safety(file: File, flags: Mapping[str, Any], today: date) -> Iterator[Step]:
    if not file.of("danh-gia"):
        yield Step(
            sentence=Text("Đánh giá nguy cơ lần đầu.", "Assess the risk a first time."), kind="danh-gia"
        )
    told = "self_harm" in flags.get("danger_signs", ())
    if told and not file.of("tu-hai"):
        yield Step(
            sentence=Text(
                "Hỏi thẳng và nhẹ nhàng về ý nghĩ tự hại.", "Ask plainly and gently about self-harm."
            ),
            kind="tu-hai",
        )
    if flags.get("age_group") == "under_16" and not file.of("tre-em"):
        yield Step(
            sentence=Text(
                "Báo 111, Công an hoặc Ủy ban cấp xã hôm nay, rồi ghi ai nhận.",
                "Tell 111, police or commune today, then write down who took it.",
            ),
            kind="tre-em",
            due=today,
        )
    sexual = "sexual_touch" in flags.get("what_kind", ()) and flags.get("when") == "hours_72"
    if sexual and not any(file.of(kind) for kind in ("viec", "chuyen-gui", "dong-y")):
        yield Step(
            sentence=Text(
                "Đề nghị chăm sóc y tế hôm nay, rồi ghi việc đã làm.",
                "Offer medical care today, then write down what was done.",
            ),
            kind="viec",
            due=today,
        )
    holds = assessment.in_force(file)
    if holds and holds[0] in {"high", "emergency"} and not file.of("an-toan"):
        yield Step(
            sentence=Text("Cùng người bị hại lập kế hoạch an toàn.", "Make a safety plan with the person."),
            kind="an-toan",
        )


def _promised(file: File, today: date) -> Iterator[Step]:
    if assessment.waiting(file) or any(not file.seconded(one) for one in file.of("khong-dong-y")):
        yield Step(
            sentence=Text(
                "Một quyết định chờ người thứ hai ký: hãy báo đồng nghiệp.",
                "A decision waits for a second signature: tell a colleague.",
            ),
            kind="nguoi-thu-hai",
        )
    if any(_not_told(file, one) for one in file.of("rut-dong-y")):
        yield Step(
            sentence=Text(
                "Báo nơi nhận rằng sự đồng ý đã rút lại, rồi ghi việc này.",
                "Tell the recipient that consent was withdrawn, then write it down.",
            ),
            kind="viec",
        )
    again = assessment.again_on(file)
    if again and again <= today:
        yield Step(
            sentence=Text("Đánh giá lại nguy cơ.", "Assess the risk again."), kind="danh-gia", due=again
        )
    for action in file.of("viec"):
        due = action.day("due")
        if due and due <= today and action is file.latest("viec"):
            yield Step(
                sentence=Text("Làm việc tiếp theo đã hẹn.", "Do what was to come next."), kind="viec", due=due
            )


def _not_told(file: File, withdrawal: Written) -> bool:
    """Whether something was shared by a consent that was withdrawn, and nothing was done since."""
    named = str(withdrawal.values.get("of"))
    shared = any(str(one.values.get("consent")) == named for one in file.of("chuyen-gui"))
    return shared and not file.written_since("viec", withdrawal.row)


def _labour(file: File) -> Iterator[Step]:
    for _, due in list(labour.checks_due(file))[:1]:
        yield Step(
            sentence=Text("Hỏi xem có bị trả đũa không.", "Ask whether there was any retaliation."),
            kind="lao-dong",
            due=due,
        )


def _order(file: File) -> Iterator[Step]:
    asked = [day for one in file.of("chuyen-gui") if (day := promises.asked_again(file, one))]
    if asked:
        yield Step(
            sentence=Text("Hỏi nơi nhận về kết quả.", "Ask the recipient how it went."),
            kind="ket-qua",
            due=min(asked),
        )
    if not file.of("nhu-cau"):
        yield Step(sentence=Text("Hỏi người bị hại cần gì.", "Ask what the person needs."), kind="nhu-cau")
    if not file.of("phan-loai"):
        yield Step(sentence=Text("Phân loại việc này.", "Classify this case."), kind="phan-loai")
    elif file.of("nhu-cau"):
        yield Step(
            sentence=Text(
                "Khi xong, kết thúc và báo người viết.", "When done, close it and tell the reporter."
            ),
            kind="ket-thuc",
        )
