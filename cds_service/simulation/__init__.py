"""What a change of the rules would do: the same people under two rule sets, person by person. Nothing is stored here.

::

    members: the built-in synthetic cohort, or an uploaded export  -->  one record at a time
        --> effect: assessed under both rule sets; what differs and which factor did it
        --> tally: counts by tier, age, sex and limb class, and the people who change
        --> run: over a whole cohort, with progress, until it is told to stop

Whoever cannot be assessed is counted apart: "could not be checked" is not "nothing changes".
"""

from cds_service.simulation.effect import Cause, Effect, effect_of
from cds_service.simulation.members import Member, built_in_cohort
from cds_service.simulation.run import Cancelled, Side, simulate
from cds_service.simulation.tally import Outcome, Tally

__all__ = [
    "Cancelled",
    "Cause",
    "Effect",
    "Member",
    "Outcome",
    "Side",
    "Tally",
    "built_in_cohort",
    "effect_of",
    "simulate",
]
