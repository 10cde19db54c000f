"""The child that takes metadata out of one file: bytes in, bytes out, no key, no network, no disk.

Run as `python -m intake.files.cleaner KIND`. It ends with 0 and the clean copy on standard output, with 3 where it
cannot clean the file, or with 4 where the file would swell beyond all measure. Whatever else ends it counts as 3.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import re
import resource
import signal
import sys
import zipfile
from collections.abc import Callable
from typing import Any, Final

CANNOT, BOMB = 3, 4
MEMORY: Final = 1024 * 2**20
SECONDS: Final = 60
_PIXELS: Final = 60_000_000
_UNPACKED: Final = 200 * 2**20
_MEMBERS: Final = 5_000
_NEW_NAMESPACES: Final = 0x10000000 | 0x40000000  # a user's own, and in it an empty network


class Bomb(Exception):
    """Unpacked, this file would be many times larger than anything honest."""


class CannotClean(Exception):
    """This file is not what its first bytes say, or in a form that is not understood."""


# --- pictures


def picture(data: bytes, form: str) -> bytes:
    """The picture drawn anew: what is seen stays, everything told beside it goes."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # counted here, before anything is unpacked
    with Image.open(io.BytesIO(data), formats=[form]) as opened:
        if opened.width * opened.height > _PIXELS:
            raise Bomb
        upright = ImageOps.exif_transpose(opened)
        mode = "RGB" if form == "JPEG" else "RGBA" if "A" in upright.getbands() else "RGB"
        drawn = upright.convert(mode)
    bare = Image.new(drawn.mode, drawn.size)
    bare.paste(drawn)
    out = io.BytesIO()
    bare.save(out, format=form, **({"quality": 88} if form in {"JPEG", "WEBP"} else {}))
    return out.getvalue()


def bare_jpeg(data: bytes) -> bytes:
    """A JPEG inside a document without its comments and what applications wrote; its picture is untouched."""
    at, kept = 2, [data[:2]]
    while data[at : at + 1] == b"\xff" and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] != 0xFE and not (0xE1 <= data[at + 1] <= 0xEF and data[at + 1] != 0xEE):
            kept.append(data[at:end])
        if end <= at + 2:
            raise CannotClean
        at = end
    return b"".join([*kept, data[at:]])


# --- PDF


def pdf(data: bytes) -> bytes:
    """A PDF without author, history, attachments, scripts; its pages stay as they are."""
    import pikepdf

    with pikepdf.open(io.BytesIO(data)) as opened:
        if opened.is_encrypted:
            raise CannotClean
        root = opened.Root
        for name in ("/Metadata", "/OpenAction", "/AA", "/Names", "/PieceInfo", "/AF", "/Perms"):
            if name in root:
                del root[name]
        if "/Info" in opened.trailer:
            del opened.trailer["/Info"]
        for thing in opened.objects:
            _bare_object(thing, pikepdf)
        out = io.BytesIO()
        opened.remove_unreferenced_resources()
        opened.save(out, deterministic_id=True)
    return out.getvalue()


def _bare_object(thing: Any, pikepdf: Any) -> None:
    if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        return
    for name in ("/Metadata", "/PieceInfo", "/LastModified", "/AA", "/AF", "/EF", "/JS"):
        if name in thing:
            del thing[name]
    if thing.get("/Type") == "/Annot" or ("/Subtype" in thing and "/Rect" in thing):
        for name in ("/T", "/CreationDate", "/M"):
            if name in thing and thing.get("/Subtype") != "/Widget":
                del thing[name]
    if isinstance(thing, pikepdf.Stream) and thing.get("/Filter") == "/DCTDecode":
        raw = thing.read_raw_bytes()
        thing.write(bare_jpeg(raw), filter=pikepdf.Name.DCTDecode)


# --- zipped office formats

