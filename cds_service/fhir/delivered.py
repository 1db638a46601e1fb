"""What one prefetch value held, as it is filed while it is read."""

from collections.abc import Sequence

import msgspec

from cds_service.fhir.heads import Glance, Head
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_admin import OperationOutcome
from cds_service.fhir.shapes_bundle import Entry, Located
from cds_service.risk.record import Gap


class Delivered(msgspec.Struct):
    """What one prefetch value held.

    Attributes:
        resources: every resource of a type that we read, save those skimmed.
        skimmed: resources that mean nothing to us.
        subjects: the patients that the skimmed name, as bytes.
        outcomes: what the server said about its answer.
        alone: True when the value was an OperationOutcome instead of data.
        matches: entries that answer the question (not includes, not outcomes).
        total: how many there are, if the sender said so. more: it has a ``next`` page.
        lost: resources (by type) that could not be read, or lost what tells their meaning.
        gaps: every element or resource that could not be read.
    """

    resources: list[Located] = msgspec.field(default_factory=list)
    skimmed: list[Head] = msgspec.field(default_factory=list)
    subjects: set[bytes] = msgspec.field(default_factory=set)
    outcomes: list[OperationOutcome] = msgspec.field(default_factory=list)
    alone: bool = False
    matches: int = 0
    total: int | None = None
    more: bool = False
    lost: list[str] = msgspec.field(default_factory=list)
    gaps: list[Gap] = msgspec.field(default_factory=list)

    @property
    def types(self) -> list[str]:
        """The type of every resource that was read or skimmed."""
        return [one.resource.type_name for one in self.resources] + [head.type_name for head in self.skimmed]

    @property
    def something(self) -> bool:
        """True when any resource of a type that we read was delivered and could be read."""
        return bool(self.resources or self.skimmed)

    def bundle(self, total: int | None, more: bool) -> None:
        """Note what a Bundle says of its own completeness."""
        self.more = self.more or more
        if total is not None:
            self.total = (self.total or 0) + total

    def add(self, resource: Resource | None, entry: Entry | Glance) -> None:
        """File the resource of an entry; None stands for one of a type that we do not read."""
        if resource.__class__ is OperationOutcome:
            self.outcomes.append(resource)
            return
        search = entry.search
        self.matches += search is None or search.is_match
        if resource is not None:
            self.resources.append(Located(resource, entry.full_url or ""))

    def skim(self, entries: Sequence[Glance]) -> None:
        """File entries whose resources mean nothing to us."""
        heads: list[Head] = [entry.resource for entry in entries]
        self.matches += sum([entry.search.is_match for entry in entries])
        self.skimmed += heads
        self.subjects.update([head.subject_bytes for head in heads])

    def done(self) -> "Delivered":
        """Return this, now that everything has been filed."""
        self.alone = bool(self.outcomes) and not self.matches and not self.something
        return self

    def lose(self, kind: str, gap: Gap) -> None:
        """Note a resource that could not be read at all."""
        self.lost.append(kind)
        self.gaps.append(gap)
