"""Importing a file of rows into a dataset: streamed, all or nothing, with the reason for every line that is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from assay.model.access import Identity
from assay.model.dataset import Change, DatasetLogDraft
from assay.model.errors import Invalid
from assay.model.ids import new_uuid
from assay.model.job import Job
from assay.ports.store import Store
from assay.services.dataset_logs import Refusal
from assay.services.file_dedupe import Deduplicator
from assay.services.row_files import CsvReader, FileFormat, JsonArrayReader, Piece, Record, pieces, read_jsonl
from assay.wire import codec
from assay.wire.unified_log import INPUT_NAMES, OUTPUT_NAMES, RECOGNISED_NAMES, read_log

OnError = Literal["skip", "abort"]

MOST_REFUSALS_SHOWN = 100
_BAGS = ("metadata", "metrics")
_CONTENT = ("input", "output", "expected_output")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is read: `mapping` leads from a column, key or dotted path to a field of the row, or to null.

    With `dedupe_by`, a path in the row, rows are left out that the dataset has, or that came before in the file.
    """

    file_format: FileFormat
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    on_error: OnError = "skip"
    delimiter: str = ","
    dedupe_by: str | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file."""

    job_id: str
    imported_count: int
    error_count: int
    refusals: tuple[Refusal, ...]
    version: int
    duplicate_count: int = 0


def read_mapping(text: str | None) -> dict[str, str | None]:
    """Read the mapping of columns to fields from its JSON; raises Invalid that names the wrong target."""
    if not text:
        return {}
    mapping = codec.decode(text.encode(), "mapping")
    if not isinstance(mapping, dict):
        raise Invalid.field(
            "mapping", 'Expected a JSON object such as {"question": "input", "topic": "metadata.topic"}.'
        )
    for source, target in mapping.items():
        root = target.partition(".")[0] if isinstance(target, str) else None
        if target is not None and root not in (*_CONTENT, *_BAGS, *RECOGNISED_NAMES):
            raise Invalid.field(
                "mapping",
                f"'{source[:60]}' is mapped to '{str(target)[:60]}', which is no field of a row: use input, output,"
                " expected_output, metadata.<key>, metrics.<key>, a recognised name such as model, or null to drop it.",
            )
    return mapping


def shaped(value: Any, mapping: Mapping[str, str | None]) -> Any:
    """Return a record in the unified log format: mapped fields in their places, unknown keys kept as metadata."""
    if not isinstance(value, dict):
        return value
    row: dict[str, Any] = {}
    mapped_roots = set()
    passed_over = _WRITTEN_BY_EXPORT if _is_exported(value) else frozenset()
    for source, target in mapping.items():
        found, part = _at(value, source)
        mapped_roots.add(source if source in value else source.partition(".")[0])
        if found and target is not None:
            _put(row, target, part)
    for name, part in value.items():
        if name in mapped_roots or name in passed_over:
            continue
        if name in _BAGS and isinstance(part, dict):
            row[name] = {**part, **row.get(name, {})}
        elif name in _KNOWN or (name in _PAYLOADS and _is_payload(name, value, row)):
            row.setdefault(name, part)
        else:
            row.setdefault("metadata", {}).setdefault(name, part)
    return row


_KNOWN = frozenset((*_CONTENT, *_BAGS, *RECOGNISED_NAMES))
_PAYLOADS = frozenset((*INPUT_NAMES, *OUTPUT_NAMES))
# What an export says of a row beyond its content: read back as metadata it would pile up with every round.
_WRITTEN_BY_EXPORT = frozenset(
    (
        *("id", "unique_id", "dataset_id", "organization_id", "unique_organization_id", "environment", "created_at"),
        *("updated_at", "routing_time", "original_copy_unique_id", "annotation_status", "annotation_completed_by"),
        *("prompt", "completion", "scores"),
    )
)
_OUR_ID = re.compile(r"[0-9a-f]{12}7[0-9a-f]{19}")


def _is_exported(value: Mapping[str, Any]) -> bool:
    given = value.get("id")
    return {"log_type", "status", "timestamp"} <= value.keys() and bool(
        isinstance(given, str) and _OUR_ID.fullmatch(given)
    )


def _is_payload(name: str, value: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Tell whether a key is another name of the input or output, and no better one stands beside it."""
    names = INPUT_NAMES if name in INPUT_NAMES else OUTPUT_NAMES
    return name == next((known for known in names if known in value or known in row), None)


def _at(value: dict[str, Any], path: str) -> tuple[bool, Any]:
    if path in value:
        return True, value[path]
    part: Any = value
    for step in path.split("."):
        if not isinstance(part, dict) or step not in part:
            return False, None
        part = part[step]
    return True, part


def _put(row: dict[str, Any], target: str, value: Any) -> None:
    root, _, rest = target.partition(".")
    if not rest:
        if root in _BAGS and isinstance(value, dict):
            value = {**row.get(root, {}), **value}
        row[root] = value
        return
    bag = row.setdefault(root, {})
    if isinstance(bag, dict):
        bag[rest] = value


