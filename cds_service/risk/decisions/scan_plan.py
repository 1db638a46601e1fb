"""Where a scan should be taken: the sides that exist, the hip above a missing part, the forearm when it is wanted.

Source: spine and hip for everyone, the 1/3 radius in hyperparathyroidism and where a hip cannot be measured [30][31];
both hips, the residual-limb side apart, after amputation of a leg [5].
"""

from typing import Final

from cds_service.risk.assessment import Finding, LimbStatus, MissingLimb, ScanPlan

REMARKS: Final = ("no-hip-left", "one-hip-missing", "no-forearm-left", "report-residual-hip-apart")
FOREARMS: Final = ("", "left", "right", "non-dominant", "none", "unknown")
"""What ``ScanPlan.forearm`` may say; ``non-dominant`` when both exist, ``unknown`` when it cannot be told."""

_SIDES: Final = ("left", "right")
_NO_HIP: Final = frozenset({"hip", "hemipelvectomy"})


def scan_plan(limbs: LimbStatus, findings: tuple[Finding, ...]) -> ScanPlan:
    """Return where to measure, given what is missing and which diseases were found."""
    hips = tuple(side for side in _SIDES if side not in _sides_without_hip(limbs.limbs))
    residual = tuple(side for side in limbs.residual_hip_sides if side in hips)
    forearm = _forearm(limbs) if _hyperparathyroid(findings) or not hips else ""
    return ScanPlan(hips=hips, residual_hips=residual, forearm=forearm, remarks=_remarks(hips, residual, forearm))


def measurable(plan: ScanPlan) -> bool:
    """False when neither hip nor forearm can be measured: the spine alone is no sufficient basis [31]."""
    return bool(plan.hips) or plan.forearm != "none"


def _sides_without_hip(limbs: tuple[MissingLimb, ...]) -> set[str]:
    """Return the sides that have no hip; a lost hip of unknown side leaves both to be tried."""
    return {limb.side for limb in limbs if limb.level in _NO_HIP}


def _hyperparathyroid(findings: tuple[Finding, ...]) -> bool:
    return any(finding.rule == "R-PTH" and finding.present and finding.weight == "strong" for finding in findings)


def _forearm(limbs: LimbStatus) -> str:
    if limbs.forearm_sides is None:
        return "unknown"
    if not limbs.forearm_sides:
        return "none"
    return limbs.forearm_sides[0] if len(limbs.forearm_sides) == 1 else "non-dominant"


def _remarks(hips: tuple[str, ...], residual: tuple[str, ...], forearm: str) -> tuple[str, ...]:
    hip = {0: ("no-hip-left",), 1: ("one-hip-missing",)}.get(len(hips), ())
    apart = ("report-residual-hip-apart",) if residual else ()
    return hip + apart + (("no-forearm-left",) if forearm == "none" else ())
