"""Family HORM: hormone treatment of breast and prostate cancer, and low testosterone (sheet: hormone treatment).

Rules R-AI, R-OFS, R-TAM, R-ADT (:mod:`.androgen`) and R-HYPO (:mod:`.hypogonadism`). Each drug that counts is shown;
only the strongest of the family adds points. Any duration counts, also one that ended within the months of the rule.

Decisions beyond the rule table:

- A GnRH agonist or antagonist in a woman is ovarian suppression. Without a recorded breast cancer (it is also given
  for endometriosis) it is possible, with the remark ``indication-not-recorded``. After a recorded menopause, or from
  the age of the rule, it is seen, not counted.
- Tamoxifen in a man, and fulvestrant, which has no effect of its own on bone, are seen, not counted.
- Only planned: seen, not counted (R-ADT: present). An unrecorded end that may be recent enough: possible.
- The diagnosis codes "long-term (current) use": of aromatase inhibitors (Z79.811) present, for neither dose nor
  duration matters there; of SERMs and of other agents (Z79.810, Z79.818), which do not name the drug: possible.
"""

from typing import Final

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure, drug_exposure
from cds_service.risk.drugs.findings import EXPOSURE_VALUES, LONG_TERM_USE, closing, long_term_use
from cds_service.risk.factors import androgen, hypogonadism
from cds_service.risk.factors.hormone_drugs import (
    BREAST_CANCER,
    DEPRIVATION,
    PROSTATE_CANCER,
    TABLET_VALUES,
    asides,
    gnrh_exposure,
    indication,
    possible_or_past,
    present,
    timing,
)

AROMATASE: Final = "drug-aromatase-inhibitor"
SERM: Final = "drug-serm"
_NO_BONE_EFFECT: Final = "oestrogen-receptor-degrader"

