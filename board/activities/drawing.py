"""A photograph drawn anew and small, in a child process: what is seen stays, everything told beside it goes.

Neither camera, nor hour, nor place is in what comes out. Run as a job of core/heavy.py.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any, Final

SIDE: Final = 1600
PIXELS: Final = 80_000_000
"""More than any telephone takes; beyond it a file is small packed and enormous unpacked."""
_QUALITIES: Final = (82, 70, 55, 40)
FORMS: Final = ("JPEG", "PNG", "WEBP")


class NotAPhotograph(Exception):
    """These bytes are no picture that can be read, or one too large to unpack."""


def small_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """payload: file (base64), most (bytes). The JPEG as base64, its width and height. Raises `NotAPhotograph`."""
    image, width, height = small(base64.b64decode(payload["file"]), payload["most"])
    return {"file": base64.b64encode(image).decode(), "width": width, "height": height}


def small(data: bytes, most: int) -> tuple[bytes, int, int]:
    """A JPEG of at most `most` bytes and SIDE pixels a side, with nothing beside its picture; width, height."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # counted here, before anything is unpacked
    try:
        with Image.open(io.BytesIO(data), formats=FORMS) as opened:
            if opened.width * opened.height > PIXELS:
                raise NotAPhotograph
            opened.draft("RGB", (SIDE, SIDE))  # a JPEG is unpacked no larger than it is needed
            opened.thumbnail((SIDE, SIDE))  # before it is turned, so that the large one is never there twice
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
            drawn = Image.new("RGB", upright.size, "white")
            # What somebody rubbed out is still in the file, under nothing: it must not come back.
            drawn.paste(upright, mask=upright.getchannel("A"))
    except (OSError, ValueError, SyntaxError) as wrong:
        raise NotAPhotograph from wrong
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            drawn.save(out, format="JPEG", quality=quality, optimize=True)
            if out.tell() <= most:
                return out.getvalue(), drawn.width, drawn.height
        drawn.thumbnail((drawn.width * 2 // 3, drawn.height * 2 // 3))
