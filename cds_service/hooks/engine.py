"""The way through, once: bytes -> record -> assessment -> cards -> bytes, and what to remember of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import orjson

from cards import CardOptions, cards_for
from cards.options import Language
from cds_service.clients import Client
from cds_service.errors import MalformedRequest
from cds_service.fhir import Gathered, HookRequest, gather, read_hook_request, record_of
from cds_service.fhir.fetching import Call, Fetcher
from cds_service.hooks.advice import Advice, Drafts
from cds_service.hooks.advice import Call as HookCall
from cds_service.hooks.cohort_doubt import refuse_doubtful_silence
from cds_service.hooks.for_client import access_of, as_client_wants, not_hidden, withheld
from cds_service.hooks.services import HOOKS, MAY_ADD_A_LIMB
from cds_service.risk.assessment import Assessment
from cds_service.risk.gates.eligibility import cohort_gate, person_gates
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import Area, PatientRecord
from cds_service.rulesets.model import RuleSet
from cds_service.silence import Silence, Silenced, Verdict
from cds_service.store import DecisionEntry
from cds_service.terminology.index import TerminologyIndex


class Answer(msgspec.Struct, frozen=True):
    """The response body, the decision to remember, and the cards held back after feedback."""

    body: bytes
    decision: DecisionEntry
    silenced: tuple[Silenced, ...] = ()


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """What a call needs beside its own bytes. ``today`` tells the day in the clinic's time zone.

    ``hooks`` are those switched on.
    ``fetcher`` completes a partial prefetch; None when no FHIR server is registered. ``silence`` holds back cards that
    were answered; None holds back nothing.
    """

    index: TerminologyIndex
    rules: RuleSet
    today: Callable[[], date]
    options: CardOptions
    hooks: frozenset[str] = frozenset(HOOKS)
    fetcher: Fetcher | None = None
    silence: Silence | None = None

    async def answer(self, body: bytes, *, language: Language | None = None, client: Client | None = None) -> Answer:
        """Return the cards for a hook request; what the client did not deliver is fetched first.

        Raises MalformedRequest for a body that is not a hook request or a hook we do not serve, EssentialDataMissing
        when the record cannot be assessed. ``language`` is that of the cards where the client has none of its own; None
        for the default. ``client`` is who calls; None where there are no clients, as on the command line.
        """
        request = read_hook_request(body)
        if request.hook not in self.hooks or (client and not client.calls(request.hook)):
            raise MalformedRequest("hook: this service does not serve the hook named")
        gathered = gather(request, self.index)
        if self.fetcher is not None:
            way = self.fetcher.open(request, gathered, access_of(client))
            gathered = await self._completed(request, way, gathered)
        return await self._answer(request, gathered, language, client)

    async def _completed(self, request: HookRequest, call: Call | str, gathered: Gathered) -> Gathered:
        """Fetch what decides whether this is for us at all, and the rest only if it is."""
        if isinstance(call, str):
            return msgspec.structs.replace(gathered, no_access=call)
        if not call.wants_anything(gathered):
            return gathered
        gathered = await call.essentials(gathered)
        if request.hook not in MAY_ADD_A_LIMB and self._settled(record_of(gathered, self.index)):
            return gathered
        return await call.rest(gathered)

    def _settled(self, record: PatientRecord) -> bool:
        """True when nothing that could still be fetched would change that there is no advice to give."""
        if person_gates(record):
            return True
        limbs = limb_status(record, self.rules, self.today())
        return cohort_gate(record, limbs) is not None and record.complete(Area.CONDITIONS, Area.PROCEDURES)

    async def _answer(
        self, request: HookRequest, gathered: Gathered, language: Language | None, client: Client | None
    ) -> Answer:
        record = record_of(gathered, self.index)
        advice = self._advice(request, gathered, record)
        assessment = advice.assessment
        refuse_doubtful_silence(assessment, gathered, record)
        assessment = not_hidden(assessment, client)
        heard = Verdict(kept=assessment.decisions)
        if self.silence is not None:
            heard = await self.silence.applied(request, assessment)
        shown = msgspec.structs.replace(assessment, decisions=heard.kept)
        options = as_client_wants(self._options(request, shown, language, advice.drafts), client)
        options = msgspec.structs.replace(options, protected=record.demographics.protected)
        cards = cards_for(shown, options)
        decision = decision_of(request.hook, shown, cards, heard)
        if client is not None:
            cards, decision = withheld(cards, decision, client)
        return Answer(orjson.dumps({"cards": cards}), decision, heard.silenced)

    def _advice(self, request: HookRequest, gathered: Gathered, record: PatientRecord) -> Advice:
        call = HookCall(
            request=request,
            gathered=gathered,
            record=record,
            index=self.index,
            rules=self.rules,
            as_of=self.today(),
        )
        return HOOKS[request.hook].advise(call)

    def _options(
        self, request: HookRequest, assessment: Assessment, language: Language | None, drafts: Drafts
    ) -> CardOptions:
        context = request.context
        return msgspec.structs.replace(
            self.options,
            language=language or self.options.language,
            as_of=assessment.as_of,
            patient=f"Patient/{context.patient_id.rpartition('/')[2]}",
            requester=context.user_id,
            encounter=f"Encounter/{context.encounter_id.rpartition('/')[2]}" if context.encounter_id else "",
            drafts=drafts,
        )


def decision_of(hook: str, assessment: Assessment, cards: list[dict[str, Any]], heard: Verdict) -> DecisionEntry:
    """Return what may be remembered of an assessment: rules, tier, card numbers; no identifier, no clinical value."""
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
        cards=heard.shown(card["uuid"] for card in cards),
        silenced=tuple(silence.card for silence in heard.silenced),
        patient=heard.patient,
    )
