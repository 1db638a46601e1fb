"""The form of the letter as data: lengths of fields, code systems in order, which questions are asked."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The file ``form.toml``; lengths in characters."""

    longest_field: int
    longest_line: int
    most_diagnoses: int
    negatives_told_elsewhere: frozenset[str]
    diagnosis_systems: tuple[str, ...]
    action_systems: tuple[str, ...]
    asks: Mapping[str, tuple[str, ...]]
    in_pregnancy: Mapping[str, str]


@cache
def form() -> Form:
    """Return the form, read once. Raises msgspec.ValidationError when the file is damaged."""
    data: dict[str, Any] = tomllib.loads((files("cards.letter") / "form.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data, Form)
