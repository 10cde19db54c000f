"""Words that look like the name of a person (pure): a hint to look again, never a verdict.

It finds a form of address before a capital ("chị Hoa", "bác sĩ Lan") and a family name before a given name
("Nguyễn Thị Hoa"). It misses names written in small letters, and takes some streets for people.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Final

from core.vietnamese import nfc

_ADDRESSED: Final = frozenset(
    (
        *(
            "ông",
            "bà",
            "anh",
            "chị",
            "em",
            "cô",
            "chú",
            "cháu",
            "bé",
            "đ/c",
            "bs",
            "ths",
            "mr",
            "mrs",
            "ms",
            "dr",
        ),
        *("bác sĩ", "bác sỹ", "y sĩ", "y sỹ", "điều dưỡng", "nữ hộ sinh", "đồng chí"),
    )
)
_FAMILIES: Final = frozenset(
    (
        *(
            "Nguyễn",
            "Trần",
            "Lê",
            "Phạm",
            "Hoàng",
            "Huỳnh",
            "Phan",
            "Vũ",
            "Võ",
            "Đặng",
            "Bùi",
            "Đỗ",
            "Hồ",
            "Ngô",
        ),
        *("Dương", "Đinh", "Đào", "Đoàn", "Lương", "Trịnh", "Tô", "Lưu"),
    )
)
_WORD: Final = re.compile(r"đ/c|[^\W\d_]+", re.IGNORECASE)
_GAP: Final = re.compile(r"[ .]*")


def person_in(text: str) -> str | None:
    """The first words that look like a person's name, or None."""
    words = list(_WORD.finditer(nfc(text)))
    for place, word in enumerate(words):
        name = _capitals_after(words, place)
        if name and (word.group() in _FAMILIES or _addresses(words, place)):
            return nfc(text)[word.start() : name[-1].end()]
    return None


def _capitals_after(words: list[re.Match[str]], place: int) -> list[re.Match[str]]:
    """The words with a capital that follow a word at once, with nothing but a space or a dot between."""
    following = range(place + 1, len(words))
    joined = takewhile(
        lambda at: _GAP.fullmatch(_between(words, at)) and words[at].group()[0].isupper(), following
    )
    return [words[at] for at in joined]


def _addresses(words: list[re.Match[str]], place: int) -> bool:
    said = [word.group().lower() for word in words[max(0, place - 2) : place + 1]]
    return any(" ".join(said[-size:]) in _ADDRESSED for size in (1, 2, 3))


def _between(words: list[re.Match[str]], at: int) -> str:
    return words[at].string[words[at - 1].end() : words[at].start()]
