"""The lines of a record that tell of the body: limbs, conditions, results, procedures, relatives, scans."""

from typing import Any

from tests.spec.codes import choose, coding_of, rows
from tests.spec.draft import Draft, Json, codeable, day, quantity, status_code

ACQUIRED = (
    "limb-deficiency-acquired-lower",
    "limb-deficiency-acquired-upper",
    "limb-deficiency-acquired-unspecified",
)
LOWER = {"hemipelvectomy", "hip", "above-knee", "knee", "below-knee", "foot-ankle", "partial-foot", "toe"}
# The answers that say "asked, and no".
NEGATIVES: dict[str, tuple[str, Any]] = {
    "fracture": ("fracture-low-energy", False),
    "parent": ("parental-hip-fracture", False),
    "relatives": ("first-degree-osteoporosis", False),
    "smoking": ("smoking-now", False),
    "alcohol": ("alcohol-grams-per-week", 0),
    "falls": ("falls-12-months", 0),
    "menopause": ("postmenopausal", False),
}
ASKED_ON = "2026-03-02"


def amputation(draft: Draft, line: Json) -> list[Json]:
    """``{level, side, date}``: a status code, or the operation where the code system has no status at that level."""
    level, side = line.pop("level"), line.get("side", "unspecified")
    limb = "lower" if level in LOWER else "upper"
    system, wanted = line.pop("system", ""), {"level": level} | line.pop("which", {})
    row = next(
        (
            row
            for kind in ([wanted["kind"]] if "kind" in wanted else ["status", "procedure", "history"])
            for laterality in dict.fromkeys([side, "unspecified"])
            for row in _limb_rows(draft, ACQUIRED, system, wanted | {"kind": kind, "laterality": laterality})
        ),
        None,
    )
    if row is None:
        raise ValueError(f"no code for an amputation {wanted} {side}")
    sided = row.attributes["laterality"] == side
    sites = None if sided or side == "unspecified" else draft.sites(line, limb)
    line.pop("side", None)
    if row.attributes["kind"] in ("procedure", "stump-revision", "stump-implant"):
        return [_procedure(draft, line, codeable(coding_of(row)), sites)]
    return [_condition(draft, line, codeable(coding_of(row)), sites)]


def _limb_rows(draft: Draft, tables: Any, system: str, wanted: Json) -> list[Any]:
    try:
        return [choose(tables, draft.coding, system=system, **wanted)]
    except LookupError:
        return []


def congenital(draft: Draft, line: Json) -> list[Json]:
    """``{level, side}`` of a limb missing from birth; ``limb`` where the level alone does not tell."""
    side, system = line.get("side", "unspecified"), line.pop("system", "")
    wanted = {"level": line.pop("level")} | line.pop("which", {})
    if "code" in line:
        concept = draft.code(line, "limb-deficiency-congenital")
        return [_condition(draft, line, concept, draft.sites(line))]
    for laterality in dict.fromkeys([side, "unspecified"]):
        found = _limb_rows(
            draft, "limb-deficiency-congenital", system, wanted | {"kind": "congenital", "laterality": laterality}
        )
        if found:
            limb = found[0].attributes["limb"]
            sites = None if laterality == side else draft.sites(line, limb if limb in ("upper", "lower") else "")
            line.pop("side", None)
            return [_condition(draft, line, codeable(coding_of(found[0])), sites)]
    raise ValueError(f"no code for a congenital deficiency {wanted} {side}")


def condition(draft: Draft, line: Json) -> list[Json]:
    """``{is: concept, which: {...}, code, onset, abated, recorded, clinical, verification, side}``."""
    return [_condition(draft, line, draft.code(line), draft.sites(line, line.pop("limb", "")))]


def _condition(draft: Draft, line: Json, concept: Json, sites: list[Json] | None) -> Json:
    abated = day(line.pop("abated", None))
    age = line.pop("age_at_onset", None)
    encounter = line.pop("encounter", None)
    return draft.resource(
        "Condition",
        clinicalStatus=status_code("condition-clinical", line.pop("clinical", "resolved" if abated else "active")),
        verificationStatus=status_code("condition-ver-status", line.pop("verification", "confirmed")),
        code=concept,
        bodySite=sites,
        encounter={"reference": f"Encounter/{encounter}"} if encounter else None,
        onsetDateTime=day(line.pop("onset", None) or line.pop("date", None)),
        onsetAge=quantity(age, "a") if age is not None else None,
        abatementDateTime=abated,
        recordedDate=day(line.pop("recorded", None)),
    )


