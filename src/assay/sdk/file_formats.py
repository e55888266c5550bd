"""Which files can be imported and exported, by suffix and by content type."""

from __future__ import annotations

from pathlib import PurePath

from assay.model.errors import Invalid

CONTENT_TYPES = {"jsonl": "application/x-ndjson", "json": "application/json", "csv": "text/csv"}
SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv"}


def import_format(name: object, wanted: str | None) -> str:
    """Return jsonl, json or csv: `wanted`, else by the suffix of the file's name; Invalid when neither tells."""
    if wanted is not None:
        if wanted not in CONTENT_TYPES:
            raise Invalid.field("format", f'"{wanted}" is not a format; use one of {", ".join(CONTENT_TYPES)}.')
        return wanted
    suffix = PurePath(name).suffix.lower() if isinstance(name, str) else ""
    if suffix not in SUFFIXES:
        raise Invalid.field(
            "format", f'the name "{name}" does not tell the format; give one of {", ".join(CONTENT_TYPES)}.'
        )
    return SUFFIXES[suffix]
