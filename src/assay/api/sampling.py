"""How a sampling that was only tried is answered."""

from __future__ import annotations

from typing import Any

from assay.services.log_imports import SamplingTrial
from assay.wire.import_jobs import example_out, strata_out
from assay.wire.log_imports import LogRecipe


def trial_out(trial: SamplingTrial, recipe: LogRecipe) -> dict[str, Any]:
    """Return what a recipe would take, with the recipe: its fields sent without `dry_run` take just that."""
    strata = {} if trial.strata is None else strata_out(trial.strata)
    return {
        "matched_count": trial.matched_count,
        **({} if trial.known_count is None else {"known_count": trial.known_count}),
        "sample_count": trial.sample_count,
        "examples": [example_out(log) for log in trial.examples],
        **strata,
        "sampling_recipe": recipe.written,
    }
