"""What the risk room says: findings, gates, decisions and the whole :class:`Assessment`. Language-neutral and frozen.

Words are chosen by ``cards`` from the keys here: ``Finding.reason``, ``Unknown.item``, ``Decision.reasons``,
``GateFinding.gate``. Values a sentence needs travel in ``values`` as plain numbers, ISO dates and codes.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Evidence, Gap, NotCoded

Value = str | int | float | bool | None


class Status(StrEnum):
    """How a factor ended. UNKNOWN is not ABSENT: see house rule 1."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    POSSIBLE = "possible"
    NOT_COUNTED = "not-counted"


class Tier(StrEnum):
    """Proposed-rules section 4. INCOMPLETE: nothing found, but too little known to say NONE."""

    HIGH = "HIGH"
    ELEVATED = "ELEVATED"
    WATCH = "WATCH"
    NONE = "NONE"
    INCOMPLETE = "INCOMPLETE"


class Threshold(msgspec.Struct, frozen=True, gc=False):
    """A number of the rule set that a finding was held against, with its unit (UCUM) and source."""

    name: str
    value: float
    unit: str
    source: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One factor's result.

    Attributes:
        rule: id in the rule set, for example ``R-GC2``. family: within one family only the strongest present counts.
        weight: ``strong`` | ``moderate`` | ``weak`` | ``contested`` | ``none``; points: what it adds if it is counted.
        reason: catalogue key that words it, for example ``gc.dose-and-days``.
        values: what the sentence needs (``drug``, ``dose_mg``, ``days``, ``since`` ...).
        evidence: strongest or newest first. thresholds: what it was held against.
        override: lifts the tier to HIGH by itself. floor: tier is at least ELEVATED.
        remarks: catalogue keys of caveats (``extrapolated``, ``not-confirmed-since``, ``assumed-from-age``).
        strong_since: first day of a strong exposure or event, to tell whether it came after a DXA.
        at_risk_treatment: on glucocorticoids, aromatase inhibitor or androgen deprivation (shortens the DXA interval).
    """

    rule: str
    family: str
    status: Status
    reason: str
    weight: str = "none"
    points: int = 0
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    override: bool = False
    floor: bool = False
    remarks: tuple[str, ...] = ()
    strong_since: date | None = None
    at_risk_treatment: bool = False

    @property
    def present(self) -> bool:
        """True when the factor was found."""
        return self.status is Status.PRESENT


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Something not known. ``item`` is a catalogue key; ``core`` items decide between NONE and INCOMPLETE.

    ``why``: ``not-recorded`` | ``blocked`` | ``failed`` | ``missing`` | ``partial`` | ``unusable`` | ``outdated`` |
    ``not-coded`` (a text without code may be just that).
    """

    item: str
    core: bool = False
    why: str = "not-recorded"
    rule: str = ""
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)


class MissingLimb(msgspec.Struct, frozen=True, kw_only=True):
    """One limb that is wholly or partly missing.

    Attributes:
        limb: ``upper`` | ``lower`` | ``unspecified``. side: ``left`` | ``right`` | ``unknown``.
        level: canonical level, distal to proximal: ``digit``, ``partial-hand``, ``wrist``, ``below-elbow``, ``elbow``,
            ``above-elbow``, ``shoulder``, ``forequarter``; ``toe``, ``partial-foot``, ``ankle``, ``below-knee``,
            ``knee``,
            ``above-knee``, ``hip``, ``hemipelvectomy``; ``longitudinal`` (phocomelia, missing long bone); ``unknown``.
        origin: ``acquired`` | ``congenital``. since: date of amputation if known.
    """

    limb: str
    side: str
    level: str
    origin: str
    since: PartialDate | None = None
    evidence: tuple[Evidence, ...] = ()


class LimbStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Table 1a for one patient.

    ``ld_class``: ``NONE`` | ``MINOR`` | ``PARTFOOT`` | ``UL`` | ``LL-TT`` | ``LL-TF`` | ``LL-BI-TT`` | ``LL-BI-TF`` |
    ``LL-CONG`` |
    ``LOADED`` | ``UL-UNK`` | ``LL-UNK`` | ``UNK``. ``multi``: the MULTI flag. ``level_unknown``/``side_unknown`` are
    listed unknowns.
    ``hips``/``forearms``: which sides can be scanned (``left``, ``right``); empty when none; None when it cannot be
    told.
    ``mass_adjustable`` False where no mass table applies (longitudinal deficiency).
    """

    limbs: tuple[MissingLimb, ...] = ()
    ld_class: str = "NONE"
    multi: bool = False
    in_cohort: bool = False
    level_unknown: bool = False
    side_unknown: bool = False
    mass_adjustable: bool = True
    residual_hip_sides: tuple[str, ...] = ()
    forearm_sides: tuple[str, ...] | None = None
    possible: tuple[Evidence, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Band(msgspec.Struct, frozen=True, gc=False):
    """A value with its uncertainty: ``low <= mid <= high`` in the unit its user states."""

    low: float
    mid: float
    high: float

    def certainly_below(self, cut: float) -> bool:
        """True when the whole band lies below ``cut``."""
        return self.high < cut

    def certainly_at_least(self, cut: float) -> bool:
        """True when the whole band is ``cut`` or more."""
        return self.low >= cut


class BodySize(msgspec.Struct, frozen=True, kw_only=True):
    """Weight (kg), height (cm) and BMI (kg/m2), raw and corrected for missing limb mass, or why not.

    ``missing_fraction`` is P of proposed-rules section 3. ``refused`` is a catalogue key: ``weight-missing``,
    ``weight-outdated``,
    ``weight-before-amputation``, ``height-missing``, ``height-on-prostheses``, ``mass-not-defined``,
    ``too-much-missing``, ``level-unknown`` or empty.
    ``height_refused`` likewise, for BMI alone.
    """

    raw_weight: float | None = None
    raw_height: float | None = None
    raw_bmi: float | None = None
    weighed_on: PartialDate | None = None
    missing_fraction: Band | None = None
    weight: Band | None = None
    bmi: Band | None = None
    refused: str = ""
    height_refused: str = ""
    remarks: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Menopause(msgspec.Struct, frozen=True, kw_only=True):
    """Menopausal state.

    ``state``: ``postmenopausal`` | ``premenopausal`` | ``unknown`` | ``not-applicable``; ``assumed`` when age alone
    says so.

    ``age_at`` is the age at menopause or bilateral oophorectomy in years, if recorded.
    """

    state: str = "unknown"
    assumed: bool = False
    age_at: float | None = None
    on_hrt: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def post(self) -> bool:
        """True when postmenopausal, recorded or assumed."""
        return self.state == "postmenopausal"


class Age(msgspec.Struct, frozen=True, gc=False):
    """Completed years; ``low`` and ``high`` differ when the birth date is only a month or a year."""

    low: int
    high: int

    def at_least(self, years: float) -> bool:
        """True when it is certain that the person has reached ``years``."""
        return self.low >= years

    def below(self, years: float) -> bool:
        """True when it is certain that the person is younger than ``years``."""
        return self.high < years


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """A published tool: its value with uncertainty, or why it was not computed.

    ``tool``: ``OST`` | ``ORAI`` | ``FRAX-MOF`` | ``FRAX-HIP``.
    """

    tool: str
    band: Band | None = None
    refused: str = ""
    positive: bool | None = None
    source: str = ""
    recorded: bool = False
    evidence: tuple[Evidence, ...] = ()


class GateFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A gate of section 1 that applies.

    ``effect``: ``silent`` | ``route`` | ``suppress``; ``until`` is the first day it no longer holds.
    """

    gate: str
    effect: str
    until: date | None = None
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A card to show: ``card`` is ``K1``..``K8`` or ``P1``.

    ``reasons``: catalogue keys why (``tier``, ``premenopausal``, ``ckd``, ...). ``actions``: ``order-dxa`` |
    ``order-vitamin-d`` |
    ``refer-endocrinology`` | ``refer-osteoporosis-clinic`` | ``refer-paediatric-endocrinology`` | ``refer-ex-center``
    | ...
    ``include``: further text blocks to fold in (``K3``, ``K7``, ``frax-link``). ``indicator``: ``info`` | ``warning``.
    """

    card: str
    indicator: str
    reasons: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What would change the tier: ``points_short`` of ``tier``, and the unknown items any one of which could do it."""

    tier: Tier
    points_short: int
    items: tuple[str, ...] = ()


class ScanPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where the DXA should be taken: sides that exist and can be measured.

    ``hips``: sides to scan (both, also the residual-limb side). ``residual_hips``: sides above a missing part, to be
    reported apart.
    ``forearm``: side for the 1/3 radius when it is wanted, ``none`` when wanted but no forearm exists, empty when not
    wanted.
    """

    spine: bool = True
    hips: tuple[str, ...] = ("left", "right")
    residual_hips: tuple[str, ...] = ()
    forearm: str = ""
    remarks: tuple[str, ...] = ()


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer for one patient on one day under one rule set.

    ``tier`` is None where no tier applies (gates G-PAED, G-DEAD, G-COHORT, G-KNOWNOP, ...). ``at_least`` says that
    unknown data
    could only raise it. ``counted`` are the rule ids that gave ``points``. ``findings`` holds every factor, whatever
    its status.
    """

    rule_set: str
    profile: str
    as_of: date
    limbs: LimbStatus
    age: Age | None = None
    sex: str = ""
    menopause: Menopause = msgspec.field(default_factory=Menopause)
    body: BodySize = msgspec.field(default_factory=BodySize)
    gates: tuple[GateFinding, ...] = ()
    findings: tuple[Finding, ...] = ()
    counted: tuple[str, ...] = ()
    points: int = 0
    cut: int = 0
    tier: Tier | None = None
    at_least: bool = False
    overrides: tuple[str, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    core_known: int = 0
    core_total: int = 0
    tools: tuple[ToolResult, ...] = ()
    decisions: tuple[Decision, ...] = ()
    scan: ScanPlan = msgspec.field(default_factory=ScanPlan)
    change: Change | None = None
    gaps: tuple[Gap, ...] = ()
    not_coded: tuple[NotCoded, ...] = ()
    ignored_others: int = 0

    def finding(self, rule: str) -> Finding | None:
        """Return the finding of ``rule``, or None when the rule produced none."""
        return next((finding for finding in self.findings if finding.rule == rule), None)

    def gate(self, gate: str) -> GateFinding | None:
        """Return the gate finding, or None when it does not apply."""
        return next((finding for finding in self.gates if finding.gate == gate), None)
