"""Family OTHER: other diseases that weaken bone (R-CO).

Several may be present: the gravest gives the grade, all are named in ``kinds`` and shown. A kidney function counts as
chronically low when two results, the newest among them, are low some months apart.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.dates import add_months
from cds_service.risk.drugs.current import current_drugs
from cds_service.risk.filters import (
    active,
    conditions,
    done,
    evidence_of,
    made_since,
    possible_conditions,
    results,
)
from cds_service.risk.measured import measured
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit, ObservationFact
from cds_service.risk.silence import not_listed

DIABETES: Final = "diabetes"
INSULIN: Final = "drug-insulin"
KIDNEY: Final = "chronic-kidney-disease"
TRANSPLANT: Final = "transplant"
RARE: Final = "other-secondary-osteoporosis"
BRITTLE: Final = "osteogenesis-imperfecta"
STROKE: Final = "stroke-paresis"
EGFR: Final = "eGFR"
EGFR_UNIT: Final = "mL/min/{1.73_m2}"

REASONS: Final = {
    "co.diabetes-1": ("grade", "kinds"),
    "co.diabetes-2-insulin": ("grade", "kinds"),
    "co.ckd": ("grade", "kinds"),
    "co.liver": ("grade", "kinds"),
    "co.transplant": ("grade", "kinds"),
    "co.cushing": ("grade", "kinds"),
    "co.osteogenesis-imperfecta": ("grade", "kinds"),
    "co.copd": ("grade", "kinds"),
    "co.stroke-paresis": ("grade", "kinds"),
    "co.myeloma": ("grade", "kinds"),
    "co.possible": ("kinds",),
    "co.not-listed": (),
    "co.unknown": ("why",),
}
REMARKS: Final = ("co.refer-haematology",)

# Grade of the rule set -> concept whose active, confirmed condition is enough.
_PLAIN: Final = {
    "cushing": "cushing",
    "myeloma": "multiple-myeloma",
    "liver": "chronic-liver-disease",
    "copd": "copd",
}

Conditions = tuple[Hit[ConditionFact], ...]


class Disease(msgspec.Struct, frozen=True, gc=False):
    """One disease found, with its grade in the rule set."""

    grade: str
    evidence: tuple[Evidence, ...]


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return the diseases present; and those that are only possible. Absence needs a whole list of conditions."""
    present = [disease for disease in _diseases(case) if disease.evidence]
    present.sort(key=lambda disease: (-_points(case, disease.grade), disease.grade))
    possible = _possible(case, {disease.grade for disease in present})
    found = (_present(case, present) if present else None, possible)
    return tuple(finding for finding in found if finding) or (not_listed(case, "R-CO", "co", Area.CONDITIONS),)


def _points(case: Case, grade: str) -> int:
    return case.rules.points(case.rules.factor("R-CO").weight(grade))


def _present(case: Case, present: list[Disease]) -> Finding:
    gravest = present[0]
    evidence = tuple(dict.fromkeys(piece for disease in present for piece in disease.evidence))
    kinds = [disease.grade for disease in present]
    return case.find(
        "R-CO",
        Status.PRESENT,
        _reason(gravest.grade),
        grade=gravest.grade,
        values={"grade": gravest.grade, "kinds": " ".join(kinds)},
        evidence=evidence,
        held_against=("ckd_stage", "egfr", "egfr_apart_months") if "ckd" in kinds else (),
        remarks=("co.refer-haematology",) if "myeloma" in kinds else (),
    )


def _reason(grade: str) -> str:
    return f"co.{grade.replace('_', '-')}"


def _diseases(case: Case) -> Iterator[Disease]:
    for grade, concept in _PLAIN.items():
        yield Disease(grade, evidence_of(_active(case, concept)))
    yield Disease("osteogenesis_imperfecta", evidence_of(_brittle(conditions(case.record, RARE, case.as_of))))
    yield Disease("transplant", _transplant(case))
    yield Disease("diabetes_1", evidence_of(_of_type(_active(case, DIABETES), "1")))
    yield Disease("diabetes_2_insulin", _on_insulin(case))
    yield Disease("ckd", (*evidence_of(_late_stages(case)), *_low_twice(case)))
    yield Disease("stroke_paresis", _paresis(case))


def _active(case: Case, concept: str) -> Conditions:
    return tuple(hit for hit in conditions(case.record, concept, case.as_of) if active(hit))


def _of_type(hits: Conditions, *types: str) -> Conditions:
    return tuple(hit for hit in hits if hit.attribute("type") in types)


def _brittle(hits: Conditions) -> Conditions:
    """Osteogenesis imperfecta is inborn: it does not resolve, whatever its status says."""
    return _of_type(hits, BRITTLE)


def _transplant(case: Case) -> tuple[Evidence, ...]:
    """A transplant once made counts for life."""
    return (
        *evidence_of(conditions(case.record, TRANSPLANT, case.as_of)),
        *evidence_of(done(case.record, TRANSPLANT, case.as_of)),
    )


