"""An assessment as CDS Hooks 2.0 cards, ready for JSON."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from cards.detail import detail_blocks
from cards.documents import letter_documents
from cards.drafts import draft_suggestions
from cards.formats import rendered
from cards.options import CardOptions, FhirVersion, OverrideReason, built_in
from cards.orders import suggestions
from cards.requests import Json, load_models, without_empty
from cards.summary import summarised
from cards.targets import for_patient
from cards.words import LANGUAGES, Words, words
from cds_service.risk.assessment import Assessment, Decision
from cds_service.terminology.load import code_systems, load_default
from cds_service.terminology.table import ConceptRow

# Keeps the place of the suggestions among the members.
_PLACE: Final = "suggestions"


def cards_for(assessment: Assessment, options: CardOptions) -> list[Json]:
    """Return one card per decision of the assessment, in its order; no decision gives no card.

    Every member is a str, dict or list with something in it. Each order is valid for ``options.fhir_version``.
    Raises CatalogueError for an unknown language and TerminologyError when the code tables cannot be read.
    """
    in_words = words(options.language).with_titles(options.local_titles)
    options = for_patient(options, assessment)
    return [_card(decision, assessment, options, in_words) for decision in assessment.decisions]


def warm_up(fhir_versions: Iterable[FhirVersion] = ("R4",)) -> None:
    """Load words, code tables and FHIR models beforehand: the models alone take over half a second."""
    for language in LANGUAGES:
        words(language)
    load_default()
    for version in fhir_versions:
        load_models(version)


def _card(decision: Decision, assessment: Assessment, options: CardOptions, in_words: Words) -> Json:
    about_draft = draft_suggestions(decision, assessment, options, in_words)
    offered = suggestions(decision, assessment, options, in_words)
    offered += letter_documents(decision, assessment, options, in_words)
    card = without_empty(
        {
            "uuid": options.new_uuid(),
            "summary": summarised(decision, assessment, in_words),
            "detail": rendered(detail_blocks(decision, assessment, in_words), options.text_format),
            "indicator": decision.indicator,
            "source": _source(decision, assessment, options, in_words),
            "suggestions": _PLACE if offered else "",
            "selectionBehavior": "any" if offered or about_draft else "",
            "overrideReasons": override_reasons(in_words),
            "links": _links(decision, options, in_words),
        }
    )
    # They hold nothing empty, but for the client's own draft, which goes back as it came.
    every = [*offered, *about_draft]
    return {**card, "suggestions": every} if every else card


def override_reasons(in_words: Words) -> list[Json]:
    """Return the reasons to override, the same on each card, ``other`` last: stable codes, display in the language."""
    reasons = built_in().override_reasons
    return [{**_override_code(reason), "display": in_words.say(f"override.{reason.meaning}")} for reason in reasons]


@cache
def _override_code(reason: OverrideReason) -> Json:
    row = _override_row(reason)
    return {"system": row.system, "code": row.code}


def _override_row(reason: OverrideReason) -> ConceptRow:
    own_system = code_systems().uri("override-reason")
    rows = load_default().codes("override-reason")
    meant = (row for row in rows if row.attributes.get("meaning") == reason.meaning)
    return next(row for row in meant if (row.system == own_system) is reason.own)


def _source(decision: Decision, assessment: Assessment, options: CardOptions, in_words: Words) -> Json:
    topics = built_in().topics
    return {
        "label": in_words.say("source", {"version": assessment.rule_set}),
        "url": options.links.page(options.links.rules),
        "topic": {
            "system": topics["system"],
            "code": topics[decision.card],
            "display": in_words.say(f"topic.{decision.card}"),
        },
    }


def _links(decision: Decision, options: CardOptions, in_words: Words) -> list[Json]:
    links = options.links
    wanted = {
        "rules": links.page(links.rules),
        "leaflet": links.page(links.leaflet),
        "frax": _frax(options) if "frax-link" in (*decision.include, *decision.actions) else "",
    }
    return [
        {"label": in_words.say(f"link.{name}"), "url": url, "type": "absolute"} for name, url in wanted.items() if url
    ]


def _frax(options: CardOptions) -> str:
    return built_in().frax_url if options.links.frax is None else options.links.frax
