"""Which tests reach which function, and in which order they are worth running against its mutants."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import inf

# Property tests try many examples: they come after the tests that try one.
SLOW_SECONDS = 0.1


@dataclass(frozen=True)
class Reach:
    """What one run over the unchanged code tells."""

    tests_of: Mapping[str, Collection[str]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def width(self) -> Mapping[str, int]:
        """How many functions a test reaches."""
        return Counter(test for tests in self.tests_of.values() for test in tests)

    def chosen(self, function: str, budget: float = inf) -> list[str]:
        """The tests of a function, quick ones that reach little first: they tell most of it and soonest.

        No test is begun after ``budget`` seconds.
        """
        ranked = sorted(self.tests_of.get(function, ()), key=self._rank)
        began = accumulate((self.seconds.get(test, 0.0) for test in ranked), initial=0.0)
        return [test for test, used in zip(ranked, began, strict=False) if used <= budget]

    def _rank(self, test: str) -> tuple[bool, int, float, str]:
        took = self.seconds.get(test, 0.0)
        return took > SLOW_SECONDS, self.width[test], took, test
