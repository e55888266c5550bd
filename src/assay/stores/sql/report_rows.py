"""The rows of a report with their outcomes: filtered, in row order or by the score of one evaluator."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, Subquery, and_, case, cast, func, literal_column, or_, select

from assay.model.eval_report import FINISHED, EvalReport, ReportRow
from assay.model.page import Page, PageRequest
from assay.model.score import Outcome
from assay.ports.eval_reports import RowsAsked
from assay.stores.sql.database import Connection, in_list, list_of
from assay.stores.sql.dialect import number_literal, text_literal
from assay.stores.sql.report_cells import metadata_label
from assay.stores.sql.scope import in_version
from assay.stores.sql.score_lines import read_values
from assay.stores.sql.tables import cell, dataset_log

_OUTCOMES = {
    name: "SELECT log_sequence, ordinal, status, is_passed, explanation, error_kind, error_message, attempts, cost_usd,"
    " latency_seconds, input_tokens, output_tokens, numerical_value, boolean_value, string_value, categorical_value,"
    f" json_value FROM cell WHERE report_sequence = :report AND {in_list(name, 'log_sequence', 'lines')}"
    " ORDER BY log_sequence, ordinal, trial"
    for name in ("sqlite", "postgresql")
}
_ROWS = {
    name: f"SELECT sequence, id FROM dataset_log WHERE {in_list(name, 'sequence', 'lines')}"
    for name in ("sqlite", "postgresql")
}


class _RankedLines:
    """Row revisions in the order that was asked for, of reports that do not change any more.

    Ranking 100,000 rows takes a tenth of a second; whoever turns a page should not wait for it again.
    """

    _MOST_LINES = 4_000_000

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, array[int]] = OrderedDict()
        self._line_count = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> array[int] | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, lines: array[int]) -> None:
        with self._lock:
            replaced = self._kept.pop(key, None)
            self._kept[key] = lines
            self._line_count += len(lines) - (len(replaced) if replaced is not None else 0)
            while self._line_count > self._MOST_LINES:
                self._line_count -= len(self._kept.popitem(last=False)[1])


_ranked = _RankedLines()


def read_page(
    connection: Connection, owner: int, report_sequence: int, report: EvalReport, asked: RowsAsked, page: PageRequest
) -> Page[ReportRow]:
    """Return a page of the rows of a report's version that are asked for; `owner` is the dataset's sequence."""
    condition = in_version(owner, report.dataset_version)
    wanted = select(dataset_log.c.sequence, dataset_log.c.id).where(condition)
    if asked.log_id is not None:
        found = connection.rows(wanted.where(dataset_log.c.id == text_literal(asked.log_id)))
        total = len(found)
    elif asked == RowsAsked(ordinal=asked.ordinal, order_ordinal=asked.order_ordinal):
        found = connection.rows(wanted.order_by(dataset_log.c.position).limit(page.size).offset(page.offset))
        total = report.log_count
    else:
        lines = _lines(connection, owner, report_sequence, report, asked)
        total = len(lines)
        shown = lines[page.offset : page.offset + page.size]
        chosen = {"lines": list_of(connection.dialect_name, shown)}
        ids = {row[0]: row[1] for row in connection.rows(_ROWS[connection.dialect_name], chosen)}
        found = [(line, ids[line]) for line in shown]
    outcomes = read_outcomes(connection, report_sequence, report, [line for line, _ in found])
    return Page([ReportRow(id_, line, outcomes.get(line, {})) for line, id_ in found], total)


def _lines(
    connection: Connection, owner: int, report_sequence: int, report: EvalReport, asked: RowsAsked
) -> Sequence[int]:
    """Return the revisions that are asked for in their order."""
    if report.status not in FINISHED:
        return [row[0] for row in connection.rows(_ranking(connection, owner, report_sequence, report, asked))]
    counts = tuple((task.scored_count, task.skipped_count, task.failed_count, task.mean) for task in report.tasks)
    key = (report.id, report.updated_at, counts, asked)
    lines = _ranked.get(key)
    if lines is None:
        rows = connection.rows(_ranking(connection, owner, report_sequence, report, asked))
        lines = array("q", (row[0] for row in rows))
        _ranked.keep(key, lines)
    return lines


def _ranking(
    connection: Connection, owner: int, report_sequence: int, report: EvalReport, asked: RowsAsked
) -> Select[tuple[int]]:
    wanted = select(dataset_log.c.sequence).where(in_version(owner, report.dataset_version))
    if asked.label is not None:
        path, text = asked.label
        label = metadata_label(owner, path, connection.dialect_name)
        wanted = wanted.where(label.is_(None) if text is None else label == text_literal(text))
    if asked.show is not None:
        wanted = wanted.where(_is_shown(report_sequence, report, asked))
    is_narrowed = any(wish is not None for wish in (asked.status, asked.is_passed, asked.minimum, asked.maximum))
    is_ordered = asked.order != "position"
    if is_ordered and asked.order_ordinal not in (None, asked.ordinal):
        other = _row_verdicts(report_sequence, RowsAsked(ordinal=asked.order_ordinal), "ordered")
        wanted = wanted.join(other, other.c.log_sequence == dataset_log.c.sequence, isouter=True)
        wanted = wanted.order_by(_directed(other.c.value, asked))
        is_ordered = False
    if is_narrowed or is_ordered:
        verdicts = _row_verdicts(report_sequence, asked)
        joined = verdicts.c.log_sequence == dataset_log.c.sequence
        wanted = wanted.join(verdicts, joined, isouter=not is_narrowed)
        if is_ordered:
            wanted = wanted.order_by(_directed(verdicts.c.value, asked))
    return wanted.order_by(dataset_log.c.position)


def _directed(value: ColumnElement[Any], asked: RowsAsked) -> ColumnElement[Any]:
    return (value.desc() if asked.order == "descending" else value.asc()).nulls_last()


def _is_shown(report_sequence: int, report: EvalReport, asked: RowsAsked) -> ColumnElement[bool]:
    """The condition that a row is of the kind that is shown."""
    of_cells = [cell.c.report_sequence == number_literal(report_sequence)]
    if asked.ordinal is not None:
        of_cells.append(cell.c.ordinal == number_literal(asked.ordinal))
    lines = select(cell.c.log_sequence).where(*of_cells)
    if asked.show == "pending":
        tasks = [task for task in report.tasks if asked.ordinal in (None, task.ordinal)]
        expected = number_literal(sum(report.trials_of(task) for task in tasks))
        done = lines.group_by(cell.c.log_sequence).having(func.count() >= expected)
        return dataset_log.c.sequence.not_in(done)
    failed = cell.c.status == text_literal("failed")
    kind = failed if asked.show == "errors" else or_(failed, cell.c.is_passed == literal_column("0"))
    return dataset_log.c.sequence.in_(lines.where(kind))


def _row_verdicts(report_sequence: int, asked: RowsAsked, name: str = "verdict") -> Subquery:
    """The row revisions with cells that are asked for.

    The value of a row is the mean of its trials, where one task is named; else every cell speaks for itself.
    """
    number = func.coalesce(cell.c.numerical_value, cast(cell.c.boolean_value, Double))
    value = func.avg(number)
    wanted = select(cell.c.log_sequence, value.label("value")).where(
        cell.c.report_sequence == number_literal(report_sequence)
    )
    if asked.ordinal is not None:
        wanted = wanted.where(cell.c.ordinal == number_literal(asked.ordinal))
    wanted = wanted.group_by(cell.c.log_sequence)
    bounds: list[ColumnElement[bool]] = []
    tested = number if asked.ordinal is None else value
    if asked.minimum is not None:
        bounds.append(tested >= number_literal(asked.minimum))
    if asked.maximum is not None:
        bounds.append(tested <= number_literal(asked.maximum))
    of_cell: list[ColumnElement[bool]] = [] if asked.ordinal is not None else bounds
    if asked.status is not None:
        of_cell.append(cell.c.status == text_literal(asked.status))
    if asked.is_passed is not None:
        of_cell.append(cell.c.is_passed == number_literal(int(asked.is_passed)))
    if of_cell:
        one: ColumnElement[int] = literal_column("1")
        wanted = wanted.having(func.max(case((and_(*of_cell), one), else_=literal_column("0"))) == one)
    if asked.ordinal is not None and bounds:
        wanted = wanted.having(and_(*bounds))
    return wanted.subquery(name)


def read_outcomes(
    connection: Connection, report_sequence: int, report: EvalReport, lines: Sequence[int]
) -> dict[int, dict[str, list[Outcome]]]:
    """Return the outcomes of some row revisions: by revision, then by evaluator slug, in the order of trials."""
    chosen = {"report": report_sequence, "lines": list_of(connection.dialect_name, lines)}
    slugs = {task.ordinal: task.evaluator_slug for task in report.tasks}
    found: dict[int, dict[str, list[Outcome]]] = {}
    for row in connection.rows(_OUTCOMES[connection.dialect_name], chosen):
        (line, ordinal, status, is_passed, explanation, error_kind, error_message, attempts, cost_usd, latency,
         input_tokens, output_tokens, *values) = row  # fmt: skip
        outcome = Outcome(
            status=status,
            values=read_values(values),
            is_passed=None if is_passed is None else bool(is_passed),
            explanation=explanation,
            error_kind=error_kind,
            error_message=error_message,
            attempts=attempts,
            cost_usd=cost_usd,
            latency_seconds=latency,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )
        found.setdefault(line, {}).setdefault(slugs[ordinal], []).append(outcome)
    return found
