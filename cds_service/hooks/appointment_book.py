"""``appointment-book``: future visits are being booked.

Context: userId, patientId, encounterId (optional), appointments (a Bundle of proposed Appointments). A bone density
scan that is being booked counts as booked. The user may be the patient or a relative, who get no cards: these are
written for clinicians.
"""

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.fhir.drafts import joined, planned, read_context
from cds_service.hooks.advice import Advice, Call, silent

HOOK = "appointment-book"
TITLE = "Bone health in limb deficiency: while booking"
DESCRIPTION = (
    "For a patient who lacks limbs and whose bones are at risk: which bone density test (DXA) or referral may be "
    "combined with the visit that is being booked. Silent when it is booked, and for a patient who books."
)
USAGE = "context.appointments is read. Any subset of the prefetch is accepted."
PREFETCH = PREFETCH_TEMPLATES

_NOT_CLINICIANS = ("Patient", "RelatedPerson")


def advise(call: Call) -> Advice:
    """Return the advice of the chart with what is being booked.

    Raises MalformedRequest when the context holds no Bundle of appointments.
    """
    context = read_context(call.member("appointments"), "appointments", call.gathered, call.index)
    assessment = call.assessed(joined(call.record, planned(context.record), "orders"))
    kind = call.request.context.user_id.rpartition("/")[0].rpartition("/")[2]
    return Advice(silent(assessment) if kind in _NOT_CLINICIANS else assessment)
