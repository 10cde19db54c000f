"""What a file is, by its first bytes and never by its name. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.i18n import Text

HEAD: Final = 65_536
"""So many first bytes tell what a file is."""

PICTURE: Final = Text("Ảnh", "Picture")
SOUND: Final = Text("Ghi âm", "Recording")
FILM: Final = Text("Video", "Video")
PDF: Final = Text("PDF", "PDF")
PAPER: Final = Text("Văn bản", "Document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind that is taken. code: also the ending of its downloads; cleanable: a copy without metadata is made."""

    code: str
    label: Text
    cleanable: bool = False


KINDS: Final = {
    one.code: one
    for one in (
        *(Kind(code=code, label=PICTURE, cleanable=True) for code in ("jpg", "png", "webp", "gif")),
        Kind(code="heic", label=PICTURE),
        *(Kind(code=code, label=SOUND) for code in ("mp3", "m4a", "ogg", "wav", "amr", "flac", "aac")),
        *(Kind(code=code, label=FILM) for code in ("mp4", "3gp", "mov", "webm", "avi")),
        Kind(code="pdf", label=PDF, cleanable=True),
        *(Kind(code=code, label=PAPER, cleanable=True) for code in ("docx", "xlsx", "pptx")),
        *(Kind(code=code, label=PAPER, cleanable=True) for code in ("odt", "ods", "odp")),
        Kind(code="doc", label=PAPER),
    )
}
_STARTS: Final = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"#!AMR", "amr"),
    (b"ID3", "mp3"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"),
)
_RIFF: Final = {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}
_BRANDS: Final = {
    b"heic": "heic",
    b"heix": "heic",
    b"mif1": "heic",
    b"M4A ": "m4a",
    b"qt  ": "mov",
    b"3gp4": "3gp",
    b"3gp5": "3gp",
    b"3gp6": "3gp",
}
_ODF: Final = {b"text": "odt", b"spreadsheet": "ods", b"presentation": "odp"}
_OOXML: Final = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"))


def kind_of(head: bytes, size: int) -> Kind | None:
    """The kind of a file with these first bytes, or None for one that is not taken. size: of the whole file."""
    code = _code(head, size)
    return KINDS[code] if code else None


def _code(head: bytes, size: int) -> str:
    for start, code in _STARTS:
        if head.startswith(start):
            return code
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "mp4")
    if head[:4] == b"PK\x03\x04":
        return _zipped(head)
    if size > 4 and head[:1] == b"\xff" and head[1:2] in {b"\xfb", b"\xf3", b"\xf2"}:
        return "mp3"
    return "aac" if head[:2] in {b"\xff\xf1", b"\xff\xf9"} else ""


def _zipped(head: bytes) -> str:
    """Office formats are zips; any other zip is not taken. The child that cleans looks at them properly."""
    if head[30:38] == b"mimetype":
        name = head[38:120].partition(b"application/vnd.oasis.opendocument.")[2]
        return next((code for word, code in _ODF.items() if name.startswith(word)), "")
    if b"[Content_Types].xml" not in head and b"_rels/.rels" not in head:
        return ""
    found = [(head.find(folder), code) for folder, code in _OOXML if folder in head]
    return min(found)[1] if found else ""
