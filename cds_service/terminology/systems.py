"""Code systems: which URIs and OIDs mean which system, and how a code of that system is written.

All of it is data (``tables/code-systems.tsv`` and ``tables/code-system-aliases.tsv``). Tolerated when a system is
read: http or https, upper or lower case, a trailing slash, a ``|version`` suffix, an OID without ``urn:oid:``, and for
SNOMED CT an edition or version URI. Anything else is unknown, and a code of an unknown system means nothing to us.

The WHO URI ``http://hl7.org/fhir/sid/icd-10`` is also what much Swedish software sends for ICD-10-SE. The two
classifications share every code of four characters, and Sweden adds a letter or digit below. So a code under the WHO
URI is looked up in the WHO rows and, per concept, in the Swedish rows when WHO has none; a code that only Sweden can
have written (a letter in the fifth place: Z72.0B, snus) is looked up in the Swedish rows first. The other way round
nothing is assumed: a code under a Swedish URI is never read as WHO, and ICD-10-CM never mixes with either.
"""

import re
from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

from cds_service.errors import TerminologyError
from cds_service.terminology.tsv import fault, read_table

SYSTEM_COLUMNS: Final = (
    "key", "canonical", "name", "code_form", "match_kinds", "editions", "own_shape", "also_try", "source", "notes",
)  # fmt: skip
ALIAS_COLUMNS: Final = ("key", "alias", "name", "source", "notes")
MATCH_KINDS: Final = frozenset({"exact", "prefix", "descendants"})

# Longer strings are no system or code of ours; refusing them early keeps hostile text out of the memory of look-ups.
MAX_SYSTEM_LENGTH: Final = 256
MAX_CODE_LENGTH: Final = 64
MAX_REMEMBERED_SYSTEMS: Final = 2_000

_DOTLESS: Final = re.compile(r"[A-Z0-9]+")
_UPPER: Final = re.compile(r"[A-Z0-9-]+")
# ICD dagger and asterisk marks follow the code in some exports; they are not part of it.
_ICD_MARKS: Final = "+*†"
_EDITION: Final = re.compile(r"/[0-9]+(/version/[0-9]+)?")


def _dotless(code: str) -> str | None:
    bare = code.strip().rstrip(_ICD_MARKS).replace(".", "")
    return _if_written(_DOTLESS, bare)


def _upper(code: str) -> str | None:
    return _if_written(_UPPER, code.strip())


def _plain(code: str) -> str | None:
    return code.strip() or None


def _if_written(shape: re.Pattern[str], text: str) -> str | None:
    # Only ASCII is upper-cased: Unicode would turn a dotless i into I and match what was never written.
    upper = text.upper() if text.isascii() else ""
    return upper if shape.fullmatch(upper) else None


_FORMS: Final = {"dotless": _dotless, "upper": _upper, "plain": _plain}


class CodeSystem(msgspec.Struct, frozen=True, gc=False):
    """One code system as ``code-systems.tsv`` describes it.

    Attributes:
        key: short name used inside this project, e.g. ``icd-10-se``.
        canonical: the URI written in our tables and in what we emit.
        name: name for people.
        code_form: how codes compare: ``dotless`` (no dots, upper case), ``upper``, ``plain``.
        match_kinds: which kinds of row its codes may have.
        editions: True when a URI below the canonical one names an edition or version.
        own_shape: pattern of normalised codes that only this system writes; empty when none.
        also_try: key of the system whose codes are also sent under this one's URI; empty when none.
    """

    key: str
    canonical: str
    name: str
    code_form: str
    match_kinds: frozenset[str]
    editions: bool
    own_shape: str
    also_try: str

    def normalise(self, code: str) -> str | None:
        """Return the code as codes of this system are compared, or None when it cannot be one."""
        if len(code) > MAX_CODE_LENGTH:
            return None
        return _FORMS[self.code_form](code)

    def alone_writes(self, normal_code: str) -> bool:
        """True when the normalised code has a shape that no other system sharing its codes would write."""
        return bool(self.own_shape) and re.fullmatch(self.own_shape, normal_code) is not None


def uri_key(system: str) -> str:
    """Return the part of a system URI or OID that identifies it, in lower case and without scheme and version."""
    key = system.strip().partition("|")[0].lower()
    for scheme in ("http://", "https://", "urn:oid:"):
        key = key.removeprefix(scheme)
    return key.rstrip("/")


