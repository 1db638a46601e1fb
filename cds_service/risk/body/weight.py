"""Weight and BMI corrected for missing limbs, as bands, or why not (proposed-rules section 3).

W_O = scale weight minus prostheses; W_E = W_O / (1 - P) [27]; BMI = W_E / height^2. Raw values are kept apart: they are
shown only with the words that they are not adjusted.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Band, BodySize, LimbStatus
from cds_service.risk.body.heights import OBSERVATIONS, Height, height_of, legs_lost
from cds_service.risk.body.measures import KG, KG_PER_M2, amount
from cds_service.risk.body.missing_mass import missing_mass
from cds_service.risk.dates import PartialDate, add_days, add_months
from cds_service.risk.filters import item_answers, made_since, newest_evidence, newest_first, results
from cds_service.risk.limbs.levels import ACQUIRED
from cds_service.risk.record import Evidence, Hit, ObservationFact, PatientRecord
from cds_service.rulesets.model import RuleSet

WORN_ITEM: Final = "weighed-with-prosthesis"
PROSTHESIS_MASS_ITEM: Final = "prosthesis-mass"
_WEIGHT_ROLES: Final = ("weight", "weight-measured")
_BMI_ROLES: Final = ("bmi", "bmi-estimated")
_NOTHING_MISSING: Final = Band(0.0, 0.0, 0.0)

REFUSALS: Final = (
    "weight-missing",
    "weight-implausible",
    "weight-outdated",
    "weight-before-amputation",
    "mass-not-defined",
    "level-unknown",
    "too-much-missing",
    "height-missing",
    "height-on-prostheses",
)
REMARKS: Final = (
    "weight-may-include-prosthesis",
    "prosthesis-mass-unknown",
    "prosthesis-mass-subtracted",
    "height-before-amputation",
    "height-estimated",
    "bmi-as-recorded",
)
_CM_PER_M: Final = 100.0

Found = Hit[ObservationFact]


class _Weighing(msgspec.Struct, frozen=True, kw_only=True):
    """The newest weighing, and why it may not be used."""

    kg: float | None = None
    on: PartialDate | None = None
    refused: str = ""
    evidence: tuple[Evidence, ...] = ()


class _Part(msgspec.Struct, frozen=True):
    """A band with what a reader must be told of it and what it rests on."""

    band: Band | None = None
    remarks: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def body_size(record: PatientRecord, limbs: LimbStatus, rules: RuleSet, as_of: date) -> BodySize:
    """Return weight (kg), height (cm) and BMI (kg/m2), raw and corrected, with uncertainty bands and refusals."""
    weighing = _weighing(record, limbs, rules, as_of)
    height = height_of(record, limbs, rules, as_of)
    missing = missing_mass(record, limbs, rules, as_of)
    refused = weighing.refused or missing.refused
    scale = _Part() if refused else _scale(weighing, record, limbs, rules, as_of)
    weight = _corrected(scale.band, missing.fraction)
    recorded = _recorded_bmi(record, rules, as_of)
    bmi = _bmi(weight, height, recorded, whole=missing.fraction == _NOTHING_MISSING)
    return BodySize(
        raw_weight=weighing.kg,
        raw_height=height.raw,
        raw_bmi=_raw_bmi(weighing.kg, height.raw, recorded),
        weighed_on=weighing.on,
        missing_fraction=missing.fraction,
        weight=weight,
        bmi=bmi.band,
        refused=refused,
        height_refused="" if bmi.band else height.refused,
        remarks=(*scale.remarks, *height.remarks, *bmi.remarks),
        evidence=newest_evidence(weighing.evidence, scale.evidence, height.evidence, missing.evidence, bmi.evidence),
    )


class DatedBmi(msgspec.Struct, frozen=True):
    """The corrected BMI (kg/m2) of one weighing on a known day; ``evidence`` names the weighing."""

    day: date
    bmi: Band
    evidence: Evidence


def bmi_series(record: PatientRecord, limbs: LimbStatus, rules: RuleSet, as_of: date) -> tuple[DatedBmi, ...]:
    """Return the corrected BMI of each weighing after the last amputation, oldest first; empty without a height.

    Today's missing mass and height are taken: neither changes after the loss of a limb in an adult.
    """
    height, missing = height_of(record, limbs, rules, as_of), missing_mass(record, limbs, rules, as_of)
    found: list[DatedBmi] = []
    for hit in _weighings(record, rules, as_of):
        when = hit.fact.effective
        if when is None or not when.exact or not _after_every_loss(when, limbs):
            continue
        weighing = _Weighing(kg=amount(hit.fact, KG), on=when)
        weight = _corrected(_scale(weighing, record, limbs, rules, as_of).band, missing.fraction)
        bmi = _bmi(weight, height, None, whole=False).band
        if bmi:
            found.append(DatedBmi(when.first, bmi, hit.fact.evidence))
    return tuple(reversed(found))


# ---------------------------------------------------------------- weighing


def _weighings(record: PatientRecord, rules: RuleSet, as_of: date) -> tuple[Found, ...]:
    """Return the plausible weighings in kg, newest first."""
    low, high = rules.number("weight.plausible_weight_low"), rules.number("weight.plausible_weight_high")
    return newest_first(hit for hit in _weighed(record, as_of) if low <= (amount(hit.fact, KG) or 0) <= high)


def _weighed(record: PatientRecord, as_of: date) -> list[Found]:
    return [
        hit
        for role in _WEIGHT_ROLES
        for hit in results(record, OBSERVATIONS, as_of, role=role)
        if amount(hit.fact, KG) is not None
    ]


def _weighing(record: PatientRecord, limbs: LimbStatus, rules: RuleSet, as_of: date) -> _Weighing:
    plausible = _weighings(record, rules, as_of)
    if not plausible:
        return _Weighing(refused="weight-implausible" if _weighed(record, as_of) else "weight-missing")
    newest = plausible[0].fact
    return _Weighing(
        kg=amount(newest, KG),
        on=newest.effective,
        refused=_why_not(newest.effective, limbs, rules, as_of),
        evidence=(newest.evidence,),
    )


def _why_not(weighed: PartialDate | None, limbs: LimbStatus, rules: RuleSet, as_of: date) -> str:
    oldest = add_months(as_of, -int(rules.number("weight.max_age_months")))
    if weighed is None or not weighed.certainly_on_or_after(oldest):
        return "weight-outdated"
    return "" if _after_every_loss(weighed, limbs) else "weight-before-amputation"


def _after_every_loss(weighed: PartialDate, limbs: LimbStatus) -> bool:
    # Lost and weighed on the same day, or in the same month of which no day is known: which came first is not known.
    losses = [limb.since for limb in limbs.limbs if limb.origin == ACQUIRED and limb.since]
    return all(weighed.first > loss.last for loss in losses)


def _scale(weighing: _Weighing, record: PatientRecord, limbs: LimbStatus, rules: RuleSet, as_of: date) -> _Part:
    """Return W_O: scale weight without prostheses (kg).

    Worn, mass unknown: up to ``weight.prosthesis_mass`` lighter for each lost leg. Not known whether worn: a remark.
    """
    kg = weighing.kg or 0.0
    legs = len(legs_lost(limbs))
    near = int(rules.number("weight.same_weighing_days"))
    worn = _near(item_answers(record, WORN_ITEM, as_of), weighing.on, near)
    told = next((hit for hit in worn if isinstance(hit.fact.value, bool)), None)
    mass = next(
        (hit for hit in _near(item_answers(record, PROSTHESIS_MASS_ITEM, as_of), weighing.on, near) if _mass(hit, kg)),
        None,
    )
    if told is not None and told.fact.value is False:
        return _Part(flat(kg), (), (told.fact.evidence,))
    evidence = tuple(hit.fact.evidence for hit in (told, mass) if hit)
    if mass:
        return _Part(flat(kg - _mass(mass, kg)), ("prosthesis-mass-subtracted",), evidence)
    if told is None:
        return _Part(flat(kg), ("weight-may-include-prosthesis",) if legs else ())
    heaviest = legs * rules.number("weight.prosthesis_mass")
    return _Part(Band(kg - heaviest, kg - heaviest / 2, kg), ("prosthesis-mass-unknown",), evidence)


def _mass(hit: Found, kg: float) -> float:
    """Return the mass of the prostheses in kg, or 0 when it is unusable or cannot be."""
    mass = amount(hit.fact, KG)
    return mass if mass is not None and 0 < mass < kg else 0.0


def _near(hits: Iterable[Found], weighed: PartialDate | None, days: int) -> list[Found]:
    """Return answers given within ``days`` of the weighing, and undated ones."""
    return [hit for hit in hits if _speaks_of(hit.fact.effective, weighed, days)]


def _speaks_of(answered: PartialDate | None, weighed: PartialDate | None, days: int) -> bool:
    if answered is None or weighed is None:
        return True
    return add_days(weighed.first, -days) <= answered.last and answered.first <= add_days(weighed.last, days)


def _corrected(scale: Band | None, fraction: Band | None) -> Band | None:
    """Return W_E = W_O / (1 - P) in kg [27]."""
    if scale is None or fraction is None:
        return None
    return Band(scale.low / (1 - fraction.low), scale.mid / (1 - fraction.mid), scale.high / (1 - fraction.high))


# ---------------------------------------------------------------- BMI


def _bmi(weight: Band | None, height: Height, recorded: Found | None, *, whole: bool) -> _Part:
    """Return BMI in kg/m2: from W_E and a usable height, else as recorded, but only in someone who lacks no mass."""
    if weight and height.cm:
        squared = (height.cm / _CM_PER_M) ** 2
        return _Part(Band(weight.low / squared, weight.mid / squared, weight.high / squared))
    if not recorded or not whole:
        return _Part()
    return _Part(flat(_kg_per_m2(recorded)), ("bmi-as-recorded",), (recorded.fact.evidence,))


def _recorded_bmi(record: PatientRecord, rules: RuleSet, as_of: date) -> Found | None:
    """Return the newest recorded BMI that is recent and plausible."""
    oldest = add_months(as_of, -int(rules.number("weight.max_age_months")))
    low, high = rules.number("weight.plausible_bmi_low"), rules.number("weight.plausible_bmi_high")
    hits = [hit for role in _BMI_ROLES for hit in results(record, OBSERVATIONS, as_of, role=role)]
    usable = (hit for hit in hits if made_since(hit, oldest) and low <= _kg_per_m2(hit) <= high)
    return next(iter(newest_first(usable)), None)


def _kg_per_m2(hit: Found) -> float:
    return amount(hit.fact, KG_PER_M2) or 0.0


def _raw_bmi(kg: float | None, cm: float | None, recorded: Found | None) -> float | None:
    if kg and cm:
        return kg / (cm / _CM_PER_M) ** 2
    return _kg_per_m2(recorded) if recorded else None


def flat(value: float) -> Band:
    """Return a band without width."""
    return Band(value, value, value)
