"""What the written parts could say, made from the data (pure). Vietnamese: the report goes to a Vietnamese authority.

Nothing is claimed that no figure says: where there is nothing to tell, the suggestion says that, or leaves room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from board.activities.kinds import KINDS
from board.activities.summing import Total
from board.published import K
from board.report.indicators import Figure, Letters, Survey, share, vietnamese
from core.disclosure import shown
from survey.power import FEWEST

UNWRITTEN: Final = "…"
"""Where no figure says anything: room for whoever knows, and a line in the list of what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Who owes a report, and how it came. Names in Vietnamese, in Vietnamese order."""

    on_time: Sequence[str]
    late: Sequence[str]
    missing: Sequence[str]

    @property
    def filed(self) -> int:
        return len(self.on_time) + len(self.late)

    @property
    def owing(self) -> int:
        return self.filed + len(self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything a suggestion may draw on. as_of: the day the figures reach, as written in a document."""

    year: int
    theme: str
    board: str
    as_of: str
    units: Units
    totals: Mapping[str, Total]
    centre: Mapping[str, int]
    figures: Sequence[Figure]
    letters: Letters | None
    survey: Survey | None

    def say(self, no: int) -> str:
        """A figure as the annex tells it."""
        return next(one.said.vi for one in self.figures if one.indicator.no == no)

    def count(self, *codes: str) -> int:
        return sum(self.totals[code].quantity for code in codes)

    def people(self, *codes: str) -> int:
        return sum(self.totals[code].participants for code in codes)


def suggestions(known: Known) -> dict[str, str]:
    """Part → its text; paragraphs are lines."""
    return {
        "direction": "\n".join(_direction(known)),
        "communication": "\n".join(_communication(known)),
        "events": "\n".join(_events(known)),
        "support": "\n".join(_support(known)),
        "praise": _praise(known),
        "resources": "\n".join(_resources(known)),
        "checks": "\n".join(_checks(known)),
        "letters": "\n".join(_letters(known)),
        "survey": "\n".join(_survey(known)),
        "highlights": "\n".join(_highlights(known)),
        "difficulties": "\n".join(_difficulties(known)),
        "causes": UNWRITTEN,
        "lessons": "\n".join(_lessons(known)),
        "next": "\n".join(_next(known)),
        "proposals": "Đề nghị Sở Y tế tiếp tục quan tâm tập huấn, hướng dẫn và cung cấp tài liệu truyền thông"
        " về bình đẳng giới và phòng ngừa, ứng phó với bạo lực trên cơ sở giới cho các đơn vị.",
    }


def _n(count: float, decimals: int = 0) -> str:
    return vietnamese(count, decimals)


def _padded(count: int) -> str:
    """A count in running words: below ten with its zero, as offices write it."""
    return f"{count:02d}" if 0 < count < 10 else _n(count)


def _direction(known: Known) -> Iterator[str]:
    board = known.board or "Ban Vì sự tiến bộ của phụ nữ"
    theme = f", với chủ đề “{known.theme}”" if known.theme else ""
    yield f"{board} đã triển khai Tháng hành động năm {known.year} đến các khoa, phòng, trạm{theme}."
    if documents := known.count("A01"):
        having = known.totals["A01"].units
        yield (
            f"Các đơn vị đã ban hành {_padded(documents)} văn bản, kế hoạch;"
            f" {_padded(having)} đơn vị có kế hoạch triển khai."
        )
    yield (
        f"Tính đến hết ngày {known.as_of}, {_padded(known.units.filed)}/{_padded(known.units.owing)} đơn vị"
        " đã gửi báo cáo kết quả."
    )


_COMMUNICATION = (
    ("A02", "treo {n} băng rôn, khẩu hiệu"),
    ("A03", "lắp đặt {n} pa nô, áp phích"),
    ("A04", "phát {n} tờ rơi, tài liệu truyền thông"),
    ("A05", "đăng {n} tin, bài trên trang thông tin điện tử, mạng xã hội"),
    ("A06", "thực hiện {n} lượt phát thanh, trình chiếu"),
)
_EVENTS = (
    (("A07",), "hội nghị, lớp tập huấn, phổ biến pháp luật"),
    (("A08", "A09", "A10"), "cuộc diễn đàn, đối thoại, tọa đàm, hội thảo"),
    (("A11", "A12"), "cuộc giao lưu văn nghệ, thể thao"),
    (("A99",), "hoạt động khác"),
)


def _communication(known: Known) -> Iterator[str]:
    told = [words.format(n=_padded(known.count(code))) for code, words in _COMMUNICATION if known.count(code)]
    yield f"Các đơn vị đã {', '.join(told)}." if told else "Các đơn vị chưa ghi hoạt động truyền thông nào."


def _events(known: Known) -> Iterator[str]:
    told = False
    for codes, words in _EVENTS:
        if held := known.count(*codes):
            told = True
            people, men = known.people(*codes), sum(known.totals[code].men for code in codes)
            came = f", {_n(people)} lượt người tham dự (nam: {_n(men)})" if people else ""
            yield f"- {_padded(held)} {words}{came}."
    if not told:
        yield "Các đơn vị chưa ghi sự kiện nào."


def _support(known: Known) -> Iterator[str]:
    yield f"Lượt tư vấn phòng ngừa, ứng phó với bạo lực: {known.say(14)}."
    yield f"Người bị bạo lực, xâm hại được thăm hỏi, hỗ trợ: {known.say(15)}."
    if helped := known.count("A15"):
        yield f"Đã hỗ trợ {_padded(helped)} phụ nữ, trẻ em có hoàn cảnh khó khăn."


