"""What may leave the board, as files: rows whose lower bound is at least 10, and nothing else (pure)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from board.catalogue import CATALOGUE, Catalogue
from board.figures import ends
from board.published import Published
from core.disclosure import ProtectedTable, leaving, shown
from core.i18n import day, language, t

LEAVING_AT_LEAST: Final = 10


def leaving_csv(releases: Sequence[Published], catalogue: Catalogue = CATALOGUE) -> bytes:
    """The rows that files may carry out of the board (lower bound at least 10), in the page's language."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(leaving_rows(releases, catalogue))
    # With a byte order mark, or Excel would read Vietnamese as Latin.
    return out.getvalue().encode("utf-8-sig")


def leaving_rows(
    releases: Sequence[Published], catalogue: Catalogue = CATALOGUE
) -> Iterator[list[str | int]]:
    """The head and the rows of every file that leaves the board."""
    dims = list({dim.code: dim for table in catalogue.tables for dim in table.dims}.values())
    yield [
        t("Tính đến hết ngày", "Up to the end of"),
        t("Thư", "Letters"),
        t("Bảng", "Table"),
        *(str(dim.label) for dim in dims),
        t("Ít nhất", "At least"),
        t("Nhiều nhất", "At most"),
    ]
    for one in releases:
        for table in one.tables:
            yield from _csv_rows(one, table, catalogue, [dim.code for dim in dims])


def leaving_workbook(releases: Sequence[Published]) -> dict[str, Any]:
    """The same rows as a payload of `core.document:xlsx_job`."""
    head, *rows = leaving_rows(releases)
    title = t("Số liệu đã công bố, các dòng từ 10 trở lên", "Published figures, rows of at least 10")
    sheet = {
        "name": t("Số liệu", "Figures"),
        "caption": title,
        "columns": head,
        "rows": rows,
        "notes": [_meaning()],
    }
    return {"title": title, "day": releases[-1].as_of.isoformat(), "sheets": [sheet]}


def leaving_document(releases: Sequence[Published]) -> dict[str, Any]:
    """The newest release as a payload of `core.document:docx_job`: a table each, rows of at least 10 only."""
    newest = releases[-1]
    title = t("Số liệu cho Ban, đến hết ngày {}", "Figures for the board, to the end of {}").format(
        day(newest.as_of)
    )
    blocks: list[dict[str, Any]] = [
        {"kind": "title", "text": title},
        {"kind": "paragraph", "text": _meaning()},
    ]
    for table in newest.tables:
        words = CATALOGUE[table.name]
        rows = [
            [
                *(str(words.say(dim, code)) for dim, code in zip(table.dims, row.at, strict=True)),
                str(shown(row.value)),
            ]
            for row in leaving(table, at_least=LEAVING_AT_LEAST).rows
            if row.value is not None
        ]
        if rows:
            columns = [*(str(dim.label) for dim in words.dims), t("Số thư", "Letters")]
            caption = f"{words.title}: {CATALOGUE.counts[words.counts][0]}"
            last = len(columns) - 1
            blocks.append(
                {"kind": "table", "caption": caption, "columns": columns, "rows": rows, "numbers": [last]}
            )
    if len(blocks) == 2:
        nothing = t("Kỳ này chưa có dòng nào từ 10 trở lên.", "No row has reached 10 in this release.")
        blocks.append({"kind": "paragraph", "text": nothing})
    header = t("Mã kiểm tra {}", "Check {}").format(newest.digest[:16])
    return {
        "title": title,
        "language": language(),
        "day": newest.as_of.isoformat(),
        "header": header,
        "blocks": blocks,
    }


def _meaning() -> str:
    return t(
        "Chỉ có các dòng từ 10 trở lên. “Từ 12 đến 16” là cách nói thật của con số, để không ai bị nhận ra."
        " Nhiều thư hơn có thể nghĩa là nhiều người tin hơn.",
        "Only rows of at least 10. “12 to 16” is the honest form of the number, so that nobody is recognised."
        " More letters may mean more trust.",
    )


def _csv_rows(
    one: Published, table: ProtectedTable, catalogue: Catalogue, dims: Sequence[str]
) -> Iterator[list[str | int]]:
    words = catalogue[table.name]
    for row in leaving(table, at_least=LEAVING_AT_LEAST).rows:
        if row.value is None:
            continue
        at = dict(zip(table.dims, row.at, strict=True))
        named = [str(words.say(dim, at[dim])) if dim in at else "" for dim in dims]
        yield [
            day(one.as_of),
            str(catalogue.counts[words.counts][0]),
            str(words.title),
            *named,
            *ends(row.value),
        ]
