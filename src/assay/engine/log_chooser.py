"""Choosing the logs of a recipe: in an order or by strata, without near duplicates, in bounded memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from assay.filters.expression import Condition, Field, Operator
from assay.filters.log_query import LogQuery
from assay.filters.search import texts_in, words_in
from assay.model.errors import Invalid
from assay.model.page import PageRequest, Sort
from assay.model.request_log import RequestLog
from assay.model.sampling import SamplingOutcome, Stratum
from assay.model.trace import Trace
from assay.ports.log_samples import SampleOrder
from assay.ports.store import Store
from assay.statistics.minhash import NearDuplicates, shingle_hash, shingles_of, signature
from assay.statistics.sampling import by_value, quotas, sample_size
from assay.wire import codec
from assay.wire.log_imports import LogRecipe

_SEQUENCES_AT_ONCE = 10_000
_BODIES_AT_ONCE = 500
_FIRST_BODIES = 50
_MOST_BODY_BYTES = 32 * 1024 * 1024
# Every log taken is remembered by a signature of half a kilobyte and its place in the bands.
_MOST_COMPARED = 100_000
_MORE_EACH_ROUND = 4
FAILED, SUCCEEDED = "failed", "succeeded"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A log that was chosen; `trace` where it stands for the trace that it is the root of."""

    log: RequestLog
    trace: Trace | None = None

    @property
    def is_failure(self) -> bool:
        """Whether failures-first takes it before others."""
        return self.trace.error_count > 0 if self.trace is not None else self.log.attributes.status != "success"


