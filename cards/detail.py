"""What stands below the summary: why, what was seen and is unknown, what to do, where to scan, held against what."""

from collections.abc import Sequence
from typing import Final

from cards.findings import LIMB_FAMILY, explained, reason_names, remarks_of, routed_by, with_status
from cards.formats import Block, Paragraph, Section
from cards.limbs import limb_status_text, scan_lines
from cards.summary import key_for, risk_phrase, spoken_of, triggers, unknown_items
from cards.untrusted import one_line
from cards.words import Said, Words
from cds_service.risk.assessment import Assessment, Decision, Finding, Status, Threshold, Value

_MOST_FINDINGS: Final = 8
_MOST_UNKNOWN: Final = 6
_MOST_TEXTS: Final = 3
_CONTESTED: Final = "contested"
_FOLDED_IN: Final = ("bone-protection", "K3", "vitamin-d-first", "K7", "frax-link")


def detail_blocks(decision: Decision, assessment: Assessment, in_words: Words) -> tuple[Block, ...]:
    """Return the card's text as blocks; the first is one paragraph that reads well alone."""
    shown = spoken_of(decision, assessment)
    return (
        Paragraph(_why(decision, assessment, in_words)),
        Section(in_words.say("label.seen"), _seen(shown, assessment, in_words)),
        *_unknown(decision, assessment, in_words),
        Section(in_words.say("label.do"), _to_do(decision, in_words)),
        Section(in_words.say("label.scan"), _scan(decision, assessment, in_words)),
        Section(in_words.say("label.held-against"), _held_against(shown, assessment, in_words)),
        Paragraph(basis(assessment, in_words)),
    )


def threshold_text(threshold: Threshold, in_words: Words) -> str:
    """Return a threshold with its unit and source: ``dose 5 mg/day [43][44]``."""
    unit = in_words.word("unit", threshold.unit)
    values: dict[str, Value] = {
        "name": Said(in_words.word("threshold", threshold.name)),
        "value": threshold.value,
        "unit": Said(unit) if unit else None,
        "source": _short_source(threshold.source),
    }
    return in_words.say("threshold-line", values)


def _short_source(source: str) -> str:
    """``[43][44]: explanation`` becomes ``43, 44``: the explanation stands on the rule's page."""
    numbers = source.partition(":")[0].replace("][", ", ")
    return one_line(numbers.replace("[", "").replace("]", ""))


def _why(decision: Decision, assessment: Assessment, in_words: Words) -> str:
    told = triggers(decision, in_words)
    names = told + tuple(reason_names(finding, in_words)[0] for finding in spoken_of(decision, assessment))
    values = dict(decision.values) | {
        "risk": Said(risk_phrase(assessment, in_words)),
        "reasons": Said(in_words.listed(names[:_MOST_FINDINGS])),
    }
    keys = (f"decision.{reason}" for reason in decision.reasons)
    because = [in_words.say(key, decision.values) for key in keys if in_words.has(key)]
    return " ".join(filter(None, [in_words.say(key_for("why", decision, in_words), values), *because]))


def _seen(shown: tuple[Finding, ...], assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    lines = [explained(finding, in_words) for finding in shown[:_MOST_FINDINGS] if finding.family != LIMB_FAMILY]
    contested = [f for f in with_status(assessment, Status.PRESENT) if f.weight == _CONTESTED and f not in shown]
    lines += _marked("contested", contested, in_words)
    beside = [f for f in with_status(assessment, Status.PRESENT) if f.points and f not in shown]
    lines += _marked("beside", beside, in_words)
    for status in (Status.POSSIBLE, Status.NOT_COUNTED):
        lines += _marked(status.value, with_status(assessment, status), in_words)
    return (
        *routed_by(assessment, in_words),
        *lines,
        *_not_coded(assessment, in_words),
        _limb_line(assessment, in_words),
    )


def _not_coded(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    """What stands in the record as mere text and looks as if it mattered: to be read by the clinician, never scored."""
    texts = dict.fromkeys(item.text for item in assessment.not_coded)
    return tuple(in_words.say("seen.not-coded", {"text": text}) for text in list(texts)[:_MOST_TEXTS])


def _marked(mark: str, findings: Sequence[Finding], in_words: Words) -> list[str]:
    """The findings that a card shows without counting them, each saying so."""
    others = [finding for finding in findings if finding.family != LIMB_FAMILY]
    said = (explained(finding, in_words) for finding in others[:_MOST_FINDINGS])
    return [in_words.say(f"seen.{mark}", {"finding": Said(text)}) for text in said]


def _limb_line(assessment: Assessment, in_words: Words) -> str:
    """The limb status, with the caveats of the limb class (``extrapolated``)."""
    caveats = [text for f in assessment.findings if f.family == LIMB_FAMILY for text in remarks_of(f, in_words)]
    status = limb_status_text(assessment.limbs, in_words)
    caveats = [text for text in caveats if text not in status]
    return in_words.say("seen.limbs", {"limbs": Said("; ".join([status, *caveats]))})


def _unknown(decision: Decision, assessment: Assessment, in_words: Words) -> tuple[Block, ...]:
    items = unknown_items(decision, assessment, in_words)
    if not items:
        return ()
    more = len(items) - _MOST_UNKNOWN
    listed = items[:_MOST_UNKNOWN] + ((in_words.say("unknown.more", {"n": more}),) if more > 0 else ())
    values: dict[str, Value] = {
        "items": Said(in_words.listed(listed)),
        "n": assessment.core_total - assessment.core_known,
        "total": assessment.core_total,
    }
    text = in_words.say("unknown.line" if assessment.core_total else "unknown.line-without-count", values)
    return (Paragraph(" ".join(filter(None, [text, _settled_by(assessment, in_words)]))),)


def _settled_by(assessment: Assessment, in_words: Words) -> str:
    change = assessment.change
    if change is None or not change.items:
        return ""
    item = in_words.word("unknown", change.items[0])
    tier = in_words.say(f"tier.{change.tier.value}")
    return in_words.say("unknown.settles", {"item": Said(item), "tier": Said(tier)})


def _to_do(decision: Decision, in_words: Words) -> tuple[str, ...]:
    key = key_for("do", decision, in_words)
    lines = [in_words.say(key, decision.values)] if in_words.has(key) else []
    lines += [in_words.say(f"do.{action}") for action in decision.actions if in_words.has(f"do.{action}")]
    lines += [in_words.say(f"do.include.{block}") for block in _FOLDED_IN if block in decision.include]
    return tuple(lines)


def _scan(decision: Decision, assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    return scan_lines(assessment.scan, in_words) if "order-dxa" in decision.actions else ()


def _held_against(shown: tuple[Finding, ...], assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    lines = []
    for finding in shown[:_MOST_FINDINGS]:
        if finding.thresholds:
            thresholds = "; ".join(threshold_text(threshold, in_words) for threshold in finding.thresholds)
            lines.append(in_words.say("held-against.rule", {"rule": finding.rule, "thresholds": Said(thresholds)}))
    if assessment.tier is not None and assessment.cut:
        lines.append(in_words.say("held-against.points", {"points": assessment.points, "cut": assessment.cut}))
    return tuple(lines)


def basis(assessment: Assessment, in_words: Words) -> str:
    """Return by which rules and on which day it was assessed, and what it is not."""
    values = {"version": assessment.rule_set, "profile": assessment.profile, "date": assessment.as_of.isoformat()}
    return in_words.say("basis" if assessment.tier else "basis-without-points", values)
