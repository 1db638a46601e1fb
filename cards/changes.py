"""What differs between two rule sets in the words of the clinic, and what each entry of a rule set is called.

Entries are named as :mod:`cds_service.rulesets.compare` names them: ``factors.R-GC2.thresholds.dose``.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from cards.words import Words, local_titles, words
from cds_service.rulesets.compare import Difference, Plain, compare
from cds_service.rulesets.model import Number, RuleSet, Weight

_ABOUT_A_NUMBER: Final[Mapping[str, str]] = {"source": "change.source-of", "unit": "change.unit-of"}
_NAMED_BY_THEIR_KEY: Final = frozenset({"factors", "local_factors", "local_codes", "referral_targets"})
_CORE: Final = "core.items"


class ChangeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. ``before`` and ``after`` are empty where the entry does not exist; ``text`` is all of it.

    ``where`` is the rule's id, or the entry's dotted name. ``clinical``: it can change what a clinician is shown.
    """

    name: str
    label: str
    before: str
    after: str
    unit: str
    where: str
    source: str
    clinical: bool
    text: str


class ChangeGroup(msgspec.Struct, frozen=True):
    """The differences of one family or section, the clinical ones first. ``title`` is its name."""

    key: str
    title: str
    lines: tuple[ChangeLine, ...]


def changes(before: RuleSet, after: RuleSet, language: str) -> tuple[ChangeGroup, ...]:
    """Return what differs, grouped by family or section; groups with clinical differences first.

    Raises CatalogueError for an unknown language.
    """
    groups: dict[str, list[ChangeLine]] = {}
    for difference in compare(before, after):
        line = _line(difference, before, after, language)
        # What was removed has its words from the rule set that still holds it.
        holding = before if difference.after is None else after
        groups.setdefault(group_of(difference.name, holding), []).append(line)
    in_words = words(language)
    made = (ChangeGroup(key, group_title(key, in_words), _sorted(lines)) for key, lines in groups.items())
    return tuple(sorted(made, key=lambda group: (not group.lines[0].clinical, group.title)))


def _sorted(lines: list[ChangeLine]) -> tuple[ChangeLine, ...]:
    return tuple(sorted(lines, key=lambda line: (not line.clinical, line.where, line.label)))


def _line(difference: Difference, before: RuleSet, after: RuleSet, language: str) -> ChangeLine:
    rules = before if difference.after is None else after
    in_words = words(language).with_titles(local_titles(rules))
    name, number = difference.name, number_of(difference.name, rules)
    said = {
        "label": label_of(name, rules, in_words),
        "before": value_text(name, difference.before, before, in_words),
        "after": value_text(name, difference.after, after, in_words),
        "unit": in_words.word("unit", number.unit) if number else "",
        "where": _where(name),
        "source": number.source if number else "",
    }
    kind = "added" if difference.before is None else "removed" if difference.after is None else "line"
    return ChangeLine(name=name, clinical=difference.clinical, text=in_words.say(f"change.{kind}", said), **said)


# ---------------------------------------------------------------- groups


def group_of(name: str, rules: RuleSet) -> str:
    """Return the key of the group an entry belongs to: a family (``GC``), or a section (``tiers``)."""
    section, _, rest = name.partition(".")
    if section == "factors":
        return rules.factors[rest.partition(".")[0]].family
    if section == "limbs":
        return "LD"
    return section if rest else "head"


def group_title(key: str, in_words: Words) -> str:
    """Return the name of a group."""
    return in_words.word("family" if key.isupper() else "section", key)


def _where(name: str) -> str:
    section, _, rest = name.partition(".")
    if section == "reasons":
        return _where(rest)
    if section in _NAMED_BY_THEIR_KEY:
        return rest.partition("|" if section == "local_codes" else ".")[0]
    return name


# ---------------------------------------------------------------- entries


def number_of(name: str, rules: RuleSet) -> Number | None:
    """Return the number that an entry is, or None when it is something else."""
    if name in rules.settings:
        return rules.settings[name]
    parts = name.split(".")
    # factors.<rule>.thresholds.<name>
    if parts[0] == "factors" and parts[2:3] == ["thresholds"]:
        return rules.factors[parts[1]].thresholds.get(".".join(parts[3:]))
    return None


