"""R-GC0: steroids that act where they are put (lung, nose, skin, eye, joint, bowel): seen, not counted.

The exception is more than 1,500 ug beclometasone (HFA aerosol) a day, inhaled for a year [53]. Other inhaled drugs are
compared through the daily doses that ERS/ATS 2014 calls high (tables/drug-glucocorticoid-local.tsv); a drug or a dose
that cannot be compared is not counted, and ``dose_ug`` is then None.
"""

import math
from typing import Final

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.case import Case
from cds_service.risk.dates import add_days, whole_months
from cds_service.risk.drugs.exposure import Exposure
from cds_service.risk.drugs.findings import LONG_TERM_USE, long_term_use, rounded, taken_since, told
from cds_service.risk.drugs.steroids import LOCAL, Steroids, local_route

REASONS: Final = {
    "gc.inhaled-high-dose": ("drug", "days", "since", "until", "current", "dose_ug"),
    "gc.local": ("drug", "days", "since", "until", "current", "dose_ug", "routes"),
}
"""Reason keys of this module with the names of their values (``dose_ug``: beclometasone equivalents a day, inhaled)."""

_AGAINST: Final = ("inhaled_high_dose", "inhaled_months")


def inhaled_high_dose(case: Case, exposure: Exposure) -> Finding | None:
    """Return R-GC0 as present (weak) for a high inhaled dose over the months asked for, current or recently ended."""
    rule = case.rules.factor("R-GC0")
    above = math.nextafter(rule["inhaled_high_dose"], math.inf)
    long = any(
        whole_months(one.start, add_days(one.end, 1)) >= rule["inhaled_months"] for one in exposure.spans(None, above)
    )
    if not long or not taken_since(exposure, case.months_ago(case.rules.number("exposure.recent_months"))):
        return None
    return case.find(
        "R-GC0",
        Status.PRESENT,
        "gc.inhaled-high-dose",
        grade="high_dose_inhaled",
        values={**told(exposure), "dose_ug": rounded(exposure.mean())},
        evidence=exposure.evidence,
        held_against=_AGAINST,
        remarks=exposure.remarks,
    )


def local_seen(case: Case, steroids: Steroids) -> list[Finding]:
    """Return one finding for all local steroids of the record, also those coded as long-term inhaled use (Z79.51)."""
    coded = long_term_use(case, LOCAL, LONG_TERM_USE)
    exposure = steroids.local
    if not exposure.taken and not coded:
        return []
    routes = {local_route(one.hit) for one in exposure.taken} | ({"inhaled"} if coded else set())
    return [
        case.find(
            "R-GC0",
            Status.NOT_COUNTED,
            "gc.local",
            values={
                **told(exposure),
                "dose_ug": rounded(steroids.inhaled.mean()),
                "routes": ", ".join(sorted(routes)),
            },
            evidence=(*exposure.evidence, *coded),
            held_against=_AGAINST if "inhaled" in routes else (),
            remarks=exposure.remarks,
        )
    ]
