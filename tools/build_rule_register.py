"""Write ``docs/rule-register.md``: what every rule, gate and card stands on (``python tools/build_rule_register.py``).

Everything is read from where it lives: numbers and sources from the rule set, codes from the terminology tables, worked
patients from ``tests/spec``. Only which concepts a rule looks at is written here; a test holds it against ``risk/``.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import Factor, Number, RuleSet
from cds_service.terminology.load import load_default as load_terminology

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "rule-register.md"
SPEC: Final = ROOT / "tests" / "spec"
PROFILES: Final = ("se", "us", "sheet")

# The lines of the EX-Center osteoporosis sheet [1], in its order, and the name a rule gives as its ``sheet``.
SHEET_LINES: Final[Mapping[str, str]] = {
    "overweight": "Overweight",
    "smoking": "Smoking",
    "alcohol": "Large alcohol intake",
    "inactivity": "Too little physical activity or exercise",
    "cortisone": "Medicines: cortisone",
    "heparin": "Medicines: heparin",
    "hormone-breast": "Hormone drugs for breast cancer",
    "hormone-prostate": "Hormone drugs for prostate cancer",
    "rheumatoid-arthritis": "Rheumatoid arthritis",
    "anorexia": "Anorexia",
    "coeliac": "Hypersensitivity to gluten (read as coeliac disease)",
    "thyroid": "Thyroid disease",
    "parathyroid": "Parathyroid disease",
    "vitamin-d": "Lack of vitamin D",
    "women": "Women",
    "menopause": "Menopause",
    "heredity": "Heredity",
    "men": "Men too",
    "target-group": "The sheet's readers: people with limb deficiency",
}

_LIMBS: Final = (
    "limb-deficiency-acquired-lower",
    "limb-deficiency-acquired-upper",
    "limb-deficiency-acquired-unspecified",
    "limb-deficiency-congenital",
)
_STEROIDS: Final = ("drug-glucocorticoid-systemic", "adrenal-insufficiency", "route")
_FRACTURES: Final = (
    "fragility-fracture",
    "external-cause-high-energy",
    "external-cause-low-energy",
    "bone-health-item",
)
_HEIGHTS: Final = ("bmi-observation", "bone-health-item")
_GNRH: Final = ("drug-hormone-deprivation", "prostate-cancer", "breast-cancer")

CONCEPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "R-AGE-F": (),
    "R-AGE-M": (),
    "R-MENO": ("menopause", "last-menstrual-period", "drug-hormone-replacement", "bone-health-item"),
    "R-BMI-L": (*_HEIGHTS, "low-bmi"),
    "R-OST": (*_HEIGHTS, "menopause", "drug-hormone-replacement"),
    "R-ORAI": (*_HEIGHTS, "drug-hormone-replacement"),
    "R-MENO-E": ("menopause", "drug-hormone-replacement", "bone-health-item"),
    "R-FX1": _FRACTURES,
    "R-FX2": _FRACTURES,
    "R-FX3": (*_FRACTURES, "limb-deficiency-acquired-lower", "limb-deficiency-acquired-upper"),
    "R-GC0": (*_STEROIDS, "drug-glucocorticoid-local"),
    "R-GC1": _STEROIDS,
    "R-GC2": _STEROIDS,
    "R-GC3": _STEROIDS,
    "R-GC4": (*_STEROIDS, "cushing"),
    "R-GC5": _STEROIDS,
    "R-AI": ("drug-aromatase-inhibitor",),
    "R-OFS": _GNRH,
    "R-TAM": ("drug-serm",),
    "R-ADT": _GNRH,
    "R-HYPO": ("hypogonadism", "testosterone-lab", "drug-testosterone"),
    "R-UFH": ("drug-heparin",),
    "R-LMWH": ("drug-heparin",),
    "R-RA": ("rheumatoid-arthritis",),
    "R-INFL": ("inflammatory-bowel-disease", "other-secondary-osteoporosis"),
    "R-AN": ("eating-disorder", "bmi-observation", "last-menstrual-period", "bone-health-item"),
    "R-WL": (*_HEIGHTS,),
    "R-COE": ("coeliac-disease", "bone-health-item"),
    "R-MAL": ("malabsorption", "bariatric-surgery"),
    "R-THY0": ("thyroid-disease", "drug-thyroid-hormone"),
    "R-THY1": ("thyroid-disease", "drug-antithyroid", "thyroid-hormone-lab", "drug-thyroid-hormone"),
    "R-THY2": ("thyroid-disease", "drug-thyroid-hormone"),
    "R-PTH": ("parathyroid-disease", "bone-health-item"),
    "R-VITD": ("vitamin-d-lab", "vitamin-d-deficiency", "drug-calcium-vitamin-d"),
    "R-SMK": ("smoking", "bone-health-item"),
    "R-ALC": ("alcohol-high", "bone-health-item"),
    "R-ACT1": ("physical-inactivity",),
    "R-ACT2": ("immobility-wheelchair", "bone-health-item"),
    "R-WT": (*_HEIGHTS, "overweight"),
    "R-HER1": ("family-history-osteoporosis", "bone-health-item"),
    "R-HER2": ("family-history-osteoporosis", "bone-health-item"),
    "R-FALL": ("falls", "fragility-fracture", "bone-health-item"),
    "R-LD": (*_LIMBS, "limb-loaded-syndrome", "limb-prosthesis-device", "bone-health-item"),
    "R-CO": (
        "diabetes",
        "drug-insulin",
        "chronic-kidney-disease",
        "chronic-liver-disease",
        "transplant",
        "cushing",
        "copd",
        "multiple-myeloma",
        "stroke-paresis",
        "other-secondary-osteoporosis",
    ),
    "R-DRUG": ("drug-anticonvulsant", "drug-ppi", "drug-other-bone-loss"),
    "R-TOOL": ("frax-result",),
}
"""Concepts that a rule looks at: names of terminology tables."""

GATES: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "G-DEAD": ("The patient has died: no card.", (), ()),
    "G-INACT": ("The record is inactive or replaced: no card.", (), ()),
    "G-COHORT": (
        "No limb deficiency, or fingers and toes only: no card. Only K6, for the code, where plain words tell of one.",
        ("cohort.include_minor", "cohort.in_words_only"),
        _LIMBS,
    ),
    "G-PAED": (
        "Below 20 years: the paediatric route, no tier; P1 for a trigger only.",
        (
            "gates.paediatric_age",
            "gates.paediatric_steroid_days",
            "gates.paediatric_fractures_young",
            "gates.paediatric_fractures_young_age",
            "gates.paediatric_fractures_old",
        ),
        ("fragility-fracture", "eating-disorder", "drug-glucocorticoid-systemic"),
    ),
    "G-PREG": (
        "Pregnant, or until some months after it: no scan.",
        ("gates.pregnancy_observation_weeks", "gates.post_partum_months"),
        ("pregnancy", "delivery"),
    ),
    "G-EOL": (
        "Palliative care or limited life expectancy: no card.",
        ("gates.palliative_months",),
        ("palliative-hospice", "bone-health-item"),
    ),
    "G-KNOWNOP": (
        "Osteoporosis is known, or treated: K8 instead of a risk tier.",
        ("gates.treatment_gap_months", "gates.treated_dxa_months", "gates.denosumab_interval_months"),
        ("osteoporosis-diagnosis", "drug-bone-active"),
    ),
    "G-ORDER": ("A scan is ordered or booked.", ("gates.order_months",), ("order-dxa", "dxa-procedure")),
    "G-DXA": (
        "A recent scan: how long it holds another one back.",
        tuple(
            f"dxa.{name}"
            for name in (
                "good_above",
                "good_months",
                "fair_above",
                "fair_months",
                "low_above",
                "low_months",
                "unknown_months",
                "residual_hip_missing_months",
                "strong_factor_months",
                "z_low",
                "z_below_age",
                "plausible_low",
                "plausible_high",
            )
        ),
        ("dxa-result-observation", "dxa-procedure"),
    ),
    "G-DECL": (
        "The patient declined a scan.",
        ("gates.declined_months",),
        ("order-dxa", "dxa-procedure", "override-reason"),
    ),
}
"""Gates in their order: what they do, the settings they use, the concepts they look at."""

CARDS: Final[Mapping[str, str]] = {
    "K1": "Consider a bone density scan",
    "K2": "Refer: a specialist first",
    "K3": "Treat a vitamin D deficiency",
    "K4": "Treat and refer without waiting for a scan",
    "K5": "Estimate FRAX",
    "K6": "Complete the data",
    "K7": "Advice on loading, falls and food",
    "K8": "Known osteoporosis: treatment and follow-up",
    "P1": "Paediatric endocrinology",
}

# What a worked patient may say of a rule, and whether it shows the rule firing.
_FIRES: Final = ("counted", "counted_rules", "present", "overrides", "possible", "not_counted")
_HOLDS_BACK: Final = ("absent", "unclear", "not_present")
_SYSTEMS_TABLE: Final = ROOT / "cds_service" / "terminology" / "tables" / "code-systems.tsv"

HEAD: Final = """# Rule register