def procedure(draft: Draft, line: Json) -> list[Json]:
    """``{is: concept, which: {...}, date, status, side}``."""
    return [_procedure(draft, line, draft.code(line), draft.sites(line, line.pop("limb", "")))]


def _procedure(draft: Draft, line: Json, concept: Json, sites: list[Json] | None) -> Json:
    reason = line.pop("because", None)
    return draft.resource(
        "Procedure",
        status=line.pop("status", "completed"),
        statusReason=_reason(draft, reason) if reason else None,
        code=concept,
        bodySite=sites,
        performedDateTime=day(line.pop("date", None)),
    )


def _reason(draft: Draft, meaning: str) -> Json:
    return codeable(coding_of(choose("override-reason", draft.coding, system="snomed", meaning=meaning)))


# ---------------------------------------------------------------- observations


def _observation(draft: Draft, line: Json, concept: Json, part: str = "", **value: Any) -> Json:
    sites = draft.sites(line, line.pop("limb", ""))
    return draft.resource(
        "Observation",
        part,
        status=line.pop("status", "final"),
        code=concept,
        bodySite=sites[0] if sites else None,
        effectiveDateTime=day(line.pop("date", ASKED_ON)),
        **value,
    )


def _numeric(line: Json, unit: str | None = None) -> Json:
    if "absent" in line:
        return {"dataAbsentReason": status_code("data-absent-reason", line.pop("absent"))}
    number, comparator = line.pop("value"), line.pop("comparator", None)
    return {"valueQuantity": quantity(number, line.pop("unit", unit), comparator)}


LABS = {
    "vitamin-d": ("vitamin-d-lab", {"analyte": "25OHD-total"}),
    "tsh": ("drug-thyroid-hormone", {"role": "tsh-lab"}),
    "free-t4": ("thyroid-hormone-lab", {"analyte": "free-T4"}),
    "testosterone": ("testosterone-lab", {"property": "substance"}),
    "egfr": ("chronic-kidney-disease", {"role": "eGFR"}),
    "frax-mof": ("frax-result", {"role": "mof"}),
    "bmi": ("bmi-observation", {"role": "bmi"}),
    "audit-c": ("alcohol-high", {"role": "audit-c-total"}),
    "drinks-per-day": ("alcohol-high", {"role": "drinks-per-day"}),
    "activity-minutes": ("physical-inactivity", {"role": "minutes-per-week"}),
    "activity-days": ("physical-inactivity", {"role": "days-per-week"}),
    "activity-minutes-a-day": ("physical-inactivity", {"role": "minutes-per-day"}),
}


def lab(draft: Draft, line: Json) -> list[Json]:
    """``{test, value, unit, date}``: a result or a questionnaire score; no unit when the record gave none."""
    concept, wanted = LABS[line.pop("test")]
    if concept == "vitamin-d-lab" and draft.coding == "us" and line.get("unit") == "nmol/L":
        wanted = {"property": "substance", "analyte": "25OHD3"}
    return [_observation(draft, line, draft.code(line, concept, **wanted), **_numeric(line))]


MEASURES = {"weight": "kg", "height": "cm"}


def measure(draft: Draft, line: Json) -> list[Json]:
    """``{weight: 52.1}`` or ``{height: 175}`` in kg and cm unless a ``unit`` is given."""
    name = next(name for name in MEASURES if name in line)
    line["value"] = line.pop(name)
    concept = codeable(coding_of(choose("bmi-observation", draft.coding, role=name)))
    return [_observation(draft, line, concept, **_numeric(line, MEASURES[name]))]


def item(draft: Draft, line: Json) -> list[Json]:
    """One of our own yes/no or number items: ``{falls-12-months: 0}``; ``side`` where a limb is meant."""
    name = next(iter(line))
    return [_item(draft, line, name, line.pop(name))]


def _item(draft: Draft, line: Json, name: str, answer: Any, part: str = "") -> Json:
    row = next(row for row in rows("bone-health-item") if row.code == name)
    concept = codeable(coding_of(row))
    if isinstance(answer, bool):
        return _observation(draft, line, concept, part, valueBoolean=answer)
    line["value"] = answer
    return _observation(draft, line, concept, part, **_numeric(line, row.attributes.get("unit")))


def negative(draft: Draft, line: Json) -> list[Json]:
    """``[fracture, parent, smoking, ...]``: asked, and answered no (``activity``: 200 minutes a week)."""
    made: list[Json] = []
    for name in line.pop(""):
        if name == "activity":
            made += [_minutes(draft, 200, f"-{name}")]
        else:
            code, answer = NEGATIVES[name]
            made += [_item(draft, {}, code, answer, f"-{name}")]
    return made


