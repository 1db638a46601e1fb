"""The result page as a template needs it: every sentence in words of the cards, none of them escaped yet."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cards import CardOptions, plain_text
from cards.detail import basis, detail_blocks, threshold_text
from cards.findings import explained, strongest, with_status
from cards.formats import Block, Paragraph, Section
from cards.letter import offered_targets, referral_target
from cards.limbs import limb_status_text, scan_lines
from cards.plain import body_lines, gate_line, tool_line, unknown_line
from cards.summary import risk_phrase, summarised
from cards.untrusted import one_line
from cards.words import Said, Words, words
from cds_service.risk.assessment import Assessment, Decision, Finding, Status, Tier
from cds_service.risk.record import Evidence
from cds_service.silence import Silenced
from cds_service.silence.weighing import ACCEPTED

_CONTESTED: Final = "contested"
# The form asks each question once, so "delivered in part" means there: nobody answered it.
_NOT_ANSWERED: Final = frozenset({"partial", "missing"})
_NOT_RECORDED: Final = "not-recorded"


class EvidenceView(msgspec.Struct, frozen=True):
    """Where the record says so: its words, its day, its value."""

    text: str
    when: str
    value: str


class FindingView(msgspec.Struct, frozen=True):
    """A line of the findings. ``weight``: key of its weight, empty where it has none to speak of."""

    rule: str
    name: str
    status: str
    sentence: str
    weight: str
    points: int
    evidence: tuple[EvidenceView, ...]
    thresholds: tuple[str, ...]


class SilencedView(msgspec.Struct, frozen=True):
    """When a card was answered in the record, when it shows again, and why not before.

    ``until`` is empty where it is silent until data change; ``why`` where it was accepted.
    """

    since: str
    until: str
    why: str


class CardView(msgspec.Struct, frozen=True):
    """A card in parts: the sentence on top, why, what to do, and the rest that a hook would show below."""

    indicator: str
    summary: str
    why: str
    to_do: tuple[str, ...]
    rest: tuple[Block, ...]
    silenced: SilencedView | None = None


class ResultView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the result page but the plot."""

    tier: str
    heading: str
    points: int | None
    cut: int
    basis: str
    cards: tuple[CardView, ...]
    gates: tuple[str, ...]
    counted: tuple[FindingView, ...]
    shown: tuple[FindingView, ...]
    possible: tuple[FindingView, ...]
    absent: tuple[FindingView, ...]
    core_unknown: tuple[str, ...]
    other_unknown: tuple[str, ...]
    core_known: int
    core_total: int
    change_tier: str
    change_points: int
    change_items: tuple[str, ...]
    limbs: str
    body: tuple[str, ...]
    tools: tuple[str, ...]
    scan: tuple[str, ...]
    not_coded: tuple[str, ...]
    gaps: tuple[str, ...]
    targets: Mapping[str, str]
    text: str


def told_by_hand(assessment: Assessment) -> Assessment:
    """Return the assessment of a form: a question without an answer is "not recorded", not "fetched in part"."""
    unknowns = tuple(
        msgspec.structs.replace(one, why=_NOT_RECORDED) if one.why in _NOT_ANSWERED else one
        for one in assessment.unknowns
    )
    findings = tuple(
        msgspec.structs.replace(one, values={**one.values, "why": _NOT_RECORDED})
        if one.values.get("why") in _NOT_ANSWERED
        else one
        for one in assessment.findings
    )
    return msgspec.structs.replace(assessment, unknowns=unknowns, findings=findings)


