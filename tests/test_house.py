"""The house rules, as tests: contracts turn red, nothing is undocumented, no file grows without end."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from core.config import Settings

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "intake", "survey", "board")
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
]


def _modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def _docs() -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    )


# Import contracts


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages without their data, and the contracts."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=_all_but_python)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _all_but_python(folder: str, names: list[str]) -> list[str]:
    here = Path(folder)
    return [
        name
        for name in names
        if name == "__pycache__" or ((here / name).is_file() and not name.endswith(".py"))
    ]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_hold(copy: Path) -> None:
    ran = _lint(copy)
    assert ran.returncode == 0, ran.stdout[-3000:]


def _contract(name: str) -> dict[str, Any]:
    (found,) = [rule for rule in RULES if rule["id"] == name]
    return found


def _pure() -> list[str]:
    """Modules that call themselves pure."""
    claims = {
        name
        for name, path in _modules()
        if re.search(r"\bPure\b|\(pure", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    }
    return sorted(name for name in claims if not any(name.startswith(f"{other}.") for other in claims))


FORBIDDEN = [
    ("house", "core/access.py", "from intake import roles", "core is not allowed to import intake"),
    ("house", "core/access.py", "import survey", "core is not allowed to import survey"),
    ("house", "core/campaign.py", "import board.roles", "core is not allowed to import board"),
    ("house", "survey/rounds.py", "from intake import submission", "survey is not allowed to import intake"),
    (
        "house",
        "intake/writing/submission.py",
        "import survey.rounds",
        "intake is not allowed to import survey",
    ),
    ("house", "intake/roles.py", "import board", "intake is not allowed to import board"),
    ("house", "survey/cards.py", "import board", "survey is not allowed to import board"),
    ("app-is-the-top", "core/pages.py", "import app", "core is not allowed to import app"),
    ("app-is-the-top", "survey/rounds.py", "from serve import main", "survey is not allowed to import serve"),
    ("app-is-the-top", "intake/roles.py", "import demo.centre", "intake is not allowed to import demo"),
    ("sealing", "core/home.py", "from core.sealing import seal", "core.home"),
    ("sealing", "survey/respondent.py", "from core import keys", "survey.respondent"),
    ("sealing", "intake/roles.py", "import core.sealing", "intake.roles"),
    (
        "board-sees-counts",
        "board/roles.py",
        "import core.sealing",
        "board is not allowed to import core.sealing",
    ),
    ("board-sees-counts", "board/roles.py", "from intake.models import Case", "import intake.models"),
    (
        "board-sees-counts",
        "board/roles.py",
        "from intake.seal import envelope",
        "import intake.seal.envelope",
    ),
    (
        "inside-core",
        "core/sealing.py",
        "import core.rosters",
        "core.sealing is not allowed to import core.rosters",
    ),
    ("inside-core", "core/db.py", "import core.sign_in", "core.db is not allowed to import core.sign_in"),
    (
        "inside-intake",
        "intake/models.py",
        "import intake.handler.handler",
        "intake.models is not allowed to import",
    ),
    ("inside-survey", "survey/models.py", "import survey.results", "survey.models is not allowed to import"),
    ("inside-board", "board/models.py", "import board.member", "board.models is not allowed to import"),
    *(
        ("pure", f"{name.replace('.', '/')}.py", "import flask", f"{name} is not allowed to import flask")
        for name in ("core.sealing", "intake.seal.receipt")
    ),
    *(
        (
            "pure",
            f"{name.replace('.', '/')}.py",
            "import sqlalchemy",
            f"{name} is not allowed to import sqlalchemy",
        )
        for name in ("core.roster", "survey.pairing")
    ),
    (
        "pure",
        "intake/form/report.py",
        "from core import db",
        "intake.form.report is not allowed to import sqlalchemy",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "file", "line", "said"), FORBIDDEN, ids=[f"{rule}-{file}" for rule, file, _, _ in FORBIDDEN]
)
def test_a_forbidden_import_turns_its_contract_red(
    copy: Path, rule: str, file: str, line: str, said: str
) -> None:
    path = copy / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        ran = _lint(copy)
    finally:
        path.write_text(before, encoding="utf-8")
    assert ran.returncode == 1
    words = re.sub(r"\s+", " ", ran.stdout)
    assert f"{_contract(rule)['name']} BROKEN" in words
    assert said in words


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_a_new_module_is_red_until_it_has_its_place(copy: Path, package: str) -> None:
    path = copy / package / "newcomer.py"
    path.write_text('"""New here."""\n')
    try:
        ran = _lint(copy)
    finally:
        path.unlink()
    assert ran.returncode == 1
    assert f"{package}.newcomer" in ran.stdout or "newcomer" in ran.stdout + ran.stderr


def test_whatever_calls_itself_pure_is_held_to_it() -> None:
    assert sorted(_contract("pure")["source_modules"]) == _pure()


def test_pages_that_people_wait_for_load_no_heavy_library() -> None:
    heavy = ("numpy", "scipy", "vl_convert", "PIL", "alembic", "granian", "pyreadstat", "narwhals", "fpdf")
    code = f"import sys, serve; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_numpy_is_reached_by_a_job_of_a_child_or_a_command_alone() -> None:
    """Also from inside a function: a page that counted by itself would load numpy into the worker that serves pages."""
    known = {name: path.read_text(encoding="utf-8") for name, path in _modules()}
    near = re.compile(r"numpy|scipy|effects|collected|disclosure")
    loaded = {name: _imports(words) for name, words in known.items() if near.search(words)}
    heavy: set[str] = {"numpy", "scipy"}
    while more := {
        name
        for name, found in loaded.items()
        if name not in heavy and any(not where and _among(said, heavy) for where, said in found)
    }:
        heavy |= more
    doors = {
        (name, where)
        for name, found in loaded.items()
        for where, said in found
        if name not in heavy and where and _among(said, heavy)
    }
    counting = {("survey.effects", name) for name in ("count_job", "effects", "freeze")}
    assert doors == counting | {("survey.commands", "analyse")}
    for name in set(known) - heavy - {"survey.effects"}:
        assert not re.search(r"\beffects\.(freeze|effects|from_json|count_job)\(", known[name]), name


def _among(said: str, heavy: set[str]) -> bool:
    return said in heavy or said.split(".")[0] in heavy


def _imports(words: str) -> set[tuple[str, str]]:
    """(function, what it imports), with "" at the top of the module; what only type checkers read is left out."""
    found: set[tuple[str, str]] = set()

    def walk(node: ast.AST, where: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.update((where, one.name) for one in child.names)
            elif isinstance(child, ast.ImportFrom):
                found.update((where, f"{child.module}.{one.name}") for one in child.names)
                found.add((where, child.module or ""))
            elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)):
                walk(child, where or (child.name if isinstance(child, ast.FunctionDef) else ""))

    walk(ast.parse(words), "")
    return found


# Undocumented is broken


@pytest.mark.parametrize("name", [field.name.upper() for field in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in _docs() or re.search(rf"\b{name}=", _docs())


def test_every_command_is_documented() -> None:
    code = (
        "from app import create_app; import click\n"
        "def walk(command, words):\n"
        "    if isinstance(command, click.Group):\n"
        "        for name, inner in command.commands.items(): walk(inner, [*words, name])\n"
        "    else: print(' '.join(words))\n"
        "walk(create_app().cli, ['flask'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    missing = [line for line in ran.stdout.splitlines() if line not in _docs()]
    assert missing == []


def test_every_target_of_make_is_listed_by_make_help() -> None:
    words = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = set(re.findall(r"^([a-z]+):.*## ", words, re.M))
    assert {"help", "run", "demo", "test", "sure", "fix", "bench", "upgrade", "migration"} <= shown
    (phony,) = re.findall(r"^\.PHONY: (.*)$", words, re.M)
    assert set(phony.split()) - shown == {"static"}


def test_every_decision_is_numbered_without_a_gap() -> None:
    names = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


# How it reads

SOURCES = [path for _, path in _modules()] + [ROOT / "app.py", ROOT / "serve.py"]


def test_no_room_is_called_after_nothing() -> None:
    nothing = {"utils", "helpers", "common", "manager", "service", "views", "misc", "base"}
    assert [str(path) for path in SOURCES if path.stem in nothing] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_fits_in_a_head(path: Path) -> None:
    words = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(words)), "a module says in its first line what it is for"
    assert words.count("\n") <= 500, "past 200 lines ask whether two ideas share a room; past 500 they do"


def test_no_function_is_longer_than_a_page() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name} {node.end_lineno - node.lineno + 1}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno > 50
    ]
    assert long == []


def _shipped() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    kinds = {".py", ".md", ".html", ".css", ".js", ".mjs", ".toml", ".json", ".txt", "", ".mako"}
    return [
        ROOT / name
        for name in listed.split("\0")
        if name
        and (ROOT / name).suffix in kinds
        and (ROOT / name).is_file()
        and name != "tests/test_house.py"
    ]


def test_nothing_tells_of_the_workshop() -> None:
    """Paths of a machine and traces of how the work was divided have no place in what is shipped."""
    traces = re.compile(
        r"/wor[k]/(main|shared)|/tm[p]/s/|\bTODO\b|\bFIXME\b|\bXXX\b|\b[Ii]ssue \d|\b[Ll]orem ipsum\b"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in _shipped()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if traces.search(line) and "uv.lock" not in path.name
    ]
    assert found == []


def test_the_only_clock_is_the_only_clock() -> None:
    """DTZ of ruff finds naive times; here nothing but core/clock.py asks the machine for the day."""
    asks = re.compile(r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(")
    found = [str(path.relative_to(ROOT)) for path in SOURCES if asks.search(path.read_text(encoding="utf-8"))]
    assert found == ["core/clock.py"]


def test_words_that_accuse_stand_in_no_address_and_no_title() -> None:
    accusing = re.compile(r"to-cao|tố cáo", re.I)
    titles = re.compile(
        r"{% block title %}(.*?){% endblock %}|<h1[^>]*>(.*?)</h1>|<title>(.*?)</title>", re.S
    )
    found = []
    for path in (ROOT / "templates").rglob("*.html"):
        for groups in titles.findall(path.read_text(encoding="utf-8")):
            found += [f"{path.name}: {text}" for text in groups if accusing.search(text)]
    for path in SOURCES:
        found += [
            f"{path.name}: {route}"
            for route in re.findall(r'\.(?:get|post|route)\("([^"]+)"', path.read_text(encoding="utf-8"))
            if accusing.search(route)
        ]
    assert found == []
