"""Which orders need not be checked again: those that differ from a checked one only in words and references.

A model of ``fhir.resources`` holds such a text only to being a text with something in it; that is looked at here, for
each one. Codes, systems, identifiers, statuses, dates and which members there are belong to the shape, and a shape is
checked by the model when it is first met. What is remembered holds no word and no reference of a record.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final

# Members that FHIR gives the type string or markdown, in every version that we write.
_WORDS: Final = frozenset({"text", "display", "reference"})
_MOST: Final = 1_000
_A_TEXT: Final = object()


class Checked:
    """The shapes that were checked, for one check. The memory is bounded and starts anew when it is full."""

    def __init__(self, check: Callable[[dict[str, Any]], object]) -> None:
        self._check = check
        self._shapes: set[Hashable] = set()

    def __call__(self, resource: dict[str, Any]) -> None:
        """Check a resource, unless one of its shape was. Raises what the check raises."""
        shape = shape_of(resource)
        if shape in self._shapes:
            return
        self._check(resource)
        if len(self._shapes) >= _MOST:
            self._shapes.clear()
        self._shapes.add(shape)


def shape_of(value: Any, member: str = "") -> Hashable:
    """Return what a model's verdict on a JSON value depends on; ``member`` is where it stands."""
    if isinstance(value, dict):
        return frozenset([(name, shape_of(one, name)) for name, one in value.items()])
    if isinstance(value, list):
        return tuple([shape_of(one, member) for one in value])
    return _A_TEXT if member in _WORDS and _is_text(value) else (type(value), value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and (value.isascii() or _is_unicode(value))


def _is_unicode(value: str) -> bool:
    try:
        return bool(value.encode())
    except UnicodeEncodeError:
        return False
