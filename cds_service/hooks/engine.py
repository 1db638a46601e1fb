"""The way through, once: bytes -> record -> assessment -> cards -> bytes, and what to remember of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import orjson

from cards import CardOptions, cards_for
from cards.options import Language
from cds_service.errors import MalformedRequest
from cds_service.fhir import HookRequest, read_hook_request, read_prefetch
from cds_service.hooks.services import HOOKS
from cds_service.risk.assess import assess
from cds_service.risk.assessment import Assessment
from cds_service.rulesets.model import RuleSet
from cds_service.store import DecisionEntry
from cds_service.terminology.index import TerminologyIndex


class Answer(msgspec.Struct, frozen=True):
    """The response body, and the decision to remember."""

    body: bytes
    decision: DecisionEntry


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """What a call needs beside its own bytes. ``today`` tells the day in the clinic's time zone."""

    index: TerminologyIndex
    rules: RuleSet
    today: Callable[[], date]
    options: CardOptions

    def answer(self, body: bytes, *, language: Language | None = None) -> Answer:
        """Return the cards for a hook request.

        Raises MalformedRequest for a body that is not a hook request or a hook we do not serve, EssentialDataMissing
        when the record cannot be assessed. ``language`` is that of the cards; None for the default.
        """
        request = read_hook_request(body)
        if request.hook not in HOOKS:
            raise MalformedRequest("hook: this service does not serve the hook named")
        record = read_prefetch(request, self.index)
        assessment = assess(record, self.rules, self.today())
        cards = cards_for(assessment, self._options(request, assessment, language))
        return Answer(orjson.dumps({"cards": cards}), decision_of(request.hook, assessment, cards))

    def _options(self, request: HookRequest, assessment: Assessment, language: Language | None) -> CardOptions:
        context = request.context
        return msgspec.structs.replace(
            self.options,
            language=language or self.options.language,
            as_of=assessment.as_of,
            patient=f"Patient/{context.patient_id.rpartition('/')[2]}",
            requester=context.user_id,
        )


def decision_of(hook: str, assessment: Assessment, cards: list[dict[str, Any]]) -> DecisionEntry:
    """Return what may be remembered of an assessment: rules, tier, card numbers; no identifier, no clinical value."""
    kinds = (decision.card for decision in assessment.decisions)
    return DecisionEntry(
        at=datetime.now(UTC),
        hook=hook,
        rule_set=assessment.rule_set,
        profile=assessment.profile,
        tier=assessment.tier.value if assessment.tier else "",
        points=assessment.points,
        gates=tuple(gate.gate for gate in assessment.gates),
        rules=assessment.counted,
        unknowns=tuple(sorted({unknown.item for unknown in assessment.unknowns})),
        cards=tuple(zip((card["uuid"] for card in cards), kinds, strict=False)),
    )
