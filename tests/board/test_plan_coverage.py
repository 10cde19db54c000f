"""Every sentence of the plan's parts III to V has a row that says where it is served, or why not."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from app import BLUEPRINTS

ROOT = Path(__file__).parent.parent.parent
PLAN = (ROOT / "tests" / "vectors" / "plan-2020-parts-3-to-5.vi.txt").read_text("utf-8")
PAGE = (ROOT / "docs" / "plan-coverage.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| the plan says")
]


def sentences() -> list[str]:
    """The plan, cut at full stops and semicolons."""
    cut = re.compile(r"(?<=[.;])\s+(?=[A-ZĐ]|giao lưu)")
    lines = [line.replace("**", "").strip() for line in PLAN.splitlines()]
    return [piece.strip() for line in lines for piece in cut.split(line) if piece.strip()]


def test_the_plan_is_here_from_its_third_part_to_its_fifth() -> None:
    assert len(sentences()) >= 16
    assert {"III", "IV", "V"} <= {one.split()[0] for one in sentences()}


def test_every_sentence_has_one_row_in_the_order_of_the_plan() -> None:
    assert [row[0] for row in ROWS] == sentences()


def test_every_row_says_where_it_is_served() -> None:
    for row in ROWS:
        assert len(row) in (2, 3), row[0]
        assert row[1] == "heading" or "`/" in row[1], row[0]


def test_what_a_row_names_is_there() -> None:
    """Addresses are pages of the program, paths are files."""
    bare = Flask(__name__)
    for pages in BLUEPRINTS:
        bare.register_blueprint(pages)
    known = {str(rule) for rule in bare.url_map.iter_rules()}
    for named in set(re.findall(r"`([^`]+)`", PAGE)):
        assert named in known if named.startswith("/") else (ROOT / named).exists(), named
