"""Codes for the worked patients: always a row of the shipped tables, chosen by what it means, never typed from memory.

A clinician writes ``{is: rheumatoid-arthritis}``; this module finds the row. A patient that is about one particular
code (``Z72.0B``, snus) names it, and the tables must know it under that concept, if only as a known look-alike.
"""

from collections.abc import Iterable
from typing import Any

from cds_service.rulesets.load import load_default as load_rules
from cds_service.terminology.load import code_systems, load_default
from cds_service.terminology.table import ConceptRow

INDEX = load_default(load_rules().enabled_rows)
SYSTEMS = {key: code_systems().uri(key) for key in ("icd-10-cm", "icd-10", "icd-10-se", "kva", "snomed", "atc")} | {
    key: code_systems().uri(key) for key in ("npu", "loinc", "rxnorm", "v3-role-code", "bone-health-item")
}
# Which code system a Swedish or an American record would use first.
PREFERENCE = {
    "se": ("icd-10-se", "kva", "atc", "npu", "loinc", "snomed", "v3-role-code", "bone-health-item"),
    "us": ("icd-10-cm", "rxnorm", "loinc", "snomed", "v3-role-code", "bone-health-item", "atc"),
}
# Codes that no concept of ours holds, for the resources that must not matter; seen in published synthetic records.
ELSEWHERE = {
    "viral-sinusitis": ("snomed", "444814009", "Viral sinusitis (disorder)"),
    "potassium": ("loinc", "6298-4", "Potassium"),
    "simvastatin": ("rxnorm", "316672", "Simvistatin 10 MG"),
    "intramuscular-injection": ("snomed", "76601001", "Intramuscular injection"),
}

Coding = dict[str, str]


class UnknownCode(LookupError):
    """A worked patient asks for something that no table holds."""


def coding_of(row: ConceptRow) -> Coding:
    """The Coding that a row stands for."""
    return _coding(row.system, row.code, row.display)


def _coding(system: str, code: str, display: str) -> Coding:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def rows(concept: str, **wanted: Any) -> list[ConceptRow]:
    """The rows of a concept whose attributes are as wanted, in the order of the table."""
    texts = {name: str(value) for name, value in wanted.items()}
    return [
        row for row in INDEX.table(concept) if all(row.attributes.get(name) == text for name, text in texts.items())
    ]


def choose(concepts: str | Iterable[str], coding: str, *, system: str = "", **wanted: Any) -> ConceptRow:
    """The first row that fits, in the code system that a Swedish (``se``) or American (``us``) record uses first.

    Rows that merely look alike or only support a diagnosis are never chosen by meaning; name their code instead.
    """
    slugs = [concepts] if isinstance(concepts, str) else list(concepts)
    found = [row for slug in slugs for row in rows(slug, **wanted) if _plain(row)]
    for key in [system] if system else PREFERENCE[coding]:
        fits = [row for row in found if row.system == SYSTEMS[key]]
        if fits:
            return min(fits, key=lambda row: row.match == "descendants")
    raise UnknownCode(f"{slugs} has no {wanted} for {system or coding}")


def _plain(row: ConceptRow) -> bool:
    return not row.default and row.attributes.get("certainty") != "low" and row.attributes.get("where") is None


def named(concept: str, code: str, coding: str, system: str = "") -> Coding:
    """The Coding with the very code given; some row of ``concept`` must know it."""
    for key in [system] if system else PREFERENCE[coding]:
        found = INDEX.look_up(SYSTEMS[key], code)
        for match in (*found.counted, *found.review, *found.excluded):
            if match.concept == concept:
                return _coding(SYSTEMS[key], code, match.display)
    raise UnknownCode(f"{concept} does not know the code {code}")


def elsewhere(name: str) -> Coding:
    """A Coding that no concept holds."""
    key, code, display = ELSEWHERE[name]
    assert not INDEX.concepts(SYSTEMS[key], code), f"{code} means something to us"
    return _coding(SYSTEMS[key], code, display)


def drug(name: str, coding: str, strength: str = "") -> Coding:
    """The Coding of a drug by ingredient (or by the table's own name), and by strength where the code holds it."""
    for key in ("rxnorm", "atc") if coding == "us" else ("atc",):
        for row in _drug_rows():
            known_as = {row.display.casefold(), row.attributes.get("ingredient", "").casefold()}
            fits = not strength or key == "atc" or row.attributes.get("strength") == strength
            if row.system == SYSTEMS[key] and row.match == "exact" and name.casefold() in known_as and fits:
                return coding_of(row)
    raise UnknownCode(f"no drug table knows {name} {strength}")


def _drug_rows() -> list[ConceptRow]:
    return [row for slug in INDEX.slugs if slug.startswith("drug-") for row in INDEX.table(slug)]


def side_of(limb: str, side: str) -> Coding:
    """The body site of one side: of a limb, or the bare side."""
    found = [row for row in rows("body-site", laterality=side) if row.attributes.get("segment") is None]
    fits = [row for row in found if row.attributes.get("limb") == (limb or None)]
    if not fits:
        raise UnknownCode(f"no body site for {side} {limb}")
    return coding_of(fits[0])
