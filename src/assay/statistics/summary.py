"""The summary of one evaluator's cells: arrays in, one JSON object out; the same figures for API, CLI and UI."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.model.evaluator import ScoreRange, ScoreValueType
from assay.statistics.clusters import clustered_mean, clustered_rate
from assay.statistics.intervals import check_equal_lengths, finite_numbers, flags, interval_json
from assay.statistics.power import detectable_json
from assay.statistics.sample import (
    PassSummary,
    count_categories,
    mean_bounds,
    summarize_numbers,
    summarize_passes,
)
from assay.statistics.trials import (
    TRIALS_METHOD,
    average_over_trials,
    measure_passes,
    measure_trials,
    rate_over_trials,
    share_of_agreeing_trials,
)
from assay.statistics.usage import cost_json, latency_json, tokens_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

NUMBER_METHOD = (
    "mean: Student t interval (Student 1908); standard deviation: n - 1; "
    "percentiles: linear interpolation (Hyndman and Fan 1996, type 7)"
)
RATE_METHOD = "rate: Wilson score interval (Wilson 1927)"
RATE_OVER_TRIALS_METHOD = (
    "rate: mean over rows of the share of trials; Wilson score interval at the effective sample size "
    "(Korn and Graubard 1998), clustered by row"
)
# An interval narrower than this share of the range of scores is not worth more work.
_ENOUGH_SHARE = 0.02


def load_arithmetic() -> None:
    """Import what the figures are computed with, for a caller who has time now and none later."""
    import numpy  # noqa: F401
    import scipy.special  # noqa: F401


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of the cells that a summary is about; cells that never ran are in `total` alone."""

    total: int
    scored: int
    skipped: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        if min(self.scored, self.skipped, self.failed) < 0 or self.scored + self.skipped + self.failed > self.total:
            raise ValueError(f"scored, skipped and failed must be counts within total: {self}")


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the values of scored cells belong together: their rows (None where each is a row), clusters, pass marks."""

    coverage: Coverage
    level: float
    trials: int
    rows: Sequence[Hashable] | None
    clusters: Sequence[Hashable] | None
    marks: NDArray[np.float64] | None

    def per_row(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one number for each row: the mean of its trials."""
        return numbers if self.rows is None else average_over_trials(numbers, self.rows)[1]

    def cluster_per_row(self) -> Sequence[Hashable] | None:
        """Return the cluster of each row, in the order of `per_row`."""
        if self.clusters is None or self.rows is None:
            return self.clusters
        found: dict[Hashable, Hashable] = {}
        for row, cluster in zip(self.rows, self.clusters, strict=True):
            if found.setdefault(row, cluster) != cluster:
                raise ValueError(f"a row must be in one cluster, but row {row!r} is in {found[row]!r} and {cluster!r}")
        return list(found.values())


def summarize_cells(
    score_value_type: ScoreValueType,
    values: ArrayLike | Sequence[str | Sequence[str]],
    *,
    coverage: Coverage,
    score_range: ScoreRange = ScoreRange(),  # noqa: B008 - frozen
    passed: int | None = None,
    level: float = 0.95,
    trials: int = 1,
    rows: Sequence[Hashable] | None = None,
    clusters: Sequence[Hashable] | None = None,
    pass_flags: ArrayLike | None = None,
    cost_usd: Sequence[float | None] | None = None,
    latency_seconds: Sequence[float | None] | None = None,
    input_tokens: Sequence[int | None] | None = None,
    output_tokens: Sequence[int | None] | None = None,
) -> dict[str, Any]:
    """Summarise the scored cells of one evaluator as the JSON object that API, CLI and UI show.

    `values` holds one value for each scored cell: numbers; booleans as 0 and 1; category names, or lists of them;
    nothing for text and JSON scores. `passed` counts the cells that passed, None where there is no pass rule;
    `pass_flags` says it of each scored cell instead. Figures that do not apply are null. `mean_bounds` places the
    failed cells at the ends of the range of scores.

    With `trials` over 1, `rows` names the row of each scored cell: mean, standard deviation, standard error, intervals
    and pass rate are of row means; minimum, maximum, percentiles, histogram and counts are of cells. `clusters` labels
    each scored cell; None is a cluster of its own. Costs, latencies and tokens are of all cells that ran, None where
    unknown. The minimum detectable effect is for a later run over as many rows.

    Raises ValueError where columns do not fit the coverage or each other, or a number is not finite.
    """
    # Which type they have, the type of the scores says.
    given: Any = values
    marks = _pass_marks(score_value_type, given, passed, pass_flags, coverage)
    if marks is not None and pass_flags is not None and passed not in (None, int(marks.sum())):
        raise ValueError(f"passed must be the number of pass_flags that are 1 ({int(marks.sum())}), not {passed}")
    if trials < 1 or (trials > 1 and rows is None):
        raise ValueError(f"trials must be 1, or more with rows, which name the row of each value; it is {trials}")
    if trials > 1 and passed is not None and pass_flags is None:
        raise ValueError("pass_flags must say which cells passed where there are several trials")
    for name, column in (("rows", rows), ("clusters", clusters)):
        if column is not None:
            check_equal_lengths(name, len(column), coverage.scored)
    layout = _Layout(coverage, level, trials, rows if trials > 1 else None, clusters, marks)
    summary: dict[str, Any] = {
        "coverage": {
            "total": coverage.total,
            "scored": coverage.scored,
            "skipped": coverage.skipped,
            "failed": coverage.failed,
        },
        "mean": None,
        "standard_deviation": None,
        "standard_error": None,
        "confidence_interval": None,
        "clustered": None,
        "minimum": None,
        "maximum": None,
        "percentiles": None,
        "histogram": None,
        "mean_bounds": None,
        "pass_rate": None,
        "counts": None,
        "trials": None,
        "minimum_detectable_effect": None,
        "cost_usd": None if cost_usd is None else cost_json(cost_usd),
        "latency_seconds": None if latency_seconds is None else latency_json(latency_seconds),
        "tokens": _tokens(input_tokens, output_tokens),
        "method": "",
    }
    match score_value_type:
        case "numerical" | "percentage":
            _add_numbers(summary, given, layout, _ends(score_value_type, score_range))
        case "boolean":
            _add_boolean(summary, finite_numbers(given), layout)
        case "single_select" | "multi_select" | "categorical":
            _add_categories(summary, given, layout)
        case "text" | "json" | "comment":
            summary["method"] = "not aggregated"
    if marks is not None or passed is not None:
        _add_pass_rate(summary, passed, layout, is_named=score_value_type != "boolean")
    if summary["trials"] is not None:
        summary["method"] = f"{summary['method']}; {TRIALS_METHOD}"
    return summary


