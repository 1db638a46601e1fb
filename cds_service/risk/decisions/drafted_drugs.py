"""What a drafted drug order does to the tier: before -> after, if it is taken as ordered.

An order that is not signed is no exposure, and most rules need months of one. So the drug families are asked again on
later days, with the drafts as if they had been begun on the day of assessment: on each day on which some duration of
the rule set would be reached, and a year ahead. Everything else (age, body, other families) stays as it is today. The
days depend on the rule set only, and exposure never falls when more is taken, so that a stronger or longer draft never
gives a lower tier.

What would be reached without the draft as well (a running treatment that goes on) is not the draft's doing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Assessment, Finding
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate, add_days, add_months
from cds_service.risk.drugs.steroids import SYSTEMIC
from cds_service.risk.dxa import lowest_t
from cds_service.risk.factors import glucocorticoid, heparin, hormone
from cds_service.risk.factors.glucocorticoid import steroid_override
from cds_service.risk.filters import strongest
from cds_service.risk.record import ByConcept, Dosage, Hit, MedicationFact
from cds_service.risk.tier import Tally, tally

RULES: Final = ("R-GC1", "R-GC2", "R-GC3", "R-GC4", "R-AI", "R-OFS", "R-ADT", "R-UFH")
"""Rules that a draft order is told of: those by which a drug alone calls for a look at the bones."""

REASONS: Final = {"draft.reaches": ("drug", "counts_as"), "draft.if-continued": ("drug", "counts_as")}
"""Reason keys of the findings with the names of their values (``counts_as``: the rule)."""

_FAMILIES: Final = (glucocorticoid.evaluate, hormone.evaluate, heparin.evaluate)
# Drugs whose duration decides: a draft that does not say how long proves nothing by itself.
_BY_DURATION: Final = frozenset({SYSTEMIC, heparin.CONCEPT})
# A draft that is still meant, as cds_service.risk.drugs.courses reads it.
_MEANT: Final = frozenset({"", "draft", "active"})
_DAYS: Final = "d"
_A_YEAR: Final = 12

Medications = ByConcept[MedicationFact]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What the selected drafts do.

    Attributes:
        findings: what they would count as, by family; empty when they change nothing.
        orders: how the record calls the drafts that do it. after: the tally with them.
        if_continued: True when it takes a duration that the draft does not state.
    """

    findings: tuple[Finding, ...] = ()
    orders: tuple[str, ...] = ()
    after: Tally | None = None
    if_continued: bool = False


def drug_effect(before: Assessment, case: Case, drafts: Medications, selected: frozenset[str]) -> Effect:
    """Return what the drafts in ``selected`` (references) do beside the other drafts.

    Args:
        before: the assessment without any drafted drug; with a tier, else there is nothing to compare.
        case: the same record and day.
        drafts: the drafted drugs of the patient.
        selected: references of those that are being ordered now.
    """
    others = _chosen(drafts, lambda hit: hit.fact.evidence.reference not in selected)
    stated = _chosen(drafts, lambda hit: hit.fact.evidence.reference not in selected or _length_stated(hit))
    without = _reached(case, before, others)
    gained = _gained(before, without, _reached(case, before, drafts))
    if not gained:
        return Effect()
    after = _tally(before, case, gained)
    sure = _tally(before, case, _gained(before, without, _reached(case, before, stated)))
    if_continued = (sure.tier, sure.overrides) != (after.tier, after.overrides)
    orders = _orders(drafts, selected, gained)
    return Effect(
        findings=tuple(_told(finding, drafts, if_continued=if_continued) for finding in gained),
        orders=orders,
        after=after,
        if_continued=if_continued,
    )


def with_effect(before: Assessment, effect: Effect) -> Assessment:
    """Return the assessment as it would be with the effect, still without decisions."""
    after = effect.after
    if after is None:
        return msgspec.structs.replace(before, decisions=())
    rules = {finding.rule for finding in effect.findings}
    return msgspec.structs.replace(
        before,
        findings=(*(finding for finding in before.findings if finding.rule not in rules), *effect.findings),
        counted=after.counted,
        points=after.points,
        tier=after.tier,
        overrides=after.overrides,
        change=None,
        decisions=(),
    )


# ---------------------------------------------------------------- what would be reached


def _reached(case: Case, before: Assessment, drafts: Medications) -> dict[str, Finding]:
    """Return the strongest finding of each drug family over all days that matter."""
    record = msgspec.structs.replace(case.record, medications=_joined(case, drafts))
    fractures = tuple(finding for finding in before.findings if finding.family == "FX")
    score = lowest_t(case)
    found: dict[str, Finding] = {}
    for day in _days(case):
        then = msgspec.structs.replace(case, record=record, as_of=day)
        for finding in _findings(then):
            lifted = steroid_override(case, finding, fractures, score.value if score else None)
            known = found.get(finding.family)
            found[finding.family] = strongest((known, lifted) if known else (lifted,)) or lifted
    return found


