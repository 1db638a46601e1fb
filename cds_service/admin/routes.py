"""The addresses of the admin pages."""

from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response

from cds_service.admin import about, account, audit_log, client_pages, door, interface, overview, rule_book, users
from cds_service.admin.answers import answer_pages
from cds_service.admin.languages import language_of
from cds_service.admin.oidc import addresses as oidc_addresses
from cds_service.admin.room import Room
from cds_service.admin.visit import Refused, Visit
from cds_service.errors import StoreError
from cds_service.logs import log

HOME: Final = "/admin"
_FILE_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
_MEDIA_TYPES: Final = {"js": "text/javascript", "css": "text/css"}
_YEAR_SECONDS: Final = 365 * 24 * 3600


def install(app: FastAPI, room: Room) -> None:
    """Give ``app`` the admin pages."""
    app.state.admin = room
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StoreError, _store_down)
    app.include_router(_shell())
    for part in (door, oidc_addresses, overview, client_pages, users, audit_log, account, about, interface, rule_book):
        app.include_router(part.router)
    app.include_router(answer_pages())


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return error.answer


async def _store_down(request: Request, error: Exception) -> Response:
    """Say on a page of ours that the store does not answer; elsewhere a fault stays a fault."""
    if not request.url.path.startswith(HOME) or not isinstance(error, StoreError):
        raise error
    log.error("an admin page could not be shown", problem=str(error))
    room: Room = request.app.state.admin
    visit = Visit(room, request, language_of(request, room.language))
    try:
        visit.refuse(503, "store")
    except Refused as refused:
        return refused.answer


def _shell() -> APIRouter:
    router = APIRouter()

    @router.get("/admin/static/{name}")
    async def static(name: str) -> Response:
        content = _static_files().get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type=_MEDIA_TYPES[name.rpartition(".")[2]], headers=_FILE_HEADERS)

    return router


@cache
def _static_files() -> dict[str, bytes]:
    folder = files("cds_service.admin").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in _MEDIA_TYPES}
