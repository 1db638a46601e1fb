"""The door for receivers of referrals, the same for a client's registration and for the site's own file."""

import re
from collections.abc import Container, Iterable
from typing import Annotated, Any, Final, Self

import msgspec
from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, model_validator

from cds_service.clients.model import Target, Who
from cds_service.clients.strict import STRICT, Line, Short

KEPT: Final = "kept"
"""Of the validation's context: receivers that an earlier version took and this one would not, which may stay."""
MOST_TARGETS: Final = 50
_MOST_LINES: Final = 8
_MOST_CODES: Final = 5
_ACTION: Final = re.compile(r"refer-[a-z][a-z-]{0,58}[a-z]")


class _Strict(BaseModel):
    model_config = STRICT


class CodingEntry(_Strict):
    """A coding of an order."""

    system: Line
    code: Line
    display: Short = ""


class TargetEntry(_Strict):
    """Who receives a referral, and how; the members are those of :class:`.model.Target`."""

    action: Annotated[str, StringConstraints(pattern=r"^refer-[a-z-]{1,60}$")]
    name: Line
    who: Who = "everybody"
    channel: Short = ""
    unit: Short = ""
    address: Annotated[list[Line], Field(max_length=_MOST_LINES)] = []
    identifier_system: Short = ""
    identifier: Short = ""
    codes: Annotated[list[CodingEntry], Field(max_length=_MOST_CODES)] = []

    @model_validator(mode="after")
    def _whole(self, info: ValidationInfo) -> Self:
        if bool(self.identifier) is not bool(self.identifier_system):
            raise ValueError("identifier and identifier_system go together")
        kept: Container[Any] = (info.context or {}).get(KEPT, ())
        if self in kept:
            return self
        if not _ACTION.fullmatch(self.action):
            raise ValueError("action: after refer- stand 2 to 60 letters and hyphens, a letter first and last")
        if not (self.channel or self.address):
            raise ValueError("give a channel, an address or both")
        return self

    def as_target(self) -> Target:
        """Return what the service works with."""
        return msgspec.convert(self.model_dump(), Target)


class Whatever(Container[Any]):
    """Holds everything: what an earlier version took is read as it lies."""

    def __contains__(self, _one: object) -> bool:
        return True


def each_is_reached(targets: Iterable[TargetEntry]) -> None:
    """Raise ValueError for a receiver behind one of the same action that takes everybody: it would never be offered."""
    closed: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for one in targets:
        if one.action in closed or (one.action, one.who) in seen:
            raise ValueError(f"{one.action}: an earlier target of this action takes the same patients")
        seen.add((one.action, one.who))
        closed |= {one.action} if one.who == "everybody" else set()
