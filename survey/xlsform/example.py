"""The cells of the template workbook: a short questionnaire that uses every kind of question, and its guide."""

from __future__ import annotations

from typing import Final

VI: Final = "Tiếng Việt (vi)"
EN: Final = "English (en)"


def _row(kind: str, name: str = "", vi: str = "", en: str = "", **more: str) -> dict[str, str]:
    """One row of the survey sheet; a column whose name ends in _vi or _en is that column in a language."""
    tongues = {"_vi": f"::{VI}", "_en": f"::{EN}"}
    rest = {
        f"{name[:-3]}{tongues[name[-3:]]}" if name[-3:] in tongues else name: text
        for name, text in more.items()
    }
    return {"type": kind, "name": name, f"label::{VI}": vi, f"label::{EN}": en, **rest}


SURVEY: Final = (
    _row("begin group", "ghep", "Ghép hai lần trả lời", "Joining your two answers"),
    _row(
        "text",
        "E1",
        "Chữ cái đầu trong TÊN của bà ngoại bạn.",
        "First letter of your maternal grandmother's given name.",
        hint_vi="Không biết thì ghi 0.",
        hint_en="If you do not know it, write 0.",
        measures="linkage",
        element="letter",
    ),
    _row(
        "integer",
        "E2",
        "Một số có hai chữ số do bạn tự chọn.",
        "A two-digit number you choose.",
        measures="linkage",
        element="digits",
    ),
    _row("end group"),
    _row("begin group", "hieu_biet", "Đúng hay sai", "True or false"),
    _row(
        "select_one dung_sai",
        "K1",
        "Chỉ phụ nữ mới có thể bị quấy rối.",
        "Only women can be harassed.",
        measures="knowledge",
        right="sai",
    ),
    _row("end group"),
    _row("begin group", "thai_do", "Ý kiến của bạn", "Your views"),
    _row(
        "select_one dong_y",
        "T1",
        "Bạo lực giữa vợ chồng là việc riêng của họ.",
        "Violence between spouses is their own business.",
        appearance="likert",
        measures="attitude",
        reverse="yes",
    ),
    _row(
        "select_one dong_y",
        "T2",
        "Nam giới bị bạo lực cũng cần được lắng nghe.",
        "Men who suffer violence need to be heard as well.",
        appearance="likert",
        measures="attitude",
    ),
    _row("end group"),
    _row("begin group", "tap_huan", "Tập huấn", "Training"),
    _row(
        "select_one co_khong",
        "da_hoc",
        "Bạn đã từng dự tập huấn chưa?",
        "Have you attended training?",
        required="yes",
    ),
    _row(
        "integer",
        "so_lan",
        "Bao nhiêu lần?",
        "How many times?",
        relevant="${da_hoc} = 'co'",
        constraint=". >= 1 and . <= 50",
        constraint_message_vi="Từ 1 đến 50 lần.",
        constraint_message_en="Between 1 and 50 times.",
    ),
    _row(
        "date",
        "ngay_cuoi",
        "Lần gần nhất là ngày nào?",
        "When was the last time?",
        hint_vi="Nếu nhớ.",
        hint_en="If you remember.",
        relevant="${so_lan} >= 1",
        constraint=". <= today()",
        constraint_message_vi="Ngày này chưa đến.",
        constraint_message_en="This day has not come yet.",
    ),
    _row("calculate", "nhieu_lan", calculation="if(${so_lan} > 3, 'nhieu', 'it')"),
    _row(
        "note",
        "cam_on_hoc",
        "Cảm ơn bạn đã dự ${so_lan} lần.",
        "Thank you for attending ${so_lan} times.",
        relevant="${nhieu_lan} = 'nhieu'",
    ),
    _row(
        "range",
        "huu_ich",
        "Tập huấn hữu ích đến mức nào, từ 0 đến 10?",
        "How useful was it, from 0 to 10?",
        relevant="${da_hoc} = 'co'",
        parameters="start=0 end=10 step=1",
    ),
    _row("end group"),
    _row("begin group", "noi_ho_tro", "Nơi hỗ trợ", "Where to find help"),
    _row("select_one nhom", "nhom", "Bạn muốn hỏi về nơi nào?", "Which kind of place?"),
    _row(
        "select_multiple noi",
        "H1",
        "Những nơi nào tiếp nhận người cần giúp?",
        "Which of these places give help?",
        hint_vi="Chọn tất cả nơi đúng.",
        hint_en="Choose every right place.",
        choice_filter="nhom = ${nhom} or nhom = 'chung'",
        parameters="randomize=true",
        measures="help",
    ),
    _row("end group"),
)


def _choice(listed: str, name: str, vi: str, en: str, **more: str) -> dict[str, str]:
    return {"list_name": listed, "name": name, f"label::{VI}": vi, f"label::{EN}": en, **more}


