"""Signing in at the organisation's own OpenID Connect provider: authorization code with PKCE.

::

    addresses: start, callback --> provider: its metadata and keys, the code exchange (over the guarded way out)
        --> id_token: is it ours, of this sign-in, of this provider --> people: whose account, which role
"""

from cds_service.admin.oidc.provider import Outside, Provider, ProviderSettings

__all__ = ["Outside", "Provider", "ProviderSettings"]
