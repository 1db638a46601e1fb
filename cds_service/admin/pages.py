"""From values to HTML: the templates of the admin pages."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from cards.options import Language
from cards.words import words
from cds_service.admin.navigation import menu_for
from cds_service.admin.texts import LANGUAGES, texts

_TEMPLATES: Final = Environment(
    loader=PackageLoader("cds_service.admin"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def written(template: str, language: Language, zone: ZoneInfo, values: Mapping[str, Any]) -> str:
    """Return the page.

    In the template ``t`` holds our words; ``number`` writes a number as the language does, ``moment`` a time in the
    site's zone.
    """
    user = values["user"]
    return _TEMPLATES.get_template(template).render(
        t=texts(language),
        language=language,
        languages=[(code, texts(code)["language"]) for code in LANGUAGES.values()],
        menu=menu_for(user.role) if user else (),
        moment=lambda at: at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        number=words(language).number,
        **values,
    )
