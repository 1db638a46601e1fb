"""A finding in words: as a whole line for lists and tables, and in two or three words for a summary."""

from collections.abc import Mapping
from typing import Final

from cards.untrusted import one_line
from cards.words import Said, Words, words
from cds_service.risk.assessment import Assessment, Finding, Status, Value
from cds_service.risk.record import Evidence

LIMB_FAMILY: Final = "LD"
# Resources whose own text tells a clinician more than our sentence does; a drug's name is in the sentence already.
_QUOTED: Final = frozenset({"Condition", "Procedure", "FamilyMemberHistory"})


def explain(finding: Finding, language: str) -> str:
    """Return one line of plain text: what was found, its value and date, what to mind. Not escaped for HTML."""
    return explained(finding, words(language))


def explained(finding: Finding, in_words: Words) -> str:
    """Return :func:`explain` in a language already at hand."""
    sentence = _sentence(finding, in_words)
    sentence = _with_evidence(sentence, finding.evidence, in_words)
    return "; ".join([sentence, *remarks_of(finding, in_words)])


def remarks_of(finding: Finding, in_words: Words) -> tuple[str, ...]:
    """Return the caveats of a finding in words."""
    keys = (f"remark.{key}" for key in finding.remarks)
    return tuple(in_words.say(key, finding.values) for key in keys if in_words.has(key))


def reason_names(finding: Finding, in_words: Words) -> tuple[str, str]:
    """Return the finding in a few words, with and without its values: ``prednisolone 8 months``, ``glucocorticoids``."""
    bare = in_words.word("short", finding.rule)
    key = f"brief.{finding.rule}"
    if not in_words.has(key) or not _all_known(in_words, key, finding.values):
        return (bare, bare)
    return (in_words.say(key, finding.values), bare)


def strongest(assessment: Assessment) -> tuple[Finding, ...]:
    """Return the findings that count, strongest first; the limb class last, because the reader knows it."""
    found = [finding for finding in assessment.findings if finding.present and finding.rule in assessment.counted]
    return tuple(sorted(found, key=lambda finding: _rank(finding, assessment)))


def shown_findings(assessment: Assessment) -> tuple[Finding, ...]:
    """Return what a card speaks of: the findings that count, or every present one when no tier was computed."""
    return strongest(assessment) or tuple(finding for finding in assessment.findings if finding.present)


def with_status(assessment: Assessment, status: Status) -> tuple[Finding, ...]:
    """Return the findings that ended as ``status``, those that count left out."""
    return tuple(f for f in assessment.findings if f.status is status and f.rule not in assessment.counted)


def _rank(finding: Finding, assessment: Assessment) -> tuple[bool, bool, int]:
    lifts = finding.override or finding.rule in assessment.overrides
    return (finding.family == LIMB_FAMILY, not lifts, -finding.points)


def _sentence(finding: Finding, in_words: Words) -> str:
    key = f"reason.{finding.reason}"
    return in_words.say(key, finding.values) if in_words.has(key) else in_words.word("rule", finding.rule)


def _all_known(in_words: Words, key: str, values: Mapping[str, Value]) -> bool:
    return all(values.get(slot.name) not in (None, "") for slot in in_words.templates[key].slots())


def _with_evidence(sentence: str, evidence: tuple[Evidence, ...], in_words: Words) -> str:
    if not evidence:
        return sentence
    first = evidence[0]
    display = one_line(first.display) if first.resource_type in _QUOTED else ""
    value = one_line(first.value)
    details = [
        in_words.say("finding.quoted", {"text": Said(display)}) if _new(display, sentence) else "",
        value if _new(value, sentence) and first.resource_type not in _QUOTED else "",
        first.when.text if first.when and _new(first.when.text, sentence) else "",
    ]
    shown = ", ".join(filter(None, details))
    if not shown:
        return sentence
    return in_words.say("finding.with-evidence", {"sentence": Said(sentence), "evidence": Said(shown)})


def _new(text: str, sentence: str) -> bool:
    return bool(text) and text.casefold() not in sentence.casefold()
