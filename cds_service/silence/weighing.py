"""Silence after feedback (D18): a card that was answered is not shown again until its time or its reason is over.

The newest answer to a card of a kind decides for that kind alone. It no longer holds when the card has a reason it did
not have: a new strong factor, a new fracture, an override to HIGH. Whatever cannot be read silences nothing. Cards
about an order that is being written are about that order alone: they are never silenced.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Final

import msgspec

from cds_service.errors import StoreError
from cds_service.fhir import HookRequest
from cds_service.logs import log
from cds_service.risk.assessment import Assessment, Decision
from cds_service.risk.dates import add_days, add_months
from cds_service.risk.decisions.decide import CARDS
from cds_service.rulesets.model import RuleSet
from cds_service.silence.marks import CardMarks, card_marks, patient_mark
from cds_service.store import Act, ShownCard
from cds_service.terminology.index import TerminologyIndex

ACCEPTED: Final = "accepted"
OTHER: Final = "other"
_CONCEPT: Final = "override-reason"
_DAYS_PER_WEEK: Final = 7


class Silenced(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One card held back: since which day, until which (the first day it may show again), and why.

    ``until`` is None when the silence lasts until data change. ``why`` is ``accepted`` or the meaning of the override
    reason, a key of the catalogue's ``override`` words.
    """

    card: str
    since: date
    until: date | None
    why: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The cards to show and those held back; ``patient`` and ``marks`` (by kind) are what to remember of them."""

    kept: tuple[Decision, ...]
    silenced: tuple[Silenced, ...] = ()
    patient: str = ""
    marks: Mapping[str, CardMarks] = msgspec.field(default_factory=dict)

    def shown(self, uuids: Iterable[str]) -> tuple[ShownCard, ...]:
        """Return what to remember of the kept cards, given the uuids they were sent with, in their order."""
        return tuple(self._remembered(uuid, decision.card) for uuid, decision in zip(uuids, self.kept, strict=True))

    def _remembered(self, uuid: str, kind: str) -> ShownCard:
        marks = self.marks.get(kind)
        if marks is None:
            return ShownCard(uuid=uuid, kind=kind)
        return ShownCard(
            uuid=uuid, kind=kind, reasons=tuple(sorted(marks.reasons)), facts=marks.facts, limb_facts=marks.limb_facts
        )


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How long an answer silences: the rule set's ``[silence]``, what reasons mean, in whose days it is counted."""

    rules: RuleSet
    index: TerminologyIndex
    zone: tzinfo

    def meaning(self, act: Act) -> str:
        """Return ``accepted`` or what the override reason means; ``other`` for one that is unknown or not given."""
        if act.outcome == ACCEPTED:
            return ACCEPTED
        # A client may echo the code alone, as it was sent with our system.
        system = act.reason_system or self.index.systems.uri(_CONCEPT)
        match = self.index.match(_CONCEPT, system, act.reason_code)
        meaning = match.attributes.get("meaning", OTHER) if match else OTHER
        setting = _setting(meaning)
        return meaning if setting in self.rules.settings or setting in self.rules.choices else OTHER

    def of(self, act: Act, marks: CardMarks) -> Silenced | None:
        """Return the silence that an answer begins, or None when the data it turns on have changed."""
        why, since = self.meaning(act), self.day(act)
        number = self.rules.settings.get(_setting(why))
        if number is not None:
            amount = number.value
            weeks = number.unit == "wk"
            until = add_days(since, int(amount * _DAYS_PER_WEEK)) if weeks else add_months(since, int(amount))
            return Silenced(card=act.kind, since=since, until=until, why=why)
        limbs_only = self.rules.choice(_setting(why)) == "limb-data-change"
        same = act.limb_facts == marks.limb_facts if limbs_only else act.facts == marks.facts
        return Silenced(card=act.kind, since=since, until=None, why=why) if same else None

    def day(self, act: Act) -> date:
        """Return the clinic's day on which the answer was given."""
        return moment(act).astimezone(self.zone).date()


