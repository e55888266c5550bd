"""A judge's mean corrected by people: prediction-powered inference from the rows that were labelled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from assay.statistics.intervals import (
    Interval,
    check_equal_lengths,
    check_share,
    finite_numbers,
    interval_json,
    mean_and_deviation,
    scaled,
    student_interval,
    unscaled,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

METHOD = "prediction-powered mean (Angelopoulos et al. 2023), t with Welch-Satterthwaite degrees of freedom"
TUNED_METHOD = (
    "prediction-powered mean with power tuning (Angelopoulos, Duchi and Zrnic 2023), t with Welch-Satterthwaite "
    "degrees of freedom"
)


@dataclass(frozen=True, slots=True)
class CorrectedMean:
    """A judge's mean over all rows, and what people's labels on some of them make of it.

    `tuning` is the weight that the judge's scores have, 1 without power tuning; `bias` is the mean of judge minus
    human on labelled rows. `human_mean` with its interval is what the labels say alone. Figures are None where there
    is too little to tell; `reason` says why.
    """

    n_labelled: int
    n_unlabelled: int
    judge_mean: float | None = None
    human_mean: float | None = None
    human_interval: Interval | None = None
    bias: float | None = None
    mean: float | None = None
    standard_error: float | None = None
    interval: Interval | None = None
    tuning: float | None = None
    reason: str | None = None
    method: str = METHOD

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the JSON object that API, CLI and UI show."""
        return {
            "n_labelled": self.n_labelled,
            "n_unlabelled": self.n_unlabelled,
            "judge_mean": self.judge_mean,
            "human_mean": self.human_mean,
            "human_confidence_interval": interval_json(self.human_interval),
            "bias": self.bias,
            "mean": self.mean,
            "standard_error": self.standard_error,
            "confidence_interval": interval_json(self.interval),
            "tuning": self.tuning,
            "reason": self.reason,
            "method": self.method,
        }


def correct_mean(
    judge: ArrayLike,
    human: Sequence[float | None],
    *,
    level: float = 0.95,
    is_tuned: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> CorrectedMean:
    """Correct the mean of a judge's scores by the human scores of some rows, which must be a random sample of them.

    `judge` holds a finite number for each row, `human` one or None. With λ = 1 this is the prediction-powered mean of
    Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, "Prediction-powered inference", Science 382: the judge's mean
    on unlabelled rows plus the mean of human minus judge on labelled ones; its variance is Var(λ judge) / N +
    Var(human - λ judge) / n. Power tuning takes λ = Cov(human, judge) / ((1 + n / N) Var(judge)), within 0 and 1
    (Angelopoulos, Duchi and Zrnic 2023, "PPI++", arXiv 2311.01453), so that a poor judge does no harm; because λ comes
    from the same labels, it covers less than its level says where they are few (93 % for 95 % with 20 to 40 labels).
    Variances with n - 1; Student's t with the degrees of freedom of Welch 1947 in place of the normal quantile, which
    would cover too little with few labels. `minimum` and `maximum` cut mean and interval at the ends of the range.

    With fewer than two labels there is no corrected mean; where judge and people differ by the same amount on every
    labelled row, no interval, because the labels say nothing of how often the judge errs.

    Raises ValueError where a number is not finite, the lengths differ or `level` is not between 0 and 1.
    """
    import numpy as np

    check_share("level", level)
    scores = finite_numbers(judge, "judge")
    check_equal_lengths("human", len(human), scores.size)
    is_labelled = np.array([label is not None for label in human], dtype=bool)
    labels = finite_numbers([label for label in human if label is not None], "human")
    n, rest = int(labels.size), int(scores.size) - int(labels.size)
    method = TUNED_METHOD if is_tuned else METHOD
    if scores.size == 0:
        return CorrectedMean(0, 0, reason="There are no rows.", method=method)
    both, exponent = scaled(np.concatenate((scores, labels)))
    scores, labels = both[: scores.size], both[scores.size :]
    judge_mean = unscaled(mean_and_deviation(scores)[0], exponent)
    if n == 0:
        return CorrectedMean(0, rest, judge_mean, reason="No row has a human label.", method=method)
    human_mean, human_deviation = mean_and_deviation(labels)
    bias = unscaled(mean_and_deviation(scores[is_labelled] - labels)[0], exponent)
    human_interval = None
    if human_deviation is not None:
        error = human_deviation / math.sqrt(n)
        human_interval = student_interval(human_mean, error, n - 1, level, exponent=exponent, method="student_t")
    known = CorrectedMean(n, rest, judge_mean, unscaled(human_mean, exponent), human_interval, bias, method=method)
    if n < 2:
        return replace(known, reason="Only one row has a human label: nothing says how much the judge errs.")
    if rest < 2:
        reason = "Nearly every row has a human label: their own mean stands."
        return replace(known, mean=known.human_mean, interval=human_interval, tuning=0.0, reason=reason)
    tuning = _tuning(scores, labels, is_labelled) if is_tuned else 1.0
    unlabelled_mean, unlabelled_deviation = mean_and_deviation(scores[~is_labelled])
    rectifier, rectifier_deviation = mean_and_deviation(labels - tuning * scores[is_labelled])
    mean = tuning * unlabelled_mean + rectifier
    known = replace(known, mean=_within(unscaled(mean, exponent), minimum, maximum), tuning=tuning)
    if not rectifier_deviation or unlabelled_deviation is None:
        reason = "The judge differs from people by the same on every labelled row: how often it errs cannot be told."
        return replace(known, reason=reason)
    from_judge, from_labels = (tuning * unlabelled_deviation) ** 2 / rest, rectifier_deviation**2 / n
    error = math.sqrt(from_judge + from_labels)
    # As shares of their sum, because the squares of tiny variances vanish.
    judge_share = from_judge / (from_judge + from_labels)
    freedom = 1 / (judge_share**2 / (rest - 1) + (1 - judge_share) ** 2 / (n - 1))
    interval = student_interval(mean, error, freedom, level, exponent=exponent, method="prediction_powered")
    return replace(known, standard_error=unscaled(error, exponent), interval=_cut(interval, minimum, maximum))


def _tuning(scores: NDArray[np.float64], labels: NDArray[np.float64], is_labelled: NDArray[np.bool_]) -> float:
    n, rest = labels.size, scores.size - labels.size
    labelled = scores[is_labelled]
    covariance = float((labels - labels.mean()) @ (labelled - labelled.mean())) / (n - 1)
    _, deviation = mean_and_deviation(scores)
    if not deviation:
        return 0.0
    return min(1.0, max(0.0, covariance / deviation / ((1 + n / rest) * deviation)))


def _within(value: float | None, minimum: float | None, maximum: float | None) -> float | None:
    if value is None:
        return None
    at_least = value if minimum is None else max(value, minimum)
    return at_least if maximum is None else min(at_least, maximum)


def _cut(interval: Interval | None, minimum: float | None, maximum: float | None) -> Interval | None:
    if interval is None:
        return None
    lower, upper = _within(interval.lower, minimum, maximum), _within(interval.upper, minimum, maximum)
    return None if lower is None or upper is None else replace(interval, lower=lower, upper=upper)
