"""A line of the list: what is said of one patient, and where it stands in the order of urgency."""

from collections.abc import Mapping
from typing import Final

import msgspec

from cards.findings import explained, shown_findings
from cards.plain import gate_line, unknown_line
from cards.summary import summarised
from cards.words import LANGUAGES, NO_TITLES, Titles, words
from cds_service.risk.assessment import Assessment, Tier
from cds_service.screening.setting import LIMB_CONCEPTS

DUE: Final = "due"
COULD_NOT_CHECK: Final = "could-not-check"
WATCH: Final = "watch"
NOTHING_DUE: Final = "nothing-due"
GROUPS: Final = (DUE, COULD_NOT_CHECK, WATCH, NOTHING_DUE)
"""The groups of the list in its order. Nobody stands in two."""

NO_PATIENT: Final = "no-patient"
NO_LISTS: Final = "no-lists"
LIMB_DATA: Final = "limb-data-incomplete"
LIMB_WORDS: Final = "limb-not-coded"
TOO_LITTLE: Final = "too-little-known"
AGE: Final = "age-unknown"
WHY: Final = (NO_PATIENT, NO_LISTS, LIMB_DATA, LIMB_WORDS, TOO_LITTLE, AGE)
"""Why somebody could not be checked; worded in the catalogues."""

_ABOUT_DATA: Final = "K6"
_NO_COHORT: Final = "G-COHORT"
_PERSON_GATES: Final = frozenset({"G-DEAD", "G-INACT"})
_WARNING: Final = "warning"
_WITHOUT_TIER: Final = 1
# A decision without a tier (a child, known osteoporosis without treatment) stands between HIGH and ELEVATED.
_TIERS: Final[Mapping[Tier | None, int]] = {
    Tier.HIGH: 0, None: _WITHOUT_TIER, Tier.ELEVATED: 2, Tier.WATCH: 3, Tier.INCOMPLETE: 4, Tier.NONE: 5,
}  # fmt: skip


class Told(msgspec.Struct, frozen=True):
    """What is said in one language: ``advice`` of the cards, ``reasons`` strongest first, ``unknowns``, ``gates``."""

    advice: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One patient of the list; ``why`` says why somebody could not be checked. Words are in ``told`` by language."""

    patient: str
    group: str
    why: tuple[str, ...] = ()
    tier: str = ""
    at_least: bool = False
    points: int = 0
    cut: int = 0
    age_low: int | None = None
    age_high: int | None = None
    sex: str = ""
    limb_class: str = ""
    multi: bool = False
    cards: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    warning: bool = False
    gates: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    core_known: int = 0
    core_total: int = 0
    evidence: tuple[str, ...] = ()
    told: Mapping[str, Told] = msgspec.field(default_factory=dict)

    @property
    def urgency(self) -> tuple[int, int, int, int, int, str]:
        """Order rows: group, warning before information, tier, points, several limbs before one, then the id."""
        tier = Tier(self.tier) if self.tier else None
        return GROUPS.index(self.group), not self.warning, _TIERS[tier], -self.points, not self.multi, self.patient


def unassessed(patient: str, *, without_patient: bool) -> Row:
    """Return the row of somebody whose record cannot be assessed at all."""
    return Row(patient=patient, group=COULD_NOT_CHECK, why=(NO_PATIENT if without_patient else NO_LISTS,))


def row_of(patient: str, assessment: Assessment, *, doubtful: bool, titles: Titles = NO_TITLES) -> Row | None:
    """Return the row of an assessment; None for somebody who is not concerned: no limb deficiency, or not living.

    ``doubtful``: the lists that tell of limbs are not whole, so that having none on record proves nothing.
    """
    gates = {gate.gate for gate in assessment.gates}
    if gates & _PERSON_GATES:
        return None
    why = _why(assessment, gates, doubtful=doubtful)
    if _NO_COHORT in gates and not why:
        return None
    return Row(
        patient=patient,
        group=_group(assessment, why),
        why=why,
        tier=assessment.tier.value if assessment.tier else "",
        at_least=assessment.at_least,
        points=assessment.points,
        cut=assessment.cut,
        age_low=assessment.age.low if assessment.age else None,
        age_high=assessment.age.high if assessment.age else None,
        sex=assessment.sex,
        limb_class=assessment.limbs.ld_class,
        multi=assessment.limbs.multi,
        cards=tuple(decision.card for decision in assessment.decisions),
        actions=tuple(dict.fromkeys(action for decision in assessment.decisions for action in decision.actions)),
        warning=any(decision.indicator == _WARNING for decision in assessment.decisions),
        gates=tuple(gate.gate for gate in assessment.gates),
        rules=assessment.counted,
        unknowns=tuple(unknown.item for unknown in assessment.unknowns),
        core_known=assessment.core_known,
        core_total=assessment.core_total,
        evidence=_evidence(assessment),
        told={language: _told(assessment, language, titles) for language in LANGUAGES},
    )


def _why(assessment: Assessment, gates: set[str], *, doubtful: bool) -> tuple[str, ...]:
    """Return why somebody could not be checked, as far as that is so."""
    if _NO_COHORT in gates:
        told = {item.concept for item in assessment.not_coded}
        found = (LIMB_DATA if doubtful else "", LIMB_WORDS if told & LIMB_CONCEPTS else "")
        return tuple(filter(None, found))
    ageless = any(unknown.item == "birth-date" for unknown in assessment.unknowns)
    little = assessment.tier is Tier.INCOMPLETE or any(one.card == _ABOUT_DATA for one in assessment.decisions)
    return tuple(filter(None, (AGE if ageless else "", TOO_LITTLE if little else "")))


def _group(assessment: Assessment, why: tuple[str, ...]) -> str:
    """Something to do comes first; what could not be checked is never called "nothing due"."""
    if any(decision.card != _ABOUT_DATA for decision in assessment.decisions):
        return DUE
    if why:
        return COULD_NOT_CHECK
    return WATCH if assessment.tier is Tier.WATCH else NOTHING_DUE


def _told(assessment: Assessment, language: str, titles: Titles) -> Told:
    in_words = words(language).with_titles(titles)
    return Told(
        advice=tuple(summarised(decision, assessment, in_words) for decision in assessment.decisions),
        reasons=tuple(explained(finding, in_words) for finding in shown_findings(assessment)),
        unknowns=tuple(unknown_line(unknown, in_words) for unknown in assessment.unknowns),
        gates=tuple(gate_line(gate, in_words) for gate in assessment.gates),
    )


def _evidence(assessment: Assessment) -> tuple[str, ...]:
    found = (one.reference for finding in shown_findings(assessment) for one in finding.evidence if one.reference)
    return tuple(dict.fromkeys(found))
