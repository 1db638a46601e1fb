"""Assessments made by hand, one per card: synthetic, each with something of everything to say."""

from collections.abc import Iterator
from datetime import date

import msgspec

from cards import CardOptions, Links
from cds_service.risk.assessment import (
    Age,
    Assessment,
    Band,
    BodySize,
    Change,
    Decision,
    Finding,
    GateFinding,
    LimbStatus,
    MissingLimb,
    ScanPlan,
    Status,
    Threshold,
    Tier,
    ToolResult,
    Unknown,
)
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Evidence, Gap, NotCoded

AS_OF = date(2026, 6, 1)


def evidence(kind: str, number: str = "1", **known: object) -> Evidence:
    return Evidence(kind, f"{kind}/{number}", **known)  # type: ignore[arg-type]  # keywords are Evidence's own


def on(text: str) -> PartialDate:
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return PartialDate.of_year(parts[0])
    return PartialDate.of_month(*parts) if len(parts) == 2 else PartialDate.of_day(date(*parts))


LEFT_THIGH = MissingLimb(
    limb="lower",
    side="left",
    level="above-knee",
    origin="acquired",
    since=on("2019-04"),
    evidence=(evidence("Procedure", "amputation", display="Femuramputation"),),
)
BOTH_FOREARMS = tuple(
    MissingLimb(limb="upper", side=side, level="below-elbow", origin="congenital") for side in ("left", "right")
)
ONE_LEG = LimbStatus(limbs=(LEFT_THIGH,), ld_class="LL-TF", in_cohort=True, residual_hip_sides=("left",))
TWO_ARMS = LimbStatus(limbs=BOTH_FOREARMS, ld_class="UL", multi=True, in_cohort=True, forearm_sides=())

PREDNISOLONE = Finding(
    rule="R-GC2",
    family="GC",
    status=Status.PRESENT,
    reason="gc.dose-and-days",
    weight="strong",
    points=4,
    values={
        "drug": "prednisolone",
        "dose_mg": 7.5,
        "days": 243,
        "since": "2025-10-01",
        "current": True,
        "modifiers": "menopause",
    },
    evidence=(evidence("MedicationRequest", "gc", display="Prednisolon 2,5 mg", when=on("2025-10-01")),),
    thresholds=(Threshold("dose", 5, "mg/d", "[43][44]"), Threshold("days", 90, "d", "[43]")),
    override=True,
    remarks=("not-confirmed-since",),
    at_risk_treatment=True,
)
POSTMENOPAUSAL = Finding(
    rule="R-MENO",
    family="BODY",
    status=Status.PRESENT,
    reason="body.postmenopausal",
    values={"age": 58, "age_at_menopause": None},
    weight="weak",
    points=1,
)
LIMB_CLASS = Finding(
    rule="R-LD",
    family="LD",
    status=Status.PRESENT,
    reason="ld.class",
    weight="moderate",
    points=2,
    values={"ld_class": "LL-TF"},
    remarks=("extrapolated",),
)
OVERWEIGHT = Finding(
    rule="R-WT",
    family="WT",
    status=Status.PRESENT,
    reason="wt.overweight",
    weight="contested",
    values={"bmi_low": 26.4, "bmi_high": 26.4, "cut": 25.0, "obese": "no"},
)
INHALED = Finding(
    rule="R-GC0",
    family="GC",
    status=Status.NOT_COUNTED,
    reason="gc.local",
    values={"drug": "budesonide", "routes": "inhaled", "since": "2024-05-02"},
)
ARTHRITIS = Finding(
    rule="R-RA",
    family="INFL",
    status=Status.POSSIBLE,
    reason="infl.ra.possible",
    evidence=(evidence("Condition", "ra", display="Reumatoid artrit?", when=on("2025-11-20")),),
)
NO_SMOKING = Finding(
    rule="R-SMK",
    family="SMK",
    status=Status.ABSENT,
    reason="smk.not-now",
    values={"status": "never", "on": "2026-01-15"},
)
NO_ALCOHOL_KNOWN = Finding(
    rule="R-ALC", family="ALC", status=Status.UNKNOWN, reason="alc.unknown", values={"why": "not-recorded"}
)
VITAMIN_D = Finding(
    rule="R-VITD",
    family="VITD",
    status=Status.PRESENT,
    reason="vitd.deficient",
    weight="moderate",
    points=2,
    values={"grade": "deficient", "nmol_l": 18.0, "on": "2026-03-02", "treated": False},
    evidence=(evidence("Observation", "vitd", value="18 nmol/L", when=on("2026-03-02")),),
    thresholds=(Threshold("deficient", 25, "nmol/L", "[91][93]"),),
)
SMOKER = Finding(
    rule="R-SMK",
    family="SMK",
    status=Status.PRESENT,
    reason="smk.current",
    values={"on": "2026-01-15"},
    weight="weak",
    points=1,
    evidence=(evidence("Observation", "smk", value="Smokes daily", when=on("2026-01-15")),),
)
DRAFTED = Finding(
    rule="R-GC2",
    family="GC",
    status=Status.PRESENT,
    reason="draft.if-continued",
    weight="strong",
    points=4,
    values={"drug": "prednisolone", "counts_as": "R-GC2"},
    thresholds=(Threshold("dose", 5, "mg/d", "[43][44]"), Threshold("days", 90, "d", "[43]")),
)
UNKNOWN_ACTIVITY = Unknown(item="activity", core=True, rule="R-ACT1")
UNKNOWN_FALLS = Unknown(item="falls", core=True, rule="R-FALL")
UNKNOWN_DRUGS = Unknown(item="medication-list", core=True, why="blocked")
UNKNOWN_LEVEL = Unknown(item="limb-level", core=True, why="unusable")

