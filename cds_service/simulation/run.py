"""A whole cohort under two rule sets, one person after the other."""

from collections.abc import Callable, Iterable
from datetime import date

import msgspec

from cds_service.risk.assess import assess
from cds_service.rulesets.model import RuleSet
from cds_service.simulation.effect import effect_of
from cds_service.simulation.members import Member
from cds_service.simulation.tally import Outcome, Tally
from cds_service.terminology.index import TerminologyIndex


class Cancelled(Exception):
    """Somebody stopped the run; nothing of it is kept."""


class Side(msgspec.Struct, frozen=True):
    """One of the two rule sets, with the terminology that goes with it."""

    rules: RuleSet
    index: TerminologyIndex


def simulate(
    members: Iterable[Member], before: Side, after: Side, as_of: date, goes_on: Callable[[int], bool]
) -> Outcome:
    """Return what differs between two rule sets for these people on the day ``as_of``.

    ``goes_on`` is told after each person how many were done and says whether to go on. Raises Cancelled when it says
    no.
    """
    tally = Tally()
    for done, member in enumerate(members, start=1):
        _count(tally, member, before, after, as_of)
        if not goes_on(done):
            raise Cancelled
    return tally.outcome()


def _count(tally: Tally, member: Member, before: Side, after: Side, as_of: date) -> None:
    old = member.record(before.index)
    new = old if after.index is before.index else member.record(after.index)
    if old is None or new is None:
        tally.leave_out()
        return
    tally.add(effect_of(member.number, assess(old, before.rules, as_of), assess(new, after.rules, as_of)))
