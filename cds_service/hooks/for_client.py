"""What a client's registration changes in an answer: words, versions, codes, cards that it does not get, silence.

Nothing here changes what is decided, only what is said of it and to whom.
"""

from typing import Any

from msgspec import structs

from cards import CardOptions, Links
from cards.options import LetterDocument, OrderCode, ReferralTarget
from cds_service.clients import Client
from cds_service.clients.model import Coding, Target
from cds_service.fhir.fetching import ANYBODY, Access
from cds_service.risk.assessment import Assessment
from cds_service.store import DecisionEntry

Cards = list[dict[str, Any]]


def access_of(client: Client | None) -> Access:
    """Return where from, for how long and in which FHIR version missing data are fetched for a client."""
    if client is None:
        return ANYBODY
    fhir = client.fhir
    return Access(client=client.id, servers=fhir.servers, seconds=fhir.fetch_seconds, version=fhir.version or "")


def as_client_wants(options: CardOptions, client: Client | None) -> CardOptions:
    """Return the options with the client's own in place; ``options`` hold what the call asks and the settings say."""
    if client is None:
        return options
    answers = client.answers
    own_targets = tuple(receiver(target) for target in answers.targets)
    return structs.replace(
        options,
        language=answers.language or options.language,
        text_format=answers.text_format or options.text_format,
        fhir_version=client.fhir.version or options.fhir_version,
        order_codes={**options.order_codes, **{action: _codes(own) for action, own in answers.order_codes.items()}},
        targets=own_targets + options.targets,
        links=_links(options.links, answers.links),
        document_reference=_letters(options, wanted=answers.document_reference),
    )


def not_hidden(assessment: Assessment, client: Client | None) -> Assessment:
    """Return the assessment without the decisions whose cards this client never gets."""
    if client is None or not client.answers.hidden_cards:
        return assessment
    kept = tuple(one for one in assessment.decisions if one.card not in client.answers.hidden_cards)
    return structs.replace(assessment, decisions=kept)


def withheld(cards: Cards, decision: DecisionEntry, client: Client) -> tuple[Cards, DecisionEntry]:
    """Return what is sent and what is remembered of it; to a silent client nothing is sent of what would be shown."""
    decision = structs.replace(decision, client=client.id)
    if not client.answers.silent:
        return cards, decision
    kinds = tuple(card.kind for card in decision.cards)
    return [], structs.replace(decision, cards=(), silent=True, withheld=kinds)


def _letters(options: CardOptions, *, wanted: bool) -> LetterDocument:
    """In the formats of the setting; in all of them for a client that wants letters where the setting is off."""
    return "both" if wanted and options.document_reference == "off" else options.document_reference


def _links(links: Links, drawn: frozenset[str]) -> Links:
    """A client such as Epic draws only links that it knows: the others are left out, not drawn dead."""
    return structs.replace(
        links,
        rules=links.rules if "rules" in drawn else "",
        leaflet=links.leaflet if "leaflet" in drawn else "",
        frax=links.frax if "frax" in drawn else "",
    )


def receiver(target: Target) -> ReferralTarget:
    """Return what the cards and the letter work with."""
    members = {name: getattr(target, name) for name in target.__struct_fields__ if name != "codes"}
    return ReferralTarget(**members, codes=_codes(target.codes))


def _codes(codings: tuple[Coding, ...]) -> tuple[OrderCode, ...]:
    return tuple(OrderCode(one.system, one.code, one.display) for one in codings)
