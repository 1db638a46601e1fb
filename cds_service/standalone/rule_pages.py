"""The rules as a reader needs them: thresholds, weights, sheet line and sources of this rule-set version."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from cards.words import Words, local_titles, words
from cds_service.rulesets.load import default_text, load_default
from cds_service.rulesets.model import Factor, LocalFactor, RuleSet, Weight

_NUMBERS: Final = re.compile(r"\[([0-9]+[a-z]?)\]")
_LINE: Final = re.compile(r"^\| \[([0-9]+[a-z]?)\] \| (.*) \| ([A-C]) \|$", re.MULTILINE)


class WeightView(msgspec.Struct, frozen=True):
    """A grade of a rule and what it adds."""

    grade: str
    weight: str
    points: int


class ThresholdView(msgspec.Struct, frozen=True):
    """A threshold with unit, source and the bounds it may be moved in."""

    name: str
    value: str
    unit: str
    source: str


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. ``sources`` as the rule set names them; ``evidence`` A, B or C."""

    id: str
    name: str
    family: str
    weights: tuple[WeightView, ...]
    thresholds: tuple[ThresholdView, ...]
    sources: tuple[str, ...]
    evidence: str
    sheet: str
    note: str
    enabled: bool


class Reference(msgspec.Struct, frozen=True):
    """A reference of the evidence base: number, text, how sure."""

    number: str
    text: str
    mark: str


def rules_view(rules: RuleSet, language: str) -> tuple[RuleView, ...]:
    """Return every rule in the order of the rule set, local ones last."""
    in_words = words(language).with_titles(local_titles(rules))
    listed = [_rule(factor, rules, in_words) for factor in rules.factors.values()]
    return (*listed, *(_local(factor, rules, language) for factor in rules.local_factors))


def _rule(factor: Factor, rules: RuleSet, in_words: Words) -> RuleView:
    limbs = rules.limb_weights.items() if factor.family == "LD" else ()
    by_class: dict[str, Weight] = {in_words.word("ld-class", key): weight for key, weight in limbs}
    named = {in_words.word("grade", grade) if grade else "": weight for grade, weight in factor.weights.items()}
    return RuleView(
        id=factor.id,
        name=in_words.word("rule", factor.id),
        family=factor.family,
        weights=tuple(_weights(by_class or named, rules)),
        thresholds=tuple(
            ThresholdView(
                in_words.word("threshold", name),
                in_words.number(number.value),
                in_words.word("unit", number.unit),
                number.source,
            )
            for name, number in factor.thresholds.items()
        ),
        sources=factor.sources,
        evidence=factor.evidence,
        sheet=factor.sheet,
        note=factor.note,
        enabled=factor.enabled,
    )


def _local(factor: LocalFactor, rules: RuleSet, language: str) -> RuleView:
    return RuleView(
        id=factor.id,
        name=factor.title[language],
        family=factor.family,
        weights=tuple(_weights({"": factor.weight}, rules)),
        thresholds=(),
        sources=factor.sources,
        evidence="",
        sheet="",
        note="",
        enabled=True,
    )


def _weights(graded: Mapping[str, Weight], rules: RuleSet) -> Iterable[WeightView]:
    for grade, weight in graded.items():
        yield WeightView(grade, weight if isinstance(weight, str) else "", rules.points(weight))


def references(view: RuleView) -> tuple[Reference, ...]:
    """Return the references that a rule's sources and thresholds name, in the order of their numbers."""
    named = [*view.sources, *(threshold.source for threshold in view.thresholds)]
    numbers = {number for text in named for number in _NUMBERS.findall(text)}
    return tuple(one for number, one in reference_list().items() if number in numbers)


def released(rules: RuleSet) -> str:
    """Return the day on which the built-in rule set was released; empty for a rule set of the hospital's own."""
    built_in = rules.version == load_default().version
    return str(tomllib.loads(default_text())["released"]) if built_in else ""


@cache
def reference_list() -> Mapping[str, Reference]:
    """Return the references of the evidence base by number."""
    text = files("cds_service.standalone").joinpath("references.md").read_text(encoding="utf-8")
    return {number: Reference(number, what, mark) for number, what, mark in _LINE.findall(text)}
