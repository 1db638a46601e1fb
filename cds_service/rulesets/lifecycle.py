"""The life of a rule-set version: draft -> review -> published -> retired. Pure: the time and the actor are arguments.

::

    draft      edited as often as its author likes         submit ->
    review     nothing is edited; others approve or send back   publish ->
    published  immutable; may be put in force, and again later (rollback)   retire ->
    retired    never in force again; stays readable for the cards that named it

Which published version is *in force* is told by the publications alone: each says which version holds from when. They
are only ever added to. Going back is a new publication of an earlier version; a publication that has not begun yet can
be withdrawn, by an entry of its own.

Every function returns the version as it is afterwards, or raises Refused.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from msgspec import structs

from cds_service.errors import Refused

State = Literal["draft", "review", "published", "retired"]
SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 2000
LONGEST_WAIT: Final = timedelta(days=366)
LONGEST_NAME: Final = 64
_NAME: Final = re.compile(r"^\d+\.\d+\.\d+([+-][0-9A-Za-z.-]+)?$")
_RELEASE: Final = re.compile(r"^\d+\.\d+\.\d+")
_SITE: Final = "+site."


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A second person's yes to exactly this text."""

    by: str
    at: datetime
    digest: str
    reason: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version: its text and how far it has come.

    ``text`` is the whole commented file. ``editors`` are all who wrote in it. ``revision`` counts the changes: who
    saves says which one was read, so that two who change the same version at once cannot overwrite each other.
    """

    name: str
    state: State
    text: str
    digest: str
    schema_version: int
    author: str
    created: datetime
    reason: str
    based_on: str
    editors: tuple[str, ...]
    approvals: tuple[Approval, ...] = ()
    revision: int = 1


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the publications: ``version`` is in force from ``effective`` on, until a later one is.

    ``kind``: ``publish``, ``rollback``, or ``withdraw``, which takes back the publication ``of`` before it has begun.
    ``number`` is 0 until it is stored.
    """

    number: int = 0
    version: str
    kind: Literal["publish", "rollback", "withdraw"]
    at: datetime
    by: str
    reason: str
    effective: datetime
    of: int | None = None


# ---------------------------------------------------------------- names


def check_name(name: str) -> str:
    """Return ``name`` if a version of a site may be called so. Raises Refused."""
    if not _NAME.match(name) or len(name) > LONGEST_NAME:
        raise Refused("version-name", "a version is called like 1.0.0+site.1")
    if _RELEASE.fullmatch(name):
        raise Refused("version-reserved", "names without a suffix are kept for the project's own releases")
    return name


def next_name(base: str, taken: Iterable[str]) -> str:
    """Return the next free name for a version made from ``base``: ``1.0.0+site.4`` after ``1.0.0+site.3``."""
    release = _RELEASE.match(base)
    stem = f"{release[0] if release else '0.0.0'}{_SITE}"
    used = [int(name.removeprefix(stem)) for name in taken if name.removeprefix(stem).isdecimal()]
    return f"{stem}{max(used, default=0) + 1}"


# ---------------------------------------------------------------- draft and review


def edited(version: Version, text: str, digest: str, actor: str) -> Version:
    """Return the draft with another text."""
    _must_be(version, "draft")
    return structs.replace(version, text=text, digest=digest, editors=_with(version.editors, actor))


def submitted(version: Version, actor: str) -> Version:
    """Return the draft as it goes to review."""
    _must_be(version, "draft")
    return structs.replace(version, state="review", approvals=(), editors=_with(version.editors, actor))


def sent_back(version: Version, reason: str) -> Version:
    """Return it as a draft again; what was approved is approved no longer."""
    _must_be(version, "review")
    check_reason(reason)
    return structs.replace(version, state="draft", approvals=())


def approved(version: Version, actor: str, reason: str, now: datetime) -> Version:
    """Return the version with the approval of somebody who did not write in it."""
    _must_be(version, "review")
    check_reason(reason)
    if actor in version.editors:
        raise Refused("same-person", "who wrote in a version cannot approve it: a second person must")
    if actor in {approval.by for approval in version.approvals}:
        raise Refused("approved-already", "you have approved this version already")
    made = Approval(by=actor, at=now, digest=version.digest, reason=reason)
    return structs.replace(version, approvals=(*version.approvals, made))


