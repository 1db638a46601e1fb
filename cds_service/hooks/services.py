"""Discovery: the services this address offers, one entry per hook, all under the same service id."""

from typing import Any

from cds_service.hooks import patient_view

SERVICE_ID = "limb-deficiency-bone-health"

HOOKS = {patient_view.HOOK: patient_view}
"""The hooks served, by name. Each module gives HOOK, TITLE, DESCRIPTION, USAGE and PREFETCH."""


def discovery(version: str) -> dict[str, Any]:
    """Return the body of ``GET /cds-services``. ``version`` is that of the rule set, a member of CDS Hooks 3.0."""
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
        ]
    }