def _praise(known: Known) -> str:
    numbers = known.totals["A16"].numbers
    if not numbers.total():
        return "Trong Tháng hành động chưa ghi nhận hoạt động biểu dương."
    return f"Đã biểu dương {_padded(numbers['groups'])} tập thể, {_padded(numbers['people'])} cá nhân."


def _resources(known: Known) -> Iterator[str]:
    numbers = known.totals["A17"].numbers
    yield (
        f"Kinh phí thực hiện: {_n(numbers['budget'])} nghìn đồng từ ngân sách,"
        f" {_n(numbers['raised'])} nghìn đồng xã hội hóa."
    )


def _checks(known: Known) -> Iterator[str]:
    checks = known.count("A18")
    yield (
        f"Đã thực hiện {_padded(checks)} cuộc kiểm tra về bình đẳng giới và vì sự tiến bộ của phụ nữ."
        if checks
        else ("Trong Tháng hành động chưa ghi nhận cuộc kiểm tra nào.")
    )
    if "A19" in known.centre:
        handled = known.centre["A19"]
        yield f"Vụ việc vi phạm đã xử lý: {_padded(handled) if handled >= K else f'dưới {K}'}."


def _letters(known: Known) -> Iterator[str]:
    if known.letters is None:
        yield f"Đến hết ngày {known.as_of} chưa có kỳ công bố số liệu nào."
        return
    kinds = (
        ("Người bị hại tự viết", known.letters.own),
        ("Người khác báo tin", known.letters.told),
    )
    told = [f"- {words}: {shown(value).vi}." for words, value in kinds if value is not None]
    if told:
        yield f"Từ ngày 01/01/{known.year} đến hết ngày {known.letters.as_of}, số thư qua kênh bảo mật:"
        yield from told
    else:
        yield "Số thư qua kênh bảo mật chưa đủ lớn để nêu ngoài Ban."
    yield (
        "Số liệu do hai người giữ khóa công bố, đã được bảo vệ để không ai bị nhận ra; chỉ nêu các số từ 10 trở"
        " lên. Số thư tăng có thể cho thấy mọi người tin tưởng kênh tiếp nhận hơn, không nhất thiết là bạo lực tăng."
    )


def _survey(known: Known) -> Iterator[str]:
    found = known.survey
    if found is None:
        yield "Khảo sát nhận thức của năm chưa có kết quả để so sánh trước và sau."
        return
    joined = f"; {_n(found.linked)} người ghép được hai lần" if found.linked >= FEWEST else ""
    yield f"Có {_n(found.people[0])} người trả lời trước và {_n(found.people[1])} người trả lời sau chiến dịch{joined}."
    pairs = (
        ("Điểm kiến thức trung bình (thang 0-8)", found.knowledge),
        ("Điểm thái độ trung bình (thang 1-5)", found.attitude),
    )
    for words, pair in pairs:
        if pair is not None:
            yield f"- {words}: trước {_n(pair[0], 2)}, sau {_n(pair[1], 2)}."
    if found.knows_three is not None:
        first, second = (share(value).vi for value in found.knows_three)
        yield f"- Tỷ lệ biết ít nhất 3 kênh hỗ trợ đúng: trước {first} %, sau {second} %."
    yield "Đây là thay đổi sau chiến dịch, không có nhóm so sánh nên chưa chắc là do chiến dịch."


def _highlights(known: Known) -> Iterator[str]:
    yield f"- {_padded(known.units.filed)}/{_padded(known.units.owing)} đơn vị tham gia và báo cáo kết quả."
    if people := sum(total.participants for total in known.totals.values()):
        yield f"- {_n(people)} lượt người tham dự các hội nghị, sự kiện."
    most = max(known.totals.values(), key=lambda total: total.units)
    if most.units:
        name = KINDS[most.code].name.vi
        name = name[:1].lower() + name[1:]
        yield f"- Hoạt động được nhiều đơn vị thực hiện nhất: {name} ({_padded(most.units)} đơn vị)."


def _difficulties(known: Known) -> Iterator[str]:
    if known.units.missing:
        yield f"- {_padded(len(known.units.missing))} đơn vị chưa gửi báo cáo."
    if known.units.late:
        yield f"- {_padded(len(known.units.late))} đơn vị gửi báo cáo trễ hạn."
    quiet = sum(total.units == 0 for code, total in known.totals.items() if code in _ASKED)
    if quiet:
        yield f"- {_padded(quiet)} loại hoạt động của kế hoạch chưa đơn vị nào thực hiện."
    if not (known.units.missing or known.units.late or quiet):
        yield UNWRITTEN


_ASKED = {f"A{number:02d}" for number in range(1, 19)} - {"A13", "A14"}


def _lessons(known: Known) -> Iterator[str]:
    yield "- Giao đầu mối và hạn báo cáo cho từng đơn vị ngay từ đầu Tháng hành động."
    if known.survey is not None:
        yield "- Khảo sát trước và sau cho biết nội dung nào cần truyền thông tiếp."


def _next(known: Known) -> Iterator[str]:
    yield "- Duy trì truyền thông về bình đẳng giới và phòng ngừa, ứng phó với bạo lực trên cơ sở giới trong cả năm."
    yield "- Duy trì kênh tiếp nhận bảo mật và lịch trực của cán bộ tiếp nhận."
    if known.units.missing:
        yield "- Đôn đốc các đơn vị chưa báo cáo, bổ sung số liệu."
    yield f"- Xây dựng kế hoạch Tháng hành động năm {known.year + 1} theo chỉ đạo của Sở Y tế."
