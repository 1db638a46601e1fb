"""Which mutants mypy refuses: its complaints, by the mutant in whose lines they stand."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping

# What mutmut writes: one function for each mutant, and what else begins at the margin or at the depth of a method.
_MUTANT = re.compile(r"\s*(?:async )?def (?P<name>x\S*?__mutmut_\d+)\(")
_OTHER = re.compile(r"\s*(?:async )?def |class |@|[A-Za-z_]")


def refused(complaints: Iterable[str], source: Mapping[str, str]) -> dict[str, str]:
    """Return what mypy says of each mutant: ``complaints`` are its lines as JSON, ``source`` the text by file."""
    heads = {file: _heads(text) for file, text in source.items()}
    found = {}
    for line in complaints:
        told = json.loads(line)
        if told["severity"] != "error":
            continue
        starts = heads[told["file"]]
        at = bisect_right(starts, (told["line"], chr(0x10FFFF))) - 1
        name = starts[at][1] if at >= 0 else ""
        if not name:
            raise ValueError(f"mypy refuses what is no mutant: {line}")
        found[f"{_module(told['file'])}.{name}"] = told["message"]
    return found


def _heads(text: str) -> list[tuple[int, str]]:
    """Return the lines on which something begins, with the mutant's name, or an empty one."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        mutant = _MUTANT.match(line)
        if mutant or _OTHER.match(line):
            found.append((number, mutant["name"] if mutant else ""))
    return found


def _module(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
