"""Which height may be used for BMI (proposed-rules section 3, rule 3).

Prosthesis height is no height: someone without legs is as tall as the prostheses are built. So after the loss of both
legs only the height before it, or one estimated from other body parts, counts. Standing on one sound leg is good.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import LimbStatus, MissingLimb
from cds_service.risk.body.measures import CM, amount
from cds_service.risk.dates import PartialDate
from cds_service.risk.filters import age_at, item_answers, results
from cds_service.risk.limbs.levels import ACQUIRED, LOWER, UNKNOWN, more_than_partial
from cds_service.risk.record import Evidence, Hit, ObservationFact, PatientRecord
from cds_service.rulesets.model import RuleSet

OBSERVATIONS: Final = "bmi-observation"
BEFORE_ITEM: Final = "height-before-amputation"
ESTIMATED_ITEM: Final = "height-estimated"
_BOTH_LEGS: Final = 2


class Height(msgspec.Struct, frozen=True, kw_only=True):
    """Height in cm that BMI may use, or why there is none; ``raw`` is the newest standing height as recorded."""

    cm: float | None = None
    raw: float | None = None
    refused: str = ""
    remarks: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def height_of(record: PatientRecord, limbs: LimbStatus, rules: RuleSet, as_of: date) -> Height:
    """Return the height for BMI: before the amputation, else standing where it means anything, else estimated."""
    before = _plausible(item_answers(record, BEFORE_ITEM, as_of), rules)
    standing = _adult(record, _plausible(results(record, OBSERVATIONS, as_of, role="height"), rules), rules)
    estimated = _plausible(item_answers(record, ESTIMATED_ITEM, as_of), rules)
    usable = [hit for hit in standing if _stands(limbs) or _before_loss(hit.fact.effective, limbs)]
    raw = _cm(standing[0]) if standing else None
    for hits, remark in ((before, "height-before-amputation"), (usable, ""), (estimated, "height-estimated")):
        if hits:
            remarks = (remark,) if remark else ()
            return Height(cm=_cm(hits[0]), raw=raw, remarks=remarks, evidence=(hits[0].fact.evidence,))
    return Height(raw=raw, refused="height-on-prostheses" if standing else "height-missing")


def legs_lost(limbs: LimbStatus) -> tuple[MissingLimb, ...]:
    """Return the lower limbs lost at the ankle or above (or to an unknown extent), one entry each."""
    return tuple(
        limb for limb in limbs.limbs if limb.limb == LOWER and (limb.level == UNKNOWN or more_than_partial(limb.level))
    )


def _stands(limbs: LimbStatus) -> bool:
    # Where not even arm or leg is known, both legs may be gone.
    return len(legs_lost(limbs)) < _BOTH_LEGS and limbs.ld_class != "UNK"


def _before_loss(measured: PartialDate | None, limbs: LimbStatus) -> bool:
    """True when one of two lost legs was certainly still there: all were acquired, and the second is dated later."""
    lost = legs_lost(limbs)
    if measured is None or not lost or any(limb.origin != ACQUIRED or limb.since is None for limb in lost):
        return False
    return any(measured.certainly_before(limb.since.first) for limb in lost if limb.since)


def _plausible(hits: Iterable[Hit[ObservationFact]], rules: RuleSet) -> list[Hit[ObservationFact]]:
    low, high = rules.number("weight.plausible_height_low"), rules.number("weight.plausible_height_high")
    return [hit for hit in hits if (cm := amount(hit.fact, CM)) is not None and low <= cm <= high]


def _adult(record: PatientRecord, hits: list[Hit[ObservationFact]], rules: RuleSet) -> list[Hit[ObservationFact]]:
    """Leave out heights certainly measured before growth ended."""
    birth, grown = record.demographics.birth_date, rules.number("weight.adult_height_age")
    return [hit for hit in hits if not _measured_under(hit.fact.effective, birth, grown)]


def _measured_under(measured: PartialDate | None, birth: PartialDate | None, age: float) -> bool:
    return measured is not None and birth is not None and age_at(measured, birth).below(age)


def _cm(hit: Hit[ObservationFact]) -> float | None:
    return amount(hit.fact, CM)
