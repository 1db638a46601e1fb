"""What may be done to a version of the rules and by whom: one table for the pages and for programs."""

from collections.abc import Mapping
from typing import Final

from cds_service.admin.roles import Role
from cds_service.admin.visit import Visit

ROLES: Final[Mapping[str, Role]] = {
    "submit": "editor",
    "send-back": "publisher",
    "approve": "publisher",
    "publish": "publisher",
    "withdraw": "publisher",
    "rollback": "publisher",
    "retire": "editor",
}
"""The acts, each with the least role that may; who does them is in the ``ACTS`` of either door."""


def need_role_for(act: str, visit: Visit) -> None:
    """Refuse an act that there is not (404), and one that takes a greater role than the visitor's (403)."""
    role = ROLES.get(act)
    if role is None:
        visit.refuse(404, "missing")
    if not visit.may(role):
        visit.refuse(403, "role")


def need_role_to_retire(state: str, visit: Visit) -> None:
    """Refuse (403) who may not retire a version in this state: whoever may write drafts may give one up, no more."""
    if state != "draft" and not visit.may("publisher"):
        visit.refuse(403, "role")
