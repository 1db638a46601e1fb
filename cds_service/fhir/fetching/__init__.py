"""Completing a partial prefetch from the client's FHIR server.

::

    plan: what nobody delivered --> fetcher: one call, one deadline --> pages: next links, bounds
        --> exchange: one query --> transport: registered origins, checked and pinned addresses
    merging: pages as if they had been delivered, and the reason for each that did not come whole

``origins``, ``addresses`` and ``transport`` know nothing of FHIR: whatever else is fetched goes the same way out.
"""

from cds_service.fhir.fetching.addresses import read_networks
from cds_service.fhir.fetching.fetcher import ANYBODY, Access, Call, Fetcher, FetchLimits
from cds_service.fhir.fetching.origins import registered
from cds_service.fhir.fetching.transport import GuardedTransport

__all__ = ["ANYBODY", "Access", "Call", "FetchLimits", "Fetcher", "GuardedTransport", "read_networks", "registered"]
