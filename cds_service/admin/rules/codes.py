"""The code lists: what each concept holds, a search over all of them, the hospital's own codes, FHIR ValueSets."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from msgspec import structs
from starlette.datastructures import UploadFile

from cds_service.admin.access import require
from cds_service.admin.rules.checking import index_of
from cds_service.admin.rules.pages import MENU_KEY, PATH, Failures, found, revision_of, status_of
from cds_service.admin.rules.problems import problem_of
from cds_service.admin.visit import SECURITY_HEADERS, Visit
from cds_service.errors import CdsServiceError, MalformedRequest, Refused
from cds_service.fhir.value_sets import ListedCode, listed_codes, value_set
from cds_service.rulesets.model import LocalCode, RuleSet
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import code_systems
from cds_service.terminology.local import readable_concepts
from cds_service.terminology.table import ConceptRow

router = APIRouter()
_Viewer = Annotated[Visit, Depends(require("viewer"))]
_Editor = Annotated[Visit, Depends(require("editor"))]
MOST_SHOWN: Final = 200
FIELDS: Final = ("system", "code", "display", "match", "attributes", "source", "note")
MATCHES: Final = ("exact", "prefix", "descendants")


class CodeView(msgspec.Struct, frozen=True):
    """One row: ``system`` by its name, ``local`` when it is the hospital's own, ``counts`` when it counts now."""

    row: ConceptRow
    system: str
    local: bool
    counts: bool


@router.get(f"{PATH}/{{name}}/codes")
def codes(name: str, visit: _Viewer) -> Response:
    """All concepts with their number of codes, or what a search finds."""
    return _page(visit, name)


@router.get(f"{PATH}/{{name}}/codes/{{concept}}")
def concept(name: str, concept: str, visit: _Viewer) -> Response:
    """The codes of one concept."""
    return _page(visit, name, concept)


@router.get(f"{PATH}/{{name}}/codes/{{concept}}/value-set")
def export(name: str, concept: str, visit: _Viewer) -> Response:
    """The list as a FHIR ValueSet."""
    index = index_of(found(visit, lambda: visit.room.ledger.rules(name)))
    _known(visit, concept, index)
    body = value_set(concept, concept.replace("-", " "), index.table(concept), enabled=index.enabled)
    headers = SECURITY_HEADERS | {"Content-Disposition": f'attachment; filename="{concept}.json"'}
    return Response(body, media_type="application/fhir+json", headers=headers)


@router.post(f"{PATH}/{{name}}/codes/{{concept}}")
def change(name: str, concept: str, visit: _Editor) -> Response:
    """Add a code, take one away, or take over a ValueSet."""
    ledger = visit.room.ledger
    rules = found(visit, lambda: ledger.rules(name))
    _known(visit, concept, index_of(rules))
    try:
        wanted, why = _wanted(visit, concept, rules)
        ledger.with_local_codes(name, wanted, made_from=revision_of(visit), actor=visit.actor, why=why)
    except (*Failures, MalformedRequest) as error:
        return _page(visit, name, concept, error)
    return visit.onward(f"{PATH}/{name}/codes/{concept}", "rules-codes")


def _wanted(visit: Visit, concept: str, rules: RuleSet) -> tuple[tuple[LocalCode, ...], str]:
    """Return the local codes as they shall be, and what was done in a word."""
    file = visit.form.get("file")
    if isinstance(file, UploadFile):
        source = visit.field("source")
        if not source:
            raise Refused("code-source", "say where the codes come from")
        added = tuple(_from_value_set(concept, one, source) for one in listed_codes(file.file.read()))
        return _merged(rules.local_codes, added), f"{concept}: {len(added)} codes of a ValueSet"
    removed = visit.field("remove")
    if removed:
        kept = tuple(code for code in rules.local_codes if key_of(code) != removed)
        return kept, f"{concept}: one code less"
    given = {field: visit.field(field) for field in FIELDS}
    if not given["source"]:
        raise Refused("code-source", "say where the code comes from")
    if not given["code"]:
        raise Refused("code-missing", "give a code")
    return _merged(rules.local_codes, (LocalCode(concept=concept, **given),)), f"{concept}: {given['code']}"


def _from_value_set(concept: str, listed: ListedCode, source: str) -> LocalCode:
    known = code_systems().resolve(listed.system)
    system = known.canonical if known else listed.system
    return LocalCode(concept=concept, source=source, **(structs.asdict(listed) | {"system": system}))


def _merged(kept: Iterable[LocalCode], added: Iterable[LocalCode]) -> tuple[LocalCode, ...]:
    """Return all of them; of two with the same concept, system, code and match the later one."""
    return tuple({key_of(code): code for code in (*kept, *added)}.values())


def key_of(code: LocalCode) -> str:
    """Return what tells a local code from the others."""
    return "|".join((code.concept, code.system, code.code, code.match))


# ---------------------------------------------------------------- the page


def _page(visit: Visit, name: str, concept: str = "", error: CdsServiceError | None = None) -> Response:
    ledger = visit.room.ledger
    rules = found(visit, lambda: ledger.rules(name))
    index = index_of(rules)
    if concept:
        _known(visit, concept, index)
    query = visit.request.query_params.get("q", "").strip()[:100]
    stored = next((one for one in ledger.versions() if one.name == name), None)
    editable = stored is not None and stored.state == "draft" and visit.may("editor")
    rows = _rows(index, rules, concept, query) if concept or query else ()
    return visit.page(
        "rules-codes.html",
        MENU_KEY,
        status_of(error) if not isinstance(error, MalformedRequest) else 422,
        name=name,
        concept=concept,
        query=query,
        rows=rows[:MOST_SHOWN],
        found=len(rows),
        concepts=_concepts(index, rules),
        local=tuple((key_of(code), code) for code in rules.local_codes if code.concept == concept),
        editable=editable and concept in readable_concepts(),
        revision=stored.revision if stored else 0,
        systems=tuple((one.canonical, one.name) for one in code_systems().all()),
        matches=MATCHES,
        typed={field: visit.field(field) for field in FIELDS},
        problem=problem_of(error, visit.said) if error else None,
    )


def _known(visit: Visit, concept: str, index: TerminologyIndex) -> None:
    if concept not in index.slugs:
        visit.refuse(404, "missing")


def _concepts(index: TerminologyIndex, rules: RuleSet) -> tuple[tuple[str, int, int], ...]:
    """Return every concept with its number of codes and of local ones."""
    own: dict[str, int] = {}
    for code in rules.local_codes:
        own[code.concept] = own.get(code.concept, 0) + 1
    return tuple((slug, len(index.codes(slug)), own.get(slug, 0)) for slug in index.slugs)


def _rows(index: TerminologyIndex, rules: RuleSet, concept: str, query: str) -> tuple[CodeView, ...]:
    wanted = query.casefold()
    own = {(code.concept, code.system, code.code, code.match) for code in rules.local_codes}
    found: list[CodeView] = []
    for slug in (concept,) if concept else index.slugs:
        for row in index.table(slug):
            if wanted in f"{row.code} {row.normal} {row.display} {row.concept}".casefold():
                local = (row.concept, row.system, row.code, row.match) in own
                system = code_systems().resolve(row.system)
                shown = system.name if system else row.system
                found.append(CodeView(row, shown, local, not row.default or row in index.enabled))
    return tuple(found)