CHOICES: Final = (
    _choice("dung_sai", "dung", "Đúng", "True"),
    _choice("dung_sai", "sai", "Sai", "False"),
    _choice("dung_sai", "khong_biet", "Không biết", "Don't know"),
    _choice("dong_y", "1", "Rất không đồng ý", "Strongly disagree"),
    _choice("dong_y", "2", "Không đồng ý", "Disagree"),
    _choice("dong_y", "3", "Phân vân", "Undecided"),
    _choice("dong_y", "4", "Đồng ý", "Agree"),
    _choice("dong_y", "5", "Rất đồng ý", "Strongly agree"),
    _choice("co_khong", "co", "Có", "Yes"),
    _choice("co_khong", "khong", "Không", "No"),
    _choice("nhom", "goi", "Số điện thoại", "A number to call"),
    _choice("nhom", "den", "Nơi để đến", "A place to go"),
    _choice("noi", "111", "111 - Bảo vệ trẻ em", "111 - Child protection", nhom="goi", counts="right"),
    _choice("noi", "114", "114 - Cứu hỏa", "114 - Fire brigade", nhom="goi", counts="distractor"),
    _choice("noi", "yte", "Cơ sở y tế gần nhất", "The nearest health facility", nhom="den", counts="right"),
    _choice("noi", "cho", "Chợ", "The market", nhom="den", counts="distractor"),
    _choice("noi", "khong_biet", "Tôi không biết", "I don't know", nhom="chung", exclusive="yes"),
)

SETTINGS: Final = (
    {
        "form_title": "Khảo sát mẫu",
        "form_id": "khao_sat_mau",
        "version": "1",
        "default_language": VI,
        "minutes": "3",
        f"title::{VI}": "Khảo sát mẫu",
        f"title::{EN}": "Example survey",
    },
)

GUIDE: Final[list[list[str]]] = [
    ["Cột / Column", "Ý nghĩa", "Meaning"],
    [
        "type",
        "select_one, select_multiple, integer, decimal, date, range, note, calculate, begin group, end group",
        "the types that are asked here; everything else is refused",
    ],
    [
        "label, hint",
        "Câu hỏi và lời giải thích, bằng hai thứ tiếng",
        "The question and its hint, in both languages",
    ],
    ["relevant", "Câu chỉ được hỏi khi điều kiện này đúng", "Asked only when this is true"],
    [
        "constraint",
        "Câu trả lời được nhận khi điều kiện này đúng; dấu chấm là câu trả lời",
        "What an answer must be; the dot is the answer",
    ],
    [
        "required",
        "Bỏ trống thì được hỏi lại một lần; sau đó vẫn được bỏ qua",
        "Asked a second time when skipped; may then be skipped",
    ],
    [
        "choice_filter",
        "Lựa chọn nào hiện ra, theo các cột của trang choices",
        "Which choices are offered, by columns of the sheet choices",
    ],
    [
        "calculation",
        "Phép tính của hàng calculate; không được lưu",
        "What a calculate row computes; it is not stored",
    ],
    ["appearance", "likert: năm mức", "likert: degrees"],
    [
        "parameters",
        "randomize=true: xáo thứ tự; start, end, step: khoảng số",
        "randomize=true: any order; start, end, step: a range",
    ],
    [
        "measures",
        "Câu này đo gì: knowledge, attitude, confidence, trust, help, background, exposure, linkage",
        "What the item measures",
    ],
    ["right", "Mã đáp án đúng của câu knowledge", "The code of the right answer, for knowledge"],
    ["reverse", "yes: câu attitude tính ngược", "yes: an attitude counted backwards"],
    [
        "element",
        "letter hoặc digits: câu linkage ghi một chữ cái hoặc hai chữ số",
        "letter or digits: a linkage item that is one letter or two digits",
    ],
    [
        "waves",
        "before, after, followup: hỏi ở đợt nào; để trống là mọi đợt",
        "Which waves ask it; empty means all",
    ],
    [
        "lead",
        "Lời dẫn phía trên câu hoặc trang, bằng hai thứ tiếng",
        "Words above an item or page, in both languages",
    ],
    [
        "source, certainty",
        "Căn cứ của đáp án và độ chắc chắn",
        "The law behind an answer, and how certain it is",
    ],
    [
        "counts",
        "right hoặc distractor: lựa chọn đúng hay gây nhiễu của câu help",
        "right or distractor, for help",
    ],
    ["exclusive", "yes: lựa chọn này loại các lựa chọn khác", "yes: this choice clears the others"],
    [
        "title, consent, closing, minutes",
        "Trang settings: tên, lời mở đầu và lời kết (mỗi câu một dòng), số phút",
        "On the sheet settings: title, opening and closing words (one sentence a line), minutes",
    ],
]
