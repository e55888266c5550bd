"""What a store must do to choose logs for a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from assay.filters.log_query import LogQuery
from assay.model.request_log import RequestLog
from assay.model.sampling import Granularity

SampleOrder = Literal["random", "newest", "failures_first"]


class LogSampleStore(Protocol):
    """Chooses request logs of one organisation, or the root spans of its traces, by their sequence.

    The random order is (hash of the id * a + b) mod PRIME, then the id, with a and b from the seed (`model.sampling`):
    the same in every store. Newest is by timestamp, then by sequence, both falling. Failures first puts logs whose
    status is not `success`, or traces with an error, before the others, each in random order.
    """

    async def count(self, unit: Granularity, query: LogQuery) -> int:
        """Return exactly how many match."""
        ...

    async def choose(
        self, unit: Granularity, query: LogQuery, order: SampleOrder, seed: int, offset: int, limit: int
    ) -> Sequence[int]:
        """Return the sequences at these places of the order among all that match."""
        ...

    async def strata(self, unit: Granularity, query: LogQuery, field: str) -> Mapping[str | None, int]:
        """Count those that match by the value of a field or metadata path as text; None: they have none."""
        ...

    async def choose_from_strata(
        self, unit: Granularity, query: LogQuery, field: str, seed: int, quotas: Mapping[str | None, int]
    ) -> Mapping[str | None, Sequence[int]]:
        """Return for each stratum the first `quota` sequences in random order."""
        ...

    async def read(self, sequences: Sequence[int]) -> Sequence[RequestLog]:
        """Return these logs with their content, in the given order; those that are gone are left out."""
        ...
