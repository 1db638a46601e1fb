"""Where a call may go at all: registered origins, checked addresses, and no token anywhere else."""

import asyncio
import ipaddress

import httpcore
import httpx
import pytest

from cds_service.fhir.fetching import GuardedTransport, read_networks, registered
from cds_service.fhir.fetching.addresses import look_up, may_be_called
from cds_service.fhir.fetching.fetcher import FetchLimits
from cds_service.fhir.fetching.origins import read_origin
from cds_service.fhir.fetching.transport import AddressNotAllowed
from cds_service.fhir.fetching.troubles import NO_SUCH_SERVER, UNUSABLE_PATIENT, UNUSABLE_TOKEN, Trouble
from tests.unit.fhir.conftest import bundle, condition, patient

from .conftest import call, chart, complete, fetcher_for, get, hook
from .playing import TOKEN, FhirServer, next_page, properly, saying, status

EHR = "https://ehr.example/fhir"


# ---------------------------------------------------------------- registered origins


@pytest.mark.parametrize(
    "text",
    [
        "ftp://ehr.example/fhir", "ehr.example/fhir", "", "https://", "https://user:pw@ehr.example/fhir",
        "https://ehr.example/fhir?x=1", "https://ehr.example/fhir#x", "https://ehr.example\\@evil.example/",
        "https://ehr.example/a b", "http://[::1/", "https://ehr.example:99999/", "https://ehr.example:x/",
        "http://ehr.example/fhir", "http://10.0.0.1/fhir",
    ],
)  # fmt: skip
def test_a_server_that_is_no_plain_https_base_cannot_be_registered(text):
    with pytest.raises(ValueError, match="CDS_FHIR_SERVERS"):
        registered([text], http_loopback=True)


@pytest.mark.parametrize("text", ["http://localhost/fhir", "https://127.0.0.1:8443", "http://[::1]:8080/fhir"])
def test_this_machine_can_be_registered_only_when_that_is_allowed(text):
    assert registered([text], http_loopback=True)[0].is_loopback
    with pytest.raises(ValueError, match="CDS_ALLOW_HTTP_LOOPBACK"):
        registered([text], http_loopback=False)


@pytest.mark.parametrize(
    "sent", [EHR, "https://EHR.example/fhir/", " https://ehr.example:443/fhir", "https://ehr.example/x/../fhir"]
)
def test_spellings_of_a_registered_address_are_the_registered_one(sent):
    origin = registered([EHR], http_loopback=False)[0]
    assert read_origin(sent) == origin
    assert origin.base == "https://ehr.example:443/fhir"


@pytest.mark.parametrize(
    "sent",
    [
        "http://ehr.example/fhir", "https://ehr.example", "https://ehr.example/fhir2", "https://ehr.example:8443/fhir",
        "https://ehr.example.evil.example/fhir", "https://ehr.example@evil.example/fhir", "https://evil.example/fhir",
        "https://ehr.example/fhir/other", "https://ehr.example/fhir?x",
    ],
)  # fmt: skip
def test_other_addresses_are_not(sent):
    assert read_origin(sent) not in registered([EHR], http_loopback=False)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("https://ehr.example/fhir?page=2", "https://ehr.example/fhir?page=2"),
        ("https://ehr.example:443/fhir/Condition?page=2#x", "https://ehr.example/fhir/Condition?page=2"),
        ("Condition?page=2", "https://ehr.example/fhir/Condition?page=2"),
        ("/fhir/Condition?page=2", "https://ehr.example/fhir/Condition?page=2"),
        ("//evil.example/fhir/Condition", None),
        ("http://ehr.example/fhir/Condition", None),
        ("https://ehr.example:8443/fhir/Condition", None),
        ("https://evil.example/fhir/Condition", None),
        ("https://user@ehr.example/fhir/Condition", None),
        ("https://ehr.example/fhir-admin/Condition", None),
        ("https://ehr.example/fhir/../admin", None),
        ("https://ehr.example/fhir/%2e%2e/admin", None),
        ("https://ehr.example/fhir/%252e%252e/admin", None),
        ("https://ehr.example/fhir/..%2fadmin", None),
        ("https://ehr.example/fhir/..%5cadmin", None),
        ("https://ehr.example/fhir\\..\\admin", None),
        ("javascript:alert(1)", None),
        ("https://[::1/", None),
        ("x" * 70_000, None),
    ],
)
def test_a_page_must_lie_on_the_origin_and_below_its_base(link, target):
    url = registered([EHR], http_loopback=False)[0].page(link)
    assert (str(url) if url else None) == target


def test_below_a_base_without_a_path_every_path_of_the_origin_lies():
    origin = registered(["https://ehr.example"], http_loopback=False)[0]
    assert str(origin.page("/Condition?page=2")) == "https://ehr.example/Condition?page=2"
    assert str(origin.query("Patient/1")) == "https://ehr.example/Patient/1"