def _findings(case: Case) -> Iterator[Finding]:
    for family in _FAMILIES:
        for finding in family(case):
            if finding.present and finding.rule in RULES and case.rules.factor(finding.rule).enabled:
                yield finding


def _days(case: Case) -> tuple[date, ...]:
    """Return today, the days on which a duration of the rules is reached, and the last day of a year from now."""
    thresholds = (t for rule in RULES for t in case.rules.factor(rule).thresholds.values())
    lengths = {int(threshold.value) for threshold in thresholds if threshold.unit == _DAYS}
    year = add_days(add_months(case.as_of, _A_YEAR), -1)
    return (case.as_of, *(add_days(case.as_of, length) for length in sorted(lengths)), year)


def _gained(before: Assessment, without: Mapping[str, Finding], reached: Mapping[str, Finding]) -> tuple[Finding, ...]:
    """Return the findings that are stronger than today's and would not come without the drafts."""
    found = []
    for family, finding in reached.items():
        today = strongest(one for one in before.findings if one.present and one.family == family)
        rival = without.get(family)
        news = rival is None or (rival.rule, _strength(rival)) != (finding.rule, _strength(finding))
        if news and (today is None or _strength(finding) > _strength(today)):
            found.append(finding)
    return tuple(found)


def _strength(finding: Finding) -> tuple[bool, int]:
    return finding.override, finding.points


def _tally(before: Assessment, case: Case, gained: tuple[Finding, ...]) -> Tally:
    unknown = sum(item.core for item in before.unknowns)
    return tally((*before.findings, *gained), unknown, multi=before.limbs.multi, rules=case.rules)


# ---------------------------------------------------------------- drafts as if taken


def _joined(case: Case, drafts: Medications) -> Medications:
    mine = case.record.medications
    taken = {concept: tuple(_taken(hit, case.as_of) for hit in hits) for concept, hits in drafts.items()}
    return {concept: (*mine.get(concept, ()), *taken.get(concept, ())) for concept in {**mine, **taken}}


def _taken(hit: Hit[MedicationFact], begin: date) -> Hit[MedicationFact]:
    """Return a draft as an order that runs from ``begin``; one dated earlier is moved there with all its bounds."""
    fact = hit.fact
    starts = [day.first for day in (fact.start, *(dosage.start for dosage in fact.dosages)) if day]
    later = max((begin - min(starts)).days, 0) if starts else 0
    first = _moved(fact.start, later) or PartialDate.of_day(begin)
    taken = msgspec.structs.replace(
        fact,
        planned=False,
        status="active" if fact.status in _MEANT else fact.status,
        intent="order",
        authored=PartialDate.of_day(begin),
        start=first,
        end=_moved(fact.end, later),
        dosages=tuple(_shifted(dosage, later) for dosage in fact.dosages),
    )
    return Hit(taken, hit.match)


def _shifted(dosage: Dosage, days: int) -> Dosage:
    return msgspec.structs.replace(dosage, start=_moved(dosage.start, days), end=_moved(dosage.end, days))


def _moved(day: PartialDate | None, days: int) -> PartialDate | None:
    return PartialDate(add_days(day.first, days), add_days(day.last, days), "") if day else None


def _length_stated(hit: Hit[MedicationFact]) -> bool:
    """True when the draft says how long, or when any length counts."""
    fact = hit.fact
    bounded = bool(fact.dosages) and all(dosage.end or dosage.days for dosage in fact.dosages)
    return hit.match.concept not in _BY_DURATION or bounded or fact.end is not None or fact.days_supply is not None


# ---------------------------------------------------------------- how it is told


def _chosen(
    drafts: Medications, wanted: Callable[[Hit[MedicationFact]], bool]
) -> dict[str, tuple[Hit[MedicationFact], ...]]:
    return {concept: tuple(hit for hit in hits if wanted(hit)) for concept, hits in drafts.items()}


def _orders(drafts: Medications, selected: frozenset[str], gained: Iterable[Finding]) -> tuple[str, ...]:
    """Return the names of the selected drafts on which the findings rest."""
    rests_on = {evidence.reference for finding in gained for evidence in finding.evidence}
    hits = (hit for found in drafts.values() for hit in found)
    mine = (hit for hit in hits if hit.fact.evidence.reference in selected & rests_on)
    return tuple(sorted({hit.fact.evidence.display or hit.match.display for hit in mine}))


def _told(finding: Finding, drafts: Medications, *, if_continued: bool) -> Finding:
    """Return the finding as something that is only planned: no course to tell, and no draft to refer to."""
    own = {hit.fact.evidence.reference for hits in drafts.values() for hit in hits}
    return msgspec.structs.replace(
        finding,
        reason="draft.if-continued" if if_continued else "draft.reaches",
        values={"drug": finding.values.get("drug"), "counts_as": finding.rule},
        evidence=tuple(one for one in finding.evidence if one.reference not in own),
        remarks=(),
        strong_since=None,
    )
