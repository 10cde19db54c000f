"""How Vietnamese is stored, sorted, searched, and read as a number (pure).

Stored: one Unicode form (NFC), nothing invisible. Sorted: by the Vietnamese alphabet, syllable by
syllable as dictionaries do, tone after letters, people by given name. Searched: without marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from core.i18n import Text

# --- one form on arrival -------------------------------------------------------------------------

_DROPPED: Final = frozenset(("Cc", "Cf", "Cs"))  # controls, invisible formatting, broken surrogates
_LINE_ENDS: Final = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MARKS: Final = 4  # stacked on one letter; Vietnamese needs two, no living script more than four


def nfc(text: str) -> str:
    """The text in NFC: line ends as "\\n", tabs as spaces, nothing invisible, no towers of marks.

    Idempotent. The length of the result is what limits on characters count.
    """
    text = _LINE_ENDS.sub("\n", text).replace("\t", " ")
    if not _plain(text):
        # Towers are cut before normalising too: canonical ordering of a long run is quadratic.
        text = _cut_towers("".join(_visible(text)), 2 * _MARKS)
    return _cut_towers(unicodedata.normalize("NFC", text), _MARKS)


def _plain(text: str) -> bool:
    """Whether there is nothing to drop and nothing to reorder."""
    return unicodedata.is_normalized("NFC", text) and text.replace("\n", "").isprintable()


def _visible(text: str) -> Iterator[str]:
    for letter in text:
        point = ord(letter)
        nowhere = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF  # never characters; break XML
        if letter == "\n" or not (nowhere or unicodedata.category(letter) in _DROPPED):
            yield letter


def _cut_towers(text: str, limit: int) -> str:
    if text.isascii():
        return text
    kept, height = [], 0
    for letter in text:
        height = height + 1 if unicodedata.category(letter)[0] == "M" else 0
        if height <= limit:
            kept.append(letter)
    return "".join(kept)


# --- searching -----------------------------------------------------------------------------------


def fold(text: str) -> str:
    """The text as a search sees it: small letters without marks, đ as d, single spaces."""
    apart = unicodedata.normalize("NFKD", nfc(text).casefold().replace("đ", "d"))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(bare.split())


# --- sorting -------------------------------------------------------------------------------------

_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"  # f j w z stand where Latin has them
_PLACE: Final = {letter: place for place, letter in enumerate(_ALPHABET)}
_TONES: Final = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}  # huyền hỏi ngã sắc nặng
_WORD: Final = re.compile(r"[0-9]+|[^\W\d_]+")

Word = tuple[int, int, tuple[int, ...], int]
SortKey = tuple[tuple[Word, ...], str]
NameKey = tuple[SortKey, SortKey, SortKey]


def sort_key(text: str) -> SortKey:
    """Sorts by the Vietnamese alphabet: Dũng, Đông, Giang; ba, bà, bả, bã, bá, bạ; Khoa 2, Khoa 10."""
    text = nfc(text)
    return tuple(_word(word) for word in _WORD.findall(text.casefold())), text


def _word(word: str) -> Word:
    """Numbers before words; a word by its letters, then by its one tone wherever it is written."""
    if word.isascii() and word.isdigit():
        return 0, int(word[:18]), (), 0
    letters: list[int] = []
    tone = 0
    for letter in word:
        base, heard = _letter(letter)
        letters.extend(_PLACE.get(part, len(_PLACE) + ord(part)) for part in base)
        tone = tone or heard
    return 1, 0, tuple(letters), tone


def _letter(letter: str) -> tuple[str, int]:
    """A letter of the alphabet and its tone: "ệ" is ("ê", 5)."""
    apart = unicodedata.normalize("NFD", letter)
    tone = next((_TONES[mark] for mark in apart if mark in _TONES), 0)
    base = unicodedata.normalize("NFC", "".join(mark for mark in apart if mark not in _TONES))
    return base, tone


def name_key(full_name: str) -> NameKey:
    """Sorts people as Vietnamese lists do: by given name, then middle names, then family name."""
    words = nfc(full_name).split() or [""]
    family = words[0] if len(words) > 1 else ""
    return sort_key(words[-1]), sort_key(" ".join(words[1:-1])), sort_key(family)


def given_name(full_name: str) -> str:
    """The name a person is called by: the last of family, middle, given. Empty for an empty name."""
    words = nfc(full_name).split()
    return words[-1] if words else ""


# --- numbers -------------------------------------------------------------------------------------


class NotANumber(Exception):
    """What was typed cannot be read as one number without guessing."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


_EMPTY: Final = Text(
    "Ô này chưa có số. Nếu không có gì, bạn ghi 0.", "There is no number here. Write 0 for none."
)
_LETTERS: Final = Text(
    "Ô này chỉ nhận chữ số, ví dụ 1.500 hoặc 1,5.", "Only digits can stand here, such as 1.500 or 1,5."
)
_DOTS: Final = Text(
    "Dấu chấm chỉ tách hàng nghìn, như 1.500. Phần lẻ viết sau dấu phẩy, như 1,5.",
    "A dot only separates thousands, as in 1.500. Decimals follow a comma, as in 1,5.",
)
_COMMAS: Final = Text(
    "Chỉ có một dấu phẩy, trước phần lẻ. Hàng nghìn tách bằng dấu chấm, như 1.500.000.",
    "There can be one comma, before the decimals. Thousands are separated by dots, as in 1.500.000.",
)
_EITHER: Final = Text(
    "Số này hiểu được theo hai cách. Một nghìn năm trăm viết 1.500; một phẩy năm viết 1,5.",
    "This can be read in two ways. Write one thousand five hundred as 1.500, one and a half as 1,5.",
)
_LONG: Final = Text("Số này dài quá 15 chữ số.", "This number has more than 15 digits.")

_SPACE: Final = re.compile("[ \u00a0\u2009\u202f]")
_GROUPED: Final = re.compile(r"[0-9]{1,3}([.][0-9]{3})+|[0-9]{1,3}([ ][0-9]{3})+|[0-9]+")


def parse_number(text: str) -> int | Decimal:
    """1500000 from "1.500.000", "1 500 000" or "1500000"; Decimal("1.5") from "1,5".

    Raises NotANumber, whose `reason` is a sentence for the person who typed, where a reading would be a
    guess: "1,500" is a thousand and a half to one reader and one and a half to another.
    """
    text = _SPACE.sub(" ", text).strip()
    negative = text[:1] in ("-", "−")
    whole, comma, part = text[negative:].strip().partition(",")
    _refuse_unless_readable(whole, bool(comma), part)
    digits = whole.replace(".", "").replace(" ", "")
    size = Decimal(f"{digits}.{part}") if comma else int(digits)
    return -size if negative else size


def _refuse_unless_readable(whole: str, comma: bool, part: str) -> None:
    if not whole and not part:
        raise NotANumber(_LETTERS if comma else _EMPTY)
    if set(whole + part) - set("0123456789., "):
        raise NotANumber(_LETTERS)
    if len(whole + part) > 20 or sum(map(str.isdigit, whole + part)) > 15:
        raise NotANumber(_LONG)
    if "," in part or (comma and not (part.isdigit() and whole)):
        raise NotANumber(_COMMAS)
    if not _GROUPED.fullmatch(whole):
        raise NotANumber(_DOTS)
    if comma and len(part) == 3 and len(whole) <= 3 and whole != "0":
        raise NotANumber(_EITHER)
