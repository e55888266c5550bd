"""Reports of many datasets in two statements: lines of a list, and the last ones of each dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, exists, func, literal, literal_column, select
from sqlalchemy import table as table_named

from assay.filters.expression import Expression
from assay.model.eval_report import EvalReport, EvalTask, ReportLine
from assay.model.page import Page, PageRequest, Sort
from assay.stores.sql.database import Connection, Row, in_list, list_of
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.order import order_by
from assay.stores.sql.report_reading import REPORT_COLUMNS, TASK_COLUMNS, read_report, read_task
from assay.stores.sql.tables import dataset
from assay.stores.sql.tables import eval_report as table

# A manifest is as large as all the rest, and no list shows it.
_NO_MANIFEST: ColumnElement[str] = literal_column("'{}'").label("manifest")
_COLUMNS = [*(column for column in REPORT_COLUMNS if column.name != "manifest"), _NO_MANIFEST]
_JOIN = and_(dataset.c.sequence == table.c.dataset_sequence, dataset.c.deleted_at.is_(None))
_task = table_named("eval_task", column("report_sequence"), column("evaluator_slug"))
_FIELDS: Mapping[str, ColumnElement[Any]] = {
    **{name: table.c[name] for name in ("id", "status", "name", "dataset_version", "environment", "log_count")},
    **{name: table.c[name] for name in ("created_at", "updated_at", "started_at", "completed_at")},
    "dataset_id": dataset.c.id,
    "dataset_name": dataset.c.name,
}
_TASKS = {
    name: f"SELECT report_sequence, {TASK_COLUMNS} FROM eval_task"
    f" WHERE {in_list(name, 'report_sequence', 'reports')} ORDER BY report_sequence, ordinal"
    for name in ("sqlite", "postgresql")
}


def list_everywhere(
    connection: Connection,
    organization_id: int,
    expression: Expression,
    evaluator_slug: str | None,
    sort: Sort,
    page: PageRequest,
) -> Page[ReportLine]:
    """Return a page of the reports of all datasets of an organisation."""
    filtered = compile_filter(expression, FilterColumns(columns=_FIELDS), connection.dialect_name)
    condition = and_(table.c.organization_id == organization_id, filtered)
    if evaluator_slug is not None:
        of_report = _task.c.report_sequence == table.c.sequence
        condition = and_(condition, exists().where(of_report, _task.c.evaluator_slug == evaluator_slug))
    order = order_by(_FIELDS[sort.field], sort, tie_break=table.c.sequence)
    joined = select(*_COLUMNS, dataset.c.name.label("dataset_name")).join(dataset, _JOIN).where(condition)
    rows = connection.rows(joined.order_by(*order).limit(page.size).offset(page.offset))
    counted = select(func.count()).select_from(table.join(dataset, _JOIN)).where(condition)
    reports = _with_tasks(connection, [row[:-1] for row in rows])
    lines = [ReportLine(report, row[-1]) for report, row in zip(reports, rows, strict=True)]
    return Page(lines, int(connection.rows(counted)[0][0]))


def list_latest(
    connection: Connection, organization_id: int, dataset_ids: Sequence[str], most: int
) -> Mapping[str, Sequence[EvalReport]]:
    """Return the last completed reports of each of some datasets, the oldest first."""
    named = dialect_named(connection.dialect_name).in_texts(dataset.c.id, tuple(dataset_ids))
    place = func.row_number().over(partition_by=table.c.dataset_sequence, order_by=table.c.sequence.desc())
    ranked: Select[Any] = (
        select(table.c.sequence, place.label("place"))
        .join(dataset, _JOIN)
        .where(named, table.c.organization_id == organization_id, table.c.status == literal("completed"))
    )
    latest = ranked.subquery("latest")
    wanted = (
        select(*_COLUMNS)
        .join(dataset, _JOIN)
        .join(latest, latest.c.sequence == table.c.sequence)
        .where(latest.c.place <= most)
        .order_by(table.c.sequence)
    )
    found: dict[str, list[EvalReport]] = {dataset_id: [] for dataset_id in dataset_ids}
    for report in _with_tasks(connection, connection.rows(wanted)):
        found[report.dataset_id].append(report)
    return found


def _with_tasks(connection: Connection, rows: Sequence[Row]) -> list[EvalReport]:
    chosen = {"reports": list_of(connection.dialect_name, [row[0] for row in rows])}
    tasks: dict[int, list[EvalTask]] = {row[0]: [] for row in rows}
    for sequence, *task in connection.rows(_TASKS[connection.dialect_name], chosen) if rows else ():
        tasks[sequence].append(read_task(tuple(task)))
    return [replace(read_report(row, ()), tasks=tuple(tasks[row[0]])) for row in rows]
