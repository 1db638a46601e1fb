"""``order-select``: an order was picked from the list and is being written.

Context: userId, patientId, encounterId (optional), selections (``Type/id`` of the newly selected drafts), draftOrders
(a Bundle of all unsigned orders of the session). The advice is about the selected drafts; the others count beside them.
"""

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.fhir.drafts import read_selections
from cds_service.hooks.advice import Advice, Call
from cds_service.hooks.ordering import drafts_advice

HOOK = "order-select"
TITLE = "Bone health in limb deficiency: while ordering"
DESCRIPTION = (
    "For a patient who lacks limbs: says when a selected steroid, aromatase inhibitor, ovarian suppression, androgen "
    "deprivation or heparin would raise the osteoporosis risk, from what to what, and when a bone density order (DXA) "
    "is not due. Silent when nothing changes."
)
USAGE = (
    "Call it when the order's dose and duration are filled in, if the client can choose; what is missing is taken as "
    "unknown. context.selections and context.draftOrders are read; any subset of the prefetch is accepted."
)
PREFETCH = PREFETCH_TEMPLATES


def advise(call: Call) -> Advice:
    """Return the advice on the selected drafts. Raises MalformedRequest when the context holds no Bundle of drafts."""
    return drafts_advice(call, "draftOrders", read_selections(call.member("selections")), complete=False)
