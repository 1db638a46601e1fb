"""What the readers of single resources share: the index, the resources that others refer to, and what was noted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cds_service.fhir.dates import parse_date
from cds_service.fhir.references import literal, relative
from cds_service.fhir.shapes import CodeableConcept, Coding, Period, Resource
from cds_service.fhir.texts import MAX_TEXT, plainly_limb_loss, relevant_texts, uncoded_text
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Area, Evidence, Gap, NotCoded
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.match import ConceptMatch

NOWHERE: Final = ""
_CERTAINTY_ORDER: Final = ("confirmed", "high", None, "medium", "possible", "low")


class Found(msgspec.Struct, frozen=True, gc=False):
    """The concepts of one CodeableConcept and the coding that told them."""

    hits: tuple[ConceptMatch, ...] = ()
    coding: Coding = Coding()
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.hits)


NOTHING: Final = Found()


class Reading:
    """One record being read. Mappers ask it for concepts, dates and evidence and note gaps in it."""

    def __init__(self, index: TerminologyIndex, referred: Mapping[str, Resource]) -> None:
        """``referred`` holds every delivered resource that may be pointed to, by ``Type/id`` and by its URL."""
        self.index = index
        self.referred = referred
        # Most codings of a record repeat: what counts in an element is sorted out once per coding.
        self._known: defaultdict[str, dict[tuple[str | None, str | None], tuple[ConceptMatch, ...]]] = defaultdict(dict)
        self._found: dict[tuple[int, str], tuple[CodeableConcept, Found]] = {}
        self.gaps: set[Gap] = set()
        self.not_coded: set[NotCoded] = set()
        # Kinds of data of which something was told to exist and did not come along.
        self.short: set[Area] = set()

    def find_one(self, concept: CodeableConcept | None, element: str = NOWHERE) -> Found:
        """Return the concepts of a single CodeableConcept in ``element``; see :meth:`find`.

        A record that was glanced at has the same object wherever it says the same, so the answer is remembered.
        """
        if concept is None:
            return NOTHING
        key = (id(concept), element)
        known = self._found.get(key)
        if known is None:
            # The concept is kept as well, so that no other one can come to have its id.
            known = self._found[key] = (concept, self.find((concept,), element))
        return known[1]

    def find(self, concepts: Iterable[CodeableConcept | None], element: str = NOWHERE) -> Found:
        """Return the concepts that the codings have in ``element``, one match per concept, the most telling one.

        A table row that counts only in one FHIR element (attribute ``where``) is left out elsewhere.
        """
        found: list[tuple[Coding, str, ConceptMatch]] = []
        known = self._known[element]
        for concept in concepts:
            if concept is not None:
                for coding in concept.coding:
                    key = (coding.system, coding.code)
                    matches = known.get(key)
                    if matches is None:
                        matches = known[key] = self._matches(key, element)
                    if matches:
                        found.extend([(coding, concept.text or "", match) for match in matches])
        return _found(found) if found else NOTHING

    def _matches(self, key: tuple[str | None, str | None], element: str) -> tuple[ConceptMatch, ...]:
        matches = self.index.concepts(*key)
        return tuple(match for match in matches if match.attributes.get("where", element) == element)

    def evidence(self, resource: Resource, found: Found, when: PartialDate | None = None, value: str = "") -> Evidence:
        """Return where a fact stands."""
        return Evidence(
            resource_type=resource.type_name,
            reference=literal(resource.type_name, resource.id),
            system=found.hits[0].system if found.hits else "",
            code=(found.coding.code or "")[:MAX_TEXT],
            display=(found.text or found.coding.display or "")[:MAX_TEXT],
            when=when,
            value=value[:MAX_TEXT],
        )

    def date(self, text: str | None, resource: Resource, element: str) -> PartialDate | None:
        """Return a date, or None when it was not sent or cannot be read (then it is noted as a gap)."""
        if not text:
            return None
        parsed = parse_date(text)
        if parsed is None:
            self.gap(resource, element, "not-a-date")
        return parsed

    def period(
        self, period: Period | None, resource: Resource, element: str
    ) -> tuple[PartialDate | None, PartialDate | None]:
        """Return both ends of a period."""
        if period is None:
            return None, None
        return self.date(period.start, resource, element), self.date(period.end, resource, element)

    def gap(self, resource: Resource, element: str, reason: str) -> None:
        """Note an element that could not be read."""
        name = literal(resource.type_name, resource.id) or resource.type_name
        self.gaps.add(Gap(name, element, reason))

    def resolve(self, reference: str | None) -> str:
        """Return ``Type/id`` for a reference, following ``urn:uuid:`` inside the Bundle; empty when there is none."""
        if not reference:
            return ""
        target = self.referred.get(reference)
        return (literal(target.type_name, target.id) if target else "") or relative(reference)

    def note_text(self, resource: Resource, concept: CodeableConcept | None, *, stated: bool = False) -> None:
        """Note a text that looks relevant, when none of its codings is of a code system that we know.

        ``stated``: the resource states it of this patient, so that plain words for the loss of a limb mean just that.
        """
        slugs = relevant_texts(concept, self.index) if concept else ()
        if concept and slugs:
            reference, text = literal(resource.type_name, resource.id), uncoded_text(concept)
            plainly = stated and plainly_limb_loss(text)
            self.not_coded.update(NotCoded(slug, reference, text, plainly) for slug in slugs)


def _found(found: list[tuple[Coding, str, ConceptMatch]]) -> Found:
    """Keep one match per concept, and the coding that comes first by system and code, in whatever order they came."""
    coding, text, match = found[0]
    if len(found) == 1:
        return Found((match,), coding, text)
    best: dict[str, ConceptMatch] = {}
    for _, _, match in found:
        known = best.get(match.concept)
        if known is None or _weight(match) < _weight(known):
            best[match.concept] = match
    coding, text, _ = min(found, key=lambda told: (told[0].system or "", told[0].code or "", told[1]))
    return Found(tuple(best[slug] for slug in sorted(best)), coding, text)


def _weight(match: ConceptMatch) -> tuple[int, bool, int, str, str]:
    """Order matches of one concept: surest first, then exact rows, then those that say more (a side, a level)."""
    unsaid = ("unspecified", "unknown")
    said = sum(value not in unsaid for value in match.attributes.values())
    certainty = _CERTAINTY_ORDER.index(match.certainty) if match.certainty in _CERTAINTY_ORDER else 0
    return certainty, match.kind == "prefix", -said, match.system, match.code