class LogChooser:
    """One walk through the logs that a recipe means: `plan`, then `batches` to the end, then `outcome`."""

    def __init__(self, store: Store, recipe: LogRecipe) -> None:
        self._store = store
        self._recipe = recipe
        self._sampling = recipe.sampling
        similarity = recipe.sampling.similarity
        self._near = None if similarity is None else NearDuplicates(similarity)
        self._seen = _Seen()
        self._bodies_at_once = _FIRST_BODIES
        self._matched: dict[str | None, int] = {}
        self._taken: Counter[str | None] = Counter()
        self._matched_count = 0
        self._near_duplicates = 0
        self.wanted = 0

    async def plan(self) -> None:
        """Count what matches; `wanted` is then how many are to be taken. Raises Invalid for too many to compare."""
        samples, unit, query = self._store.log_samples, self._recipe.granularity, self._recipe.query
        self._matched_count = await samples.count(unit, query)
        self.wanted = sample_size(self._matched_count, self._sampling.percent, self._sampling.count)
        if self._near is not None and self.wanted > _MOST_COMPARED:
            message = f"At most {_MOST_COMPARED:,} logs can be compared with each other, not {self.wanted:,}."
            raise Invalid.field("deduplicate", message)
        if self._sampling.method == "failures_first":
            failed = await samples.count(unit, self._recipe.failures)
            self._matched = {FAILED: failed, SUCCEEDED: self._matched_count - failed}
        if self._sampling.stratify_by is not None:
            self._matched = dict(await samples.strata(unit, query, self._sampling.stratify_by))

    def batches(self) -> AsyncIterator[Sequence[Chosen]]:
        """Yield what is taken, in order; a batch may be empty."""
        method = self._sampling.method
        return self._by_strata() if method == "stratified" else self._in_order(method)

    def outcome(self) -> SamplingOutcome:
        """Return what the walk came to."""
        strata = [Stratum(value, size, self._taken[value]) for value, size in self._matched.items()]
        is_stratified = self._sampling.method in ("stratified", "failures_first")
        return SamplingOutcome(
            matched_count=self._matched_count,
            chosen_count=self._taken.total(),
            near_duplicate_count=self._near_duplicates,
            strata=strata if is_stratified else None,
        )

    async def _in_order(self, order: SampleOrder) -> AsyncIterator[Sequence[Chosen]]:
        unit, query, seed = self._recipe.granularity, self._recipe.query, self._sampling.seed
        offset, left = 0, self.wanted
        while left:
            # Logs that come or go meanwhile move the places: the walk goes on until enough are taken.
            size = min(left, _SEQUENCES_AT_ONCE) if self._near is None else _SEQUENCES_AT_ONCE
            sequences = await self._store.log_samples.choose(unit, query, order, seed, offset, size)
            if not sequences:
                return
            offset += len(sequences)
            async for chosen in self._accepted(sequences, left):
                left -= len(chosen)
                if order == "failures_first":
                    self._taken.update(FAILED if item.is_failure else SUCCEEDED for item in chosen)
                else:
                    self._taken[None] += len(chosen)
                yield chosen

    async def _by_strata(self) -> AsyncIterator[Sequence[Chosen]]:
        unit, query, sampling = self._recipe.granularity, self._recipe.query, self._sampling
        sizes = self._matched
        left = quotas(sizes, self.wanted, sampling.allocation)
        asked = {value: quota for value, quota in left.items() if quota}
        while asked:
            found = await self._store.log_samples.choose_from_strata(
                unit, query, sampling.stratify_by or "", sampling.seed, asked
            )
            for value in sorted(found, key=by_value):
                async for chosen in self._accepted(found[value], left[value]):
                    left[value] -= len(chosen)
                    self._taken[value] += len(chosen)
                    yield chosen
            # Where near duplicates were passed over, others of the same stratum take their places.
            asked = {
                value: min(sizes[value], _MORE_EACH_ROUND * quota)
                for value, quota in asked.items()
                if left[value] and quota < sizes[value]
            }

    async def _accepted(self, sequences: Sequence[int], most: int) -> AsyncIterator[Sequence[Chosen]]:
        """Yield the first `most` of these logs that are not taken yet nor near duplicates of one that is."""
        fresh = [sequence for sequence in sequences if self._seen.add(sequence)]
        place = 0
        while place < len(fresh) and most:
            part = fresh[place : place + self._bodies_at_once]
            place += len(part)
            chosen: Sequence[Chosen] = await self._read(part)
            if self._near is not None:
                chosen = await asyncio.to_thread(self._unlike, self._near, chosen, most)
            chosen = chosen[:most]
            most -= len(chosen)
            yield chosen

    async def _read(self, sequences: Sequence[int]) -> list[Chosen]:
        logs = await self._store.log_samples.read(sequences)
        size = sum(_size_of(log) for log in logs)
        if logs:
            self._bodies_at_once = max(1, min(_BODIES_AT_ONCE, _MOST_BODY_BYTES * len(logs) // max(1, size)))
        if self._recipe.granularity == "logs":
            return [Chosen(log) for log in logs]
        traces = await self._traces(logs)
        found = ((log, traces.get((log.attributes.environment, log.attributes.trace_unique_id))) for log in logs)
        return [Chosen(log, trace) for log, trace in found if trace is not None]

    async def _traces(self, roots: Sequence[RequestLog]) -> dict[tuple[str, str | None], Trace]:
        ids = tuple(dict.fromkeys(root.attributes.trace_unique_id or "" for root in roots))
        if not ids:
            return {}
        query = LogQuery(
            Condition(Field("trace_unique_id"), Operator.EQUAL, ids), environments=self._recipe.query.environments
        )
        # An id may name one trace in each environment.
        page = PageRequest(1, len(ids) * max(1, len(query.environments)))
        traces, _ = await self._store.traces.page(query, Sort("trace_unique_id"), page)
        return {(trace.environment, trace.trace_unique_id): trace for trace in traces}

    def _unlike(self, near: NearDuplicates, chosen: Sequence[Chosen], most: int) -> list[Chosen]:
        kept: list[Chosen] = []
        for item in chosen:
            if len(kept) == most:
                break
            if near.take(signature(_shingles(item.log))):
                kept.append(item)
            else:
                self._near_duplicates += 1
        return kept


def _size_of(log: RequestLog) -> int:
    content = log.content
    return 0 if content is None else len(content.input or b"") + len(content.output or b"")


def _shingles(log: RequestLog) -> set[int]:
    payload = b"null" if log.content is None or log.content.input is None else log.content.input
    # An input without words, such as a number, is like another one only when it is the same.
    words = [words_in(text) for text in texts_in(codec.decode_stored(payload))]
    return shingles_of(words) or {shingle_hash(codec.canonical(payload))}


class _Seen:
    """Which sequences there were: one bit for each that could be."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, sequence: int) -> bool:
        """Remember a sequence; False when it was there."""
        place, bit = sequence >> 3, 1 << (sequence & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(max(place + 1 - len(self._bits), len(self._bits))))
        is_new = not self._bits[place] & bit
        self._bits[place] |= bit
        return is_new
