"""What the hormone rules share: whether a treatment counts today, and how it is told."""

from typing import Final, Literal

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure, drug_exposure
from cds_service.risk.drugs.findings import (
    EXPOSURE_VALUES,
    perhaps_taken_since,
    planned_or_denied,
    rounded,
    taken_since,
    told,
    undated,
)
from cds_service.risk.filters import conditions

DEPRIVATION: Final = "drug-hormone-deprivation"
BREAST_CANCER: Final = "breast-cancer"
PROSTATE_CANCER: Final = "prostate-cancer"

_GNRH: Final = frozenset({"GnRH", "GnRH-agonist", "GnRH-antagonist"})
# Reasons about tablets, which are taken each day.
_TABLETS: Final = ("horm.aromatase-inhibitor", "horm.tamoxifen-")
_STRONG: Final = frozenset({"R-AI", "R-OFS", "R-ADT"})

TABLET_VALUES: Final = (*EXPOSURE_VALUES, "dose_mg")
"""Values of a finding about tablets: those of every drug, and the mean known dose in mg a day."""

Timing = Literal["counts", "perhaps", "past", "never"]


def gnrh_exposure(case: Case) -> Exposure:
    """Return the exposure to GnRH agonists and antagonists."""
    hits = case.record.medications.get(DEPRIVATION, ())
    return drug_exposure((hit for hit in hits if hit.attribute("class") in _GNRH), case.rules, case.as_of)


def timing(case: Case, rule: str, exposure: Exposure) -> Timing:
    """Tell whether a treatment counts: taken now or ended within the months of the rule (R-OFS: now, for want of one).

    ``perhaps``: its end is not known and may be recent enough. ``past``: it ended before. ``never``: not taken.
    """
    if not exposure.taken:
        return "never"
    ended = case.rules.factor(rule).thresholds.get("ended_months")
    since = case.months_ago(ended.value) if ended else case.as_of
    if taken_since(exposure, since):
        return "counts"
    return "perhaps" if undated(exposure) or perhaps_taken_since(exposure, since) else "past"


def possible_or_past(case: Case, rule: str, exposure: Exposure) -> tuple[Finding, ...]:
    """Return that a treatment may still count (``horm.end-unknown``) or is over (``horm.ended``); nothing otherwise."""
    when = timing(case, rule, exposure)
    if when == "perhaps":
        return (present(case, rule, "horm.end-unknown", exposure, status=Status.POSSIBLE),)
    if when == "past":
        return (present(case, rule, "horm.ended", exposure, status=Status.NOT_COUNTED),)
    return ()


def asides(case: Case, rule: str, exposure: Exposure) -> tuple[Finding, ...]:
    """Return that it is only planned, or not taken although prescribed."""
    return planned_or_denied(case, rule, "horm", exposure)


def indication(case: Case, cancer: str) -> tuple[str, ...]:
    """Return the remark that the cancer which explains the treatment is not recorded (its history suffices)."""
    return () if conditions(case.record, cancer, case.as_of) else ("indication-not-recorded",)


def _values(reason: str, exposure: Exposure) -> dict[str, Value]:
    """Return what is told of a treatment; a mean daily dose (mg) only of tablets, for a depot it would mislead."""
    if not reason.startswith(_TABLETS):
        return told(exposure)
    return {**told(exposure), "dose_mg": rounded(exposure.mean())}


def present(  # noqa: PLR0913 - a finding has these parts; naming them at the call reads best
    case: Case,
    rule: str,
    reason: str,
    exposure: Exposure,
    *,
    status: Status = Status.PRESENT,
    grade: str = "",
    remarks: tuple[str, ...] = (),
    held_against: tuple[str, ...] | None = None,
    at_risk: bool = False,
    only_possible: bool = False,
) -> Finding:
    """Return the finding of one treatment; a strong rule that is present also says since when."""
    status = Status.POSSIBLE if only_possible else status
    is_present = status is Status.PRESENT
    latest = exposure.latest
    return case.find(
        rule,
        status,
        reason,
        grade=grade,
        values=_values(reason, exposure),
        evidence=exposure.evidence,
        held_against=tuple(case.rules.factor(rule).thresholds) if held_against is None else held_against,
        remarks=(*exposure.remarks, *remarks),
        strong_since=latest.start if is_present and rule in _STRONG and latest else None,
        at_risk_treatment=is_present and at_risk and exposure.current,
    )
