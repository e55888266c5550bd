"""How logs are chosen for a dataset: a recipe that gives the same logs whenever it is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SamplingMethod = Literal["random", "stratified", "newest", "failures_first"]
Granularity = Literal["logs", "traces"]

# Arithmetic modulo this prime fits 64-bit integers in every store.
PRIME = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many of the matching logs are taken, and which.

    `percent` (over 0 to 100, rounded up) or `count`; both None takes all. `stratify_by` names a field, or a path such
    as `metadata.plan`; `allocation` proportional gives each stratum its share (largest remainder), equal the same
    number. `similarity` (over 0 to 1) drops logs whose input is that similar to one taken before (MinHash estimate of
    the Jaccard index over words); None keeps them.
    """

    method: SamplingMethod = "random"
    percent: float | None = None
    count: int | None = None
    seed: int = 0
    stratify_by: str | None = None
    allocation: Literal["proportional", "equal"] = "proportional"
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Stratum:
    """What was taken of one stratum; `weight` is how many matching logs each taken one stands for."""

    value: str | None
    matched: int
    taken: int

    @property
    def weight(self) -> float | None:
        """Matching logs per taken log; None when none was taken."""
        return self.matched / self.taken if self.taken else None


@dataclass(frozen=True, slots=True)
class SamplingOutcome:
    """What a sampling came to: how many matched, and were chosen; the strata, if any.

    `skipped_count` of those chosen were in the dataset already; `near_duplicate_count` were passed over for others.
    """

    matched_count: int
    chosen_count: int
    skipped_count: int = 0
    near_duplicate_count: int = 0
    strata: Sequence[Stratum] | None = None


def coefficients(seed: int) -> tuple[int, int]:
    """Return a and b of the order that a seed gives: logs are taken by (hash * a + b) mod PRIME, then by id.

    A universal hash family (Carter and Wegman 1979) over the 31-bit hash of a log's id.
    """
    state = seed & 0xFFFF_FFFF_FFFF_FFFF
    words = []
    for _ in range(2):
        # SplitMix64 (Steele, Lea, Flood 2014): neighbouring seeds give unrelated orders.
        state = (state + 0x9E37_79B9_7F4A_7C15) & 0xFFFF_FFFF_FFFF_FFFF
        word = state
        word = ((word ^ (word >> 30)) * 0xBF58_476D_1CE4_E5B9) & 0xFFFF_FFFF_FFFF_FFFF
        word = ((word ^ (word >> 27)) * 0x94D0_49BB_1331_11EB) & 0xFFFF_FFFF_FFFF_FFFF
        words.append(word ^ (word >> 31))
    return words[0] % (PRIME - 1) + 1, words[1] % PRIME
