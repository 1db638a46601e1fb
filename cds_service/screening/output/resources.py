"""The list as FHIR R4: a RiskAssessment for each patient, Lists that keep their order. Never a probability (D19)."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby, islice
from typing import Any, Final

import orjson
from fhir.resources.R4B.list import List
from fhir.resources.R4B.riskassessment import RiskAssessment

from cards.words import words
from cds_service.screening.rows import COULD_NOT_CHECK, Row, Told
from cds_service.screening.setting import Setting

Json = dict[str, Any]
PER_LIST: Final = 1000
"""Entries in one List: a server would refuse one with all."""

_ID_LENGTH: Final = 40


class Emitter:
    """Makes the resources of one screening; every one is held against its FHIR definition before it leaves."""

    def __init__(self, setting: Setting, rule_set: str, language: str) -> None:
        self._setting, self._rule_set, self._language = setting, rule_set, language
        self._words = words(language)

    def assessments(self, rows: Iterable[Row]) -> Iterator[bytes]:
        """Yield a line of NDJSON for each row."""
        for row in rows:
            yield _line(RiskAssessment, self._assessment(row))

    def lists(self, rows: Iterable[Row]) -> Iterator[bytes]:
        """Yield Lists of at most ``PER_LIST`` entries each, group after group, in the order of the rows."""
        for group, members in groupby(rows, key=lambda row: row.group):
            for number, part in enumerate(_parts(members), start=1):
                yield _line(List, self._list(group, number, part))

    def _assessment(self, row: Row) -> Json:
        told = row.told.get(self._language, Told())
        tier = self._words.word("tier", row.tier) if row.tier else self._words.say("screening.no-tier")
        group = self._words.say(f"screening.group.{row.group}")
        notes = [*told.advice, *told.reasons, *told.gates, *told.unknowns]
        notes += [self._words.say(f"screening.why.{why}") for why in row.why]
        return {
            "resourceType": "RiskAssessment",
            "id": self._id(row.patient),
            "language": self._language,
            "status": "preliminary" if row.group == COULD_NOT_CHECK else "final",
            "method": {"text": f"{self._rule_set} ({self._setting.profile})"},
            "code": {"text": self._words.say("screening.title")},
            "subject": {"reference": f"Patient/{row.patient}"},
            "occurrenceDateTime": self._setting.as_of.isoformat(),
            "basis": [{"reference": reference} for reference in row.evidence],
            "prediction": [{"outcome": {"text": group}, "qualitativeRisk": {"text": tier}}],
            "note": [{"text": note} for note in [*notes, self._words.say("screening.not-validated")]],
        }

    def _list(self, group: str, number: int, rows: list[Row]) -> Json:
        return {
            "resourceType": "List",
            "id": self._id(f"{group} {number}"),
            "language": self._language,
            "status": "current",
            "mode": "snapshot",
            "title": f"{self._words.say(f'screening.group.{group}')} ({number})",
            "date": self._setting.as_of.isoformat(),
            "orderedBy": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/list-order", "code": "priority"}]
            },
            "entry": [{"item": {"reference": f"RiskAssessment/{self._id(row.patient)}"}} for row in rows],
        }

    def _id(self, whose: str) -> str:
        """Return an id that is the same for the same patient, day and rules, and does not show the patient's."""
        text = f"{whose}|{self._setting.as_of}|{self._rule_set}|{self._setting.profile}"
        return sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while part := list(islice(left, PER_LIST)):
        yield part


def _line(model: Any, resource: Json) -> bytes:
    """Return the resource as a line, without what is empty. Raises pydantic.ValidationError when it is not valid."""
    shown = {name: value for name, value in resource.items() if value}
    model.model_validate(shown)
    return orjson.dumps(shown) + b"\n"
