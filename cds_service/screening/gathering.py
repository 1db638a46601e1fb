"""Steps 2 and 3: what the lines of a unit say of the candidates, and what is referred to from there."""

from array import array
from bisect import bisect_left
from collections.abc import Container, Iterator
from functools import lru_cache
from itertools import compress, count
from typing import Final

import msgspec

from cds_service.fhir.partial import PATIENT, POINTED_TO, LineRead, LineReader, Part
from cds_service.fhir.references import PatientIdentity, bare_id
from cds_service.risk.record import Gap
from cds_service.screening.candidates import chosen
from cds_service.screening.faults import FaultList
from cds_service.screening.finding import TELLING
from cds_service.screening.naming import names_one_of, one_name_each
from cds_service.screening.opening import TOO_LONG, Damaged, blocks
from cds_service.screening.setting import Setting, judge
from cds_service.screening.spill import BUCKET_BITS, Content, Head, bucket_of, packed, pair_of, pairs_in
from cds_service.screening.units import Unit

_LOW: Final = (1 << BUCKET_BITS) - 1


class _Id(msgspec.Struct, gc=False):
    id: str = ""
    kind: str = msgspec.field(default="", name="resourceType")


_ID: Final = msgspec.json.Decoder(_Id)


def gather(unit: Unit, setting: Setting, wanted: bytes) -> bytes:
    """Return, packed, what the unit says of the patients ``wanted`` (packed), and what is wrong with its lines."""
    return _Gathering(unit, setting, chosen(wanted)).result()


