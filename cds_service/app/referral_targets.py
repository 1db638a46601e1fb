"""The door for referral targets: a TOML file of the site's own receivers, refused when anything in it is wrong."""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from cards.options import ReferralTarget
from cds_service.clients.strict import STRICT
from cds_service.clients.targets import MOST_TARGETS, TargetEntry, each_is_reached
from cds_service.hooks.for_client import receiver

SETTING: Final = "CDS_REFERRAL_TARGETS"
_MOST_FAULTS: Final = 5
_PREFIX: Final = "Value error, "


class _Strict(BaseModel):
    model_config = STRICT


class TargetsFile(_Strict):
    """The file: receivers in the order in which they are offered."""

    target: Annotated[list[TargetEntry], Field(min_length=1, max_length=MOST_TARGETS)]

    @model_validator(mode="after")
    def _each_target_is_reached(self) -> Self:
        each_is_reached(self.target)
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
        return tuple(receiver(one.as_target()) for one in TargetsFile.model_validate(parsed).target)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix(_PREFIX)}" for one in faults]
        raise ValueError(f"{SETTING}: {'; '.join(told[:_MOST_FAULTS])}") from None
