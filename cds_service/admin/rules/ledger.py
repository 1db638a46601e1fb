"""Everything that can be done with rule-set versions, whoever asks: pages, interface, command line.

Each act is one transaction, names its actor and is kept in the history. What cannot be done is refused with a reason
that may be read by whoever asked.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

import msgspec

from cds_service.admin.rules.checking import checked, read_version, unexplained
from cds_service.errors import Refused, RuleSetError, UnknownVersion
from cds_service.rulesets import lifecycle
from cds_service.rulesets.compare import Difference, Plain, compare
from cds_service.rulesets.edit import Editing
from cds_service.rulesets.lifecycle import Publication, Version
from cds_service.rulesets.load import default_text, digest_of, load_default
from cds_service.rulesets.model import LocalCode, Receiver, RuleSet
from cds_service.rulesets.upgrade import upgraded
from cds_service.store.rule_sets import Deed, HistoryEntry, RuleSetTable

BUILT_IN: Final = "built-in"
"""The name under which the rule set of this version of the service can be asked for, beside its own version."""
PROJECT: Final = "project"
"""Author of the rule sets that come with the service."""
MOST_CHARACTERS: Final = 1_000_000
_DAY_STARTS: Final = time(0)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How a site wants it: the profile in use, whose days they are, whether a second person must approve."""

    profile: str
    zone: tzinfo
    second_person: bool = True


