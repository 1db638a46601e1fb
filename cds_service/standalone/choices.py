"""What can be chosen in the form: options made from terminology and rule set, each with the code it stands for."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from cards.words import words
from cds_service.errors import TerminologyError
from cds_service.rulesets.model import LocalFactor, RuleSet
from cds_service.standalone.definition import Definition, LimbGroup, Where
from cds_service.standalone.texts import texts
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.table import ConceptRow

_BODY_SITE = "body-site"
_ANY_SIDE = "unspecified"


class Option(msgspec.Struct, frozen=True):
    """One thing to choose.

    ``label`` by language; ``group`` is the key of the heading it stands under; ``row`` the code it stands for, None
    where it is no code (a side, a unit). ``segment``: the item that tells how much of a limb's segment is missing.
    """

    key: str
    label: Mapping[str, str]
    group: str = ""
    row: ConceptRow | None = None
    limb: str = ""
    segment: str = ""


Choices = Mapping[str, Mapping[str, Option]]
"""Options by the name that ``form.toml`` gives their list, then by key, in the order offered."""


class Codes:
    """Finds the row that stands for a meaning, in the code system that is preferred."""

    def __init__(self, index: TerminologyIndex, systems: tuple[str, ...]) -> None:
        """``systems``: keys of code systems, best first."""
        self.index = index
        self._rank = {index.systems.uri(key): place for place, key in enumerate(systems)}

    def find(self, concept: str, where: Where, code: str = "") -> ConceptRow | None:
        """Return the best row of ``concept`` with these attributes (and this code) that counts on its own, or None."""
        rows = (row for row in self.index.codes(concept) if row.system in self._rank and code in ("", row.code))
        return min((row for row in rows if _fits(row, where)), key=self._order, default=None)

    def the(self, concept: str, where: Where, code: str = "") -> ConceptRow:
        """Return :meth:`find`, or raise TerminologyError: the form cannot ask for what has no code."""
        found = self.find(concept, where, code)
        if found is None:
            raise TerminologyError(f"the form asks for {concept} {dict(where)}, which no table holds")
        return found

    def _order(self, row: ConceptRow) -> tuple[int, int]:
        return self._rank[row.system], len(row.code)

    def side(self, limb: str, side: str) -> ConceptRow:
        """Return the body site of one side: of a limb, or with no limb the bare side."""
        rows = (row for row in self.index.codes(_BODY_SITE) if "segment" not in row.attributes)
        wanted = ({"laterality": side, "limb": limb} if limb else {"laterality": side}).items()
        fitting = (row for row in rows if wanted <= row.attributes.items() and (limb or "limb" not in row.attributes))
        return next(fitting)


def _fits(row: ConceptRow, where: Where) -> bool:
    plain = row.attributes.get("certainty") != "low" and "where" not in row.attributes
    return plain and not row.unverified and where.items() <= row.attributes.items()


def choices_of(form: Definition, codes: Codes, rules: RuleSet) -> Choices:
    """Return every list of options. Raises TerminologyError when a meaning has no code."""
    made = {
        "limbs": _limbs(form.limb, codes),
        "fractures": _fractures(form, codes),
        "drugs": [*_drugs(form, codes), *_local("medication", codes, rules)],
        "diagnoses": [*_diagnoses(form, codes), *_local("condition", codes, rules)],
        "scan-sites": _scan_sites(form, codes),
        "orders": [
            Option(one.key, _own(f"order.{one.key}"), row=codes.the(one.concept, {"role": one.role}))
            for one in form.order
        ],
        **{name: [Option(key, _own(f"choice.{name}.{key}")) for key in keys] for name, keys in form.choices.items()},
    }
    return {name: {option.key: option for option in options} for name, options in made.items()}


def _limbs(groups: Iterable[LimbGroup], codes: Codes) -> Iterator[Option]:
    for group in groups:
        for level in group.levels:
            row = next(filter(None, (_limb_row(group, level.level, kind, codes) for kind in group.kinds)), None)
            if row is None:
                raise TerminologyError(f"no code for {group.key} {level.level}")
            own = level.word.startswith("own.")
            label = _own(f"limb.{level.word[4:]}") if own else _cards(f"limb.{level.word}")
            yield Option(f"{group.key}.{level.level}", label, group.key, row, group.limb, level.segment)


def _limb_row(group: LimbGroup, level: str, kind: str, codes: Codes) -> ConceptRow | None:
    """A code without side: the side is told by the body site."""
    return codes.find(group.concept, {"kind": kind, "limb": group.limb, "level": level, "laterality": _ANY_SIDE})


def _fractures(form: Definition, codes: Codes) -> Iterator[Option]:
    for site in form.fracture.sites:
        row = codes.the(form.fracture.concept, {"type": form.fracture.type, "site": site})
        yield Option(site, _cards(f"fracture-site.{site}"), row=row)


def _drugs(form: Definition, codes: Codes) -> Iterator[Option]:
    plan = form.drugs
    system = codes.index.systems.uri(plan.system)
    seen: set[str] = set()
    for table in plan.tables:
        rows = [row for row in codes.index.codes(table) if row.system == system and row.code not in seen]
        substances = [row for row in rows if len(row.code) == plan.substance_length and row.match == "exact"]
        classes = [row for row in rows if row.code in plan.classes]
        for row in sorted(substances, key=lambda row: row.display.casefold()):
            yield Option(row.code, _drug_name(row), table, row)
        for row in {row.code: row for row in classes}.values():
            yield Option(row.code, _own(f"drug-class.{row.code}"), table, row)
        seen.update(row.code for row in (*substances, *classes))


def _drug_name(row: ConceptRow) -> Mapping[str, str]:
    """The substance in the language's own spelling where the cards know it, else its international name."""
    return {language: words(language).word("ingredient", row.display) for language in texts()}


def _diagnoses(form: Definition, codes: Codes) -> Iterator[Option]:
    for one in form.diagnoses.list:
        yield Option(one.key, _own(f"diagnosis.{one.key}"), row=codes.the(one.concept, one.where, one.code))


def _local(kind: str, codes: Codes, rules: RuleSet) -> Iterator[Option]:
    """The factors that a hospital added as data are asked for as well, under the name they have there."""
    for factor in rules.local_factors:
        row = codes.find(factor.concept, {})
        if factor.kind == kind and row is not None:
            yield Option(factor.id, _title(factor), "local", row)


def _title(factor: LocalFactor) -> Mapping[str, str]:
    return {language: factor.title[language] for language in texts()}


def _scan_sites(form: Definition, codes: Codes) -> Iterator[Option]:
    for place in form.scan.places:
        where = {"site": place.site, "laterality": place.side, "property": "T-score"}
        yield Option(place.key, _own(f"scan.{place.key}"), row=codes.the(form.scan.concept, where))
    yield Option("done", _own("scan.done"), row=codes.the(form.scan.done.concept, form.scan.done.where))


def _own(key: str) -> Mapping[str, str]:
    return {language: said[key] for language, said in texts().items()}


def _cards(key: str) -> Mapping[str, str]:
    return {language: words(language).say(key) for language in texts()}
