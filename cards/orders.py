"""Suggestions: what the clinician accepts with one click. One action each, the same words in label and description."""

from typing import Final

import msgspec

from cards.findings import LIMB_FAMILY, explained, reason_names, route_evidence, strongest
from cards.limbs import limb_status_text, scan_lines, scan_sites
from cards.options import REFERENCE, Action, CardOptions, OrderCode, ReferralTarget, built_in
from cards.requests import Json, Order, request_resource, without_empty
from cards.summary import triggers
from cards.targets import own_referrals
from cards.untrusted import one_line, without_markup
from cards.words import Said, Words
from cds_service.risk.assessment import Assessment, Decision, Finding, ScanPlan
from cds_service.risk.record import Evidence
from cds_service.terminology.load import load_default
from cds_service.terminology.table import ConceptRow

DXA: Final = "order-dxa"
VITAMIN_D: Final = "order-vitamin-d"
_REFERRAL: Final = "referral"
_OWN: Final = "refer-own"
_MOST_EVIDENCE: Final = 12
_MOST_NOTE: Final = 2_000


def suggestions(decision: Decision, assessment: Assessment, options: CardOptions, in_words: Words) -> list[Json]:
    """Return one suggestion per action of the decision that can be ordered; none when the patient is not referenced."""
    if not REFERENCE.match(options.patient):
        return []
    offered = [action for action in decision.actions if action in built_in().actions]
    offered += [action for action in referrals(decision, options) if action not in offered]
    told = _told(triggers(decision, in_words), assessment, in_words)
    return [_suggestion(action, told, assessment, options, in_words) for action in offered]


class _Told(msgspec.Struct, frozen=True):
    """What all orders of a card say alike: why, resting on what, and what was seen of whom."""

    reasons: tuple[Json, ...]
    evidence: tuple[str, ...]
    limbs: str
    seen: tuple[str, ...]


def _told(first: tuple[str, ...], assessment: Assessment, in_words: Words) -> _Told:
    counted = strongest(assessment)
    references = (evidence.reference for evidence in _evidence(counted, assessment))
    limbs = in_words.say("order.note.limbs", {"limbs": Said(limb_status_text(assessment.limbs, in_words))})
    seen = (*first, *(explained(finding, in_words) for finding in counted if finding.family != LIMB_FAMILY))
    return _Told(
        reasons=_reasons(first, counted, in_words),
        evidence=tuple(dict.fromkeys(one for one in references if REFERENCE.match(one)))[:_MOST_EVIDENCE],
        limbs=_noted(limbs),
        seen=tuple(map(_noted, (in_words.say("order.note.seen"), *seen))) if seen else (),
    )


def referrals(decision: Decision, options: CardOptions) -> tuple[str, ...]:
    """Return the referrals that a card offers: the decision's own and, beside any of these, those of the settings."""
    known = built_in().actions
    own = tuple(action for action in decision.actions if action in known and known[action].kind == _REFERRAL)
    return own + own_referrals(options) if own else ()


def action_label(action: str, assessment: Assessment, options: CardOptions, in_words: Words) -> str:
    """Return the words of a suggestion's button: ``Order DXA: both hips and lumbar spine (draft)``."""
    target = options.target(action)
    values = {"sites": Said(scan_sites(assessment.scan, in_words)), "target": target.name if target else None}
    return in_words.say(f"action.{_worded(action)}", values)


def order_codes(action: str, scan: ScanPlan, options: CardOptions) -> tuple[OrderCode, ...]:
    """Return the codings of an order: this client's own, else those of the target's settings, else the built-in ones.

    Only codes that some source confirms are built in.
    """
    own = options.order_codes.get(action)
    if own:
        return own
    target = options.target(action)
    if target and target.codes:
        return target.codes
    entry = _entry(action)
    rows = load_default().preferred(entry.concept, entry.role)
    if action == DXA:
        rows = _dxa_rows(rows, entry, scan)
    return tuple(OrderCode(row.system, row.code, row.display) for row in rows)


def _entry(action: str) -> Action:
    return built_in().actions.get(action, built_in().own_referral)


def _worded(action: str) -> str:
    """Return the key of an action's words: a referral that only settings know has none of its own."""
    return action if action in built_in().actions else _OWN


def _order_text(action: str, options: CardOptions, in_words: Words) -> str:
    target = options.target(action)
    return in_words.say(f"order.{_worded(action)}", {"target": one_line(target.name) if target else None})


