"""What a look-up returns: the row that decided, and everything known about one coding."""

from typing import Final, Literal

import msgspec

from cds_service.terminology.attributes import Attributes
from cds_service.terminology.table import UNVERIFIED, ConceptRow

MatchKind = Literal["exact", "prefix"]


class ConceptMatch(msgspec.Struct, frozen=True, gc=False):
    """A coding has this concept, because of this row.

    Attributes:
        concept: slug of the concept.
        system: canonical URI of the row's code system (the Swedish one when a Swedish row decided).
        code: the code as in the row, which for a prefix row is shorter than the code looked up.
        display: the row's official text, in the language of its source; empty when none was seen.
        kind: whether the code is the row's code or starts with it.
        attributes: the row's attributes.
        verified: where the code was seen with this meaning, or ``unverified``.
        enabled: True when an administrator or the rule set turned on a row that does not count by default.
    """

    concept: str
    system: str
    code: str
    display: str
    kind: MatchKind
    attributes: Attributes
    verified: str
    enabled: bool = False

    @property
    def default(self) -> str:
        """``exclude``, ``review``, ``off``, or empty when the row counts on its own."""
        return self.attributes.get("default", "")

    @property
    def counts(self) -> bool:
        """False for a look-alike or an open choice that nobody turned on."""
        return self.enabled or not self.default

    @property
    def certainty(self) -> str | None:
        """``confirmed``, ``high``, ``medium``, ``possible``, ``low``; None when the row states no reservation."""
        return self.attributes.get("certainty")

    @property
    def where(self) -> str | None:
        """The only FHIR element in which the code counts, e.g. ``FamilyMemberHistory.condition.code``; else None."""
        return self.attributes.get("where")

    def holds_in(self, resource_type: str) -> bool:
        """True when the code counts in resources of this type, e.g. ``Condition``; see :attr:`where`.

        The code of a diagnosis tells of a relative only inside FamilyMemberHistory: everywhere else it is the
        patient's own, and must not be read as heredity.
        """
        if self.where is None:
            return True
        return resource_type in self.where.partition(".")[0].split("-or-")

    @property
    def unverified(self) -> bool:
        """True when the code was not seen in any source with this meaning."""
        return self.verified == UNVERIFIED


class Lookup(msgspec.Struct, frozen=True, gc=False):
    """Everything the tables say about one coding, one match per concept, in alphabetical order of concepts.

    Attributes:
        recognised: False when the code system is absent or unknown, so that nothing can be said about the code.
        counted: concepts the coding has.
        review: open choices (``default=review`` or ``off``) that nobody turned on.
        excluded: known look-alikes (``default=exclude``).
    """

    recognised: bool
    counted: tuple[ConceptMatch, ...] = ()
    review: tuple[ConceptMatch, ...] = ()
    excluded: tuple[ConceptMatch, ...] = ()


UNKNOWN_SYSTEM: Final = Lookup(recognised=False)
NO_CONCEPT: Final = Lookup(recognised=True)


def match_of(row: ConceptRow, *, enabled: bool) -> ConceptMatch:
    """Return the match a row gives; a ``descendants`` row gives its own code only."""
    return ConceptMatch(
        concept=row.concept,
        system=row.system,
        code=row.code,
        display=row.display,
        kind="prefix" if row.match == "prefix" else "exact",
        attributes=row.attributes,
        verified=row.verified,
        enabled=enabled,
    )
