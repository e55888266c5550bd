"""Cutting rows of any number into request bodies the server takes, and reading what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from assay.sdk.addressing import decoded
from assay.sdk.errors import error_from_response
from assay.sdk.types import BulkResult

MAXIMUM_ROWS = 500
MAXIMUM_BYTES = 8_000_000
Result = TypeVar("Result", bound=BulkResult)


@dataclass(frozen=True, slots=True)
class Batch:
    """One request: its JSON body, the index of its first row over everything, and its number of rows."""

    body: bytes
    first_index: int
    row_count: int


def batches(
    rows: Iterable[Mapping[str, Any] | msgspec.Struct],
    maximum_rows: int = MAXIMUM_ROWS,
    maximum_bytes: int = MAXIMUM_BYTES,
) -> Iterator[Batch]:
    """Cut rows into bodies `{"logs": [...]}` of at most `maximum_rows` rows and about `maximum_bytes` bytes.

    Each row is encoded once. A row larger than `maximum_bytes` travels alone: the server decides about it.
    """
    encoder = msgspec.json.Encoder()
    held: list[bytes] = []
    held_bytes = first_index = 0
    for row in rows:
        text = encoder.encode(row)
        if held and (len(held) == maximum_rows or held_bytes + len(text) > maximum_bytes):
            yield _batch(held, first_index)
            first_index += len(held)
            held, held_bytes = [], 0
        held.append(text)
        held_bytes += len(text) + 1
    if held:
        yield _batch(held, first_index)


def bulk_answer(status: int, body: bytes, batch: Batch, answer: type[Result], address: str) -> Result:
    """Read the answer to one batch; a 400 that names every row is a result too, any other 400 is raised."""
    if status != 400:
        return decoded(body, answer, address)
    try:
        result = msgspec.json.decode(body, type=answer)
    except msgspec.DecodeError:
        result = answer()
    if len(result.errors) != batch.row_count:
        raise error_from_response(400, {}, body, address)
    return result


def _batch(held: list[bytes], first_index: int) -> Batch:
    return Batch(b'{"logs":[' + b",".join(held) + b"]}", first_index, len(held))
