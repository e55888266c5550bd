"""The cells of a report as columns, how they came about, and what people say of the same rows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from assay.model.eval_report import EvalTask, TaskCells
from assay.model.evaluator import EvaluatorVersion
from assay.model.score import CellDetail, ScoreValues
from assay.stores.sql import compression
from assay.stores.sql.database import Connection
from assay.stores.sql.dataset_log_filter import filter_columns
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.scope import in_version
from assay.stores.sql.score_lines import read_values
from assay.stores.sql.tables import dataset_log

_CELLS = (
    "SELECT log_id, log_sequence, trial, status, coalesce(numerical_value, boolean_value), categorical_value,"
    " is_passed, cost_usd, latency_seconds, input_tokens, output_tokens FROM cell"
    " WHERE report_sequence = :report AND ordinal = :ordinal ORDER BY log_sequence, trial"
)
_DETAILS = (
    "SELECT d.ordinal, d.trial, d.codec, d.data FROM cell_detail d WHERE d.report_sequence = :report"
    " AND d.log_sequence = (SELECT max(l.sequence) FROM dataset_log l JOIN cell c ON c.report_sequence = :report"
    " AND c.log_sequence = l.sequence WHERE l.id = :log)"
)
_OF_PEOPLE = (
    "SELECT log_id, numerical_value, boolean_value, string_value, categorical_value, json_value FROM score"
    " WHERE dataset_sequence = :dataset AND evaluator_id = :evaluator AND status = 'scored'"
    " AND (scorer <> '' OR corrected_by IS NOT NULL) ORDER BY log_id, scorer"
)

_read_detail = msgspec.json.Decoder(CellDetail)


def read_cells(connection: Connection, report_sequence: int, task: EvalTask) -> TaskCells:
    """Return the finished cells of a task as columns, by row revision and trial."""
    rows = connection.rows(_CELLS, {"report": report_sequence, "ordinal": task.ordinal})
    if not rows:
        return TaskCells()
    log_id, line, trial, status, number, chosen, passed, cost, latency, tokens_in, tokens_out = zip(*rows, strict=True)
    categories = [None if names is None else tuple(json.loads(names)) for names in chosen]
    number_of = choice_number(task.version)
    return TaskCells(
        log_id=log_id,
        log_sequence=line,
        trial=trial,
        status=status,
        value=[
            (None if names is None else number_of(names)) if value is None else float(value)
            for value, names in zip(number, categories, strict=True)
        ],
        categories=categories,
        is_passed=[None if flag is None else bool(flag) for flag in passed],
        cost_usd=cost,
        latency_seconds=latency,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
    )


def choice_number(version: EvaluatorVersion) -> Callable[[Sequence[str]], float | None]:
    """Return the function from chosen names to their mean number; None unless each of them has a finite one."""
    numbers = {
        choice.name: float(choice.value)
        for choice in version.categorical_choices
        if not isinstance(choice.value, str) and math.isfinite(choice.value)
    }

    def number_of(names: Sequence[str]) -> float | None:
        if not names or any(name not in numbers for name in names):
            return None
        return math.fsum(numbers[name] for name in names) / len(names)

    return number_of


def read_details(connection: Connection, report_sequence: int, log_id: str) -> Mapping[tuple[int, int], CellDetail]:
    """Return how the cells of a row came about, by ordinal and trial."""
    return {
        (ordinal, trial): _read_detail.decode(compression.unpacked(codec, data))
        for ordinal, trial, codec, data in connection.rows(_DETAILS, {"report": report_sequence, "log": log_id})
    }


def metadata_label(dataset_sequence: int, path: str, dialect_name: str) -> Any:
    """Return the column that is the text at a metadata path (`topic` or `metadata.topic`) of a dataset row."""
    columns = filter_columns(dataset_sequence, dialect_name)
    steps = tuple(path.removeprefix("metadata.").split("."))
    return (
        dialect_named(dialect_name).json_value(columns.json["metadata"], steps, columns.json_text.get("metadata")).label
    )


def read_labels(connection: Connection, dataset_sequence: int, version: int, path: str) -> dict[str, str | None]:
    """Return the text at a metadata path of each row of a version, by row id; None where there is no single value."""
    label = metadata_label(dataset_sequence, path, connection.dialect_name)
    wanted = select(dataset_log.c.id, label).where(in_version(dataset_sequence, version))
    return {row[0]: row[1] for row in connection.rows(wanted)}


def read_human_values(
    connection: Connection, dataset_sequence: int, evaluator_id: str
) -> Mapping[str, Sequence[ScoreValues]]:
    """Return what people say of the rows of a dataset, by row id: their own scores, and scores that they corrected."""
    found: dict[str, list[ScoreValues]] = {}
    for row in connection.rows(_OF_PEOPLE, {"dataset": dataset_sequence, "evaluator": evaluator_id}):
        found.setdefault(row[0], []).append(read_values(row[1:]))
    return found
