"""``problem-list-item-create``: problems were added to the problem list.

Context: userId, patientId, encounterId (optional), conditions (a Bundle of the new Conditions, which need not be in the
prefetch yet). Silent when the new problems change nothing: what the chart said before was said when it was opened.
"""

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.fhir.drafts import joined, read_context, without
from cds_service.hooks.advice import Advice, Call, silent
from cds_service.risk.assessment import Assessment

HOOK = "problem-list-item-create"
TITLE = "Bone health in limb deficiency: a new problem"
DESCRIPTION = (
    "When a limb deficiency or a diagnosis that weighs on bone is entered: what it changes for a patient who lacks "
    "limbs, with a bone density test (DXA) or referral. Silent when the new problem changes nothing."
)
USAGE = "context.conditions is read, also when the prefetch holds the new problems already."
PREFETCH = PREFETCH_TEMPLATES


def advise(call: Call) -> Advice:
    """Return the advice of the chart with the new problems, if they change it.

    Raises MalformedRequest when the context holds no Bundle of conditions.
    """
    new = read_context(call.member("conditions"), "conditions", call.gathered, call.index).record
    with_new = call.assessed(joined(call.record, new))
    before = call.assessed(without(call.record, new))
    return Advice(silent(with_new) if _same(before, with_new) else with_new)


def _same(before: Assessment, now: Assessment) -> bool:
    """True when tier, limb status, gates and advice are as they were."""
    told = ((one.tier, one.counted, one.limbs.ld_class, one.limbs.multi) for one in (before, now))
    cards = ([(d.card, d.reasons, d.actions) for d in one.decisions] for one in (before, now))
    return len(set(told)) == 1 and next(cards) == next(cards)
