"""Diagnoses and wanted actions of a letter, with the codes that the record and the terminology give."""

from collections.abc import Iterable, Iterator, Sequence

from cards.letter.form import form
from cards.letter.model import Entry
from cards.limbs import limb_status_text, scan_sites
from cards.options import CardOptions, OrderCode, ReferralTarget, built_in
from cards.orders import DXA, order_codes
from cards.untrusted import one_line
from cards.words import Said, Words
from cds_service.risk.assessment import Assessment
from cds_service.risk.record import Evidence
from cds_service.terminology.load import code_systems

_DIAGNOSIS = "Condition"
_KNOWN_OSTEOPOROSIS = "G-KNOWNOP"
_CONFIRMED = "diagnosis"


def diagnoses(assessment: Assessment, in_words: Words) -> tuple[Entry, ...]:
    """Return the limb deficiency as the record codes it, then a confirmed osteoporosis; without a code, in words."""
    limbs = assessment.limbs
    told = [*limbs.evidence, *(evidence for limb in limbs.limbs for evidence in limb.evidence)]
    status = limb_status_text(limbs, in_words)
    in_text = Entry(one_line(status[:1].upper() + status[1:], form().longest_field))
    coded = _best(told, in_text.text) or (in_text,)
    known = assessment.gate(_KNOWN_OSTEOPOROSIS)
    # Without this remark the gate tells of an unconfirmed diagnosis or of a drug alone.
    osteoporosis = _best(known.evidence, "") if known and _CONFIRMED in known.remarks else ()
    return (*coded, *osteoporosis)[: form().most_diagnoses]


def actions(assessment: Assessment, target: ReferralTarget, in_words: Words) -> tuple[Entry, ...]:
    """Return what the receiver is asked to do: the referral itself, and the DXA when the assessment asks for one."""
    key = f"letter.action.{target.action}"
    referral = in_words.say(key if in_words.has(key) else "letter.action.other")
    entries = [_with_code(referral, _codes(target.action, assessment, target))]
    if any(DXA in decision.actions for decision in assessment.decisions):
        sites = Said(scan_sites(assessment.scan, in_words))
        scan = in_words.say("letter.scan", {"scan": Said(in_words.say(f"order.{DXA}")), "sites": sites})
        entries.append(_with_code(scan, _codes(DXA, assessment, target)))
    return tuple(entries)


def _best(told: Iterable[Evidence], otherwise: str) -> tuple[Entry, ...]:
    """The codings of the best classification among them, each once."""
    by_system: dict[str, list[Entry]] = {}
    for evidence in told:
        system = code_systems().resolve(evidence.system)
        if evidence.resource_type == _DIAGNOSIS and system is not None and evidence.code:
            text = one_line(evidence.display) or otherwise
            by_system.setdefault(system.key, []).append(Entry(text, one_line(evidence.code), system.name))
    best = next((key for key in form().diagnosis_systems if key in by_system), None)
    return tuple({entry.code: entry for entry in by_system[best]}.values()) if best else ()


def _codes(action: str, assessment: Assessment, target: ReferralTarget) -> Sequence[OrderCode]:
    if not (target.codes or action in built_in().actions):
        return ()
    return order_codes(action, assessment.scan, CardOptions(targets=(target,)))


def _with_code(text: str, codes: Sequence[OrderCode]) -> Entry:
    best = next(_in_order(codes), None)
    return Entry(text, *best) if best else Entry(text)


def _in_order(codes: Sequence[OrderCode]) -> Iterator[tuple[str, str]]:
    for key in form().action_systems:
        system = code_systems()[key]
        for code in codes:
            if code_systems().resolve(code.system) is system:
                yield one_line(code.code), system.name
