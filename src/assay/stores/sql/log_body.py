"""The body of a request log: payloads and details as one JSON object, which `compression` stores.

Metadata stands in the line; PostgreSQL has it here too, because jsonb does not keep an object as it was written.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from assay.model.log import LogContent
from assay.model.request_log import RequestLog, RequestLogDraft

# How large a body is as it is stored, found without reading it.
STORED_SIZE = {"sqlite": "length(b.data)", "postgresql": "pg_column_size(b.data)"}
_PAYLOADS = ("input", "output", "expected_output", "metadata")

_parts: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


def joined(draft: RequestLogDraft, dialect_name: str) -> bytes:
    """Return the JSON object that holds what is present of payloads and details."""
    return _joined(draft.content, draft.details, has_metadata=dialect_name == "postgresql")


def with_metadata(log: RequestLog, metadata: bytes | None) -> bytes:
    """Return the joined body of a recorded log with other metadata in it."""
    return _joined(replace(log.content or LogContent(), metadata=metadata), log.details, has_metadata=True)


def _joined(content: LogContent, details: bytes | None, *, has_metadata: bool) -> bytes:
    pieces = []
    if content.input is not None:
        pieces.append(b'"input":' + content.input)
    if content.output is not None:
        pieces.append(b'"output":' + content.output)
    if content.expected_output is not None:
        pieces.append(b'"expected_output":' + content.expected_output)
    if has_metadata and content.metadata is not None:
        pieces.append(b'"metadata":' + content.metadata)
    if details is not None and len(details) > 2:
        pieces.append(details[1:-1])
    return b"{" + b",".join(pieces) + b"}"


def split(text: bytes | str, metadata: bytes | None) -> tuple[LogContent, bytes | None]:
    """Return the payloads and the details of a joined body, each still raw JSON text.

    `metadata` is that of the line; where the body has it too, it has it as it was written.
    """
    parts = _parts.decode(text)
    payloads = {name: bytes(parts.pop(name)) if name in parts else None for name in _PAYLOADS}
    if payloads["metadata"] is None:
        payloads["metadata"] = metadata
    return LogContent(**payloads), msgspec.json.encode(parts) if parts else None