class _Gathering:
    """One unit being read."""

    def __init__(self, unit: Unit, setting: Setting, wanted: Container[bytes]) -> None:
        self._unit = unit
        self._kind = unit.file.kind
        self._setting = setting
        self._wanted = wanted
        self._reader = LineReader(judge(setting).index)
        self._faults = FaultList(unit.file.name)
        self._parts: dict[str, Part] = {}
        self._head = Head()

    def result(self) -> bytes:
        take = {PATIENT: self._patients, **dict.fromkeys(POINTED_TO, self._pointed_to)}.get(self._kind, self._lines)
        for block in self._blocks():
            if block is TOO_LONG:
                self._head.lines += 1
                self._faults.note(self._head.lines, "too-long", self._kind, everyone=True)
            else:
                take(block)
        self._head.faults = self._faults.listed()
        return packed(self._head, self._contents())

    def _blocks(self) -> Iterator[bytes]:
        unit = self._unit
        try:
            yield from blocks(unit.file.path, unit.start, unit.end, gz=unit.file.gz)
        except Damaged as damage:
            self._faults.note(self._head.lines + 1, damage.reason, self._kind, everyone=True)

    def _contents(self) -> dict[int, Content]:
        contents: dict[int, Content] = {}
        pairs: set[int] = set()
        for patient_id, part in self._parts.items():
            bucket = bucket_of(patient_id, self._setting.buckets)
            contents.setdefault(bucket, Content()).parts.append((patient_id, part))
            pairs.update(pair_of(reference, bucket) for reference in part.refers_to())
        self._head.pairs = array("Q", sorted(pairs)).tobytes()
        return contents

    # ------------------------------------------------------------ the usual types

    def _lines(self, block: bytes) -> None:
        """Pick the lines that name somebody wanted. Of the others only the outline is looked at."""
        lines = block.split(b"\n")
        names = one_name_each(block, lines)
        if names is None:
            self._one_by_one(lines)
            return
        first, wanted = self._head.lines + 1, self._wanted
        told = compress(zip(count(first), lines, names, strict=False), [name in wanted for name in names])
        for number, line, own in told:
            self._told(line, own, number)
        self._head.lines += len(lines)

    def _one_by_one(self, lines: list[bytes]) -> None:
        """The same for a block with something odd in it."""
        wanted, number = self._wanted, self._head.lines
        for line in lines:
            number += 1
            own = names_one_of(line, wanted)
            if own:
                self._told(line, own, number)
            elif own is None or line[:1] != b"{" or line[-1:] != b"}":
                self._odd(line, number, named=own is not None)
        self._head.lines = number

    def _told(self, line: bytes, own: bytes, number: int) -> None:
        """File a line that names somebody wanted, if it is about them."""
        patient_id = own.decode(errors="replace")
        told = self._reader.read(line)
        if told.fault:
            self._unread(told, patient_id, number)
            return
        self._note_stray(told.kind, number)
        if told.owner is None:
            self._nobodys(told, number)
        elif PatientIdentity(patient_id).owns(told.owner):
            self._part(patient_id).join(told.part)
        else:
            self._of_another(told)

    def _of_another(self, told: LineRead) -> None:
        """File a line whose first wanted name is not whom it is about: a relative's, a recorder's."""
        owner = bare_id(told.owner or "").removeprefix("urn:uuid:")
        if owner.encode() in self._wanted:
            self._part(owner).join(told.part)

    def _unread(self, told: LineRead, patient_id: str, number: int) -> None:
        """A resource of somebody wanted that says nothing: their list is not whole."""
        if told.fault == "not-read":
            self._faults.note(number, "other-type")
            return
        self._faults.note(number, told.fault, self._kind)
        part = self._part(patient_id)
        part.join(told.part)
        if not told.part.lost:
            part.lost.add(self._kind)
        if not told.part.gaps:
            part.gaps.add(Gap(self._kind, "", told.fault))

    def _odd(self, line: bytes, number: int, *, named: bool) -> None:
        """Look closer at a line that names nobody, or whose ends are not those of a resource."""
        stripped = line.strip()
        if not stripped:
            return
        if named and stripped[:1] == b"{" and stripped[-1:] == b"}":
            return
        told = self._reader.read(stripped)
        if told.fault and told.fault != "not-read":
            # Who is named by a line that cannot be read is known, unless nobody is: then it may be anybody's.
            self._faults.note(number, told.fault, self._kind, everyone=not named)
        elif told.fault:
            self._faults.note(number, "other-type")
        elif told.owner is None:
            self._nobodys(told, number)
        else:
            self._by_owner(told)

    def _nobodys(self, told: LineRead, number: int) -> None:
        if told.kind not in POINTED_TO:
            self._faults.note(number, "names-no-patient", told.kind)

    def _by_owner(self, told: LineRead) -> None:
        """File a line that names its patient in a way that no search finds: the bare id."""
        owner = told.owner or ""
        if owner.encode() in self._wanted:
            self._part(owner).join(told.part)

    def _note_stray(self, kind: str, number: int) -> None:
        """A resource in a file of another type is read, but one that tells of limbs was not looked for there."""
        if kind != self._kind:
            self._faults.note(number, "other-type", kind, everyone=kind in TELLING)

    def _part(self, patient_id: str) -> Part:
        return self._parts.setdefault(patient_id, Part())

    # ------------------------------------------------------------ Patient

    def _patients(self, block: bytes) -> None:
        for line in block.split(b"\n"):
            self._head.lines += 1
            if line.strip():
                self._patient(line)

    def _patient(self, line: bytes) -> None:
        number = self._head.lines
        try:
            told = _ID.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._faults.note(number, "not-json", self._kind)
            return
        self._head.patients += told.kind == PATIENT
        if told.kind != PATIENT:
            self._faults.note(number, "other-type", everyone=told.kind in TELLING)
        elif told.id.encode() in self._wanted:
            read = self._reader.read(line)
            if read.fault:
                self._faults.note(number, read.fault, PATIENT)
            self._part(told.id).join(read.part)

    # ------------------------------------------------------------ Medication, Device

    def _pointed_to(self, block: bytes) -> None:
        """Of these only what names a patient is taken here; what is referred to is looked for in step 3."""
        for line in block.split(b"\n"):
            self._head.lines += 1
            own = names_one_of(line, self._wanted)
            if own:
                self._told(line, own, self._head.lines)
            elif line.strip() and (line.strip()[:1] != b"{" or line.strip()[-1:] != b"}"):
                self._faults.note(self._head.lines, "not-json", self._kind, everyone=own is None)


def refer(unit: Unit, setting: Setting, pairs: bytes) -> bytes:
    """Return, packed, the resources of the unit that are referred to; ``pairs`` are sorted (see :mod:`.spill`)."""
    reader, sought = LineReader(judge(setting).index), _sought(pairs)
    contents: dict[int, Content] = {}
    head = Head()
    try:
        for block in blocks(unit.file.path, unit.start, unit.end, gz=unit.file.gz):
            for line in block.split(b"\n"):
                for reference, bucket in _asked_for(line, sought):
                    pieces = reader.read(line).part.pieces
                    found = contents.setdefault(bucket, Content()).referred
                    found += [(reference, piece) for piece in pieces.values()]
    except Damaged:
        # Noted by step 2, which reads the same lines.
        pass
    return packed(head, contents)


@lru_cache(maxsize=1)
def _sought(pairs: bytes) -> "array[int]":
    return pairs_in(pairs)


def _asked_for(line: bytes, pairs: "array[int]") -> Iterator[tuple[str, int]]:
    try:
        told = _ID.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    reference = f"{told.kind}/{told.id}"
    key = pair_of(reference, 0)
    at = bisect_left(pairs, key)
    while at < len(pairs) and pairs[at] - key <= _LOW:
        yield reference, pairs[at] & _LOW
        at += 1
