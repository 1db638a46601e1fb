"""Family WT: overweight, contested (R-WT, D1).

The EX-Center sheet names it; for hip and spine the evidence points the other way [79], while ankle, upper-leg and arm
fractures and falls increase [80][81]. So it is shown, and gives points only in the profile ``sheet``.
"""

from typing import Final

from cds_service.risk.assessment import Band, Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.factors.body import UNUSABLE, why
from cds_service.risk.filters import active, conditions, evidence_of, possible_conditions
from cds_service.risk.silence import unknown

RULE: Final = "R-WT"
CONCEPT: Final = "overweight"
REASONS: Final = {
    "wt.overweight": ("bmi_low", "bmi_high", "cut", "obese"),
    "wt.not-overweight": ("bmi_low", "bmi_high", "cut", "obese"),
    "wt.straddles": ("why", "bmi_low", "bmi_high", "cut", "obese"),
    "wt.coded": (),
    "wt.possible": (),
    "wt.unknown": ("why", "refused"),
}
REMARKS: Final = ("contested", "not-adjusted", "weight-may-include-prosthesis")


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return overweight from the corrected BMI when its whole band is above the cut, else from a coded diagnosis."""
    bmi = case.body.bmi
    return (_measured(case, bmi) if bmi else _coded(case),)


def _measured(case: Case, bmi: Band) -> Finding:
    factor = case.rules.factor(RULE)
    cut, values = factor["overweight"], _values(case, bmi)
    if not bmi.certainly_at_least(cut) and not bmi.certainly_below(cut):
        return unknown(
            case,
            RULE,
            "wt.straddles",
            UNUSABLE,
            evidence=case.body.evidence,
            values=values,
            held_against=("overweight",),
        )
    above = bmi.certainly_at_least(cut)
    doubt = tuple(remark for remark in case.body.remarks if remark == "weight-may-include-prosthesis")
    return case.find(
        RULE,
        Status.PRESENT if above else Status.ABSENT,
        "wt.overweight" if above else "wt.not-overweight",
        values=values,
        evidence=case.body.evidence,
        held_against=("overweight", "obesity"),
        remarks=("contested", *doubt) if above else doubt,
    )


def _values(case: Case, bmi: Band) -> dict[str, Value]:
    factor = case.rules.factor(RULE)
    return {
        "bmi_low": bmi.low,
        "bmi_high": bmi.high,
        "cut": factor["overweight"],
        "obese": _obese(bmi, factor["obesity"]),
    }


def _obese(bmi: Band, cut: float) -> bool | None:
    if bmi.certainly_at_least(cut):
        return True
    return False if bmi.certainly_below(cut) else None


def _coded(case: Case) -> Finding:
    hits = [hit for hit in conditions(case.record, CONCEPT, case.as_of) if active(hit)]
    if hits:
        remarks = ("contested", "not-adjusted")
        return case.find(RULE, Status.PRESENT, "wt.coded", evidence=evidence_of(hits), remarks=remarks)
    suspected = possible_conditions(case.record, CONCEPT, case.as_of)
    if suspected:
        return case.find(RULE, Status.POSSIBLE, "wt.possible", evidence=evidence_of(suspected))
    refused = case.body.refused or case.body.height_refused
    return unknown(case, RULE, "wt.unknown", why(refused), values={"refused": refused})
