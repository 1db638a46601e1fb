"""From a source (answers or a file) to its assessment, under the rules as this page shows them."""

from collections.abc import Callable
from datetime import date

import msgspec
import orjson

from cards import CardOptions
from cards.options import Language
from cds_service.fhir import named_patient, read_bundle, read_hook_request, read_prefetch
from cds_service.risk.assess import assess
from cds_service.risk.assessment import Assessment
from cds_service.risk.record import PatientRecord
from cds_service.rulesets.model import RuleSet
from cds_service.silence import Silence, Silenced
from cds_service.standalone.answers import Answers, Problem, Reader
from cds_service.standalone.carried import Source
from cds_service.standalone.facts import record_of
from cds_service.standalone.model import FormModel, form_model
from cds_service.standalone.result import told_by_hand
from cds_service.standalone.timeline import Timeline, timeline_of
from cds_service.terminology.index import TerminologyIndex

_WATCH_CARDS = "decisions.watch_cards"


class Assessed(msgspec.Struct, frozen=True):
    """An assessment with what the page draws beside it.

    ``protected``: the record protects the person's identity. ``silenced``: cards held back in the record after answers.
    """

    assessment: Assessment
    timeline: Timeline
    protected: bool
    silenced: tuple[Silenced, ...] = ()


class Unusable(Exception):
    """The answers have problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """``problems``: one or more."""
        super().__init__("the answers have problems")
        self.problems = problems


class Desk(msgspec.Struct, frozen=True):
    """Everything an assessment at this page needs. Make it with :func:`desk`.

    ``silence`` tells of answered cards; None tells of none.
    """

    index: TerminologyIndex
    rules: RuleSet
    model: FormModel
    today: Callable[[], date]
    options: CardOptions
    silence: Silence | None = None

    def assessed(self, source: Source, language: Language) -> Assessed:
        """Return the assessment of ``source`` today.

        Raises Unusable for answers with problems; EssentialDataMissing, MalformedRequest or TooLarge for a file.
        """
        today = self.today()
        record = self._of_form(source, today, language) if source.kind == "form" else self._of_file(source.text, today)
        assessment = assess(record, self.rules, today)
        shown = told_by_hand(assessment) if source.kind == "form" else assessment
        timeline = timeline_of(record, self.rules, today, self.model.definition.timeline)
        return Assessed(shown, timeline, record.demographics.protected, self._silenced(source, assessment))

    def _silenced(self, source: Source, assessment: Assessment) -> tuple[Silenced, ...]:
        """Return what is held back in the record that a file is from, when the file names it."""
        if self.silence is None or source.kind == "form":
            return ()
        server, patient = named_patient(source.text.encode(errors="replace"))
        return self.silence.known(server, patient, assessment) if patient else ()

    def _of_form(self, source: Source, today: date, language: Language) -> PatientRecord:
        answers = Answers.of(source.answers.items(), self.model.definition)
        reader = Reader(answers, self.model.choices, self.rules, today, language)
        record = record_of(self.model, reader)
        if record is None:
            raise Unusable(tuple(reader.problems))
        return record

    def _of_file(self, text: str, today: date) -> PatientRecord:
        body = text.encode(errors="replace")
        if _is_hook_request(body):
            return read_prefetch(read_hook_request(body), self.index, today)
        return read_bundle(body, self.index)

    def card_options(self, language: Language) -> CardOptions:
        """Return how cards are written here: without orders, because there is no record to put them in."""
        return msgspec.structs.replace(self.options, language=language, patient="")


def desk(index: TerminologyIndex, rules: RuleSet, today: Callable[[], date], options: CardOptions) -> Desk:
    """Return the desk of one rule set, which always shows the cards of tier WATCH (D12)."""
    shown = msgspec.structs.replace(rules, choices={**rules.choices, _WATCH_CARDS: "info"})
    return Desk(index, shown, form_model(index, rules), today, options)


def _is_hook_request(body: bytes) -> bool:
    """A patient-view request instead of a Bundle: what a developer of a client has at hand."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, dict) and "prefetch" in value