# ---------------------------------------------------------------- addresses

PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
INSIDE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "fe80::1", "fe80::1%eth0", "fd00::1",
    "fec0::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a00:1::",
    "2001:db8::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "not an address", "",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address):
    assert may_be_called(address, loopback=False, networks=())


@pytest.mark.parametrize("address", INSIDE + LOOPBACK)
def test_addresses_inside_may_not_however_they_are_wrapped(address):
    assert not may_be_called(address, loopback=False, networks=())


@pytest.mark.parametrize("address", LOOPBACK)
def test_a_registered_origin_on_this_machine_may_reach_it(address):
    assert may_be_called(address, loopback=True, networks=())


@pytest.mark.parametrize("address", PUBLIC + INSIDE)
def test_and_nothing_else_even_when_its_name_says_otherwise(address):
    assert not may_be_called(address, loopback=True, networks=(ipaddress.ip_network("0.0.0.0/1"),))


def test_a_sites_own_network_may_be_called_and_its_neighbours_not():
    networks = read_networks(["10.20.0.0/16", "fd12::/32"])
    allowed = [may_be_called(one, loopback=False, networks=networks) for one in ("10.20.3.4", "fd12::9", "10.21.0.1")]
    assert allowed == [True, True, False]


@pytest.mark.parametrize("text", ["x", "10.20.3.4/16", "169.254.0.0/16", "127.0.0.0/8", "0.0.0.0/0", "fe80::/10"])
def test_networks_that_are_none_or_never_allowed_are_refused(text):
    with pytest.raises(ValueError, match="CDS_FHIR_NETWORKS"):
        read_networks([text])


def test_the_systems_resolver_is_asked():
    assert asyncio.run(look_up("127.0.0.1", 80)) == ("127.0.0.1",)


# ---------------------------------------------------------------- the address that was checked is the one called


def resolving(*answers):
    """A resolver that gives one answer after the other, as a rebinding name server does."""
    left = list(answers)

    async def resolve(_host, _port):
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def guarded(wires, resolver, base=EHR):
    return GuardedTransport(registered([base], http_loopback=True), resolver=resolver, backend=wires)


def test_a_name_that_rebinds_reaches_only_the_address_that_was_checked(wires):
    transport = guarded(wires, resolving(["93.184.216.34"], ["169.254.169.254"]))
    with pytest.raises(httpx.TransportError):
        get(transport, f"{EHR}/Patient/1")
    assert wires.called == ["93.184.216.34"]
    with pytest.raises(AddressNotAllowed):
        get(transport, f"{EHR}/Patient/1")
    assert wires.called == ["93.184.216.34"]


@pytest.mark.parametrize("answer", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], []])
def test_one_bad_address_spoils_the_name(wires, answer):
    with pytest.raises(AddressNotAllowed):
        get(guarded(wires, resolving(answer)), f"{EHR}/Patient/1")
    assert wires.called == []


def test_a_registered_localhost_that_resolves_elsewhere_is_not_called(wires):
    with pytest.raises(AddressNotAllowed):
        get(guarded(wires, resolving(["93.184.216.34"]), "http://localhost/fhir"), "http://localhost/fhir/Patient/1")
    assert wires.called == []


@pytest.mark.parametrize("url", ["https://evil.example/fhir", "https://ehr.example:8443/fhir", "http://ehr.example/"])
def test_hosts_and_ports_that_are_not_registered_are_not_even_looked_up(wires, url):
    async def never(_host, _port):
        pytest.fail("looked up")

    with pytest.raises(AddressNotAllowed):
        get(guarded(wires, never), url)


def test_the_next_address_is_tried_when_the_first_does_not_answer(wires):
    with pytest.raises(httpx.TransportError):
        get(guarded(wires, resolving(["93.184.216.34", "2606:2800:220:1::1"])), f"{EHR}/Patient/1")
    assert wires.called == ["93.184.216.34", "2606:2800:220:1::1"]


def test_a_name_without_addresses_is_out_of_reach(wires):
    async def unknown(_host, _port):
        raise OSError("no such name: secret.example")

    with pytest.raises(httpx.TransportError, match=r"^the connection failed$"):
        get(guarded(wires, unknown), f"{EHR}/Patient/1")


def test_a_timeout_is_told_apart(wires):
    async def slow(*_args, **_named):
        raise httpcore.ConnectTimeout

    wires.connect_tcp = slow
    with pytest.raises(httpx.TimeoutException):
        get(guarded(wires, resolving(["93.184.216.34"])), f"{EHR}/Patient/1")


def test_a_second_address_is_reached_after_a_dead_first():
    with FhirServer(*chart()).running() as server:
        server_base = server.base.replace("127.0.0.1", "localhost")
        origins = registered([server_base], http_loopback=True)
        transport = GuardedTransport(origins, resolver=resolving(["127.0.0.99", "127.0.0.1"]))
        response = get(transport, f"{server_base}/Patient/1")
    assert response.status_code == 401


