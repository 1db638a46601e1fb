"""The addresses of the stand-alone pages. Data travel in the body of a POST alone, and nothing of them is kept."""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from cards.leaflet import leaflet, leaflet_pdf
from cards.letter import letter, letter_pdf, letter_text, referral_target
from cards.options import Language
from cards.targets import for_patient
from cds_service.errors import CallerError, TooLarge
from cds_service.rulesets.model import RuleSet
from cds_service.standalone.answers import Answers
from cds_service.standalone.assessing import Assessed, Desk, Unusable
from cds_service.standalone.carried import Source, packed, unpacked
from cds_service.standalone.file_errors import file_error
from cds_service.standalone.page import Pages, letter_details
from cds_service.standalone.posted import Posted, read_posted
from cds_service.standalone.result import result_view

# The pages load nothing but their own files, send forms nowhere else, and nobody may frame them.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FILE_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
_MEDIA_TYPES: Final = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_REMOVE: Final = re.compile(r"^remove-([a-z]+)-(\d{1,2})$")
_ADD: Final = re.compile(r"^add-([a-z]+)$")
# The language was changed: what was typed is shown again, not assessed.
_SWITCH: Final = "language"
_LANGUAGES: Final[dict[str, Language]] = {"sv": "sv", "en": "en"}
_MEGABYTE: Final = 1_000_000


def standalone_routes(current: Callable[[], Desk], earlier: Callable[[str], RuleSet], max_bytes: int) -> APIRouter:
    """Return the routes. ``current`` gives the desk of the rules in force; ``max_bytes``: the largest body read.

    ``earlier`` gives the rules of a version by its name, UnknownVersion for one that was never published.
    """
    router = APIRouter()
    _add_reading(router, current)
    _add_versions(router, current, earlier)
    _add_assessing(router, current, max_bytes)
    return router


def _add_reading(router: APIRouter, current: Callable[[], Desk]) -> None:
    @router.get("/assess")
    async def form(request: Request) -> Response:
        """The empty form."""
        return _shown(request, current(), lambda pages: pages.form(Answers({})))

    @router.get("/rules")
    async def rules(request: Request) -> Response:
        """Every rule of the rule set in force."""
        return _shown(request, current(), Pages.rules)

    @router.get("/rules/{rule_id}")
    async def rule(rule_id: str, request: Request) -> Response:
        """One rule with its thresholds and sources."""
        place = current()
        try:
            return _shown(request, place, lambda pages: pages.rule(rule_id))
        except LookupError:
            language = _language(request, place)
            pages = Pages(place.rules, place.model, language)
            return _problem(pages, pages.said["errors.no-such-rule"], language, 404)

    @router.get("/about")
    async def about(request: Request) -> Response:
        """Intended use, limits, source attributes."""
        return _shown(request, current(), Pages.about)

    @router.get("/standalone/static/{name}")
    async def static(name: str) -> Response:
        content = _static_files().get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type=_MEDIA_TYPES[name.rpartition(".")[2]], headers=_FILE_HEADERS)


def _add_versions(router: APIRouter, current: Callable[[], Desk], earlier: Callable[[str], RuleSet]) -> None:
    """The rules as they were when a card named them: what a card links to says the same for ever."""

    @router.get("/rules/v/{version}")
    def rules(version: str, request: Request) -> Response:
        """Every rule of one version."""
        return _shown(request, current(), Pages.rules, earlier(version))

    @router.get("/rules/v/{version}/{rule_id}")
    def rule(version: str, rule_id: str, request: Request) -> Response:
        """One rule as it was in that version."""
        try:
            return _shown(request, current(), lambda pages: pages.rule(rule_id), earlier(version))
        except LookupError:
            raise HTTPException(404) from None


