"""Completing a partial prefetch from the client's FHIR server.

::

    completing: what to ask for next --> fetcher: one call, one deadline --> pages: next links, bounds
        --> exchange: one query --> transport: registered origins, checked and pinned addresses
    plan: what nobody delivered; merging: pages as if they had been delivered, and why some did not come whole

``origins``, ``addresses`` and ``transport`` know nothing of FHIR: whatever else is fetched goes the same way out.
"""

from cds_service.fhir.fetching.addresses import read_networks
from cds_service.fhir.fetching.completing import completing
from cds_service.fhir.fetching.documents import fetch_document, post_form
from cds_service.fhir.fetching.exchange import Form
from cds_service.fhir.fetching.fetcher import ANYBODY, Access, Call, Fetcher, FetchLimits
from cds_service.fhir.fetching.origins import callable_origins, registered
from cds_service.fhir.fetching.pages import Pages, Search
from cds_service.fhir.fetching.transport import GuardedTransport

__all__ = [
    "ANYBODY",
    "Access",
    "Call",
    "FetchLimits",
    "Fetcher",
    "Form",
    "GuardedTransport",
    "Pages",
    "Search",
    "callable_origins",
    "completing",
    "fetch_document",
    "post_form",
    "read_networks",
    "registered",
]
