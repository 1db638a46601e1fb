"""Whose language a card has: the call's, else the clinician's own, else that of the installation."""

import pytest
from msgspec import structs

from cds_service.demo import hook_request

from .conftest import SERVICE
from .test_fetching import TODAY

SWEDISH, ENGLISH = "Hög osteoporosrisk", "High osteoporosis risk"


def speaking(*codes):
    communication = [{"coding": [{"system": "urn:ietf:bcp:47", "code": code}]} for code in codes]
    return {"resourceType": "Practitioner", "id": "demo", "communication": communication}


def opened(client, practitioner, **headers):
    request = hook_request("nils", TODAY)
    request["prefetch"]["whoever"] = practitioner
    return client.post(SERVICE, json=request, headers=headers).json()["cards"][0]["summary"]


@pytest.mark.parametrize(
    ("codes", "asked", "said"),
    [
        (("en",), "sv", SWEDISH),
        (("sv",), "en", ENGLISH),
        (("en",), "", ENGLISH),
        (("sv-SE",), "", SWEDISH),
        (("fi", "en"), "", ENGLISH),
        (("fi",), "", SWEDISH),
        ((), "", SWEDISH),
    ],
)
def test_the_call_goes_before_the_clinician_and_the_clinician_before_the_setting(client, codes, asked, said):
    state = client.app.state
    options = structs.replace(state.engine.options, language="sv")
    state.engine = structs.replace(state.engine, options=options)
    assert opened(client, speaking(*codes), **({"accept-language": asked} if asked else {})).startswith(said)
