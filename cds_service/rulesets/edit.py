"""Changing a rule set as the commented file it is: every line that is not changed stays as somebody wrote it.

Entries are named as :mod:`.compare` names them: ``factors.R-GC2.thresholds.dose``, ``tiers.elevated``, ``limbs.LL-TT``,
``factors.R-TAM.weights.unknown``, ``factors.R-WT.enabled``, ``decisions.watch_cards``. Nothing here judges a value:
read the edited text with :func:`.load.load_text`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

import tomlkit
from msgspec import structs
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from cds_service.errors import RuleSetError
from cds_service.rulesets.compare import Plain
from cds_service.rulesets.model import LocalCode, Receiver

_EMPTY: Final[tuple[object, ...]] = ("", (), [], None)
_REASONS: Final = "reasons"
_CODES: Final = "local_codes"
_RECEIVERS: Final = "referral_targets"


class Editing:
    """A rule set that is being changed. ``text`` gives it as it is now; read and written once, however much changes."""

    def __init__(self, text: str) -> None:
        """Raises RuleSetError for what is no TOML."""
        self._document = _read(text)

    @property
    def text(self) -> str:
        """The whole file."""
        return tomlkit.dumps(self._document)

    def values(self, changes: Mapping[str, Plain], profile: str) -> Self:
        """Give entries another value, by dotted name.

        Where ``profile`` sets a value of its own, it is that one which changes. A whole number is written without
        decimals. Raises RuleSetError for a name that the text does not hold.
        """
        own: Any = self._document.get("profiles", {}).get(profile, {})
        for name, value in changes.items():
            path = _path(name)
            if ".".join(path) in own:
                own[".".join(path)] = _written(value)
            else:
                _put(self._document, path, name, value)
        return self

    def reasons(self, reasons: Mapping[str, str]) -> Self:
        """Write ``[reasons]`` by dotted name; an empty reason takes the entry away."""
        table = _table(self._document, _REASONS)
        for name, reason in reasons.items():
            if reason.strip():
                table[name] = " ".join(reason.split())
            elif name in table:
                table.remove(name)
        if not table:
            self._document.remove(_REASONS)
        return self

    def head(self, **entries: str) -> Self:
        """Write entries at the head anew: ``version``, ``status``, ``released``, ``title``."""
        for name, value in entries.items():
            _put(self._document, (name,), name, value)
        return self

    def local_codes(self, codes: Iterable[LocalCode]) -> Self:
        """Hold these local codes and no others."""
        self._document.pop(_CODES, None)
        listed = [_filled(structs.asdict(code)) for code in codes]
        if listed:
            self._document.append(_CODES, AoT(listed))
        return self

    def receiver(self, action: str, receiver: Receiver | None) -> Self:
        """Name the receiver of the referral ``action``; None: the built-in one again."""
        table = _table(self._document, _RECEIVERS)
        if action in table:
            table.remove(action)
        if receiver is not None:
            fields = structs.asdict(receiver)
            fields.pop("action")
            table.append(action, _filled({**fields, "address": list(receiver.address)}))
        if not table:
            self._document.remove(_RECEIVERS)
        return self


def with_values(text: str, changes: Mapping[str, Plain], profile: str) -> str:
    """Return the text with other values; see :meth:`Editing.values`."""
    return Editing(text).values(changes, profile).text


def _read(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise RuleSetError(f"rule set is not valid TOML: {error}") from None


def _path(name: str) -> tuple[str, ...]:
    """Return where an entry stands in the file: the only weight of a factor is called ``weight`` there."""
    parts = tuple(name.split("."))
    return (*parts[:-1], "weight") if parts[0] == "factors" and parts[2:] == ("weights",) else parts


def _put(document: Any, path: tuple[str, ...], name: str, value: Plain) -> None:
    node: Any = document
    for part in path[:-1]:
        node = node.get(part) if isinstance(node, dict) else None
    leaf = path[-1]
    if not isinstance(node, dict) or (leaf not in node and leaf != "enabled"):
        raise RuleSetError(f"the rule set holds no {name}")
    if isinstance(node.get(leaf), dict):
        node[leaf]["value"] = _written(value)
    elif leaf == "enabled" and leaf not in node:
        _switch(node, value)
    else:
        node[leaf] = _written(value)


def _switch(factor: Any, value: Plain) -> None:
    """Write ``enabled``, which is left out as long as a factor is evaluated, among the factor's own lines."""
    if not isinstance(factor, Table) or "title" not in factor:
        raise RuleSetError("only a factor can be switched off")
    entries = [(key, item) for key, item in factor.value.body if key is not None]
    after = next(key for key, _ in entries if key.key == "title")
    factor.value._insert_after(after, "enabled", bool(value))  # tomlkit has no public way


def _table(document: Any, name: str) -> Any:
    if name not in document:
        document.append(name, tomlkit.table())
    return document[name]


def _filled(fields: Mapping[str, Any]) -> Table:
    """Return a table without what is empty."""
    table = tomlkit.table()
    for name, value in fields.items():
        if value not in _EMPTY:
            table.append(name, value)
    return table


def _written(value: Plain) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
