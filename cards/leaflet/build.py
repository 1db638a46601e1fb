"""A leaflet from an assessment: the advice that fits, in words."""

from collections.abc import Iterable

from cards.leaflet.choice import ADULT, CHILD, SectionRow, advice_table, tags_of
from cards.leaflet.model import Advice, Leaflet, LeafletSection
from cards.words import Words, words
from cds_service.risk.assessment import Assessment

# The origins of the limb deficiency that give the leaflet a subtitle of its own; a mixture has none.
_ORIGINS = frozenset({"acquired", "congenital", "affected"})


def leaflet(assessment: Assessment, language: str) -> Leaflet:
    """Return general advice for the person in ``language`` (``en`` | ``sv``).

    It says neither name nor tier nor points, and claims no diagnosis. Whether a leaflet is fitting at all (palliative
    care, for example) is the clinician's to judge. Raises CatalogueError for another language.
    """
    in_words = words(language)
    tags = tags_of(assessment)
    sections = tuple(_section(row, tags, in_words) for row in advice_table().section if row.fits(tags))
    kept = tuple(section for section in sections if section.advice)
    return Leaflet(
        language=language,
        title=in_words.say(f"leaflet.title.{CHILD if CHILD in tags else ADULT}"),
        subtitle=in_words.say(f"leaflet.subtitle.{_subtitle(tags)}"),
        sections=kept,
        references=_references(kept),
        footer=in_words.say("leaflet.footer-child" if CHILD in tags else "leaflet.footer"),
    )


def _section(row: SectionRow, tags: frozenset[str], in_words: Words) -> LeafletSection:
    fitting = tuple(
        Advice(advice.key, in_words.say(f"leaflet.advice.{advice.key}"), advice.source)
        for advice in row.advice
        if advice.fits(tags)
    )
    return LeafletSection(row.key, in_words.say(f"leaflet.heading.{row.key}"), fitting)


def _subtitle(tags: frozenset[str]) -> str:
    if CHILD in tags:
        return CHILD
    origins = tags & _ORIGINS
    return next(iter(origins)) if len(origins) == 1 else "other"


def _references(sections: Iterable[LeafletSection]) -> tuple[str, ...]:
    used = {source for section in sections for advice in section.advice for source in advice.sources}
    return tuple(text for key, text in advice_table().sources.items() if key in used and text)
