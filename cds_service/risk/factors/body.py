"""Family BODY: age, menopause, low weight and OST with limb-corrected weight (D15). The strongest counts.

Age is part of OST. Where OST is known for certain it takes the place of age alone (threshold ``replaces_age``), which
is then shown but not counted; where weight is unknown, or its band straddles a grade, age alone counts.
"""

from typing import Final

import msgspec

from cds_service.risk.assessment import Band, Finding, Status, Value
from cds_service.risk.body.ost import NOT_APPLICABLE, Ost, ost, points
from cds_service.risk.body.ost import RULE as OST
from cds_service.risk.case import Case
from cds_service.risk.filters import active, conditions, evidence_of
from cds_service.risk.silence import unknown

REASONS: Final = {
    "body.woman-age": ("age", "limit"),
    "body.man-age": ("age", "limit"),
    "body.younger": ("age", "limit"),
    "body.age-unknown": ("why",),
    "body.age-inside-ost": ("age", "ost"),
    "body.postmenopausal": ("age", "age_at_menopause"),
    "body.premenopausal": ("age",),
    "body.menopause-unknown": ("why",),
    "body.menopause-inside-ost": ("age", "ost"),
    "body.underweight": ("bmi_low", "bmi_high", "cut"),
    "body.low-weight": ("bmi_low", "bmi_high", "cut"),
    "body.not-low": ("bmi_low", "bmi_high", "cut"),
    "body.bmi-straddles": ("why", "bmi_low", "bmi_high", "cut"),
    "body.bmi-unknown": ("why", "refused"),
    "body.low-weight-coded": (),
    "body.ost": ("ost", "ost_low", "ost_high", "weight", "age"),
    "body.ost-not-low": ("ost", "ost_low", "ost_high", "weight", "age"),
    "body.ost-unknown": ("why", "refused"),
}
REMARKS: Final = (
    "assumed-from-age",
    "straddles-grade",
    "on-oestrogen",
    "weight-may-include-prosthesis",
    "not-adjusted",
)
LOW_WEIGHT: Final = "low-bmi"
NOT_RECORDED: Final = "not-recorded"
UNUSABLE: Final = "unusable"
OUTDATED: Final = "outdated"
_MISSING: Final = frozenset({"weight-missing", "height-missing", "menopause-unknown", "age-unknown", "sex-unknown", ""})
_OLD: Final = frozenset({"weight-outdated", "weight-before-amputation"})


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return one finding for each question of the family that can be asked of this person."""
    value = ost(case)
    found = (_age(case), _menopause(case), _low_weight(case), _ost(case, value))
    return tuple(_inside_ost(finding, value, case) for finding in found if finding is not None)


def why(refusal: str) -> str:
    """Return the word of ``Unknown.why`` for a refusal of weight, height or OST."""
    if refusal in _MISSING:
        return NOT_RECORDED
    return OUTDATED if refusal in _OLD else UNUSABLE


# ---------------------------------------------------------------- age and menopause


def _age(case: Case) -> Finding | None:
    if case.sex not in ("female", "male"):
        return None
    rule, reason = ("R-AGE-F", "body.woman-age") if case.sex == "female" else ("R-AGE-M", "body.man-age")
    limit = case.rules.factor(rule)["age"]
    if case.age is None or not (case.age.at_least(limit) or case.age.below(limit)):
        return unknown(case, rule, "body.age-unknown", NOT_RECORDED, held_against=("age",))
    values: dict[str, Value] = {"age": case.age.low, "limit": limit}
    if case.age.below(limit):
        return case.find(rule, Status.ABSENT, "body.younger", values=values, held_against=("age",))
    return case.find(rule, Status.PRESENT, reason, values=values, held_against=("age",))


def _menopause(case: Case) -> Finding | None:
    """After the menopause, under the age from which age itself counts for more."""
    limit = case.rules.factor("R-AGE-F")["age"]
    if case.sex != "female" or (case.age is not None and case.age.at_least(limit)):
        return None
    state = case.menopause
    if state.state == "unknown":
        return unknown(case, "R-MENO", "body.menopause-unknown", NOT_RECORDED)
    remarks = ("assumed-from-age",) if state.assumed else ()
    values: dict[str, Value] = {"age": case.age.low if case.age else None}
    held = ("assumed_age",) if state.assumed else ()
    if not state.post:
        return case.find(
            "R-MENO", Status.ABSENT, "body.premenopausal", values=values, evidence=state.evidence, remarks=remarks
        )
    return case.find(
        "R-MENO",
        Status.PRESENT,
        "body.postmenopausal",
        values=values | {"age_at_menopause": state.age_at},
        evidence=state.evidence,
        held_against=held,
        remarks=remarks,
    )


_INSIDE: Final = {
    "R-AGE-F": "body.age-inside-ost",
    "R-AGE-M": "body.age-inside-ost",
    "R-MENO": "body.menopause-inside-ost",
}


def _inside_ost(finding: Finding, value: Ost, case: Case) -> Finding:
    """Set age aside where OST, which holds it, is known for certain."""
    band = value.band
    replaced = case.rules.factor(OST)["replaces_age"] > 0 and case.rules.factor(OST).enabled
    if not finding.present or finding.rule not in _INSIDE or not replaced or band is None or _straddles(band, case):
        return finding
    values: dict[str, Value] = {"age": finding.values["age"], "ost": band.mid}
    return case.find(
        finding.rule,
        Status.NOT_COUNTED,
        _INSIDE[finding.rule],
        values=values,
        evidence=finding.evidence,
        remarks=finding.remarks,
    )


# ---------------------------------------------------------------- OST


def _ost(case: Case, value: Ost) -> Finding | None:
    if value.refused == NOT_APPLICABLE:
        return None
    band = value.band
    if band is None:
        return unknown(case, OST, "body.ost-unknown", why(value.refused), values={"refused": value.refused})
    # The heaviest weight it may be gives the highest OST: the mildest grade.
    given = points(band.high, case)
    finding = case.find(
        OST,
        Status.PRESENT if given else Status.ABSENT,
        "body.ost" if given else "body.ost-not-low",
        grade="most",
        values=_ost_values(case, band),
        evidence=case.body.evidence,
        held_against=("women_zero" if case.sex == "female" else "men_zero",),
        remarks=_ost_remarks(case, band),
    )
    weight = case.rules.weight_name(given)
    return msgspec.structs.replace(finding, points=given, weight=weight)


def _ost_values(case: Case, band: Band) -> dict[str, Value]:
    weight, age = case.body.weight, case.age
    return {
        "ost": band.high,
        "ost_low": band.low,
        "ost_high": band.high,
        "weight": weight.mid if weight else None,
        "age": age.low if age else None,
    }


def _ost_remarks(case: Case, band: Band) -> tuple[str, ...]:
    told = {
        "straddles-grade": _straddles(band, case),
        "assumed-from-age": case.menopause.assumed,
        "on-oestrogen": case.menopause.on_hrt,
        "weight-may-include-prosthesis": "weight-may-include-prosthesis" in case.body.remarks,
    }
    return tuple(remark for remark, holds in told.items() if holds)


def _straddles(band: Band, case: Case) -> bool:
    return points(band.low, case) != points(band.high, case)


# ---------------------------------------------------------------- low weight


def _low_weight(case: Case) -> Finding:
    bmi = case.body.bmi
    if bmi is None:
        return _coded(case)
    factor = case.rules.factor("R-BMI-L")
    for grade, reason in (("underweight", "body.underweight"), ("low", "body.low-weight")):
        if bmi.certainly_below(factor[grade]):
            return _bmi(case, Status.PRESENT, reason, bmi, grade)
    if bmi.certainly_at_least(factor["low"]):
        return _bmi(case, Status.ABSENT, "body.not-low", bmi, "low")
    return unknown(
        case,
        "R-BMI-L",
        "body.bmi-straddles",
        UNUSABLE,
        values=_bmi_values(case, bmi, "low"),
        evidence=case.body.evidence,
        held_against=("low",),
    )


def _bmi(case: Case, status: Status, reason: str, bmi: Band, grade: str) -> Finding:
    return case.find(
        "R-BMI-L",
        status,
        reason,
        grade=grade,
        values=_bmi_values(case, bmi, grade),
        evidence=case.body.evidence,
        held_against=(grade,),
        remarks=tuple(remark for remark in case.body.remarks if remark == "weight-may-include-prosthesis"),
    )


def _bmi_values(case: Case, bmi: Band, grade: str) -> dict[str, Value]:
    return {"bmi_low": bmi.low, "bmi_high": bmi.high, "cut": case.rules.factor("R-BMI-L")[grade]}


def _coded(case: Case) -> Finding:
    """Without a computed BMI a coded low weight is only possible: nobody knows whether it was corrected."""
    hits = [hit for hit in conditions(case.record, LOW_WEIGHT, case.as_of) if active(hit)]
    if hits:
        return case.find(
            "R-BMI-L",
            Status.POSSIBLE,
            "body.low-weight-coded",
            evidence=evidence_of(hits),
            remarks=("not-adjusted",),
        )
    refused = case.body.refused or case.body.height_refused
    return unknown(case, "R-BMI-L", "body.bmi-unknown", why(refused), values={"refused": refused})
