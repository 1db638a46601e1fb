"""The addresses of the demonstration: the page, its files, and what its scripts ask for."""

from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from cds_service.demo.page import LANGUAGES, chart_fragment, page, texts
from cds_service.demo.patients import (
    LARGEST_BUNDLE,
    BundleRefused,
    demo_patient,
    demo_patients,
    hook_request,
    hook_request_of_bundle,
)
from cds_service.demo.safe_html import safe_html
from cds_service.errors import CallerError, MalformedRequest, TooLarge

Found = TypeVar("Found")
Today = Callable[[], date]

# The page may load and call nothing but this service, and nobody may frame it.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FILE_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
_MEDIA_TYPES: Final = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_Language = Annotated[str, Query()]


def demo_routes(today: Today) -> APIRouter:
    """Return the routes; ``today`` tells the day from which the charts' dates are counted."""
    router = APIRouter()
    _add_page(router, today)
    _add_data(router, today)
    return router


def _add_page(router: APIRouter, today: Today) -> None:
    @router.get("/")
    async def show(request: Request, patient: str = "", lang: _Language = "") -> Response:
        """The page; ``patient`` is the id of a synthetic patient, never of a real one."""
        language = _language(lang, request)
        chosen = _known(demo_patient, patient) if patient else demo_patients()[0]
        html = await run_in_threadpool(page, chosen, language, today())
        headers = SECURITY_HEADERS | {"Content-Language": language, "Vary": "Accept-Language"}
        return Response(html, media_type="text/html", headers=headers)

    @router.get("/demo/static/{name}")
    async def static(name: str) -> Response:
        content = _static_files().get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type=_MEDIA_TYPES[name.rpartition(".")[2]], headers=_FILE_HEADERS)


def _add_data(router: APIRouter, today: Today) -> None:
    @router.get("/demo/patients/{patient_id}")
    async def request_of(patient_id: str) -> Response:
        """The request that an EHR sends when this chart is opened."""
        return _json(_known(lambda wanted: hook_request(wanted, today()), patient_id))

    @router.post("/demo/bundle")
    async def bundle(request: Request, lang: _Language = "") -> Response:
        """The same for a visitor's own Bundle; what is wrong with one is said in the language of the page."""
        words = texts(_language(lang, request))["bundle"]
        try:
            return _json(await run_in_threadpool(hook_request_of_bundle, await _body(request), today()))
        except BundleRefused as error:
            return _refused(error, words[error.key].format_map(error.values))
        except TooLarge as error:
            return _refused(error, words["large"])

    @router.post("/demo/chart")
    async def chart(request: Request, lang: _Language = "") -> Response:
        """Banner and tables of a hook request, as HTML."""
        sent = _object(await _body(request))
        html = await run_in_threadpool(chart_fragment, sent, _language(lang, request), today())
        return Response(html, media_type="text/html", headers=SECURITY_HEADERS)

    @router.post("/demo/render")
    async def render(request: Request) -> Response:
        """A card's markdown as safe HTML."""
        detail = _object(await _body(request)).get("detail")
        if not isinstance(detail, str):
            raise MalformedRequest("detail must be a string")
        return Response(safe_html(detail), media_type="text/html", headers=SECURITY_HEADERS)


async def _body(request: Request) -> bytes:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > 2 * LARGEST_BUNDLE:
            raise TooLarge("the body is too large for the demonstration")
    return bytes(read)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedRequest("not valid JSON") from None
    if not isinstance(value, dict):
        raise MalformedRequest("not a JSON object")
    return value


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json", headers={"Cache-Control": "no-store"})


def _refused(error: CallerError, words: str) -> Response:
    issue = {"severity": "error", "code": error.issue, "diagnostics": words}
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, error.status)


def _known(find: Callable[[str], Found], patient_id: str) -> Found:
    try:
        return find(patient_id)
    except LookupError:
        raise HTTPException(404) from None


def _language(asked: str, request: Request) -> str:
    """Return the language asked for, else the first of the browser's that the page speaks, else the first of ours."""
    wanted = [asked, *request.headers.get("accept-language", "").split(",")]
    tags = [tag.partition(";")[0].strip().lower().partition("-")[0] for tag in wanted]
    return next((tag for tag in tags if tag in LANGUAGES), LANGUAGES[0])


@cache
def _static_files() -> dict[str, bytes]:
    folder = files("cds_service.demo").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in _MEDIA_TYPES}