REASONS: Final = {
    "horm.aromatase-inhibitor": TABLET_VALUES,
    "horm.aromatase-inhibitor-coded": (),
    "horm.ovarian-suppression": EXPOSURE_VALUES,
    "horm.ovarian-suppression-not-counted": EXPOSURE_VALUES,
    "horm.tamoxifen-before-menopause": TABLET_VALUES,
    "horm.tamoxifen-menopause-unknown": TABLET_VALUES,
    "horm.tamoxifen-after-menopause": TABLET_VALUES,
    "horm.tamoxifen-man": TABLET_VALUES,
    "horm.no-bone-effect": EXPOSURE_VALUES,
    "horm.recorded-long-term": (),
    "horm.end-unknown": EXPOSURE_VALUES,
    "horm.ended": EXPOSURE_VALUES,
    "horm.planned": ("drug",),
    "horm.not-taken": ("drug",),
    "horm.not-listed": (),
    "horm.unknown": ("why",),
    **androgen.REASONS,
    **hypogonadism.REASONS,
}
"""Reason keys of this family with the names of their values."""
REMARKS: Final = ("assumed-from-age", "indication-not-recorded", "sex-not-recorded")
"""Remark keys beside those of :data:`cds_service.risk.drugs.exposure.REMARKS`."""


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return every hormone treatment that counts, is possible, or is seen but not counted."""
    found = (
        *_aromatase(case),
        *_ovarian_suppression(case),
        *_tamoxifen(case),
        *androgen.evaluate(case),
        *hypogonadism.evaluate(case),
    )
    rule = "R-ADT" if case.sex == "male" else "R-AI"
    # Closing needs to know of drugs only: an untreated hypogonadism says nothing of the medication list.
    of_drugs = [one for one in found if one.rule != "R-HYPO"]
    return (*found, *closing(case, rule, "horm", of_drugs))


def _aromatase(case: Case) -> tuple[Finding, ...]:
    exposure = drug_exposure(case.record.medications.get(AROMATASE, ()), case.rules, case.as_of)
    found = possible_or_past(case, "R-AI", exposure)
    if timing(case, "R-AI", exposure) == "counts":
        found = (present(case, "R-AI", "horm.aromatase-inhibitor", exposure, at_risk=True),)
    coded = long_term_use(case, AROMATASE, LONG_TERM_USE)
    if coded and not any(one.present for one in found):
        found = (
            case.find("R-AI", Status.PRESENT, "horm.aromatase-inhibitor-coded", evidence=coded, at_risk_treatment=True),
            *found,
        )
    return (*found, *asides(case, "R-AI", exposure))


# ---------------------------------------------------------------- ovarian suppression


def _ovarian_suppression(case: Case) -> tuple[Finding, ...]:
    if case.sex == "male" or (not case.sex and not indication(case, PROSTATE_CANCER)):
        return ()
    exposure = gnrh_exposure(case)
    found = (*_suppressed(case, exposure), *asides(case, "R-OFS", exposure))
    coded = long_term_use(case, DEPRIVATION, LONG_TERM_USE)
    if coded and not any(one.present for one in found):
        found = (*found, case.find("R-OFS", Status.POSSIBLE, "horm.recorded-long-term", evidence=coded))
    return found


def _suppressed(case: Case, exposure: Exposure) -> tuple[Finding, ...]:
    when = timing(case, "R-OFS", exposure)
    if when == "never":
        return ()
    if when != "counts":
        return possible_or_past(case, "R-OFS", exposure)
    limit = case.rules.factor("R-OFS")["below_age"]
    silent = case.menopause.post and not case.menopause.assumed
    if silent or (case.age is not None and case.age.at_least(limit)):
        return (_seen(case, "R-OFS", "horm.ovarian-suppression-not-counted", exposure, ("below_age",)),)
    unexplained = indication(case, BREAST_CANCER)
    unsure = ("sex-not-recorded",) if not case.sex else ()
    young = case.age is not None and case.age.below(limit)
    return (
        present(
            case,
            "R-OFS",
            "horm.ovarian-suppression",
            exposure,
            remarks=(*unexplained, *unsure),
            only_possible=bool(unexplained or unsure or not young),
        ),
    )


# ---------------------------------------------------------------- tamoxifen


def _tamoxifen(case: Case) -> tuple[Finding, ...]:
    hits = case.record.medications.get(SERM, ())
    acting = [hit for hit in hits if hit.attribute("effect") != _NO_BONE_EFFECT]
    others = [hit for hit in hits if hit.attribute("effect") == _NO_BONE_EFFECT]
    exposure = drug_exposure(acting, case.rules, case.as_of)
    idle = drug_exposure(others, case.rules, case.as_of)
    found = possible_or_past(case, "R-TAM", exposure)
    if timing(case, "R-TAM", exposure) == "counts":
        found = (_by_menopause(case, exposure),)
    if idle.taken:
        found = (*found, _seen(case, "R-TAM", "horm.no-bone-effect", idle))
    coded = long_term_use(case, SERM, LONG_TERM_USE)
    if coded and not exposure.taken and not case.menopause.post:
        found = (*found, case.find("R-TAM", Status.POSSIBLE, "horm.recorded-long-term", evidence=coded))
    return (*found, *asides(case, "R-TAM", exposure))


def _by_menopause(case: Case, exposure: Exposure) -> Finding:
    if case.sex == "male":
        return _seen(case, "R-TAM", "horm.tamoxifen-man", exposure)
    if case.menopause.post:
        return _seen(case, "R-TAM", "horm.tamoxifen-after-menopause", exposure)
    if case.menopause.state == "premenopausal":
        remarks = ("assumed-from-age",) if case.menopause.assumed else ()
        reason = "horm.tamoxifen-before-menopause"
        return present(case, "R-TAM", reason, exposure, grade="premenopausal", remarks=remarks)
    return present(case, "R-TAM", "horm.tamoxifen-menopause-unknown", exposure, grade="unknown")


def _seen(case: Case, rule: str, reason: str, exposure: Exposure, held_against: tuple[str, ...] = ()) -> Finding:
    return present(case, rule, reason, exposure, status=Status.NOT_COUNTED, held_against=held_against)
