"""Builds the sheet: everything of a registration that the other side needs, and nothing that would let anybody in."""

from collections.abc import Iterable
from typing import Final

from cards.options import Links, built_in
from cards.registration.model import RegistrationSheet, Row, Section, Site
from cards.words import Said, Words, words
from cds_service.clients import Client
from cds_service.clients.model import Coding, Target

# What the token of fhirAuthorization must let us read: the types of the templates, and those that references lead to.
REFERRED: Final = ("Medication",)
_PLACE: Final = "{base}"


def registration_sheet(client: Client, site: Site, revision: int, language: str) -> RegistrationSheet:
    """Return the sheet of a client's registration at ``revision``. Raises CatalogueError for another language."""
    in_words = words(language)
    sections = (
        _addresses(site, in_words),
        _proof(client, site, in_words),
        _hooks(client, site, in_words),
        _prefetch(site, in_words),
        _fhir(client, site, in_words),
        _answers(client, site, in_words),
        _limits(client, site, in_words),
    )
    return RegistrationSheet(
        language=language,
        title=in_words.say("registration.title"),
        subtitle=client.name,
        sections=sections,
        what=in_words.say("registration.what"),
        value=in_words.say("registration.value"),
        footer=in_words.say("registration.footer", {"client": client.id, "revision": revision}),
    )


def _row(key: str, values: Iterable[str], in_words: Words) -> Row:
    """Return a row; one without values says that there is none."""
    shown = tuple(value for value in values if value)
    return Row(in_words.say(f"registration.row.{key}"), shown or (in_words.say("registration.none"),))


def _section(key: str, rows: Iterable[Row], in_words: Words) -> Section:
    note = f"registration.note.{key}"
    told = in_words.say(note) if in_words.has(note) else ""
    return Section(in_words.say(f"registration.section.{key}"), tuple(rows), told)


def _called(site: Site) -> tuple[str, ...]:
    """Return the addresses of service and feedback, below the base address or below a place for it."""
    service = f"{site.base_url.rstrip('/') or _PLACE}/cds-services/{site.service}"
    return service, f"{service}/feedback"


def _addresses(site: Site, in_words: Words) -> Section:
    service, feedback = _called(site)
    rows = (
        _row("discovery", [f"GET {service.rpartition('/')[0]}"], in_words),
        _row("service", [f"POST {service}"], in_words),
        _row("feedback", [f"POST {feedback}"], in_words),
    )
    section = _section("addresses", rows, in_words)
    missing = in_words.say("registration.no-base", {"base": Said(_PLACE)})
    return section if site.base_url else Section(section.heading, section.rows, missing)


def _proof(client: Client, site: Site, in_words: Words) -> Section:
    auth = client.auth
    mode = _row("mode", [in_words.say(f"registration.mode.{auth.mode}")], in_words)
    rows: tuple[Row, ...] = ()
    if auth.mode == "jwt":
        audiences = (*(_called(site) if site.base_url else ()), *sorted(auth.audiences))
        rows = (
            _row("iss", [auth.issuer], in_words),
            _row("sub", sorted(auth.subjects) or [in_words.say("registration.any")], in_words),
            _row("aud", audiences, in_words),
            _row("alg", sorted(auth.algorithms), in_words),
            _row("kid", [key["kid"] for key in auth.keys], in_words),
            _row("jku", auth.key_urls, in_words),
            _row("times", [in_words.say("registration.life", _life(client))], in_words),
            _row("jti", [in_words.say("registration.once")], in_words),
        )
    elif auth.mode == "api-key":
        kept = [in_words.say("registration.key", {"prefix": key.prefix, "made": key.made}) for key in auth.api_keys]
        rows = (
            _row("header", ["Authorization: Bearer cdskey_…", "X-API-Key: cdskey_…"], in_words),
            _row("keys", kept, in_words),
        )
    elif auth.mode == "mtls":
        rows = (
            _row("header", [site.certificate_header], in_words),
            _row("fingerprints", sorted(auth.fingerprints), in_words),
            _row("subjects", sorted(auth.certificate_subjects), in_words),
        )
    return _section("proof", (mode, *rows), in_words)


