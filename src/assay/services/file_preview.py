"""Looking at a file of rows before it is imported: its columns, its first rows as they would be stored, its errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from assay.model.access import Identity
from assay.model.dataset import DatasetLogDraft
from assay.model.errors import Invalid
from assay.services.dataset_logs import Refusal
from assay.services.file_import import MOST_REFUSALS_SHOWN, ImportOptions, shaped
from assay.services.row_files import CsvReader, JsonArrayReader, Piece, Record, pieces, read_jsonl
from assay.wire.unified_log import read_log

ROWS_SHOWN = 5
_MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What an import would do: `columns` are the keys of the records with how many of these have each."""

    columns: Sequence[tuple[str, int]]
    rows: Sequence[DatasetLogDraft]
    readable_count: int
    error_count: int
    refusals: Sequence[Refusal]


async def preview_file(
    who: Identity, chunks: AsyncIterator[bytes], options: ImportOptions, at: datetime, *, is_beginning: bool
) -> FilePreview:
    """Read a file as an import would and store nothing; with `is_beginning` a record cut off at its end is no error.

    Raises Invalid when it cannot be read at all.
    """
    columns: dict[str, int] = {}
    rows: list[DatasetLogDraft] = []
    refusals: list[Refusal] = []
    readable = refused = 0
    last: Record | None = None

    def take(record: Record) -> None:
        nonlocal readable, refused
        problem = record.problem
        if problem is None:
            if isinstance(record.value, dict):
                for name in record.value:
                    if name in columns or len(columns) < _MOST_COLUMNS:
                        columns[name] = columns.get(name, 0) + 1
            try:
                draft = read_log(shaped(record.value, options.mapping), environment=who.environment, now=at)
            except Invalid as error:
                problem = error.message
            else:
                readable += 1
                if len(rows) < ROWS_SHOWN:
                    rows.append(draft)
        if problem is not None:
            refused += 1
            if len(refusals) < MOST_REFUSALS_SHOWN:
                refusals.append(Refusal(record.line, problem))

    async for records in _records(chunks, options, is_whole=not is_beginning):
        for record in records:
            if last is not None:
                take(last)
            last = record
    # What the cut went through may look like a broken record, or like a shorter one.
    if last is not None and not (is_beginning and options.file_format != "json"):
        take(last)
    return FilePreview(list(columns.items()), rows, readable, refused, refusals)


async def _records(
    chunks: AsyncIterator[bytes], options: ImportOptions, *, is_whole: bool
) -> AsyncIterator[Sequence[Record]]:
    if options.file_format == "json":
        reader = JsonArrayReader()
        async for chunk in chunks:
            yield await asyncio.to_thread(lambda chunk=chunk: list(reader.feed(chunk)))  # type: ignore[misc]
        if is_whole:
            yield list(reader.feed(b"", is_end=True))
        return
    csv_reader = CsvReader(options.delimiter)

    def records_of(piece: Piece) -> Sequence[Record]:
        return list(csv_reader.read(piece) if options.file_format == "csv" else read_jsonl(piece))

    async for piece in pieces(chunks, options.file_format):
        yield await asyncio.to_thread(records_of, piece)
