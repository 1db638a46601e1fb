"""The pages on which rule-set versions are made, looked at, approved, published and gone back from."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from starlette.datastructures import UploadFile

from cards.changes import ChangeGroup, changes, label_of
from cards.words import Words, words
from cds_service.admin.access import require
from cds_service.admin.rules.acts import need_role_for, need_role_to_retire
from cds_service.admin.rules.entries import Group, groups
from cds_service.admin.rules.ledger import BUILT_IN, Ledger
from cds_service.admin.rules.problems import Problem, problem_of
from cds_service.admin.rules.values import current_value, kind_of, read_value
from cds_service.admin.visit import SECURITY_HEADERS, Visit
from cds_service.errors import CdsServiceError, Conflict, Refused, RuleSetError, UnknownVersion
from cds_service.rulesets.caution import cautions
from cds_service.rulesets.compare import Plain
from cds_service.rulesets.lifecycle import Version, is_approved
from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import RuleSet
from cds_service.store.rule_sets import HistoryEntry

router = APIRouter()
PATH: Final = "/admin/rules"
MENU_KEY: Final = "rules"
_Viewer = Annotated[Visit, Depends(require("viewer"))]
_Editor = Annotated[Visit, Depends(require("editor"))]
_VALUE: Final = "v:"
_REASON: Final = "r:"
_ALWAYS_DIFFERENT: Final = frozenset({"version", "status"})
Failures = (Refused, Conflict, RuleSetError)
"""What a person can do something about; told on the page, in words."""


# ---------------------------------------------------------------- all versions


@router.get(PATH)
def versions(visit: _Viewer) -> Response:
    """All versions, which is in force, and every publication."""
    return listed(visit)


@router.post(PATH)
def begin(visit: _Editor) -> Response:
    """Make a draft from the version chosen, or from a file."""
    ledger, actor, reason = visit.room.ledger, visit.actor, visit.field("reason")
    try:
        made = _made(visit, ledger, actor, reason)
    except Failures as error:
        return listed(visit, error)
    return visit.onward(f"{PATH}/{made.name}", "rules-new")


def _made(visit: Visit, ledger: Ledger, actor: str, reason: str) -> Version:
    file = visit.form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        try:
            text = file.file.read().decode()
        except UnicodeDecodeError:
            raise RuleSetError("the file is not UTF-8") from None
        return ledger.imported(text, actor, reason)
    return ledger.begin(actor, reason, base=visit.field("base"))


def listed(visit: Visit, error: CdsServiceError | None = None) -> Response:
    """Return the page with all versions."""
    ledger = visit.room.ledger
    every = ledger.versions()
    return visit.page(
        "rules.html",
        MENU_KEY,
        status_of(error),
        versions=every,
        bases=(*(one.name for one in every if one.name != load_default().version), BUILT_IN),
        in_force=ledger.name_in_force(),
        pending=ledger.pending(),
        pinned=bool(ledger.pinned),
        publications=tuple(reversed(ledger.publications())),
        before=_name_before(ledger),
        typed=visit.field("reason"),
        problem=problem_of(error, visit.said) if error else None,
    )


def _name_before(ledger: Ledger) -> str:
    try:
        return ledger.name_before()
    except Refused:
        return ""


# ---------------------------------------------------------------- one version


@router.get(f"{PATH}/{{name}}")
def version(name: str, visit: _Viewer) -> Response:
    """One version: what differs from the rules in force, what is unusual, who did what, and what may be done now."""
    return shown(visit, name)


@router.get(f"{PATH}/{{name}}/file")
def file(name: str, visit: _Viewer) -> Response:
    """The commented file."""
    text = found(visit, lambda: visit.room.ledger.exported(name))
    headers = SECURITY_HEADERS | {"Content-Disposition": f'attachment; filename="rules-{name}.toml"'}
    return Response(text, media_type="application/toml", headers=headers)


def shown(visit: Visit, name: str, error: CdsServiceError | None = None) -> Response:
    """Return the page of a version."""
    ledger = visit.room.ledger
    version = found(visit, lambda: ledger.version(name))
    against = visit.request.query_params.get("against", "") or _against(ledger, version)
    after = ledger.rules(name)
    before = found(visit, lambda: ledger.rules(against))
    in_words = words(visit.language)
    unusual = [(label_of(one.name, after, in_words), one, after.reasons.get(one.name, "")) for one in cautions(after)]
    return visit.page(
        "rules-version.html",
        MENU_KEY,
        status_of(error),
        version=version,
        against=against,
        others=tuple(dict.fromkeys((ledger.name_in_force(), load_default().version, version.based_on))),
        differences=_told(changes(before, after, visit.language)),
        unusual=unusual,
        approved=is_approved(version),
        approved_by_me=visit.actor in {one.by for one in version.approvals},
        own=visit.actor in version.editors,
        second_person=ledger.policy.second_person,
        history=tuple((entry, _why(entry, after, in_words)) for entry in ledger.history(name)),
        in_force=ledger.name_in_force(),
        pending=tuple(one for one in ledger.pending() if one.version == name),
        newest=_newest(ledger),
        was_in_force=name in {one.version for one in ledger.publications()},
        pinned=bool(ledger.pinned),
        typed={field: visit.field(field) for field in ("reason", "on")},
        problem=problem_of(error, visit.said) if error else None,
    )


def _told(groups: tuple[ChangeGroup, ...]) -> tuple[ChangeGroup, ...]:
    """Return the differences without what every two versions differ by: their name, and their state in the file."""
    kept = (
        msgspec.structs.replace(group, lines=tuple(line for line in group.lines if line.name not in _ALWAYS_DIFFERENT))
        for group in groups
    )
    return tuple(group for group in kept if group.lines)


def _why(entry: HistoryEntry, rules: RuleSet, in_words: Words) -> str:
    """Return what was said about a deed; of an edit, the names of what was edited, in words where there are some."""
    if entry.deed.act != "edit":
        return entry.deed.reason
    return ", ".join(_label(name, rules, in_words) for name in entry.deed.reason.split(", "))


def _label(name: str, rules: RuleSet, in_words: Words) -> str:
    try:
        kind_of(name, rules)
    except Refused:
        return name
    return label_of(name, rules, in_words)


def _against(ledger: Ledger, version: Version) -> str:
    current = ledger.name_in_force()
    return version.based_on or BUILT_IN if version.name == current else current


def _newest(ledger: Ledger) -> int:
    publications = ledger.publications()
    return publications[-1].number if publications else 0


# ---------------------------------------------------------------- what may be done


def _submit(visit: Visit, name: str, revision: int) -> None:
    visit.room.ledger.submitted(name, visit.actor, made_from=revision)


def _send_back(visit: Visit, name: str, revision: int) -> None:
    visit.room.ledger.sent_back(name, visit.actor, visit.field("reason"), made_from=revision)


def _approve(visit: Visit, name: str, revision: int) -> None:
    visit.room.ledger.approved(name, visit.actor, visit.field("reason"), made_from=revision)


def _publish(visit: Visit, name: str, revision: int) -> None:
    on = visit.field("on")
    try:
        day = date.fromisoformat(on) if on else None
    except ValueError:
        raise Refused("day", "write a day as YYYY-MM-DD") from None
    visit.room.ledger.published(
        name, visit.actor, visit.field("reason"), made_from=revision, on=day, after=_seen(visit)
    )


def _withdraw(visit: Visit, name: str, _revision: int) -> None:
    visit.room.ledger.withdrawn(name, visit.actor, visit.field("reason"), after=_seen(visit))


def _roll_back(visit: Visit, name: str, _revision: int) -> None:
    visit.room.ledger.rolled_back(name, visit.actor, visit.field("reason"), after=_seen(visit))


def _retire(visit: Visit, name: str, revision: int) -> None:
    need_role_to_retire(visit.room.ledger.version(name).state, visit)
    visit.room.ledger.retired(name, visit.actor, visit.field("reason"), made_from=revision)


ACTS: Final[Mapping[str, Callable[[Visit, str, int], None]]] = {
    "submit": _submit,
    "send-back": _send_back,
    "approve": _approve,
    "publish": _publish,
    "withdraw": _withdraw,
    "rollback": _roll_back,
    "retire": _retire,
}
"""How each act is done here; the least role for it is in :data:`.acts.ROLES`."""


@router.post(f"{PATH}/{{name}}/do/{{act}}")
def do(name: str, act: str, visit: _Editor) -> Response:
    """Do one of :data:`ACTS` to a version."""
    need_role_for(act, visit)
    try:
        ACTS[act](visit, name, revision_of(visit))
    except UnknownVersion:
        visit.refuse(404, "missing")
    except Failures as error:
        known = name in {one.name for one in visit.room.ledger.versions()}
        return shown(visit, name, error) if known else listed(visit, error)
    return visit.onward(f"{PATH}/{name}", f"rules-{act}")


def revision_of(visit: Visit) -> int:
    """Return the revision that the form was made from; 0, which none has, for a form that does not say."""
    given = visit.field("revision")
    return int(given) if given.isdecimal() and given.isascii() else 0


def _seen(visit: Visit) -> int | None:
    given = visit.field("after")
    return int(given) if given.isdecimal() and given.isascii() else None


# ---------------------------------------------------------------- entries


@router.get(f"{PATH}/{{name}}/entries")
def entries(name: str, visit: _Viewer) -> Response:
    """Every entry of a version, by family and section."""
    ledger = visit.room.ledger
    rules = found(visit, lambda: ledger.rules(name))
    stored = next((one for one in ledger.versions() if one.name == name), None)
    editable = stored is not None and stored.state == "draft" and visit.may("editor")
    return visit.page(
        "rules-entries.html", MENU_KEY, name=name, groups=groups(rules, visit.language), editable=editable
    )


@router.get(f"{PATH}/{{name}}/edit/{{key}}")
def edit(name: str, key: str, visit: _Editor) -> Response:
    """The form of one family or section."""
    return _form(visit, name, key)


@router.post(f"{PATH}/{{name}}/edit/{{key}}")
def save(name: str, key: str, visit: _Editor) -> Response:
    """Keep what was typed, if all of it can be kept; else show it again with what is wrong beside it."""
    ledger = visit.room.ledger
    rules = found(visit, lambda: ledger.rules(name))
    group = _group(visit, rules, key)
    wanted, problems = _typed(visit, group, rules)
    reasons = {one.name: visit.field(_REASON + one.name) for one in group.entries if _REASON + one.name in visit.form}
    if problems:
        return _form(visit, name, key, problems=problems)
    try:
        unexplained = ledger.unexplained_after(name, wanted, reasons, frozenset(one.name for one in group.entries))
        if unexplained:
            return _form(visit, name, key, problems={one: _needs_reason(visit) for one in unexplained})
        ledger.edited(name, wanted, reasons, made_from=revision_of(visit), actor=visit.actor)
    except Failures as error:
        return _form(visit, name, key, error=error)
    return visit.onward(f"{PATH}/{name}/entries", "rules-edit")


def _typed(visit: Visit, group: Group, rules: RuleSet) -> tuple[dict[str, Plain], dict[str, Problem]]:
    """Return the values that differ from the rule set's, and what cannot be read, by entry."""
    wanted: dict[str, Plain] = {}
    problems: dict[str, Problem] = {}
    for entry in group.entries:
        if entry.kind == "fixed" or _VALUE + entry.name not in visit.form:
            continue
        try:
            value = read_value(entry.name, visit.field(_VALUE + entry.name), rules)
        except Refused as error:
            problems[entry.name] = problem_of(error, visit.said)
            continue
        if value != current_value(entry.name, rules):
            wanted[entry.name] = value
    return wanted, problems


