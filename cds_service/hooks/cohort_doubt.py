"""When no limb deficiency was found: may we be silent, or do we not know?

Most patients lack no limb, and the answer to them is no cards. That answer is given only on a list of conditions that
arrived whole: a failure must never look like "no risk" (CDS Hooks: 412 when needed data cannot be had).

===================  ======================================================================================
conditions           not whole (missing, failed, blocked, in part): 412
procedures           failed or in part: 412, because an amputation may stand in what did not come
procedures           missing or blocked: no cards; many clients give no procedures, and conditions alone decide
===================  ======================================================================================
"""

from typing import Final

from cds_service.errors import EssentialDataMissing
from cds_service.fhir import Gathered, cohort_shortfalls
from cds_service.fhir.areas import AREA_KEY
from cds_service.risk.assessment import Assessment
from cds_service.risk.gates.doubt import doubtful
from cds_service.risk.record import PatientRecord

_REMARK: Final = "limb-data-incomplete"


def refuse_doubtful_silence(assessment: Assessment, gathered: Gathered, record: PatientRecord) -> None:
    """Raise EssentialDataMissing when G-COHORT closed on lists from which nothing may be concluded.

    It names each list and, as far as it is known, why it is not whole.
    """
    if not any(_REMARK in gate.remarks for gate in assessment.gates):
        return
    told = {text.partition(":")[0]: text for text in cohort_shortfalls(gathered, record)}
    lists = ((AREA_KEY[area], record.delivery(area).state) for area in doubtful(record))
    missing = tuple(told.get(key, f"{key}: {state.value}") for key, state in lists)
    if missing:
        raise EssentialDataMissing(missing)