def _add_assessing(router: APIRouter, current: Callable[[], Desk], max_bytes: int) -> None:
    @router.post("/assess")
    async def assess(request: Request) -> Response:
        """Assess what the body holds. It changes nothing here, so a forged call from elsewhere gains nothing."""
        place = current()
        language = _language(request, place)
        pages = Pages(place.rules, place.model, language)
        if _holds_data(request):
            return _html(pages.refused(), language, 400)
        try:
            posted = await read_posted(request, max_bytes)
        except TooLarge as error:
            text = pages.said["errors.too-large"].format(limit=max_bytes // _MEGABYTE)
            return _problem(pages, text, language, error.status)
        except CallerError as error:
            return _problem(pages, pages.said["errors.not-a-form"], language, error.status)
        visit = Visit(place, pages, language, max_bytes)
        return await run_in_threadpool(visit.answer, posted)


def _shown(request: Request, place: Desk, write: Callable[[Pages], str], earlier: RuleSet | None = None) -> Response:
    """Return a page for reading, in the language asked for; an address that holds data gets no page."""
    language = _language(request, place)
    pages = Pages(place.rules, place.model, language, earlier)
    if _holds_data(request):
        return _html(pages.refused(), language, 400)
    return _html(write(pages), language)


class Visit(msgspec.Struct, frozen=True):
    """One POST."""

    desk: Desk
    pages: Pages
    language: Language
    max_bytes: int

    def answer(self, posted: Posted) -> Response:
        """Return the page or paper that the button pressed asks for."""
        action = posted.first("action")
        if posted.json:
            return self._file(posted.json.decode(errors="replace"))
        if posted.first("again"):
            return self._again(posted, action)
        if action == "file" or posted.first("bundle"):
            return self._file(posted.first("bundle"))
        return self._form(Answers.of(posted.fields, self.desk.model.definition), action)

    def _form(self, answers: Answers, action: str) -> Response:
        tables = self.desk.model.definition.rows
        remove, add = _REMOVE.match(action), _ADD.match(action)
        if remove and remove[1] in tables:
            return self._page(self.pages.form(answers.without_row(remove[1], int(remove[2]))))
        if (add and add[1] in tables) or action == _SWITCH:
            return self._page(self.pages.form(answers, more=add[1] if add else ""))
        return self._result(Source("form", answers=dict(answers.values)))

    def _file(self, text: str) -> Response:
        if not text.strip():
            missing = self.pages.said["errors.file-missing"]
            return self._page(self.pages.form(Answers({}), file_error=missing), 400)
        return self._result(Source("file", text=text))

    def _result(self, source: Source) -> Response:
        try:
            found = self.desk.assessed(source, self.language)
        except Unusable as error:
            answers = Answers.of(source.answers.items(), self.desk.model.definition)
            return self._page(self.pages.form(answers, error.problems), 422)
        except CallerError as error:
            why = file_error(error, self.pages.said)
            return self._page(self.pages.form(Answers({}), file_error=why), error.status)
        options = for_patient(self.desk.card_options(self.language), found.assessment)
        view = result_view(found.assessment, options, found.silenced)
        editable = source.kind == "form"
        html = self.pages.result(view, found.timeline, packed(source), editable=editable, protected=found.protected)
        return self._page(html)

    def _again(self, posted: Posted, action: str) -> Response:
        try:
            source = unpacked(posted.first("again"), self.max_bytes)
            if action == "edit":
                return self._page(self.pages.form(Answers.of(source.answers.items(), self.desk.model.definition)))
            found = self.desk.assessed(source, self.language)
        except (CallerError, Unusable):
            return _problem(self.pages, self.pages.said["errors.not-again"], self.language, 400)
        return self._paper(action, posted, found) or self._result(source)

    def _paper(self, action: str, posted: Posted, found: Assessed) -> Response | None:
        if action == "leaflet":
            return self._page(self.pages.leaflet(leaflet(found.assessment, self.language)))
        if action == "leaflet-pdf":
            made = leaflet(found.assessment, self.language)
            return _download(leaflet_pdf(made, self.desk.today()), "application/pdf", "leaflet.pdf")
        if action in ("letter-pdf", "letter-text"):
            return self._letter(action, posted, found)
        return None

    def _letter(self, action: str, posted: Posted, found: Assessed) -> Response:
        options = for_patient(self.desk.card_options(self.language), found.assessment)
        details = letter_details(dict(reversed(posted.fields)), protected=found.protected)
        try:
            target = referral_target(posted.first("target"), self.language, options.targets)
        except LookupError:
            return _problem(self.pages, self.pages.said["errors.choice"], self.language, 400)
        made = letter(found.assessment, details, target, self.language, options.local_titles)
        if action == "letter-pdf":
            return _download(letter_pdf(made, self.desk.today()), "application/pdf", "letter.pdf")
        return _download(letter_text(made).encode(), "text/plain; charset=utf-8", "letter.txt")

    def _page(self, html: str, status: int = 200) -> Response:
        return _html(html, self.language, status)


def _html(html: str, language: str, status: int = 200) -> Response:
    headers = SECURITY_HEADERS | {"Content-Language": language, "Vary": "Accept-Language"}
    return Response(html, status, media_type="text/html", headers=headers)


def _problem(pages: Pages, text: str, language: str, status: int) -> Response:
    return _html(pages.message(pages.said["errors.title"], (text,)), language, status)


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = SECURITY_HEADERS | {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _holds_data(request: Request) -> bool:
    """Anything in the address but one of our languages: it may be about somebody."""
    pairs = request.query_params.multi_items()
    return bool(request.url.query) and (len(pairs) != 1 or pairs[0][0] != "lang" or pairs[0][1] not in _LANGUAGES)


def _language(request: Request, place: Desk) -> Language:
    """Return the language asked for, else the first of the browser's that the pages speak, else the default."""
    wanted = [request.query_params.get("lang", ""), *request.headers.get("accept-language", "").split(",")]
    tags = (tag.partition(";")[0].strip().lower().partition("-")[0] for tag in wanted)
    return next((_LANGUAGES[tag] for tag in tags if tag in _LANGUAGES), place.options.language)


@cache
def _static_files() -> dict[str, bytes]:
    folder = files("cds_service.standalone").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in _MEDIA_TYPES}
