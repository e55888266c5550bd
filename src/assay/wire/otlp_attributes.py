"""What the attributes of a span say: each is read by its name, and kept as metadata where its value is not right."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from assay.wire import otlp_conventions as conventions
from assay.wire import otlp_lists as lists
from assay.wire import otlp_messages as messages
from assay.wire.lifting import LONGEST_TEXT, WRONG
from assay.wire.request_log_fields import BODY, PROMPT

INPUT, OUTPUT = "input", "output"

_PAYLOAD_RANKS = {
    INPUT: {name: rank for rank, name in enumerate(conventions.INPUTS)},
    OUTPUT: {name: rank for rank, name in enumerate(conventions.OUTPUTS)},
}


class SpanReading:
    """What the attributes of a span have said so far."""

    __slots__ = (
        *("fields", "inputs", "kinds", "metadata", "named", "objects", "others", "outputs", "properties"),
        *("structures", "trees"),
    )

    def __init__(self) -> None:
        # Field: its rank, the attribute that said it, the value.
        self.fields: dict[str, tuple[int, str, Any]] = {}
        # The client's own metadata, and what goes there under the full names of attributes.
        self.metadata: dict[str, Any] = {}
        self.others: dict[str, Any] = {}
        self.properties: dict[str, Any] = {}
        # Attributes that are read when all are known: kinds and parts of payloads by name, objects of fields.
        self.kinds: dict[str, Any] = {}
        self.named: dict[str, Any] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.structures: dict[str, Any] = {}
        self.trees: dict[str, messages.Tree] = {}
        self.inputs: list[tuple[int, str, Any]] = []
        self.outputs: list[tuple[int, str, Any]] = []

    def say(self, field: str, rank: int, key: str, value: Any) -> None:
        """Keep a value for a field, or for the metadata when a better source has it."""
        present = self.fields.get(field)
        if present is None:
            self.fields[field] = (rank, key, value)
        elif rank < present[0]:
            self.fields[field] = (rank, key, value)
            if present[2] != value:
                self.others[present[1]] = present[2]
        elif present[2] != value:
            self.others[key] = value

    def offer(self, side: str, key: str, value: Any) -> None:
        """Keep a value for the input or the output."""
        offered = self.inputs if side == INPUT else self.outputs
        offered.append((_PAYLOAD_RANKS[side][key], key, value))

    def merge(self, bag: dict[str, Any], key: str, value: dict[str, Any]) -> None:
        """Merge an object of the client's own keys; those that are there with another value stay where they came."""
        left = {name: item for name, item in value.items() if bag.setdefault(name, item) != item}
        if left or not value:
            self.others[key] = left

    def keep(self, name: str, value: Any) -> None:
        """Keep for the metadata what was put together from several attributes, under a name that is free."""
        while self.others.setdefault(name, value) != value:
            name += "_"

    def value_of(self, field: str) -> Any:
        """Return what is known of a field, or None."""
        present = self.fields.get(field)
        return None if present is None else present[2]


Collector = Callable[[SpanReading, str, Any], None]


def _field(field: str, rank: int) -> Collector:
    read = BODY[field][2]
    # A text that would be cut is kept whole; of an error message the whole is kept beside the cut one.
    longest = sys.maxsize if field == "error_message" else LONGEST_TEXT

    def collect(reading: SpanReading, key: str, value: Any) -> None:
        result = read(value)
        if result is None or result is WRONG or (type(value) is str and len(value) > longest):
            if value != "":
                reading.others[key] = value
        elif field not in reading.fields:
            reading.fields[field] = (rank, key, value)
        else:
            reading.say(field, rank, key, value)

    return collect


def _milliseconds(field: str, rank: int) -> Collector:
    collect_seconds = _field(field, rank)

    def collect(reading: SpanReading, key: str, value: Any) -> None:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        collect_seconds(reading, key, value / 1000 if is_number else value)

    return collect


def _text(field: str, rank: int) -> Collector:
    """Return the collector of a field that any short text is right for."""

    def collect(reading: SpanReading, key: str, value: Any) -> None:
        if isinstance(value, str) and len(value) < LONGEST_TEXT:
            reading.say(field, rank, key, value)
        else:
            reading.others[key] = value

    return collect


def _finish_reason(rank: int) -> Collector:
    def collect(reading: SpanReading, key: str, value: Any) -> None:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        reading.say("finish_reason", rank, key, value)

    return collect


def _structure(field: str) -> Collector:
    def collect(reading: SpanReading, key: str, value: Any) -> None:
        decoded = lists.tool_definitions(value) if field == "tools" else messages.from_json(value)
        if not _is_right(field, decoded):
            reading.others[key] = value
        elif field == "properties":
            reading.merge(reading.properties, key, decoded)
        elif reading.structures.setdefault(field, decoded) != decoded:
            reading.others[key] = value

    return collect


def _is_right(field: str, value: Any) -> bool:
    if field == "prompt":
        return isinstance(value, dict) and all(
            PROMPT[name][2](item) is not WRONG for name, item in value.items() if name in PROMPT and item is not None
        )
    if field == "tools":
        return isinstance(value, list) and all(isinstance(tool, dict) for tool in value)
    return value is not None and BODY[field][2](value) is not WRONG


