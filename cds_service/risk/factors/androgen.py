"""R-ADT: androgen deprivation in men (GnRH agonist or antagonist, removal of both testes), now, planned or recent.

Decisions beyond the rule table:

- A man on a GnRH drug is being deprived of androgen whether or not his prostate cancer is recorded: present, with the
  remark ``indication-not-recorded`` when it is not. When the sex is not known either, prostate cancer decides; without
  it the drug is ovarian suppression or neither (possible there).
- The removal of both testes lasts for life.
- An antiandrogen alone (bicalutamide) is neutral for bone (evidence 2.3): seen, not counted. Abiraterone is given to
  castrated men: possible, the castration has to be looked for.
"""

from typing import Final

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure, drug_exposure
from cds_service.risk.drugs.findings import EXPOSURE_VALUES, LONG_TERM_USE, long_term_use, planned_or_denied
from cds_service.risk.factors.hormone_drugs import (
    DEPRIVATION,
    PROSTATE_CANCER,
    gnrh_exposure,
    indication,
    possible_or_past,
    present,
    timing,
)
from cds_service.risk.filters import done, evidence_of

REASONS: Final = {
    "horm.androgen-deprivation": EXPOSURE_VALUES,
    "horm.androgen-deprivation-planned": ("drug",),
    "horm.orchiectomy": ("since",),
    "horm.antiandrogen-alone": EXPOSURE_VALUES,
    "horm.castration-likely": EXPOSURE_VALUES,
}
"""Reason keys of this module with the names of their values."""

_ORCHIECTOMY: Final = "orchiectomy"
_ANTIANDROGEN: Final = "antiandrogen"
_SYNTHESIS_INHIBITOR: Final = "androgen-synthesis-inhibitor"


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return androgen deprivation, and the drugs that only hint at it; nothing for women."""
    if case.sex == "female":
        return ()
    unexplained = indication(case, PROSTATE_CANCER)
    if not case.sex and unexplained:
        return _hints(case)
    exposure = gnrh_exposure(case)
    found = _operated(case, unexplained) or _drug(case, exposure, unexplained)
    if any(one.present for one in found):
        return found
    coded = long_term_use(case, DEPRIVATION, LONG_TERM_USE)
    maybe = (case.find("R-ADT", Status.POSSIBLE, "horm.recorded-long-term", evidence=coded),) if coded else ()
    return (*found, *maybe, *_hints(case))


def _operated(case: Case, unexplained: tuple[str, ...]) -> tuple[Finding, ...]:
    hits = [hit for hit in done(case.record, DEPRIVATION, case.as_of) if hit.attribute("kind") == _ORCHIECTOMY]
    if not hits:
        return ()
    performed = min((hit.fact.performed.last for hit in hits if hit.fact.performed), default=None)
    return (
        case.find(
            "R-ADT",
            Status.PRESENT,
            "horm.orchiectomy",
            values={"since": performed.isoformat() if performed else None},
            evidence=evidence_of(hits),
            remarks=unexplained,
            strong_since=performed,
            at_risk_treatment=True,
        ),
    )


def _drug(case: Case, exposure: Exposure, unexplained: tuple[str, ...]) -> tuple[Finding, ...]:
    when = timing(case, "R-ADT", exposure)
    if when == "counts":
        return (present(case, "R-ADT", "horm.androgen-deprivation", exposure, remarks=unexplained, at_risk=True),)
    return (
        *_planned(case, exposure, unexplained),
        *possible_or_past(case, "R-ADT", exposure),
        *_denied(case, exposure),
    )


def _planned(case: Case, exposure: Exposure, unexplained: tuple[str, ...]) -> tuple[Finding, ...]:
    """Return R-ADT as present for a treatment that is only ordered: the bone is measured at its start [61]."""
    if not exposure.planned:
        return ()
    drug = ", ".join(sorted({one.label for one in exposure.planned}))
    evidence = tuple(dict.fromkeys(one.evidence for one in exposure.planned))
    reason = "horm.androgen-deprivation-planned"
    return (
        case.find("R-ADT", Status.PRESENT, reason, values={"drug": drug}, evidence=evidence, remarks=unexplained,
                  strong_since=case.as_of, at_risk_treatment=True),
    )  # fmt: skip


def _denied(case: Case, exposure: Exposure) -> tuple[Finding, ...]:
    return tuple(one for one in planned_or_denied(case, "R-ADT", "horm", exposure) if one.reason == "horm.not-taken")


def _hints(case: Case) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for drug_class, status, reason in (
        (_SYNTHESIS_INHIBITOR, Status.POSSIBLE, "horm.castration-likely"),
        (_ANTIANDROGEN, Status.NOT_COUNTED, "horm.antiandrogen-alone"),
    ):
        hits = [hit for hit in case.record.medications.get(DEPRIVATION, ()) if hit.attribute("class") == drug_class]
        exposure = drug_exposure(hits, case.rules, case.as_of)
        if timing(case, "R-ADT", exposure) in ("counts", "perhaps"):
            found.append(present(case, "R-ADT", reason, exposure, status=status))
    return tuple(found)
