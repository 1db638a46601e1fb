"""Discovery: the services this address offers, one entry per hook, all under the same service id."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

from cds_service.hooks import (
    appointment_book,
    encounter_start,
    order_select,
    order_sign,
    patient_view,
    problem_list_item_create,
)
from cds_service.hooks.advice import Advice, Call

SERVICE_ID = "limb-deficiency-bone-health"


class Hook(Protocol):
    """What the module of a hook gives."""

    HOOK: str
    TITLE: str
    DESCRIPTION: str
    USAGE: str
    PREFETCH: Mapping[str, str]

    def advise(self, call: Call) -> Advice:
        """Return the advice. Raises MalformedRequest when the context lacks what the hook is about."""


_MODULES: Final[tuple[Hook, ...]] = (
    patient_view, order_select, order_sign, encounter_start, appointment_book, problem_list_item_create,
)  # fmt: skip
HOOKS: Final[Mapping[str, Hook]] = {module.HOOK: module for module in _MODULES}
"""The hooks served, by name."""

MAY_ADD_A_LIMB = frozenset({problem_list_item_create.HOOK})
"""Hooks whose context may bring the limb deficiency itself: a chart without one settles nothing yet."""


def discovery(version: str, enabled: Collection[str] = tuple(HOOKS)) -> dict[str, Any]:
    """Return the body of ``GET /cds-services``: the hooks that are switched on.

    ``version`` is that of the rule set, a member of CDS Hooks 3.0.
    """
    return {
        "services": [
            {
                "hook": hook.HOOK,
                "id": SERVICE_ID,
                "title": hook.TITLE,
                "description": hook.DESCRIPTION,
                "usageRequirements": hook.USAGE,
                "prefetch": dict(hook.PREFETCH),
                "version": version,
            }
            for hook in HOOKS.values()
            if hook.HOOK in enabled
        ]
    }
