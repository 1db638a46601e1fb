"""The file of a site's own receivers: read whole, or refused with its place; seen on cards, page and letter."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from cards.options import OrderCode, ReferralTarget
from cds_service.app import create_app
from cds_service.app.referral_targets import read_targets
from cds_service.clients.model import Target
from cds_service.clients.targets import TargetEntry
from cds_service.demo import hook_request
from cds_service.settings import Settings
from tests.http.conftest import SERVICE

TODAY = datetime.now(UTC).date()

GOOD = 'action = "refer-endocrinology"\nname = "Unit"\nchannel = "TakeCare"\n'


@pytest.fixture
def settings(tmp_path):
    return Settings(database_url=f"sqlite:///{tmp_path / 'targets.db'}", language="en", allow_open=True)


@pytest.fixture
def read(tmp_path):
    def reading(text):
        file = tmp_path / "targets.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_targets(str(file))

    return reading


def test_no_file_is_no_receiver_of_ones_own():
    assert read_targets("") == ()


def test_the_example_is_read_whole(repository):
    found = read_targets(str(repository / "examples" / "referral-targets.toml"))
    assert [target.action for target in found] == ["refer-endocrinology", "refer-fracture-liaison"]
    assert found[0].who == "adults"
    assert found[0].address == ("Endokrinmottagningen", "Exempelsjukhuset", "123 45 Exempelstad")
    assert found[1].codes == (OrderCode("http://snomed.info/sct", "3457005", "Patient referral"),)
    assert (found[1].identifier_system, found[1].identifier) == ("https://hospital.example/units", "17")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff", "not TOML in UTF-8"),
        ("[[target]", "not TOML in UTF-8"),
        ("", "target: Field required"),
        ("target = []", "target: List should have at least 1 item"),
        ("[[targets]]\n" + GOOD, "targets: Extra inputs are not permitted"),
        ("[[target]]\n" + GOOD + 'adress = ["x"]', "target.0.adress: Extra inputs"),
        ("[[target]]\n" + GOOD.replace("refer-endocrinology", "order-dxa"), "target.0.action: "),
        ("[[target]]\n" + GOOD.replace("Unit", ""), "target.0.name: "),
        ("[[target]]\n" + GOOD.replace("Unit", "A\\u0007"), "target.0.name: "),
        ("[[target]]\n" + GOOD + 'who = "men"', "target.0.who: "),
        ("[[target]]\n" + GOOD + 'identifier = "1"', "identifier and identifier_system go together"),
        ("[[target]]\n" + GOOD.replace("TakeCare", ""), "give a channel, an address or both"),
        ("[[target]]\n" + GOOD.replace("endocrinology", "a-"), "target.0: action: "),
        ("[[target]]\n" + GOOD + "[[target]]\n" + GOOD, "refer-endocrinology: an earlier target"),
        ("[[target]]\n" + GOOD + "[[target]]\n" + GOOD + 'who = "adults"', "refer-endocrinology: an earlier target"),
    ],
)
def test_a_file_with_a_fault_is_refused_and_the_place_is_named(read, text, said):
    with pytest.raises(ValueError, match=r"CDS_REFERRAL_TARGETS: .*" + re.escape(said)):
        read(text)


def test_a_file_that_is_not_there_stops_the_start(settings, tmp_path):
    with pytest.raises(ValueError, match="CDS_REFERRAL_TARGETS: the file cannot be read"):
        create_app(settings.model_copy(update={"referral_targets": str(tmp_path / "none.toml")}))


def test_two_of_one_action_may_take_different_patients(read):
    several = GOOD + 'who = "multiple-limb-deficiency"\n'
    found = read(f"[[target]]\n{several}[[target]]\n{GOOD}")
    assert [target.who for target in found] == ["multiple-limb-deficiency", "everybody"]


def test_every_member_of_a_receiver_can_be_set():
    names = set(TargetEntry.model_fields)
    assert names == set(Target.__struct_fields__) == set(ReferralTarget.__struct_fields__)


# ---------------------------------------------------------------- where they are seen


@pytest.fixture
def client(settings, repository):
    own = {"referral_targets": str(repository / "examples" / "referral-targets.toml")}
    with TestClient(create_app(settings.model_copy(update=own))) as client:
        yield client


def suggestions(client, patient):
    answer = client.post(SERVICE, json=hook_request(patient, TODAY), headers={"accept-language": "sv"})
    return [one for card in answer.json()["cards"] for one in card.get("suggestions", [])]


def test_a_card_with_a_referral_offers_the_sites_own_receivers(client):
    offered: dict[str, Any] = {}
    for patient in ("alva", "carl", "grace", "ingrid", "jonas", "karin", "mei", "walter"):
        offered |= {one["label"]: one["actions"][0]["resource"] for one in suggestions(client, patient)}
    own = offered["Remiss till Frakturkedjan, Exempelsjukhuset (utkast)"]
    assert own["code"]["text"] == "Remiss till Frakturkedjan, Exempelsjukhuset: bedömning av osteoporosrisk"
    assert own["code"]["coding"][0]["code"] == "3457005"
    assert own["performer"][0]["identifier"] == {"system": "https://hospital.example/units", "value": "17"}
    assert "Exempelsjukhuset, 123 45 Exempelstad" in own["note"][0]["text"]
    referred = next(resource for label, resource in offered.items() if "endokrinmottagning" in label.lower())
    assert referred["performer"][0]["display"] == "Endokrinmottagningen, Exempelsjukhuset"


def test_the_page_and_the_letter_offer_them_too(client):
    page = client.post("/assess?lang=sv", json=hook_request("karin", TODAY))
    options = dict(re.findall(r'<option value="(refer-[^"]+)">([^<]+)</option>', page.text))
    assert options["refer-endocrinology"] == "Endokrinmottagningen, Exempelsjukhuset"
    assert options["refer-fracture-liaison"] == "Frakturkedjan, Exempelsjukhuset"
    carried = re.search(r'name="again" value="([^"]+)"', page.text)
    assert carried
    fields = {"action": "letter-text", "again": carried[1], "target": "refer-fracture-liaison"}
    letter = unescape(client.post("/assess?lang=sv", data=fields).text)
    assert "Frakturkedjan" in letter
    assert "123 45 Exempelstad" in letter


def test_without_a_file_nobody_is_offered_a_receiver_of_somebody_else(settings):
    with TestClient(create_app(settings)) as client:
        page = client.post("/assess?lang=sv", json=hook_request("karin", TODAY))
    assert "refer-fracture-liaison" not in page.text
