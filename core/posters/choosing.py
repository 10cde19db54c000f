"""Which message may stand on which poster or leaflet, and what stands beside it (pure).

A sheet leads to one page: the home page, the letter, or the survey. Beside the way to a letter nothing may urge, blame or
promise: who reads it may be the person harmed. There the centre's own sentence is offered first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core import messages
from core.i18n import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A page that a sheet leads to. quiet: the calm colours, for what somebody may carry home."""

    code: str
    path: str
    name: Text
    lead: Text
    lines: tuple[Text, ...]
    behind: Text
    more: tuple[Text, ...]
    about_letters: Text | None = None
    """What it says of letters, where no message presses."""
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A message that may be chosen. only: places (core.messages.PLACES) where it may stand."""

    code: str
    text: Text
    places: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A sheet of paper: width and height in millimetres; a leaflet has a second side."""

    code: str
    name: Text
    width: float
    height: float
    place: str
    sides: int = 1


DOORS: Final = {
    one.code: one
    for one in (
        Door(
            code="home",
            path="/",
            name=Text("Trang chủ", "Home page"),
            lead=Text("Góc nhân viên", "Staff corner"),
            lines=(
                Text("Chủ đề, lịch và tin của Tháng hành động.", "This year's theme, calendar and news."),
                Text("Số hỗ trợ, khảo sát.", "Help numbers, the survey."),
            ),
            about_letters=Text("Nơi viết thư kín.", "A place to write a confidential letter."),
            behind=Text("Trên trang có gì", "What the page has"),
            more=(
                Text(
                    "Chủ đề, thông điệp, lịch và tin của Tháng hành động.",
                    "Theme, messages, calendar and news of the action month.",
                ),
                Text(
                    "Viết thư kín về bạo lực, quấy rối mà bạn gặp hoặc thấy.",
                    "A confidential letter about violence or harassment you met or saw.",
                ),
                Text(
                    "Khảo sát nhận thức, không tên, trước và sau chiến dịch.",
                    "An awareness survey without names, before and after.",
                ),
                Text(
                    "Số hỗ trợ, và cách dùng trang an toàn hơn.",
                    "Help numbers, and safer ways to use the page.",
                ),
                Text(
                    "Trang không thay việc báo Công an hay chính quyền xã.",
                    "It does not replace telling the police or the commune.",
                ),
            ),
        ),
        Door(
            code="letter",
            path="/thu",
            name=Text("Viết thư", "Write a letter"),
            lead=Text("Có chuyện muốn kể? Bạn viết thư được.", "Something to tell? You can write."),
            lines=(
                Text("Không cần tên, không cần tài khoản.", "No name, no account needed."),
                Text(
                    "Trang nói rõ ai sẽ đọc, và điều gì không giữ kín được, trước khi bạn viết.",
                    "The page says who will read it, and what cannot be kept secret, before you write.",
                ),
                Text(
                    "Không có người trực 24/24 giờ. Đang nguy hiểm: gọi 113.",
                    "Nobody is on duty around the clock. In danger now: call 113.",
                ),
            ),
            behind=Text("Trước khi bạn viết", "Before you write"),
            more=(
                Text(
                    "Dùng máy riêng, ở chỗ không ai nhìn thấy.", "Use your own device where nobody looks on."
                ),
                Text(
                    "Đừng dùng Wi-Fi của cơ quan: mạng có thể ghi lại tên trang đã mở.",
                    "Avoid the workplace Wi-Fi: it may record which pages were opened.",
                ),
                Text(
                    "Bạn không cần kể chi tiết, và dừng lúc nào cũng được.",
                    "You need not tell details, and may stop at any time.",
                ),
                Text(
                    "Gửi xong, bạn nhận một mã thư 24 chữ số. Chép ra giấy: chỉ mã này mở được hộp thư.",
                    "Once sent, you get a receipt of 24 digits. Write it down: nothing else opens your mailbox.",
                ),
                Text(
                    "Có điều pháp luật buộc phải báo, như khi trẻ em bị hại. Trang nói rõ trước.",
                    "Some things must be reported by law, such as harm to a child. The page says so first.",
                ),
                Text(
                    "Nếu giữ tờ này không an toàn, bạn chỉ cần nhớ địa chỉ.",
                    "If it is not safe to keep this sheet, remember the address.",
                ),
            ),
            quiet=True,
        ),
        Door(
            code="survey",
            path="/khao-sat/",
            name=Text("Khảo sát", "Survey"),
            lead=Text("Mời bạn trả lời khảo sát", "Please answer the survey"),
            lines=(
                Text("Khoảng 7 phút, bằng điện thoại.", "About 7 minutes, on a phone."),
                Text("Không hỏi tên, không hỏi đơn vị.", "It asks no name and no unit."),
            ),
            behind=Text("Câu trả lời của bạn đi đâu", "Where your answers go"),
            more=(
                Text("Không ai biết ai đã trả lời gì.", "Nobody knows who answered what."),
                Text(
                    "Nếu đợt này dùng thẻ: rút một thẻ từ hộp, giữ cho lần sau, đừng đưa ai xem.",
                    "Where cards are used: draw one from the box, keep it for next time, show it to nobody.",
                ),
                Text("Câu nào không muốn trả lời, bạn bỏ qua được.", "You may skip any question."),
                Text(
                    "Kết quả chỉ nói về cả Trung tâm, không nói về đơn vị nào.",
                    "Results speak of the whole centre, never of a unit.",
                ),
            ),
        ),
    )
}