def _pass_marks(
    score_value_type: ScoreValueType, values: Any, passed: int | None, pass_flags: ArrayLike | None, coverage: Coverage
) -> NDArray[np.float64] | None:
    """Return 0 or 1 for each scored cell, None where it is not known; booleans without a pass rule are their own."""
    marks = None
    if score_value_type == "boolean":
        marks = flags(values, "boolean values")
        _check_count(marks.size, coverage)
    if pass_flags is not None:
        marks = flags(pass_flags, "pass_flags")
        check_equal_lengths("pass_flags", marks.size, coverage.scored)
    elif passed is not None:
        return None
    return marks


def _add_numbers(
    summary: dict[str, Any], values: Any, layout: _Layout, ends: tuple[float | None, float | None]
) -> None:
    cells = summarize_numbers(values, layout.level)
    _check_count(cells.n, layout.coverage)
    per_row = layout.per_row(finite_numbers(values))
    numbers = cells if layout.rows is None else summarize_numbers(per_row, layout.level)
    clusters = layout.cluster_per_row()
    clustered = None if clusters is None else clustered_mean(per_row, clusters, layout.level)
    is_bounded = ends[0] is not None and ends[1] is not None
    summary |= {
        "mean": numbers.mean,
        "standard_deviation": numbers.standard_deviation,
        "standard_error": numbers.standard_error,
        "confidence_interval": interval_json(numbers.interval),
        "clustered": None if clustered is None else clustered.as_json(),
        "minimum": cells.minimum,
        "maximum": cells.maximum,
        "percentiles": {f"p{percent}": value for percent, value in (cells.percentiles or {}).items()} or None,
        "histogram": [{"lower": bin.lower, "upper": bin.upper, "count": bin.count} for bin in cells.histogram],
        "mean_bounds": _bounds_json(numbers.mean, cells.mean, layout.coverage, *ends),
        "trials": _trials_json(layout, values, (ends[1] or 0.0) - (ends[0] or 0.0) if is_bounded else 0.0),
        "minimum_detectable_effect": detectable_json(
            rows=numbers.n,
            standard_deviation=numbers.standard_deviation,
            design_effect=None if clustered is None else clustered.design_effect,
            level=layout.level,
        ),
        "method": NUMBER_METHOD,
    }


def _add_boolean(summary: dict[str, Any], values: NDArray[np.float64], layout: _Layout) -> None:
    true_count = int(values.sum())
    rate = _rate(values, true_count, layout)
    summary |= {
        "mean": rate.rate,
        "confidence_interval": interval_json(rate.interval),
        "clustered": _clustered_rate_json(values, layout),
        "mean_bounds": _bounds_json(
            rate.rate, true_count / values.size if values.size else None, layout.coverage, 0.0, 1.0
        ),
        "counts": {"true": true_count, "false": values.size - true_count},
        "trials": _trials_json(layout, values, 1.0),
        "minimum_detectable_effect": _detectable_rate(values, layout),
        "method": RATE_METHOD if layout.rows is None else RATE_OVER_TRIALS_METHOD,
    }


def _add_categories(summary: dict[str, Any], categories: Any, layout: _Layout) -> None:
    _check_count(len(categories), layout.coverage)
    trials = _trials_json(layout, layout.marks, 1.0)
    if trials is not None and layout.rows is not None:
        chosen = [value if isinstance(value, str) else frozenset(value) for value in categories]
        trials["agreement"] = share_of_agreeing_trials(chosen, layout.rows)
    summary |= {"counts": count_categories(categories), "trials": trials, "method": "counts of cells"}


