"""Suggestions about a draft order of the client's own: give it back completed, or take it away.

An update holds the whole resource as the client sent it, with what we add; nothing of the client's is changed or lost.
"""

import copy
from typing import Any, Final

from cards.limbs import limb_status_text, scan_lines, scan_sites
from cards.options import REFERENCE, CardOptions
from cards.orders import sites_to_measure
from cards.requests import Json
from cards.untrusted import without_markup
from cards.words import Said, Words
from cds_service.risk.assessment import Assessment, Decision

DOUBTFUL: Final = "O3"
_MOST_NOTE: Final = 2_000


def draft_suggestions(decision: Decision, assessment: Assessment, options: CardOptions, in_words: Words) -> list[Json]:
    """Return the one suggestion about the draft that the decision names (O2, O3); none when nothing can be done to it.

    Other decisions name no draft.
    """
    reference = str(decision.values.get("draft") or "")
    if not REFERENCE.match(reference):
        return []
    if decision.card == DOUBTFUL:
        label = in_words.say("update.remove-dxa")
        return [_suggestion({"type": "delete", "description": label, "resourceId": reference}, options)]
    return _update(options.drafts.get(reference), assessment, options, in_words)


def _update(draft: Any, assessment: Assessment, options: CardOptions, in_words: Words) -> list[Json]:
    completed = completed_scan(draft, assessment, in_words) if isinstance(draft, dict) else None
    if completed is None:
        return []
    sites = scan_sites(assessment.scan, in_words)
    label = in_words.say("update.improve-dxa", {"sites": Said(sites)})
    return [_suggestion({"type": "update", "description": label, "resource": completed}, options)]


def completed_scan(draft: Json, assessment: Assessment, in_words: Words) -> Json | None:
    """Return the draft with the sites to measure and a note on the limbs added, or None when it says all that already.

    A draft whose ``bodySite`` or ``note`` is no list is not FHIR: it is left alone.
    """
    sites, notes = draft.get("bodySite", []), draft.get("note", [])
    if not isinstance(sites, list) or not isinstance(notes, list):
        return None
    new_sites = [site for site in sites_to_measure(assessment.scan, in_words) if site not in _texts(sites)]
    note = _note(assessment, in_words)
    new_notes = [] if note in _texts(notes) else [note]
    if not new_sites and not new_notes:
        return None
    completed = copy.deepcopy(draft)
    completed["bodySite"] = [*completed.get("bodySite", []), *({"text": site} for site in new_sites)]
    completed["note"] = [*completed.get("note", []), *({"text": text} for text in new_notes)]
    return {name: member for name, member in completed.items() if member != []}


def _texts(members: list[Any]) -> set[str]:
    return {text for member in members if isinstance(member, dict) and isinstance(text := member.get("text"), str)}


def _note(assessment: Assessment, in_words: Words) -> str:
    limbs = in_words.say("order.note.limbs", {"limbs": Said(limb_status_text(assessment.limbs, in_words))})
    lines = [limbs, *scan_lines(assessment.scan, in_words), in_words.say("order.note.preparation")]
    return "\n".join(without_markup(line, _MOST_NOTE) for line in lines)[:_MOST_NOTE]


def _suggestion(action: Json, options: CardOptions) -> Json:
    return {"label": action["description"], "uuid": options.new_uuid(), "actions": [action]}