def _minutes(draft: Draft, minutes: int, part: str = "") -> Json:
    concept = codeable(coding_of(choose("physical-inactivity", draft.coding, role="minutes-per-week")))
    return _observation(draft, {}, concept, part, valueQuantity=quantity(minutes, "min/wk"))


def smokes(draft: Draft, line: Json) -> list[Json]:
    """``{status: current}``: the tobacco question (LOINC 72166-2) with its coded answer."""
    question = codeable(coding_of(choose("smoking", draft.coding, system="loinc", status="observation")))
    answer = draft.code(line | {"code": line.pop("answer")}, "smoking") if "answer" in line else None
    answer = answer or codeable(coding_of(choose("smoking", draft.coding, system="snomed", status=line.pop("is"))))
    return [_observation(draft, line, question, valueCodeableConcept=answer)]


def observed(draft: Draft, line: Json) -> list[Json]:
    """Any other coded Observation: ``{is, which, value/unit | yes | day}``."""
    concept = draft.code(line)
    value = {"valueBoolean": line.pop("yes")} if "yes" in line else _numeric(line) if "value" in line else {}
    value |= {"valueDateTime": day(line.pop("day"))} if "day" in line else {}
    return [_observation(draft, line, concept, **value)]


def scan(draft: Draft, line: Json) -> list[Json]:
    """A DXA: ``{date, spine: -0.5, hip-left: -1.2, ...}``, T unless ``score: Z``; ``done`` adds the procedure."""
    score, when = line.pop("score", "T"), line.pop("date")
    made: list[Json] = []
    status = line.pop("status", "final")
    if line.pop("done", False):
        concept = codeable(coding_of(choose("dxa-procedure", draft.coding, preferred="yes")))
        made.append(_procedure(draft, {"date": when}, concept, None))
    for place in [place for place in line if place in SCAN_SITES]:
        site, side = SCAN_SITES[place]
        row = choose("dxa-result-observation", draft.coding, property=f"{score}-score", site=site, laterality=side)
        value = quantity(line.pop(place), f"{{{score}-score}}")
        seen = {"date": when, "status": status}
        made.append(_observation(draft, seen, codeable(coding_of(row)), f"-{place}", valueQuantity=value))
    return made


SCAN_SITES = {
    "spine": ("lumbar-spine", "unspecified"),
    "hip": ("hip", "unspecified"),
    "hip-left": ("hip", "left"),
    "hip-right": ("hip", "right"),
    "femur-left": ("femur", "left"),
    "femur-right": ("femur", "right"),
    "radius-left": ("radius-and-ulna", "left"),
    "heel-left": ("calcaneus", "left"),
}


def report(draft: Draft, line: Json) -> list[Json]:
    """A DiagnosticReport: ``{is: dxa-procedure, which, date, status}``."""
    concept = draft.code(line, "dxa-procedure")
    when, status = day(line.pop("date")), line.pop("status", "final")
    return [draft.resource("DiagnosticReport", status=status, code=concept, effectiveDateTime=when)]


# ---------------------------------------------------------------- relatives

RELATIVES = {"mother": "MTH", "father": "FTH", "parent": "PRN"}


def relative(draft: Draft, line: Json) -> list[Json]:
    """``{who: mother, had: hip-fracture}``; ``had: nothing`` for a relative without conditions."""
    who, had = RELATIVES[line.pop("who")], line.pop("had")
    related = draft.code({"is": "family-history-osteoporosis", "code": who, "system": "v3-role-code"})
    codes = {
        "hip-fracture": "S72.0",
        "vertebral-fracture": "M48.5",
        "osteoporosis": "M81.9" if draft.coding == "se" else "M81.0",
    }
    made = None
    if had != "nothing":
        made = [{"code": draft.code({"is": "family-history-osteoporosis", "code": codes[had]})}]
    status = line.pop("status", "completed")
    return [draft.resource("FamilyMemberHistory", status=status, relationship=related, condition=made)]


def device(draft: Draft, line: Json) -> list[Json]:
    """A Device of the patient's, a limb prosthesis for example: ``{is, which, status}``."""
    made = draft.resource("Device", status=line.pop("status", "active"), type=draft.code(line))
    made["patient"] = made.pop("subject")
    return [made]


KINDS = {
    "amputation": amputation,
    "congenital": congenital,
    "condition": condition,
    "procedure": procedure,
    "lab": lab,
    "measure": measure,
    "item": item,
    "negative": negative,
    "smokes": smokes,
    "observed": observed,
    "scan": scan,
    "report": report,
    "relative": relative,
    "device": device,
}
