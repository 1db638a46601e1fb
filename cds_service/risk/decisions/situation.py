"""Everything a decision looks at, gathered once, with the questions the cards have in common."""

from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, GateFinding, ScanPlan, Tier, Unknown
from cds_service.risk.case import Case
from cds_service.risk.drugs.bone_treatment import BoneTreatment
from cds_service.risk.dxa import Exam
from cds_service.risk.tier import Tally

SUPPRESSING: Final = frozenset({"G-ORDER", "G-DECL"})


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """One assessed patient. ``tally`` is None where no tier applies."""

    case: Case
    findings: tuple[Finding, ...] = ()
    gates: tuple[GateFinding, ...] = ()
    tally: Tally | None = None
    unknowns: tuple[Unknown, ...] = ()
    plan: ScanPlan = msgspec.field(default_factory=ScanPlan)
    exam: Exam | None = None
    treatment: BoneTreatment = msgspec.field(default_factory=BoneTreatment)

    @property
    def tier(self) -> Tier | None:
        """The tier, or None where none applies."""
        return self.tally.tier if self.tally else None

    @property
    def raised(self) -> bool:
        """True when the tier is ELEVATED or HIGH."""
        return self.tier in {Tier.ELEVATED, Tier.HIGH}

    def gate(self, gate: str) -> GateFinding | None:
        """Return the gate finding, or None."""
        return next((finding for finding in self.gates if finding.gate == gate), None)

    def present(self, rule: str, *weights: str) -> Finding | None:
        """Return the present finding of ``rule`` (with one of ``weights``, if any are given), or None."""
        found = (f for f in self.findings if f.rule == rule and f.present)
        return next((finding for finding in found if not weights or finding.weight in weights), None)

    def known(self, item: str) -> bool:
        """True when ``item`` is not among the unknowns."""
        return all(unknown.item != item for unknown in self.unknowns)

    def number(self, name: str) -> float:
        """Return a number of the rule set."""
        return self.case.rules.number(name)

    def aged(self, setting: str) -> bool:
        """True when the patient has certainly reached the age of ``setting``."""
        return self.case.age is not None and self.case.age.at_least(self.number(setting))

    @property
    def adult_bone_age(self) -> bool:
        """True from 50 years, or after the menopause: the adult rules for DXA and T-scores hold."""
        return self.case.menopause.post or self.aged("decisions.adult_dxa_age")

    @property
    def frax_age(self) -> bool:
        """True within the ages for which FRAX exists [66]."""
        age = self.case.age
        last = self.number("decisions.frax_age_to")
        return self.aged("decisions.frax_age_from") and age is not None and age.high <= last

    @property
    def frax_first(self) -> bool:
        """True in profiles that estimate FRAX before measuring."""
        return self.case.rules.choice("decisions.frax_first") == "yes"

    @property
    def watch_cards(self) -> bool:
        """True when WATCH shows its card on a hook (D12)."""
        return self.case.rules.choice("decisions.watch_cards") == "info"

    @property
    def scan_is_low(self) -> str:
        """Return ``low-t-score`` or ``low-z-score`` when the newest scan is, else an empty string."""
        gate = self.gate("G-DXA")
        low = (r for r in (gate.remarks if gate else ()) if r in {"low-t-score", "low-z-score"})
        return next(low, "")

    @property
    def scan_is_recent(self) -> bool:
        """True while the newest scan holds back another one."""
        gate = self.gate("G-DXA")
        return gate is not None and gate.until is not None and gate.until > self.case.as_of

    @property
    def under_way_or_declined(self) -> bool:
        """True while a scan is ordered or was refused."""
        return any(self.gate(gate) for gate in SUPPRESSING)

    @property
    def held_back(self) -> bool:
        """True while bone-density advice is suppressed by G-PREG, G-ORDER, G-DXA or G-DECL."""
        return self.under_way_or_declined or self.scan_is_recent or self.gate("G-PREG") is not None

    @property
    def knows_osteoporosis(self) -> bool:
        """True behind G-KNOWNOP by diagnosis."""
        gate = self.gate("G-KNOWNOP")
        return gate is not None and "diagnosis" in gate.remarks
