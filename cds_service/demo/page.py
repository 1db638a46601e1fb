"""The page itself: one template filled with a chart and with the words of a language."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from cds_service.demo.chart import chart_of
from cds_service.demo.envelope import Json
from cds_service.demo.patients import DemoPatient, demo_patients, hook_request
from cds_service.demo.steps import choices, resources

LANGUAGES: Final = ("sv", "en")
_TEMPLATES: Final = Environment(
    loader=PackageLoader("cds_service.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@cache
def texts(language: str) -> Mapping[str, Any]:
    """Return the words of one of :data:`LANGUAGES`: ``page`` and ``chart`` for the templates, ``script``."""
    path = files("cds_service.demo").joinpath("texts", f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def page(patient: DemoPatient, language: str, today: date) -> str:
    """Return the whole page as HTML with this patient's chart open."""
    words = texts(language)
    return _TEMPLATES.get_template("page.html").render(
        language=language,
        languages=[(code, texts(code)["page"]["language"]) for code in LANGUAGES],
        words=words["page"],
        chart_words=words["chart"],
        script_words=dict(words["script"]),
        patients=demo_patients(),
        current=patient,
        chart=chart_of(hook_request(patient.id, today), today),
        steps=choices(),
        step_resources=resources(language, today),
    )


def chart_fragment(request: Json, language: str, today: date) -> str:
    """Return banner and tables of any ``patient-view`` request as HTML, every text in it escaped."""
    return _TEMPLATES.get_template("chart.html").render(
        chart_words=texts(language)["chart"], current=None, language=language, chart=chart_of(request, today)
    )
