"""Which product a medication resource means: inline, contained, or a Medication delivered elsewhere in the record."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cds_service.fhir.quantities import read_quantity
from cds_service.fhir.reading import Found, Reading
from cds_service.fhir.references import relative
from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.shapes_medication import Ingredient, Medication, MedicationResource
from cds_service.fhir.word_tables import route_words
from cds_service.risk.record import Area, Quantity
from cds_service.terminology.units import convert, ucum_units

ROUTE_CONCEPT: Final = "route"
# A row says "5 mg" or "3 mg/mL"; a pack of several strengths is no strength.
_STRENGTH: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ([A-Za-z/\[\]]+)")
_MEDICATION: Final = msgspec.json.Decoder(Medication)


class Product(msgspec.Struct, frozen=True):
    """What is taken: the concepts it has, how it is named, and how much drug is in one unit of its form."""

    found: Found
    concepts: tuple[CodeableConcept, ...]
    strength: Quantity | None = None


def product_of(resource: MedicationResource, reading: Reading) -> Product:
    """Return the product that a medication resource means."""
    inline = resource.medication.as_concept if resource.medication else None
    concept = resource.medication_codeable_concept or inline
    medication = _medication(resource, reading)
    named = _named(resource) if medication is None else None
    concepts = tuple(given for given in (concept, medication.code if medication else None, named) if given)
    ingredients = medication.ingredient if medication else ()
    found = reading.find((*concepts, *map(_item, ingredients)))
    if not found and named is not None:
        # A list of drugs of which some cannot be named says nothing of a drug by not naming it.
        reading.gap(resource, "medication", "not-delivered")
        reading.short.add(Area.MEDICATIONS)
    return Product(found, concepts, _strength(found, ingredients, reading))


def _reference(resource: MedicationResource) -> str:
    given = resource.medication_reference
    return (given.reference or "" if given else "") or (resource.medication.target if resource.medication else "")


def _named(resource: MedicationResource) -> CodeableConcept | None:
    """Return what the resource calls the medication that it only refers to, as words; None when it refers to none."""
    inline, given = resource.medication, resource.medication_reference
    if given is None and not _reference(resource):
        return None
    return CodeableConcept(text=(given.display if given else inline.target_name if inline else "") or None)


def _medication(resource: MedicationResource, reading: Reading) -> Medication | None:
    """Return the Medication referred to, contained or delivered."""
    reference = _reference(resource)
    if reference.startswith("#"):
        return next((one for one in _contained(resource, reading) if one.id == reference.removeprefix("#")), None)
    target = reading.referred.get(reference) or reading.referred.get(relative(reference))
    return target if isinstance(target, Medication) else None


def _contained(resource: MedicationResource, reading: Reading) -> Iterator[Medication]:
    for raw in resource.contained:
        try:
            yield _MEDICATION.decode(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            # Another resource type is no fault; a Medication that cannot be read is one.
            if "resourceType" not in str(error):
                reading.gap(resource, "contained", "unreadable")


def _item(ingredient: Ingredient) -> CodeableConcept | None:
    return ingredient.item_codeable_concept or (ingredient.item.as_concept if ingredient.item else None)


def _strength(found: Found, ingredients: tuple[Ingredient, ...], reading: Reading) -> Quantity | None:
    """Return the strength of the only ingredient that matters, else the one that the code itself states."""
    ours = ingredients if len(ingredients) == 1 else [one for one in ingredients if reading.find((_item(one),))]
    if len(ours) == 1:
        stated = _stated(ours[0])
        if stated is not None:
            return stated
    texts = {match.attributes["strength"] for match in found.hits if "strength" in match.attributes}
    parsed = _STRENGTH.fullmatch(texts.pop()) if len(texts) == 1 else None
    return Quantity(float(parsed.group(1)), parsed.group(2)) if parsed else None


def _stated(ingredient: Ingredient) -> Quantity | None:
    given = ingredient.strength or ingredient.strength_ratio or ingredient.amount
    if given is None:
        return read_quantity(ingredient.strength_quantity)
    top, below = read_quantity(given.numerator), read_quantity(given.denominator)
    if top is None or (below is not None and below.value <= 0):
        return None
    if below is None:
        return top
    if convert(below.value, below.unit, "mL") is None:
        return Quantity(top.value / below.value, top.unit)
    return _per_volume(top, below)


def _per_volume(top: Quantity, below: Quantity) -> Quantity | None:
    millilitres = convert(below.value, below.unit, "mL") or 0
    unit = f"{top.unit}/mL"
    return Quantity(top.value / millilitres, unit) if millilitres and unit in ucum_units() else None


def route_of(routes: Iterable[CodeableConcept | None], found: Found, reading: Reading) -> str:
    """Return the one route that is stated, else the one that the product's code implies; empty when they differ."""
    stated = {word for route in routes if (word := _route(route, reading))}
    if not stated:
        stated = {match.attributes["route"] for match in found.hits if "route" in match.attributes}
    return stated.pop() if len(stated) == 1 else ""


def _route(route: CodeableConcept | None, reading: Reading) -> str:
    if route is None:
        return ""
    for coding in route.coding:
        for match in reading.index.concepts(coding.system, coding.code):
            if match.concept == ROUTE_CONCEPT:
                return match.attributes["route"]
    texts = (route.text, *(coding.display for coding in route.coding))
    known = (route_words().get(text.strip().lower()) for text in texts if text)
    return next(filter(None, known), "")