def _dxa_rows(rows: tuple[ConceptRow, ...], entry: Action, scan: ScanPlan) -> tuple[ConceptRow, ...]:
    dxa = built_in().dxa
    if scan.hips and scan.spine:
        return rows
    kept = tuple(row for row in rows if row.attributes.get("role") != dxa.hip_and_spine_role)
    if scan.hips or scan.spine or not scan.forearm:
        return kept
    forearm = load_default().preferred(entry.concept, dxa.forearm_role)
    return kept + tuple(row for row in forearm if row.attributes.get("site") == dxa.forearm_site)


def _suggestion(action: str, told: _Told, assessment: Assessment, options: CardOptions, in_words: Words) -> Json:
    label = action_label(action, assessment, options, in_words)
    order = _order(action, told, assessment, options, in_words)
    resource = request_resource(order, options.fhir_version)
    return {
        "label": label,
        "uuid": options.new_uuid(),
        "actions": [{"type": "create", "description": label, "resource": resource}],
    }


def _order(action: str, told: _Told, assessment: Assessment, options: CardOptions, in_words: Words) -> Order:
    codings = [
        without_empty({"system": code.system, "code": code.code, "display": code.display})
        for code in order_codes(action, assessment.scan, options)
    ]
    return Order(
        kind=_entry(action).kind,
        code={"coding": codings, "text": _order_text(action, options, in_words)},
        subject=options.patient,
        authored_on=options.as_of or assessment.as_of,
        requester=options.requester if REFERENCE.match(options.requester) else "",
        encounter=options.encounter if REFERENCE.match(options.encounter) else "",
        reasons=told.reasons,
        evidence=told.evidence,
        sites=sites_to_measure(assessment.scan, in_words) if action == DXA else (),
        note=_note(action, told, assessment, options, in_words),
        performer=_performer(options.target(action)),
    )


def _evidence(findings: tuple[Finding, ...], assessment: Assessment) -> tuple[Evidence, ...]:
    counted = [evidence for finding in findings for evidence in finding.evidence]
    limbs = [evidence for limb in assessment.limbs.limbs for evidence in limb.evidence]
    return (*counted, *route_evidence(assessment), *assessment.limbs.evidence, *limbs)


def _reasons(told: tuple[str, ...], findings: tuple[Finding, ...], in_words: Words) -> tuple[Json, ...]:
    names = told + tuple(reason_names(finding, in_words)[0] for finding in findings)
    texts = names or (in_words.say("order.reason"),)
    return tuple({"text": without_markup(text)} for text in texts)


def sites_to_measure(scan: ScanPlan, in_words: Words) -> tuple[str, ...]:
    """Return the body sites of a DXA order, one by one, in words."""
    hips = [in_words.word("site.hips", side) for side in scan.hips]
    spine = [in_words.say("site.spine")] if scan.spine else []
    forearm = [in_words.say(f"site.forearm.{scan.forearm}")] if scan.forearm not in {"", "none"} else []
    return (*hips, *spine, *forearm)


def _note(action: str, told: _Told, assessment: Assessment, options: CardOptions, in_words: Words) -> str:
    """Plain lines without any sign that markdown or HTML knows: who reads a note, and in what, is not known."""
    scan = [*scan_lines(assessment.scan, in_words), in_words.say("order.note.preparation")] if action == DXA else []
    basis = {"version": assessment.rule_set, "date": assessment.as_of.isoformat()}
    end = [*_route(options.target(action), in_words), in_words.say("order.note.rules", basis)]
    return "\n".join([told.limbs, *map(_noted, scan), *told.seen, *map(_noted, end)])[:_MOST_NOTE]


def _noted(line: str) -> str:
    return without_markup(line, _MOST_NOTE)


def _route(target: ReferralTarget | None, in_words: Words) -> list[str]:
    if target is None:
        return []
    lines = []
    if target.channel:
        lines.append(in_words.say("order.note.channel", {"channel": target.channel, "unit": target.unit}))
    if target.address:
        address = Said(", ".join(one_line(line) for line in target.address))
        lines.append(in_words.say("order.note.paper", {"address": address}))
    return lines


def _performer(target: ReferralTarget | None) -> Json | None:
    if target is None:
        return None
    identifier = {"system": target.identifier_system, "value": target.identifier} if target.identifier else None
    return {"display": target.name, "identifier": identifier}
