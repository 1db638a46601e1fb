"""The paediatric route (G-PAED): below 20 no adult rule, no tier and no T-score; P1 only for a stated trigger [36].

Triggers: three months of a systemic steroid, active anorexia nervosa, a vertebral fracture, two long-bone fractures
before ten years of age or three by nineteen. The code tables hold the fragility sites only, so that fractures of the
shafts of long bones are not seen; the spine, hip, upper arm and wrist are.
"""

from collections.abc import Iterable
from typing import Final

from cds_service.risk.assessment import Finding, GateFinding, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import age_at_onset, began_on, newest_evidence, newest_first, stated
from cds_service.risk.record import ConditionFact, Evidence, Hit

TRIGGERS: Final = ("steroid", "anorexia", "vertebral-fracture", "long-bone-fractures-young", "long-bone-fractures")
"""Remarks of G-PAED, one for each trigger; without one there is no card. Values: ``steroid_days``, ``fractures``."""

_FRACTURES: Final = "fragility-fracture"
_STEROIDS: Final = frozenset({"R-GC1", "R-GC2", "R-GC3", "R-GC4"})
_LONG_BONES: Final = frozenset({"wrist", "hip", "proximal-humerus"})
_SPINE: Final = frozenset({"spine", "thoracic-vertebra", "lumbar-vertebra"})
_PAST_GRADE: Final = "weak"

Trigger = tuple[str, dict[str, Value], tuple[Evidence, ...]]


def is_child(case: Case) -> bool:
    """True when the patient is certainly below the adult age of the rule set."""
    return case.age is not None and case.age.below(case.rules.number("gates.paediatric_age"))


def paediatric_gate(case: Case, findings: tuple[Finding, ...]) -> GateFinding | None:
    """Return G-PAED for a child, with its triggers as remarks, else None.

    ``findings`` are those of the adult factors, of which only steroid exposure and anorexia are used.
    """
    if not is_child(case):
        return None
    triggers = [t for t in (_steroid(case, findings), _anorexia(findings), *_fractures(case)) if t]
    values: dict[str, Value] = {}
    for _, more, _ in triggers:
        values |= more
    return GateFinding(
        gate="G-PAED",
        effect="route",
        values=values,
        remarks=tuple(name for name, _, _ in triggers),
        evidence=newest_evidence(*(evidence for _, _, evidence in triggers)),
    )


def _steroid(case: Case, findings: Iterable[Finding]) -> Trigger | None:
    enough = case.rules.number("gates.paediatric_steroid_days")
    for finding in findings:
        days = finding.values.get("days")
        if finding.rule in _STEROIDS and finding.present and isinstance(days, int | float) and days >= enough:
            return "steroid", {"steroid_days": days}, finding.evidence
    return None


def _anorexia(findings: Iterable[Finding]) -> Trigger | None:
    found = (f for f in findings if f.rule == "R-AN" and f.present and f.weight != _PAST_GRADE)
    return next((("anorexia", {}, finding.evidence) for finding in found), None)


def _fractures(case: Case) -> tuple[Trigger | None, ...]:
    hits = newest_first(hit for hit in case.record.conditions.get(_FRACTURES, ()) if stated(hit))
    spine = [hit for hit in hits if hit.attribute("site") in _SPINE]
    long_bones = [hit for hit in hits if hit.attribute("site") in _LONG_BONES]
    young_age = case.rules.number("gates.paediatric_fractures_young_age")
    young = [hit for hit in long_bones if _before(hit, young_age, case)]
    return (
        ("vertebral-fracture", {}, _evidence(spine)) if spine else None,
        _enough("long-bone-fractures-young", young, case.rules.number("gates.paediatric_fractures_young")),
        _enough("long-bone-fractures", long_bones, case.rules.number("gates.paediatric_fractures_old")),
    )


def _before(hit: Hit[ConditionFact], years: float, case: Case) -> bool:
    age = age_at_onset(hit.fact, case.record.demographics.birth_date)
    return age is not None and age.below(years)


def _enough(name: str, hits: list[Hit[ConditionFact]], number: float) -> Trigger | None:
    """Return the trigger when there are enough separate fractures: another day, or another bone."""
    events = {_event(hit) for hit in hits}
    return (name, {"fractures": len(events)}, _evidence(hits)) if len(events) >= number else None


def _event(hit: Hit[ConditionFact]) -> tuple[str, str, str]:
    began = began_on(hit.fact)
    sides = "".join(sorted(site.side for site in hit.fact.sites))
    return (began.text if began else "", hit.attribute("site"), sides)


def _evidence(hits: Iterable[Hit[ConditionFact]]) -> tuple[Evidence, ...]:
    return tuple(hit.fact.evidence for hit in hits)
