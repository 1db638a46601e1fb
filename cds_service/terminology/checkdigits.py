"""Check digits: a mistyped code in a table is caught before it misses a patient.

SNOMED CT identifiers end in a Verhoeff check digit (SNOMED CT Release File Specification, "Check-digit"), which is
arithmetic in the dihedral group of order ten. LOINC codes end in a modulus 10 check digit (LOINC Users' Guide,
"Calculating Mod 10 check digits"), the same sum as on a credit card.
"""

from typing import Final

_TEN: Final = 10
_FIVE: Final = 5
# The position permutation of the Verhoeff scheme.
_SHUFFLE: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_DIGITS_OF_SCTID: Final = range(6, 19)


def snomed_is_valid(code: str) -> bool:
    """True when a SNOMED CT identifier has 6 to 18 digits and the right check digit."""
    if not (code.isascii() and code.isdigit() and len(code) in _DIGITS_OF_SCTID):
        return False
    total = 0
    for place, digit in enumerate(reversed(code)):
        total = _compose(total, _shuffled(int(digit), place))
    return total == 0


def _shuffled(digit: int, times: int) -> int:
    for _ in range(times):
        digit = _SHUFFLE[digit]
    return digit


def _compose(left: int, right: int) -> int:
    """Product in the dihedral group of order ten: 0-4 are rotations, 5-9 reflections."""
    turn = left + right if left < _FIVE else left - right
    reflected = (left < _FIVE) != (right < _FIVE)
    return turn % _FIVE + (_FIVE if reflected else 0)


def loinc_is_valid(code: str) -> bool:
    """True when a LOINC code is digits, a hyphen and the right check digit."""
    number, hyphen, check = code.partition("-")
    if not (hyphen and code.isascii() and number.isdigit() and check.isdigit()):
        return False
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number))]
    total = sum(value // _TEN + value % _TEN for value in doubled)
    return check == str(-total % _TEN)
