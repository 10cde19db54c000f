"""The parts of the report that people write: which there are, where each stands, how long it may be (pure).

A part that nobody has written is the suggestion made from the data. Part II.7, on letters, is made from published
figures alone and cannot be written: whoever edits it could write down a number that must not leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.i18n import Text

LONGEST: Final = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One place in the report. heading: as the document says it; written: False where only figures may stand."""

    code: str
    heading: str
    name_en: str
    level: int
    """1: "I." · 2: "1." under it."""
    written: bool = True

    @property
    def name(self) -> Text:
        return Text(self.heading, self.name_en)


def _part(code: str, heading: str, name_en: str, *, written: bool = True) -> Part:
    return Part(code=code, heading=heading, name_en=name_en, level=2, written=written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter, with its parts; a chapter without parts of its own is itself one."""

    heading: str
    name_en: str
    parts: tuple[Part, ...]
    alone: bool = False


CHAPTERS: Final = (
    Chapter(
        heading="I. CÔNG TÁC CHỈ ĐẠO, TRIỂN KHAI",
        name_en="I. Direction and organisation",
        parts=(_part("direction", "I. Công tác chỉ đạo, triển khai", "I. Direction and organisation"),),
        alone=True,
    ),
    Chapter(
        heading="II. KẾT QUẢ THỰC HIỆN",
        name_en="II. Results",
        parts=(
            _part("communication", "1. Truyền thông, tuyên truyền", "1. Communication"),
            _part("events", "2. Tổ chức các sự kiện, hoạt động hưởng ứng", "2. Events"),
            _part("support", "3. Tư vấn, thăm hỏi, hỗ trợ", "3. Counselling, visits, support"),
            _part("praise", "4. Biểu dương", "4. Commending"),
            _part("resources", "5. Huy động nguồn lực", "5. Resources"),
            _part("checks", "6. Kiểm tra về bình đẳng giới", "6. Checks on gender equality"),
            _part(
                "letters",
                "7. Tiếp nhận phản ánh (số liệu tổng hợp, đã ẩn danh)",
                "7. Letters received (aggregated, anonymised)",
                written=False,
            ),
            _part(
                "survey",
                "8. Kết quả khảo sát nhận thức trước và sau",
                "8. The awareness survey before and after",
            ),
        ),
    ),
    Chapter(
        heading="III. ĐÁNH GIÁ CHUNG",
        name_en="III. General assessment",
        parts=(
            _part("highlights", "1. Kết quả nổi bật", "1. What went well"),
            _part("difficulties", "2. Khó khăn, hạn chế", "2. Difficulties"),
            _part("causes", "3. Nguyên nhân", "3. Causes"),
            _part("lessons", "4. Bài học kinh nghiệm", "4. Lessons"),
        ),
    ),
    Chapter(
        heading="IV. PHƯƠNG HƯỚNG, NHIỆM VỤ THỜI GIAN TỚI",
        name_en="IV. What comes next",
        parts=(_part("next", "IV. Phương hướng, nhiệm vụ thời gian tới", "IV. What comes next"),),
        alone=True,
    ),
    Chapter(
        heading="V. ĐỀ XUẤT, KIẾN NGHỊ",
        name_en="V. Proposals",
        parts=(_part("proposals", "V. Đề xuất, kiến nghị", "V. Proposals"),),
        alone=True,
    ),
)


def parts() -> Iterator[Part]:
    """Every part, in the order of the document."""
    for chapter in CHAPTERS:
        yield from chapter.parts


WRITTEN: Final = {part.code: part for part in parts() if part.written}
"""Parts with a page of their own to write on."""

SIGNING: Final = {
    "director": ("GIÁM ĐỐC",),
    "deputy": ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"),
    "board": ("TM. BAN VÌ SỰ TIẾN BỘ CỦA PHỤ NỮ", "TRƯỞNG BAN"),
}
"""Who signs, as the block above the name says it."""

FORMAL: Final = (
    "number",
    "symbol",
    "day",
    "addressee",
    "bases",
    "signing",
    "signer",
    "recipients",
    "supplement_number",
    "supplement_day",
)
"""Settings of the document: number and symbol, day, addressee, legal bases, who signs, who gets it."""

CENTRE: Final = {"A13": 14, "A14": 15, "A19": 0}
"""What the centre as a whole counts, by type of activity, with the indicator it fills; 0: told in part II.6 alone."""

PHOTOS: Final = "photos"
"""The part that names the photographs of annex III: their ids, with spaces between."""
PHOTOS_AT_MOST: Final = 6

CODES: Final = frozenset({*WRITTEN, *FORMAL, *CENTRE, PHOTOS})
