"""From the bytes of a call to its assessment, step by step: all of the work, and no input or output.

Where something has to be fetched, it stops and asks for it. So the same steps run here, between two waits of the event
loop, and in a process of their own (:mod:`.aside`), which is given the job anew with every answer had so far.
"""

from collections.abc import Generator, Sequence
from datetime import date
from typing import TypeAlias

import msgspec

from cds_service.errors import MalformedRequest
from cds_service.fhir import Gathered, HookRequest, clinician_languages, gather, read_hook_request, record_of
from cds_service.fhir.fetching import Pages, Search, completing
from cds_service.hooks import patient_view
from cds_service.hooks.advice import Call, Drafts
from cds_service.hooks.cohort_doubt import refuse_doubtful_silence
from cds_service.hooks.services import HOOKS, MAY_ADD_A_LIMB
from cds_service.risk.assessment import Assessment
from cds_service.risk.gates.eligibility import cohort_gate, person_gates
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import Area, PatientRecord
from cds_service.rulesets.model import RuleSet
from cds_service.simulation.recorded import without_person
from cds_service.terminology.index import TerminologyIndex


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One call, as data.

    Attributes:
        body: its bytes.
        hooks: those that this caller may call.
        as_of: the day of assessment.
        fetches: whether there is any server to fetch from.
        version: the caller's FHIR version, where it is set.
        keeps_facts: whether what was read is wanted back, without the person, where a limb is missing.
    """

    body: bytes
    hooks: frozenset[str]
    as_of: date
    fetches: bool = False
    version: str = ""
    keeps_facts: bool = False


class Knowledge(msgspec.Struct, frozen=True):
    """What a call is assessed by."""

    index: TerminologyIndex
    rules: RuleSet


class Asked(msgspec.Struct, frozen=True):
    """What has to be fetched before it goes on. The request is here without its resources."""

    request: HookRequest
    searches: tuple[Search, ...]


class Assessed(msgspec.Struct, frozen=True):
    """What a call was found to say. The request is here without its resources.

    ``protected`` as in Demographics. ``spoken``: the clinician's languages, looked up only where there is a card.
    ``facts``: what was read, without the person, where the job wants it.
    """

    request: HookRequest
    assessment: Assessment
    drafts: Drafts
    protected: bool
    spoken: tuple[str, ...] = ()
    facts: bytes = b""


Reply: TypeAlias = Sequence[Pages] | str
"""What was fetched, or why nothing can be: fit for the caller's eyes."""

_Steps: TypeAlias = Generator[Asked, Reply | None, Assessed]


class Walk:
    """One walk through the steps, as far as the replies reach."""

    def __init__(self, job: Job, by: Knowledge) -> None:
        self._steps = _steps(job, by)
        self._given = 0

    def on(self, replies: Sequence[Reply]) -> Asked | Assessed:
        """Return where it stops after all of ``replies``, of which those given before are not given again.

        Raises MalformedRequest, TooLarge, EssentialDataMissing: it goes no further.
        """
        try:
            # A generator begins when it is given None.
            for reply in (None, *replies)[self._given :]:
                self._given += 1
                asked = self._steps.send(reply)
        except StopIteration as end:
            assessed: Assessed = end.value
            return assessed
        return asked


def _steps(job: Job, by: Knowledge) -> _Steps:
    request = read_hook_request(job.body)
    if request.hook not in job.hooks:
        raise MalformedRequest("hook: this service does not serve the hook named")
    gathered = gather(request, by.index)
    alone = msgspec.structs.replace(request, prefetch={}, glanced=None)
    if job.fetches:
        gathered = yield from _completed(alone, gathered, job, by)
    record = record_of(gathered, by.index)
    call = Call(request=alone, gathered=gathered, record=record, index=by.index, rules=by.rules, as_of=job.as_of)
    advice = HOOKS[request.hook].advise(call)
    refuse_doubtful_silence(advice.assessment, gathered, record)
    spoken = clinician_languages(request, job.body) if advice.assessment.decisions else ()
    # Drafts and new problems are no facts yet: only the chart as it is opened is kept.
    keeps = job.keeps_facts and request.hook == patient_view.HOOK and advice.assessment.limbs.in_cohort
    facts = without_person(record, job.as_of) if keeps else b""
    return Assessed(alone, advice.assessment, advice.drafts, record.demographics.protected, spoken, facts)


def _completed(
    request: HookRequest, gathered: Gathered, job: Job, by: Knowledge
) -> Generator[Asked, Reply | None, Gathered]:
    """Fetch what decides whether this is for us at all, and the rest only if it is."""

    def settled(so_far: Gathered) -> bool:
        return request.hook not in MAY_ADD_A_LIMB and _is_settled(record_of(so_far, by.index), job, by)

    searching = completing(gathered, job.version, settled)
    try:
        searches = next(searching)
        while True:
            reply = yield Asked(request, tuple(searches))
            if isinstance(reply, str):
                return msgspec.structs.replace(gathered, no_access=reply)
            searches = searching.send(reply or ())
    except StopIteration as end:
        completed: Gathered = end.value
        return completed


def _is_settled(record: PatientRecord, job: Job, by: Knowledge) -> bool:
    """True when nothing that could still be fetched would change that there is no advice to give."""
    if person_gates(record):
        return True
    limbs = limb_status(record, by.rules, job.as_of)
    return cohort_gate(record, limbs) is not None and record.complete(Area.CONDITIONS, Area.PROCEDURES)