SIZES: Final = {
    one.code: one
    for one in (
        Size(code="a4", name=Text("Áp phích A4", "Poster, A4"), width=210, height=297, place="poster"),
        Size(code="a3", name=Text("Áp phích A3", "Poster, A3"), width=297, height=420, place="poster"),
        Size(
            code="a5",
            name=Text("Tờ rơi A5, hai mặt", "Leaflet, A5, two sides"),
            width=148,
            height=210,
            place="leaflet",
            sides=2,
        ),
    )
}

LANGUAGES: Final = {
    "vi": Text("Tiếng Việt", "Vietnamese"),
    "en": Text("Tiếng Anh", "English"),
    "both": Text("Hai thứ tiếng", "Both languages"),
}

OWN: Final = "own"
BESIDE_A_LETTER: Final = Saying(
    code=OWN,
    text=Text(
        "Điều đã xảy ra không phải lỗi của bạn. Bạn quyết định kể bao nhiêu và làm gì tiếp theo.",
        "What happened is not your fault. You decide how much to tell and what happens next.",
    ),
    places=frozenset({"poster", "leaflet", "home"}),
)
"""The centre's own sentence: it asks for nothing. It may stand on every sheet."""


_TOGETHER: Final = (
    "chấm dứt bạo lực", "vun đắp yêu thương",
    "bạo lực", "bình đẳng giới", "bình đẳng", "phụ nữ", "trẻ em", "tình dục", "xâm hại",
    "quấy rối", "chấm dứt", "pháp luật", "nạn nhân", "chủ động", "phòng ngừa", "ứng phó", "cộng đồng", "an toàn",
    "yêu thương", "hành động", "chìa khóa", "im lặng", "bảo vệ", "bản thân", "tội ác", "nghiêm trọng", "làm việc",
    "cản trở", "lao động", "hưởng ứng", "mọi người", "giãn cách", "kết nối", "gia đình", "quốc tế", "xảy ra",
    "quyết định", "bao nhiêu", "tiếp theo", "của bạn", "tham gia", "nghiêm trị", "lên tiếng",
)  # fmt: skip
"""Words of two syllables and more: a line of large letters does not break inside them."""


def kept_together(words: str) -> str:
    """The same words, with no-break spaces inside those that belong together."""
    for one in _TOGETHER:
        for said in (one, one[:1].upper() + one[1:]):
            words = words.replace(said, said.replace(" ", "\N{NO-BREAK SPACE}"))
    return re.sub(r"(năm|ngày) (?=\d)", "\\1\N{NO-BREAK SPACE}", words)


def may_stand(saying: Saying, door: Door, size: Size, *, answering: bool) -> bool:
    """Whether a message may stand on such a sheet. answering: whether handlers are really there to answer letters."""
    if size.place not in saying.places:
        return False
    if messages.promises(saying.text.vi, saying.text.en) and not answering:
        return False
    if door.quiet:
        # The home page has a door to the letter, so what may stand there may stand here, unless it presses.
        pressing = messages.presses(saying.text.vi, saying.text.en)
        promising = messages.promises(saying.text.vi, saying.text.en)
        return "home" in saying.places and not pressing and not promising
    return True


def beside(door: Door, saying: Saying) -> tuple[Text, ...]:
    """The lines beside the square: of letters only where the message above does not press anybody to write one."""
    pressing = messages.presses(saying.text.vi, saying.text.en)
    return door.lines if door.about_letters is None or pressing else (*door.lines, door.about_letters)


def offered(sayings: Iterable[Saying], door: Door, size: Size, *, answering: bool) -> list[Saying]:
    """The messages that may be chosen; beside a letter the centre's own sentence first, elsewhere last."""
    fitting = [one for one in sayings if may_stand(one, door, size, answering=answering)]
    return [BESIDE_A_LETTER, *fitting] if door.quiet else [*fitting, BESIDE_A_LETTER]
