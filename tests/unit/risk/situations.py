"""Situations for the tests of decisions: one patient with the findings, gates and points that a test is about."""

from datetime import date
from typing import Any

import msgspec

from cds_service.risk.assessment import Finding, GateFinding, LimbStatus, MissingLimb, Status, Tier, Unknown, Value
from cds_service.risk.decisions.scan_plan import scan_plan
from cds_service.risk.decisions.situation import Situation
from cds_service.risk.tier import Tally
from tests.unit.risk.records import LEFT_HAND_ABSENT, case

BOTH_HANDS_ABSENT = LimbStatus(
    limbs=tuple(MissingLimb(limb="upper", side=s, level="wrist", origin="congenital") for s in ("left", "right")),
    ld_class="UL",
    multi=True,
    in_cohort=True,
    forearm_sides=("left", "right"),
)
POINTS = {Tier.NONE: 0, Tier.INCOMPLETE: 0, Tier.WATCH: 2, Tier.ELEVATED: 4, Tier.HIGH: 8}


def present(rule: str, weight: str = "strong", family: str = "X", **more: Any) -> Finding:
    """A present finding."""
    return Finding(rule=rule, family=family, status=Status.PRESENT, reason="x", weight=weight, **more)


def suppressed(gate: str, **more: Any) -> GateFinding:
    """A gate that holds the scan back."""
    return GateFinding(gate=gate, effect=more.pop("effect", "suppress"), **more)


def recent_scan(*remarks: str, effect: str = "suppress", until: date | None = date(2026, 12, 1)) -> GateFinding:
    """G-DXA by a scan that still holds."""
    values: dict[str, Value] = {"on": "2025-12-01", "months": 12, "score": -2.7}
    return GateFinding(gate="G-DXA", effect=effect, until=until, remarks=remarks, values=values)


def situation(
    tier: Tier | None = Tier.ELEVATED,
    *findings: Finding,
    gates: tuple[GateFinding, ...] = (),
    points: int | None = None,
    unknown: tuple[str, ...] = (),
    exam: Any = None,
    treatment: Any = None,
    limbs: LimbStatus = LEFT_HAND_ABSENT,
    choices: dict[str, str] | None = None,
    numbers: dict[str, float] | None = None,
    **about: Any,
) -> Situation:
    """A 60-year-old woman with ``tier``, unless told otherwise; keywords it does not know describe the case."""
    patient = case(limbs=limbs, **about)
    rules = msgspec.structs.replace(patient.rules, choices={**patient.rules.choices, **(choices or {})})
    for name, value in (numbers or {}).items():
        setting = msgspec.structs.replace(rules.settings[name], value=value)
        rules = msgspec.structs.replace(rules, settings={**rules.settings, name: setting})
    patient = msgspec.structs.replace(patient, rules=rules)
    tally = None
    if tier is not None:
        tally = Tally(counted=(), points=POINTS[tier] if points is None else points, cut=4, tier=tier)
    made = Situation(
        case=patient,
        findings=findings,
        gates=gates,
        tally=tally,
        unknowns=tuple(Unknown(item=item) for item in unknown),
        plan=scan_plan(limbs, findings),
        exam=exam,
    )
    return msgspec.structs.replace(made, treatment=treatment) if treatment is not None else made
