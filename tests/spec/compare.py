"""What the clinician expected beside what came, line by line."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cds_service.risk.assessment import Assessment, Status
from tests.spec.read import ANY, Expected, WorkedPatient


class Difference(NamedTuple):
    """One line of the comparison."""

    about: str
    expected: Any
    came: Any


def differences(patient: WorkedPatient, came: Assessment) -> list[Difference]:
    """Everything that is not as the clinician expects; empty when all is well."""
    expected = patient.expect
    pairs = [*_result(expected, came), *_cards(expected, came), *_findings(expected, came), *_detail(expected, came)]
    return [pair for pair in pairs if pair.expected != pair.came]


def _result(expected: Expected, came: Assessment) -> Iterator[Difference]:
    points = {finding.rule: finding.points for finding in came.findings if finding.rule in came.counted}
    if expected.tier != ANY:
        yield Difference("tier", expected.tier, came.tier.value if came.tier else None)
        yield Difference("points", expected.points, came.points)
    if expected.tier not in (None, ANY):
        yield Difference("counted", expected.counted, points)
        yield Difference("overrides", set(expected.overrides), set(came.overrides))
    if expected.counted_rules is not None:
        yield Difference("counted", set(expected.counted_rules), set(came.counted))
    if expected.at_least is not None:
        yield Difference("at least", expected.at_least, came.at_least)
    if expected.gates is not None:
        yield _exactly("gates", expected.gates, {gate.gate for gate in came.gates})
    if expected.limb_class is not None:
        yield Difference("limb class", expected.limb_class, came.limbs.ld_class)
    if expected.multi is not None:
        yield Difference("several limbs", expected.multi, came.limbs.multi)


def cards_of(came: Assessment) -> list[str]:
    """The cards, in alphabetical order: their order is no part of this specification."""
    return sorted(decision.card for decision in came.decisions)


def _cards(expected: Expected, came: Assessment) -> Iterator[Difference]:
    folded = {text for decision in came.decisions for text in decision.include}
    offered = {action for decision in came.decisions for action in decision.actions}
    yield Difference("cards", sorted(expected.cards), cards_of(came))
    yield _among("folded into the cards", expected.extras, folded)
    yield _not_among("folded into the cards", expected.without, folded)
    yield _among("offered", expected.actions, offered)
    yield _not_among("offered", expected.not_actions, offered)


def _findings(expected: Expected, came: Assessment) -> Iterator[Difference]:
    wanted = {
        Status.PRESENT: expected.present,
        Status.NOT_COUNTED: expected.not_counted,
        Status.POSSIBLE: expected.possible,
        Status.ABSENT: expected.absent,
        Status.UNKNOWN: expected.unclear,
    }
    for status, rules in wanted.items():
        yield _among(status.value, rules, {finding.rule for finding in came.findings if finding.status is status})
    present = {finding.rule for finding in came.findings if finding.present}
    yield _not_among("present", expected.not_present, present)
    for rule, remark in expected.remarks.items():
        finding = came.finding(rule)
        yield _among(f"remarks of {rule}", (remark,), set(finding.remarks) if finding else set())


def _detail(expected: Expected, came: Assessment) -> Iterator[Difference]:
    if expected.unknown is not None:
        yield _exactly("unknown core items", expected.unknown, {item.item for item in came.unknowns if item.core})
    if expected.bmi is not None:
        band = came.body.bmi
        low, high = expected.bmi
        inside = band is not None and low <= band.low and band.high <= high
        yield Difference("corrected BMI", expected.bmi, expected.bmi if inside else band)
    yield from _scan(expected.scan, came)


def _scan(wanted: dict[str, Any], came: Assessment) -> Iterator[Difference]:
    plan = came.scan
    found = {
        "forearm_wanted": bool(plan.forearm),
        "forearm": plan.forearm,
        "hips": sorted(plan.hips),
        "residual_hips": sorted(plan.residual_hips),
    }
    for name, value in wanted.items():
        yield Difference(f"scan, {name}", value, found[name])


def _exactly(about: str, wanted: Iterable[str], found: set[str]) -> Difference:
    """Compare two sets; ``?name`` says that the documents leave this one open."""
    either = {name[1:] for name in wanted if name.startswith("?")}
    fixed = {name for name in wanted if not name.startswith("?")}
    return Difference(about, sorted(fixed - either), sorted(found - either))


def _among(about: str, wanted: Iterable[str], found: set[str]) -> Difference:
    lacking = set(wanted) - found
    return Difference(about, f"also {sorted(lacking)}" if lacking else "", sorted(found) if lacking else "")


def _not_among(about: str, unwanted: Iterable[str], found: set[str]) -> Difference:
    surplus = set(unwanted) & found
    return Difference(about, f"not {sorted(surplus)}" if surplus else "", sorted(found) if surplus else "")


def told(patient: WorkedPatient, wrong: list[Difference], came: Assessment) -> str:
    """The differences as text for a person, with every finding that is not simply absent."""
    lines = [
        f"{patient.id} ({patient.chapter}): {patient.title}",
        f"  why: {patient.why}",
        f"  source: {patient.source}",
    ]
    lines += [f"  {line.about}: expected {line.expected!r}, came {line.came!r}" for line in wrong]
    lines += [
        f"    {finding.rule} {finding.status.value} {finding.points} {finding.reason} {dict(finding.values)}"
        for finding in came.findings
        if finding.status is not Status.ABSENT
    ]
    return "\n".join(lines)
