"""Attributes of a table row: ``k=v;k=v``, checked against ``tables/attributes.tsv``.

The vocabulary is closed on purpose: a misspelt ``default=exlude`` would silently turn a look-alike into proof.
"""

import re
from collections.abc import Callable, Mapping
from importlib.resources.abc import Traversable
from typing import Final, NoReturn

from cds_service.errors import TerminologyError
from cds_service.terminology.tsv import fault, read_table

COLUMNS: Final = ("key", "values", "meaning")
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]*")
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


class Attributes(dict[str, str]):
    """Attributes of one row: a dict that cannot change, can be hashed and travels between processes."""

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("attributes of a terminology row cannot be changed")

    # One refusal stands in for every way a dict can change; the differing signatures do not matter to a refusal.
    __setitem__ = __delitem__ = _refuse
    clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # dict has none because it can change; this one cannot
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type["Attributes"], tuple[dict[str, str]]]:
        return (Attributes, (dict(self),))


Check = Callable[[str], bool]


class AttributeVocabulary:
    """Which attribute keys exist and which values each may have."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """Take, per key, the check that a value must pass."""
        self._checks = dict(checks)

    def parse(self, text: str) -> Attributes:
        """Return the attributes written as ``k=v;k=v`` (empty text: none).

        Raises:
            ValueError: bad syntax, a key twice, an unknown key or a value that the key cannot have.
        """
        pairs: dict[str, str] = {}
        for part in text.split(";") if text else []:
            key, equals, value = part.partition("=")
            if not equals or not value or "=" in value:
                raise ValueError(f"attributes must be written k=v;k=v, not {part!r}")
            if key in pairs:
                raise ValueError(f"the attribute {key!r} is given twice")
            if key not in self._checks:
                raise ValueError(f"unknown attribute {key!r}")
            if not self._checks[key](value):
                raise ValueError(f"the attribute {key!r} cannot be {value!r}")
            pairs[key] = value
        return Attributes(pairs)


def load_vocabulary(file: Traversable) -> AttributeVocabulary:
    """Read ``attributes.tsv``: values are ``*`` (free), ``number``, or a list separated by bars.

    Raises:
        TerminologyError: the table is malformed.
    """
    checks: dict[str, Check] = {}
    for line, cells in read_table(file, COLUMNS):
        if not _KEY.fullmatch(cells["key"]) or cells["key"] in checks:
            raise fault(file.name, line, f"the key {cells['key']!r} is malformed or listed twice")
        if not cells["values"] or not cells["meaning"]:
            raise fault(file.name, line, "values and meaning must be given")
        checks[cells["key"]] = _check(cells["values"])
    if "default" not in checks:
        raise TerminologyError(f"{file.name}: the attribute 'default' must be described")
    return AttributeVocabulary(checks)


def _check(values: str) -> Check:
    if values == "*":
        return bool
    if values == "number":
        return lambda value: _NUMBER.fullmatch(value) is not None
    return frozenset(values.split("|")).__contains__
