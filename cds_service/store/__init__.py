"""What is remembered: decisions without identifiers, what clinicians did with the cards, what administrators did."""

from cds_service.store.audit import AuditEntry, AuditRow, AuditTrail, ChainReport
from cds_service.store.clients import ClientEntry, ClientTable
from cds_service.store.entries import Act, DecisionEntry, FeedbackEntry, Record, ShownCard
from cds_service.store.keys import silence_key, site_key
from cds_service.store.outbox import Outbox
from cds_service.store.purging import KeepFrom, Purged
from cds_service.store.spool import Spool, spool_folder
from cds_service.store.store import Store

__all__ = [
    "Act",
    "AuditEntry",
    "AuditRow",
    "AuditTrail",
    "ChainReport",
    "ClientEntry",
    "ClientTable",
    "DecisionEntry",
    "FeedbackEntry",
    "KeepFrom",
    "Outbox",
    "Purged",
    "Record",
    "ShownCard",
    "Spool",
    "Store",
    "silence_key",
    "site_key",
    "spool_folder",
]
