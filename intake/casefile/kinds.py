"""Every kind of entry in the file, as one table to read aloud. Pure.

A sheet (`rows=False`) has one standing version, its latest; of a table every entry is a row that stays.
Nothing is written over: a correction is a new entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.i18n import Text
from intake.casefile.classification import QUESTIONS
from intake.casefile.fields import Ask, Option, ask, columns, one, text

_WRITE: Final = Text("Ghi vào hồ sơ", "Write into the file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of entry. deed: its line in the log, which must not tell what the report says."""

    code: str
    title: Text
    asks: tuple[Ask, ...]
    rows: bool = False
    deed: str = "file_written"
    hint: Text | str = ""
    button: Text = _WRITE
    small: bool = False

    def ask(self, name: str) -> Ask | None:
        """One of its questions."""
        return next((one for one in self.asks if one.name == name), None)


_YES: Final = (("yes", "Có", "Yes"), ("no", "Không", "No"))
CONDITIONS: Final = Ask(
    name="conditions",
    kind="many",
    label=Text("Tình huống lúc này", "The situation now"),
    options=(
        Option(
            code="child_at_home",
            at_least="high",
            label=Text("Người dưới 16 ở cùng nhà với người gây hại", "Under 16, the abuser lives at home"),
        ),
        Option(
            code="ongoing",
            at_least="emergency",
            label=Text(
                "Bạo lực đang diễn ra hoặc người gây hại sắp quay lại",
                "Violence goes on, or the abuser will soon return",
            ),
        ),
    ),
)
_WORKPLACE: Final = one(
    "workplace",
    Text("Nếu chỉ ở nơi làm việc", "Where it is at work alone"),
    ("power", "Người gây ra có quyền với người bị hại", "The person has power over them"),
    ("contact", "Có tiếp xúc cơ thể", "There was physical contact"),
    ("repeated", "Lặp lại nhiều lần", "It happens again and again"),
    ("retaliation", "Có trả đũa hoặc dọa trả đũa", "There was retaliation, or a threat of it"),
    ("others", "Có người khác cũng bị", "Others were harmed as well"),
    many=True,
)
_CONSENT_ROW: Final = Ask(
    name="consent", kind="row", label=Text("Dựa trên sự đồng ý nào", "Rests on this consent")
)
_OVERRIDE_ROW: Final = Ask(
    name="override",
    kind="row",
    label=Text("Hoặc quyết định của hai người", "Or a decision of two people"),
)


def _of(vi: str, en: str) -> Ask:
    return Ask(name="of", kind="row", label=Text(vi, en), required=True)