For the clinician who wants to know what a rule stands on, and for whoever changes one. Made by
`tools/build_rule_register.py` from the rule set, the code tables and the worked patients; do not edit it by hand.

- Numbers in square brackets are the [references](evidence-references.md); D1 to D20 are the
  [clinical decisions](clinical-decisions.md). "inf." is inference, "C" general knowledge that was not verified.
- Evidence: A primary source read, B secondary account, C not verified.
- Weights: strong, moderate, weak give points once per family; contested is shown and gives none.
- Codes: how many rows of each code system a concept's table has. The tables are in `cds_service/terminology/tables`.
- Proved by: worked patients of `tests/spec` in which the rule fires, and in which it must not.

The single rules come from guidelines; the way they are combined is an expert construction that was not validated in
people with limb deficiency.
"""


def register() -> str:
    """Return the whole page as Markdown."""
    rules = {profile: load_default(profile) for profile in PROFILES}
    proofs = Proofs()
    parts = [HEAD, f"Rule set {rules['se'].version}, status {rules['se'].status}.\n", *_sheet(rules["se"])]
    parts += ["## Rules\n", *(_rule(factor, rules, proofs) for factor in rules["se"].factors.values())]
    parts += ["## Gates\n", *(_gate(gate, rules["se"], proofs) for gate in GATES)]
    parts += ["## Cards\n", *_cards(proofs), "## All other settings\n", *_settings(rules)]
    return "\n".join(parts)


class Proofs:
    """Which worked patients prove a rule, a gate or a card."""

    def __init__(self) -> None:
        self.fires: dict[str, list[str]] = {}
        self.not_fires: dict[str, list[str]] = {}
        for patient in _worked_patients():
            name, expected = str(patient.get("id", "")), patient.get("expect") or {}
            for key in (*_FIRES, "gates", "cards"):
                _file(self.fires, expected.get(key), name)
            for key in _HOLDS_BACK:
                _file(self.not_fires, expected.get(key), name)

    def line(self, what: str) -> str:
        """Return one line about ``what``."""
        fires, silent = self.fires.get(what, []), self.not_fires.get(what, [])
        said = [f"fires in {_listed(fires)}"] if fires else []
        said += [f"does not in {_listed(silent)}"] if silent else []
        return "; ".join(said) or "no worked patient yet"


def _worked_patients() -> Iterator[dict[str, Any]]:
    for path in sorted(SPEC.rglob("*.yaml")):
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield from (one for one in read or [] if isinstance(one, dict))


def _file(proofs: dict[str, list[str]], named: object, patient: str) -> None:
    for what in named if isinstance(named, list | dict | tuple) else ():
        known = proofs.setdefault(str(what), [])
        if patient not in known:
            known.append(patient)


def _listed(patients: Iterable[str]) -> str:
    """Name patients, worked ones of the proposed rules (plain numbers) first."""
    named = sorted(patients, key=lambda one: (not one.isdigit(), int(one) if one.isdigit() else 0, one))
    return ", ".join(f"#{one}" if one.isdigit() else one for one in named)


def _sheet(rules: RuleSet) -> Iterator[str]:
    yield "## Lines of the EX-Center sheet\n\n| sheet line | rules |\n|---|---|"
    for slug, text in SHEET_LINES.items():
        named = [factor.id for factor in rules.factors.values() if factor.sheet == slug]
        yield f"| {text} | {', '.join(named)} |"
    others = [factor.id for factor in rules.factors.values() if not factor.sheet]
    yield f"| not on the sheet, but in the guidelines | {', '.join(others)} |\n"


def _rule(factor: Factor, rules: Mapping[str, RuleSet], proofs: Proofs) -> str:
    lines = [f"### {factor.id} {factor.title}\n", "| | |", "|---|---|", f"| Family | {factor.family} |"]
    lines += [f"| Sheet line | {SHEET_LINES.get(factor.sheet, 'not on the sheet')} |"]
    lines += [f"| Weight | {_weights(factor, rules)} |"]
    lines += [f"| Sources | {', '.join(factor.sources)}; evidence {factor.evidence} |"]
    lines += [f"| Note | {factor.note} |"] if factor.note else []
    lines += [f"| Codes | {_codes(CONCEPTS[factor.id])} |", f"| Proved by | {proofs.line(factor.id)} |", ""]
    return "\n".join(lines + (_numbers(factor.thresholds) if factor.thresholds else []))


def _weights(factor: Factor, rules: Mapping[str, RuleSet]) -> str:
    said = []
    for grade, weight in factor.weights.items():
        points = rules["se"].points(weight)
        text = f"{grade.replace('_', ' ')}: {weight} ({points})" if grade else f"{weight} ({points})"
        for profile in PROFILES[1:]:
            other = rules[profile]
            differs = other.points(other.factor(factor.id).weights[grade])
            text += f", profile {profile} {differs}" if differs != points else ""
        said.append(text)
    return "; ".join(said)


def _codes(concepts: Iterable[str]) -> str:
    said = [f"{concept} ({_counted(concept)})" for concept in dict.fromkeys(concepts)]
    return "; ".join(said) or "none: age and sex of the Patient resource"


@cache
def _systems() -> dict[str, str]:
    """Return the short name of each code system, by its canonical URI."""
    with _SYSTEMS_TABLE.open(encoding="utf-8", newline="") as table:
        return {row["canonical"]: row["name"] for row in csv.DictReader(table, delimiter="\t")}


def _counted(concept: str) -> str:
    counts = Counter(_systems()[row.system] for row in load_terminology().table(concept))
    return ", ".join(f"{system} {number}" for system, number in sorted(counts.items()))


def _numbers(numbers: Mapping[str, Number]) -> list[str]:
    head = ["| threshold | value | unit | bounds | source |", "|---|---|---|---|---|"]
    return [*head, *(_number(name, number) for name, number in numbers.items()), ""]


def _number(name: str, number: Number) -> str:
    bounds = f"{_plain(number.minimum)} to {_plain(number.maximum)}"
    return f"| {name} | {_plain(number.value)} | {number.unit} | {bounds} | {number.source} |"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _gate(gate: str, rules: RuleSet, proofs: Proofs) -> str:
    what, names, concepts = GATES[gate]
    numbers = {name: rules.settings[name] for name in names if name in rules.settings}
    choices = [f"{name} = {rules.choice(name)}" for name in names if name in rules.choices]
    lines = [f"### {gate}\n", f"{what}\n", "| | |", "|---|---|"]
    lines += [f"| Choice | {choice} |" for choice in choices]
    lines += [f"| Codes | {_codes(concepts) if concepts else 'none: the Patient resource'} |"]
    lines += [f"| Proved by | {proofs.line(gate)} |", ""]
    return "\n".join(lines + (_numbers(numbers) if numbers else []))


def _cards(proofs: Proofs) -> Iterator[str]:
    yield "| card | what it says | proved by |\n|---|---|---|"
    for card, what in CARDS.items():
        yield f"| {card} | {what} | {proofs.line(card)} |"
    yield ""


def _settings(rules: Mapping[str, RuleSet]) -> Iterator[str]:
    told = {name for _, names, _ in GATES.values() for name in names}
    default = rules["se"]
    weights = ", ".join(f"{name} {points}" for name, points in default.weight_points.items())
    limbs = ", ".join(f"{name} {weight}" for name, weight in default.limb_weights.items())
    yield f"Points of the weights: {weights}.\n\nWeights of the limb classes (family LD): {limbs}.\n"
    yield f"Core items: {', '.join(default.core_items)}.\n"
    for name in sorted(set(default.choices) - told):
        said = {profile: rules[profile].choice(name) for profile in PROFILES}
        other = [f"{profile}: {value}" for profile, value in said.items() if value != said["se"]]
        yield f"- `{name}` = {said['se']}{' (profile ' + ', '.join(other) + ')' if other else ''}"
    yield ""
    yield "\n".join(_numbers({name: number for name, number in default.settings.items() if name not in told}))


if __name__ == "__main__":
    PAGE.write_text(register(), encoding="utf-8")
