"""``order-sign``: the orders of the session are about to be signed.

Context: userId, patientId, encounterId (optional), draftOrders (a Bundle of all unsigned orders of the session).
"""

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.hooks.advice import Advice, Call
from cds_service.hooks.ordering import drafts_advice

HOOK = "order-sign"
TITLE = "Bone health in limb deficiency: before signing"
DESCRIPTION = (
    "For a patient who lacks limbs: says what the orders of the basket do to the osteoporosis risk, and completes a "
    "bone density order (DXA) with limb status, side and sites. Silent when nothing changes."
)
USAGE = (
    "context.draftOrders is read, with the drafts whole: an accepted update gives each draft back whole. Any subset of "
    "the prefetch is accepted."
)
PREFETCH = PREFETCH_TEMPLATES


def advise(call: Call) -> Advice:
    """Return the advice on all drafts. Raises MalformedRequest when the context holds no Bundle of drafts."""
    return drafts_advice(call, "draftOrders", complete=True)