def _payload(side: str, *, containers_only: bool) -> Collector:
    def collect(reading: SpanReading, key: str, value: Any) -> None:
        reading.offer(side, key, messages.from_json(value, containers_only=containers_only))

    return collect


def _kind(reading: SpanReading, key: str, value: Any) -> None:
    reading.kinds[key] = value


def _named(reading: SpanReading, key: str, value: Any) -> None:
    reading.named[key] = value


def _metadata_object(reading: SpanReading, key: str, value: Any) -> None:
    decoded = messages.from_json(value)
    if isinstance(decoded, dict):
        reading.merge(reading.metadata, key, decoded)
    else:
        reading.others[key] = value


def _object(reading: SpanReading, key: str, value: Any) -> None:
    decoded = messages.from_json(value)
    if isinstance(decoded, dict):
        reading.objects[key] = decoded
    else:
        reading.others[key] = value


def _ignored(reading: SpanReading, key: str, value: Any) -> None:
    pass


def _other(reading: SpanReading, key: str, value: Any) -> None:
    reading.others[key] = value


def _own(bag: str, name: str) -> Collector:
    """Return the collector of one of the client's own keys."""

    def collect(reading: SpanReading, key: str, value: Any) -> None:
        values = reading.properties if bag == "properties" else reading.metadata
        if values.setdefault(name, value) != value:
            reading.others[key] = value

    return collect


def _indexed(prefix: str, path: tuple[str | int, ...]) -> Collector:
    def collect(reading: SpanReading, key: str, value: Any) -> None:
        tree = reading.trees.get(prefix)
        if tree is None:
            tree = reading.trees[prefix] = messages.Tree()
        if not tree.insert(path, value):
            reading.others[key] = value

    return collect


def _exact() -> dict[str, Collector]:
    """Return the collectors of the attributes that are known by their whole name."""
    found: dict[str, Collector] = {}
    for field, names in conventions.FIELDS.items():
        for rank, name in enumerate(names):
            if field == "finish_reason":
                found[name] = _finish_reason(rank)
            elif field in ("span_path", "trace_name", "log_method", "reasoning_effort"):
                found[name] = _text(field, rank)
            else:
                found[name] = _field(field, rank)
    for name, field in conventions.MILLISECONDS.items():
        found[name] = _milliseconds(field, len(found))
    for field, names in conventions.JSON_FIELDS.items():
        found.update(dict.fromkeys(names, _structure(field)))
    for side, names in ((INPUT, conventions.INPUTS), (OUTPUT, conventions.OUTPUTS)):
        for name in names:
            if not name.endswith(".") and "." in name:
                found[name] = _payload(side, containers_only=not name.startswith(_ALWAYS_JSON))
    for name in _READ_AT_THE_END:
        found[name] = _named
    found.update(dict.fromkeys((*conventions.NAMED_LOG_TYPES, *conventions.LOG_TYPES), _kind))
    found.update(dict.fromkeys(conventions.METADATA_OBJECTS, _metadata_object))
    found.update(dict.fromkeys(conventions.OBJECTS, _object))
    found.update(dict.fromkeys(conventions.IGNORED, _ignored))
    return found


_ALWAYS_JSON = ("traceloop.entity.", "ai.toolCall.", "ai.value", "gen_ai.input.", "gen_ai.output.")
_READ_AT_THE_END = (
    *("input.value", "input.mime_type", "output.value", "output.mime_type", "gen_ai.system_instructions"),
    *("ai.response.text", "ai.response.toolCalls", "ai.response.object", "ai.result.text", "ai.result.toolCalls"),
    *("ai.values", "ai.prompt.messages", "gen_ai.input.messages", "gen_ai.output.messages"),
    *("reranker.query", "reranker.top_k", "langfuse.observation.level"),
)
_EXACT = _exact()

# The same names come again and again: what to do with them is found out once.
_MOST_COMPILED = 8192
_LONGEST_COMPILED = 128
_collectors: dict[str, Collector] = dict(_EXACT)


def collect(reading: SpanReading, attributes: Mapping[str, Any]) -> None:
    """Read attributes by their names."""
    find = _collectors.get
    for key, value in attributes.items():
        (find(key) or _collector(key))(reading, key, value)


def _collector(key: str) -> Collector:
    """Return what to do with an attribute that is not known by its whole name."""
    found: Collector = _other
    for prefix in conventions.INDEXED:
        if key.startswith(prefix):
            path = messages.steps(key[len(prefix) :])
            if path is not None:
                found = _indexed(prefix, path)
    for prefix, bag in conventions.PREFIXES.items():
        if key.startswith(prefix) and len(key) > len(prefix):
            found = _own(bag, key[len(prefix) :])
    if len(key) <= _LONGEST_COMPILED:
        if len(_collectors) >= _MOST_COMPILED:
            _collectors.clear()
            _collectors.update(_EXACT)
        _collectors[key] = found
    return found
