"""What is remembered: decisions without identifiers, and what clinicians did with the cards."""

from cds_service.store.entries import DecisionEntry, FeedbackEntry
from cds_service.store.store import Store

__all__ = ["DecisionEntry", "FeedbackEntry", "Store"]
