"""``problem-list-item-create``: problems were added to the problem list.

Context: userId, patientId, encounterId (optional), conditions (a Bundle of the new Conditions, which need not be in the
prefetch yet). The whole advice is given, also when the new problem changes nothing of it: a client removes the cards of
the opened chart when this hook is answered, and silence would take back advice that still holds.
"""

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.fhir.drafts import joined, read_context
from cds_service.hooks.advice import Advice, Call

HOOK = "problem-list-item-create"
TITLE = "Bone health in limb deficiency: a new problem"
DESCRIPTION = (
    "When a limb deficiency or a diagnosis that weighs on bone is entered: the advice for a patient who lacks limbs, "
    "with a bone density test (DXA) or referral. It replaces the advice of the opened chart."
)
USAGE = "context.conditions is read, also when the prefetch holds the new problems already."
PREFETCH = PREFETCH_TEMPLATES


def advise(call: Call) -> Advice:
    """Return the advice of the chart with the new problems.

    Raises MalformedRequest when the context holds no Bundle of conditions.
    """
    new = read_context(call.member("conditions"), "conditions", call.gathered, call.index).record
    return Advice(call.assessed(joined(call.record, new)))
