"""What differs between two rule sets, by dotted name: ``factors.R-GC2.thresholds.dose`` 5 -> 7.5.

Comments and order do not matter. A difference is *clinical* when it can change what a clinician is shown; titles,
notes, sources and versions are not.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from cds_service.rulesets.model import Factor, LocalCode, LocalFactor, Number, Receiver, RuleSet

Plain = str | int | float | bool | None

_DESCRIPTIVE: Final = frozenset(
    {"version", "schema_version", "title", "status", "source", "sources", "evidence", "note", "sheet", "en", "sv"}
)


class Difference(msgspec.Struct, frozen=True):
    """One entry that differs. ``before`` or ``after`` is None where the entry does not exist."""

    name: str
    before: Plain
    after: Plain

    @property
    def clinical(self) -> bool:
        """True when it can change an assessment or a card."""
        return self.name.rpartition(".")[2] not in _DESCRIPTIVE and not self.name.startswith("reasons.")


def compare(before: RuleSet, after: RuleSet) -> tuple[Difference, ...]:
    """Return the differences between two compiled rule sets, in alphabetical order of their dotted names."""
    old, new = dict(_flat(before)), dict(_flat(after))
    names = sorted(old.keys() | new.keys())
    return tuple(Difference(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


def _flat(rules: RuleSet) -> Iterator[tuple[str, Plain]]:
    yield from (
        ("version", rules.version),
        ("schema_version", rules.schema_version),
        ("profile", rules.profile),
        ("title", rules.title),
        ("status", rules.status),
        ("core.items", ", ".join(rules.core_items)),
        ("terminology.enable", ", ".join(sorted(rules.enabled_rows))),
    )
    yield from _mapping("weights", rules.weight_points)
    yield from _mapping("limbs", rules.limb_weights)
    yield from rules.choices.items()
    for name, number in rules.settings.items():
        yield from _number(name, number)
    for factor in rules.factors.values():
        yield from _factor(f"factors.{factor.id}", factor)
    for local in rules.local_factors:
        yield from _local(f"local_factors.{local.id}", local)
    for code in rules.local_codes:
        yield code_name(code), "; ".join(filter(None, (code.display or code.code, code.attributes)))
        yield f"{code_name(code)}.source", code.source
        yield from _given(code_name(code), {"note": code.note})
    for receiver in rules.receivers:
        yield from _receiver(f"referral_targets.{receiver.action}", receiver)
    yield from _mapping("reasons", rules.reasons)


def code_name(code: LocalCode) -> str:
    """Return the dotted name of a local code: ``local_codes.copd|http://...|J44|prefix``."""
    return f"local_codes.{code.concept}|{code.system}|{code.code}|{code.match}"


def _receiver(where: str, receiver: Receiver) -> Iterator[tuple[str, Plain]]:
    told = {
        "name": receiver.name,
        "channel": receiver.channel,
        "unit": receiver.unit,
        "address": ", ".join(receiver.address),
        "identifier": f"{receiver.identifier_system}|{receiver.identifier}".strip("|"),
    }
    yield from _given(where, told)


def _given(where: str, values: Mapping[str, str]) -> Iterator[tuple[str, Plain]]:
    yield from ((f"{where}.{name}", value) for name, value in values.items() if value)


def _mapping(where: str, values: Mapping[str, str | int]) -> Iterator[tuple[str, Plain]]:
    for name, value in values.items():
        yield f"{where}.{name}" if name else where, value


def _number(where: str, number: Number) -> Iterator[tuple[str, Plain]]:
    yield where, number.value
    yield f"{where}.unit", number.unit
    yield f"{where}.source", number.source


def _factor(where: str, factor: Factor) -> Iterator[tuple[str, Plain]]:
    yield f"{where}.family", factor.family
    yield f"{where}.enabled", factor.enabled
    yield f"{where}.title", factor.title
    yield f"{where}.sheet", factor.sheet
    yield f"{where}.sources", ", ".join(factor.sources)
    yield f"{where}.evidence", factor.evidence
    yield f"{where}.note", factor.note
    yield from _mapping(f"{where}.weights", factor.weights)
    for name, number in factor.thresholds.items():
        yield from _number(f"{where}.thresholds.{name}", number)


def _local(where: str, local: LocalFactor) -> Iterator[tuple[str, Plain]]:
    yield f"{where}.family", local.family
    yield f"{where}.weight", local.weight
    yield f"{where}.concept", local.concept
    yield f"{where}.kind", local.kind
    yield f"{where}.lookback_months", local.lookback_months
    yield f"{where}.sources", ", ".join(local.sources)
    yield from _mapping(f"{where}.title", local.title)
