"""What the console says on start about who may call."""

import pytest

from cds_service.cli.serve import advice_on
from cds_service.clients import read_client
from cds_service.settings import Settings
from cds_service.trust import Registry
from tests.unit.clients.documents import jwt_client, key_client, open_client


def advice(*documents, **settings):
    registry = Registry.of(read_client(one) for one in documents)
    return " ".join(advice_on(Settings(**settings), registry))


@pytest.mark.parametrize(
    ("documents", "settings", "said"),
    [
        ([], {}, "cds-service clients add FILE"),
        ([key_client(active=False)], {}, "No client is registered"),
        ([jwt_client()], {}, "CDS_BASE_URL is not set"),
        ([open_client()], {}, "Client anyone is open, but CDS_ALLOW_OPEN is not set"),
        ([], {"allow_open": True}, "whoever reaches this address may call"),
    ],
)
def test_what_will_go_wrong_is_said_with_what_to_do(documents, settings, said):
    assert said in advice(*documents, **settings)


@pytest.mark.parametrize(
    ("documents", "settings"),
    [
        ([key_client()], {}),
        ([jwt_client()], {"base_url": "https://cds.example"}),
        ([], {"demo": True}),
        ([open_client(), jwt_client()], {"demo": True}),
    ],
)
def test_where_all_is_well_nothing_is_said(documents, settings):
    assert advice(*documents, **settings) == ""