def result_view(assessment: Assessment, options: CardOptions, silenced: Iterable[Silenced] = ()) -> ResultView:
    """Return what the page says of ``assessment`` in ``options.language``; ``silenced``: cards held back elsewhere."""
    held = {one.card: one for one in silenced}
    in_words = words(options.language).with_titles(options.local_titles)
    change = assessment.change
    return ResultView(
        tier=assessment.tier.value if assessment.tier else "",
        heading=risk_phrase(assessment, in_words),
        points=assessment.points if assessment.tier else None,
        cut=assessment.cut,
        basis=basis(assessment, in_words),
        cards=tuple(_card(one, assessment, in_words, held.get(one.card)) for one in assessment.decisions),
        gates=tuple(gate_line(gate, in_words) for gate in assessment.gates),
        counted=_views(strongest(assessment), in_words),
        shown=_views(_seen(assessment), in_words),
        possible=_views(with_status(assessment, Status.POSSIBLE), in_words),
        absent=_views(with_status(assessment, Status.ABSENT), in_words),
        core_unknown=tuple(unknown_line(one, in_words) for one in assessment.unknowns if one.core),
        other_unknown=tuple(unknown_line(one, in_words) for one in assessment.unknowns if not one.core),
        core_known=assessment.core_known,
        core_total=assessment.core_total,
        change_tier=in_words.say(f"tier.{change.tier.value}") if change else "",
        change_points=change.points_short if change else 0,
        change_items=tuple(in_words.word("unknown", item) for item in change.items) if change else (),
        limbs=limb_status_text(assessment.limbs, in_words),
        body=body_lines(assessment.body, in_words),
        tools=tuple(tool_line(tool, in_words) for tool in assessment.tools),
        scan=scan_lines(assessment.scan, in_words) if _is_scanned(assessment) else (),
        not_coded=tuple(one_line(item.text) for item in assessment.not_coded),
        gaps=tuple(f"{one_line(gap.reference)} {one_line(gap.element)}".strip() for gap in assessment.gaps),
        targets={
            action: referral_target(action, options.language, options.targets).name
            for action in offered_targets(assessment, options.targets)
        },
        text=plain_text(assessment, options.language, options.local_titles),
    )


def _seen(assessment: Assessment) -> tuple[Finding, ...]:
    """What was seen and does not count: contested, weaker than another of its family, or by rule without points."""
    return (*with_status(assessment, Status.PRESENT), *with_status(assessment, Status.NOT_COUNTED))


def _is_scanned(assessment: Assessment) -> bool:
    """Where to measure is said to whoever may be sent to a DXA."""
    ordered = any("order-dxa" in decision.actions for decision in assessment.decisions)
    return ordered or assessment.tier not in (None, Tier.NONE)


def _card(decision: Decision, assessment: Assessment, in_words: Words, held: Silenced | None) -> CardView:
    blocks = detail_blocks(decision, assessment, in_words)
    first, to_do = blocks[0], in_words.say("label.do")
    done = [block for block in blocks if isinstance(block, Section) and block.label == to_do]
    return CardView(
        indicator=decision.indicator,
        summary=summarised(decision, assessment, in_words),
        why=first.text if isinstance(first, Paragraph) else "",
        to_do=tuple(item for block in done for item in block.items),
        rest=tuple(block for block in blocks[1:] if block not in done),
        silenced=_silenced(held, in_words) if held else None,
    )


def _silenced(held: Silenced, in_words: Words) -> SilencedView:
    key = f"override.{held.why}"
    why = in_words.say(key if in_words.has(key) else "override.other") if held.why != ACCEPTED else ""
    return SilencedView(held.since.isoformat(), held.until.isoformat() if held.until else "", why)


def _views(findings: Iterable[Finding], in_words: Words) -> tuple[FindingView, ...]:
    return tuple(_view(finding, in_words) for finding in findings)


def _view(finding: Finding, in_words: Words) -> FindingView:
    return FindingView(
        rule=finding.rule,
        name=in_words.word("rule", finding.rule),
        status=finding.status.value,
        sentence=explained(finding, in_words),
        weight=finding.weight if finding.points or finding.weight == _CONTESTED else "",
        points=finding.points,
        evidence=tuple(_evidence(one, in_words) for one in finding.evidence),
        thresholds=tuple(threshold_text(one, in_words) for one in finding.thresholds),
    )


def _evidence(evidence: Evidence, in_words: Words) -> EvidenceView:
    answer = {"true": "value.yes", "false": "value.no"}.get(evidence.value)
    value = in_words.say(answer) if answer else in_words.quantity(evidence.value)
    when = evidence.when.text if evidence.when else ""
    return EvidenceView(Said(one_line(evidence.display or evidence.code)), when, value)
