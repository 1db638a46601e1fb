"""The tables that ship with the package, read once per process."""

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from cds_service.errors import TerminologyError
from cds_service.terminology.attributes import load_vocabulary
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.quantities import (
    GlucocorticoidEquivalence,
    UnitFactor,
    VitaminDBand,
    load_equivalence,
    load_units,
    load_vitamin_d,
)
from cds_service.terminology.systems import CodeSystems, load_systems
from cds_service.terminology.table import ConceptRow, ConceptTable, RowReader

# The concepts the rest of the code and the rule set speak of; a missing one stops start-up.
EXPECTED_TABLES: Final = frozenset(
    {
        "adrenal-insufficiency",
        "alcohol-high",
        "bariatric-surgery",
        "bmi-observation",
        "body-site",
        "bone-health-item",
        "breast-cancer",
        "chronic-kidney-disease",
        "chronic-liver-disease",
        "coeliac-disease",
        "copd",
        "cushing",
        "delivery",
        "diabetes",
        "drug-anticonvulsant",
        "drug-antithyroid",
        "drug-aromatase-inhibitor",
        "drug-bone-active",
        "drug-calcium-vitamin-d",
        "drug-glucocorticoid-local",
        "drug-glucocorticoid-systemic",
        "drug-heparin",
        "drug-hormone-replacement",
        "drug-hormone-deprivation",
        "drug-insulin",
        "drug-other-bone-loss",
        "drug-ppi",
        "drug-serm",
        "drug-testosterone",
        "drug-thyroid-hormone",
        "dxa-procedure",
        "dxa-result-observation",
        "eating-disorder",
        "external-cause-high-energy",
        "external-cause-low-energy",
        "falls",
        "family-history-osteoporosis",
        "fragility-fracture",
        "frax-result",
        "hiv",
        "hypogonadism",
        "immobility-wheelchair",
        "inflammatory-bowel-disease",
        "last-menstrual-period",
        "limb-deficiency-acquired-lower",
        "limb-deficiency-acquired-unspecified",
        "limb-deficiency-acquired-upper",
        "limb-deficiency-congenital",
        "limb-loaded-syndrome",
        "limb-prosthesis-device",
        "low-bmi",
        "malabsorption",
        "menopause",
        "multiple-myeloma",
        "order-dxa",
        "order-letter",
        "order-lifestyle-advice",
        "order-referral",
        "order-vitamin-d-lab",
        "osteopenia",
        "osteoporosis-diagnosis",
        "other-secondary-osteoporosis",
        "override-reason",
        "overweight",
        "palliative-hospice",
        "parathyroid-disease",
        "physical-inactivity",
        "pregnancy",
        "prostate-cancer",
        "rheumatoid-arthritis",
        "route",
        "smoking",
        "stroke-paresis",
        "testosterone-lab",
        "thyroid-disease",
        "thyroid-hormone-lab",
        "transplant",
        "vitamin-d-deficiency",
        "vitamin-d-lab",
    }
)
HELPER_TABLES: Final = frozenset(
    {
        "attributes",
        "code-system-aliases",
        "code-systems",
        "glucocorticoid-equivalence",
        "ucum-factors",
        "units",
        "vitamin-d-thresholds",
    }
)
# How many different sets of switches are kept built: the published rule set, a draft, and a few comparisons.
_KEPT_INDEXES: Final = 8


def _default_directory() -> Traversable:
    return files("cds_service.terminology") / "tables"


def load_reader(directory: Traversable) -> RowReader:
    """Read code systems and attribute vocabulary from a directory. Raises TerminologyError."""
    systems = load_systems(directory / "code-systems.tsv", directory / "code-system-aliases.tsv")
    return RowReader(systems, load_vocabulary(directory / "attributes.tsv"))


def load_tables(directory: Traversable, reader: RowReader) -> tuple[ConceptTable, ...]:
    """Read every concept table of a directory, in alphabetical order.

    Raises:
        TerminologyError: an expected table is missing, or one is malformed.
    """
    found = {file.name.removesuffix(".tsv"): file for file in directory.iterdir() if file.name.endswith(".tsv")}
    missing = (EXPECTED_TABLES | HELPER_TABLES) - found.keys()
    if missing:
        raise TerminologyError(f"missing tables: {', '.join(sorted(missing))}")
    return tuple(reader.table(slug, found[slug]) for slug in sorted(found.keys() - HELPER_TABLES))


@cache
def default_reader() -> RowReader:
    """Return the reader of the shipped tables; local rows are made with its ``row`` method. Raises TerminologyError."""
    return load_reader(_default_directory())


@cache
def _default_tables() -> tuple[ConceptTable, ...]:
    return load_tables(_default_directory(), default_reader())


def load_default(enabled: frozenset[str] = frozenset(), local: tuple[ConceptRow, ...] = ()) -> TerminologyIndex:
    """Return the index over the shipped tables, built once per set of switches and local rows.

    Args:
        enabled: filters that turn on rows which do not count by default (see :mod:`.enable`).
        local: the hospital's own rows.

    Raises:
        TerminologyError: a table is missing or malformed, or a filter turns on nothing.
    """
    return _built(enabled, local)


@lru_cache(maxsize=_KEPT_INDEXES)
def _built(enabled: frozenset[str], local: tuple[ConceptRow, ...]) -> TerminologyIndex:
    index = TerminologyIndex.build(_default_tables(), reader=default_reader(), enabled=enabled, local=local)
    index.made_by = (load_default, (enabled, local))
    return index


def code_systems() -> CodeSystems:
    """Return the known code systems, e.g. ``code_systems().uri("override-reason")``."""
    return default_reader().systems


@cache
def glucocorticoid_equivalence() -> Mapping[str, GlucocorticoidEquivalence]:
    """Return mg prednisone per mg, by ingredient name as in the attribute ``ingredient``; None: not counted."""
    return load_equivalence(_default_directory() / "glucocorticoid-equivalence.tsv")


@cache
def unit_factors() -> Mapping[tuple[str, str], UnitFactor]:
    """Return the factor to the reference unit, by (quantity, UCUM code)."""
    return load_units(_default_directory() / "units.tsv")


@cache
def vitamin_d_thresholds() -> tuple[VitaminDBand, ...]:
    """Return the bands of 25-hydroxyvitamin D that laboratories and guidelines use; regions differ."""
    return load_vitamin_d(_default_directory() / "vitamin-d-thresholds.tsv")