# ---------------------------------------------------------------- diabetes on insulin


def _on_insulin(case: Case) -> tuple[Evidence, ...]:
    """Type 2 diabetes with insulin. Diabetes of a type that is not told takes the milder grade of the two."""
    diabetes = _active(case, DIABETES)
    if _of_type(diabetes, "1"):
        return ()
    insulin = (*evidence_of(current_drugs(case, INSULIN)), *evidence_of(_active(case, INSULIN)))
    typed = _of_type(diabetes, "2", "unspecified", "any")
    return (*evidence_of(typed), *insulin) if typed and insulin else ()


# ---------------------------------------------------------------- kidneys


def _late_stages(case: Case) -> Conditions:
    stage = case.rules.factor("R-CO")["ckd_stage"]
    return tuple(hit for hit in _active(case, KIDNEY) if (known := _stage(hit)) is not None and known >= stage)


def _stage(hit: Hit[ConditionFact]) -> int | None:
    """Return the stage a code tells: ``5D`` is stage 5 on dialysis."""
    digits = hit.attribute("stage").removesuffix("D")
    return int(digits) if digits.isdigit() else None


def _low(case: Case) -> tuple[Hit[ObservationFact], ...]:
    """Return the unbroken run of newest results that are certainly low, newest first."""
    rule = case.rules.factor("R-CO")
    run: list[Hit[ObservationFact]] = []
    for hit in results(case.record, KIDNEY, case.as_of, EGFR):
        rate = measured(hit.fact, EGFR_UNIT, EGFR)
        if rate is None or rate.number < 0 or hit.fact.effective is None:
            continue
        if not rate.below(rule["egfr"]):
            break
        run.append(hit)
    fresh = bool(run) and made_since(run[0], case.months_ago(rule["egfr_max_age_months"]))
    return tuple(run) if fresh else ()


def _low_twice(case: Case) -> tuple[Evidence, ...]:
    run = _low(case)
    if not run or not _apart(case, run):
        return ()
    return evidence_of((run[0], run[-1]))


def _apart(case: Case, run: tuple[Hit[ObservationFact], ...]) -> bool:
    newest, oldest = run[0].fact.effective, run[-1].fact.effective
    months = int(case.rules.factor("R-CO")["egfr_apart_months"])
    return newest is not None and oldest is not None and newest.first >= add_months(oldest.last, months)


# ---------------------------------------------------------------- stroke


def _paresis(case: Case) -> tuple[Evidence, ...]:
    """A code for paresis after stroke, or hemiplegia that is there now beside a stroke at any time."""
    coded = _of_type(_active(case, STROKE), "paresis-after-stroke")
    hemiplegia = _of_type(_active(case, STROKE), "hemiplegia")
    stroke = _of_type(conditions(case.record, STROKE, case.as_of), "stroke")
    if hemiplegia and stroke:
        return evidence_of((*coded, *hemiplegia, *stroke))
    return evidence_of(coded)


# ---------------------------------------------------------------- not certain


def _possible(case: Case, present: set[str]) -> Finding | None:
    unsure = [Disease(grade, find(case)) for grade, find in _UNSURE.items() if grade not in present]
    unsure = [disease for disease in unsure if disease.evidence]
    if not unsure:
        return None
    values: dict[str, Value] = {"kinds": " ".join(disease.grade for disease in unsure)}
    evidence = tuple(dict.fromkeys(piece for disease in unsure for piece in disease.evidence))
    return case.find("R-CO", Status.POSSIBLE, "co.possible", values=values, evidence=evidence)


def _suspected(concept: str) -> Callable[[Case], tuple[Evidence, ...]]:
    return lambda case: evidence_of(possible_conditions(case.record, concept, case.as_of))


def _suspected_diabetes(case: Case) -> tuple[Evidence, ...]:
    return evidence_of(_of_type(possible_conditions(case.record, DIABETES, case.as_of), "1"))


def _suspected_brittle(case: Case) -> tuple[Evidence, ...]:
    return evidence_of(_brittle(possible_conditions(case.record, RARE, case.as_of)))


def _suspected_kidney(case: Case) -> tuple[Evidence, ...]:
    """Unconfirmed disease, disease of a stage that is not told, or a kidney function that was low once."""
    unsure = possible_conditions(case.record, KIDNEY, case.as_of)
    untold = (hit for hit in _active(case, KIDNEY) if _stage(hit) is None)
    return (*evidence_of(unsure), *evidence_of(untold), *evidence_of(_low(case)[:1]))


_UNSURE: Final = {
    **{grade: _suspected(concept) for grade, concept in _PLAIN.items()},
    "osteogenesis_imperfecta": _suspected_brittle,
    "transplant": _suspected(TRANSPLANT),
    "diabetes_1": _suspected_diabetes,
    "ckd": _suspected_kidney,
}
