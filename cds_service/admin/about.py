"""What is running here: version, rules, store, and how the site has set the service up. Nothing secret."""

import platform
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from cds_service.admin.access import require
from cds_service.admin.visit import Visit

router = APIRouter()


@router.get("/admin/about")
async def about(visit: Annotated[Visit, Depends(require("viewer"))]) -> Response:
    """The page."""
    room = visit.room
    limits = room.limits
    return visit.page(
        "about.html",
        "about",
        service=version("cds-service"),
        python=platform.python_version(),
        store=room.store.kind,
        address=room.base_url,
        zone=str(room.zone),
        idle=int(limits.idle.total_seconds()) // 60,
        most=int(limits.most.total_seconds()) // 3600,
        issuer=room.provider.settings.issuer if room.provider else "",
        passwords=room.passwords,
    )
