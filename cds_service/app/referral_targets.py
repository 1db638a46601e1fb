"""The door for referral targets: a TOML file of the site's own receivers, refused when anything in it is wrong."""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from cards.options import OrderCode, ReferralTarget, Who

SETTING: Final = "CDS_REFERRAL_TARGETS"
_MOST: Final = 50
_MOST_LINES: Final = 8
_MOST_CODES: Final = 5
_MOST_FAULTS: Final = 5
_PREFIX: Final = "Value error, "
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"

Line = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_PLAIN, strip_whitespace=True)]
Short = Annotated[str, StringConstraints(max_length=255, pattern=_PLAIN, strip_whitespace=True)]


class _Strict(BaseModel):
    # A misspelt member would otherwise be a receiver without an address.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CodeEntry(_Strict):
    """A coding for the order."""

    system: Line
    code: Line
    display: Short = ""


class TargetEntry(_Strict):
    """One receiver; the members are those of :class:`cards.options.ReferralTarget`."""

    action: Annotated[str, StringConstraints(pattern=r"^refer-[a-z][a-z-]{0,58}[a-z]$")]
    name: Line
    who: Who = "everybody"
    channel: Short = ""
    unit: Short = ""
    address: Annotated[list[Line], Field(max_length=_MOST_LINES)] = []
    identifier_system: Short = ""
    identifier: Short = ""
    codes: Annotated[list[CodeEntry], Field(max_length=_MOST_CODES)] = []

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.identifier) is not bool(self.identifier_system):
            raise ValueError("identifier and identifier_system go together")
        if not (self.channel or self.address):
            raise ValueError("give a channel, an address or both")
        return self

    def as_target(self) -> ReferralTarget:
        """Return what the cards and the letter work with."""
        return ReferralTarget(
            **self.model_dump(exclude={"address", "codes"}),
            address=tuple(self.address),
            codes=tuple(OrderCode(one.system, one.code, one.display) for one in self.codes),
        )


class TargetsFile(_Strict):
    """The file: receivers in the order in which they are offered."""

    target: Annotated[list[TargetEntry], Field(min_length=1, max_length=_MOST)]

    @model_validator(mode="after")
    def _each_is_reached(self) -> Self:
        """A receiver behind another of the same action that takes everybody would never be offered."""
        closed: set[str] = set()
        seen: set[tuple[str, str]] = set()
        for one in self.target:
            if one.action in closed or (one.action, one.who) in seen:
                raise ValueError(f"{one.action}: an earlier target of this action takes the same patients")
            seen.add((one.action, one.who))
            closed |= {one.action} if one.who == "everybody" else set()
        return self


def read_targets(path: str) -> tuple[ReferralTarget, ...]:
    """Return the receivers of the file; none for an empty path.

    Raises ValueError that names the setting, the places in the file and what is wrong there.
    """
    if not path:
        return ()
    try:
        parsed = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{SETTING}: the file cannot be read ({type(error).__name__})") from None
    except ValueError as error:
        raise ValueError(f"{SETTING}: the file is not TOML in UTF-8 ({error})") from None
    try:
        return tuple(one.as_target() for one in TargetsFile.model_validate(parsed).target)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix(_PREFIX)}" for one in faults]
        raise ValueError(f"{SETTING}: {'; '.join(told[:_MOST_FAULTS])}") from None
