"""``patient-view``: the chart is opened. Context: userId, patientId, encounterId (optional)."""

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.hooks.advice import Advice, Call, chart_advice

HOOK = "patient-view"
TITLE = "Bone health in limb deficiency"
DESCRIPTION = (
    "For a patient who lacks limbs and whose bones are at risk: says why, what is unknown, and offers a bone density "
    "test (DXA), a vitamin D test or a referral. Silent for everybody else."
)
USAGE = (
    "Any subset of the prefetch is accepted under any key name. Needed: the Patient and Condition; where no limb "
    "deficiency is found, a list of conditions that did not arrive whole is answered with 412. "
    "Whatever is not delivered is shown as unknown, never taken as absent."
)
PREFETCH = PREFETCH_TEMPLATES


def advise(call: Call) -> Advice:
    """Return the advice of the chart."""
    return chart_advice(call)