def _life(client: Client) -> dict[str, int]:
    return {"life": client.auth.max_life_seconds, "skew": client.auth.clock_skew_seconds}


def _hooks(client: Client, site: Site, in_words: Words) -> Section:
    called = [hook for hook in site.hooks if client.calls(hook)]
    rows = (Row(hook, (in_words.say(f"registration.when.{hook}"),)) for hook in called)
    return _section("hooks", rows, in_words)


def _prefetch(site: Site, in_words: Words) -> Section:
    return _section("prefetch", (Row(key, (query,)) for key, query in site.prefetch), in_words)


def _fhir(client: Client, site: Site, in_words: Words) -> Section:
    fhir = client.fhir
    servers = site.fhir_servers if fhir.servers is None else fhir.servers
    seconds = site.fetch_seconds if fhir.fetch_seconds is None else fhir.fetch_seconds
    types = dict.fromkeys(query.partition("?")[0].partition("/")[0] for _, query in site.prefetch)
    rows = [
        _row("version", [fhir.version or in_words.say("registration.told")], in_words),
        _row("servers", servers, in_words),
    ]
    if servers:
        scopes = ", ".join((*types, *REFERRED))
        rows += [
            _row("scopes", [in_words.say("registration.scopes", {"types": Said(scopes)})], in_words),
            _row("fetch", [in_words.say("registration.seconds", {"n": seconds})], in_words),
        ]
    return _section("fhir", rows, in_words)


def _answers(client: Client, site: Site, in_words: Words) -> Section:
    answers = client.answers
    language = answers.language or site.language
    asked = "" if answers.language else in_words.say("registration.or-asked")
    codes = [f"{action}: {_codes(own)}" for action, own in sorted(answers.order_codes.items())]
    yes_no = {True: in_words.say("value.yes"), False: in_words.say("value.no")}
    rows = (
        _row("language", [in_words.say(f"registration.language.{language}") + asked], in_words),
        _row("format", [answers.text_format or site.text_format], in_words),
        _row("links", _links(client, site), in_words),
        _row("hidden", [", ".join(sorted(answers.hidden_cards))], in_words),
        _row("silent", [yes_no[answers.silent]], in_words),
        _row("letter", [yes_no[answers.document_reference]], in_words),
        _row("codes", codes, in_words),
        _row("targets", [_target(target) for target in answers.targets], in_words),
    )
    return _section("answers", rows, in_words)


def _links(client: Client, site: Site) -> list[str]:
    """Return the addresses that cards may link to: what a client that draws only known links must let through."""
    links = Links(base_url=site.base_url)
    known = {"rules": links.page(links.rules), "leaflet": links.page(links.leaflet), "frax": built_in().frax_url}
    return [address for kind, address in known.items() if kind in client.answers.links]


def _codes(codings: tuple[Coding, ...]) -> str:
    return "; ".join(f"{one.system} | {one.code} | {one.display}".removesuffix(" | ") for one in codings)


def _target(target: Target) -> str:
    parts = (target.name, target.channel, target.unit, *target.address, target.identifier, _codes(target.codes))
    whom = "" if target.who == "everybody" else f" ({target.who})"
    return f"{target.action}{whom}: {', '.join(part for part in parts if part)}"


def _limits(client: Client, site: Site, in_words: Words) -> Section:
    limits = client.limits
    size = min(limits.body_bytes or site.body_bytes, site.body_bytes)
    rate = in_words.say("registration.rate", {"minute": limits.calls_per_minute, "burst": limits.burst})
    rows = (
        _row("rate", [rate], in_words),
        _row("size", [in_words.say("registration.bytes", {"n": size})], in_words),
        _row("browsers", sorted(client.cors_origins), in_words),
    )
    return _section("limits", rows, in_words)
