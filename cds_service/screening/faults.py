"""What is wrong with an export: told by file and line, never by content."""

from typing import Final

import msgspec

# More of one kind in one file say nothing new; they are counted.
LISTED_PER_FILE: Final = 100

REASONS: Final = (
    "not-json",
    "not-utf-8",
    "not-a-resource",
    "unreadable",
    "too-deep",
    "too-long",
    "not-understood",
    "wrong-type",
    "too-many-faults",
    "names-no-patient",
    "other-type",
    "truncated",
    "damaged",
    "vanished",
    "empty-file",
    "symbolic-link",
    "not-ndjson",
    "wrong-name",
    "not-readable",
    "no-patient",
    "error-reported",
    "notice-reported",
)
"""Every reason that may be listed; its words stand in the catalogues."""


HARMLESS: Final = frozenset(
    {"empty-file", "wrong-name", "names-no-patient", "other-type", "notice-reported", "not-ndjson"}
)
"""What is listed and takes nothing from any patient, unless it concerns everyone."""


class Fault(msgspec.Struct, frozen=True, order=True):
    """One fault.

    Attributes:
        file: its name inside the export. line: counted from 1; 0 stands for the file, or for lines not listed.
        reason: one of ``REASONS``. kind: the type of resource concerned, empty when it cannot be told.
        everyone: something is lost and nobody can say whose it was, so that every patient's list may lack it.
        count: of how many lines it is told.
    """

    file: str
    line: int
    reason: str
    kind: str = ""
    everyone: bool = False
    count: int = 1

    @property
    def takes_something(self) -> bool:
        """True when some patient's list, or everybody's, may lack something because of it."""
        return self.everyone or self.reason not in HARMLESS


class FaultList:
    """The faults of one unit: the first of each kind by line, the rest counted."""

    def __init__(self, file: str) -> None:
        """``file``: its name inside the export."""
        self._file = file
        self._found: dict[tuple[str, str, bool], list[int]] = {}
        self._more: dict[tuple[str, str, bool], int] = {}

    def note(self, line: int, reason: str, kind: str = "", *, everyone: bool = False) -> None:
        """Note a fault of a line, counted from the start of the unit (1 is its first); 0 for the file."""
        key = (reason, kind, everyone)
        lines = self._found.setdefault(key, [])
        if len(lines) < LISTED_PER_FILE:
            lines.append(line)
        else:
            self._more[key] = self._more.get(key, 0) + 1

    def listed(self) -> list[Fault]:
        """Return what was noted, by line."""
        found = [Fault(self._file, line, *key) for key, lines in self._found.items() for line in lines]
        more = [Fault(self._file, 0, *key, count) for key, count in self._more.items()]
        return sorted([*found, *more])


def moved(fault: Fault, by: int) -> Fault:
    """Return the fault with its line counted from the start of the file: the unit begins after ``by`` lines."""
    return msgspec.structs.replace(fault, line=fault.line + by) if fault.line else fault
