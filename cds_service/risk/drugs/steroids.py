"""Which recorded steroids reach the skeleton: systemic, local, replacement, or not to be told.

A code of the systemic group (ATC H02AB, a clinical drug for the mouth) is systemic unless the record gives a local
route. An ingredient code alone covers eye drops and tablets alike: it needs an oral or parenteral route. Hydrocortisone
and cortisone are replacement, not a risk exposure (evidence 2.2), when adrenal insufficiency is recorded, or when
their dose never reaches that of R-GC2.
"""

from typing import Final

import msgspec

from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure, drug_exposure
from cds_service.risk.drugs.steps import MedicationHit
from cds_service.risk.filters import LOW_CERTAINTY, active, conditions

SYSTEMIC: Final = "drug-glucocorticoid-systemic"
LOCAL: Final = "drug-glucocorticoid-local"
ADRENAL_INSUFFICIENCY: Final = "adrenal-insufficiency"

_LOCAL_ROUTES: Final = frozenset({"inhaled", "nasal", "topical", "ophthalmic", "intraarticular"})
_SYSTEMIC_ROUTES: Final = frozenset({"oral", "parenteral"})
# FHIR status of a statement that denies.
_DENIED: Final = "not-taken"
# RxNorm term type of an ingredient.
_INGREDIENT: Final = "IN"
# Ingredient names of glucocorticoid-equivalence.tsv that serve as replacement.
_REPLACEMENT: Final = frozenset({"hydrocortisone", "cortisone"})


class Steroids(msgspec.Struct, frozen=True):
    """The steroids of one record, sorted by what they mean for bone.

    Doses of ``systemic``, ``replacement`` and ``uncertain`` (replacement-type drug, dose unknown) are mg prednisolone a
    day. ``inhaled`` is in ug beclometasone (HFA aerosol) a day. ``local`` is everything local, inhaled included;
    ``route_unknown`` may be either.
    """

    systemic: Exposure
    replacement: Exposure
    uncertain: Exposure
    inhaled: Exposure
    local: Exposure
    route_unknown: Exposure


def recorded_steroids(case: Case) -> Steroids:
    """Return the steroids of the case's record, sorted."""
    sorted_hits: dict[str, list[MedicationHit]] = {"systemic": [], "local": [], "unknown": []}
    for hit in case.record.medications.get(SYSTEMIC, ()):
        sorted_hits[_reach(hit)].append(hit)
    local = [*sorted_hits["local"], *case.record.medications.get(LOCAL, ())]
    replacing = [hit for hit in sorted_hits["systemic"] if hit.attribute("ingredient") in _REPLACEMENT]
    others = [hit for hit in sorted_hits["systemic"] if hit.attribute("ingredient") not in _REPLACEMENT]
    what = _what_it_is(case, _prednisolone(case, replacing))
    return Steroids(
        systemic=_prednisolone(case, [*others, *(replacing if what == "systemic" else ())]),
        replacement=_prednisolone(case, replacing if what == "replacement" else []),
        uncertain=_prednisolone(case, replacing if what == "uncertain" else []),
        inhaled=_beclometasone(case, [hit for hit in local if local_route(hit) == "inhaled"]),
        local=_beclometasone(case, local),
        route_unknown=_prednisolone(case, sorted_hits["unknown"]),
    )


def local_route(hit: MedicationHit) -> str:
    """Return where a local steroid is used: ``inhaled``, ``nasal``, ``topical``, ``intestinal`` and so on."""
    return hit.attribute("class") or hit.fact.route


def _reach(hit: MedicationHit) -> str:
    route = hit.fact.route or hit.attribute("route")
    if hit.fact.status == _DENIED:
        # It can only take away, and rarely names the route.
        return "systemic"
    if route in _LOCAL_ROUTES:
        return "local"
    if hit.match.certainty == LOW_CERTAINTY:
        return "unknown"
    if hit.attribute("tty") == _INGREDIENT and route not in _SYSTEMIC_ROUTES:
        return "unknown"
    return "systemic"


def _what_it_is(case: Case, exposure: Exposure) -> str:
    """Tell what hydrocortisone or cortisone is here; once above replacement, all of it counts."""
    if any(active(hit) for hit in conditions(case.record, ADRENAL_INSUFFICIENCY, case.as_of)):
        return "replacement"
    if any(one.dose >= case.rules.factor("R-GC2")["dose"] for one in exposure.segments):
        return "systemic"
    complete = bool(exposure.segments) and all(one.complete for one in exposure.segments)
    return "replacement" if complete else "uncertain"


def _prednisolone(case: Case, hits: list[MedicationHit]) -> Exposure:
    return drug_exposure(hits, case.rules, case.as_of, unit="mg", factor=_prednisolone_factor)


def _beclometasone(case: Case, hits: list[MedicationHit]) -> Exposure:
    return drug_exposure(hits, case.rules, case.as_of, unit="ug", factor=_beclometasone_factor)


def _prednisolone_factor(hit: MedicationHit) -> float | None:
    """Mg prednisolone per mg (tables/glucocorticoid-equivalence.tsv); None where no source gives one."""
    return _number(hit.attribute("prednisone_mg_factor"))


def _beclometasone_factor(hit: MedicationHit) -> float | None:
    """Ug HFA beclometasone per ug (ERS/ATS 2014, see drug-glucocorticoid-local.tsv); None where no source gives one."""
    return _number(hit.attribute("beclometasone_factor"))


def _number(text: str) -> float | None:
    # The tables are checked when they are loaded: an attribute of this kind is a number.
    return float(text) if text else None
