"""How long periods have stayed away: told in months, or by the day of the last one.

A day of the last period tells only of the time until it was asked for; a period since then is not excluded.
"""

from collections.abc import Iterable
from datetime import date
from itertools import chain
from typing import Final

from cds_service.risk.body.measures import MONTHS
from cds_service.risk.dates import PartialDate, add_months
from cds_service.risk.filters import item_answers, newest_first, results
from cds_service.risk.measured import measured
from cds_service.risk.record import Hit, ObservationFact, PatientRecord

LAST_PERIOD: Final = "last-menstrual-period"
AMENORRHOEA_ITEM: Final = "amenorrhoea"

Answer = Hit[ObservationFact]


def newest_answer(record: PatientRecord, as_of: date) -> Answer | None:
    """Return the newest usable answer about periods, of either kind, or None."""
    answers: Iterable[Answer] = chain(
        item_answers(record, AMENORRHOEA_ITEM, as_of), results(record, LAST_PERIOD, as_of)
    )
    return next((hit for hit in newest_first(answers) if _usable(hit.fact)), None)


def _usable(fact: ObservationFact) -> bool:
    if isinstance(fact.value, PartialDate):
        return fact.effective is not None and fact.value.first <= fact.effective.last
    return measured(fact, MONTHS) is not None


def without_for(answer: Answer, months: float, *, more: bool = False) -> bool:
    """True when periods had certainly been away for ``months`` (for longer than that, with ``more``) when asked."""
    told, asked = answer.fact.value, answer.fact.effective
    if isinstance(told, PartialDate) and asked is not None:
        full = add_months(told.last, int(months))
        return full < asked.first if more else full <= asked.first
    lasted = measured(answer.fact, MONTHS)
    if lasted is None:
        return False
    return lasted.above(months) if more else lasted.at_least(months)
