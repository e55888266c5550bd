"""Trying an evaluator: on inputs, on stored logs, and on a sample of a dataset beside the version before."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.evaluators.judge import configuration
from assay.evaluators.passing import primary_number
from assay.evaluators.registry import builtin_evaluators, find_builtin
from assay.filters.expression import EVERYTHING
from assay.filters.fields import DATASET_LOG_FIELDS
from assay.filters.parse import parse_filters
from assay.model.access import Identity
from assay.model.dataset import DatasetLog
from assay.model.errors import AssayError, Invalid, NotFound
from assay.model.evaluator import Evaluator, EvaluatorInputs, EvaluatorVersion, GenerationMethod, Method
from assay.model.log import LogAttributes, LogContent
from assay.model.page import PageRequest, Sort
from assay.model.score import CellDetail, Outcome
from assay.ports.engine import Engine
from assay.ports.store import Store
from assay.services.datasets import find_version_number
from assay.services.evaluator_definitions import check, define
from assay.statistics.sampling import sample_size
from assay.wire.evaluator_bodies import Changes
from assay.wire.evaluator_inputs import inputs_of, lifted_metrics

if TYPE_CHECKING:
    from assay.statistics.sample import NumberSummary

Judged = tuple[Outcome, CellDetail | None]

_ROW_ORDER = Sort("id")
_MOST_BYTES = 64 * 1024 * 1024
# A log may be in a dataset more than once.
_MOST_ROWS_NAMED = 1_000

# What a provider says for good; anything else that fails is the evaluator's own doing and is its answer.
_PROVIDER_FAILURES = frozenset(
    ("rate_limited", "timeout", "connection", "server_error", "not_authenticated", "not_found", "bad_request")
)
_PASSING_FAILURES = frozenset(("rate_limited", "timeout", "connection", "server_error"))
_RETRY_AFTER_SECONDS = 30
_PEOPLE = "This evaluator is answered by people: nothing was evaluated."


class EvaluationFailed(AssayError):
    """An evaluator could not be run, through no fault of the request; trying later helps where a time is given."""

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(f"Evaluation failed: {message}")
        self.retry_after_seconds = retry_after_seconds


def method_of(version: EvaluatorVersion, asked: GenerationMethod = "auto") -> Method:
    """Return how a version judges when asked so; raises Invalid where it lacks what it would need."""
    method = version.method(asked)
    if method is None:
        needed = "llm_config" if asked == "llm" else "code_config"
        raise Invalid.field("generation_method", f"This evaluator has no {needed}: use auto, or give it one.")
    if method == "builtin" and find_builtin(version.eval_class) is None:
        known = ", ".join(builtin_evaluators())
        raise Invalid.field(
            "llm_config",
            "This evaluator has nothing to run: give it an llm_config, a code_config, or the eval_class of a"
            f" built-in ({known}).",
        )
    return method


async def run(
    engine: Engine, who: Identity, version: EvaluatorVersion, method: Method, inputs: Sequence[EvaluatorInputs]
) -> Sequence[Judged]:
    """Judge inputs and store nothing; a person's answer is no answer here.

    Raises Invalid where the definition is wrong, EvaluationFailed where the server has nothing to run it with, or the
    provider of the model failed for good.
    """
    if method == "human":
        return [(Outcome("skipped", explanation=_PEOPLE), None) for _ in inputs]
    judged = await _judge(engine, who, version, method, inputs)
    for outcome, _ in judged:
        if method == "llm" and outcome.status == "failed" and outcome.error_kind in _PROVIDER_FAILURES:
            passes = outcome.error_kind in _PASSING_FAILURES
            raise EvaluationFailed(
                outcome.error_message or outcome.error_kind, _RETRY_AFTER_SECONDS if passes else None
            )
    return judged


async def find_inputs(
    store: Store, dataset_id: str | None, log_ids: Sequence[str]
) -> Sequence[tuple[str, EvaluatorInputs]]:
    """Return stored logs as inputs: rows of a dataset by their ids, or request logs; raises NotFound naming one."""
    found: dict[str, tuple[LogContent, LogAttributes]] = {}
    if dataset_id is None:
        for log in await store.request_logs.find_many(log_ids):
            found[log.id] = (log.content or LogContent(), log.attributes)
    else:
        # A row is also known by the log that it is a copy of; its own id wins.
        named = parse_filters({"id": list(log_ids)}, DATASET_LOG_FIELDS)
        page = await store.dataset_logs.page(dataset_id, None, named, _ROW_ORDER, PageRequest(1, _MOST_ROWS_NAMED))
        found = {row.source_log_id: (row.content, row.attributes) for row in page.items if row.source_log_id}
        found |= {row.id: (row.content, row.attributes) for row in page.items}
    missing = [log_id for log_id in log_ids if log_id not in found]
    if missing:
        raise NotFound(f"Log not found: {missing[0][:100]}")
    _check_size([found[log_id][0] for log_id in log_ids], "log_ids")
    return [(log_id, inputs_of(found[log_id][0], lifted_metrics(found[log_id][1]))) for log_id in log_ids]


def _check_size(contents: Sequence[LogContent], field: str) -> None:
    texts = (text for content in contents for text in (content.input, content.output, content.metadata))
    if sum(len(text) for text in texts if text is not None) > _MOST_BYTES:
        raise Invalid.field(field, f"These logs have over {_MOST_BYTES >> 20} MB together: choose fewer.")


def _row_inputs(row: DatasetLog) -> EvaluatorInputs:
    return inputs_of(row.content, lifted_metrics(row.attributes))


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One sampled row: what the version under test says, and what the one before said, where it was asked."""

    log_id: str
    inputs: EvaluatorInputs
    judged: Judged
    before: Judged | None = None
    delta: float | None = None
    is_changed: bool | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """A bench run: `row_count` rows are in the dataset version; `before` is the version compared with.

    `difference` sums up the paired differences (mean with Student's interval), None where nothing was compared.
    """

    version: EvaluatorVersion
    dataset_version: int
    row_count: int
    rows: Sequence[BenchRow]
    before: EvaluatorVersion | None
    difference: NumberSummary | None
    warnings: Sequence[str]


