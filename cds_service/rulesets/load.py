"""Reading a rule set: TOML text -> checked file -> compiled RuleSet under one profile."""

import copy
import hashlib
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from pydantic import ValidationError

from cds_service.errors import RuleSetError
from cds_service.rulesets.model import Factor, LocalCode, LocalFactor, Number, Receiver, RuleSet
from cds_service.rulesets.schema import (
    CHOICES,
    SECTIONS,
    FactorEntry,
    LocalFactorEntry,
    NumberEntry,
    ReferralTargetEntry,
    RuleSetFile,
)

DEFAULT_PROFILE = "se"


def default_text() -> str:
    """Return the built-in rule set as it is written, comments and all."""
    return resources.files(__package__).joinpath("default.toml").read_text(encoding="utf-8")


@cache
def load_default(profile: str = DEFAULT_PROFILE) -> RuleSet:
    """Return the built-in rule set under ``profile`` (``se`` | ``us`` | ``sheet``). Raises RuleSetError."""
    return load_text(default_text(), profile)


def load_text(text: str, profile: str = DEFAULT_PROFILE) -> RuleSet:
    """Return the rule set that ``text`` (TOML) holds, under ``profile``.

    Raises RuleSetError naming the place and what is wrong there: bad TOML, an unknown key, a number outside its bounds,
    a factor or threshold that the default has and this one lacks, or an unknown profile.
    """
    raw = parsed(text)
    checked = _check(_under_profile(raw, profile))
    _check_against_catalogue(checked)
    return _compile(checked, profile, digest_of(text))


def digest_of(text: str) -> str:
    """Return the SHA-256 of a rule set's text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def parsed(text: str) -> dict[str, Any]:
    """Return the plain values of a TOML text. Raises RuleSetError."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and brackets without end
        raise RuleSetError(f"rule set is not valid TOML: {error}") from error


def _check(raw: dict[str, Any]) -> RuleSetFile:
    try:
        return RuleSetFile.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise RuleSetError(f"rule set is not usable: {problems}") from error


def _under_profile(raw: dict[str, Any], profile: str) -> dict[str, Any]:
    profiles = raw.get("profiles", {})
    if not isinstance(profiles, dict) or not isinstance(profiles.get(profile), dict):
        raise RuleSetError(f"rule set has no profile {profile!r}")
    merged = copy.deepcopy(raw)
    for path, value in profiles[profile].items():
        _put(merged, path, value)
    return merged


def _put(tree: dict[str, Any], path: str, value: object) -> None:
    *parents, leaf = path.split(".")
    node: Any = tree
    for name in parents:
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict) or leaf not in node:
        raise RuleSetError(f"profile changes {path!r}, which the rule set does not hold")
    if isinstance(node[leaf], dict):
        node[leaf]["value"] = value
    else:
        node[leaf] = value


@cache
def _catalogue() -> RuleSetFile:
    return RuleSetFile.model_validate(tomllib.loads(default_text()))


def _check_against_catalogue(file: RuleSetFile) -> None:
    catalogue = _catalogue()
    problems = [*_differences("factors", set(catalogue.factors), set(file.factors))]
    for rule, expected in catalogue.factors.items():
        if rule in file.factors:
            problems += _factor_problems(rule, expected, file.factors[rule])
    for section in SECTIONS:
        problems += _section_problems(section, getattr(catalogue, section), getattr(file, section))
    for name in ("menopause_from", "menopause_to"):
        problems += _number_problems(f"core.{name}", getattr(catalogue.core, name), getattr(file.core, name))
    problems += [f"core.items: {item} is not known" for item in file.core.items if item not in catalogue.core.items]
    if problems:
        raise RuleSetError(f"rule set is not usable: {'; '.join(problems[:5])}")


def _differences(where: str, expected: set[str], found: set[str]) -> list[str]:
    missing = [f"{where}.{name} is missing" for name in sorted(expected - found)]
    return missing + [f"{where}.{name} is not known" for name in sorted(found - expected)]


