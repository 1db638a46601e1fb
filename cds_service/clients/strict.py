"""What the doors of this room share: nothing is guessed, nothing unknown let in, lines hold no control characters."""

from typing import Annotated, Final

from pydantic import ConfigDict, StringConstraints

# Strict: "5" and true are no numbers, however willingly they could be read as such.
STRICT: Final = ConfigDict(extra="forbid", frozen=True, strict=True)
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"

Line = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_PLAIN, strip_whitespace=True)]
Short = Annotated[str, StringConstraints(max_length=255, pattern=_PLAIN, strip_whitespace=True)]
