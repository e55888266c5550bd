"""Routes that carry whole files of rows: import and export, streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import rows_asked
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.model.errors import Invalid
from assay.services.datasets import find_version_number
from assay.services.export import ExportFormat, export_rows
from assay.services.file_dedupe import read_dedupe_path
from assay.services.file_import import ImportOptions, OnError, import_file, read_mapping
from assay.services.file_preview import preview_file
from assay.services.row_files import FileFormat
from assay.wire.dataset_logs import FileImported
from assay.wire.file_previews import FilePreviewOut, columns_out, draft_out
from assay.wire.pages import SearchBody

# Not a JsonRoute: the body is a file of any size.
router = APIRouter(prefix="/api/datasets/{dataset_id}/logs", tags=["dataset logs"])
export_router = APIRouter(prefix="/api/datasets/{dataset_id}/logs", tags=["dataset logs"], route_class=JsonRoute)

_FORMATS: dict[str, FileFormat] = {
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/json": "json",
    "text/csv": "csv",
}
_MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
_IMPORTED: dict[int | str, dict[str, Any]] = {
    **WRITE_ERRORS,
    200: {"model": FilePreviewOut, "description": "With `dry_run`: what would be imported."},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or a multipart form whose field `file` holds it.",
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in ("application/x-ndjson", "application/json", "text/csv")
        },
    }
}


@router.post("/import-file/", status_code=201, response_model=FileImported, responses=_IMPORTED, openapi_extra=_BODY)
async def import_dataset_file(
    dataset_id: str,
    request: Request,
    caller: Writer,
    format: Annotated[FileFormat | None, Query(description="jsonl, json or csv; else the content type says.")] = None,
    mapping: Annotated[str | None, Query(description='JSON: {"question": "input", "topic": "metadata.topic"}.')] = None,
    on_error: Annotated[OnError, Query(description="skip lines that cannot be read, or abort at the first.")] = "skip",
    delimiter: Annotated[str, Query(min_length=1, max_length=1, description="Between CSV cells.")] = ",",
    dedupe_by: Annotated[str | None, Query(description="Leave out rows whose value there is known.")] = None,
    dry_run: Annotated[bool, Query(description="Store nothing: show columns, first rows and errors.")] = False,
    is_beginning: Annotated[bool, Query(description="dry_run: the body is the beginning of a longer file.")] = False,
) -> Response:
    """Add the rows of a JSONL, JSON or CSV file of any size as one new version, all at once at the end.

    Keys that are no field of a row are kept as metadata; `mapping` leads columns to fields.
    """
    if delimiter in '"\r\n\0':
        raise Invalid.field("delimiter", "A quote or line break cannot separate cells: use ',', ';' or a tab.")
    media_type, parameters = parse_options_header(request.headers.get("content-type", ""))
    options = ImportOptions(
        file_format=_format(format, media_type.decode().lower(), request.query_params.get("filename", "")),
        mapping=read_mapping(mapping),
        on_error=on_error,
        delimiter=delimiter,
        dedupe_by=read_dedupe_path(dedupe_by),
    )
    chunks: AsyncIterator[bytes] = request.stream()
    if media_type == b"multipart/form-data":
        chunks = _file_part(chunks, parameters.get(b"boundary", b""))
    if dry_run:
        await caller.store.datasets.get(dataset_id)
        return answer(await _previewed(caller, chunks, options, is_beginning=is_beginning))
    try:
        result = await import_file(caller.store, caller.who, dataset_id, chunks, options)
    except ClientDisconnect:
        # Nobody is there to read an answer; the service has undone what was staged.
        return Response(status_code=400)
    errors = [{"line": refusal.place, "error": refusal.message} for refusal in result.refusals]
    counts = {
        "imported_count": result.imported_count,
        "duplicate_count": result.duplicate_count,
        "error_count": result.error_count,
    }
    return answer({"job_id": result.job_id, **counts, "errors": errors, "version": result.version}, 201)


async def _previewed(
    caller: Caller, chunks: AsyncIterator[bytes], options: ImportOptions, *, is_beginning: bool
) -> dict[str, Any]:
    found = await preview_file(caller.who, chunks, options, datetime.now(UTC), is_beginning=is_beginning)
    return {
        "columns": columns_out(found.columns),
        "rows": [draft_out(draft) for draft in found.rows],
        "readable_count": found.readable_count,
        "error_count": found.error_count,
        "errors": [{"line": refusal.place, "error": refusal.message} for refusal in found.refusals],
    }


def _format(named: FileFormat | None, media_type: str, file_name: str) -> FileFormat:
    if named is not None:
        return named
    if media_type in _FORMATS:
        return _FORMATS[media_type]
    for ending in ("jsonl", "json", "csv"):
        if file_name.endswith(f".{ending}"):
            return ending
    shown = media_type or "none"
    raise Invalid.field("format", f"Say what the file is: format=jsonl, json or csv (the content type is {shown}).")


async def _file_part(chunks: AsyncIterator[bytes], boundary: bytes) -> AsyncIterator[bytes]:
    """Yield the content of the first file of a multipart form (RFC 7578) while the form comes in."""
    ready: list[bytes] = []
    headers: dict[bytes, bytes] = {}
    name = bytearray()
    state = {"in_file": False, "done": False}

    def header_field(data: bytes, start: int, end: int) -> None:
        name.extend(data[start:end])

    def header_value(data: bytes, start: int, end: int) -> None:
        key = bytes(name).lower()
        headers[key] = headers.get(key, b"") + data[start:end]

    def header_end() -> None:
        name.clear()

    def headers_finished() -> None:
        _, options = parse_options_header(headers.get(b"content-disposition", b""))
        state["in_file"] = not state["done"] and (b"filename" in options or options.get(b"name") == b"file")
        headers.clear()

    def part_data(data: bytes, start: int, end: int) -> None:
        if state["in_file"]:
            ready.append(data[start:end])

    def part_end() -> None:
        state["done"] = state["done"] or state["in_file"]
        state["in_file"] = False

    try:
        parser = MultipartParser(
            boundary,
            {
                "on_header_field": header_field,
                "on_header_value": header_value,
                "on_header_end": header_end,
                "on_headers_finished": headers_finished,
                "on_part_data": part_data,
                "on_part_end": part_end,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
            while ready:
                yield ready.pop(0)
        parser.finalize()
    except FormParserError as error:
        raise Invalid(f"The multipart form cannot be read: {error}.") from None
    if not state["done"]:
        raise Invalid.field("file", "The form has no file: put it into a field named file.")


async def _export(
    dataset_id: str, request: Request, body: SearchBody | None, caller: Caller, version: str | None, kind: ExportFormat
) -> Response:
    expression = rows_asked(request, body)
    number = await find_version_number(caller.store, dataset_id, version)
    dataset = await caller.store.datasets.get(dataset_id)
    rows = export_rows(caller.store, caller.who.organization_unique_id, dataset_id, number, expression, kind)
    safe_name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in dataset.name)[:80]
    disposition = f'attachment; filename="{safe_name or "dataset"}.{kind}"'
    return StreamingResponse(rows, media_type=_MEDIA_TYPES[kind], headers={"Content-Disposition": disposition})


_FORMAT = Query(description="jsonl: rows as lists show them; csv: payloads and the main columns.")
_EXPORTED: dict[int | str, dict[str, Any]] = {
    **READ_ERRORS,
    200: {
        "description": "The file.",
        "content": {"application/x-ndjson": {}, "text/csv": {}},
    },
}


@export_router.get("/export/", responses=_EXPORTED, response_class=StreamingResponse)
async def export_logs(
    dataset_id: str,
    request: Request,
    caller: Reader,
    version: Annotated[str | None, Query(description="Number or tag.")] = None,
    format: Annotated[ExportFormat, _FORMAT] = "jsonl",
) -> Response:
    """Download the rows as a file."""
    return await _export(dataset_id, request, None, caller, version, format)


@export_router.post("/export/", responses=_EXPORTED, response_class=StreamingResponse)
async def export_logs_filtered(
    dataset_id: str,
    request: Request,
    caller: Reader,
    body: SearchBody | None = None,
    version: Annotated[str | None, Query(description="Number or tag.")] = None,
    format: Annotated[ExportFormat, _FORMAT] = "jsonl",
) -> Response:
    """Download the rows that match the filters of the body as a file."""
    return await _export(dataset_id, request, body, caller, version, format)
