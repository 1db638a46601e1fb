"""The history of a letter: what is known, section by section, the most important first."""

from collections.abc import Iterable

from cards.findings import LIMB_FAMILY, explained, routed_by, strongest, with_status
from cards.formats import Block, Section
from cards.letter.form import form
from cards.limbs import limb_status_text, scan_lines
from cards.plain import body_lines, gate_line, tool_line
from cards.summary import unknown_item
from cards.words import Said, Words
from cds_service.risk.assessment import Assessment, BodySize, Finding, Status, Value

_VITAMIN_D = "VITD"
_CHILD = "G-PAED"
_NO_SCAN = frozenset({"G-PREG", _CHILD})
_PERCENT = 100
_SEEN = (Status.PRESENT, Status.NOT_COUNTED, Status.POSSIBLE)


def history_blocks(assessment: Assessment, in_words: Words) -> tuple[Block, ...]:
    """Return the sections of the history; one without anything to say is left out."""
    sections = {
        "person": _person(assessment, in_words),
        "limbs": (limb_status_text(assessment.limbs, in_words),),
        "special": (*(gate_line(gate, in_words) for gate in assessment.gates), *routed_by(assessment, in_words)),
        "findings": _said(_findings(assessment), in_words),
        "drugs": _said(_drugs(assessment), in_words),
        "vitamin-d": _vitamin_d(assessment, in_words),
        "body": (*_measured(assessment.body, in_words), *body_lines(assessment.body, in_words)),
        "scan": _scan(assessment, in_words),
        "tools": tuple(tool_line(tool, in_words) for tool in assessment.tools if tool.band is not None),
        "possible": _said(_others(assessment, Status.POSSIBLE), in_words),
        "not-counted": _said(_others(assessment, Status.NOT_COUNTED), in_words),
        "absent": _absent(assessment, in_words),
        "unknowns": _unknowns(assessment, in_words),
        "not-read": _not_read(assessment, in_words),
    }
    return tuple(
        Section(in_words.say(f"letter.label.{key}"), _capitals(items)) for key, items in sections.items() if items
    )


def _capitals(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item[:1].upper() + item[1:] for item in items)


def _said(findings: Iterable[Finding], in_words: Words) -> tuple[str, ...]:
    return tuple(explained(finding, in_words) for finding in findings)


def _findings(assessment: Assessment) -> tuple[Finding, ...]:
    """What was found: first what counts, then what is shown without points."""
    found = (*strongest(assessment), *with_status(assessment, Status.PRESENT))
    return tuple(finding for finding in found if _is_plain(finding))


def _drugs(assessment: Assessment) -> tuple[Finding, ...]:
    by_weight = (*strongest(assessment), *(f for status in _SEEN for f in with_status(assessment, status)))
    return tuple(finding for finding in by_weight if _is_drug(finding))


def _others(assessment: Assessment, status: Status) -> tuple[Finding, ...]:
    return tuple(finding for finding in with_status(assessment, status) if _is_plain(finding))


def _vitamin_d(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    """Every result, also an old or unusable one; that there is none is said in plain words."""
    found = [finding for finding in assessment.findings if finding.family == _VITAMIN_D]
    told = [finding for finding in found if in_words.has(f"reason.{finding.reason}")]
    return _said(told, in_words) or (in_words.say("letter.no-vitamin-d"),)


def _absent(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    """What the record denies; what merely stands in no list is told in one line, measures stand elsewhere."""
    left_out = form().negatives_told_elsewhere
    absent = [finding for finding in _others(assessment, Status.ABSENT) if finding.family not in left_out]
    told = [finding for finding in absent if in_words.has(f"reason.{finding.reason}")]
    names = tuple(in_words.word("short", finding.rule) for finding in absent if finding not in told)
    listed = (in_words.say("letter.not-listed", {"items": Said(in_words.listed(names))}),) if names else ()
    return (*_said(told, in_words), *listed)


def _unknowns(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    """One line for each reason why: what was not recorded, what was blocked, what could not be fetched."""
    by_why: dict[str, dict[str, None]] = {}
    for unknown in assessment.unknowns:
        by_why.setdefault(unknown.why, {})[unknown_item(unknown, in_words)] = None
    return tuple(_unknown(why, tuple(items), in_words) for why, items in by_why.items())


def _unknown(why: str, items: tuple[str, ...], in_words: Words) -> str:
    values = {"why": Said(in_words.word("why-unknown", why)), "items": Said(in_words.listed(items))}
    return in_words.say("letter.unknown", values)


def _is_plain(finding: Finding) -> bool:
    """Neither drug, limb class nor vitamin D, which have sections of their own."""
    return not _is_drug(finding) and finding.family not in {LIMB_FAMILY, _VITAMIN_D}


def _is_drug(finding: Finding) -> bool:
    return bool(finding.values.get("drug")) and finding.status in _SEEN


def _person(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    age = assessment.age
    values: dict[str, Value] = {"sex": assessment.sex or "unknown"}
    if age is not None:
        values |= {"age_low": age.low, "age_high": age.high}
    return (in_words.say("letter.person-child" if assessment.gate(_CHILD) else "letter.person", values),)


def _measured(body: BodySize, in_words: Words) -> tuple[str, ...]:
    """Weight and height as recorded, and the share of the body that is missing."""
    lines = []
    if body.raw_weight is not None:
        on = body.weighed_on.text if body.weighed_on else None
        lines.append(in_words.say("letter.body.weighed", {"weight": body.raw_weight, "on": on}))
    if body.raw_height is not None:
        lines.append(in_words.say("letter.body.height", {"height": body.raw_height}))
    if body.missing_fraction is not None:
        share = body.missing_fraction
        values = {"share_low": share.low * _PERCENT, "share_high": share.high * _PERCENT}
        lines.append(in_words.say("letter.body.missing", values))
    return (*lines, *_remarks(body, in_words))


def _remarks(body: BodySize, in_words: Words) -> tuple[str, ...]:
    said = [in_words.say(f"remark.{key}") for key in body.remarks if in_words.has(f"remark.{key}")]
    return (in_words.say("letter.body.note", {"remarks": Said(in_words.listed(tuple(said)))}),) if said else ()


def _scan(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    if assessment.gate(_CHILD):
        return (in_words.say("do.P1.text"),)
    if any(assessment.gate(gate) for gate in _NO_SCAN):
        return ()
    return (*scan_lines(assessment.scan, in_words), in_words.say("order.note.preparation"))


def _not_read(assessment: Assessment, in_words: Words) -> tuple[str, ...]:
    """Text without a code as the record has it; elements that could not be read only by their number."""
    texts = [in_words.say("finding.quoted", {"text": item.text}) for item in assessment.not_coded]
    gaps = len(assessment.gaps)
    return (*texts, *((in_words.say("letter.gaps", {"n": gaps}),) if gaps else ()))
