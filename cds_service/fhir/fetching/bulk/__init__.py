"""A whole population's data from a FHIR server: Bulk Data export with SMART backend services.

::

    access: a signed assertion for a token, renewed in time
    calls: one request over the guarded transport, again when the server is busy or the line breaks
    job: kick-off, poll until the manifest is there, its further pages   -> manifest: what there is to fetch
    download: file after file to the disk, going on where it was         -> a folder for ``cds-service screen``
"""

from cds_service.fhir.fetching.bulk.access import Access, read_key
from cds_service.fhir.fetching.bulk.calls import Calls
from cds_service.fhir.fetching.bulk.download import Fetched, fetch_export
from cds_service.fhir.fetching.bulk.job import Wanted

__all__ = ["Access", "Calls", "Fetched", "Wanted", "fetch_export", "read_key"]