def is_approved(version: Version) -> bool:
    """True when a second person said yes to this very text."""
    return any(one.digest == version.digest and one.by not in version.editors for one in version.approvals)


# ---------------------------------------------------------------- publications


def published(version: Version, reason: str, *, second_person: bool) -> Version:
    """Return the version as published; from now on nobody changes it. ``second_person``: it must be approved.

    One that was published and withdrawn before its day may be published again as it is.
    """
    check_reason(reason)
    if version.state == "published":
        return version
    _must_be(version, "review")
    if second_person and not is_approved(version):
        raise Refused("not-approved", "a second person must approve the version before it is published")
    return structs.replace(version, state="published")


def retired(version: Version, reason: str, publications: Iterable[Publication], now: datetime) -> Version:
    """Return a draft that is given up, or a published version that shall never be in force again."""
    if version.state not in ("draft", "published"):
        _must_be(version, "published")
    check_reason(reason)
    every = tuple(publications)
    current = in_force(every, now)
    if current is not None and current.version == version.name:
        raise Refused("in-force", "the version is in force; publish another one first")
    if any(waiting.version == version.name for waiting in pending(every, now)):
        raise Refused("pending", "the version is to come into force; withdraw that first", version=version.name)
    return structs.replace(version, state="retired")


def check_effective(effective: datetime, now: datetime) -> None:
    """Refuse a day on which a publication cannot begin: a past one, or one more than a year ahead."""
    if effective < now:
        raise Refused("effective-past", "a publication cannot begin in the past")
    if effective > now + LONGEST_WAIT:
        raise Refused("effective-far", "a publication cannot begin more than a year ahead")


def check_none_pending(publications: Iterable[Publication], now: datetime) -> None:
    """Refuse a publication while another one waits for its day: what holds then would be hard to foresee."""
    waiting = next(iter(pending(tuple(publications), now)), None)
    if waiting is not None:
        text = f"{waiting.version} is to come into force; withdraw that first"
        raise Refused("pending", text, version=waiting.version)


def check_rollback(version: Version, publications: Iterable[Publication], now: datetime, *, first: bool) -> None:
    """Refuse to go back to a version that never was in force, is in force, or is retired.

    ``first``: it is the built-in one, which was in force before anything was published.
    """
    _must_be(version, "published")
    every = tuple(publications)
    current = in_force(every, now)
    if current is not None and current.version == version.name:
        raise Refused("in-force-already", "the version is in force")
    begun = {p.version for p in standing(every) if p.effective <= now}
    if not first and version.name not in begun:
        raise Refused("never-in-force", "the version has never been in force; publish it instead")


def in_force(publications: Iterable[Publication], now: datetime) -> Publication | None:
    """Return the publication that holds at ``now``: of those begun, the one that began last; None: the built-in rules.

    Of two that begin at the same moment, the one made later holds.
    """
    begun = [p for p in standing(tuple(publications)) if p.effective <= now]
    return max(begun, key=lambda p: (p.effective, p.number), default=None)


def pending(publications: Iterable[Publication], now: datetime) -> tuple[Publication, ...]:
    """Return the publications that have not begun yet and were not withdrawn."""
    return tuple(p for p in standing(tuple(publications)) if p.effective > now)


def standing(publications: tuple[Publication, ...]) -> tuple[Publication, ...]:
    """Return the publications that were not withdrawn."""
    withdrawn = {p.of for p in publications if p.kind == "withdraw"}
    return tuple(p for p in publications if p.kind != "withdraw" and p.number not in withdrawn)


# ---------------------------------------------------------------- reasons and states


def check_reason(reason: str) -> str:
    """Return a reason that says something. Raises Refused for one that is too short or too long."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refused("reason-short", f"give a reason of at least {SHORTEST_REASON} characters")
    if len(reason) > LONGEST_REASON:
        raise Refused("reason-long", f"give a reason of at most {LONGEST_REASON} characters")
    return reason.strip()


def _must_be(version: Version, state: State) -> None:
    if version.state != state:
        text = f"this needs a version that is {state}; {version.name} is {version.state}"
        raise Refused("wrong-state", text, needed=state, state=version.state)


def _with(editors: tuple[str, ...], actor: str) -> tuple[str, ...]:
    return editors if actor in editors else (*editors, actor)
