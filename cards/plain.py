"""The whole assessment as plain text: for the command line, and to paste into a record that knows no cards."""

from cards.detail import basis
from cards.findings import explained, strongest, with_status
from cards.formats import Block, Paragraph, Section, rendered
from cards.limbs import limb_status_text
from cards.summary import risk_phrase, summarised, unknown_item
from cards.untrusted import one_line
from cards.words import NO_TITLES, Said, Titles, Words, words
from cds_service.risk.assessment import Assessment, Band, BodySize, GateFinding, Status, ToolResult, Unknown, Value


def plain_text(assessment: Assessment, language: str, local_titles: Titles = NO_TITLES) -> str:
    """Return everything the assessment says as plain text in ``language``; it names no person.

    ``local_titles``: names of the rule set's local factors, see :func:`cards.words.local_titles`.
    """
    in_words = words(language).with_titles(local_titles)
    return rendered(_blocks(assessment, in_words), "plain")


def body_lines(body: BodySize, in_words: Words) -> tuple[str, ...]:
    """Return weight and BMI corrected for missing limbs, or why not; a raw BMI is always said to be raw."""
    lines = []
    if body.weight is not None:
        lines.append(in_words.say("body.weight", _ends("weight", body.weight)))
    if body.bmi is not None:
        lines.append(in_words.say("body.bmi", _ends("bmi", body.bmi)))
    if body.raw_bmi is not None:
        lines.append(in_words.say("body.raw-bmi", {"bmi": body.raw_bmi}))
    refused = dict.fromkeys(filter(None, (body.refused, body.height_refused)))
    lines += [in_words.say("body.refused", {"why": Said(in_words.word("refused", why))}) for why in refused]
    return tuple(lines)


def gate_line(gate: GateFinding, in_words: Words) -> str:
    """Return what a gate found, and until when it holds."""
    key = f"gate.{gate.gate}"
    text = in_words.say(key, gate.values) if in_words.has(key) else one_line(gate.gate)
    keys = (f"remark.{remark}" for remark in gate.remarks)
    remarks = [in_words.say(key, gate.values) for key in keys if in_words.has(key)]
    until = gate.until.isoformat() if gate.until else None
    return in_words.say("gate-line", {"gate": Said("; ".join([text, *remarks])), "until": until})


def unknown_line(unknown: Unknown, in_words: Words) -> str:
    """Return what is not known and why."""
    values = {"item": Said(unknown_item(unknown, in_words)), "why": Said(in_words.word("why-unknown", unknown.why))}
    return in_words.say("unknown.with-why", values)


def tool_line(tool: ToolResult, in_words: Words) -> str:
    """Return a published tool's value, or why it was not computed."""
    name = in_words.word("tool", tool.tool)
    if tool.band is None:
        return in_words.say("tool-refused", {"tool": Said(name), "why": Said(in_words.word("refused", tool.refused))})
    return in_words.say("tool-line", {"tool": Said(name), **_ends("result", tool.band)})


def _ends(name: str, band: Band) -> dict[str, Value]:
    return {f"{name}_low": band.low, f"{name}_high": band.high}


def _blocks(assessment: Assessment, in_words: Words) -> tuple[Block, ...]:
    decisions = tuple(summarised(decision, assessment, in_words) for decision in assessment.decisions)
    unread = tuple(f"{one_line(gap.reference)} {one_line(gap.element)}".strip() for gap in assessment.gaps)
    sections: dict[str, tuple[str, ...]] = {
        "advice": decisions or (in_words.say("plain.no-advice"),),
        "gates": tuple(gate_line(gate, in_words) for gate in assessment.gates),
        "counted": tuple(explained(finding, in_words) for finding in strongest(assessment)),
        **{status.value: _found(assessment, status, in_words) for status in Status},
        "unknowns": tuple(unknown_line(unknown, in_words) for unknown in assessment.unknowns),
        "limbs": (limb_status_text(assessment.limbs, in_words),),
        "body": body_lines(assessment.body, in_words),
        "tools": tuple(tool_line(tool, in_words) for tool in assessment.tools),
        "not-coded": tuple(one_line(item.text) for item in assessment.not_coded),
        "gaps": unread,
    }
    shown = (Section(in_words.say(f"plain.label.{name}"), items) for name, items in sections.items())
    return (Paragraph(_heading(assessment, in_words)), *shown, Paragraph(basis(assessment, in_words)))


def _heading(assessment: Assessment, in_words: Words) -> str:
    values = {
        "risk": Said(risk_phrase(assessment, in_words)),
        "points": assessment.points if assessment.tier else None,
        "cut": assessment.cut if assessment.tier and assessment.cut else None,
    }
    return in_words.say("plain.heading", values)


def _found(assessment: Assessment, status: Status, in_words: Words) -> tuple[str, ...]:
    return tuple(explained(finding, in_words) for finding in with_status(assessment, status))