_CORE: Final = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><cp:coreProperties xmlns:cp="http://schemas.'
    b'openxmlformats.org/package/2006/metadata/core-properties"/>'
)
_APP: Final = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/extended-properties"/>'
)
_CUSTOM: Final = _APP.replace(b"extended-properties", b"custom-properties")
_META: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?><office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:'
    b'xmlns:office:1.0" office:version="1.2"/>'
)
_EMPTIED: Final = {
    "docProps/core.xml": _CORE,
    "docProps/app.xml": _APP,
    "docProps/custom.xml": _CUSTOM,
    "meta.xml": _META,
}
_NEEDED: Final = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "odt": "content.xml",
    "ods": "content.xml",
    "odp": "content.xml",
}
_WHO: Final = re.compile(
    rb'(\s(?:[A-Za-z0-9]+:)?(?:author|initials|userId|providerId|lastModifiedBy|userName|rsid\w*)=)"[^"]*"'
)
_WHO_ODF: Final = re.compile(
    rb"<(dc:creator|dc:date|meta:creator-initials|meta:initial-creator|loext:sender-initials)>[^<]*</\1>"
)
_WHO_XLSX: Final = re.compile(rb"<author>[^<]*</author>")


def office(data: bytes, kind: str) -> bytes:
    """A zipped document without properties, authors of comments and changes, thumbnails, macros' history."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        members, left = old.infolist(), _UNPACKED
        names = {one.filename for one in members}
        if len(members) > _MEMBERS or sum(one.file_size for one in members) > _UNPACKED:
            raise Bomb
        if (
            _NEEDED[kind] not in names
            or len(names) != len(members)
            or any(one.flag_bits & 1 for one in members)
        ):
            raise CannotClean
        for one in members:
            if one.is_dir() or one.filename.lower().startswith("thumbnails/"):
                continue
            with old.open(one) as member:
                body = member.read(left + 1)
            left -= len(body)
            if left < 0:
                raise Bomb
            put = zipfile.ZipInfo(one.filename)  # with the first day a zip knows, not the writer's
            put.compress_type = zipfile.ZIP_STORED if one.filename == "mimetype" else zipfile.ZIP_DEFLATED
            new.writestr(put, _bare_member(one.filename, body))
    return out.getvalue()


def _bare_member(name: str, body: bytes) -> bytes:
    if name in _EMPTIED:
        return _EMPTIED[name]
    if body.startswith(b"\xff\xd8\xff"):
        return bare_jpeg(body)
    if body.startswith(b"\x89PNG\r\n"):
        return picture(body, "PNG")
    if name.startswith("customXml/") and not name.endswith(".rels") and "itemProps" not in name:
        return b'<?xml version="1.0"?><empty/>'
    if name.endswith("people.xml"):
        return re.sub(rb"<w15:person .*</w15:person>", b"", body, flags=re.DOTALL)
    if name.endswith(".xml"):
        if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            raise CannotClean  # in two-byte letters authors would not be found
        body = _WHO.sub(rb'\1""', body)
        return _WHO_ODF.sub(rb"<\1></\1>", _WHO_XLSX.sub(b"<author></author>", body))
    return body


CLEANERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "jpg": lambda data: picture(data, "JPEG"),
    "png": lambda data: picture(data, "PNG"),
    "webp": lambda data: picture(data, "WEBP"),
    "gif": lambda data: picture(data, "GIF"),
    "pdf": pdf,
    **{kind: lambda data, kind=kind: office(data, kind) for kind in _NEEDED},  # type: ignore[misc]
}


def _alone() -> bool:
    """Leave the network, write no file, take only so much; whether the kernel let the network go."""
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
    ):
        resource.setrlimit(limit, (most, most))
    signal.alarm(SECONDS * 2)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(4, 0, 0, 0, 0)  # nobody may look into this process
    return bool(libc.unshare(_NEW_NAMESPACES) == 0)


def main(kind: str) -> int:
    """Clean standard input to standard output; returns how it ended."""
    with contextlib.suppress(ImportError):
        import pikepdf  # noqa: F401 - loaded before the doors close
        import PIL.Image  # noqa: F401
    _alone()
    data = sys.stdin.buffer.read()
    try:
        clean = CLEANERS[kind](data)
    except Bomb:
        return BOMB
    except Exception:  # noqa: BLE001 - a hostile file may break anything; nothing of it is told
        return CANNOT
    sys.stdout.buffer.write(clean)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
