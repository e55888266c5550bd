"""Short ways to say what the conformance tests store: moments, changes, rows, datasets, evaluators, reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from assay.filters.expression import EVERYTHING, Expression
from assay.model.dataset import Change, Dataset, DatasetLog, DatasetLogDraft
from assay.model.eval_report import CellResult, EvalReport, EvalTask
from assay.model.evaluator import Evaluator, EvaluatorVersion, ScoreValueType
from assay.model.ids import new_uuid
from assay.model.job import Job
from assay.model.log import LogAttributes, LogContent
from assay.model.page import PageRequest, Sort
from assay.model.score import Outcome, ScoreStatus, ScoreValues
from assay.ports.store import Store

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROW_ORDER = Sort("id")
ALL = PageRequest(1, 10_000)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds after T0."""
    return T0 + timedelta(seconds=seconds)


def change(kind: str = "create", seconds: float = 0, author: str = "someone") -> Change:
    """Return who changes what, and when."""
    return Change(kind, author, at(seconds))


def draft(value: Any = None, *, metadata: Any = None, **attributes: Any) -> DatasetLogDraft:
    """Return a row whose input is `value`."""
    source = attributes.pop("source_log_id", None)
    times = {"timestamp": attributes.pop("timestamp", T0), "start_time": attributes.pop("start_time", T0)}
    encoded = None if metadata is None else json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()
    content = LogContent(input=json.dumps(value).encode(), metadata=encoded)
    return DatasetLogDraft(content, LogAttributes(**times, **attributes), source)


def drafts(*values: Any) -> list[DatasetLogDraft]:
    """Return one row for each value."""
    return [draft(value) for value in values]


def input_of(log: DatasetLog) -> Any:
    """Return what `draft` was given."""
    assert log.content.input is not None
    return json.loads(log.content.input)


async def new_dataset(store: Store, name: str = "a dataset", **fields: Any) -> str:
    """Store an empty dataset and return its id."""
    made = Dataset(
        id=new_uuid(),
        organization_id=store.organization_id,
        name=name,
        description=fields.pop("description", ""),
        created_at=fields.pop("created_at", T0),
        updated_at=T0,
        updated_by="someone",
        **fields,
    )
    await store.datasets.create(made)
    return made.id


async def logs_of(
    store: Store,
    dataset_id: str,
    version: int | None = None,
    expression: Expression = EVERYTHING,
    sort: Sort = ROW_ORDER,
) -> list[DatasetLog]:
    """Return all rows that match."""
    return list((await store.dataset_logs.page(dataset_id, version, expression, sort, ALL)).items)


async def inputs_of(
    store: Store,
    dataset_id: str,
    version: int | None = None,
    expression: Expression = EVERYTHING,
    sort: Sort = ROW_ORDER,
) -> list[Any]:
    """Return what `draft` was given for all rows that match."""
    return [input_of(log) for log in await logs_of(store, dataset_id, version, expression, sort)]


async def new_job(store: Store, dataset_id: str, seconds: float = 0) -> str:
    """Store a running import of a dataset and return its id."""
    job = Job(new_uuid(), store.organization_id, "import", "running", dataset_id, at(seconds), at(seconds))
    await store.jobs.create(job)
    return job.id


def evaluator(
    store: Store, slug: str, value_type: ScoreValueType = "numerical", *, id_: str = "", **version: Any
) -> Evaluator:
    """Return an evaluator that is not stored yet."""
    current = EvaluatorVersion(
        id=new_uuid(),
        number=1,
        name=version.pop("name", slug.title()),
        type=version.pop("type", "code"),
        score_value_type=value_type,
        eval_class=slug,
        **version,
    )
    return Evaluator(
        id=id_ or new_uuid(),
        organization_id=store.organization_id,
        slug=slug,
        current=current,
        created_at=T0,
        updated_at=T0,
        created_by="assay",
        updated_by="assay",
        is_builtin=True,
    )


async def new_report(
    store: Store, dataset_id: str, evaluators: Sequence[Evaluator], seconds: float = 0, **fields: Any
) -> EvalReport:
    """Store a pending report over the newest version of a dataset, or over `dataset_version`.

    Evaluators of the type human are answered by people, all others by machines.
    """
    tasks = tuple(
        EvalTask(new_uuid(), ordinal, found.id, found.slug, found.current, found.current.method() or "builtin")
        for ordinal, found in enumerate(evaluators)
    )
    return await store.eval_reports.create(
        EvalReport(
            id=new_uuid(),
            organization_id=store.organization_id,
            environment=store.environment,
            dataset_id=dataset_id,
            dataset_version=fields.pop("dataset_version", 0),
            name="a report",
            status="pending",
            log_count=0,
            tasks=tasks,
            created_at=at(seconds),
            updated_at=at(seconds),
            created_by="someone",
            manifest={"definition_hashes": []},
            **fields,
        )
    )


def values_of(value: Any) -> ScoreValues:
    """Return the typed values of a number, bool, text or list of choices."""
    if isinstance(value, bool):
        return ScoreValues(boolean_value=value)
    if isinstance(value, (int, float)):
        return ScoreValues(numerical_value=float(value))
    if isinstance(value, str):
        return ScoreValues(string_value=value)
    return ScoreValues(categorical_value=tuple(value))


def result(log: DatasetLog, ordinal: int, value: Any, status: ScoreStatus = "scored", **outcome: Any) -> CellResult:
    """Return a finished cell; `value` is None for one without a value."""
    values = ScoreValues() if value is None else values_of(value)
    trial, detail = outcome.pop("trial", 0), outcome.pop("detail", None)
    return CellResult(log.sequence, log.id, ordinal, replace(Outcome(status, values), **outcome), trial, detail)
