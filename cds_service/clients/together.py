"""What no two active clients may share, because a call could then not be told to come from one of them."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from cds_service.clients.model import Client


def clashes(clients: Iterable[Client]) -> tuple[str, ...]:
    """Return why these clients cannot be active side by side; empty when they can. Inactive ones never clash."""
    active = [client for client in clients if client.active]
    return tuple(
        f"{one.id} and {other.id}: {why}" for one, other in combinations(active, 2) for why in _between(one, other)
    )


def _between(one: Client, other: Client) -> Iterator[str]:
    mine, theirs = one.auth, other.auth
    if one.id == other.id:
        yield "the same id"
    if mine.mode != theirs.mode:
        return
    if mine.mode == "open":
        yield "only one client may be open: two cannot be told apart"
    same_subjects = not mine.subjects or not theirs.subjects or mine.subjects & theirs.subjects
    if mine.mode == "jwt" and mine.issuer == theirs.issuer and same_subjects:
        yield "the same issuer, and subjects that do not tell them apart"
    if {key.prefix for key in mine.api_keys} & {key.prefix for key in theirs.api_keys}:
        yield "the same API key"
    if mine.fingerprints & theirs.fingerprints or mine.certificate_subjects & theirs.certificate_subjects:
        yield "the same certificate"
