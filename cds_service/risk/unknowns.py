"""What is not known: the core items of section 4, and whatever else a factor could not decide.

Missing is never "absent". A core item is known only when something was found or a recorded negative says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cds_service.risk.assessment import Finding, GateFinding, Status, Unknown
from cds_service.risk.case import Case
from cds_service.risk.dxa import unusable_results
from cds_service.risk.filters import NOT_RECORDED, why_silent
from cds_service.risk.record import Area, Delivery, PatientRecord

CORE_FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fracture-history": "FX",
        "parental-hip-fracture": "HER",
        "smoking": "SMK",
        "alcohol": "ALC",
        "activity": "ACT",
        "falls": "FALL",
    }
)
"""Core items that one family of factors answers."""

OTHER_FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "GC": "cortisone",
        "HORM": "hormone-treatment",
        "HEP": "heparin",
        "INFL": "inflammatory-disease",
        "NUT": "nutrition",
        "MALABS": "malabsorption",
        "THYR": "thyroid",
        "PTH": "parathyroid",
        "VITD": "vitamin-d",
        "MENO": "early-menopause",
        "OTHER": "other-disease-or-drug",
        "FRAX": "frax-result",
    }
)
"""What is not core, by family. BODY, WT and LD are told by the core items ``weight-and-height`` and ``limb-level``."""

ITEMS: Final = (
    "limb-level",
    "weight-and-height",
    "menopausal-state",
    *CORE_FAMILIES,
    "medication-list",
    *OTHER_FAMILIES.values(),
    "birth-date",
    "sex",
    "limb-code",
    "limb-side",
    "residual-length",
    "dxa-value",
    "local-rule",
)
"""Every key that ``Unknown.item`` may hold."""

_UNAVAILABLE: Final = frozenset({Delivery.BLOCKED, Delivery.FAILED, Delivery.MISSING})
_REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": NOT_RECORDED,
        "weight-missing": NOT_RECORDED,
        "height-missing": NOT_RECORDED,
        "weight-outdated": "outdated",
        "weight-before-amputation": "outdated",
    }
)
# Whether a leg is loaded is asked beside the minutes of activity, not instead of them.
_ASIDE: Final = frozenset({"R-ACT2"})
# Silence for these reasons is a failure of delivery, not a question that nobody asked.
_UNREAD: Final = frozenset({"blocked", "failed", "missing", "partial", "unusable", "not-coded"})
_TOLD_OTHERWISE: Final = frozenset({"BODY", "WT", "LD", "TOOL"})


def unknowns(case: Case, findings: tuple[Finding, ...]) -> tuple[Unknown, ...]:
    """Return what is not known, core items first, each item once."""
    found: dict[str, Unknown] = {}
    for unknown in (*_core(case, findings), *_person(case), *_others(findings), *unusable_results(case)):
        found.setdefault(unknown.item, unknown)
    return tuple(found.values())


def cohort_unknown(record: PatientRecord, gates: Iterable[GateFinding]) -> tuple[Unknown, ...]:
    """Return that the limb level is not known when G-COHORT closed on lists that did not arrive whole."""
    unsure = any("limb-data-incomplete" in gate.remarks for gate in gates)
    why = why_silent(record, Area.CONDITIONS, Area.PROCEDURES)
    return (Unknown(item="limb-level", core=True, why=why),) if unsure else ()


def core_items(case: Case) -> tuple[str, ...]:
    """Return the core items that apply to this person: the menopausal state is asked of women of its ages only."""
    asked = _menopause_is_asked(case)
    return tuple(item for item in case.rules.core_items if item != "menopausal-state" or asked)


def may_hide_more(unknown: Iterable[Unknown]) -> bool:
    """True when a core item is unknown, or data that exist could not be read: the tier is then "at least"."""
    return any(item.core or item.why in _UNREAD for item in unknown)


def unavailable(case: Case, area: Area) -> bool:
    """True when an area could not be read at all: blocked, failed or not delivered."""
    return case.record.delivery(area).state in _UNAVAILABLE


def _core(case: Case, findings: tuple[Finding, ...]) -> Iterator[Unknown]:
    for item in core_items(case):
        why = _why_unknown(item, case, findings)
        if why:
            rule = _rule_of(item, findings)
            yield Unknown(item=item, core=True, why=why, rule=rule)


def _why_unknown(item: str, case: Case, findings: tuple[Finding, ...]) -> str:
    """Return why a core item is unknown, or an empty string when it is known."""
    if item in CORE_FAMILIES:
        return _why_family(CORE_FAMILIES[item], findings)
    if item == "limb-level":
        return why_silent(case.record, Area.CONDITIONS) if case.limbs.level_unknown else ""
    if item == "weight-and-height":
        return _why_body(case)
    if item == "menopausal-state":
        return NOT_RECORDED if case.menopause.state == "unknown" else ""
    complete = case.record.complete(Area.MEDICATIONS)
    return "" if complete else why_silent(case.record, Area.MEDICATIONS)


def _why_family(family: str, findings: tuple[Finding, ...]) -> str:
    """Something found answers the question, except that another relative does not answer for the parents."""
    own = [finding for finding in findings if finding.family == family and finding.rule not in _ASIDE]
    if any(finding.present for finding in findings if finding.family == family) and family != "HER":
        return ""
    silent = next((finding for finding in own if finding.status is Status.UNKNOWN), None)
    if silent:
        return str(silent.values.get("why", NOT_RECORDED))
    return "" if any(finding.status is not Status.POSSIBLE for finding in own) else NOT_RECORDED


def _why_body(case: Case) -> str:
    body = case.body
    if body.weight is not None and body.bmi is not None:
        return ""
    refusal = body.refused or body.height_refused
    if _REFUSALS.get(refusal) == NOT_RECORDED:
        return why_silent(case.record, Area.OBSERVATIONS)
    return _REFUSALS.get(refusal, "unusable")


def _menopause_is_asked(case: Case) -> bool:
    if case.sex != "female" or case.age is None:
        return False
    first, last = case.rules.number("core.menopause_from"), case.rules.number("core.menopause_to")
    return case.age.high >= first and case.age.low <= last


def _rule_of(item: str, findings: tuple[Finding, ...]) -> str:
    family = CORE_FAMILIES.get(item)
    silent = (f for f in findings if f.family == family and f.status is Status.UNKNOWN)
    return next((finding.rule for finding in silent), "")


def adult_or_child_known(case: Case) -> bool:
    """True when it is certain on which side of the paediatric age the patient stands."""
    adult = case.rules.number("gates.paediatric_age")
    return case.age is not None and (case.age.at_least(adult) or case.age.below(adult))


def _person(case: Case) -> Iterator[Unknown]:
    if not adult_or_child_known(case):
        yield Unknown(item="birth-date", why=NOT_RECORDED if case.age is None else "unusable")
    if not case.sex:
        yield Unknown(item="sex")
    if case.limbs.side_unknown:
        yield Unknown(item="limb-side")
    fraction = case.body.missing_fraction
    if fraction is not None and fraction.low < fraction.high:
        yield Unknown(item="residual-length", values={"low": fraction.low, "high": fraction.high})


def _others(findings: tuple[Finding, ...]) -> Iterator[Unknown]:
    for finding in findings:
        told = finding.family in _TOLD_OTHERWISE or finding.family in CORE_FAMILIES.values()
        if finding.status is Status.UNKNOWN and not told:
            item = OTHER_FAMILIES.get(finding.family, "local-rule")
            yield Unknown(item=item, why=str(finding.values.get("why", NOT_RECORDED)), rule=finding.rule)
