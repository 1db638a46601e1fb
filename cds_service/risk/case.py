"""One patient on one day under one rule set: what every factor is given."""

from datetime import date

import msgspec

from cds_service.risk.assessment import Age, BodySize, Finding, LimbStatus, Menopause, Status, Threshold, Value
from cds_service.risk.dates import add_days, add_months
from cds_service.risk.record import Evidence, PatientRecord
from cds_service.rulesets.model import Factor, RuleSet


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The record, the rules, the day, and what is derived once for all factors."""

    record: PatientRecord
    rules: RuleSet
    as_of: date
    limbs: LimbStatus
    age: Age | None = None
    sex: str = ""
    menopause: Menopause = msgspec.field(default_factory=Menopause)
    body: BodySize = msgspec.field(default_factory=BodySize)

    def months_ago(self, months: float) -> date:
        """Return the day ``months`` before the day of assessment."""
        return add_months(self.as_of, -int(months))

    def days_ago(self, days: float) -> date:
        """Return the day ``days`` before the day of assessment."""
        return add_days(self.as_of, -int(days))

    def find(  # noqa: PLR0913 - a finding has these parts; naming them at the call reads best
        self,
        rule: str,
        status: Status,
        reason: str,
        *,
        grade: str = "",
        values: dict[str, Value] | None = None,
        evidence: tuple[Evidence, ...] = (),
        held_against: tuple[str, ...] = (),
        override: bool = False,
        floor: bool = False,
        remarks: tuple[str, ...] = (),
        strong_since: date | None = None,
        at_risk_treatment: bool = False,
    ) -> Finding:
        """Return a finding of ``rule`` with weight, points and thresholds taken from the rule set.

        ``grade`` names the weight where a rule has several (``[factors.R-VITD.weights] deficient = ...``);
        ``held_against`` names the thresholds it was compared with. Points are given only to a PRESENT finding.
        """
        factor: Factor = self.rules.factor(rule)
        # Only what is present has a grade; a rule of several grades has no weight of its own.
        weight = factor.weight(grade) if status is Status.PRESENT else "none"
        return Finding(
            rule=rule,
            family=factor.family,
            status=status,
            reason=reason,
            weight=self.rules.weight_name(weight),
            points=self.rules.points(weight),
            values=values or {},
            evidence=evidence,
            thresholds=tuple(
                Threshold(
                    name, factor.thresholds[name].value, factor.thresholds[name].unit, factor.thresholds[name].source
                )
                for name in held_against
            ),
            override=override,
            floor=floor,
            remarks=remarks,
            strong_since=strong_since,
            at_risk_treatment=at_risk_treatment,
        )
