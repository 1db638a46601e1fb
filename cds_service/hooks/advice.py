"""What every hook is given, and what it gives back: the assessment whose decisions become the cards of the answer."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec

from cds_service.errors import MalformedRequest
from cds_service.fhir import Gathered, HookRequest
from cds_service.risk.assess import assess
from cds_service.risk.assessment import Assessment
from cds_service.risk.record import PatientRecord
from cds_service.rulesets.model import RuleSet
from cds_service.terminology.index import TerminologyIndex

NOT_SENT: Final = msgspec.Raw(b"")
Drafts = Mapping[str, Mapping[str, Any]]
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a hook, with the record of everything delivered and fetched, but nothing of the context yet."""

    request: HookRequest
    gathered: Gathered
    record: PatientRecord
    index: TerminologyIndex
    rules: RuleSet
    as_of: date

    def member(self, name: str) -> msgspec.Raw:
        """Return a member of the context as bytes, empty when it was not sent.

        Raises MalformedRequest when a member's name is no text, so that none can be told from another.
        """
        try:
            return _MEMBERS.decode(self.request.raw_context).get(name, NOT_SENT)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise MalformedRequest("context: is not JSON in UTF-8") from None

    def assessed(self, record: PatientRecord | None = None) -> Assessment:
        """Return the assessment of ``record``, or of the call's own."""
        return assess(self.record if record is None else record, self.rules, self.as_of)


class Advice(msgspec.Struct, frozen=True):
    """What is answered. ``drafts``: the client's draft orders by reference, which an update must give back whole."""

    assessment: Assessment
    drafts: Drafts = {}


def chart_advice(call: Call) -> Advice:
    """Return what the chart alone says: for hooks whose context adds nothing to the record."""
    return Advice(call.assessed())


def silent(assessment: Assessment) -> Assessment:
    """Return the assessment without its decisions: nothing is shown."""
    return msgspec.structs.replace(assessment, decisions=())
