"""What has been gathered for one request so far: delivered by the client, then completed from its FHIR server."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import msgspec

from cds_service.fhir.decoding import Sight, read_delivered, read_glanced
from cds_service.fhir.delivered import Delivered
from cds_service.fhir.envelope import HookRequest
from cds_service.fhir.references import bare_id
from cds_service.fhir.repair import RepairBudget
from cds_service.fhir.shapes_bundle import Located
from cds_service.fhir.sieve import Sieve
from cds_service.terminology.index import TerminologyIndex


class Gathered(msgspec.Struct, frozen=True):
    """What is there by key.

    Attributes:
        patient_id: the id of the patient in context, without its type.
        delivered: what each key brought.
        sent: the client's own bytes by key, for the links of Bundles that have more pages.
        why: for keys that were asked for and did not arrive whole: the reason, fit for the caller's eyes.
        no_access: why nothing could be asked for, fit for the caller's eyes; empty when it could, or nobody offered.
        budget: what may still be spent on repairing resources of this request.
        sieve: tells which resources need not be read whole; None reads all.
    """

    patient_id: str
    delivered: Mapping[str, Delivered]
    sent: Mapping[str, msgspec.Raw] = {}
    why: Mapping[str, str] = {}
    no_access: str = ""
    budget: RepairBudget = msgspec.field(default_factory=RepairBudget)
    sieve: Sieve | None = None

    def resources(self) -> Iterable[Located]:
        """Return every resource under every key."""
        return (located for one in self.delivered.values() for located in one.resources)


def gather(request: HookRequest, index: TerminologyIndex | None = None) -> Gathered:
    """Return what the client delivered; with an ``index``, what it does not recognise is only skimmed.

    Raises MalformedRequest, TooLarge: the resources cannot be read at all.
    """
    budget, sieve = RepairBudget(), Sieve(index) if index else None
    return Gathered(
        patient_id=bare_id(request.context.patient_id),
        delivered=dict(_delivered(request, budget, sieve)),
        sent=request.prefetch,
        budget=budget,
        sieve=sieve,
    )


def _delivered(request: HookRequest, budget: RepairBudget, sieve: Sieve | None) -> Iterator[tuple[str, Delivered]]:
    if request.glanced is None or sieve is None:
        for key, raw in request.prefetch.items():
            yield key, read_delivered(raw, budget, sieve)
        return
    for key, value in request.glanced.items():
        # Null says nothing.
        sight = value and Sight(value, partial(_bytes, request.prefetch, key), request.modified)
        yield key, read_glanced(sight, budget, sieve) if sight else Delivered()


def _bytes(prefetch: Mapping[str, msgspec.Raw], key: str) -> bytes:
    return bytes(prefetch[key])
