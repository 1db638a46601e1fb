"""The synthetic population: the same each time, nobody real, and everything that the rules can say occurs in it."""

import re
from collections import Counter

import orjson
import pytest

from cds_service.cohort import Population
from cds_service.cohort.oddities import ODDITIES
from cds_service.cohort.person import draw_person
from cds_service.cohort.population import AS_OF
from cds_service.cohort.recipes import backgrounds, fitting_rows, recipes
from cds_service.fhir import read_bundle, read_hook_request, read_prefetch
from cds_service.risk.assess import assess
from cds_service.risk.assessment import Assessment, Tier
from cds_service.risk.decisions.decide import CARDS
from cds_service.risk.gates.eligibility import GATES
from cds_service.rulesets.load import load_default as load_rules
from cds_service.terminology.load import load_default

RULES = load_rules()
INDEX = load_default(RULES.enabled_rows)
LIMBLESS = Population(seed=6, patients=800, limb_share=1.0)
# A WATCH card by itself, which the default rules leave off (D12).
OFF_BY_DEFAULT = {"K7"}


@pytest.fixture(scope="module")
def assessments() -> list[Assessment]:
    """What the engine says of each."""
    return [assessed(patient.hook_request()) for patient in LIMBLESS]


def assessed(body: bytes) -> Assessment:
    return assess(read_prefetch(read_hook_request(body), INDEX, AS_OF), RULES, AS_OF)


def everything(population: Population) -> list[tuple[str, bytes]]:
    return [line for patient in population for line in patient.lines()]


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others():
    one = Population(seed=7, patients=20, limb_share=0.5)
    assert everything(one) == everything(Population(seed=7, patients=20, limb_share=0.5))
    assert everything(one) != everything(Population(seed=8, patients=20, limb_share=0.5))


def test_a_part_of_a_population_is_what_it_is_in_the_whole():
    whole = list(Population(seed=7, patients=12))
    assert list(Population(seed=7, patients=12).part(5, 9)) == whole[5:9]
    assert list(Population(seed=7, patients=12).part(10, 99)) == whole[10:]


def test_every_tier_gate_card_and_limb_class_occurs(assessments):
    assert {one.tier for one in assessments} == {*Tier, None}
    assert {gate.gate for one in assessments for gate in one.gates} == set(GATES)
    assert {decision.card for one in assessments for decision in one.decisions} == set(CARDS) - OFF_BY_DEFAULT
    classes = {one.limbs.ld_class for one in assessments}
    assert classes >= {"MINOR", "PARTFOOT", "UL", "LL-TT", "LL-TF", "LL-BI-TT", "LL-BI-TF", "LL-CONG", "LOADED"}
    assert classes >= {"UL-UNK", "LL-UNK", "UNK"}
    assert any(one.limbs.multi for one in assessments)


def test_some_records_have_gaps_and_words_without_a_code(assessments):
    assert any(one.gaps for one in assessments)
    assert any(one.not_coded for one in assessments)


def test_about_as_many_lack_a_limb_as_asked_for():
    drawn = Counter(draw_person(1, number, 0.1, AS_OF).limbless for number in range(2000))
    assert 150 < drawn[True] < 250


def test_nobody_has_a_name_and_everybody_is_marked_as_synthetic():
    for patient in Population(seed=2, patients=200, limb_share=0.5):
        person = patient.resources[0]
        assert person["resourceType"] == "Patient"
        assert not person.keys() & {"name", "address", "telecom", "identifier", "photo", "contact"}
        assert re.fullmatch(r"synthetic-\d+-[0-9a-f]{16}", person["id"])
        assert person["meta"]["tag"][0]["code"] == "HTEST"


def test_every_oddity_is_met_in_a_population():
    met: Counter[object] = Counter()

    def watched(oddity):
        def note(person, resources):
            met[oddity] += 1
            return oddity(person, resources)

        return note

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cds_service.cohort.oddities.ODDITIES", tuple(watched(oddity) for oddity in ODDITIES))
        list(Population(seed=4, patients=600, limb_share=0.5))
    assert set(met) == set(ODDITIES)


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda one: one.__name__)
def test_every_oddity_changes_some_record(oddity, monkeypatch):
    monkeypatch.setattr("cds_service.cohort.oddities.SHARE", 0)
    changed = 0
    for number, patient in enumerate(Population(seed=5, patients=40, limb_share=1.0)):
        person = draw_person(5, number, 1.0, AS_OF)
        before = orjson.dumps(patient.resources)
        after = oddity(person, orjson.loads(before))
        changed += orjson.dumps(after) != before
    assert changed > 0


def test_the_background_means_nothing_to_any_rule():
    for background in backgrounds():
        for code, *_ in background.codes:
            assert INDEX.concepts(background.system, code) == (), code


def test_every_trait_and_limb_finds_its_codes_in_both_codings():
    for coding in recipes().systems:
        for trait in recipes().trait:
            assert fitting_rows(trait.concept, tuple(sorted(trait.which.items())), coding), trait
        for pattern in recipes().limbs:
            for limb in pattern.limb:
                assert fitting_rows(limb.concept, (("level", limb.level),) if limb.level else (), coding), limb


def test_a_trait_that_no_table_knows_is_refused():
    with pytest.raises(LookupError, match="no code"):
        fitting_rows("fragility-fracture", (("site", "elsewhere"),), "se")


def test_a_large_record_is_about_as_large_as_one_of_an_export():
    sizes = [sum(len(line) for _, line in patient.lines()) for patient in Population(seed=1, patients=20, large=True)]
    assert 150_000 < sum(sizes) / len(sizes) < 250_000


def test_every_line_is_json_of_its_type_and_of_its_patient():
    for patient in Population(seed=6, patients=30, limb_share=0.5):
        for kind, line in patient.lines():
            resource = orjson.loads(line)
            assert resource["resourceType"] == kind
            assert b"\n" not in line
            assert kind in ("Patient", "Medication") or patient.id.encode() in line


def test_a_bundle_holds_the_same_as_the_request():
    patient = next(one for one in LIMBLESS if len(one.resources) > 5)
    bundled = read_bundle(patient.bundle(), INDEX)
    requested = read_prefetch(read_hook_request(patient.hook_request()), INDEX)
    assert bundled.conditions == requested.conditions
    assert bundled.medications == requested.medications
    assert bundled.demographics == requested.demographics