class Ledger:
    """The versions of one site. ``pinned`` is the text of the rule-set file that the settings name, which overrules.

    ``origin`` is told in the audit beside the actor.
    """

    def __init__(
        self,
        table: RuleSetTable,
        policy: Policy,
        clock: Callable[[], datetime],
        pinned: str = "",
        origin: str = "",
    ) -> None:
        self._origin = origin
        self.policy = policy
        self.pinned = pinned
        self._table = table
        self._clock = clock

    # ------------------------------------------------------------ reading

    def versions(self) -> tuple[Version, ...]:
        """Return all versions of the site, the newest first."""
        return self._table.all()

    def version(self, name: str) -> Version:
        """Return one version of the site. Raises UnknownVersion."""
        found = self._table.get(name)
        if found is None:
            raise UnknownVersion(name)
        return found

    def text(self, name: str) -> str:
        """Return the text of a version, or of the built-in one. Raises UnknownVersion."""
        stored = None if name == BUILT_IN else self._table.get(name)
        if stored is not None:
            return stored.text
        if name in (BUILT_IN, load_default().version):
            return default_text()
        if self.pinned and name == read_version(self.pinned, self.policy.profile).version:
            return self.pinned
        raise UnknownVersion(name)

    def rules(self, name: str) -> RuleSet:
        """Return the rule set of a version under the site's profile. Raises UnknownVersion or RuleSetError."""
        return read_version(self.text(name), self.policy.profile)

    def in_force(self) -> Publication | None:
        """Return the publication in force; None: the built-in rules, or the file that the settings name."""
        return None if self.pinned else self._table.in_force(self._clock())

    def text_in_force(self) -> str:
        """Return the text of the rules in force."""
        if self.pinned:
            return self.pinned
        current = self.in_force()
        return self.version(current.version).text if current else default_text()

    def name_in_force(self) -> str:
        """Return the name of the version in force."""
        current = self.in_force()
        return current.version if current else read_version(self.text_in_force(), self.policy.profile).version

    def unpublished(self) -> frozenset[str]:
        """Return the names of the versions that never were published: nobody outside is shown them."""
        shown = {publication.version for publication in self.publications()}
        return frozenset(version.name for version in self.versions()) - shown

    def publications(self) -> tuple[Publication, ...]:
        """Return all publications, the oldest first."""
        return self._table.publications()

    def pending(self) -> tuple[Publication, ...]:
        """Return the publications that wait for their day."""
        return lifecycle.pending(self.publications(), self._clock())

    def history(self, name: str) -> tuple[HistoryEntry, ...]:
        """Return what was done with a version, the newest first."""
        return self._table.history(name)

    def name_before(self) -> str:
        """Return the version that was in force before the present one. Raises Refused when there is none."""
        begun = [p for p in lifecycle.standing(self.publications()) if p.effective <= self._clock()]
        if not begun:
            raise Refused("nothing-before", "nothing was published yet")
        begun.sort(key=lambda p: (p.effective, p.number))
        others = [p.version for p in begun if p.version != begun[-1].version]
        return others[-1] if others else load_default().version

    def problems(self, name: str) -> tuple[str, ...]:
        """Return what keeps a version from being published, in English; approvals are not asked for."""
        text = self.text(name)
        try:
            checked(text, self.policy.profile)
        except RuleSetError as error:
            return (str(error),)
        return tuple(f"{one.name}: {one.value} is unusual and says no reason" for one in unexplained(text))

    def differences(self, before: str, after: str) -> tuple[Difference, ...]:
        """Return what differs between two versions under the site's profile."""
        return compare(self.rules(before), self.rules(after))

    def exported(self, name: str) -> str:
        """Return the commented file of a version, with its state and the day it was published written at its head."""
        version = self._table.get(name)
        if version is None or version.author == PROJECT:
            return self.text(name)
        begun = [p for p in self.publications() if p.version == name and p.kind != "withdraw"]
        day = begun[-1].effective.astimezone(self.policy.zone).date() if begun else self._today()
        return Editing(version.text).head(status=version.state, released=day.isoformat()).text

    # ------------------------------------------------------------ drafts

    def begin(self, actor: str, reason: str, *, base: str = "", name: str = "") -> Version:
        """Make a draft from ``base``; from what is in force when none is named."""
        text = self.text(base) if base else self.text_in_force()
        return self._add(text, actor, reason, read_version(text, self.policy.profile).version, name)

    def imported(self, text: str, actor: str, reason: str, *, name: str = "") -> Version:
        """Make a draft from a file. It keeps the name it has in the file, where that is free and a site's own."""
        _check_size(text)
        rules = checked(text, self.policy.profile)
        return self._add(text, actor, reason, rules.version, name or self._own_name(rules.version))

    def _own_name(self, name: str) -> str:
        try:
            lifecycle.check_name(name)
        except Refused:
            return ""
        return "" if name in self._table.names() else name

    def _add(self, text: str, actor: str, reason: str, base: str, name: str) -> Version:
        lifecycle.check_reason(reason)
        name = lifecycle.check_name(name or lifecycle.next_name(base, self._table.names()))
        if name == self.name_in_force():
            raise Refused("version-taken", f"there is a version {name} already", name=name)
        # In the store every text is a draft's: what has become of it stands beside it, and approvals are of this text.
        head = {"version": name, "status": "draft", "released": self._today().isoformat()}
        text = Editing(upgraded(text).text).head(**head).text
        rules = checked(text, self.policy.profile)
        now = self._clock()
        made = Version(
            name=name,
            state="draft",
            text=text,
            digest=digest_of(text),
            schema_version=rules.schema_version,
            author=actor,
            created=now,
            reason=reason.strip(),
            based_on=base,
            editors=(actor,),
        )
        return self._table.add(made, self._deed(actor, "new", reason.strip()))

    def edited(
        self, name: str, changes: Mapping[str, Plain], reasons: Mapping[str, str], *, made_from: int, actor: str
    ) -> Version:
        """Change values of a draft, and say why where that is needed. Raises RuleSetError for an impossible value."""
        draft = self.version(name)
        editing = Editing(draft.text).values(changes, self.policy.profile).reasons(reasons)
        return self._rewritten(name, editing.text, made_from=made_from, actor=actor, why=", ".join(changes)[:500])

    def with_local_codes(
        self, name: str, codes: Iterable[LocalCode], *, made_from: int, actor: str, why: str
    ) -> Version:
        """Give a draft these local codes and no others. Raises RuleSetError for one that no table could hold."""
        text = Editing(self.version(name).text).local_codes(codes).text
        return self._rewritten(name, text, made_from=made_from, actor=actor, why=why)

    def with_receiver(
        self, name: str, action: str, receiver: Receiver | None, *, made_from: int, actor: str
    ) -> Version:
        """Give a draft a receiver of a referral; None: the one of the settings or the built-in one again."""
        text = Editing(self.version(name).text).receiver(action, receiver).text
        return self._rewritten(name, text, made_from=made_from, actor=actor, why=f"receiver of {action}")

    def unexplained_after(
        self, name: str, changes: Mapping[str, Plain], reasons: Mapping[str, str], among: frozenset[str]
    ) -> tuple[str, ...]:
        """Return which of the entries ``among`` would be unusual without a reason if the draft were edited so."""
        text = Editing(self.version(name).text).values(changes, self.policy.profile).reasons(reasons).text
        return tuple(one.name for one in unexplained(text) if one.name in among)

    def rewritten(self, name: str, text: str, *, made_from: int, actor: str, why: str = "") -> Version:
        """Give a draft another text; its name stays, whatever the text says. Raises RuleSetError."""
        _check_size(text)
        text = Editing(text).head(version=name, status="draft").text
        return self._rewritten(name, text, made_from=made_from, actor=actor, why=why)

    def _rewritten(self, name: str, text: str, *, made_from: int, actor: str, why: str) -> Version:
        draft = self._read(name, made_from)
        checked(text, self.policy.profile)
        new = lifecycle.edited(draft, text, digest_of(text), actor)
        return self._save(new, actor, "edit", why)

    # ------------------------------------------------------------ review

    def submitted(self, name: str, actor: str, *, made_from: int) -> Version:
        """Send a draft to review. Raises Refused while an unusual value does not say why."""
        draft = self._read(name, made_from)
        checked(draft.text, self.policy.profile)
        missing = unexplained(draft.text)
        if missing:
            names = ", ".join(one.name for one in missing)
            raise Refused("unexplained", f"say why these values are unusual: {names}", names=names)
        if draft.digest == digest_of(self.text_in_force()) or not self._differs(draft):
            raise Refused("no-change", "the draft says the same as the rules in force")
        return self._save(lifecycle.submitted(draft, actor), actor, "submit", draft.reason)

    def sent_back(self, name: str, actor: str, reason: str, *, made_from: int) -> Version:
        """Make a version in review a draft again."""
        return self._save(lifecycle.sent_back(self._read(name, made_from), reason), actor, "send-back", reason)

    def approved(self, name: str, actor: str, reason: str, *, made_from: int) -> Version:
        """Approve a version as a second person."""
        version = lifecycle.approved(self._read(name, made_from), actor, reason, self._clock())
        return self._save(version, actor, "approve", reason)

    # ------------------------------------------------------------ publishing

    def published(
        self, name: str, actor: str, reason: str, *, made_from: int, on: date | None = None, after: int | None = None
    ) -> Publication:
        """Publish a version, from now or from the start of the day ``on``.

        ``after``: number of the newest publication that the actor saw; None when nobody looked.
        """
        now = self._clock()
        every = self._publishable()
        version = self._read(name, made_from)
        new = lifecycle.published(version, reason, second_person=self.policy.second_person)
        lifecycle.check_none_pending(every, now)
        effective = self._effective(on, now)
        lifecycle.check_effective(effective, now)
        checked(version.text, self.policy.profile)
        made = Publication(version=name, kind="publish", at=now, by=actor, reason=reason.strip(), effective=effective)
        deed = self._deed(actor, "publish", reason.strip())
        self._table.publish((made,), deed, after=_newest(every) if after is None else after, version=new)
        return made

    def rolled_back(self, name: str, actor: str, reason: str, *, after: int | None = None) -> Publication:
        """Put an earlier version in force again, now. What waited for its day is withdrawn: nothing follows by itself.

        The built-in rule set can be gone back to as well: it becomes a version of the site by that.
        """
        now = self._clock()
        every = self._publishable()
        lifecycle.check_reason(reason)
        first = name == load_default().version
        version = self._kept_built_in(now) if first else self.version(name)
        lifecycle.check_rollback(version, every, now, first=first)
        checked(version.text, self.policy.profile)
        taken_back = tuple(self._withdrawal(waiting, actor, reason, now) for waiting in lifecycle.pending(every, now))
        made = Publication(version=name, kind="rollback", at=now, by=actor, reason=reason.strip(), effective=now)
        deed = self._deed(actor, "rollback", reason.strip())
        seen = _newest(every) if after is None else after
        self._table.publish((*taken_back, made), deed, after=seen, version=version)
        return made

    def withdrawn(self, name: str, actor: str, reason: str, *, after: int | None = None) -> None:
        """Take back the publication of a version that has not begun yet."""
        now = self._clock()
        every = self._publishable()
        lifecycle.check_reason(reason)
        waiting = next((p for p in lifecycle.pending(every, now) if p.version == name), None)
        if waiting is None:
            raise Refused("not-pending", f"{name} does not wait for its day")
        deed = self._deed(actor, "withdraw", reason.strip())
        made = self._withdrawal(waiting, actor, reason, now)
        seen = _newest(every) if after is None else after
        self._table.publish((made,), deed, after=seen, version=self.version(name))

    def retired(self, name: str, actor: str, reason: str, *, made_from: int) -> Version:
        """Give up a draft, or see to it that a published version is never in force again."""
        new = lifecycle.retired(self._read(name, made_from), reason, self.publications(), self._clock())
        return self._save(new, actor, "retire", reason.strip())

    # ------------------------------------------------------------ inside

    def _kept_built_in(self, now: datetime) -> Version:
        """Return the built-in rule set as a kept version, so that a later release cannot change what it says."""
        rules, text = load_default(), default_text()
        kept = self._table.get(rules.version)
        if kept is not None:
            return kept
        made = Version(
            name=rules.version,
            state="published",
            text=text,
            digest=digest_of(text),
            schema_version=rules.schema_version,
            author=PROJECT,
            created=now,
            reason=rules.title,
            based_on="",
            editors=(PROJECT,),
        )
        return self._table.add(made, self._deed(PROJECT, "new", rules.title))

    def _publishable(self) -> tuple[Publication, ...]:
        if self.pinned:
            raise Refused("pinned", "the settings name a rule-set file (CDS_RULE_SET), which is in force")
        return self.publications()

    def _effective(self, on: date | None, now: datetime) -> datetime:
        if on is None or on == now.astimezone(self.policy.zone).date():
            return now
        return datetime.combine(on, _DAY_STARTS, self.policy.zone).astimezone(UTC)

    def _withdrawal(self, waiting: Publication, actor: str, reason: str, now: datetime) -> Publication:
        return Publication(
            version=waiting.version,
            kind="withdraw",
            at=now,
            by=actor,
            reason=reason.strip(),
            effective=now,
            of=waiting.number,
        )

    def _differs(self, draft: Version) -> bool:
        after = read_version(draft.text, self.policy.profile)
        before = read_version(self.text_in_force(), self.policy.profile)
        return any(one.name not in ("version", "status") for one in compare(before, after))

    def _read(self, name: str, made_from: int) -> Version:
        """Return the version as the actor saw it: saving it refuses when it has changed since."""
        return msgspec.structs.replace(self.version(name), revision=made_from)

    def _save(self, version: Version, actor: str, act: str, reason: str) -> Version:
        return self._table.save(version, self._deed(actor, act, reason.strip()))

    def _deed(self, actor: str, act: str, reason: str) -> Deed:
        return Deed(at=self._clock(), actor=actor, act=act, reason=reason.strip(), origin=self._origin)

    def _today(self) -> date:
        return self._clock().astimezone(self.policy.zone).date()


def _check_size(text: str) -> None:
    """Refuse what no rule set is: reading it would keep the worker busy for minutes."""
    if len(text) > MOST_CHARACTERS:
        raise RuleSetError(f"a rule set has at most {MOST_CHARACTERS} characters")


def _newest(publications: tuple[Publication, ...]) -> int:
    return publications[-1].number if publications else 0