def moment(act: Act) -> datetime:
    """Return when the client says the answer was given, held between our showing the card and our hearing of it."""
    try:
        said = datetime.fromisoformat(act.outcome_at)
    except ValueError:
        return act.received
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    return min(max(said, act.shown), act.received)


def weigh(assessment: Assessment, acts: tuple[Act, ...], marks: Mapping[str, CardMarks], terms: Terms) -> Verdict:
    """Return which cards of the assessment are kept and which are held back after ``acts``.

    ``marks`` holds the marks of the cards that can be silenced by kind. Pure; the day is the assessment's.
    """
    newest: dict[str, Act] = {}
    for act in sorted(acts, key=moment):
        newest[act.kind] = act
    held = {
        decision.card: silence
        for decision in assessment.decisions
        if decision.card in newest
        and decision.card in marks
        and (silence := _silence(newest[decision.card], marks[decision.card], terms, assessment.as_of))
    }
    return Verdict(
        kept=tuple(decision for decision in assessment.decisions if decision.card not in held),
        silenced=tuple(held.values()),
        marks=marks,
    )


def lasting_reasons(index: TerminologyIndex, rules: RuleSet) -> frozenset[tuple[str, str]]:
    """Return the override reasons (system, code) whose silence has no end in time: what a purge must keep."""
    return frozenset(
        (row.system, row.code)
        for row in index.table(_CONCEPT)
        if _setting(row.attributes.get("meaning", "")) in rules.choices
    )


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Silence as the engine applies it. ``acts`` reads what was done with a patient's cards, in ``seconds`` at most."""

    acts: Callable[[str], tuple[Act, ...]]
    key: bytes
    terms: Terms
    seconds: float

    def __repr__(self) -> str:
        return "Silence(<hidden>)"

    async def applied(self, request: HookRequest, assessment: Assessment) -> Verdict:
        """Return the verdict on an assessment. No cards, no look-up; a store that is down hides nothing."""
        patient = self._mark(request.fhir_server or "", request.context.patient_id, assessment)
        if not patient:
            return Verdict(kept=assessment.decisions)
        return self._weighed(assessment, patient, await self._read(patient))

    def known(self, server: str, patient_id: str, assessment: Assessment) -> tuple[Silenced, ...]:
        """Return which cards of an assessment are held back in the record of a patient named by server and id.

        Blocks while the store is read, for at most as long as the store takes; one that is down knows of nothing.
        """
        patient = self._mark(server, patient_id, assessment)
        try:
            return self._weighed(assessment, patient, self.acts(patient)).silenced if patient else ()
        except StoreError as error:
            log.error("silence not read, none is told", problem=str(error))
            return ()

    def _mark(self, server: str, patient_id: str, assessment: Assessment) -> str:
        lasting = any(decision.card in CARDS for decision in assessment.decisions)
        return patient_mark(self.key, server, patient_id) if lasting else ""

    def _weighed(self, assessment: Assessment, patient: str, acts: tuple[Act, ...]) -> Verdict:
        lasting = (decision for decision in assessment.decisions if decision.card in CARDS)
        marks = {decision.card: card_marks(self.key, patient, assessment, decision) for decision in lasting}
        return msgspec.structs.replace(weigh(assessment, acts, marks, self.terms), patient=patient)

    async def _read(self, patient: str) -> tuple[Act, ...]:
        try:
            return await asyncio.wait_for(asyncio.to_thread(self.acts, patient), self.seconds)
        except (StoreError, TimeoutError) as error:
            log.error("silence not read, all cards are shown", problem=str(error) or type(error).__name__)
            return ()


def _silence(act: Act, marks: CardMarks, terms: Terms, as_of: date) -> Silenced | None:
    if marks.reasons - frozenset(act.reasons):
        return None
    found = terms.of(act, marks)
    over = found is None or (found.until is not None and as_of >= found.until)
    return None if over else found


def _setting(meaning: str) -> str:
    return f"silence.{meaning.replace('-', '_')}"
