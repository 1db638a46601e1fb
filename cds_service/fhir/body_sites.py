"""Body sites: limb, side and segment from codes, from laterality qualifiers, and from words as a last resort."""

from collections.abc import Sequence
from typing import Final

from cds_service.fhir.reading import Reading
from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.word_tables import limb_words, side_words
from cds_service.risk.record import BodySite
from cds_service.terminology.match import ConceptMatch

CONCEPT: Final = "body-site"
_BOTH: Final = ("left", "right")


def read_sites(
    reading: Reading, sites: Sequence[CodeableConcept | None], described: CodeableConcept | None = None
) -> tuple[BodySite, ...]:
    """Return the body sites as far as they are understood.

    ``described`` is the concept that the sites belong to: when no site tells a side, its text may.
    """
    if described is None and not any(sites):
        return ()
    found = _joined([site for given in sites if given is not None and (site := _site(reading, given)) != BodySite()])
    if any(site.side for site in found):
        return found
    side = side_in(described.text or "") if described else ""
    if not side:
        return found
    return tuple(BodySite(site.limb, side, site.segment) for site in found) or (BodySite(side=side),)


def side_in(text: str) -> str:
    """Return the one side that a text names; left and right together are not taken for both."""
    sides = side_words().meanings(text)
    return sides[0] if len(sides) == 1 else ""


def _site(reading: Reading, concept: CodeableConcept) -> BodySite:
    matches = [
        match
        for coding in concept.coding
        for match in reading.index.concepts(coding.system, coding.code)
        if match.concept == CONCEPT
    ]
    text = " ".join(filter(None, (concept.text, *(coding.display for coding in concept.coding))))
    limbs = limb_words().meanings(text)
    return BodySite(
        limb=_said(matches, "limb") or (limbs[0] if len(limbs) == 1 else ""),
        side=_said(matches, "laterality") or side_in(text),
        segment=_said(matches, "segment"),
    )


def _said(matches: list[ConceptMatch], attribute: str) -> str:
    """Return the attribute when all that state it agree."""
    values = {match.attributes[attribute] for match in matches if attribute in match.attributes}
    return values.pop() if len(values) == 1 else ""


def _joined(sites: list[BodySite]) -> tuple[BodySite, ...]:
    """Join a site and a side that were sent as two entries: ``[thigh, left]`` is one place."""
    places = [site for site in sites if site.limb]
    sides = {site.side for site in sites if not site.limb}
    if len(places) == 1 and len(sides) == 1 and not places[0].side:
        return (BodySite(places[0].limb, sides.pop(), places[0].segment),)
    return tuple(sites)
