"""What a store of scores must do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.score import Score, ScoreAggregate


class ScoreStore(Protocol):
    """Current scores on the dataset rows of one organisation."""

    async def list_for_logs(self, dataset_id: str, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
        """Return the current scores of these rows, by row id."""
        ...

    async def aggregate(self, dataset_id: str, version: int | None, expression: Expression) -> Sequence[ScoreAggregate]:
        """Return, for each numerical, percentage or boolean evaluator, its scores over the rows that match."""
        ...
