"""The report: one page that needs nothing else, to be read by anybody, in Swedish or English."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from cards.words import Said, Words, words
from cds_service.screening.faults import Fault
from cds_service.screening.output.bars import Figure, figure_of
from cds_service.screening.output.tally import AGE_UNKNOWN, AGES, Tally
from cds_service.screening.rows import GROUPS, Row, Told
from cds_service.screening.screen import Counts
from cds_service.screening.setting import Setting

SHOWN_ROWS: Final = 300
SHOWN_FAULTS: Final = 200
_SHOWN_BARS: Final = 15
_NO_LIMB: Final = frozenset({"", "NONE"})
_TIERS: Final = ("HIGH", "ELEVATED", "WATCH", "INCOMPLETE", "NONE", "")


class Result(msgspec.Struct, frozen=True):
    """Everything the report tells: ``first`` are the most urgent rows, ``fault_count`` counts lines, not entries."""

    setting: Setting
    rule_set: str
    counts: Counts
    tally: Tally
    first: tuple[Row, ...]
    faults: tuple[Fault, ...]


class Line(msgspec.Struct, frozen=True):
    """One row in words."""

    rank: int
    patient: str
    group: str
    tier: str
    person: str
    limb: str
    points: str
    advice: tuple[str, ...]
    reasons: tuple[str, ...]
    gates: tuple[str, ...]
    unknowns: tuple[str, ...]
    why: tuple[str, ...]


@cache
def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("cds_service.screening.output"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def report_page(result: Result, language: str) -> bytes:
    """Return the report as HTML in UTF-8."""
    in_words = words(language)
    say = in_words.say
    page = (
        _pages()
        .get_template("report.html")
        .render(
            language=language,
            say=lambda key, **values: say(f"screening.{key}", values),
            result=result,
            made=say("screening.made", _made(result)),
            counted=say("screening.counted", _counted(result)),
            groups=[(group, result.tally.groups[group]) for group in GROUPS],
            figures=_figures(result.tally, in_words),
            lines=[_line(rank, row, in_words) for rank, row in enumerate(result.first, start=1)],
            notes=_notes(result.counts, in_words),
            faults=result.faults[:SHOWN_FAULTS],
            fault_count=sum(fault.count for fault in result.faults),
            number=in_words.number,
        )
    )
    return page.encode()


def _made(result: Result) -> dict[str, Any]:
    return {
        "on": result.setting.as_of.isoformat(),
        "rule_set": result.rule_set,
        "profile": Said(result.setting.profile),
    }


def _counted(result: Result) -> dict[str, Any]:
    return {
        "patients": result.counts.patients,
        "candidates": result.counts.candidates,
        "listed": result.tally.listed,
    }


def _notes(counts: Counts, in_words: Words) -> list[str]:
    """Return what is to be known of the export as a whole: lists that are not whole, not there, not read."""
    broken = tuple(kind for kind, whole in counts.whole.items() if not whole)
    absent = tuple(kind for kind in _EXPECTED if kind not in counts.whole)
    told = (("not-whole", broken), ("not-delivered", absent), ("not-read", tuple(counts.unread)))
    return [in_words.say(f"screening.{key}", {"kinds": Said(in_words.listed(kinds))}) for key, kinds in told if kinds]


_EXPECTED: Final = ("Condition", "Procedure", "Observation", "MedicationRequest", "Patient")


# ---------------------------------------------------------------- figures


def _figures(tally: Tally, in_words: Words) -> list[Figure]:
    return [
        _figure("groups", [(in_words.say(f"screening.group.{name}"), tally.groups[name]) for name in GROUPS], in_words),
        _figure("tiers", [(_tier(name, in_words), tally.tiers[name]) for name in _TIERS], in_words),
        _figure("limbs", _most(tally.limbs, "ld-class", in_words), in_words),
        _figure("ages", [(_ages(first, in_words), tally.ages[first]) for first in (*AGES, AGE_UNKNOWN)], in_words),
        _figure("reasons", _most(tally.rules, "rule", in_words), in_words),
        _figure("unknowns", _most(tally.unknowns, "unknown", in_words), in_words),
    ]


def _figure(name: str, counted: Sequence[tuple[str, int]], in_words: Words) -> Figure:
    return figure_of(name, in_words.say(f"screening.plot.{name}"), [pair for pair in counted if pair[1]])


def _most(counter: Mapping[str, int], shelf: str, in_words: Words) -> list[tuple[str, int]]:
    """Return the most frequent, in an order that does not depend on how they came."""
    told = ((key, number) for key, number in counter.items() if key not in _NO_LIMB)
    ranked = sorted(told, key=lambda pair: (-pair[1], pair[0]))
    return [(_capital(in_words.word(shelf, key)), number) for key, number in ranked[:_SHOWN_BARS]]


def _tier(name: str, in_words: Words) -> str:
    return _capital(in_words.word("tier", name) if name else in_words.say("screening.no-tier"))


def _ages(first: int, in_words: Words) -> str:
    if first == AGE_UNKNOWN:
        return _capital(in_words.say("screening.age-not-known"))
    following = [age for age in AGES if age > first]
    if not following:
        return in_words.say("screening.of-age-from", {"low": first})
    return in_words.say("screening.of-age", {"low": first, "high": following[0] - 1})


# ---------------------------------------------------------------- rows


def _line(rank: int, row: Row, in_words: Words) -> Line:
    told = row.told.get(in_words.language, Told())
    limb = in_words.word("ld-class", row.limb_class)
    several = f", {in_words.say('screening.multi')}" if row.multi else ""
    known = {"known": row.core_known, "total": row.core_total}
    return Line(
        rank=rank,
        patient=row.patient,
        group=in_words.say(f"screening.group.{row.group}"),
        tier=_told_tier(row, in_words),
        person=f"{_sex(row.sex, in_words)}, {_age(row, in_words)}",
        limb="" if row.limb_class in _NO_LIMB else f"{limb}{several}",
        points=f"{row.points}",
        advice=told.advice,
        reasons=told.reasons,
        gates=told.gates,
        unknowns=(in_words.say("screening.known-items", known), *told.unknowns) if row.core_total else told.unknowns,
        why=tuple(in_words.say(f"screening.why.{why}") for why in row.why),
    )


def _told_tier(row: Row, in_words: Words) -> str:
    tier = _tier(row.tier, in_words)
    return _capital(in_words.say("screening.at-least", {"tier": Said(tier.lower())})) if row.at_least else tier


def _sex(sex: str, in_words: Words) -> str:
    return in_words.say(f"screening.sex-{sex or 'unknown'}")


def _age(row: Row, in_words: Words) -> str:
    if row.age_low is None or row.age_high is None:
        return in_words.say("screening.age-not-known")
    key = "years" if row.age_low == row.age_high else "years-band"
    return in_words.say(f"screening.{key}", {"low": row.age_low, "high": row.age_high})


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def first_rows(rows: Iterable[Row], tally: Tally) -> tuple[Row, ...]:
    """Count all rows, and return the first of them."""
    first: list[Row] = []
    for row in rows:
        tally.add(row)
        if len(first) < SHOWN_ROWS:
            first.append(row)
    return tuple(first)
