"""`assay evaluators run` and `bench`: try an evaluator on one input, and on sampled rows of a dataset."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.figures import dollars, duration, figure, interval, model_words, verdict
from assay.cli.options import JsonOption, read_file, read_object, read_value
from assay.cli.output import (
    console,
    counted,
    fitted_table,
    last_words,
    print_error,
    print_fields,
    shortened,
    text,
)
from assay.cli.session import dataset_id_of, session_of

if TYPE_CHECKING:
    from assay.sdk.evaluator_types import BenchRow, BenchSummary, EvaluatorBench, EvaluatorRun

EvaluatorArgument = Annotated[str, typer.Argument(metavar="EVALUATOR", help="Slug or id; <id>:3 means its version 3.")]


def run(
    context: typer.Context,
    evaluator: EvaluatorArgument,
    input: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    output: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    expected_output: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    metadata: Annotated[str | None, typer.Option(metavar="JSON", help="A JSON object.")] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE.json", help="An object with input, output, …; - for standard input."),
    ] = None,
    has_detail: Annotated[
        bool, typer.Option("--detail", help="Show the prompt and the reply, or what the code printed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Try an evaluator on one input and output; nothing is stored. Exits with 1 when the verdict failed."""
    values = {
        "input": read_value(input),
        "output": read_value(output),
        "expected_output": read_value(expected_output),
        "metadata": None if metadata is None else read_object(metadata, "--metadata"),
    }
    inputs: dict[str, Any] = {} if source is None else read_object(_source(source), "--from")
    inputs |= {name: value for name, value in values.items() if value is not None}
    if not inputs:
        raise typer.BadParameter("give something to judge", param_hint="--output")
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.run(evaluator, inputs)
    session.print_last_answer() if as_json else _print_run(found, has_detail)
    if found.status == "failed":
        raise typer.Exit(1)


def bench(
    context: typer.Context,
    evaluator: EvaluatorArgument,
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="Id or exact name of a dataset.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=200, help="How many rows are sampled.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed takes the same rows.")] = 0,
    version: Annotated[str | None, typer.Option(help="Number or tag of the dataset's version.")] = None,
    draft: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Try these fields laid over it, without saving them.")
    ] = None,
    is_compared: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Run the version before on the same rows, too.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Try an evaluator on sampled rows, beside the version before: what changed, what it costs. Nothing is stored."""
    fields: Any = None if draft is None else read_object(read_file(draft, "--draft"), "--draft")
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.bench(
            evaluator,
            dataset_id_of(client, dataset),
            sample_size=count,
            seed=seed,
            version=version,
            draft=fields,
            compare=is_compared,
        )
    session.print_last_answer() if as_json else _print_bench(found)


def _source(words: str) -> str:
    return sys.stdin.read() if words == "-" else read_file(Path(words), "--from")


def _print_run(found: EvaluatorRun, has_detail: bool) -> None:
    said = found.evaluation_result if isinstance(found.evaluation_result, dict) else {}
    detail = found.detail
    tokens = None
    if found.input_tokens is not None or found.output_tokens is not None:
        tokens = f"{found.input_tokens or 0:,} in, {found.output_tokens or 0:,} out"
    fields: dict[str, Any] = {
        "Score": "none" if found.score is None else shortened(found.score),
        "Status": found.status,
        "Passed": {True: "yes", False: "no"}.get(found.is_passed)
        if found.is_passed is not None and found.status == "scored"
        else None,
        "Explanation": found.explanation or said.get("reasoning"),
        "Error": text(found.error_message, "red") if found.error_message else None,
        "Model": model_words(detail.model) if detail is not None else None,
        "Tokens": tokens,
        "Cost": dollars(found.cost) if tokens else None,
        "Time": duration(found.execution_time),
    }
    if has_detail and detail is not None:
        fields |= {str(one.get("role", "asked")).capitalize(): one.get("content") for one in detail.messages}
        fields |= {"Reply": detail.reply, "Printed": detail.stdout}
    elif detail is not None and detail.stdout:
        fields["Printed"] = shortened(detail.stdout)
    print_fields(fields)


def _print_bench(found: EvaluatorBench) -> None:
    out = console()
    before = found.comparison
    columns: list[tuple[str, dict[str, Any]]] = [("Output", {"ratio": 3}), ("Score", {"max_width": 14})]
    if before is not None:
        columns.append((f"Version {before.version}", {"max_width": 14}))
    columns.append(("Why", {"ratio": 4}))
    out.print(fitted_table(columns, [_bench_row(row, before is not None) for row in found.rows]))
    out.print()
    kind = "a draft over version" if found.is_draft else "version"
    print_fields(
        {
            "Judged by": f"{found.evaluator_slug}, {kind} {found.version}",
            "Rows": f"{found.sample_size:,} of {found.row_count:,} of dataset version {found.dataset_version}",
            "Result": _summary(found.summary),
            "Cost": _cost(found.summary),
            "Before": _summary(before.summary) if before is not None and before.summary is not None else None,
            "Changed": f"{before.changed_count} of {counted(before.paired_count, 'row')}" if before else None,
            "Difference": _difference(found),
        }
    )
    for warning in found.warnings:
        print_error(warning)


def _bench_row(row: BenchRow, is_compared: bool) -> list[Any]:
    why = row.explanation or row.error_message or ""
    style = "bold" if row.is_changed else ""
    cells: list[Any] = [shortened(last_words(row.inputs.get("output"))), verdict(row, style)]
    if is_compared:
        cells.append(text("") if row.before is None else verdict(row.before, "dim"))
    return [*cells, text(shortened(why), "red" if row.status == "failed" else "dim")]


def _summary(summary: BenchSummary) -> str:
    parts = [f"{summary.scored_count} scored"]
    parts += [
        f"{number} {word}"
        for number, word in ((summary.failed_count, "failed"), (summary.skipped_count, "skipped"))
        if number
    ]
    if summary.mean is not None:
        parts.append(f"mean {figure(summary.mean)}")
    if summary.passed_count:
        parts.append(f"{summary.passed_count} passed")
    return ", ".join(parts)


def _cost(summary: BenchSummary) -> str:
    words = dollars(summary.cost_usd)
    if summary.unknown_cost_count:
        words += f" and {counted(summary.unknown_cost_count, 'verdict')} of unknown cost"
    if summary.latency_seconds is not None:
        words += f", {duration(summary.latency_seconds)} a row"
    return words


def _difference(found: EvaluatorBench) -> str | None:
    before = found.comparison
    if before is None or before.mean_difference is None:
        return None
    known = f", 95 % CI {interval(before.interval)}" if before.interval is not None else ""
    return f"{before.mean_difference:+.4g} in the mean{known}"
