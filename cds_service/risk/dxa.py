"""Bone density scans in the record: which sites and sides were measured when, and the lowest score that may be used.

A T-score diagnoses from 50 years or after the menopause, a Z-score below that [111]. Only hip, femur and spine count;
the forearm counts where the scan plan asks for it (primary hyperparathyroidism, no measurable hip [30][31]). Results
of one day, or of one report, are one exam. A scan without a readable score is still a scan.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cds_service.risk.assessment import Age, Menopause, Unknown
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate
from cds_service.risk.filters import done, valid_results
from cds_service.risk.record import (
    Evidence,
    Hit,
    ObservationFact,
    OrderFact,
    PatientRecord,
    ProcedureFact,
    Quantity,
    ReportFact,
)
from cds_service.rulesets.model import RuleSet

RESULTS: Final = "dxa-result-observation"
SCANS: Final = "dxa-procedure"
UNKNOWN_ITEMS: Final = ("dxa-value",)

_AXIAL: Final = frozenset({"hip", "femur", "lumbar-spine", "spine"})
_SCORES: Final = frozenset({"T-score", "Z-score"})
_HIP: Final = frozenset({"hip", "femur"})
_FOREARM: Final = "radius-and-ulna"
_PERIPHERAL: Final = frozenset({"arm", "heel", "other", "whole-body", "radius-ulna", "calcaneus", "appendicular"})
_BOTH_HIPS: Final = "hip-and-spine"
_NOT_A_SCAN: Final = frozenset({"screening-encounter", "FRAX-without-BMD"})
_OTHER_METHOD: Final = frozenset({"scintigraphy", "DPA"})
_SIDES: Final = ("left", "right")
# Hyphen, minus sign and dash are all written for minus; SD is how a score is told, not a unit of its own.
_MINUS: Final = ("-", "\u2212", "\u2013")
_SCORE_ALONE: Final = re.compile(r"(?P<sign>[-+\u2212\u2013]?) ?(?P<number>[0-9](?:[.,][0-9]{1,2})?)(?: ?SD)?")
# FHIR diagnostic-report-status and imagingstudy-status of something that was done.
_REPORTED: Final = frozenset({"final", "amended", "corrected", "appended", "available"})


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One score. ``kind`` is ``T-score`` or ``Z-score``; ``side`` is ``left``, ``right`` or empty."""

    kind: str
    value: float
    site: str
    side: str = ""
    evidence: Evidence

    @property
    def forearm(self) -> bool:
        """True for a score of the radius."""
        return self.site == _FOREARM


