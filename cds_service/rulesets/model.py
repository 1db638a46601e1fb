"""The rule set as the engine sees it: frozen, compiled once, quick to ask. Its door is :mod:`.schema`."""

from collections.abc import Mapping

import msgspec

Weight = str | int
"""A named weight (``strong`` | ``moderate`` | ``weak`` | ``contested`` | ``none``) or points of its own."""


class Number(msgspec.Struct, frozen=True, gc=False):
    """A threshold: value, UCUM unit, where it comes from, the bounds an editor may move it in."""

    value: float
    unit: str
    source: str
    minimum: float | None = None
    maximum: float | None = None


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """One rule R-*: its family, weight(s), thresholds and where they come from.

    ``sheet`` is the line of the EX-Center sheet it implements, empty when the sheet does not name it. ``enabled``
    False: never evaluated.
    """

    id: str
    family: str
    title: str
    weights: Mapping[str, Weight]
    thresholds: Mapping[str, Number]
    sources: tuple[str, ...]
    evidence: str
    sheet: str = ""
    enabled: bool = True
    note: str = ""

    def weight(self, grade: str = "") -> Weight:
        """Return the weight of ``grade`` (empty: the only one); KeyError for one that the schema refuses."""
        return self.weights[grade]

    def __getitem__(self, threshold: str) -> float:
        """Return the value of a threshold in its own unit."""
        return self.thresholds[threshold].value


class LocalFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor added as data: present when an active condition or a current medication belongs to ``concept``."""

    id: str
    family: str
    title: Mapping[str, str]
    weight: Weight
    concept: str
    kind: str
    lookback_months: int | None = None
    sources: tuple[str, ...] = ()


class LocalCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code that the hospital adds to a concept: the columns of a code table; ``attributes`` as ``k=v;k=v``."""

    concept: str
    system: str
    code: str
    display: str
    match: str
    attributes: str
    source: str
    note: str = ""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Who receives the referral ``action``, and how; the fields of :class:`cards.ReferralTarget`."""

    action: str
    name: str
    channel: str = ""
    unit: str = ""
    address: tuple[str, ...] = ()
    identifier_system: str = ""
    identifier: str = ""


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """A whole rule set under one profile.

    ``settings`` holds the remaining numbers by dotted name (``gates.paediatric_age``, ``segments.hand`` ...), each
    a :class:`Number`; ``choices`` the words (``decisions.watch_cards`` = ``off`` | ``info``,
    ``cohort.include_minor`` = ``yes`` | ``no``, ``cohort.in_words_only`` = ``ask`` | ``silent``). ``reasons`` says
    by dotted name why this site uses another value than the built-in one.
    ``digest`` is the SHA-256 of the text it was compiled from.
    """

    version: str
    schema_version: int
    profile: str
    title: str
    status: str
    weight_points: Mapping[str, int]
    factors: Mapping[str, Factor]
    limb_weights: Mapping[str, Weight]
    settings: Mapping[str, Number]
    choices: Mapping[str, str]
    core_items: tuple[str, ...]
    local_factors: tuple[LocalFactor, ...] = ()
    enabled_rows: frozenset[str] = frozenset()
    local_codes: tuple[LocalCode, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    reasons: Mapping[str, str] = {}
    digest: str = ""

    @property
    def key(self) -> str:
        """What tells one compiled rule set from every other, in any process: version, profile and content."""
        return f"{self.version}|{self.profile}|{self.digest}"

    def factor(self, rule: str) -> Factor:
        """Return the rule with id ``rule``."""
        return self.factors[rule]

    def number(self, name: str) -> float:
        """Return a setting's value in its own unit."""
        return self.settings[name].value

    def choice(self, name: str) -> str:
        """Return a non-numeric setting."""
        return self.choices[name]

    def points(self, weight: Weight) -> int:
        """Return the points of a weight."""
        return weight if isinstance(weight, int) else self.weight_points[weight]

    def weight_name(self, weight: Weight) -> str:
        """Return the word for a weight: its own name, or that of the largest named weight its points reach."""
        if isinstance(weight, str):
            return weight
        scale = ("strong", "moderate", "weak")
        return next((name for name in scale if self.weight_points[name] <= weight), "none")
