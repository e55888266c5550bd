"""`assay datasets logs`: the rows of a dataset, from files and into files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options import (
    DatasetArgument,
    FilterOption,
    FiltersOption,
    JsonOption,
    PageOption,
    VersionOption,
    YesOption,
    read_filters,
    read_object,
    read_value,
)
from assay.cli.output import (
    confirm,
    console,
    counted,
    last_words,
    print_error,
    print_json,
    print_line,
    print_table,
    shortened,
    table,
)
from assay.cli.progress import byte_progress
from assay.cli.session import dataset_id_of, find_dataset, session_of

app = typer.Typer(no_args_is_help=True, help="Rows of a dataset: list, add, import, export, delete.")

SHOWN_ERRORS = 5


@app.command("list")
def list_logs(
    context: typer.Context,
    dataset: DatasetArgument,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    version: VersionOption = None,
    sort_by: Annotated[str | None, typer.Option("--sort", help='A field; "-" before it: descending.')] = None,
    page: PageOption = 1,
    page_size: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: JsonOption = False,
) -> None:
    """List rows."""
    session = session_of(context)
    wanted = read_filters(filters, filters_json)
    with session.client() as client:
        found = client.dataset_logs.list(
            dataset_id_of(client, dataset), wanted, version=version, page=page, page_size=page_size, sort_by=sort_by
        )
    if as_json:
        return session.print_last_answer()
    made = table(
        [("Id", {"no_wrap": True, "style": "dim"}), ("Input", {"ratio": 3}), ("Output", {"ratio": 2})],
        [(one.id, shortened(last_words(one.input), 160), shortened(one.output, 100)) for one in found.results],
    )
    print_table(made, "No rows.", len(found.results), found.total_count)


@app.command()
def add(
    context: typer.Context,
    dataset: DatasetArgument,
    input: Annotated[str, typer.Option(help="JSON, or plain text.")],
    output: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    expected_output: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    metadata: Annotated[str | None, typer.Option(metavar="JSON", help="A JSON object.")] = None,
    metrics: Annotated[str | None, typer.Option(metavar="JSON", help="A JSON object.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add one row."""
    session = session_of(context)
    with session.client() as client:
        made = client.dataset_logs.create(
            dataset_id_of(client, dataset),
            input=read_value(input),
            output=read_value(output),
            expected_output=read_value(expected_output),
            metadata=None if metadata is None else read_object(metadata, "--metadata"),
            metrics=None if metrics is None else read_object(metrics, "--metrics"),
        )
    session.print_last_answer() if as_json else print_line(f"Added row {made.unique_id}.")


@app.command("import")
def import_logs(
    context: typer.Context,
    dataset: DatasetArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines, JSON or CSV; - reads standard input.")],
    format: Annotated[str | None, typer.Option(help="jsonl, json or csv; default: by the file's suffix.")] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="SOURCE=TARGET", help="question=input, topic=metadata.topic; may be repeated."),
    ] = None,
    on_error: Annotated[str, typer.Option(help="What to do with a bad line: skip or abort.")] = "skip",
    as_json: JsonOption = False,
) -> None:
    """Import a file of rows of any size."""
    mapping = _read_maps(maps or [])
    if on_error not in ("skip", "abort"):
        raise typer.BadParameter("must be skip or abort", param_hint="--on-error")
    is_stdin = str(file) == "-"
    if is_stdin and format is None:
        raise typer.BadParameter("standard input has no suffix; give jsonl, json or csv", param_hint="--format")
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        with byte_progress(f"Importing {'standard input' if is_stdin else file.name}") as progress:
            result = client.dataset_logs.import_file(
                dataset_id,
                sys.stdin.buffer if is_stdin else file,
                format=format,
                mapping=mapping,
                on_error=on_error,
                progress=progress,
            )
    if as_json:
        session.print_last_answer()
    else:
        at_version = "" if result.version is None else f", now version {result.version}"
        print_line(f"Imported {counted(result.imported_count, 'row')}{at_version}.")
    if result.error_count:
        lines = [f"line {one.line}: {shortened(one.error, 160)}" for one in result.errors[:SHOWN_ERRORS]]
        more = result.error_count - len(lines)
        if more > 0:
            lines.append(f"and {more:,} more; --json names the first hundred")
        print_error("\n".join([f"Refused {counted(result.error_count, 'line')}:", *lines]))
        raise typer.Exit(1)


@app.command()
def export(
    context: typer.Context,
    dataset: DatasetArgument,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; default: standard output.")] = None,
    format: Annotated[str | None, typer.Option(help="jsonl or csv; default: by the file's suffix, else jsonl.")] = None,
    version: VersionOption = None,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
) -> None:
    """Write rows to a file or to standard output."""
    chosen = format or ("csv" if output is not None and output.suffix.lower() == ".csv" else "jsonl")
    if chosen not in ("jsonl", "csv"):
        raise typer.BadParameter("must be jsonl or csv", param_hint="--format")
    wanted = read_filters(filters, filters_json)
    with session_of(context).client() as client:
        dataset_id = dataset_id_of(client, dataset)
        if output is None:
            sys.stdout.flush()
            client.dataset_logs.export(dataset_id, sys.stdout.buffer, format=chosen, version=version, filters=wanted)
            sys.stdout.buffer.flush()
            return
        with byte_progress(f"Exporting to {output.name}") as progress:
            size = client.dataset_logs.export(
                dataset_id, output, format=chosen, version=version, filters=wanted, progress=progress
            )
    console(to_stderr=True).print(f"Wrote {counted(size, 'byte')} to {output}.", markup=False)


@app.command()
def delete(
    context: typer.Context,
    dataset: DatasetArgument,
    log_ids: Annotated[list[str] | None, typer.Argument(metavar="[ROW]...", help="Ids of rows.")] = None,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    is_all: Annotated[bool, typer.Option("--all", help="Every row.")] = False,
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete rows by id, by filter, or all; earlier versions keep them."""
    wanted = read_filters(filters, filters_json)
    if sum((bool(log_ids), wanted is not None, is_all)) != 1:
        raise typer.BadParameter("give ids, or filters, or --all", param_hint="ROW")
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        if log_ids:
            confirm(f'Delete {counted(len(log_ids), "row")} of "{found.name}"?', is_confirmed)
            for log_id in log_ids:
                client.dataset_logs.delete(found.id, log_id)
            count = len(log_ids)
        elif wanted is not None:
            matching = client.dataset_logs.list(found.id, wanted, page_size=1)
            how_many = matching.count if matching.total_count is None else matching.total_count
            confirm(f'Delete the {counted(how_many, "row")} of "{found.name}" that match?', is_confirmed)
            count = client.dataset_logs.delete_matching(found.id, wanted).deleted_count
        else:
            confirm(f'Delete all {counted(found.log_count, "row")} of "{found.name}"?', is_confirmed)
            count = client.dataset_logs.delete_all(found.id).deleted_count
    if as_json:
        return print_json({"deleted_count": count}) if log_ids else session.print_last_answer()
    print_line(f"Deleted {counted(count, 'row')}.")


def _read_maps(maps: list[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for one in maps:
        source, separator, target = one.rpartition("=")
        if not separator or not source or not target:
            raise typer.BadParameter(f'"{one}" is not SOURCE=TARGET', param_hint="--map")
        mapping[source] = target
    return mapping