class CodeSystems:
    """The known code systems; :meth:`resolve` finds one from whatever a sender wrote."""

    def __init__(self, systems: Iterable[CodeSystem], uris: Mapping[str, str]) -> None:
        """Take the systems and, per URI or OID (see :func:`uri_key`), the key of the system it means."""
        self._by_key = {system.key: system for system in systems}
        self._by_uri = {uri: self._by_key[key] for uri, key in uris.items()}
        self._editions = [(uri, system) for uri, system in self._by_uri.items() if system.editions]
        self._seen: dict[str, CodeSystem | None] = {}

    def resolve(self, system: str | None) -> CodeSystem | None:
        """Return the code system that a URI or OID means, or None when it is absent or unknown."""
        if system is None or len(system) > MAX_SYSTEM_LENGTH:
            return None
        if system not in self._seen:
            if len(self._seen) >= MAX_REMEMBERED_SYSTEMS:
                self._seen.clear()
            self._seen[system] = self._find(uri_key(system)) if system.isascii() else None
        return self._seen[system]

    def _find(self, uri: str) -> CodeSystem | None:
        for base, system in self._editions:
            if uri.startswith(base) and _EDITION.fullmatch(uri, len(base)):
                return system
        return self._by_uri.get(uri)

    def uri(self, key: str) -> str:
        """Return the canonical URI of the system with this key, e.g. ``uri("override-reason")``."""
        return self[key].canonical

    def __getitem__(self, key: str) -> CodeSystem:
        try:
            return self._by_key[key]
        except KeyError:
            raise TerminologyError(f"no code system is called {key!r}") from None

    def all(self) -> tuple[CodeSystem, ...]:
        """Return every known system in the order of the table."""
        return tuple(self._by_key.values())


def load_systems(systems_file: Traversable, aliases_file: Traversable) -> CodeSystems:
    """Read the two tables.

    Raises:
        TerminologyError: a table is malformed, a key is unknown, or one URI is given to two systems.
    """
    systems: dict[str, CodeSystem] = {}
    uris: dict[str, str] = {}
    for line, cells in read_table(systems_file, SYSTEM_COLUMNS):
        system = _system(systems_file.name, line, cells)
        if system.key in systems:
            raise fault(systems_file.name, line, f"the key {system.key!r} is listed twice")
        systems[system.key] = system
        _claim(uris, system.canonical, system.key, (systems_file.name, line))
    for system in systems.values():
        if system.also_try and system.also_try not in systems:
            raise TerminologyError(
                f"{systems_file.name}: {system.key} also tries {system.also_try!r}, which is unknown"
            )
    for line, cells in read_table(aliases_file, ALIAS_COLUMNS):
        if cells["key"] not in systems:
            raise fault(aliases_file.name, line, f"unknown code system {cells['key']!r}")
        _claim(uris, cells["alias"], cells["key"], (aliases_file.name, line))
    return CodeSystems(systems.values(), uris)


def _claim(uris: dict[str, str], uri: str, key: str, where: tuple[str, int]) -> None:
    if not uri_key(uri):
        raise fault(*where, "the URI is empty")
    if uri_key(uri) in uris:
        raise fault(*where, f"{uri} already belongs to {uris[uri_key(uri)]}")
    uris[uri_key(uri)] = key


def _system(name: str, line: int, cells: Mapping[str, str]) -> CodeSystem:
    kinds = frozenset(cells["match_kinds"].split(","))
    if not cells["key"] or cells["code_form"] not in _FORMS or not kinds <= MATCH_KINDS:
        raise fault(name, line, "key, code_form or match_kinds is not one of the known values")
    if cells["editions"] not in {"yes", "no"}:
        raise fault(name, line, f"editions must be yes or no, not {cells['editions']!r}")
    try:
        re.compile(cells["own_shape"])
    except re.error as error:
        raise fault(name, line, f"own_shape is not a pattern: {error}") from error
    return CodeSystem(
        key=cells["key"],
        canonical=cells["canonical"],
        name=cells["name"],
        code_form=cells["code_form"],
        match_kinds=kinds,
        editions=cells["editions"] == "yes",
        own_shape=cells["own_shape"],
        also_try=cells["also_try"],
    )