WOMAN_58 = Assessment(
    rule_set="1.0.0",
    profile="se",
    as_of=AS_OF,
    age=Age(58, 58),
    sex="female",
    limbs=ONE_LEG,
    body=BodySize(
        raw_bmi=24.1, weight=Band(70.1, 72.4, 74.8), bmi=Band(26.4, 26.4, 26.4), height_refused="height-on-prostheses"
    ),
    gates=(GateFinding(gate="G-DXA", effect="suppress", until=date(2027, 1, 31), values={"on": "2022-01-31"}),),
    findings=(
        LIMB_CLASS,
        POSTMENOPAUSAL,
        PREDNISOLONE,
        OVERWEIGHT,
        INHALED,
        ARTHRITIS,
        NO_SMOKING,
        NO_ALCOHOL_KNOWN,
    ),
    counted=("R-GC2", "R-MENO", "R-LD"),
    points=7,
    cut=4,
    tier=Tier.HIGH,
    overrides=("R-GC2",),
    unknowns=(UNKNOWN_ACTIVITY, UNKNOWN_FALLS),
    core_known=8,
    core_total=10,
    tools=(
        ToolResult(tool="OST", band=Band(2, 2, 3), positive=False, source="[98]"),
        ToolResult(tool="ORAI", refused="weight-outdated"),
    ),
    scan=ScanPlan(residual_hips=("left",)),
    gaps=(Gap("MedicationRequest/9", "dosageInstruction", "not-readable"),),
    not_coded=(NotCoded("osteoporosis-diagnosis", "Condition/7", "benskör?"),),
)
MAN_40 = Assessment(
    rule_set="1.0.0",
    profile="se",
    as_of=AS_OF,
    age=Age(40, 40),
    sex="male",
    limbs=TWO_ARMS,
    findings=(VITAMIN_D, SMOKER),
    counted=("R-VITD", "R-SMK"),
    points=3,
    cut=3,
    tier=Tier.ELEVATED,
    at_least=True,
    unknowns=(UNKNOWN_ACTIVITY, UNKNOWN_FALLS, UNKNOWN_DRUGS),
    core_known=6,
    core_total=9,
    change=Change(tier=Tier.HIGH, points_short=5, items=("medication-list", "falls")),
    scan=ScanPlan(forearm="none"),
)


def with_(base: Assessment, **changes: object) -> Assessment:
    return msgspec.structs.replace(base, **changes)


def decided(base: Assessment, card: str, *actions: str, **more: object) -> Assessment:
    decision = Decision(card=card, actions=actions, **({"indicator": "info"} | more))  # type: ignore[arg-type]  # own fields
    return with_(base, decisions=(decision,))


CHILD = with_(
    MAN_40,
    age=Age(12, 12),
    findings=(),
    unknowns=(),
    core_total=0,
    tier=None,
    counted=(),
    points=0,
    cut=0,
    at_least=False,
    change=None,
)
UNREAD = with_(
    MAN_40,
    findings=(),
    counted=(),
    points=0,
    tier=Tier.INCOMPLETE,
    unknowns=(UNKNOWN_ACTIVITY, UNKNOWN_LEVEL, UNKNOWN_DRUGS),
    core_known=7,
    core_total=10,
    change=None,
)

