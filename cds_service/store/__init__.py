"""What is remembered: decisions without identifiers, and what clinicians did with the cards."""

from cds_service.store.clients import ClientEntry, ClientTable
from cds_service.store.entries import Act, DecisionEntry, FeedbackEntry, ShownCard
from cds_service.store.keys import silence_key
from cds_service.store.store import Store

__all__ = ["Act", "ClientEntry", "ClientTable", "DecisionEntry", "FeedbackEntry", "ShownCard", "Store", "silence_key"]
