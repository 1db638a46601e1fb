"""The language of the pages: the switch sets a cookie, else the browser's wish counts, else the site's."""

from typing import Final

from starlette.requests import Request

from cards.options import Language
from cds_service.admin.texts import LANGUAGES

COOKIE: Final = "cds-language"
PARAMETER: Final = "lang"


def language_of(request: Request, default: Language) -> Language:
    """Return the language of the answer to ``request``."""
    wanted = [
        request.query_params.get(PARAMETER, ""),
        request.cookies.get(COOKIE, ""),
        *request.headers.get("accept-language", "").split(","),
    ]
    tags = (tag.partition(";")[0].strip().lower().partition("-")[0] for tag in wanted)
    return next((LANGUAGES[tag] for tag in tags if tag in LANGUAGES), default)


def chosen(request: Request) -> Language | None:
    """Return the language that the switch has just been set to, or None."""
    return LANGUAGES.get(request.query_params.get(PARAMETER, ""))
