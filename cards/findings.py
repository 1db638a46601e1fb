"""A finding in words: as a whole line for lists and tables, and in a few words for a summary."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cards.words import NO_TITLES, Said, Titles, Words, is_known, words
from cds_service.risk.assessment import Assessment, Finding, Status, Value
from cds_service.risk.record import Evidence

LIMB_FAMILY: Final = "LD"
_ROUTE: Final = "route"
_MOST_RECORDED: Final = 8
# Resources whose own text tells a clinician more than our sentence does; a drug's name is in the sentence already.
_ANSWERS: Final = frozenset({"", "true", "false"})
_NUMBER: Final = re.compile(r"^[0-9]+(\.[0-9]+)?(?=\s|$)")
# A count of the kind the sentence spells out ("one fall"): UCUM writes a bare number as unit 1.
_COUNT: Final = re.compile(r"\d+ 1")
_MEASURED: Final = "Observation"
_MEDICATION: Final = "Medication"
_QUOTED: Final = frozenset({"Condition", "Procedure", "FamilyMemberHistory"})


def explain(finding: Finding, language: str, local_titles: Titles = NO_TITLES) -> str:
    """Return one line of plain text: what was found, its value and date, what to mind. Not escaped for HTML.

    ``local_titles``: names of the rule set's local factors, see :func:`cards.words.local_titles`.
    """
    return explained(finding, words(language).with_titles(local_titles))


def explained(finding: Finding, in_words: Words) -> str:
    """Return :func:`explain` in a language already at hand."""
    sentence = _sentence(finding, in_words)
    sentence = _with_evidence(sentence, finding, in_words)
    return "; ".join([sentence, *remarks_of(finding, in_words)])


def route_evidence(assessment: Assessment) -> tuple[Evidence, ...]:
    """Return what the gates rest on that lead to a card of their own.

    A low T-score, a known osteoporosis, the triggers in a child (1b, G-KNOWNOP, G-PAED of the rules).
    """
    return tuple(evidence for gate in assessment.gates if gate.effect == _ROUTE for evidence in gate.evidence)


def routed_by(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    """Return :func:`route_evidence` in the record's words, the newest of each, at most eight lines."""
    newest: dict[str, Evidence] = {}
    for evidence in route_evidence(assessment):
        newest.setdefault(evidence.display or evidence.code, evidence)
    told = [_as_recorded(text, evidence, in_words) for text, evidence in newest.items() if text]
    return tuple(told[:_MOST_RECORDED])


def _as_recorded(text: str, evidence: Evidence, in_words: Words) -> str:
    values: dict[str, Value] = {
        "text": text,
        "value": Said(in_words.quantity(evidence.value)) if evidence.value else None,
        "when": evidence.when.text if evidence.when else None,
    }
    return in_words.say("seen.recorded", values)


def remarks_of(finding: Finding, in_words: Words) -> tuple[str, ...]:
    """Return the caveats of a finding in words, without one that its sentence is about.

    That a weight is contested is said by whoever shows the weight.
    """
    told = (key for key in finding.remarks if key != finding.weight and not finding.reason.endswith(key))
    keys = (f"remark.{key}" for key in told)
    return tuple(in_words.say(key, finding.values) for key in keys if in_words.has(key))


def reason_names(finding: Finding, in_words: Words) -> tuple[str, str]:
    """Return the finding in a few words, with and without its values: ``prednisolone 8 months``, ``steroid``."""
    bare = in_words.word("short", finding.rule)
    key = _variant(f"brief.{finding.rule}", finding, in_words)
    if not in_words.has(key) or not _all_known(in_words, key, finding.values):
        return (bare, bare)
    return (in_words.say(key, finding.values), bare)


def strongest(assessment: Assessment) -> tuple[Finding, ...]:
    """Return the findings that count, strongest first; the limb class last, because the reader knows it.

    A recorded FRAX above its limit gives no points and yet sets the tier: it counts here.
    """
    counted = (f for f in assessment.findings if f.present and (f.rule in assessment.counted or f.floor))
    return _ranked(counted, assessment) if assessment.tier else ()