def _needs_reason(visit: Visit) -> Problem:
    return Problem("needs-reason", visit.said["problem.needs-reason"])


def _form(
    visit: Visit,
    name: str,
    key: str,
    *,
    problems: Mapping[str, Problem] | None = None,
    error: CdsServiceError | None = None,
) -> Response:
    ledger = visit.room.ledger
    version = found(visit, lambda: ledger.version(name))
    group = _group(visit, ledger.rules(name), key)
    typed = {field: visit.field(field) for field in visit.form}
    return visit.page(
        "rules-edit.html",
        MENU_KEY,
        422 if problems else status_of(error),
        version=version,
        group=group,
        typed=typed,
        # Who sends it again after a conflict has seen the newer state.
        revision=version.revision if isinstance(error, Conflict) or not visit.form else revision_of(visit),
        wrong=problems or {},
        problem=problem_of(error, visit.said) if error else None,
    )


def _group(visit: Visit, rules: Any, key: str) -> Group:
    found = next((one for one in groups(rules, visit.language) if one.key == key), None)
    if found is None:
        visit.refuse(404, "missing")
    return found


def found(visit: Visit, read: Callable[[], Any]) -> Any:
    """Return what ``read`` gives; a page that says that there is no such version, when there is none."""
    try:
        return read()
    except UnknownVersion:
        visit.refuse(404, "missing")


def status_of(error: CdsServiceError | None) -> int:
    """Return the status of a page that tells an error."""
    if error is None:
        return 200
    return 422 if isinstance(error, RuleSetError) else 409