def _factor_problems(rule: str, expected: FactorEntry, found: FactorEntry) -> list[str]:
    where = f"factors.{rule}"
    problems = _differences(f"{where}.thresholds", set(expected.thresholds), set(found.thresholds))
    problems += _differences(f"{where}.weights", set(expected.graded()), set(found.graded()))
    for name in expected.thresholds.keys() & found.thresholds.keys():
        problems += _number_problems(f"{where}.thresholds.{name}", expected.thresholds[name], found.thresholds[name])
    return problems


def _section_problems(section: str, expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    problems = _differences(section, set(expected), set(found))
    for name in expected.keys() & found.keys():
        if isinstance(expected[name], NumberEntry) and isinstance(found[name], NumberEntry):
            problems += _number_problems(f"{section}.{name}", expected[name], found[name])
        elif isinstance(expected[name], NumberEntry) is not isinstance(found[name], NumberEntry):
            problems.append(f"{section}.{name} is of the wrong kind")
        elif isinstance(found[name], str) and found[name] not in CHOICES[f"{section}.{name}"]:
            problems.append(f"{section}.{name} must be one of {', '.join(sorted(CHOICES[f'{section}.{name}']))}")
    return problems


def _number_problems(where: str, expected: NumberEntry, found: NumberEntry) -> list[str]:
    if found.unit != expected.unit:
        return [f"{where}: unit must be {expected.unit}, not {found.unit}"]
    low = expected.min is not None and found.value < expected.min
    high = expected.max is not None and found.value > expected.max
    return [f"{where}: {found.value} is outside {expected.min} to {expected.max}"] if low or high else []


def _compile(file: RuleSetFile, profile: str, digest: str) -> RuleSet:
    sections = {f"{s}.{name}": entry for s in SECTIONS for name, entry in getattr(file, s).items()}
    sections |= {"core.menopause_from": file.core.menopause_from, "core.menopause_to": file.core.menopause_to}
    return RuleSet(
        version=file.version,
        digest=digest,
        schema_version=file.schema_version,
        profile=profile,
        title=file.title,
        status=file.status,
        weight_points={str(name): points for name, points in file.weights.items()},
        factors={rule: _factor(rule, entry) for rule, entry in file.factors.items()},
        limb_weights=file.limbs.model_dump(by_alias=True),
        settings={name: _number(entry) for name, entry in sections.items() if isinstance(entry, NumberEntry)},
        choices={name: entry for name, entry in sections.items() if isinstance(entry, str)},
        core_items=tuple(file.core.items),
        enabled_rows=frozenset(file.terminology.enable),
        local_factors=tuple(_local_factor(rule, entry) for rule, entry in file.local_factors.items()),
        local_codes=tuple(LocalCode(**entry.model_dump()) for entry in file.local_codes),
        receivers=tuple(_receiver(action, entry) for action, entry in file.referral_targets.items()),
        reasons=dict(file.reasons),
    )


def _local_factor(rule: str, entry: LocalFactorEntry) -> LocalFactor:
    return LocalFactor(
        id=rule,
        family=entry.family,
        title={str(language): title for language, title in entry.title.items()},
        weight=entry.weight,
        concept=entry.concept,
        kind=entry.kind,
        lookback_months=entry.lookback_months,
        sources=tuple(entry.sources),
    )


def _receiver(action: str, entry: ReferralTargetEntry) -> Receiver:
    fields = entry.model_dump()
    return Receiver(action=action, address=tuple(fields.pop("address")), **fields)


def _factor(rule: str, entry: FactorEntry) -> Factor:
    return Factor(
        id=rule,
        family=entry.family,
        title=entry.title,
        weights=entry.graded(),
        thresholds={name: _number(number) for name, number in entry.thresholds.items()},
        sources=tuple(entry.sources),
        evidence=entry.evidence,
        sheet=entry.sheet,
        enabled=entry.enabled,
        note=entry.note,
    )


def _number(entry: NumberEntry) -> Number:
    return Number(entry.value, entry.unit, entry.source, entry.min, entry.max)