def shown_findings(assessment: Assessment) -> tuple[Finding, ...]:
    """Return what a card speaks of: the findings that count, or all scored ones when no tier was computed."""
    scored = (finding for finding in assessment.findings if finding.present and finding.points)
    return strongest(assessment) or _ranked(scored, assessment)


def with_status(assessment: Assessment, status: Status) -> tuple[Finding, ...]:
    """Return the findings that ended as ``status``, those that count left out."""
    counted = {finding.rule for finding in strongest(assessment)}
    return tuple(f for f in assessment.findings if f.status is status and f.rule not in counted)


def _ranked(findings: Iterable[Finding], assessment: Assessment) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: _rank(finding, assessment)))


def _rank(finding: Finding, assessment: Assessment) -> tuple[bool, bool, int]:
    lifts = finding.override or finding.rule in assessment.overrides or _sets_tier(finding, assessment)
    return (finding.family == LIMB_FAMILY, not lifts, -finding.points)


def _sets_tier(finding: Finding, assessment: Assessment) -> bool:
    """True for what holds the tier up where the points alone do not reach it."""
    return finding.floor and assessment.points < assessment.cut


def _variant(key: str, finding: Finding, in_words: Words) -> str:
    """Return the key of the words for one drug, if any: "prednisolone 5 mg" needs no "equivalent to prednisolone"."""
    variant = f"{key}@{finding.values.get('drug')}"
    return variant if in_words.has(variant) else key


def _sentence(finding: Finding, in_words: Words) -> str:
    key = _variant(f"reason.{finding.reason}", finding, in_words)
    if in_words.has(key):
        return _capital(in_words.say(key, finding.values))
    name = Said(in_words.word("rule", finding.rule))
    # Families end alike where nothing is to be told but the rule's name: ``...unknown``, ``...not-listed``.
    ending = f"reason-ending.{finding.reason.rpartition('.')[2]}"
    return in_words.say(ending, dict(finding.values) | {"rule": name}) if in_words.has(ending) else name


def _all_known(in_words: Words, key: str, values: Mapping[str, Value]) -> bool:
    return all(is_known(slot, values) for slot in in_words.templates[key].slots())


def _with_evidence(sentence: str, finding: Finding, in_words: Words) -> str:
    """Add what the record itself says and when, as far as the sentence does not tell it already."""
    if not finding.evidence:
        return sentence
    first = finding.evidence[0]
    when = first.when.text if first.when and not _course_told(finding, first) else ""
    told = (*_own_words(finding, sentence, in_words), *((when,) if _is_new(when, sentence) else ()))
    details = ", ".join(told)
    if not details:
        return sentence
    return in_words.say("finding.with-evidence", {"sentence": Said(sentence), "evidence": Said(details)})


def _own_words(finding: Finding, sentence: str, in_words: Words) -> Iterator[str]:
    first = finding.evidence[0]
    if first.resource_type in _QUOTED and _is_new(first.display, sentence):
        yield in_words.say("finding.quoted", {"text": first.display})
    elif first.resource_type == _MEASURED and not _is_told(first.value, finding.values):
        yield in_words.say("finding.recorded", {"value": Said(in_words.quantity(first.value))})


def _is_told(value: str, values: Mapping[str, Value]) -> bool:
    """True for a yes or no, a count, or a number that the sentence gives; a comparator or another unit is not."""
    if value in _ANSWERS or _COUNT.fullmatch(value):
        return True
    number = _NUMBER.match(value)
    return number is not None and float(number[0]) in [v for v in values.values() if isinstance(v, int | float)]


def _course_told(finding: Finding, first: Evidence) -> bool:
    """True for a drug whose course the sentence tells: the date of one prescription would only confuse."""
    return first.resource_type.startswith(_MEDICATION) and bool(finding.values.get("since"))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _is_new(text: str, sentence: str) -> bool:
    return bool(text) and text.casefold() not in sentence.casefold()
