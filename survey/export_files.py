"""Files for evaluators, made in a child process: XLSX, SPSS and Stata, the same bytes for the same answers and day.

A payload holds plain values: title, day (ISO), variables [{"name", "words", "level", "labels": [[value, words]]}],
rows [[int or None]], codebook {"columns", "rows"}. Pages never import this: it loads pyreadstat and openpyxl.
"""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import narwhals.stable.v2 as nw
import pyreadstat

from core import document

SPSS_WORDS, SPSS_VALUE = 250, 120
STATA_WORDS: Final = 80
_SAV_MOMENT: Final = slice(92, 109)
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  (nothing of a file for evaluators is written to a disk here)


def xlsx_job(payload: Mapping[str, Any]) -> dict[str, str]:
    """Two sheets: the rows under the names of the variables, and the codebook."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    book.properties.title, book.properties.creator = payload["title"], ""
    sheet = book.create_sheet("data")
    sheet.freeze_panes = "A2"
    sheet.append([one["name"] for one in payload["variables"]])
    for row in payload["rows"]:
        sheet.append(row)
    codes = book.create_sheet("codebook")
    codes.freeze_panes = "A2"
    for row in (payload["codebook"]["columns"], *payload["codebook"]["rows"]):
        codes.append([document.safe(value) for value in row])
    kept = io.BytesIO()
    book.save(kept)
    return document.settled(kept, payload)


def sav_job(payload: Mapping[str, Any]) -> dict[str, str]:
    """An SPSS file with labels of variables and values, and levels of measurement."""
    made = _written(
        "sav",
        lambda path: pyreadstat.write_sav(
            _Frame(payload),
            path,
            file_label=_cut(payload["title"], 60),
            column_labels=[_cut(one["words"], SPSS_WORDS) for one in payload["variables"]],
            variable_value_labels=_labels(payload, SPSS_VALUE),
            variable_measure={one["name"]: one["level"] for one in payload["variables"]},
            variable_format={one["name"]: "F8.0" for one in payload["variables"]},
        ),
    )
    day = date.fromisoformat(payload["day"])
    moment = f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year % 100:02d}00:00:00".encode()
    return _packed(made[: _SAV_MOMENT.start] + moment + made[_SAV_MOMENT.stop :])


def dta_job(payload: Mapping[str, Any]) -> dict[str, str]:
    """A Stata file (version 14 and newer) with labels of variables and values."""
    made = _written(
        "dta",
        lambda path: pyreadstat.write_dta(
            _Frame(payload),
            path,
            file_label=_cut(payload["title"], STATA_WORDS),
            column_labels=[_cut(one["words"], STATA_WORDS) for one in payload["variables"]],
            version=14,
            variable_value_labels=_labels(payload, SPSS_VALUE),
        ),
    )
    day = date.fromisoformat(payload["day"])
    start = made.index(b"<timestamp>") + len(b"<timestamp>")
    moment = f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year} 00:00".encode()
    end = made.index(b"</timestamp>")
    return _packed(made[:start] + bytes([len(moment)]) + moment + made[end:])


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _labels(payload: Mapping[str, Any], most: int) -> dict[str, dict[int | float, str]]:
    return {
        one["name"]: {value: _cut(words, most) for value, words in one["labels"]}
        for one in payload["variables"]
        if one["labels"]
    }


def _written(kind: str, write: Callable[[str], None]) -> bytes:
    """The bytes of a file that can only be written under a name: in memory-backed storage, and gone at once."""
    folder = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / f"answers.{kind}"
        write(str(path))
        return path.read_bytes()


def _packed(made: bytes) -> dict[str, str]:
    return {"file": base64.b64encode(made).decode()}


def _cut(words: str, most: int) -> str:
    """Words of at most so many bytes; a letter with its marks is never cut in two."""
    if len(words.encode()) <= most:
        return words
    kept = words.encode()[: most - 3].decode(errors="ignore")
    return f"{kept}…"


class _Column:
    """A column as pyreadstat asks about it."""

    dtype = nw.Int64()

    def __init__(self, name: str, values: Sequence[Any]) -> None:
        self.name, self.values = name, values

    def null_count(self) -> int:
        return sum(value is None for value in self.values)

    def drop_nulls(self) -> _Column:
        return _Column(self.name, [value for value in self.values if value is not None])

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


class _Frame(nw.DataFrame[Any]):
    """Whole numbers in columns, with as much of a data frame as pyreadstat asks for.

    It spares the installation pandas or polars (some 40 MB), of which nothing else here has any use.
    """

    implementation = nw.Implementation.POLARS

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._names = [one["name"] for one in payload["variables"]]
        self._rows = payload["rows"]

    @property
    def columns(self) -> list[str]:
        return list(self._names)

    def __len__(self) -> int:
        return len(self._rows)

    def __native_namespace__(self) -> Any:
        return None

    def iter_columns(self) -> Iterator[Any]:
        for place, name in enumerate(self._names):
            yield _Column(name, [row[place] for row in self._rows])

    def iter_rows(self, **_how: Any) -> Iterator[Any]:
        return iter(self._rows)
