"""What to ask for next, given what has come so far: the steps of completing a prefetch, without any fetching."""

from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias

from cds_service.fhir.fetching.merging import merged
from cds_service.fhir.fetching.pages import Pages, Search
from cds_service.fhir.fetching.plan import is_essential, search_for, searches
from cds_service.fhir.fetching.spellings import settled, to_ask_otherwise, told_version
from cds_service.fhir.gathered import Gathered

Completing: TypeAlias = Generator[Sequence[Search], Sequence[Pages], Gathered]


def completing(gathered: Gathered, version: str, enough: Callable[[Gathered], bool]) -> Completing:
    """Yield what to fetch, take what came of it, and return ``gathered`` with all of it.

    The patient, conditions and procedures come first; the rest only when they are not ``enough``. It is asked for as
    the client's ``version`` spells it. Where none is set, what the server does not have is asked for once more in the
    other spelling.
    """
    if not searches(gathered, version or told_version(gathered)):
        return gathered
    essential = [search for search in searches(gathered) if is_essential(search)]
    gathered = yield from _completed(gathered, essential)
    if enough(gathered):
        return gathered
    spelled = version or told_version(gathered)
    rest = [search for search in searches(gathered, spelled) if not is_essential(search)]
    gathered = yield from _completed(gathered, rest)
    otherwise = () if version else to_ask_otherwise(gathered, spelled)
    again = [search_for(key, gathered.patient_id) for key in otherwise]
    return settled((yield from _completed(gathered, again)), spelled) if again else gathered


def _completed(gathered: Gathered, wanted: Sequence[Search]) -> Completing:
    return merged(gathered, (yield wanted)) if wanted else gathered