async def bench(
    store: Store,
    engine: Engine,
    who: Identity,
    evaluator: Evaluator,
    draft: Changes | None,
    asked: GenerationMethod,
    dataset_id: str,
    dataset_version: str | None,
    count: int,
    seed: int,
    *,
    is_compared: bool,
) -> Bench:
    """Run a version, or a draft laid over it, on sampled rows; nothing is stored.

    It is compared with the version that it was laid over, else with the last one committed before it. Raises NotFound
    for the dataset, Invalid where the draft is wrong or nothing could judge.
    """
    version, warnings = evaluator.current, []
    if draft is not None:
        version = define(version, draft, is_merge=True)
        warnings = check(version)
    method = method_of(version, asked)
    if method == "human":
        raise Invalid.field("type", "This evaluator is answered by people: there is nothing to try.")
    number, total, rows = await _sampled(store, dataset_id, dataset_version, count, seed)
    inputs = [_row_inputs(row) for row in rows]
    judged = await _judge(engine, who, version, method, inputs)
    compared = await _version_before(store, evaluator, is_draft=draft is not None) if is_compared else None
    before: Sequence[Judged | None] = [None] * len(rows)
    if compared is not None and rows:
        try:
            before = await _judge(engine, who, compared, _comparable(compared, asked), inputs)
        except (Invalid, EvaluationFailed) as error:
            warnings.append(f"Version {compared.number} was not compared: {error.message}")
            compared = None
    found = [
        BenchRow(row.id, one, new, old, _delta(version, compared, new, old), _is_changed(new, old))
        for row, one, new, old in zip(rows, inputs, judged, before, strict=True)
    ]
    deltas = [row.delta for row in found if row.delta is not None]
    difference = None if compared is None else await asyncio.to_thread(_summary, deltas)
    return Bench(version, number, total, found, compared, difference, warnings)


async def _judge(
    engine: Engine, who: Identity, version: EvaluatorVersion, method: Method, inputs: Sequence[EvaluatorInputs]
) -> Sequence[Judged]:
    if method == "llm":
        configuration.check(version)
    try:
        return await engine.evaluate(who.organization_id, version, method, inputs) if inputs else []
    except Invalid as error:
        if method == "builtin":
            raise
        raise EvaluationFailed(error.message) from None


def _comparable(version: EvaluatorVersion, asked: GenerationMethod) -> Method:
    method = method_of(version, asked)
    if method == "human":
        raise Invalid("it is answered by people.")
    return method


async def _version_before(store: Store, evaluator: Evaluator, *, is_draft: bool) -> EvaluatorVersion | None:
    """Return what a version is compared with: where a draft is laid over it itself, else the one committed before."""
    if is_draft:
        return evaluator.current
    number = evaluator.current.number - 1
    try:
        return await store.evaluators.get_version(evaluator.id, number) if number >= 0 else None
    except NotFound:
        return None


async def _sampled(
    store: Store, dataset_id: str, reference: str | None, count: int, seed: int
) -> tuple[int, int, Sequence[DatasetLog]]:
    """Return the version of the dataset, its number of rows, and the sampled ones in row order."""
    dataset = await store.datasets.get(dataset_id)
    asked = await find_version_number(store, dataset_id, reference)
    number = dataset.version if asked is None else asked
    first = await store.dataset_logs.page(dataset_id, number, EVERYTHING, _ROW_ORDER, PageRequest(1, 1))
    total = first.total_count
    rows: list[DatasetLog] = []
    for place in draw_places(total, sample_size(total, None, count), seed):
        page = await store.dataset_logs.page(dataset_id, number, EVERYTHING, _ROW_ORDER, PageRequest(place + 1, 1))
        rows += page.items
        _check_size([row.content for row in rows], "sample_size")
    return number, total, rows


def draw_places(total: int, count: int, seed: int) -> list[int]:
    """Draw `count` of the places 0 to `total` - 1 without repeats, each set equally likely; the same for one seed.

    Floyd's algorithm (Bentley and Floyd 1987, "Programming pearls: a sample of brilliance").
    """
    # Only `random()` gives the same numbers in every release of Python. Nothing here is secret.
    drawn = random.Random(seed)  # noqa: S311
    chosen: set[int] = set()
    for last in range(total - count, total):
        place = int(drawn.random() * (last + 1))
        chosen.add(last if place in chosen else place)
    return sorted(chosen)


def _delta(version: EvaluatorVersion, before: EvaluatorVersion | None, new: Judged, old: Judged | None) -> float | None:
    """Return by how much the number that stands for the score rose, None where either has none."""
    if before is None or old is None:
        return None
    now, then = primary_number(version)(new[0].values), primary_number(before)(old[0].values)
    return None if now is None or then is None else now - then


def _is_changed(new: Judged, old: Judged | None) -> bool | None:
    """Tell whether the verdict is another one; None where one of them is no score."""
    if old is None or new[0].status != "scored" or old[0].status != "scored":
        return None
    return new[0].values != old[0].values or new[0].is_passed != old[0].is_passed


def _summary(deltas: Sequence[float]) -> NumberSummary:
    # NumPy takes a while to import.
    from assay.statistics.sample import summarize_numbers

    return summarize_numbers(deltas)
