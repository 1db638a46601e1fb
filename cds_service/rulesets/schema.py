"""The door for rule sets: a pydantic model of the TOML file that refuses what the engine could not use.

The built-in default file is also the catalogue: every rule set must hold the same factors, thresholds, grades and
units, so that a factor never meets a threshold that is not there. Bounds (``min``/``max``) are read from the default,
never from an edited file.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

WeightName = Literal["strong", "moderate", "weak", "contested", "none"]
WeightValue = WeightName | Annotated[int, Field(ge=0, le=12)]
RuleId = Annotated[str, StringConstraints(pattern=r"^R-[A-Z0-9]+(-[A-Z]+)?$")]
LocalId = Annotated[str, StringConstraints(pattern=r"^L-[A-Z0-9][A-Z0-9-]{0,30}$")]


class _Strict(BaseModel):
    # Strict: "5" and true are no numbers, however willingly they could be read as such.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NumberEntry(_Strict):
    """A number with its unit (UCUM), source and the bounds it may be moved in."""

    value: float = Field(allow_inf_nan=False)
    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _inside_bounds(self) -> Self:
        if self.min is not None and self.value < self.min:
            raise ValueError(f"{self.value} is below its bound {self.min}")
        if self.max is not None and self.value > self.max:
            raise ValueError(f"{self.value} is above its bound {self.max}")
        return self


class FactorEntry(_Strict):
    """One ``[factors.R-...]`` table."""

    family: str = Field(pattern=r"^[A-Z]+$")
    title: str = Field(min_length=1)
    weight: WeightValue | None = None
    weights: dict[str, WeightValue] | None = None
    sheet: str
    sources: list[str] = Field(min_length=1)
    evidence: Literal["A", "B", "C"]
    note: str = ""
    enabled: bool = True
    thresholds: dict[str, NumberEntry] = {}

    @model_validator(mode="after")
    def _one_kind_of_weight(self) -> Self:
        if (self.weight is None) == (self.weights is None):
            raise ValueError("give either weight or weights")
        return self

    def graded(self) -> dict[str, WeightValue]:
        """Return the weights by grade; a single weight stands under the empty grade."""
        return self.weights if self.weights is not None else {"": self.weight or "none"}


class LocalFactorEntry(_Strict):
    """One ``[local_factors.L-...]`` table: a factor added as data."""

    family: str = Field(pattern=r"^[A-Z]+$")
    title: dict[Literal["en", "sv"], str]
    weight: WeightName
    concept: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: Literal["condition", "medication"]
    lookback_months: int | None = Field(default=None, ge=1, le=1200)
    sources: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _both_languages(self) -> Self:
        if set(self.title) != {"en", "sv"}:
            raise ValueError("title needs both en and sv")
        return self


class LocalCodeEntry(_Strict):
    """One ``[[local_codes]]`` table: a code that the hospital adds to a concept, or whose shipped row it replaces."""

    concept: str = Field(pattern=r"^[a-z0-9-]+$")
    system: str = Field(min_length=1, max_length=255)
    code: str = Field(min_length=1, max_length=64)
    display: str = Field(default="", max_length=255)
    match: Literal["exact", "prefix", "descendants"] = "exact"
    attributes: str = Field(default="", max_length=255)
    source: str = Field(min_length=1, max_length=255)
    note: str = Field(default="", max_length=500)


class ReferralTargetEntry(_Strict):
    """One ``[referral_targets.refer-...]`` table: who receives the referral of this action, instead of the built-in."""

    name: str = Field(min_length=1, max_length=120)
    channel: str = Field(default="", max_length=120)
    unit: str = Field(default="", max_length=120)
    address: list[Annotated[str, StringConstraints(max_length=120)]] = []
    identifier_system: str = Field(default="", max_length=255)
    identifier: str = Field(default="", max_length=64)


class LimbWeights(_Strict):
    """The ``[limbs]`` table: weight of family LD by limb class (table 1a)."""

    PARTFOOT: WeightValue
    UL: WeightValue
    LOADED: WeightValue
    LL_TT: WeightValue = Field(alias="LL-TT")
    LL_TF: WeightValue = Field(alias="LL-TF")
    LL_BI_TT: WeightValue = Field(alias="LL-BI-TT")
    LL_BI_TF: WeightValue = Field(alias="LL-BI-TF")
    LL_CONG: WeightValue = Field(alias="LL-CONG")
    UL_UNK: WeightValue = Field(alias="UL-UNK")
    LL_UNK: WeightValue = Field(alias="LL-UNK")
    UNK: WeightValue


class CoreEntry(_Strict):
    """The ``[core]`` table: items that must be known before NONE may be said."""

    items: list[str] = Field(min_length=1)
    menopause_from: NumberEntry
    menopause_to: NumberEntry


class TerminologyEntry(_Strict):
    """The ``[terminology]`` table: rows of the code tables that do not count by default but do under these rules."""

    enable: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(:[a-z_-]+=[^;]+(;[a-z_-]+=[^;]+)*)?$")]]


Section = dict[str, NumberEntry | str]


class RuleSetFile(_Strict):
    """The whole file."""

    schema_version: Literal[1]
    version: str = Field(pattern=r"^\d+\.\d+\.\d+([+-][0-9A-Za-z.-]+)?$")
    title: str = Field(min_length=1)
    status: Literal["draft", "review", "published", "retired"]
    released: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    weights: dict[WeightName, Annotated[int, Field(ge=0, le=12)]]
    tiers: Section
    core: CoreEntry
    terminology: TerminologyEntry
    cohort: Section
    gates: Section
    dxa: Section
    segments: Section
    weight: Section
    limbs: LimbWeights
    exposure: Section
    menopause: Section
    quantities: Section
    decisions: Section
    silence: Section
    factors: dict[RuleId, FactorEntry] = Field(min_length=1)
    local_factors: dict[LocalId, LocalFactorEntry] = {}
    local_codes: list[LocalCodeEntry] = []
    referral_targets: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")], ReferralTargetEntry] = {}
    reasons: dict[str, Annotated[str, StringConstraints(min_length=1, max_length=500)]] = {}
    profiles: dict[str, dict[str, WeightValue | str | float]]

    @model_validator(mode="after")
    def _weights_fall(self) -> Self:
        order = [self.weights.get(name, -1) for name in ("strong", "moderate", "weak", "none")]
        if -1 in order or order != sorted(order, reverse=True) or "contested" not in self.weights:
            raise ValueError("weights must name strong >= moderate >= weak >= none, and contested")
        return self

    @model_validator(mode="after")
    def _codes_once(self) -> Self:
        seen: set[tuple[str, str, str, str]] = set()
        for entry in self.local_codes:
            key = (entry.concept, entry.system, entry.code, entry.match)
            if key in seen:
                raise ValueError(f"local_codes lists {entry.code} of {entry.concept} twice")
            seen.add(key)
        return self


SECTIONS = (
    "tiers", "cohort", "gates", "dxa", "segments", "weight", "exposure", "menopause", "quantities", "decisions",
    "silence",
)  # fmt: skip
"""Tables whose entries become ``settings`` (numbers) and ``choices`` (words) by dotted name."""

CHOICES: dict[str, frozenset[str]] = {
    "cohort.include_minor": frozenset({"yes", "no"}),
    "cohort.in_words_only": frozenset({"ask", "silent"}),
    "decisions.watch_cards": frozenset({"off", "info"}),
    "decisions.frax_first": frozenset({"yes", "no"}),
    "silence.wrong_patient_data": frozenset({"data-change", "limb-data-change"}),
    "silence.not_limb_deficient": frozenset({"data-change", "limb-data-change"}),
    "silence.minor_deficiency": frozenset({"data-change", "limb-data-change"}),
}
"""What the entries that are words may say."""
