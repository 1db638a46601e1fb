"""A gate with clients before it, and what it makes of tokens."""

import asyncio

import pytest

from cds_service.clients import read_client
from cds_service.trust import Gate, KeySets, Registry, Replays, Shown, TurnedAway

from .signing import CALLED, NOW


class Marks:
    """The store's memory of used tokens."""

    def __init__(self):
        self.seen = set()

    def first_use(self, mark, _ends):
        new = mark not in self.seen
        self.seen.add(mark)
        return new


async def nowhere(_address):
    return None


def gate_for(*documents, fetch=nowhere, **more):
    registry = Registry.of(read_client(one) for one in documents)
    return Gate(KeySets(fetch), Replays(Marks().first_use), registry=registry, clock=lambda: NOW, **more)


def admit(gate, *tokens, called=CALLED):
    async def run():
        for text in tokens:
            shown = Shown(authorization=(f"Bearer {text}",), addresses=frozenset({called}))
            client = await gate.admit(shown)
        return client.id

    return asyncio.run(run())


def refusal(gate, *tokens, called=CALLED):
    with pytest.raises(TurnedAway) as refused:
        admit(gate, *tokens, called=called)
    return refused.value.reason
