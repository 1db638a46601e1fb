"""Pages as bytes to what prefetch would have delivered: the CPU work of fetching, done when the network is quiet."""

from collections.abc import Iterable

import msgspec

from cds_service.errors import CallerError
from cds_service.fhir.decoding import read_delivered
from cds_service.fhir.delivered import Delivered
from cds_service.fhir.fetching.pages import Pages
from cds_service.fhir.fetching.troubles import Trouble, failed
from cds_service.fhir.gathered import Gathered
from cds_service.fhir.references import PatientIdentity


def merged(gathered: Gathered, found: Iterable[Pages]) -> Gathered:
    """Return ``gathered`` completed by what was found, and the reasons for what was not."""
    delivered, why = dict(gathered.delivered), dict(gathered.why)
    for pages in found:
        key = pages.search.key
        known = delivered.get(key)
        told = _told(pages, known, gathered)
        if told is not None:
            delivered[key] = told
        if pages.trouble is not None:
            why[key] = pages.trouble.value
    return msgspec.structs.replace(gathered, delivered=delivered, why=why)


def _told(pages: Pages, known: Delivered | None, gathered: Gathered) -> Delivered | None:
    """Return what a key has brought with these pages; None when the server does not have such data at all."""
    fetched = _read(pages, gathered)
    parts = [known, *fetched] if known else fetched
    if not parts:
        trouble = pages.trouble or Trouble.NOT_JSON
        return None if trouble is Trouble.UNSUPPORTED else failed(trouble)
    if sum([_drop_others(part, gathered.patient_id) for part in fetched]):
        # A server that answers for another patient cannot be taken to have told everything about this one.
        pages.trouble = pages.trouble or Trouble.OTHERS
    whole = _joined(parts)
    whole.more = pages.trouble is not None
    return whole


def _read(pages: Pages, gathered: Gathered) -> list[Delivered]:
    parts = []
    for body in pages.bodies:
        try:
            parts.append(read_delivered(body, gathered.budget, gathered.sieve))
        except CallerError:
            # What would be the caller's fault in a request is here the server's.
            pages.trouble = pages.trouble or Trouble.NOT_JSON
            break
    return parts


def _joined(parts: list[Delivered]) -> Delivered:
    """Return the parts as one. Each page repeats the total of the whole search, so the largest is meant."""
    totals = [part.total for part in parts if part.total is not None]
    return Delivered(
        resources=[one for part in parts for one in part.resources],
        skimmed=[one for part in parts for one in part.skimmed],
        subjects=set().union(*(part.subjects for part in parts)),
        outcomes=[one for part in parts for one in part.outcomes],
        alone=all(part.alone for part in parts),
        matches=sum(part.matches for part in parts),
        total=max(totals, default=None),
        lost=[one for part in parts for one in part.lost],
        gaps=[one for part in parts for one in part.gaps],
    )


def _drop_others(part: Delivered, patient_id: str) -> int:
    """Drop resources of other patients and return how many there were."""
    owns = PatientIdentity(patient_id).is_owner
    before = len(part.types)
    part.resources = [one for one in part.resources if owns(one.resource.owner)]
    part.skimmed = [head for head in part.skimmed if owns(head.owner)]
    dropped = before - len(part.types)
    part.matches -= dropped
    return dropped
