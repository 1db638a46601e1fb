"""What a person types for an entry of a rule set, read as what the entry is: number, weight, points, switch, choice."""

import math
import re
from typing import Final, Literal

from cards.changes import number_of
from cds_service.errors import Refused
from cds_service.rulesets.compare import Plain
from cds_service.rulesets.model import RuleSet
from cds_service.rulesets.schema import CHOICES

Kind = Literal["number", "weight", "points", "switch", "choice"]
WEIGHTS: Final = ("strong", "moderate", "weak", "contested", "none")
MOST_POINTS: Final = 12
_NUMBER: Final = re.compile(r"^[-−]?\d{1,7}([.,]\d{1,6})?$")
_SWITCH: Final = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def kind_of(name: str, rules: RuleSet) -> Kind:
    """Return what an entry is. Raises Refused for a name that the rule set does not hold, or that is not edited so."""
    parts = name.split(".")
    if name in rules.choices:
        return "choice"
    if parts[0] == "weights" and name.removeprefix("weights.") in rules.weight_points:
        return "points"
    if parts[0] == "limbs" and name.removeprefix("limbs.") in rules.limb_weights:
        return "weight"
    if parts[0] == "factors" and len(parts) > 2 and parts[1] in rules.factors:  # noqa: PLR2004 - factors.<rule>.<what>
        return _kind_in_factor(name, parts, rules)
    if number_of(name, rules) is not None:
        return "number"
    raise _unknown(name)


def _kind_in_factor(name: str, parts: list[str], rules: RuleSet) -> Kind:
    if parts[2:] == ["enabled"]:
        return "switch"
    grade = ".".join(parts[3:])
    if parts[2] == "weights" and grade in rules.factors[parts[1]].weights:
        return "weight"
    if number_of(name, rules) is not None:
        return "number"
    raise _unknown(name)


def current_value(name: str, rules: RuleSet) -> Plain:
    """Return what an entry says in a rule set. Raises Refused as :func:`kind_of`."""
    kind = kind_of(name, rules)
    number = number_of(name, rules)
    if number is not None:
        return number.value
    if kind == "choice":
        return rules.choices[name]
    section, _, rest = name.partition(".")
    if section == "weights":
        return rules.weight_points[rest]
    if section == "limbs":
        return rules.limb_weights[rest]
    rule, _, what = rest.partition(".")
    factor = rules.factors[rule]
    return factor.enabled if kind == "switch" else factor.weights[what.removeprefix("weights").removeprefix(".")]


def read_value(name: str, text: str, rules: RuleSet) -> Plain:
    """Return ``text`` as a value of an entry.

    Raises Refused for what is none: words where a number belongs, a weight that there is not, a number out of bounds.
    """
    kind, given = kind_of(name, rules), text.strip()
    if kind == "number":
        return _number(name, given, rules)
    if kind == "weight":
        return given if given in WEIGHTS else _points(given)
    if kind == "points":
        return _points(given)
    if kind == "switch":
        if given.lower() not in _SWITCH:
            raise Refused("value-switch", f"{name} is yes or no")
        return _SWITCH[given.lower()]
    if given not in CHOICES[name]:
        allowed = ", ".join(sorted(CHOICES[name]))
        raise Refused("value-choice", f"{name} is one of {allowed}", allowed=allowed)
    return given


def _number(name: str, given: str, rules: RuleSet) -> float:
    if not _NUMBER.match(given):
        raise Refused("value-number", f"{name} is a number")
    value = float(given.replace(",", ".").replace("−", "-"))
    number = number_of(name, rules)
    low = -math.inf if number is None or number.minimum is None else number.minimum
    high = math.inf if number is None or number.maximum is None else number.maximum
    if not low <= value <= high:
        text = f"{name} lies between {low:g} and {high:g}"
        raise Refused("value-bounds", text, low=f"{low:g}", high=f"{high:g}")
    return value


def _points(given: str) -> int:
    if not given.isdecimal() or not given.isascii() or int(given) > MOST_POINTS:
        text = f"a weight is one of {', '.join(WEIGHTS)}, or 0 to {MOST_POINTS} points"
        raise Refused("value-weight", text, most=str(MOST_POINTS))
    return int(given)


def _unknown(name: str) -> Refused:
    return Refused("value-unknown", f"the rule set holds no {name}", name=name)
