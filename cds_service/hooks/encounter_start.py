"""``encounter-start``: a visit or an admission begins. Context: userId, patientId, encounterId.

The advice is that of the opened chart, at the moment when the visit is planned; orders refer to the encounter.
"""

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.hooks.advice import Advice, Call, chart_advice

HOOK = "encounter-start"
TITLE = "Bone health in limb deficiency: as a visit begins"
DESCRIPTION = (
    "For a patient who lacks limbs and whose bones are at risk: what may be dealt with during this visit. The same "
    "advice as when the chart is opened; silent for everybody else."
)
USAGE = "Use it instead of patient-view where charts are opened outside visits. Any subset of the prefetch is accepted."
PREFETCH = PREFETCH_TEMPLATES


def advise(call: Call) -> Advice:
    """Return the advice of the chart."""
    return chart_advice(call)