_SHARING: Final = columns("consents", "recipient*", "content*", "purpose*", "means*")
_TABLE: Final = (
    Kind(
        code="danh-gia",
        title=Text("Đánh giá nguy cơ", "Risk assessment"),
        asks=(
            ask("risk_factors"),
            CONDITIONS,
            _WORKPLACE,
            ask("risk_level").needed,
            text("reason", "Lý do (phải có khi hạ mức)", "Reason (needed to lower the level)", 1000),
            ask("risk_note.again_on"),
        ),
        hint=Text(
            "Quy tắc chỉ nâng mức. Hạ mức có hiệu lực khi người thứ hai đồng ý.",
            "Rules only raise the level. Lowering takes effect when a second person agrees.",
        ),
    ),
    Kind(
        code="tu-hai",
        title=Text("Nguy cơ tự hại", "Risk of self-harm"),
        asks=(ask("suicide_risk").needed, ask("suicide_action")),
    ),
    Kind(
        code="tre-em",
        title=Text("Người dưới 16 tuổi: đã báo ai", "Under 16: who was told"),
        rows=True,
        asks=columns("child_flag", "whom*", "at*", "taken_by*"),
    ),
    Kind(
        code="an-toan",
        title=Text("Kế hoạch an toàn", "Safety plan"),
        hint=ask("safety_plan").hint,
        asks=columns(
            "safety_plan", "places", "people", "documents", "signal", "children", "devices", "avoid"
        ),
    ),
    Kind(
        code="lien-he",
        title=Text("Liên hệ an toàn đã xác nhận", "Safe contact confirmed"),
        asks=columns("contact_ok", "on*", "spoken_password"),
    ),
    Kind(code="nhu-cau", title=Text("Nhu cầu", "Needs"), asks=(ask("needs").needed,)),
    Kind(
        code="dong-y",
        title=Text("Đồng ý chia sẻ", "Consents"),
        rows=True,
        hint=ask("consents").hint,
        asks=(*_SHARING, *columns("consents", "given*", "form*", "on*", "until")),
    ),
    Kind(
        code="rut-dong-y",
        title=Text("Rút lại sự đồng ý", "Consent withdrawn"),
        rows=True,
        small=True,
        asks=(
            _of("Sự đồng ý nào", "Which consent"),
            ask("consents.on", label=Text("Rút lại ngày", "Withdrawn on")).needed,
        ),
    ),
    Kind(
        code="khong-dong-y",
        title=Text("Chia sẻ khi không có đồng ý", "Sharing without consent"),
        rows=True,
        deed="override_asked",
        hint=Text(
            "Chỉ có hiệu lực khi một người tiếp nhận thứ hai đồng ý trong phiên của họ.",
            "Takes effect only when a second handler agrees in their own session.",
        ),
        asks=(
            ask("override.ground").needed,
            *_SHARING,
            text("reason", "Vì sao không thể chờ sự đồng ý", "Why consent cannot be waited for", 1000).needed,
            ask("override.told_first").needed,
        ),
    ),
    Kind(
        code="nguoi-thu-hai",
        title=Text("Người thứ hai đồng ý", "A second person agrees"),
        rows=True,
        small=True,
        deed="seconded",
        asks=(_of("Quyết định của đồng nghiệp", "A colleague's decision"),),
        button=Text("Tôi đồng ý và ký", "I agree and sign"),
    ),
    Kind(
        code="chuyen-gui",
        title=Text("Chuyển gửi", "Referrals"),
        rows=True,
        deed="referred",
        hint=Text(
            "Mỗi lần chuyển gửi cần một sự đồng ý, hoặc quyết định của hai người.",
            "Each referral needs its consent, or a decision of two people.",
        ),
        asks=(*columns("referrals", "service*", "recipient*", "on*"), _CONSENT_ROW, _OVERRIDE_ROW),
    ),
    Kind(
        code="ket-qua",
        title=Text("Kết quả chuyển gửi", "Result of a referral"),
        rows=True,
        small=True,
        asks=(_of("Lần chuyển gửi nào", "Which referral"), ask("referrals.result").needed),
    ),
    Kind(
        code="xung-dot",
        title=Text("Xung đột lợi ích, người đứng đầu", "Conflict of interest, the head of the centre"),
        rows=True,
        hint=Text(
            "Người đứng đầu bị phản ánh thì không được biết: gửi cấp trên hoặc cơ quan ngoài.",
            "If the head is complained of, they learn nothing: go to the authority above or outside.",
        ),
        asks=(
            *columns("conflict", "who*", "conflict*", "excluded"),
            one("head", Text("Người đứng đầu bị phản ánh", "The head is complained of"), *_YES),
            text("instead", "Ai nhận thay", "Who is told instead"),
        ),
    ),
    Kind(
        code="lao-dong",
        title=Text("Luồng lao động, chống trả đũa", "Labour track, no retaliation"),
        rows=True,
        hint=ask("labour_steps").hint,
        asks=columns("labour_steps", "step*", "on*", "note"),
    ),
    Kind(
        code="viec",
        title=Text("Nhật ký hành động", "Actions"),
        rows=True,
        asks=columns("actions", "on*", "what*", "result", "next", "due"),
    ),
    Kind(
        code="ghi-chu",
        title=Text("Ghi chú", "Notes"),
        rows=True,
        asks=(text("note", "Ghi chú cho đồng nghiệp", "Note for colleagues", 1000).needed,),
    ),
    Kind(
        code="phan-loai",
        title=Text("Phân loại", "Classification"),
        hint=Text(
            "Trả lời lần lượt, dừng ở câu “có” đầu tiên. Chỉ xét hành vi.",
            "Answer in order and stop at the first “yes”. By the act alone.",
        ),
        asks=(
            ask("genuine").needed,
            *QUESTIONS,
            ask("unit_group"),
            ask("legal_track"),
            ask("harassment_form"),
            ask("context"),
            ask("source"),
            ask("channel"),
        ),
        deed="judged",
    ),
    Kind(
        code="ket-thuc",
        title=Text("Kết thúc", "Closing"),
        rows=True,
        deed="case_closed",
        asks=(
            ask("closure").needed,
            ask("outcome").needed,
            ask("satisfaction"),
            ask("closure_note.reporter_told").needed,
            text("note", "Vì sao kết thúc được", "Why it can be closed", 1000),
        ),
        button=Text("Kết thúc việc này", "Close this case"),
    ),
    Kind(
        code="mo-lai",
        title=Text("Mở lại", "Reopening"),
        rows=True,
        deed="case_reopened",
        asks=(text("reason", "Vì sao mở lại", "Why it is opened again", 1000).needed,),
        button=Text("Mở lại việc này", "Open this case again"),
    ),
)
KINDS: Final[Mapping[str, Kind]] = {kind.code: kind for kind in _TABLE}
