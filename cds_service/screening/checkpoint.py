"""What has been done already, so that a run goes on where it was interrupted, however it was.

Each unit's result is one file, written under another name first: it is there whole or not at all. The fingerprint of
everything that a result depends on stands beside them; with another fingerprint everything is done anew.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import IO, Final

import msgspec

from cds_service.screening.inventory import Inventory
from cds_service.screening.setting import Setting

FOLDER: Final = ".screening"
_FINGERPRINT: Final = "fingerprint"
_OWNER_ONLY: Final = 0o600
_OWNER_FOLDER: Final = 0o700
_SCHEMA: Final = b"1"


def fingerprint(inventory: Inventory, setting: Setting, unit_bytes: int) -> str:
    """Return a hash of the export's files (names, sizes, times), the rules, the code tables and the settings."""
    found = hashlib.sha256()
    for part in (
        _SCHEMA,
        version("cds-service").encode(),
        msgspec.json.encode(inventory),
        msgspec.json.encode(setting),
        str(unit_bytes).encode(),
        *_rules_and_codes(),
    ):
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()


def _rules_and_codes() -> Iterator[bytes]:
    for folder in (files("cds_service.rulesets"), files("cds_service.terminology").joinpath("tables")):
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            if file.name.endswith((".toml", ".tsv")):
                yield file.read_bytes()


class Checkpoint:
    """The results of one run so far, in a folder that only its owner may read: they hold patients' data."""

    def __init__(self, out: Path) -> None:
        """``out``: the folder of the run's output."""
        self._folder = out / FOLDER

    def open(self, mark: str) -> bool:
        """Prepare the folder. Returns True when an interrupted run with the same fingerprint goes on."""
        told = self._folder / _FINGERPRINT
        if told.is_file() and told.read_text("ascii") == mark:
            return True
        self.clear()
        self._folder.mkdir(mode=_OWNER_FOLDER, parents=True)
        write_privately(told, mark.encode())
        return False

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def path(self, step: str, number: int) -> Path:
        """Return where the result of a unit of a step is kept."""
        return self._folder / f"{step}-{number:06}"

    def has(self, step: str, number: int) -> bool:
        """True when the unit was done."""
        return self.path(step, number).is_file()

    def keep(self, step: str, number: int, data: bytes) -> None:
        """Keep a result."""
        write_privately(self.path(step, number), data)


def write_privately(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, at once or not at all."""
    draft = path.with_name(f"{path.name}.tmp")
    with opened_privately(draft) as file:
        file.write(data)
    draft.replace(path)


def opened_privately(path: Path) -> IO[bytes]:
    """Open a new file for writing that only its owner may read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb")
