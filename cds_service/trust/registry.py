"""The clients as the gate looks them up: made anew from all registrations whenever one has changed, never changed."""

from collections.abc import Iterable, Mapping
from typing import Self

import msgspec

from cds_service.clients import Client
from cds_service.clients.model import ApiKey


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """Active clients: by issuer, by the prefix of their API keys, by certificate; and the one that is open."""

    clients: tuple[Client, ...] = ()
    by_issuer: Mapping[str, tuple[Client, ...]] = {}
    by_prefix: Mapping[str, tuple[Client, ApiKey]] = {}
    by_fingerprint: Mapping[str, Client] = {}
    by_certificate_subject: Mapping[str, Client] = {}
    open: Client | None = None

    @classmethod
    def of(cls, clients: Iterable[Client]) -> Self:
        """Return the registry of these clients; those that are not active are left out."""
        active = tuple(client for client in clients if client.active)
        by_issuer: dict[str, tuple[Client, ...]] = {}
        for client in active:
            if client.auth.mode == "jwt":
                by_issuer[client.auth.issuer] = (*by_issuer.get(client.auth.issuer, ()), client)
        return cls(
            clients=active,
            by_issuer=by_issuer,
            by_prefix={key.prefix: (client, key) for client in active for key in client.auth.api_keys},
            by_fingerprint={mark: client for client in active for mark in client.auth.fingerprints},
            by_certificate_subject={name: client for client in active for name in client.auth.certificate_subjects},
            open=next((client for client in active if client.auth.mode == "open"), None),
        )

    @property
    def key_addresses(self) -> frozenset[str]:
        """The addresses of all key sets."""
        return frozenset(address for client in self.clients for address in client.auth.key_urls)

    @property
    def fhir_servers(self) -> frozenset[str]:
        """The base addresses of all clients' own FHIR servers."""
        return frozenset(server for client in self.clients for server in client.fhir.servers or ())

    @property
    def browser_origins(self) -> frozenset[str]:
        """The origins from which browsers may call as some client."""
        return frozenset(origin for client in self.clients for origin in client.cors_origins)
