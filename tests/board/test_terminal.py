"""`flask board audit` and `flask board release`: files in, findings or a protected document out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from board.consolidating import added_up
from board.terminal import audit, consolidate, release
from core.disclosure import from_json


def document(rows: list[tuple[str, Any]], *, day: str = "2026-03-31", k: int = 5) -> dict[str, Any]:
    """One table by kind; "total" is a row like others."""
    kinds = [kind for kind, _ in rows if kind != "total"]
    return {
        "k": k,
        "releases": [day],
        "dims": {"kind": kinds},
        "groups": {},
        "tables": [
            {
                "name": "kind",
                "release": day,
                "counts": "cases",
                "dims": ["kind"],
                "rows": [{"dims": {"kind": kind}, "value": value} for kind, value in rows],
            }
        ],
    }


def kept(path: Path, content: Any) -> str:
    """A file of JSON."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def run(command: Any, *arguments: str) -> Result:
    """The command as typed."""
    return CliRunner().invoke(command, list(arguments))


def test_a_careless_file_is_read_by_somebody_who_subtracts(tmp_path: Path) -> None:
    careless = document([("a", 20), ("b", 12), ("c", [0, 4]), ("total", 35)])
    ran = run(audit, kept(tmp_path / "f.json", careless))
    assert ran.exit_code == 1
    assert ran.stdout.splitlines() == ["cases 2026, kind = c, until 2026-03-31: from 1 to 4", "1 proved."]
    found = json.loads(run(audit, "--json", str(tmp_path / "f.json")).stdout)
    assert found["proved"] == [
        {
            "year": "2026",
            "counts": "cases",
            "cell": {"kind": "c"},
            "since": None,
            "until": "2026-03-31",
            "kind": "small",
        }
    ]


def test_two_releases_are_made_and_read_together(tmp_path: Path) -> None:
    first = kept(tmp_path / "q1.json", document([("a", 20), ("b", 12), ("c", 3)]))
    second = kept(tmp_path / "q2.json", document([("a", 22), ("b", 19), ("c", 3)], day="2026-06-30"))
    one, both = str(tmp_path / "one.json"), str(tmp_path / "both.json")
    assert run(release, first, "--out", one).exit_code == 0
    assert run(release, second, "--history", one, "--out", both).exit_code == 0
    told = json.loads(Path(both).read_text("utf-8"))
    assert told["releases"] == ["2026-03-31", "2026-06-30"]
    values = {
        (table["release"], row["dims"]["kind"]): row["value"]
        for table in told["tables"]
        for row in table["rows"]
    }
    assert values["2026-03-31", "c"] in ([0, 4], None)
    assert values["2026-06-30", "a"] != 22
    assert 3 not in values.values()
    assert run(audit, both).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["both.json", "one.json", "q1.json", "q2.json"]


def test_what_fell_is_not_published_and_nothing_is_written(tmp_path: Path) -> None:
    first = kept(tmp_path / "q1.json", document([("a", 20), ("b", 12)]))
    one, two = str(tmp_path / "one.json"), tmp_path / "two.json"
    assert run(release, first, "--out", one).exit_code == 0
    fallen = kept(tmp_path / "q2.json", document([("a", 19), ("b", 12)], day="2026-06-30"))
    ran = run(release, fallen, "--history", one, "--out", str(two))
    assert ran.exit_code == 2
    assert "would fall" in ran.stderr
    again = run(release, first, "--history", one, "--out", str(two))
    assert (again.exit_code, "already published" in again.stderr) == (2, True)
    assert not two.exists()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        {"tables": [{"name": "x"}]},
        document([("a", -1)]),
        document([("a", True)]),
        document([("a", [4, 1])]),
        document([("a", 7), ("total", 3)]),
        {**document([("a", 7)]), "k": 1},
        {**document([("a", 7)]), "dims": {}},
    ],
)
def test_a_file_that_is_none_is_one_line_and_exit_2(tmp_path: Path, content: Any) -> None:
    ran = run(audit, kept(tmp_path / "f.json", content))
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert len([line for line in ran.stderr.splitlines() if not line.startswith("…")]) == 1


@pytest.mark.parametrize("value", ["3", 1.5, None, -2, True])
def test_a_true_count_is_a_whole_number(tmp_path: Path, value: Any) -> None:
    assert run(release, kept(tmp_path / "f.json", document([("a", value)]))).exit_code == 2


def test_one_cell_counted_twice_is_refused(tmp_path: Path) -> None:
    twice = document([("a", 7)])
    twice["tables"][0]["rows"] *= 2
    ran = run(release, kept(tmp_path / "f.json", twice))
    assert (ran.exit_code, "twice" in ran.stderr) == (2, True)


def test_what_centres_published_is_added_up_range_by_range(tmp_path: Path) -> None:
    one = document([("total", 35), ("a", 20), ("b", None), ("c", [0, 4])])
    two = document([("total", [12, 16]), ("a", 12), ("b", [0, 4]), ("c", [0, 4])])
    files = [kept(tmp_path / name, content) for name, content in (("x.json", one), ("y.json", two))]
    out = tmp_path / "province.json"
    ran = run(consolidate, *files, "--release", "2026-03-31", "--out", str(out))
    assert ran.exit_code == 0, ran.stderr
    assert ran.stderr.count("not signed") == 2
    told = json.loads(out.read_text("utf-8"))
    assert told["from"] == ["x.json", "y.json"]
    (table,) = from_json(told)
    said = {row.at[0]: row.value for row in table.rows}
    assert said == {"total": (47, 51), "a": 32, "b": (0, 39), "c": (0, 8)}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (document([("total", 21), ("a", 9), ("b", 9), ("c", [0, 4])]), "small counts can be proved"),
        (document([("total", 48), ("a", 19), ("b", 29)]), "other tables or other categories"),
        (document([("total", 48), ("a", 19), ("b", 29)], day="2026-06-30"), "no release 2026-03-31"),
        ({**document([("total", 40), ("a", None), ("b", None), ("c", None)]), "k": 3}, "different smallest"),
    ],
)
def test_what_does_not_fit_is_not_added_up_and_nothing_is_written(
    tmp_path: Path, other: Any, words: str
) -> None:
    fine = document([("total", 35), ("a", 20), ("b", None), ("c", [0, 4])])
    files = [kept(tmp_path / name, content) for name, content in (("x.json", fine), ("y.json", other))]
    out = tmp_path / "province.json"
    ran = run(consolidate, *files, "--release", "2026-03-31", "--out", str(out))
    assert (ran.exit_code, words in ran.stderr) == (2, True), ran.stderr
    assert not out.exists()
    named = run(consolidate, files[0], "--release", "2026-03-31", "--signer", "00")
    assert (named.exit_code, "signatures cannot be read" in named.stderr) == (2, True)
    assert run(consolidate, files[0], files[0], "--release", "2026-03-31").exit_code == 2


def test_a_row_withheld_where_the_total_is_too_stays_open_upwards() -> None:
    hidden = from_json(document([("total", None), ("a", None), ("b", 7)]))
    (table,) = added_up({"x": hidden, "y": hidden}, "2026-03-31")
    assert [row.value for row in table.rows] == [None, None, 14]
