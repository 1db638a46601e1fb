"""The way through, once: bytes -> record -> assessment -> cards -> bytes, and what to remember of it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
import orjson

from cards import CardOptions, cards_for
from cards.options import Language
from cds_service.clients import Client
from cds_service.fhir import HookRequest
from cds_service.fhir.fetching import Access, Fetcher
from cds_service.fhir.fetching import Call as FetchingCall
from cds_service.hooks.advice import Drafts
from cds_service.hooks.aside import Aside
from cds_service.hooks.assessing import Assessed, Job, Knowledge, Reply, Walk
from cds_service.hooks.for_client import access_of, as_client_wants, not_hidden, withheld
from cds_service.hooks.services import HOOKS
from cds_service.risk.assessment import Assessment
from cds_service.rulesets.model import RuleSet
from cds_service.silence import Silence, Silenced, Verdict
from cds_service.store import DecisionEntry
from cds_service.terminology.index import TerminologyIndex
from cds_service.tracing import stage

SPOKEN: Final[Mapping[str, Language]] = {"sv": "sv", "en": "en"}
"""The languages of the cards by primary tag."""


class Answer(msgspec.Struct, frozen=True):
    """The response body, the decision to remember, and the cards held back after feedback.

    ``facts``: what was read, without the person; empty where nothing of it is kept.
    """

    body: bytes
    decision: DecisionEntry
    silenced: tuple[Silenced, ...] = ()
    facts: bytes = b""


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """What a call needs beside its own bytes. ``today`` tells the day in the clinic's time zone.

    ``hooks`` are those switched on.
    ``fetcher`` completes a partial prefetch; None when no FHIR server is registered. ``silence`` holds back cards that
    were answered; None holds back nothing. ``aside`` assesses large records in processes of their own; None: all here.
    ``keeps_facts``: what is read of limb-deficient people is handed back without the person.
    """

    index: TerminologyIndex
    rules: RuleSet
    today: Callable[[], date]
    options: CardOptions
    hooks: frozenset[str] = frozenset(HOOKS)
    fetcher: Fetcher | None = None
    silence: Silence | None = None
    aside: Aside | None = None
    keeps_facts: bool = False

    async def answer(self, body: bytes, *, language: Language | None = None, client: Client | None = None) -> Answer:
        """Return the cards for a hook request; what the client did not deliver is fetched first.

        Raises MalformedRequest for a body that is not a hook request or a hook we do not serve, EssentialDataMissing
        when the record cannot be assessed. ``language`` is that of the cards where the client has none of its own; None
        for the clinician's own, else the default. ``client`` is who calls; None where there are no clients, as on the
        command line.
        """
        access = access_of(client)
        job = Job(
            body=body,
            hooks=self.hooks if client is None else frozenset(filter(client.calls, self.hooks)),
            as_of=self.today(),
            fetches=self.fetcher is not None and self.fetcher.reaches_any(access),
            version=access.version,
            keeps_facts=self.keeps_facts,
        )
        return await self._answer(await self._assessed(job, access), language, client)

    async def _assessed(self, job: Job, access: Access) -> Assessed:
        by = Knowledge(self.index, self.rules)
        walk = Walk(job, by)
        replies: list[Reply] = []
        way: FetchingCall | str | None = None
        while True:
            with stage("assess"):
                told = await self.aside.on(job, replies, by) if self.aside is not None else None
                told = told or walk.on(replies)
            if isinstance(told, Assessed):
                return told
            assert self.fetcher is not None, "without one nothing is asked for"
            with stage("fetch"):
                way = self.fetcher.open(told.request, access) if way is None else way
                replies.append(way if isinstance(way, str) else await way.fetched(told.searches))

    async def _answer(self, assessed: Assessed, language: Language | None, client: Client | None) -> Answer:
        request = assessed.request
        assessment = not_hidden(assessed.assessment, client)
        heard = Verdict(kept=assessment.decisions)
        if self.silence is not None:
            with stage("silence"):
                heard = await self.silence.applied(request, assessment)
        shown = msgspec.structs.replace(assessment, decisions=heard.kept)
        language = language or next((SPOKEN[tag] for tag in assessed.spoken if tag in SPOKEN), None)
        options = as_client_wants(self._options(request, shown, language, assessed.drafts), client)
        options = msgspec.structs.replace(options, protected=assessed.protected)
        with stage("cards"):
            cards = cards_for(shown, options)
        decision = decision_of(request.hook, shown, cards, heard)
        if client is not None:
            cards, decision = withheld(cards, decision, client)
        return Answer(orjson.dumps({"cards": cards}), decision, heard.silenced, assessed.facts)

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
