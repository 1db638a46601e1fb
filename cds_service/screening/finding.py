"""Step 1: whose record tells of a limb? Codes are compared as bytes; only what is new to us is decoded."""

from collections.abc import Iterator, Set
from typing import Final

import msgspec

from cds_service.fhir.references import relative
from cds_service.fhir.shapes import CodeableConcept, Reference
from cds_service.fhir.texts import relevant_texts
from cds_service.screening.naming import PATIENT_PREFIX, URN_PREFIX, named_in
from cds_service.screening.opening import TOO_LONG, Damaged, blocks
from cds_service.screening.setting import LIMB_CONCEPTS, Judge, Setting, judge
from cds_service.screening.units import Unit
from cds_service.terminology.index import TerminologyIndex

BY_CODE: Final = frozenset({"Condition", "Procedure"})
BY_ANSWER: Final = "Observation"
TELLING: Final = BY_CODE | {BY_ANSWER}
"""The types by which a record can come into question."""

_MOST_REMEMBERED: Final = 200_000


class _Told(msgspec.Struct, gc=False):
    code: msgspec.Raw = msgspec.Raw(b"null")
    subject: Reference | None = None


_TOLD: Final = msgspec.json.Decoder(_Told)
_CONCEPT: Final = msgspec.json.Decoder(CodeableConcept | None)


def find(unit: Unit, setting: Setting) -> bytes:
    """Return the ids of those about whom the unit's lines tell of a limb, one a line, sorted.

    A line that cannot be read counts as telling, for everybody it names: what it said is not known. What is wrong with
    the file is noted by the step that reads all lines, not here.
    """
    return b"\n".join(sorted(_found(unit, judge(setting))))


def _found(unit: Unit, judge_: Judge) -> Set[bytes]:
    finder = _ByAnswer(judge_.answers) if unit.file.kind == BY_ANSWER else _ByCode(judge_.index)
    found: set[bytes] = set()
    try:
        for block in blocks(unit.file.path, unit.start, unit.end, gz=unit.file.gz):
            if block is not TOO_LONG:
                found.update(finder.ids(block))
    except Damaged:
        pass
    return found


class _ByAnswer:
    """Looks for the one answer that brings somebody in by itself: its code is searched for in whole blocks."""

    def __init__(self, answers: tuple[bytes, ...]) -> None:
        self._answers = answers

    def ids(self, block: bytes) -> Iterator[bytes]:
        for answer in self._answers:
            at = block.find(answer)
            while at != -1:
                start, end = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
                end = len(block) if end == -1 else end
                yield from named_in(block[start:end])
                at = block.find(answer, end)


class _ByCode:
    """Reads the code of every line; what a code means is looked up once for the same bytes."""

    def __init__(self, index: TerminologyIndex) -> None:
        self._known = _Limbs(index)

    def ids(self, block: bytes) -> Iterator[bytes]:
        known, decode = self._known, _TOLD.decode
        for line in block.split(b"\n"):
            try:
                told = decode(line)
                tells = known[bytes(told.code)]
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield from named_in(line)
                continue
            if tells:
                yield from _whose(told, line)


def _whose(told: _Told, line: bytes) -> Iterator[bytes]:
    reference = relative(told.subject.reference or "") if told.subject else ""
    own = reference.removeprefix(PATIENT_PREFIX.decode()).removeprefix(URN_PREFIX.decode())
    if own:
        yield own.encode()
    else:
        yield from named_in(line)


class _Limbs(dict[bytes, bool]):
    """Whether a code, or a text without one, tells of a limb, by its bytes."""

    def __init__(self, index: TerminologyIndex) -> None:
        super().__init__()
        self._index = index

    def __missing__(self, data: bytes) -> bool:
        answer = self._look_up(data)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[data] = answer
        return answer

    def _look_up(self, data: bytes) -> bool:
        concept = _CONCEPT.decode(data)
        if concept is None:
            return False
        meanings = (match for coding in concept.coding for match in self._index.concepts(coding.system, coding.code))
        texts = relevant_texts(concept, self._index)
        return any(match.concept in LIMB_CONCEPTS for match in meanings) or not LIMB_CONCEPTS.isdisjoint(texts)
