"""The gate: which client calls, by the proof it shows. One proof at most; whatever is unclear is refused."""

import time
from collections.abc import Callable, Collection
from typing import Final

import msgspec

from cds_service.clients import Client
from cds_service.clients.api_keys import is_key, prefix_of
from cds_service.clients.model import ApiKey
from cds_service.trust.certificates import read_certificate
from cds_service.trust.claims import check_claims
from cds_service.trust.key_sets import KeySets, PublicJwk
from cds_service.trust.reasons import Reason, TurnedAway
from cds_service.trust.registry import Registry
from cds_service.trust.replays import Replays
from cds_service.trust.signatures import check_algorithm, check_signature
from cds_service.trust.tokens import Token, read_token

_BEARER: Final = "bearer"
# What an unknown key is compared with, so that it takes as long as a known one.
_NO_KEY: Final = ApiKey(prefix="", sha256="0" * 64, made="")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a call shows of itself: headers as they were sent, each as often as it was. Not to be written anywhere.

    ``certificates`` are values of the proxy's header, ``from_proxy`` whether the call came through a trusted one.
    ``addresses`` are those that the call may have been made to: what a token's ``aud`` may name.
    """

    authorization: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    from_proxy: bool = False
    addresses: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return "Shown(<hidden>)"


class Gate:
    """``registry`` is exchanged when a registration changes: a call that has begun ends under the one it began with.

    ``anyone`` is who calls without proof, unless an open client is registered; None: nobody may, registered or not.
    """

    def __init__(
        self,
        key_sets: KeySets,
        replays: Replays,
        *,
        anyone: Client | None = None,
        registry: Registry | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.registry = registry or Registry()
        self._key_sets = key_sets
        self._replays = replays
        self._anyone = anyone
        self._clock = clock

    async def admit(self, shown: Shown) -> Client:
        """Return the client that calls. Raises TurnedAway."""
        try:
            return await self._proven(shown)
        except TurnedAway:
            if self._anyone is None:
                raise
            # Who may come in without proof is not kept out for a wrong one: a sandbox sends tokens to everybody.
            return self.registry.open or self._anyone

    async def _proven(self, shown: Shown) -> Client:
        proofs = (*shown.authorization, *shown.api_keys)
        if len(proofs) + len(shown.certificates) > 1:
            raise TurnedAway(Reason.SEVERAL_CREDENTIALS)
        if shown.certificates:
            return self._by_certificate(shown)
        if not proofs:
            raise TurnedAway(Reason.OPEN_NOT_ALLOWED if self.registry.open else Reason.NO_CREDENTIALS)
        if shown.api_keys:
            return self._by_api_key(proofs[0])
        scheme, _, proof = proofs[0].strip().partition(" ")
        if scheme.lower() != _BEARER or not proof.strip():
            raise TurnedAway(Reason.SCHEME)
        proof = proof.strip()
        return self._by_api_key(proof) if prefix_of(proof) else await self._by_token(proof, shown.addresses)

    def _by_certificate(self, shown: Shown) -> Client:
        if not shown.from_proxy:
            raise TurnedAway(Reason.PROXY_NOT_TRUSTED)
        fingerprint, subject = read_certificate(shown.certificates[0])
        client = self.registry.by_fingerprint.get(fingerprint) or self.registry.by_certificate_subject.get(subject)
        if client is None:
            raise TurnedAway(Reason.UNKNOWN_CERTIFICATE)
        return client

    def _by_api_key(self, text: str) -> Client:
        found = self.registry.by_prefix.get(prefix_of(text) or "")
        right = is_key(text, found[1] if found else _NO_KEY)
        if found is None or not right:
            raise TurnedAway(Reason.UNKNOWN_API_KEY, found[0].id if found else "")
        return found[0]

    async def _by_token(self, text: str, addresses: Collection[str]) -> Client:
        token = read_token(text)
        client = self._claimed(token)
        try:
            await self._prove(token, client, addresses)
        except TurnedAway as refused:
            raise TurnedAway(refused.reason, client.id) from None
        return client

    def _claimed(self, token: Token) -> Client:
        """Return the client that the token says it is from: by issuer, and by subject where a client has some."""
        issuer, subject = token.claims.get("iss"), token.claims.get("sub")
        candidates = self.registry.by_issuer.get(issuer, ()) if isinstance(issuer, str) else ()
        if not candidates:
            raise TurnedAway(Reason.UNKNOWN_ISSUER)
        for client in candidates:
            if not client.auth.subjects or (isinstance(subject, str) and subject in client.auth.subjects):
                return client
        raise TurnedAway(Reason.SUBJECT, candidates[0].id if len(candidates) == 1 else "")

    async def _prove(self, token: Token, client: Client, addresses: Collection[str]) -> None:
        check_algorithm(token, client.auth.algorithms)
        check_signature(token, await self._keys(token, client))
        jti, ends = check_claims(token.claims, client.auth, addresses, self._clock())
        if not await self._replays.is_new(client.id, jti, ends):
            raise TurnedAway(Reason.REPLAYED)

    async def _keys(self, token: Token, client: Client) -> tuple[PublicJwk, ...]:
        """Return the client's keys of this ``kid``: typed in, else in a set; a ``jku`` only chooses among its sets."""
        auth = client.auth
        if token.jku and token.jku not in auth.key_urls:
            raise TurnedAway(Reason.KEY_ADDRESS)
        fixed = tuple(key for key in auth.keys if key["kid"] == token.kid)
        if fixed:
            return fixed
        reached = False
        for address in (token.jku,) if token.jku else auth.key_urls:
            keys = await self._key_sets.keys(address, token.kid)
            if keys:
                return keys
            reached = reached or keys is not None
        raise TurnedAway(Reason.UNKNOWN_KEY if reached or not auth.key_urls else Reason.KEY_SET_UNREACHABLE)
