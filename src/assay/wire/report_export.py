"""A report as a file: one line for each row with every evaluator's verdict, as JSONL or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal

from assay.model.dataset import DatasetLog
from assay.model.eval_report import EvalReport, ReportRow
from assay.model.score import Outcome
from assay.wire.codec import decode_stored, encode, raw
from assay.wire.report_rows import preview, row_out

ExportFormat = Literal["jsonl", "csv"]
ExportContent = Literal["preview", "full"]

_ROW_COLUMNS = ("log_id", "input", "output", "expected_output", "metadata")
_TRIAL_COLUMNS = (
    "score", "status", "is_passed", "explanation", "error_kind", "error_message", "cost_usd", "latency_seconds",
    "input_tokens", "output_tokens",
)  # fmt: skip
# What makes a spreadsheet take a cell for a formula (OWASP, "CSV injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def json_line(row: ReportRow, log: DatasetLog, content: ExportContent) -> bytes:
    """Return a row with its verdicts as a line of JSON."""
    shown = row_out(row)
    return encode({**shown, "log": _payloads(log) if content == "full" else preview(log)}) + b"\n"


def csv_header(report: EvalReport) -> bytes:
    """Return the line that names the columns: those of the row, then those of each trial of each evaluator.

    A column is `<slug>.<name>`, with more than one trial `<slug>.<trial>.<name>`, counted from 1.
    """
    names = [
        f"{task.evaluator_slug}.{name}" if report.trials_of(task) == 1 else f"{task.evaluator_slug}.{trial + 1}.{name}"
        for task in report.tasks
        for trial in range(report.trials_of(task))
        for name in _TRIAL_COLUMNS
    ]
    return _csv_line([*_ROW_COLUMNS, *names])


def csv_line(report: EvalReport, row: ReportRow, log: DatasetLog, content: ExportContent) -> bytes:
    """Return a row with its verdicts as a line of CSV (RFC 4180); a cell that would be a formula begins with '."""
    shown = _payloads(log) if content == "full" else preview(log)
    cells = [row.log_id, *(_text(shown[name]) for name in _ROW_COLUMNS[1:])]
    for task in report.tasks:
        outcomes = row.outcomes.get(task.evaluator_slug, ())
        for trial in range(report.trials_of(task)):
            cells += _trial(outcomes[trial] if trial < len(outcomes) else None)
    return _csv_line(cells)


def _payloads(log: DatasetLog) -> dict[str, Any]:
    content = log.content
    return {
        "input": raw(content.input),
        "output": raw(content.output),
        "expected_output": raw(content.expected_output),
        "metadata": raw(content.metadata) or {},
        "metrics": raw(content.metrics) or {},
        "model": log.attributes.model,
    }


def _trial(outcome: Outcome | None) -> list[str]:
    if outcome is None:
        return [""] * len(_TRIAL_COLUMNS)
    values: list[Any] = [outcome.values.primary, *(getattr(outcome, name) for name in _TRIAL_COLUMNS[1:])]
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    """A string stands as it is, and nothing as nothing; any other value as its JSON text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    text = encode(value).decode()
    return str(decode_stored(text.encode())) if text.startswith('"') else text


def _csv_line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(cell) for cell in cells])
    return line.getvalue().encode()


def _harmless(cell: str) -> str:
    if not cell.startswith(_FORMULA_STARTS) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
