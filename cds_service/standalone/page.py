"""From views to HTML: the templates, and what each of them is given."""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cards.leaflet import Leaflet, leaflet_html
from cards.letter import LetterDetails
from cards.words import words
from cds_service.rulesets.model import RuleSet
from cds_service.standalone.answers import Answers, Problem
from cds_service.standalone.model import FormModel
from cds_service.standalone.plot import plot_of
from cds_service.standalone.result import ResultView
from cds_service.standalone.rule_pages import RuleView, references, released, rules_view
from cds_service.standalone.texts import texts
from cds_service.standalone.timeline import Timeline
from cds_service.standalone.view import ErrorView, FormView

_TEMPLATES: Final = Environment(
    loader=PackageLoader("cds_service.standalone"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# What may be typed when a letter is printed, as the letter groups it.
LETTER_FIELDS: Final = (
    ("patient", ("patient_name", "personal_number", "patient_address", "patient_phone")),
    ("sender", ("sender_name", "sender_role", "sender_unit", "sender_address", "sender_phone")),
)
_TIERS: Final = {"WATCH": "watch", "ELEVATED": "elevated", "HIGH": "high"}
_DRUG_CONCEPT: Final = "ingredient"


class Pages:
    """Writes pages in one language for one rule set."""

    def __init__(self, rules: RuleSet, model: FormModel, language: str, earlier: RuleSet | None = None) -> None:
        """``model``: the form of ``rules``. ``earlier``: the version whose rules are shown, instead of ``rules``."""
        self._rules = earlier or rules
        self._in_force = rules.version
        self._at = f"/rules/v/{earlier.version}" if earlier else "/rules"
        self._model = model
        self._language = language
        self.said = texts()[language]
        self._words = words(language)

    def form(self, answers: Answers, problems: tuple[Problem, ...] = (), more: str = "", file_error: str = "") -> str:
        """The form, filled in with ``answers``; ``more`` names the table that gets one more row."""
        view = FormView(self._model, self._language, answers, problems, more)
        errors = view.errors()
        if file_error:
            errors = (ErrorView("file", self.said["assess.file-label"], file_error),)
        names = {rule.id: rule.name for rule in rules_view(self._rules, self._language) if rule.enabled}
        return self._page(
            "form.html",
            "assess",
            "/assess",
            carrier="answers",
            default_action="assess",
            default_words=self.said["assess.submit"],
            sections=view.sections(),
            errors=errors,
            rule_names=names,
        )

    def result(self, result: ResultView, timeline: Timeline, again: str, *, editable: bool, protected: bool) -> str:
        """The result. ``again``: what was assessed, for the letter; ``protected``: no name may go in a letter."""
        return self._page(
            "result.html",
            "assess",
            "/assess",
            carrier="again",
            default_action="letter-pdf",
            default_words=self.said["letter.pdf"],
            result=result,
            again=again,
            editable=editable,
            protected=protected,
            letter_fields=LETTER_FIELDS[1:] if protected else LETTER_FIELDS,
            plot=None if timeline.empty else plot_of(timeline),
            timeline=timeline,
            **self._plot_words(timeline),
        )

    def _plot_words(self, timeline: Timeline) -> dict[str, Any]:
        drugs = {lane.drug: self._words.word(_DRUG_CONCEPT, lane.drug) for lane in timeline.lanes}
        said = [drugs[lane.drug] for lane in timeline.lanes]
        results = [f"{point.on.text}: {point.sign}{self._words.number(point.value)}" for point in timeline.points]
        none = self.said["plot.none"]
        shown = {"drugs": ", ".join(said) or none, "results": ", ".join(results) or none}
        return {
            "drug_words": drugs,
            "level_words": {line.name: self._words.word("threshold", line.name) for line in timeline.lines},
            "unit_word": self._words.word("unit", timeline.unit),
            "plot_desc": self.said["plot.desc"].format_map(shown),
        }

    def rules(self) -> str:
        """All rules of this rule-set version."""
        cuts = [(self._words.say(f"tier.{tier}"), self._rules.number(f"tiers.{key}")) for tier, key in _TIERS.items()]
        multiple = self._rules.number("tiers.elevated_multi")
        views = rules_view(self._rules, self._language)
        return self._page(
            "rules.html", "rules", self._at, views=views, tiers=cuts, multiple=multiple, **self._version()
        )

    def rule(self, rule_id: str) -> str:
        """One rule. Raises LookupError when the rule set has none of this id."""
        found = next((rule for rule in rules_view(self._rules, self._language) if rule.id == rule_id), None)
        if found is None:
            raise LookupError("no such rule")
        return self._rule(found)

    def _rule(self, rule: RuleView) -> str:
        path = f"{self._at}/{rule.id}"
        return self._page("rule.html", "rules", path, rule=rule, references=references(rule), **self._version())

    def _version(self) -> dict[str, Any]:
        profile = self._words.word("profile", self._rules.profile)
        return {"rules": self._rules, "profile": profile, "at": self._at, "in_force": self._in_force}

    def about(self) -> str:
        """Intended use, limits, and the 13 source attributes of 45 CFR 170.315(b)(11)(iv)(A)."""
        numbered = [key for key in self.said if key.startswith("about.attribute.") and key.endswith(".name")]
        shown = {
            "version": self._rules.version,
            "released": released(self._rules) or self.said["about.released-unknown"],
        }
        attributes = [
            (self.said[key], self.said[key.removesuffix("name") + "value"].format_map(shown)) for key in numbered
        ]
        return self._page("about.html", "about", "/about", attributes=attributes, about_items=self._about_items)

    def _about_items(self, key: str) -> list[str]:
        start = f"about.{key}.item-"
        return [text for name, text in self.said.items() if name.startswith(start)]

    def refused(self) -> str:
        """Why data in an address are refused. It does not repeat them."""
        return self.message(self.said["refused.title"], (self.said["refused.lead"], self.said["refused.what"]))

    def message(self, title: str, lines: tuple[str, ...]) -> str:
        """A page that says one thing."""
        return self._page("message.html", "", "/assess", title=title, lines=lines)

    def leaflet(self, leaflet: Leaflet) -> str:
        """The leaflet as a page; its own writer has escaped every text in it."""
        body = Markup(leaflet_html(leaflet))  # noqa: S704 - cards.leaflet escapes each text and is tested for it
        return self._page("leaflet.html", "", "/assess", leaflet=body)

    def _page(self, template: str, current: str, path: str, carrier: str = "", **values: Any) -> str:
        """``carrier``: id of the form that carries what was typed along when the language changes."""
        languages = [(code, said["language"]) for code, said in texts().items()]
        return _TEMPLATES.get_template(template).render(
            t=self.said,
            language=self._language,
            languages=languages,
            current=current,
            path=path,
            carrier=carrier,
            number=self._words.number,
            **values,
        )


def letter_details(fields: Mapping[str, str], *, protected: bool) -> LetterDetails:
    """Return what was typed for the letter. Addresses are one line in the form and lines of the letter at commas."""
    given = {name: fields.get(name, "") for _, names in LETTER_FIELDS for name in names}
    lines = {name: tuple(given.pop(name).split(",")) for name in ("patient_address", "sender_address")}
    return LetterDetails(protected=protected, **given, **lines)  # type: ignore[arg-type]  # two kinds of values by name
