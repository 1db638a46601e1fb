"""The one sentence on top of a card: under 140 characters, whatever the record holds."""

from collections.abc import Iterator
from typing import Final

from cards.findings import reason_names, shown_findings
from cards.limbs import scan_sites
from cards.options import built_in
from cards.untrusted import shortened
from cards.words import Said, Words, words
from cds_service.risk.assessment import Assessment, Decision, Finding, Tier, Unknown, Value

# CDS Hooks: "<140-character summary message".
MAX_SUMMARY: Final = 139
_SHOWN: Final = 2
# The card that names missing data instead of findings.
_ABOUT_DATA: Final = "K6"
# Somebody told, and it could not be used: easier to settle than what nobody ever asked.
_RECORDED: Final = frozenset({"not-coded", "unusable", "outdated", "blocked"})
# The one reason for not knowing that goes without saying.
_NEVER_TOLD: Final = "not-recorded"


def summary_sentence(decision: Decision, assessment: Assessment, language: str) -> str:
    """Return the summary of a card with its two strongest reasons, in at most 139 characters of plain text."""
    return summarised(decision, assessment, words(language))


def summarised(decision: Decision, assessment: Assessment, in_words: Words) -> str:
    """Return :func:`summary_sentence` in a language already at hand: the fullest wording that fits."""
    sentence = ""
    for reasons in _ladder(assessment, decision, in_words):
        sentence = in_words.say(
            key_for("summary", decision, in_words), _values(decision, assessment, reasons, in_words)
        )
        if len(sentence) <= MAX_SUMMARY:
            return sentence
    return shortened(sentence, MAX_SUMMARY)


def risk_phrase(assessment: Assessment, in_words: Words) -> str:
    """Return the tier in words, ``at least`` included; what is said of the bones when no tier applies."""
    tier = assessment.tier.value if assessment.tier else "no-tier"
    at_least = assessment.at_least and assessment.tier in (Tier.WATCH, Tier.ELEVATED)
    return in_words.say(f"risk.at-least.{tier}" if at_least else f"risk.{tier}")


def unknown_items(decision: Decision, assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    """Return what is not known, each once.

    First what the card was made for, then what is in the record but could not be used, then the core items.
    """
    named = {built_in().missing.get(reason) for reason in decision.reasons}
    ordered = sorted(
        assessment.unknowns,
        key=lambda unknown: (unknown.item not in named, unknown.why not in _RECORDED, not unknown.core),
    )
    return tuple(dict.fromkeys(_with_why(unknown, in_words) for unknown in ordered))


def unknown_item(unknown: Unknown, in_words: Words) -> str:
    """Return one thing that is not known, or the name of the rule that asked for it."""
    key = f"unknown.{unknown.item}"
    if in_words.has(key):
        return in_words.say(key, unknown.values)
    return in_words.word("short", unknown.rule or unknown.item)


def _with_why(unknown: Unknown, in_words: Words) -> str:
    """Return what is not known and why: a blocked list can be opened, a failed one asked for again."""
    named = unknown_item(unknown, in_words)
    if unknown.why == _NEVER_TOLD:
        return named
    why = in_words.word("why-unknown", unknown.why)
    return in_words.say("unknown.with-why", {"item": Said(named), "why": Said(why)})


def key_for(shelf: str, decision: Decision, in_words: Words) -> str:
    """Return the key of a card's sentence: one of its own for a reason, else the card's ``text``."""
    variants = (f"{shelf}.{decision.card}.{reason}" for reason in decision.reasons)
    return next((key for key in variants if in_words.has(key)), f"{shelf}.{decision.card}.text")


def triggers(decision: Decision, in_words: Words) -> tuple[str, ...]:
    """Return the card's reasons that are no finding (a T-score, a trigger of the paediatric gate) in a few words."""
    keys = (f"trigger.{decision.card}.{reason}" for reason in decision.reasons)
    said = (in_words.say(key, decision.values) for key in keys if in_words.has(key))
    return tuple(text for text in said if text)


def spoken_of(decision: Decision, assessment: Assessment) -> tuple[Finding, ...]:
    """Return the findings that a card speaks of: those it is about, or else what the tier rests on."""
    rules = [rule for reason in decision.reasons for rule in built_in().focus.get(reason, ())]
    newer = decision.values.get("newer_rule")
    focus = {*rules, newer} if newer else set(rules)
    about = tuple(finding for finding in assessment.findings if finding.present and finding.rule in focus)
    return about or shown_findings(assessment)


def _ladder(assessment: Assessment, decision: Decision, in_words: Words) -> Iterator[tuple[str, ...]]:
    """Return what the sentence names, in ever fewer words, down to nothing."""
    if decision.card == _ABOUT_DATA:
        items = unknown_items(decision, assessment, in_words)
        return (items[:count] for count in range(min(_SHOWN, len(items)), -1, -1))
    return _reasons(assessment, decision, in_words)


def _reasons(assessment: Assessment, decision: Decision, in_words: Words) -> Iterator[tuple[str, ...]]:
    told = [(text, text) for text in triggers(decision, in_words)]
    names = [*told, *(reason_names(finding, in_words) for finding in spoken_of(decision, assessment))][:_SHOWN]
    full, bare = [name for name, _ in names], [name for _, name in names]
    yield tuple(full)
    yield (*full[:1], *bare[1:])
    yield tuple(bare)
    yield tuple(full[:1])
    yield tuple(bare[:1])
    yield ()


def _values(decision: Decision, assessment: Assessment, reasons: tuple[str, ...], in_words: Words) -> dict[str, Value]:
    return dict(decision.values) | {
        "risk": Said(risk_phrase(assessment, in_words)),
        "reasons": Said(in_words.say("summary.plus").join(reasons)),
        "items": Said(in_words.listed(reasons)),
        "sites": Said(scan_sites(assessment.scan, in_words)),
        "target": Said(_target(decision, in_words)),
    }


def _target(decision: Decision, in_words: Words) -> str:
    referral = next((action for action in decision.actions if action.startswith("refer-")), "")
    key = f"target.{referral}"
    return in_words.say(key if in_words.has(key) else "target.specialist")
