"""FHIR data types as they are read: only the fields we use, whatever the FHIR version calls them.

Every field has a default and unknown members are skipped, so that a shape never refuses a resource for something that
we would not have read. ``gc=False`` is safe because decoded JSON holds no cycles.
"""

import msgspec


class Shape(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all shapes: FHIR's camelCase on the wire, snake_case here."""


class Coding(Shape, frozen=True, gc=False):
    """A code of a code system. A coding without system means nothing to us."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Shape, frozen=True, gc=False):
    """Codings that mean the same, and the text a person wrote."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Reference(Shape, frozen=True, gc=False):
    """A link to another resource: relative, absolute, versioned, ``urn:uuid:...`` or ``#contained``."""

    reference: str | None = None


class NamedReference(Reference, frozen=True, gc=False):
    """A link to a thing, not to a person, with the name it goes by."""

    display: str | None = None


class CodeableReference(Shape, frozen=True, gc=False):
    """R5's CodeableReference and, in the same place, R4's CodeableConcept or Reference."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None
    concept: CodeableConcept | None = None
    # R5 sends an object here, a plain R4 Reference a string.
    reference: str | NamedReference | None = None
    display: str | None = None

    @property
    def as_concept(self) -> CodeableConcept:
        """The concept, in whichever form it came; empty when there is none."""
        return self.concept or CodeableConcept(self.coding, self.text)

    @property
    def target(self) -> str:
        """The reference as sent, or an empty string."""
        inner = self.reference
        return (inner.reference if isinstance(inner, Reference) else inner) or ""

    @property
    def target_name(self) -> str:
        """The name that the reference gives its target, or an empty string."""
        return (self.reference.display if isinstance(self.reference, NamedReference) else self.display) or ""


class Period(Shape, frozen=True, gc=False):
    """Start and end as sent."""

    start: str | None = None
    end: str | None = None


class Quantity(Shape, frozen=True, gc=False):
    """A number with a unit: ``code`` of ``system``, or ``unit`` as people write it. Also Age, Duration, Count."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(Shape, frozen=True, gc=False):
    """Two quantities, either of which may be open."""

    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Shape, frozen=True, gc=False):
    """A quantity per quantity."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Extension(Shape, frozen=True, gc=False):
    """An extension with the kinds of value that we look at."""

    url: str | None = None
    value_code: str | None = None
    value_string: str | None = None
    value_coding: Coding | None = None
    value_codeable_concept: CodeableConcept | None = None
    extension: tuple["Extension", ...] = ()


class Meta(Shape, frozen=True, gc=False):
    """Version and security labels of a resource."""

    version_id: str | None = None
    last_updated: str | None = None
    security: tuple[Coding, ...] = ()


class Resource(Shape, frozen=True, gc=False, tag_field="resourceType", tag=True):
    """Base of all resources; its subclasses are told apart by ``resourceType``, which is the class name."""

    id: str | None = None
    meta: Meta | None = None

    @property
    def type_name(self) -> str:
        """The resourceType."""
        return self.__class__.__name__

    @property
    def owner(self) -> Reference | None:
        """The patient the resource speaks of; None when it names none."""
        return None


class SubjectResource(Resource, frozen=True, gc=False):
    """A resource that names its patient in ``subject``."""

    subject: Reference | None = None

    @property
    def owner(self) -> Reference | None:
        """The patient the resource speaks of."""
        return self.subject