@dataclass(slots=True)
class _Batch:
    drafts: list[DatasetLogDraft] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


async def import_file(
    store: Store, who: Identity, dataset_id: str, chunks: AsyncIterator[bytes], options: ImportOptions
) -> ImportResult:
    """Add the rows of a streamed file as one new version, which appears when the last row is stored.

    Until then nobody sees any of them; a broken connection, a kill or `on_error: abort` leaves nothing behind. Raises
    NotFound for the dataset, Invalid when the file cannot be read, no row of it can, or one cannot and that aborts.
    """
    await store.datasets.get(dataset_id)
    started = datetime.now(UTC)
    job = Job(new_uuid(), who.organization_id, "import", "running", dataset_id, started, started)
    await store.jobs.create(job)
    try:
        result = await _import(store, who, dataset_id, job.id, chunks, options)
    except BaseException as error:
        # Shielded: this also runs when the client went away and the request is being cancelled.
        await asyncio.shield(_give_up(store, job.id, error))
        raise
    return result


async def _give_up(store: Store, job_id: str, error: BaseException) -> None:
    await store.dataset_logs.discard_staged(job_id)
    message = error.message if isinstance(error, Invalid) else "The upload broke off; nothing was added."
    await store.jobs.finish(job_id, "failed", message[:1000], datetime.now(UTC))


async def _import(
    store: Store, who: Identity, dataset_id: str, job_id: str, chunks: AsyncIterator[bytes], options: ImportOptions
) -> ImportResult:
    change = Change("import", who.key_prefix, datetime.now(UTC))
    imported, refused, repeated = 0, 0, 0
    shown: list[Refusal] = []
    staging: asyncio.Task[None] | None = None
    known = None if options.dedupe_by is None else Deduplicator(options.dedupe_by)
    if known is not None:
        await known.learn(store, dataset_id)
    try:
        async for batch in _batches(chunks, options, who.environment):
            refused += len(batch.refusals)
            shown += batch.refusals[: MOST_REFUSALS_SHOWN - len(shown)]
            if batch.refusals and options.on_error == "abort":
                first = batch.refusals[0]
                raise Invalid(f"Line {first.place}: {first.message} Nothing was imported, because on_error is abort.")
            # While one batch is written the next is read: parsing and SQLite take turns on different threads.
            if staging is not None:
                await staging
            now = Change(change.kind, change.author, datetime.now(UTC))
            drafts = batch.drafts if known is None else await asyncio.to_thread(known.new_of, batch.drafts)
            staging = asyncio.create_task(store.dataset_logs.stage(dataset_id, job_id, drafts, now)) if drafts else None
            imported += len(drafts)
            repeated += len(batch.drafts) - len(drafts)
    finally:
        if staging is not None:
            await asyncio.wait([staging])
    if staging is not None:
        staging.result()
    if not imported and repeated:
        # Nothing new is no failure, and a version in which nothing happened says nothing.
        await store.jobs.finish(job_id, "completed", None, datetime.now(UTC))
        dataset = await store.datasets.get(dataset_id)
        return ImportResult(job_id, 0, refused, tuple(shown), dataset.version, repeated)
    if not imported:
        reason = f"Line {shown[0].place}: {shown[0].message}" if shown else "The file holds no rows."
        raise Invalid(f"No row could be imported. {reason}")
    version = await store.dataset_logs.publish(
        dataset_id, job_id, Change(change.kind, change.author, datetime.now(UTC))
    )
    return ImportResult(job_id, imported, refused, tuple(shown), version.number, repeated)


async def _batches(chunks: AsyncIterator[bytes], options: ImportOptions, environment: str) -> AsyncIterator[_Batch]:
    def read(records: Callable[[], Iterator[Record]]) -> _Batch:
        batch, now = _Batch(), datetime.now(UTC)
        for record in records():
            if record.problem is None:
                try:
                    batch.drafts.append(
                        read_log(shaped(record.value, options.mapping), environment=environment, now=now)
                    )
                    continue
                except Invalid as error:
                    batch.refusals.append(Refusal(record.line, error.message))
            else:
                batch.refusals.append(Refusal(record.line, record.problem))
        return batch

    if options.file_format == "json":
        reader = JsonArrayReader()
        async for chunk in chunks:
            yield await asyncio.to_thread(read, lambda chunk=chunk: reader.feed(chunk))  # type: ignore[misc]
        yield await asyncio.to_thread(read, lambda: reader.feed(b"", is_end=True))
        return
    csv_reader = CsvReader(options.delimiter)

    def records_of(piece: Piece) -> Iterator[Record]:
        return csv_reader.read(piece) if options.file_format == "csv" else read_jsonl(piece)

    async for piece in pieces(chunks, options.file_format):
        yield await asyncio.to_thread(read, lambda piece=piece: records_of(piece))  # type: ignore[misc]
