"""The house's own rules: what CONTRIBUTING.md says and no linter checks."""

import ast
import re
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cds_service", "cards")
SOURCE = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))

MOST_LINES_OF_A_MODULE = 400
MOST_MEDIAN_LINES_OF_A_FUNCTION = 12
NAMES_THAT_SAY_NOTHING = {"common", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}
TEXT_SUFFIXES = {
    ".css",
    ".html",
    ".js",
    ".json",
    ".jsonl",
    ".md",
    ".py",
    ".sh",
    ".toml",
    ".tsv",
    ".txt",
    ".yaml",
    ".yml",
}
# One character of each is in brackets, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(r"(?<![\w.])(/[w]ork/|/[r]oot/|/[h]ome/\w+/|/[U]sers/\w+/|/[o]pt/(pypi|wheels)|[C]:\\Users)")


LINT_EXCEPTION = re.compile(
    r"#\s*(noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?"
    r"|type:\s*ignore(\[[\w, -]+\])?"
    r"|pragma:\s*no (cover|branch))(?P<rest>.*)$"
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def written_files() -> Iterator[Path]:
    """Every text that belongs to the project."""
    for name in (*PACKAGES, "tests", "docs", "benchmarks", ".github"):
        yield from (path for path in (ROOT / name).rglob("*") if path.is_file() and path.suffix in TEXT_SUFFIXES)
    yield from (ROOT / ".ci").iterdir()
    yield from (path for path in ROOT.glob("*.md"))
    yield from (ROOT / name for name in ("pyproject.toml", "Makefile", "Dockerfile", "NOTICE", ".gitignore"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and ast.get_docstring(function) is not None
    docstring_lines = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring_lines


# ---------------------------------------------------------------- modules and functions


@pytest.mark.parametrize("path", [*SOURCE, *TESTS], ids=relative)
def test_no_module_is_longer_than_the_house_allows(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES_OF_A_MODULE


@pytest.mark.parametrize("path", SOURCE, ids=relative)
def test_names_of_modules_and_packages_say_what_is_inside(path: Path) -> None:
    parts = re.split(r"[/_.]", relative(path))
    assert not NAMES_THAT_SAY_NOTHING & set(parts)


def test_half_of_all_functions_are_short() -> None:
    lengths = [length_without_docstring(function) for path in SOURCE for function in functions(path)]
    assert statistics.median(lengths or [0]) < MOST_MEDIAN_LINES_OF_A_FUNCTION


def test_importing_the_service_package_loads_nothing_else() -> None:
    assert (ROOT / "cds_service" / "__init__.py").read_text("utf-8") == ""


@pytest.mark.parametrize(
    "path", [path for path in SOURCE if path != ROOT / "cds_service" / "__init__.py"], ids=relative
)
def test_every_package_and_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_modules_is_a_package(package: str) -> None:
    folders = {path.parent for path in SOURCE if relative(path).startswith(package)}
    assert [relative(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


# ---------------------------------------------------------------- floors and purity


def test_every_room_stands_on_a_floor() -> None:
    layers = next(c["layers"] for c in pyproject()["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    placed = set(re.findall(r"cds_service\.(\w+)", " ".join(layers)))
    floorless = {"__init__", "__pycache__"}
    children = (ROOT / "cds_service").iterdir()
    rooms = {path.stem for path in children if path.is_dir() or path.suffix == ".py"} - floorless
    assert rooms >= {"risk", "fhir"}, "the rooms were not found"
    assert rooms <= placed


@pytest.mark.parametrize("path", sorted((ROOT / "cds_service" / "risk").rglob("*.py")), ids=relative)
def test_risk_never_asks_what_time_it_is(path: Path) -> None:
    asked = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow", "fromtimestamp"}
    ]
    assert asked == []


# ---------------------------------------------------------------- exceptions carry their reason


@pytest.mark.parametrize("path", [*SOURCE, *TESTS], ids=relative)
def test_every_lint_exception_says_why(path: Path) -> None:
    unexplained = [
        f"line {number}: {line.strip()}"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if lacks_reason(line)
    ]
    assert unexplained == []


def lacks_reason(line: str) -> bool:
    """Whether the line switches a check off without saying why after it."""
    exception = LINT_EXCEPTION.search(line)
    return exception is not None and re.search(r"\w{2,}.*\w{2,}", exception["rest"]) is None


@pytest.mark.parametrize(
    ("line", "lacks"),
    [
        ("x = 1", False),
        ("import a  # noqa" + ": F401", True),
        ("import a  # noqa" + ": F401, E402", True),
        ("import a  # noqa" + ": F401 - registers itself on import", False),
        ("a = b  # type" + ": ignore[attr-defined]", True),
        ("a = b  # type" + ": ignore[attr-defined]  # the stub is older than the library", False),
        ("if a:  # pragma" + ": no cover", True),
        ("if a:  # pragma" + ": no cover - only on Windows", False),
    ],
)
def test_the_search_for_unexplained_exceptions_finds_them(line: str, lacks: bool) -> None:
    assert lacks_reason(line) is lacks


def test_every_lint_exception_for_a_folder_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    section = text.split("[tool.ruff.lint.per-file-ignores]")[1].split("\n[")[0].strip().splitlines()
    unexplained = [
        line for before, line in zip(["", *section], section, strict=False) if line[0] == '"' and before[:1] != "#"
    ]
    assert unexplained == []


# ---------------------------------------------------------------- texts


def test_no_text_holds_a_path_of_somebodys_machine() -> None:
    found = [
        f"{relative(path)}:{number}"
        for path in written_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if MACHINE_PATHS.search(line)
    ]
    assert found == []


def test_the_licence_is_apache_2_in_full() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert pyproject()["project"]["license"] == "Apache-2.0"


def test_the_changelog_starts_with_what_is_not_released_yet() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_the_readme_says_how_to_run_the_tests() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.search(r"^#+ Run the tests\s*\n+```\w*\n(\$ )?make test\n```", readme, flags=re.MULTILINE | re.IGNORECASE)


def test_decision_records_are_numbered_without_a_gap_and_have_a_status() -> None:
    assert [path.name[:4] for path in ADRS] == [f"{number:04}" for number in range(1, len(ADRS) + 1)]
    for path in ADRS:
        text = path.read_text("utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert re.search(r"^Status: (proposed|accepted|superseded by \d{4}|rejected)$", text, flags=re.MULTILINE), (
            path.name
        )


@pytest.mark.parametrize("path", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]), ids=relative)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (path.parent / target).exists()] == []


# ---------------------------------------------------------------- dependencies


def test_every_dependency_is_listed_with_licence_and_reason() -> None:
    project = pyproject()["project"]
    extras = project["optional-dependencies"].values()
    requirements = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    declared = {re.split(r"[\[<>=; ]", requirement)[0] for requirement in requirements} - {project["name"]}
    page = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| ([^|]+) \| ([^|]+) \|$", page, flags=re.MULTILINE)
    listed = {name for name, licence, reason in rows if licence.strip() and reason.strip()} - {"library"}
    assert listed == declared


def test_the_service_runs_without_what_only_tests_need() -> None:
    extras = pyproject()["project"]["optional-dependencies"]
    only_for_tests = {re.split(r"[\[<>=; ]", requirement)[0].replace("-", "_") for requirement in extras["test"]}
    imported = {name.split(".")[0] for path in SOURCE for name in imported_modules(path)}
    assert not imported & (only_for_tests | {"yaml", "numpy", "tests"})


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
