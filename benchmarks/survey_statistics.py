"""Weighted accuracy of a score against DXA osteoporosis, with intervals from a bootstrap of PSUs within strata."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
RESAMPLES = 1000
SEED = 20260601


@dataclass(frozen=True)
class Design:
    """Who belongs together in the survey's sample: stratum and primary sampling unit (PSU) of each person."""

    stratum: NDArray[np.int64]
    psu: NDArray[np.int64]

    def resampled(self, weights: Numbers) -> list[Numbers]:
        """Return survey weights for each resample: PSUs drawn with replacement within their stratum."""
        chance = np.random.default_rng(SEED)
        units, member = np.unique(np.stack([self.stratum, self.psu]), axis=1, return_inverse=True)
        member = np.asarray(member).reshape(-1)
        strata = [np.flatnonzero(units[0] == stratum) for stratum in np.unique(units[0])]
        drawn = []
        for _ in range(RESAMPLES):
            times = np.zeros(units.shape[1])
            for own in strata:
                np.add.at(times, chance.choice(own, size=len(own)), 1)
            drawn.append(weights * times[member])
        return drawn


def auroc(score: Numbers, ill: Numbers, weights: Numbers) -> float:
    """Return the weighted area under the ROC curve; a higher score means more risk, ties count half."""
    _, rank = np.unique(score, return_inverse=True)
    with_it = np.bincount(rank, weights * ill)
    without = np.bincount(rank, weights * (1 - ill))
    below = np.cumsum(without) - without
    return float((with_it * (below + without / 2)).sum() / (with_it.sum() * without.sum()))


def sensitivity(flagged: Numbers, ill: Numbers, weights: Numbers) -> float:
    """Return the share of the ill who are flagged."""
    return float((weights * ill * flagged).sum() / (weights * ill).sum())


def specificity(flagged: Numbers, ill: Numbers, weights: Numbers) -> float:
    """Return the share of the others who are not flagged."""
    return float((weights * (1 - ill) * (1 - flagged)).sum() / (weights * (1 - ill)).sum())


def share(flagged: Numbers, _ill: Numbers, weights: Numbers) -> float:
    """Return the share of all who are flagged."""
    return float((weights * flagged).sum() / weights.sum())


Measure = Callable[[Numbers, Numbers, Numbers], float]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def estimate(measure: Measure, score: Numbers, ill: Numbers, weights: Numbers, drawn: list[Numbers]) -> Estimate:
    """Return a measure with the 2.5 and 97.5 percentiles over the resamples."""
    spread = np.percentile([measure(score, ill, each) for each in drawn], [2.5, 97.5])
    return Estimate(measure(score, ill, weights), float(spread[0]), float(spread[1]))


def difference(one: Numbers, other: Numbers, ill: Numbers, weights: Numbers, drawn: list[Numbers]) -> Estimate:
    """Return AUROC(one) - AUROC(other) with its interval, both on the same resamples."""
    gaps = [auroc(one, ill, each) - auroc(other, ill, each) for each in drawn]
    low, high = np.percentile(gaps, [2.5, 97.5])
    return Estimate(auroc(one, ill, weights) - auroc(other, ill, weights), float(low), float(high))
