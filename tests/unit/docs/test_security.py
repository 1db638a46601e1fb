"""The threat model names tests that exist, and at least one for each threat."""

import ast
import re

import pytest

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.fixture
def page(repository):
    return (repository / "SECURITY.md").read_text("utf-8")


def test_every_test_that_is_named_exists(repository, page):
    named = NAMED.findall(page)
    assert len(named) > 40
    missing = []
    for file, name in named:
        path = repository / file
        found = {
            node.name
            for node in ast.walk(ast.parse(path.read_text("utf-8") if path.exists() else ""))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        missing += [f"{file}::{name}"] * (name not in found)
    assert missing == []


def test_every_threat_names_a_test_that_covers_it(page):
    rows = page.partition("## Threats")[2].partition("## Not protected")[0].splitlines()
    threats = [row for row in rows if row.startswith("| ") and not row.startswith("| threat")]
    assert len(threats) > 25
    assert [row for row in threats if not NAMED.search(row)] == []
