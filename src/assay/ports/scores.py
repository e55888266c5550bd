"""What a store of scores must do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from assay.filters.expression import Expression
from assay.model.page import PageRequest, Sort
from assay.model.request_log import Count
from assay.model.score import Score, ScoreAggregate, ScoreValues

OnConflict = Literal["refuse", "replace"]


@dataclass(frozen=True, slots=True)
class RecordedScore:
    """A stored score, and the reports that lack no annotation any more since it came."""

    score: Score
    is_new: bool
    settled_report_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScorePage:
    """A page of scores, how many match in all, and whether more follow."""

    items: Sequence[Score]
    count: Count
    has_more: bool


class ScoreStore(Protocol):
    """Scores of one organisation: on dataset rows, on request logs, and on logs that nobody has recorded.

    One score stands for each log, evaluator and scorer.
    """

    async def list_for_logs(self, dataset_id: str, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
        """Return the current scores of these rows of a dataset, by row id."""
        ...

    async def list_for_request_logs(self, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
        """Return the current scores of these request logs, by log id."""
        ...

    async def aggregate(self, dataset_id: str, version: int | None, expression: Expression) -> Sequence[ScoreAggregate]:
        """Return, for each numerical, percentage or boolean evaluator, its scores over the rows that match."""
        ...

    async def list(
        self, expression: Expression, sort: Sort, page: PageRequest, *, within_seconds: float | None = None
    ) -> ScorePage:
        """Return a page of scores of every kind of log that match; a limit of time is one for counting them."""
        ...

    async def get(self, score_id: str) -> Score:
        """Return a score; raises NotFound."""
        ...

    async def find_log(self, log_id: str) -> str | None:
        """Return the id of the dataset whose row has this id, "" for a request log, None where there is none."""
        ...

    async def record(self, score: Score, on_conflict: OnConflict) -> RecordedScore:
        """Store a score that somebody gave; raises Conflict where one stands and is not to be replaced.

        A person's score on a dataset row answers the annotation tasks that wait for it.
        """
        ...

    async def correct(
        self,
        score_id: str,
        values: ScoreValues,
        is_passed: bool | None,
        by: str,
        at: datetime,
        explanation: str | None = None,
    ) -> Score:
        """Give a score other values, keeping what a machine said before its first correction; raises NotFound.

        `explanation` None stays as it is, empty takes it away. What a person said in answer to a report changes there
        too until it is finished.
        """
        ...

    async def delete(self, score_id: str, at: datetime) -> None:
        """Delete a score; raises NotFound. Unfinished reports that it answered wait for another one."""
        ...