class Exam(msgspec.Struct, frozen=True, kw_only=True):
    """One scan: its day (None when undated), its scores and the hips that were measured."""

    when: PartialDate | None = None
    scores: tuple[Score, ...] = ()
    hips: frozenset[str] = frozenset()
    evidence: tuple[Evidence, ...] = ()

    def lowest(self, kind: str, *, forearm: bool = False) -> Score | None:
        """Return the lowest score of ``kind`` (``T-score`` | ``Z-score``) at a valid site, or None."""
        valid = [score for score in self.scores if score.kind == kind and (forearm or not score.forearm)]
        return min(valid, key=lambda score: (score.value, score.site, score.side), default=None)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What one resource tells of a scan."""

    when: PartialDate | None
    evidence: Evidence
    score: Score | None = None
    hips: frozenset[str] = frozenset()


def exams(case: Case) -> tuple[Exam, ...]:
    """Return the scans made by the day of assessment, newest first, undated last."""
    by_day: dict[str, list[Piece]] = {}
    for piece in _pieces(case):
        by_day.setdefault(piece.when.text if piece.when else "", []).append(piece)
    found = (_exam(pieces) for pieces in by_day.values())
    return tuple(sorted(found, key=_newest_first))


def _newest_first(exam: Exam) -> tuple[int, str]:
    return (-exam.when.last.toordinal(), exam.when.text) if exam.when else (0, "")


def newest_exam(case: Case) -> Exam | None:
    """Return the newest scan, or None when none is recorded."""
    return next(iter(exams(case)), None)


def uses_t_score(age: Age | None, menopause: Menopause, rules: RuleSet) -> bool:
    """True when a T-score may diagnose: from 50 years, or after the menopause [111]."""
    return menopause.post or (age is not None and age.at_least(rules.number("dxa.z_below_age")))


def lowest_t(case: Case, *, forearm: bool = False) -> Score | None:
    """Return the lowest T-score of the newest scan that has one at a valid site, whatever the age, or None."""
    scores = (exam.lowest("T-score", forearm=forearm) for exam in exams(case))
    return next((score for score in scores if score), None)


def unusable_results(case: Case) -> tuple[Unknown, ...]:
    """Return one unknown when a recorded score could not be used: outside what is plausible, or not a plain number."""
    hits = _score_hits(case)
    unusable = [hit for hit in hits if _value(hit.fact, case.rules) is None]
    return (Unknown(item="dxa-value", why="unusable", values={"count": len(unusable)}),) if unusable else ()


def _pieces(case: Case) -> Iterator[Piece]:
    record = case.record
    reported = _report_dates(record, case)
    for hit in valid_results(record.observations.get(RESULTS, ()), case.as_of):
        if hit.attribute("site") in {*_AXIAL, _FOREARM} and not hit.fact.absent_reason:
            yield _of_result(hit, reported.get(hit.fact.evidence.reference, hit.fact.effective), case.rules)
    for scan in done(record, SCANS, case.as_of):
        if scan.fact.status == "completed" and axial_scan(scan):
            hips = _hips_of_scan(scan.attribute("site"))
            yield Piece(when=scan.fact.performed, evidence=scan.fact.evidence, hips=hips)
    for report in _reports(record, case):
        hips = _hips_of_scan(report.attribute("site"))
        yield Piece(when=report.fact.effective, evidence=report.fact.evidence, hips=hips)


def _of_result(hit: Hit[ObservationFact], when: PartialDate | None, rules: RuleSet) -> Piece:
    kind, site, side = hit.attribute("property"), hit.attribute("site"), _side(hit)
    value = _value(hit.fact, rules) if kind in _SCORES else None
    evidence = hit.fact.evidence
    score = None if value is None else Score(kind=kind, value=value, site=site, side=side, evidence=evidence)
    hips = frozenset({side} if side and site in _HIP else ())
    return Piece(when=when, evidence=evidence, score=score, hips=hips)


def _side(hit: Hit[ObservationFact]) -> str:
    if hit.attribute("laterality") in _SIDES:
        return hit.attribute("laterality")
    sides = {site.side for site in hit.fact.sites} & set(_SIDES)
    return sides.pop() if len(sides) == 1 else ""


def _score_hits(case: Case) -> list[Hit[ObservationFact]]:
    hits = valid_results(case.record.observations.get(RESULTS, ()), case.as_of)
    return [hit for hit in hits if hit.attribute("property") in _SCORES and hit.attribute("site") in _AXIAL]


def _value(fact: ObservationFact, rules: RuleSet) -> float | None:
    """Return a score: a plain number without dimension, inside what is plausible. ``<-2.5`` may be used, ``>`` not.

    A score has no unit to guess, so a text that is nothing but the number counts as well: ``-2,7``, ``-2.7 SD``.
    """
    number = _written(fact.value) if isinstance(fact.value, str) else _measured(fact.value)
    if number is None:
        return None
    return number if rules.number("dxa.plausible_low") <= number <= rules.number("dxa.plausible_high") else None


def _measured(value: object) -> float | None:
    if not isinstance(value, Quantity) or value.comparator.startswith(">"):
        return None
    return value.value if value.unit in {"", "1"} or value.unit.startswith("{") else None


def _written(text: str) -> float | None:
    found = _SCORE_ALONE.fullmatch(text.strip())
    if found is None:
        return None
    sign = -1 if found["sign"] in _MINUS else 1
    return sign * float(found["number"].replace(",", "."))


def _reports(record: PatientRecord, case: Case) -> Iterator[Hit[ReportFact]]:
    for hit in record.reports.get(SCANS, ()):
        when = hit.fact.effective
        if hit.fact.status in _REPORTED and axial_scan(hit) and (when is None or when.first <= case.as_of):
            yield hit


def _report_dates(record: PatientRecord, case: Case) -> dict[str, PartialDate]:
    """Map each result to the day of the report it belongs to (the earliest, should there be several)."""
    dates: dict[str, PartialDate] = {}
    for hit in sorted(_reports(record, case), key=lambda hit: hit.fact.evidence.reference):
        if hit.fact.effective:
            dates.update((result, hit.fact.effective) for result in hit.fact.results if result not in dates)
    return dates


def axial_scan(hit: Hit[OrderFact] | Hit[ProcedureFact] | Hit[ReportFact]) -> bool:
    """True for a scan that can have measured hip or spine: not the heel, the arm, another method or a mere plan."""
    peripheral = hit.attribute("site") in _PERIPHERAL or hit.attribute("method") in _OTHER_METHOD
    return not peripheral and hit.attribute("role") not in _NOT_A_SCAN


def _hips_of_scan(site: str) -> frozenset[str]:
    if site == _BOTH_HIPS:
        return frozenset(_SIDES)
    return frozenset(side for side in _SIDES if site == f"hip-{side}")


def _exam(pieces: Iterable[Piece]) -> Exam:
    parts = sorted(pieces, key=lambda piece: (piece.evidence.reference, piece.evidence.code, piece.evidence.value))
    return Exam(
        when=parts[0].when,
        scores=tuple(piece.score for piece in parts if piece.score),
        hips=frozenset().union(*(piece.hips for piece in parts)),
        evidence=tuple(dict.fromkeys(piece.evidence for piece in parts)),
    )
