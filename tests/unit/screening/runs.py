"""Exports and runs for the tests of the screening: everything in this process, one unit after the other."""

import gzip
from datetime import date
from pathlib import Path

import orjson

from cds_service.cohort import Population
from cds_service.screening.checkpoint import Checkpoint
from cds_service.screening.inventory import take_inventory
from cds_service.screening.output import write_output
from cds_service.screening.screen import Plan, screen
from cds_service.screening.setting import Setting

AS_OF = date(2026, 6, 1)
SETTING = Setting(as_of=AS_OF)


class AtOnce:
    """Works on each job when its turn comes; notes which were worked on."""

    def __init__(self):
        self.done = []

    def run(self, work, jobs, shared=b""):
        for number, arguments in jobs:
            self.done.append((work.__name__, number))
            yield number, work(*arguments, shared) if shared else work(*arguments)

    def close(self):
        """Nothing to let go."""


def lines_of(population):
    """(type, line) of everybody."""
    return [line for patient in population for line in patient.lines()]


def write(folder, lines, *, gz=False, name=lambda kind: f"{kind}.ndjson"):
    """Write lines as files by type."""
    files: dict[str, list[bytes]] = {}
    for kind, line in lines:
        files.setdefault(name(kind), []).append(line)
    for path, content in files.items():
        whole = folder / (f"{path}.gz" if gz else path)
        whole.parent.mkdir(parents=True, exist_ok=True)
        data = b"".join(line + b"\n" for line in content)
        whole.write_bytes(gzip.compress(data) if gz else data)
    return folder


def small_export(folder, **more):
    """The export of a small population."""
    return write(folder, lines_of(population(**more)))


def population(**more):
    return Population(**{"seed": 6, "patients": 40, "limb_share": 0.5, "as_of": AS_OF, **more})


def ignored(step):
    """Nobody watches."""


def run(export, out, *, engine=None, asked=(), setting=SETTING, unit_bytes=1 << 26, memory=512_000_000, told=None):
    """Screen an export; returns what was screened."""
    out.mkdir(exist_ok=True)
    plan = Plan(inventory=take_inventory(str(export), asked), setting=setting, unit_bytes=unit_bytes, memory=memory)
    return screen(plan, engine or AtOnce(), Checkpoint(out), told or ignored)


def rows(export, out, **more):
    """The rows of a run, as they would be written."""
    return list(run(export, out, **more).rows())


def outputs(export, out, **more):
    """The bytes of every file that a run writes, by name."""
    write_output(out, run(export, out, **more), SETTING, "en")
    return {path.name: path.read_bytes() for path in Path(out).iterdir() if path.is_file()}


def resource(kind, own="x", patient="p", **more):
    """One resource as a line."""
    whose = {"patient": {"reference": f"Patient/{patient}"}} if kind == "Device" else {}
    subject = {} if kind in ("Patient", "Medication", "Device") else {"subject": {"reference": f"Patient/{patient}"}}
    return kind, orjson.dumps({"resourceType": kind, "id": own} | whose | subject | more)


BELOW_KNEE = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z89.512"}]}
SINUSITIS = {"coding": [{"system": "http://snomed.info/sct", "code": "444814009"}]}


def patient(own="p", **more):
    return resource("Patient", own, gender="female", birthDate="1950-01-01", **more)


def amputated(own="a", patient="p", **more):
    return resource("Condition", own, patient, **{"code": BELOW_KNEE} | more)


def whole(tmp_path, *lines, **more):
    """An export in which p lacks a leg and q does not, with some lines more."""
    healthy = resource("Condition", "s", "q", code=SINUSITIS)
    procedure = resource("Procedure", "o", "q", status="completed", code=SINUSITIS)
    return write(tmp_path / "export", [patient(), patient("q"), amputated(), healthy, procedure, *lines], **more)


def screened(tmp_path, export):
    found = run(export, tmp_path / "out")
    return found, {row.patient: row for row in found.rows()}


def listed(found):
    return [(fault.file, fault.line, fault.reason) for fault in found.faults]


def append(export, kind, data):
    with (export / f"{kind}.ndjson").open("ab") as file:
        file.write(data)
