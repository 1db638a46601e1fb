"""Bytes to resources: a glance at everything first, then only what matters whole.

Where the glance meets a fault, resources are read one by one instead (:mod:`.plainly`), and give the same.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

import msgspec

from cds_service.fhir.delivered import Delivered
from cds_service.fhir.heads import OPENABLE, Glance, GlancedBundle, Value, glanced, read_subject
from cds_service.fhir.modifiers import may_be_modified
from cds_service.fhir.plainly import Reader, read_plainly
from cds_service.fhir.repair import RepairBudget
from cds_service.fhir.shapes_bundle import Entry, WholeBundle
from cds_service.fhir.sieve import Sieve

_WHOLE_BUNDLE: Final = msgspec.json.Decoder(WholeBundle)


def read_delivered(data: bytes | msgspec.Raw, budget: RepairBudget, sieve: Sieve | None = None) -> Delivered:
    """Return what one JSON value holds: null, a resource, a Bundle (also within Bundles), or an array of these.

    Args:
        data: the bytes of the value.
        budget: what may still be spent on repairing.
        sieve: tells which resources need not be read whole; without it all are.

    Raises:
        MalformedRequest: the bytes are not JSON.
        TooLarge: nested deeper than any record is.
    """
    data = bytes(data).lstrip()
    value = glanced(data) if sieve else None
    if sieve is None or value is None:
        return read_plainly(data, budget, sieve)
    return read_glanced(Sight(value, lambda: data, may_be_modified(data)), budget, sieve)


class Sight(msgspec.Struct, frozen=True):
    """A value that was glanced at.

    Attributes:
        value: what was seen.
        data: gives its bytes, which are needed for resources with a fault or a modifier extension.
        modified: True when there may be a modifier extension somewhere in it.
    """

    value: Value
    data: Callable[[], bytes]
    modified: bool


def read_glanced(sight: Sight, budget: RepairBudget, sieve: Sieve) -> Delivered:
    """Return what one JSON value holds that was glanced at; see :func:`read_delivered`."""
    found = Delivered()
    opening = _Opening(found, sight, budget, sieve)
    try:
        opening.file()
    except _OnlyPlainly:
        return read_plainly(sight.data(), budget, sieve)
    return found.done()


class _OnlyPlainly(Exception):
    """Nothing of the glance can be used."""


class _Opening:
    """Files what was glanced at, and opens what matters."""

    def __init__(self, found: Delivered, sight: Sight, budget: RepairBudget, sieve: Sieve) -> None:
        self._found = found
        self._sight = sight
        self._plainly = Reader(found, budget, sieve)
        self._sieve = sieve

    def file(self) -> None:
        """File everything."""
        value = self._sight.value
        if isinstance(value, GlancedBundle):
            self._found.bundle(value.total, value.has_next)
            self._sort(value.entry)
        else:
            self._sort((Glance(value),))

    def _sort(self, entries: Sequence[Glance]) -> None:
        matters = self._sieve.matters
        wanted, rest = [], []
        for place, entry in enumerate(entries):
            if matters(entry.resource):
                wanted.append(place)
            else:
                rest.append(entry)
        self._found.skim(rest)
        self._check_subjects()
        opened = self._sieve.opener.opened
        for place in wanted:
            entry = entries[place]
            if self._sight.modified or entry.resource.__class__ not in OPENABLE:
                self._open_otherwise(place, entry)
                continue
            try:
                resource = opened(entry.resource)
            except msgspec.ValidationError:
                self._from_bytes(place, entry)
            else:
                self._found.add(resource, entry)

    def _check_subjects(self) -> None:
        """Make sure that the subject of each skimmed resource can be read: it tells whose the resource is."""
        try:
            for subject in self._found.subjects:
                read_subject(subject)
        except msgspec.ValidationError:
            raise _OnlyPlainly from None

    def _open_otherwise(self, place: int, entry: Glance) -> None:
        if entry.resource.__class__ in OPENABLE:
            self._from_bytes(place, entry)
        else:
            self._found.add(None, entry)

    def _from_bytes(self, place: int, entry: Glance) -> None:
        raw = self._raw[place]
        self._plainly.whole(entry.resource.type_name, bytes(raw.resource), raw)

    @cached_property
    def _raw(self) -> Sequence[Entry]:
        data = self._sight.data()
        if isinstance(self._sight.value, GlancedBundle):
            return _WHOLE_BUNDLE.decode(data).entry
        return (Entry(resource=msgspec.Raw(data)),)
