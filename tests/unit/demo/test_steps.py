"""What can be done in the chart is sent as an EHR would send it: valid FHIR, codes of the tables, both languages."""

from datetime import date

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.demo.page import LANGUAGES
from cds_service.demo.steps import choices, resources
from cds_service.terminology.load import code_systems, load_default

TODAY = date(2026, 6, 1)
KINDS = ("order", "problem", "booking")
EVERY = [(language, kind, one.key) for language in LANGUAGES for kind in KINDS for one in getattr(choices(), kind)]
# Chosen to show that the service keeps silent: nothing in the tables is about them.
SILENT = {"amoxicillin", "cold", "prosthetist"}


@pytest.mark.parametrize(("language", "kind", "key"), EVERY)
def test_each_is_valid_fhir_once_it_is_about_somebody(language, kind, key):
    made = resources(language, TODAY)[kind][key]
    about = {"reference": "Patient/1"}
    whole = made | {"id": "x", "subject": about}
    if made["resourceType"] == "Appointment":
        whole = made | {"id": "x", "participant": [{"actor": about, "status": "tentative"}]}
        whole |= {"end": "2026-06-22T10:00:00Z"}
    assert get_fhir_model_class(made["resourceType"]).model_validate(whole)


def test_each_has_a_key_of_its_own_and_words_in_both_languages():
    for kind in KINDS:
        keys = [one.key for one in getattr(choices(), kind)]
        assert len(keys) == len(set(keys))
        for one in getattr(choices(), kind):
            assert one.label.keys() == set(LANGUAGES)
            assert not one.name or one.name.keys() == set(LANGUAGES)


def test_each_code_means_something_to_the_service_unless_it_shows_silence():
    index = load_default()
    for kind in KINDS:
        for one in getattr(choices(), kind):
            known = any(index.concepts(code_systems().uri(system), code) for system, code in one.codes)
            assert known is (one.key not in SILENT), one.key


def test_the_drugs_of_the_hooks_purpose_can_be_ordered():
    atc = {code for one in choices().order for _, code in one.codes}
    assert {"H02AB06", "L02BG04", "L02AE02", "B01AB01", "AN006"} <= atc


def test_drafts_are_dated_today_and_bookings_ahead():
    made = resources("sv", TODAY)
    assert {one["authoredOn"] for one in made["order"].values()} == {"2026-06-01"}
    assert {one["status"] for one in made["order"].values()} == {"draft"}
    assert {one["start"] for one in made["booking"].values()} == {"2026-06-22T09:00:00Z"}