CARDS = {
    "K1": decided(
        WOMAN_58,
        "K1",
        "order-dxa",
        "order-vitamin-d",
        reasons=("tier", "age-50"),
        include=("K3", "frax-link", "K7"),
        indicator="warning",
    ),
    "K2": decided(
        MAN_40,
        "K2",
        "refer-endocrinology",
        "refer-ex-center",
        reasons=("man-under-50",),
        include=("K7",),
        indicator="warning",
    ),
    "K3": decided(with_(MAN_40, findings=(SMOKER, VITAMIN_D)), "K3", reasons=("vitamin-d-deficient",)),
    "K4": decided(
        WOMAN_58, "K4", "refer-osteoporosis-clinic", reasons=("steroid-override",), include=("K7",), indicator="warning"
    ),
    "K5": decided(
        with_(WOMAN_58, tier=Tier.WATCH, overrides=(), findings=(LIMB_CLASS, POSTMENOPAUSAL), points=3),
        "K5",
        "frax-link",
        reasons=("watch",),
        include=("K7",),
    ),
    "K6": decided(UNREAD, "K6", reasons=("limb-level-unknown", "medication-list-unavailable")),
    "K7": decided(
        with_(MAN_40, tier=Tier.WATCH, points=2, cut=3, at_least=False, change=None),
        "K7",
        reasons=("watch",),
        include=("K7",),
    ),
    "K8": decided(
        with_(WOMAN_58, tier=None, counted=(), points=0, cut=0, overrides=()),
        "K8",
        "refer-osteoporosis-clinic",
        reasons=("treatment-gap",),
        include=("K7",),
        values={"last_seen": "2023-02-01"},
    ),
    "P1": decided(
        with_(
            CHILD,
            gates=(
                GateFinding(
                    gate="G-PAED",
                    effect="route",
                    evidence=(
                        evidence("MedicationRequest", "gc-2", display="Prednisolon 5 mg", when=on("2026-04-10")),
                        evidence("MedicationRequest", "gc-1", display="Prednisolon 5 mg", when=on("2025-11-20")),
                        evidence("Condition", "fracture", display="Radiusfraktur", when=on("2024-08")),
                    ),
                ),
            ),
        ),
        "P1",
        "refer-paediatric-endocrinology",
        reasons=("paediatric-trigger", "steroid", "long-bone-fractures"),
        values={"steroid_days": 190, "fractures": 3},
        indicator="warning",
    ),
    "O1": decided(
        with_(WOMAN_58, findings=(LIMB_CLASS, POSTMENOPAUSAL, DRAFTED), overrides=(), tier=Tier.ELEVATED),
        "O1",
        "order-dxa",
        "order-vitamin-d",
        "refer-osteoporosis-clinic",
        reasons=("order-raises-tier", "order-if-continued"),
        include=("bone-protection", "K3"),
        values={"order": "Prednisolon 5 mg", "before": "WATCH", "after": "ELEVATED"},
    ),
    "O3": decided(
        WOMAN_58,
        "O3",
        reasons=("dxa-order-too-soon",),
        values={"draft": "ServiceRequest/dxa", "on": "2026-01-20", "until": "2027-01-31"},
        indicator="warning",
    ),
}
DRAFT_SCAN = {
    "resourceType": "ServiceRequest",
    "id": "dxa",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "code": {"text": "DXA"},
    "bodySite": [{"text": "left hip"}],
    "extension": [{"url": "https://ehr.example.org/kept", "valueString": "as it was"}],
}
# Only with the draft at hand is there a card.
COMPLETE_ORDER = decided(WOMAN_58, "O2", reasons=("dxa-order-incomplete",), values={"draft": "ServiceRequest/dxa"})


def numbered() -> Iterator[str]:
    """Ids one after the other, in the shape of a uuid."""
    count = 0
    while True:
        count += 1
        yield f"00000000-0000-4000-8000-{count:012d}"


def options(**changes: object) -> CardOptions:
    ids = numbered()
    given: dict[str, object] = {
        "patient": "Patient/p1",
        "requester": "Practitioner/d1",
        "links": Links(base_url="https://cds.example.org"),
        "drafts": {"ServiceRequest/dxa": DRAFT_SCAN},
        "new_uuid": lambda: next(ids),
    }
    return CardOptions(**(given | changes))  # type: ignore[arg-type]  # CardOptions' own fields