def test_troubles_of_address_and_time_are_told(wires):
    async def run(resolver, backend):
        fetcher = fetcher_for(limits=FetchLimits(seconds=0.5), resolver=resolver, backend=backend)
        fetcher._origins = registered([EHR], http_loopback=False)
        fetcher._transport = GuardedTransport(fetcher._origins, resolver=resolver, backend=backend)
        found = await call(fetcher, hook(FhirServer(), fhirServer=EHR))
        await fetcher.aclose()
        return found.why("patient")

    async def slow(*_args, **_named):
        raise httpcore.ConnectTimeout

    assert asyncio.run(run(resolving(["10.0.0.1"]), wires)) == Trouble.ADDRESS
    wires.connect_tcp = slow
    assert asyncio.run(run(resolving(["93.184.216.34"]), wires)) == Trouble.TIMED_OUT


# ---------------------------------------------------------------- no token leaves the registered origin


@pytest.mark.parametrize("kind", ["next", "redirect", "page of a delivered Bundle", "fhirServer"])
def test_another_origin_receives_nothing(kind):
    with FhirServer(*chart(), token=None).running() as other, FhirServer(*chart()).running() as server:
        away = f"{other.base}/Condition?patient=1"
        prefetch, more = {}, {}
        if kind == "next":
            server.ways["Condition"] = next_page(lambda _server, _asked: away)
        elif kind == "redirect":
            server.ways["Condition"] = status(307, location=away)
        elif kind == "fhirServer":
            more = {"fhirServer": other.base}
        else:
            prefetch = {"conditions": bundle(condition(), link=[{"relation": "next", "url": away}])}

        async def run():
            fetcher = fetcher_for(server)
            found = await call(fetcher, hook(server, prefetch, **more))
            await fetcher.aclose()
            return found

        asyncio.run(run())
    assert other.asked == []


def test_cookies_are_not_kept_from_one_call_to_the_next():
    with FhirServer(*chart()).running() as server:
        server.ways["Patient"] = saying(patient(), set_cookie="session=1; Path=/")

        async def run():
            fetcher = fetcher_for(server)
            await call(fetcher, hook(server))
            await call(fetcher, hook(server))
            await fetcher.aclose()

        asyncio.run(run())
    assert all("cookie" not in asked.headers for asked in server.asked)


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    with FhirServer(token=None).running() as proxy, FhirServer(*chart()).running() as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert complete(server).why("patient") == ""
    assert proxy.asked == []


# ---------------------------------------------------------------- whether there is a way at all


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"fhirServer": None}, ""),
        ({"fhirServer": "https://evil.example/fhir"}, NO_SUCH_SERVER),
        ({"fhirServer": "http://user:pw@127.0.0.1/fhir"}, NO_SUCH_SERVER),
        ({"fhirServer": "\x00"}, NO_SUCH_SERVER),
        ({"fhirAuthorization": {"access_token": "a b"}}, UNUSABLE_TOKEN),
        ({"fhirAuthorization": {"access_token": "a\r\nX: y"}}, UNUSABLE_TOKEN),
        ({"fhirAuthorization": {"access_token": ""}}, UNUSABLE_TOKEN),
        ({"fhirAuthorization": {"access_token": "ok", "token_type": "mac"}}, UNUSABLE_TOKEN),
        ({"context": {"patientId": ".."}}, UNUSABLE_PATIENT),
        ({"context": {"patientId": "1?x=2"}}, UNUSABLE_PATIENT),
        ({"context": {"patientId": "1&patient=2"}}, UNUSABLE_PATIENT),
        ({"context": {"patientId": "åäö"}}, UNUSABLE_PATIENT),
    ],
)
def test_without_a_way_nothing_is_sent_and_the_reason_is_told(more, reason):
    with FhirServer(*chart()).running() as server:
        found = complete(server, {"patient": patient(), "conditions": None}, **more)
    assert server.asked == []
    assert found.gathered.no_access == reason


def test_the_token_shows_in_no_representation():
    fetcher = fetcher_for(FhirServer())

    async def run():
        asked = hook(FhirServer())
        opened = fetcher.open(asked)
        return repr(opened), repr(vars(opened)), repr(asked)

    shown = " ".join(asyncio.run(run()))
    assert "Exchange(<hidden>)" in shown
    assert TOKEN not in shown


def test_the_log_names_queries_and_never_token_patient_or_a_clients_own_key(capsys):
    with FhirServer(*chart(), Condition=status(500), Observation=properly).running() as server:
        link = [{"relation": "next", "url": "Condition?patient=1"}]
        complete(server, {"Anna 19121212": bundle(condition(), link=link)})
        complete(server)
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert "conditions" in text
    assert "other" in text
    for secret in (TOKEN, "Anna", "Patient/1", "patient=1", "127.0.0.1"):
        assert secret not in text
