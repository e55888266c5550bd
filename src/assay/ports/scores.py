"""What a store of scores must do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.score import Score


@dataclass(frozen=True, slots=True)
class ScoreAggregate:
    """The scores of one evaluator over many rows: a mean for numbers, counts for booleans."""

    evaluator_id: str
    evaluator_slug: str
    evaluator_name: str
    score_value_type: str
    avg_score: float | None
    true_count: int | None
    false_count: int | None


class ScoreStore(Protocol):
    """Current scores on the dataset rows of one organisation."""

    async def list_for_logs(self, dataset_id: str, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
        """Return the current scores of these rows, by row id."""
        ...

    async def aggregate(self, dataset_id: str, version: int | None, expression: Expression) -> Sequence[ScoreAggregate]:
        """Return, for each numerical, percentage or boolean evaluator, its scores over the rows that match."""
        ...
