"""The paths that occur in the payloads of request logs and dataset rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from assay.model.log_analytics import JsonPath
from assay.model.request_log import RequestLog

_DEEPEST = 6
# Of one log, and of all: a payload may have ten thousand keys.
_MOST_PATHS = 1_000
_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}


def paths_of(logs: Iterable[RequestLog]) -> list[JsonPath]:
    """Return the paths in metadata, input and output of request logs: see `paths_in`."""
    return paths_in(
        {
            "metadata": log.metadata,
            "input": log.content.input if log.content else None,
            "output": log.content.output if log.content else None,
        }
        for log in logs
    )


def paths_in(rows: Iterable[Mapping[str, bytes | None]]) -> list[JsonPath]:
    """Return the paths in named payloads, the commonest first, with the JSON types seen there.

    Paths go six steps deep; of an array the first element stands for all. At most 1,000 paths are followed in a row,
    and returned.
    """
    counts: dict[str, int] = {}
    types: dict[str, set[str]] = {}
    for payloads in rows:
        for path, type_ in _paths_in(payloads):
            counts[path] = counts.get(path, 0) + 1
            types.setdefault(path, set()).add(type_)
    commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_PATHS]
    return [JsonPath(path, sorted(types[path]), count) for path, count in commonest]


def _paths_in(payloads: Mapping[str, bytes | None]) -> Iterator[tuple[str, str]]:
    pending = [(name, value, 0) for name, text in payloads.items() if (value := _decoded(text)) is not None]
    for place in range(_MOST_PATHS):
        if place == len(pending):
            return
        path, value, depth = pending[place]
        yield path, "null" if value is None else _TYPES[type(value)]
        if depth == _DEEPEST:
            continue
        if isinstance(value, dict):
            room = _MOST_PATHS - place
            pending += [(f"{path}.{key}", part, depth + 1) for key, part in list(value.items())[:room]]
        elif isinstance(value, list) and value:
            pending.append((f"{path}.0", value[0], depth + 1))


def _decoded(text: bytes | None) -> Any:
    try:
        return None if text is None else msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        # Nested beyond what can be read.
        return None
