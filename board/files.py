"""What may leave the board, as files: rows whose lower bound is at least 10, and nothing else (pure)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from board.catalogue import Table
from board.figures import ends, words_of
from board.published import Published
from core.disclosure import ProtectedTable, Row, leaving, shown
from core.i18n import day, language, t

LEAVING_AT_LEAST: Final = 10


def leaving_csv(releases: Sequence[Published]) -> bytes:
    """The rows that files may carry out of the board (lower bound at least 10), in the page's language."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(leaving_rows(releases))
    # With a byte order mark, or Excel would read Vietnamese as Latin.
    return out.getvalue().encode("utf-8-sig")


def leaving_rows(releases: Sequence[Published]) -> Iterator[list[str | int]]:
    """The head and the rows of every file that leaves the board."""
    yield [
        t("Tính đến hết ngày", "Up to the end of"),
        t("Thư", "Letters"),
        t("Bảng", "Table"),
        t("Dòng", "Row"),
        t("Cột", "Column"),
        t("Ít nhất", "At least"),
        t("Nhiều nhất", "At most"),
    ]
    for one in releases:
        for table in words_of(one).arranged(one.tables):
            yield from _csv_rows(one, table)


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
    if newest.final:
        title = t("Số cuối cùng của năm {}", "The final figures of {}").format(newest.year)
    blocks: list[dict[str, Any]] = [
        {"kind": "title", "text": title},
        {"kind": "paragraph", "text": _meaning()},
    ]
    catalogue = words_of(newest)
    for table in catalogue.arranged(newest.tables):
        words = catalogue[table.name]
        rows = [
            [*_named(words, row), str(shown(row.value))]
            for row in leaving(table, at_least=LEAVING_AT_LEAST).rows
            if row.value is not None
        ]
        if rows:
            labels = [str(dim.label) for dim in words.dims] or [t("Dòng", "Row")]
            columns = [*labels, t("Số thư", "Letters")]
            caption = ": ".join(
                dict.fromkeys(
                    map(str, (words.words(final=newest.final)[0], catalogue.counts[words.counts][0]))
                )
            )
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


def _named(words: Table, row: Row) -> list[str]:
    """What a row says of each dim; a table without any has one row, its total."""
    return [str(dim.say(code)) for dim, code in zip(words.dims, row.at, strict=True)] or [t("Tổng", "Total")]


def _csv_rows(one: Published, table: ProtectedTable) -> Iterator[list[str | int]]:
    catalogue = words_of(one)
    words = catalogue[table.name]
    until = t("{} (số cuối cùng)", "{} (final)").format(day(one.as_of)) if one.final else day(one.as_of)
    for row in leaving(table, at_least=LEAVING_AT_LEAST).rows:
        if row.value is None:
            continue
        named, across = [*_named(words, row), "", ""][:2]
        yield [
            until,
            str(catalogue.counts[words.counts][0]),
            str(words.words(final=one.final)[0]),
            named,
            across,
            *ends(row.value),
        ]
