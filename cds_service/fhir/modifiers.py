"""Modifier extensions: what they say may turn the meaning of everything around them, and none is known to us.

FHIR forbids to ignore them (``Element.modifierExtension``, "modifiers cannot be ignored"), so a resource that has one
is not counted.
"""

from typing import Any, Final

import msgspec

MODIFIER: Final = "modifierExtension"
_QUOTED: Final = f'"{MODIFIER}"'.encode()


def may_be_modified(data: bytes) -> bool:
    """True when the word stands somewhere in ``data``."""
    return _QUOTED in data


def is_modified(data: bytes) -> bool:
    """True when a resource, or any part of it, has a modifier extension; ``data`` is its JSON."""
    # The tree is built only for the few resources that hold the word at all.
    return may_be_modified(data) and _holds_modifier(msgspec.json.decode(data))


def _holds_modifier(tree: Any) -> bool:
    if isinstance(tree, dict):
        return bool(tree.get(MODIFIER)) or any(map(_holds_modifier, tree.values()))
    return isinstance(tree, list) and any(map(_holds_modifier, tree))