def label_of(name: str, rules: RuleSet, in_words: Words) -> str:
    """Return what an entry is called."""
    section, _, rest = name.partition(".")
    if not rest:
        return in_words.word("change.head", name)
    if section in _LABELS:
        return _LABELS[section](rest, rules, in_words)
    return _setting_label(name, rules, in_words)


def _setting_label(name: str, rules: RuleSet, in_words: Words) -> str:
    of_number, _, what = name.rpartition(".")
    if what in _ABOUT_A_NUMBER and of_number in rules.settings:
        return in_words.say(_ABOUT_A_NUMBER[what], {"label": label_of(of_number, rules, in_words)})
    return in_words.word("edit", name)


def _factor_label(rest: str, _rules: RuleSet, in_words: Words) -> str:
    rule, what, *more = rest.split(".")
    title = in_words.word("rule", rule)
    if what == "weights":
        grade = in_words.word("grade", more[0]) if more else ""
        return in_words.say("change.weight", {"rule": title, "grade": grade})
    if what == "enabled":
        return in_words.say("change.in-use", {"rule": title})
    if what == "thresholds":
        threshold, *about = more
        label = _threshold_label(rule, threshold, title, in_words)
        return in_words.say(_ABOUT_A_NUMBER[about[0]], {"label": label}) if about else label
    return in_words.say("change.about", {"rule": title, "what": in_words.word("change.what", what)})


def _threshold_label(rule: str, threshold: str, title: str, in_words: Words) -> str:
    key = f"edit.{rule}.{threshold}"
    if in_words.has(key):
        return in_words.say(key)
    return in_words.say("change.threshold", {"rule": title, "threshold": in_words.word("threshold", threshold)})


def _local_factor_label(rest: str, _rules: RuleSet, in_words: Words) -> str:
    rule, _, what = rest.partition(".")
    return in_words.say(
        "change.local-factor", {"id": rule, "what": in_words.word("change.what", what.rpartition(".")[2])}
    )


def _local_code_label(rest: str, _rules: RuleSet, in_words: Words) -> str:
    key, dot, about = rest.rpartition(".")
    is_about = bool(dot) and about in ("source", "note")
    concept, _system, code, *_ = (key if is_about else rest).split("|")
    sentence = f"change.local-code-{about}" if is_about else "change.local-code"
    return in_words.say(sentence, {"concept": concept, "code": code})


def _receiver_label(rest: str, _rules: RuleSet, in_words: Words) -> str:
    action, _, what = rest.partition(".")
    return in_words.say(
        "change.receiver", {"action": in_words.word("target", action), "what": in_words.word("change.what", what)}
    )


def _limb_label(rest: str, _rules: RuleSet, in_words: Words) -> str:
    return in_words.say("change.limb-weight", {"class": in_words.word("ld-class", rest)})


def _reason_label(rest: str, rules: RuleSet, in_words: Words) -> str:
    return in_words.say("change.reason-of", {"label": label_of(rest, rules, in_words)})


_LABELS: Final[Mapping[str, Callable[[str, RuleSet, Words], str]]] = {
    "factors": _factor_label,
    "limbs": _limb_label,
    "local_factors": _local_factor_label,
    "local_codes": _local_code_label,
    "referral_targets": _receiver_label,
    "reasons": _reason_label,
}


# ---------------------------------------------------------------- values


def value_text(name: str, value: Plain, rules: RuleSet, in_words: Words) -> str:
    """Return a value of an entry in words, empty for one that does not exist."""
    if value is None:
        return ""
    if name.startswith("limbs.") or ".weights" in name or name.endswith(".weight"):
        return weight_text(value, rules, in_words)
    if name in rules.choices:
        return in_words.word("choice-word", value)
    if name == _CORE:
        return in_words.listed(tuple(in_words.word("unknown", item) for item in str(value).split(", ")))
    return in_words.text(value)


def weight_text(weight: Weight | float, rules: RuleSet, in_words: Words) -> str:
    """Return a weight in words with its points under this rule set: ``strong (4)``; points of its own as they are."""
    if not isinstance(weight, str):
        return in_words.number(weight)
    return in_words.say("change.points", {"name": in_words.word("weight-word", weight), "points": rules.points(weight)})
