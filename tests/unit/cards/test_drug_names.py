"""A drug is called by its ingredient in the language of the card, whatever code system the record uses."""

import pytest

from cards.words import LANGUAGES, words
from cds_service.risk.drugs.courses import ingredient
from cds_service.risk.record import Evidence, Hit, MedicationFact
from cds_service.terminology.load import load_default
from cds_service.terminology.match import ConceptMatch
from cds_service.terminology.table import ConceptRow

# The tables of which a rule speaks by the drug's name.
SPOKEN_OF = (
    "drug-anticonvulsant",
    "drug-aromatase-inhibitor",
    "drug-glucocorticoid-local",
    "drug-glucocorticoid-systemic",
    "drug-heparin",
    "drug-hormone-deprivation",
    "drug-other-bone-loss",
    "drug-ppi",
    "drug-serm",
    "drug-testosterone",
)
DRUG_SYSTEMS = ("http://www.whocc.no/atc", "http://www.nlm.nih.gov/research/umls/rxnorm")


def drug_rows() -> list[ConceptRow]:
    rows = [row for concept in SPOKEN_OF for row in load_default().codes(concept)]
    return [row for row in rows if row.system in DRUG_SYSTEMS]


def name_of(row: ConceptRow) -> str:
    match = ConceptMatch(
        concept="drug",
        system=row.system,
        code=row.code,
        display=row.display,
        kind="exact",
        attributes=row.attributes,
        verified=row.verified,
    )
    fact = MedicationFact(evidence=Evidence("MedicationRequest"), hits=(match,), source="request")
    return ingredient(Hit(fact, match))


def test_both_code_systems_are_looked_at() -> None:
    assert {row.system for row in drug_rows()} == set(DRUG_SYSTEMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_drug_that_a_rule_names_has_a_name_in_the_language(language: str) -> None:
    unnamed = {name_of(row) for row in drug_rows() if not words(language).has(f"ingredient.{name_of(row)}")}
    assert unnamed == set()


@pytest.mark.parametrize(
    ("system", "code", "english", "swedish"),
    [
        (DRUG_SYSTEMS[0], "L02BG04", "letrozole", "letrozol"),
        (DRUG_SYSTEMS[1], "200064", "letrozole", "letrozol"),
        (DRUG_SYSTEMS[1], "1923053", "letrozole", "letrozol"),
        (DRUG_SYSTEMS[1], "752884", "leuprorelin", "leuprorelin"),
        (DRUG_SYSTEMS[1], "314008", "goserelin", "goserelin"),
        (DRUG_SYSTEMS[1], "1361226", "heparin", "heparin"),
        (DRUG_SYSTEMS[1], "854252", "enoxaparin", "enoxaparin"),
        (DRUG_SYSTEMS[0], "B01AB51", "heparin", "heparin"),
        (DRUG_SYSTEMS[0], "D07", "corticosteroids", "kortikosteroider"),
        (DRUG_SYSTEMS[0], "L02BG", "aromatase inhibitor", "aromatashämmare"),
    ],
)
def test_a_product_is_called_by_its_ingredient(system: str, code: str, english: str, swedish: str) -> None:
    row = next(row for row in drug_rows() if (row.system, row.code) == (system, code))
    said = [words(language).word("ingredient", name_of(row)) for language in LANGUAGES]
    assert said == [english, swedish]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_of_a_local_steroid_has_a_word(language: str) -> None:
    places = {row.attributes.get("class", "") for row in load_default().codes("drug-glucocorticoid-local")}
    assert {place for place in places if not words(language).has(f"route.{place}")} == set()
