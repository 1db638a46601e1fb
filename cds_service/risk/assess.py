"""The assessment: gates, then what is derived once, then every factor, then points, tier and cards.

Pure: the same record, rules and day give the same answer, in whatever order the facts were filed. An exception in a
factor is not caught here, because an assessment without that factor would look like less risk.
"""

from datetime import date

import msgspec

from cds_service.risk.assessment import Assessment, Finding, GateFinding, LimbStatus
from cds_service.risk.body.menopause import menopause
from cds_service.risk.body.published_scores import published_tools
from cds_service.risk.body.weight import body_size
from cds_service.risk.case import Case
from cds_service.risk.decisions.change import change
from cds_service.risk.decisions.decide import decide
from cds_service.risk.decisions.limb_in_words import asked_for_code, in_words_only
from cds_service.risk.decisions.scan_plan import scan_plan
from cds_service.risk.decisions.situation import Situation
from cds_service.risk.drugs.bone_treatment import bone_treatment
from cds_service.risk.dxa import lowest_t, newest_exam
from cds_service.risk.factors import FAMILIES
from cds_service.risk.factors.glucocorticoid import steroid_override
from cds_service.risk.gates.eligibility import (
    age_of,
    cohort_gate,
    end_of_life_gate,
    in_order,
    known_osteoporosis_gate,
    person_gates,
)
from cds_service.risk.gates.paediatric import is_child, paediatric_gate
from cds_service.risk.gates.pregnancy import pregnancy_gate
from cds_service.risk.gates.scan import declined_gate, dxa_gate, order_gate
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.not_coded import reopened
from cds_service.risk.record import PatientRecord
from cds_service.risk.tier import tally
from cds_service.risk.unknowns import adult_or_child_known, cohort_unknown, core_items, may_hide_more, unknowns
from cds_service.rulesets.model import RuleSet


def assess(record: PatientRecord, rules: RuleSet, as_of: date) -> Assessment:
    """Return the whole answer for one patient on one day.

    Most patients have no limb deficiency and end at the first gates, before anything else is looked at.
    """
    early = person_gates(record)
    if early:
        return _silent(record, rules, as_of, LimbStatus(), early)
    limbs = limb_status(record, rules, as_of)
    outside = cohort_gate(record, limbs)
    if outside:
        silent = _silent(record, rules, as_of, limbs, (outside,))
        told = in_words_only(record, rules)
        return asked_for_code(silent, case_of(record, rules, as_of, limbs)) if told else silent
    case = case_of(record, rules, as_of, limbs)
    if is_child(case):
        return _child(case)
    return _adult(case)


def case_of(record: PatientRecord, rules: RuleSet, as_of: date, limbs: LimbStatus) -> Case:
    """Return the record with what every factor needs: age band, sex, menopausal state, corrected body size."""
    age, sex = age_of(record, as_of), record.demographics.sex
    return Case(
        record=record,
        rules=rules,
        as_of=as_of,
        limbs=limbs,
        age=age,
        sex=sex,
        menopause=menopause(record, age, sex, rules, as_of),
        body=body_size(record, limbs, rules, as_of),
    )


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return the findings of all enabled rules, family by family.

    R-GC2 is looked at again when fractures and scans are known, because either may lift it to HIGH [44]. Nothing is
    called absent beside a text without code that may be just that.
    """
    found = [finding for family in FAMILIES for finding in family(case)]
    enabled = [reopened(finding, case.record) for finding in found if _enabled(finding, case.rules)]
    score = lowest_t(case)
    fractures = tuple(finding for finding in enabled if finding.family == "FX")
    return tuple(steroid_override(case, finding, fractures, score.value if score else None) for finding in enabled)


def _enabled(finding: Finding, rules: RuleSet) -> bool:
    factor = rules.factors.get(finding.rule)
    return factor is None or factor.enabled


def _silent(
    record: PatientRecord, rules: RuleSet, as_of: date, limbs: LimbStatus, gates: tuple[GateFinding, ...]
) -> Assessment:
    return Assessment(
        rule_set=rules.version,
        profile=rules.profile,
        as_of=as_of,
        limbs=limbs,
        age=age_of(record, as_of),
        sex=record.demographics.sex,
        gates=gates,
        unknowns=cohort_unknown(record, gates),
        gaps=record.gaps,
        not_coded=record.not_coded,
        ignored_others=record.ignored_others,
    )


def _child(case: Case) -> Assessment:
    """Return the paediatric route: adult factors are looked at for its triggers only and are not listed."""
    found = (paediatric_gate(case, evaluate(case)), pregnancy_gate(case), end_of_life_gate(case))
    gates = in_order(gate for gate in found if gate)
    silent = _silent(case.record, case.rules, case.as_of, case.limbs, gates)
    return msgspec.structs.replace(silent, decisions=decide(Situation(case=case, gates=gates)), body=case.body)


def _adult(case: Case) -> Assessment:
    findings = evaluate(case)
    plan = scan_plan(case.limbs, findings)
    exam, treatment = newest_exam(case), bone_treatment(case)
    known = known_osteoporosis_gate(case, treatment)
    found = (
        pregnancy_gate(case),
        end_of_life_gate(case),
        known,
        order_gate(case),
        # Table 1b is about finding osteoporosis; where it is known, K8 has its own interval.
        None if known else dxa_gate(case, findings, exam, plan),
        declined_gate(case),
    )
    gates = in_order(gate for gate in found if gate)
    missing = unknowns(case, findings)
    core_unknown = sum(unknown.core for unknown in missing)
    counted = None
    if _has_tier(case, gates):
        counted = tally(findings, core_unknown, multi=case.limbs.multi, rules=case.rules)
    situation = Situation(
        case=case,
        findings=findings,
        gates=gates,
        tally=counted,
        unknowns=missing,
        plan=plan,
        exam=exam,
        treatment=treatment,
    )
    return _whole(situation)


def _has_tier(case: Case, gates: tuple[GateFinding, ...]) -> bool:
    """No tier in known osteoporosis, at the end of life, or while it is not known whether the patient is an adult."""
    outside = any(gate.gate in {"G-EOL", "G-KNOWNOP"} for gate in gates)
    return not outside and adult_or_child_known(case)


def _whole(situation: Situation) -> Assessment:
    case, counted, missing = situation.case, situation.tally, situation.unknowns
    core_total = len(core_items(case))
    core_known = core_total - sum(unknown.core for unknown in missing)
    shown = Assessment(
        rule_set=case.rules.version,
        profile=case.rules.profile,
        as_of=case.as_of,
        limbs=case.limbs,
        age=case.age,
        sex=case.sex,
        menopause=case.menopause,
        body=case.body,
        gates=situation.gates,
        findings=situation.findings,
        unknowns=missing,
        core_known=core_known,
        core_total=core_total,
        tools=published_tools(case),
        decisions=decide(situation),
        scan=situation.plan,
        gaps=case.record.gaps,
        not_coded=case.record.not_coded,
        ignored_others=case.record.ignored_others,
    )
    if counted is None:
        return shown
    following = change(counted, situation.findings, missing, case.rules)
    return msgspec.structs.replace(
        shown,
        counted=counted.counted,
        points=counted.points,
        cut=counted.cut,
        tier=counted.tier,
        at_least=following is not None and may_hide_more(missing),
        overrides=counted.overrides,
        change=following,
    )
