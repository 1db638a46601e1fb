"""Registered clients as data: who may call, how they prove it, and how they want their answers.

::

    document (JSON, schema 1) --> schema: the door, says what is wrong --> model: frozen, what the service asks
    targets: the door for receivers of referrals, which the site's own file has too
    together: what no two clients may share        api_keys: making a key, and the hash that is kept of it
    editing: a document with one thing changed, and in which members two documents differ
"""

from cds_service.clients.document import read_client, read_document, read_kept, written
from cds_service.clients.editing import differences
from cds_service.clients.model import Client
from cds_service.clients.together import clashes

__all__ = ["Client", "clashes", "differences", "read_client", "read_document", "read_kept", "written"]
