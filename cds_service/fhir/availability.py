"""How each kind of data arrived: per prefetch key first, then per area."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cds_service.fhir.areas import TYPE_MEANING, KeyMeaning, meaning_of_key
from cds_service.fhir.delivered import Delivered
from cds_service.risk.record import Area, Availability, Delivery

# FHIR issue types by which a server says that it may not, rather than could not, answer.
_BLOCKING: Final = frozenset({"forbidden", "security", "suppressed", "login"})
_HARMLESS: Final = frozenset({"information", "warning", "success"})
# Worst first: one failed list makes its area failed, whatever the others brought.
_WORST_FIRST: Final = (Delivery.BLOCKED, Delivery.FAILED, Delivery.PARTIAL, Delivery.GIVEN, Delivery.EMPTY)
UNOBTAINABLE: Final = frozenset({Delivery.MISSING, Delivery.FAILED, Delivery.BLOCKED})


class KeyReport(msgspec.Struct, frozen=True):
    """What one prefetch key brought for one area."""

    area: Area
    state: Delivery
    leading: bool
    delivered: int = 0
    total: int | None = None


def state_of(delivered: Delivered) -> Delivery:
    """Return how one value arrived."""
    codes = {issue.code for outcome in delivered.outcomes for issue in outcome.issue}
    if delivered.alone:
        return Delivery.BLOCKED if codes & _BLOCKING else Delivery.FAILED
    if codes & _BLOCKING:
        return Delivery.BLOCKED
    if delivered.lost and not delivered.something and not delivered.matches:
        return Delivery.FAILED
    if _incomplete(delivered):
        return Delivery.PARTIAL
    return Delivery.GIVEN if delivered.matches else Delivery.EMPTY


def _incomplete(delivered: Delivered) -> bool:
    return short(delivered) or bool(delivered.lost)


def short(delivered: Delivered) -> bool:
    """True when the sender has more than it delivered, or the server reports an error beside its data."""
    reported = any(issue.severity not in _HARMLESS for outcome in delivered.outcomes for issue in outcome.issue)
    return reported or delivered.more or (delivered.total or 0) > delivered.matches


def reports_of(key: str, delivered: Delivered) -> tuple[KeyReport, ...]:
    """Return what a key brought, by the types found inside; an empty or failed list speaks by its key's name."""
    counts: dict[Area, int] = {}
    leading: dict[Area, bool] = {}
    read = Counter(delivered.types)
    for name in [*read, *delivered.lost]:
        meaning = TYPE_MEANING.get(name)
        if meaning is not None:
            counts[meaning.area] = counts.get(meaning.area, 0) + read.pop(name, 0)
            leading[meaning.area] = leading.get(meaning.area, False) or meaning.leading
    state = state_of(delivered)
    if not counts:
        named = meaning_of_key(key)
        return (_empty_report(named, state, delivered),) if named else ()
    total = delivered.total if len(counts) == 1 else None
    return tuple(KeyReport(area, state, leading[area], count, total) for area, count in counts.items())


def _empty_report(named: KeyMeaning, state: Delivery, delivered: Delivered) -> KeyReport:
    return KeyReport(named.area, state, named.leading, 0, delivered.total)


def combine(reports: Iterable[KeyReport]) -> Mapping[Area, Availability]:
    """Return how each area arrived, over all its keys. An area that no key speaks of is not in the result."""
    by_area: dict[Area, list[KeyReport]] = {}
    for report in reports:
        by_area.setdefault(report.area, []).append(report)
    return {area: _combined(found) for area, found in by_area.items()}


def _combined(reports: list[KeyReport]) -> Availability:
    state = min((report.state for report in reports), key=_WORST_FIRST.index)
    if state in (Delivery.GIVEN, Delivery.EMPTY) and not any(report.leading for report in reports):
        # Only dispenses or administrations, say: nothing can be concluded from what they do not hold.
        state = Delivery.PARTIAL
    delivered = sum(report.delivered for report in reports)
    totals = [report.total if report.total is not None else report.delivered for report in reports]
    told = any(report.total is not None for report in reports)
    return Availability(state, delivered, max(sum(totals), delivered) if told else None)