def _add_pass_rate(summary: dict[str, Any], passed: int | None, layout: _Layout, *, is_named: bool) -> None:
    """Add the pass rate from the marks, or from the bare count of cells that passed."""
    marks, coverage = layout.marks, layout.coverage
    total_passed = passed if passed is not None else 0 if marks is None else int(marks.sum())
    rate = (
        summarize_passes(total_passed, coverage.scored, layout.level)
        if marks is None or layout.rows is None
        else _rate(marks, total_passed, layout)
    )
    summary["pass_rate"] = {
        "rate": rate.rate,
        "passed": rate.passed,
        "total": rate.total,
        "confidence_interval": interval_json(rate.interval),
        "clustered": None if marks is None else _clustered_rate_json(marks, layout),
    }
    if summary["mean"] is None and summary["minimum_detectable_effect"] is None:
        summary["minimum_detectable_effect"] = (
            _detectable_rate(marks, layout)
            if marks is not None
            else detectable_json(rows=coverage.scored, rate=rate.rate, level=layout.level)
        )
    if is_named:
        method = RATE_METHOD if layout.rows is None else RATE_OVER_TRIALS_METHOD
        summary["method"] = f"{summary['method']}; pass {method}"


def _rate(marks: NDArray[np.float64], passed: int, layout: _Layout) -> PassSummary:
    if layout.rows is None:
        return summarize_passes(passed, marks.size, layout.level)
    rate, interval = rate_over_trials(marks, layout.rows, layout.level)
    return PassSummary(passed, marks.size, rate, interval)


def _clustered_rate_json(marks: NDArray[np.float64], layout: _Layout) -> dict[str, Any] | None:
    clusters = layout.cluster_per_row()
    return None if clusters is None else clustered_rate(layout.per_row(marks), clusters, layout.level).as_json()


def _detectable_rate(marks: NDArray[np.float64], layout: _Layout) -> dict[str, Any] | None:
    """Return the minimum detectable effect on a rate; with trials, of the rows' shares as numbers."""
    shares, clusters = layout.per_row(marks), layout.cluster_per_row()
    effect = None if clusters is None else clustered_rate(shares, clusters, layout.level).design_effect
    if layout.rows is None:
        rate = float(marks.mean()) if marks.size else None
        return detectable_json(rows=marks.size, rate=rate, design_effect=effect, level=layout.level)
    deviation = summarize_numbers(shares).standard_deviation
    return detectable_json(rows=shares.size, standard_deviation=deviation, design_effect=effect, level=layout.level)


def _trials_json(layout: _Layout, values: ArrayLike | None, spread: float) -> dict[str, Any] | None:
    """Return what the trials say; `values` are numbers for each scored cell, `spread` the width of their range."""
    if layout.rows is None:
        return None
    numbers: ArrayLike = [0.0] * len(layout.rows) if values is None else values
    variance = measure_trials(numbers, layout.rows, layout.level, enough_width=_ENOUGH_SHARE * spread).as_json()
    if values is None:
        variance = {key: value if key in ("rows", "cells") else None for key, value in variance.items()}
    passes = None if layout.marks is None else measure_passes(layout.marks, layout.rows, layout.level)
    return {
        **variance,
        "trials": layout.trials,
        "pass_at_k": None if passes is None else [at_k.as_json() for at_k in passes],
        "agreement": None,
    }


def _tokens(
    input_tokens: Sequence[int | None] | None, output_tokens: Sequence[int | None] | None
) -> dict[str, Any] | None:
    if input_tokens is None and output_tokens is None:
        return None
    return {
        "input": None if input_tokens is None else tokens_json("input_tokens", input_tokens),
        "output": None if output_tokens is None else tokens_json("output_tokens", output_tokens),
    }


def _ends(score_value_type: ScoreValueType, score_range: ScoreRange) -> tuple[float | None, float | None]:
    minimum, maximum = score_range.minimum, score_range.maximum
    if score_value_type == "percentage":
        return 0.0 if minimum is None else minimum, 100.0 if maximum is None else maximum
    return minimum, maximum


def _check_count(found: int, coverage: Coverage) -> None:
    if found != coverage.scored:
        raise ValueError(f"there must be one value for each of the {coverage.scored} scored cells, not {found}")


def _bounds_json(
    mean: float | None, mean_of_cells: float | None, coverage: Coverage, minimum: float | None, maximum: float | None
) -> dict[str, float] | None:
    if coverage.failed == 0 and mean is not None:
        return {"lower": mean, "upper": mean}
    total = (mean_of_cells or 0.0) * coverage.scored
    bounds = mean_bounds(total, coverage.scored, coverage.failed, minimum, maximum)
    if bounds is None or not all(map(math.isfinite, bounds)):
        return None
    return {"lower": bounds[0], "upper": bounds[1]}
