"""Running moments: mean and variance of numbers that come in parts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and sum of squared deviations from the mean (`m2`) of the numbers seen so far."""

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """Take the moments of an array of finite numbers; raises ValueError where one is not finite."""
        import numpy as np

        numbers = np.asarray(values, dtype=np.float64).ravel()
        if numbers.size == 0:
            return cls()
        if not np.isfinite(numbers).all():
            raise ValueError("values must be finite; there is a NaN or an infinity among them")
        mean = float(numbers.mean())
        differences = numbers - mean
        return cls(int(numbers.size), mean, float(differences @ differences))

    def add(self, value: float) -> Moments:
        """Return the moments with one more number; raises ValueError where it is not finite."""
        if not math.isfinite(value):
            raise ValueError(f"the value must be finite, not {value}")
        return self.merge(Moments(1, value, 0.0))

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both parts together.

        Pairwise update of Chan, Golub and LeVeque 1979, "Updating formulae and a pairwise algorithm for computing
        sample variances" (Stanford, STAN-CS-79-773), written for means instead of sums. Numbers beyond about 1e150
        make `m2` infinite.
        """
        if self.count == 0:
            return other
        if other.count == 0:
            return self
        count = self.count + other.count
        delta = other.mean - self.mean
        return Moments(
            count,
            self.mean + delta * other.count / count,
            self.m2 + other.m2 + delta * delta * (self.count * other.count / count),
        )

    @property
    def variance(self) -> float | None:
        """Sample variance (n - 1); None below two numbers."""
        return self.m2 / (self.count - 1) if self.count > 1 else None

    @property
    def standard_deviation(self) -> float | None:
        """Square root of the variance; None below two numbers."""
        return math.sqrt(self.m2 / (self.count - 1)) if self.count > 1 else None

    @property
    def standard_error(self) -> float | None:
        """Standard error of the mean; None below two numbers."""
        return math.sqrt(self.m2 / (self.count - 1) / self.count) if self.count > 1 else None
