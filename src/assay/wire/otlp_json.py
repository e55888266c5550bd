"""OTLP/JSON: trace requests read into plain spans.

The encoding is that of JSON for protobuf with ids in hex (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from assay.model.errors import Invalid
from assay.wire.otlp_span import (
    SPAN_ID_BYTES,
    STATUS_ERROR,
    STATUS_OK,
    STATUS_UNSET,
    TRACE_ID_BYTES,
    Attributes,
    DecodedSpans,
    OtlpEvent,
    OtlpLink,
    OtlpScope,
    OtlpSpan,
    Unreadable,
    json_number,
    rejection,
    storable,
    valid_id,
)

DEEPEST_VALUE = 100

_LARGEST_UINT64 = 2**64 - 1


def decode_json(value: Any) -> DecodedSpans:
    """Read an ExportTraceServiceRequest in OTLP/JSON, decoded; raises Invalid that names what is wrong outside spans.

    Takes also what senders get wrong: snake_case names, base64 ids, names of enums, numbers for int64.
    """
    decoded = DecodedSpans()
    try:
        for i, resource_spans in _objects(value, "resourceSpans", "resource_spans"):
            where = f"resourceSpans[{i}]"
            resource = _json_attributes_of(_object(resource_spans, "resource"), f"{where}.resource")
            for j, scope_spans in _objects(resource_spans, "scopeSpans", "scope_spans", where):
                scope = _json_scope(_object(scope_spans, "scope"), f"{where}.scopeSpans[{j}].scope")
                for k, span in _spans(scope_spans, f"{where}.scopeSpans[{j}]"):
                    try:
                        decoded.spans.append(_json_span(span, resource, scope))
                    except Unreadable as error:
                        decoded.rejected.append(rejection(i, j, k, error))
    except Unreadable as error:
        raise Invalid.field(error.path or "body", f"{error.reason[:1].upper()}{error.reason[1:]}.") from None
    return decoded


def _get(parent: Mapping[str, Any], name: str, snake_name: str) -> Any:
    value = parent.get(name)
    return parent.get(snake_name) if value is None else value


def _items(parent: Any, name: str, snake_name: str) -> list[Any]:
    if not isinstance(parent, dict):
        raise Unreadable("", f"an object is required, not {_shown(parent)}")
    value = _get(parent, name, snake_name)
    if value is not None and not isinstance(value, list):
        raise Unreadable(name, f"an array is required, not {_shown(value)}")
    return value or []


def _objects(parent: Any, name: str, snake_name: str, where: str = "") -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        items = _items(parent, name, snake_name)
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                raise Unreadable(f"{name}[{index}]", f"an object is required, not {_shown(item)}")
    except Unreadable as error:
        raise error.within(where) from None
    return enumerate(items)


def _spans(scope_spans: dict[str, Any], where: str) -> Iterator[tuple[int, Any]]:
    """Return the spans of a scope: one that is no object spoils itself and not its neighbours."""
    try:
        return enumerate(_items(scope_spans, "spans", "spans"))
    except Unreadable as error:
        raise error.within(where) from None


def _object(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if value is not None and not isinstance(value, dict):
        raise Unreadable(name, f"an object is required, not {_shown(value)}")
    return value or {}


def _json_scope(sent: dict[str, Any], where: str) -> OtlpScope:
    try:
        return OtlpScope(_text(sent, "name"), _text(sent, "version"), _json_attributes_of(sent, ""))
    except Unreadable as error:
        raise error.within(where) from None


def _json_span(span: Any, resource: Attributes, scope: OtlpScope) -> OtlpSpan:
    events = [
        OtlpEvent(_text(e, "name"), _time(e, "timeUnixNano", "time_unix_nano"), _json_attributes_of(e, f"events[{i}]"))
        for i, e in _objects(span, "events", "events")
    ]
    links = [
        OtlpLink(
            _text(e, "traceId", "trace_id").lower(),
            _text(e, "spanId", "span_id").lower(),
            _json_attributes_of(e, f"links[{i}]"),
        )
        for i, e in _objects(span, "links", "links")
    ]
    status = _object(span, "status")
    parent = _json_id(span, "parentSpanId", "parent_span_id", SPAN_ID_BYTES)
    return OtlpSpan(
        valid_id(_json_id(span, "traceId", "trace_id", TRACE_ID_BYTES), TRACE_ID_BYTES, "traceId"),
        valid_id(_json_id(span, "spanId", "span_id", SPAN_ID_BYTES), SPAN_ID_BYTES, "spanId"),
        parent.hex() if any(parent) else None,
        _text(span, "name"),
        _enum(span.get("kind"), _KINDS, "kind"),
        _time(span, "startTimeUnixNano", "start_time_unix_nano"),
        _time(span, "endTimeUnixNano", "end_time_unix_nano"),
        _enum(status.get("code"), _STATUSES, "status.code"),
        _text(status, "message"),
        _text(span, "traceState", "trace_state"),
        _json_attributes_of(span, ""),
        events,
        links,
        resource,
        scope,
    )


_KINDS = {f"SPAN_KIND_{n}": i for i, n in enumerate(("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER"))}
_KINDS["SPAN_KIND_CONSUMER"] = 5
_STATUSES = {"STATUS_CODE_UNSET": STATUS_UNSET, "STATUS_CODE_OK": STATUS_OK, "STATUS_CODE_ERROR": STATUS_ERROR}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _text(parent: Mapping[str, Any], name: str, snake_name: str | None = None) -> str:
    value = _get(parent, name, snake_name or name)
    if value is not None and not isinstance(value, str):
        raise Unreadable(name, f"a string is required, not {_shown(value)}")
    return storable(value) if value else ""


def _integer(value: Any) -> int | None:
    """Return an integer that is written as a number or, as 64-bit integers are in JSON, in a string."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)


def _time(parent: Mapping[str, Any], name: str, snake_name: str) -> int:
    value = _get(parent, name, snake_name)
    number = 0 if value is None else _integer(value)
    if number is None or not 0 <= number <= _LARGEST_UINT64:
        raise Unreadable(name, f"nanoseconds since 1970 of at most 64 bits are required, not {_shown(value)}")
    return number


def _enum(value: Any, names: Mapping[str, int], path: str) -> int:
    number = 0 if value is None else names.get(value) if isinstance(value, str) and value in names else _integer(value)
    if number is None or not 0 <= number < 2**31:
        raise Unreadable(path, f"a number or one of {', '.join(names)} is required, not {_shown(value)}")
    return number


def _json_id(parent: Mapping[str, Any], name: str, snake_name: str, size: int) -> bytes:
    """Return the bytes of an id in hex, or in the base64 that JSON mappings of protobuf write."""
    value = _get(parent, name, snake_name)
    if value is None or value == "":
        return b""
    decoded = b""
    if isinstance(value, str) and value.isascii():
        try:
            hexadecimal = len(value) == 2 * size
            decoded = bytes.fromhex(value) if hexadecimal else binascii.a2b_base64(value + "=" * (-len(value) % 4))
        except ValueError:
            decoded = b""
    if len(decoded) != size:
        raise Unreadable(name, f"{2 * size} hexadecimal digits are required, not {_shown(value)}")
    return decoded


def _json_attributes_of(parent: Mapping[str, Any], where: str) -> Attributes:
    pairs = parent.get("attributes")
    if not pairs:
        return {}
    try:
        return _json_attributes(pairs, "attributes", 0)
    except Unreadable as error:
        raise error.within(where) from None


def _json_attributes(pairs: Any, path: str, depth: int) -> Attributes:
    if not isinstance(pairs, list):
        raise Unreadable(path, f"an array of keys and values is required, not {_shown(pairs)}")
    attributes: Attributes = {}
    for index, pair in enumerate(pairs):
        key = pair.get("key") if isinstance(pair, dict) else None
        if not isinstance(key, str):
            raise Unreadable(f"{path}[{index}]", f"an object with a key is required, not {_shown(pair)}")
        try:
            attributes[storable(key)] = _json_value(pair.get("value"), depth)
        except Unreadable as error:
            raise error.within(f"{path}[{index}].value") from None
    return attributes


def _json_value(value: Any, depth: int) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Unreadable("", f"an object such as {{'stringValue': ...}} is required, not {_shown(value)}")
    if depth >= DEEPEST_VALUE:
        raise Unreadable("", f"it is nested deeper than {DEEPEST_VALUE} levels")
    for name, item in value.items():
        read = _JSON_VALUES.get(name)
        if read is not None and item is not None:
            return read(item, depth + 1)
    return None


def _json_string(value: Any, depth: int) -> str:
    if not isinstance(value, str):
        raise Unreadable("stringValue", f"a string is required, not {_shown(value)}")
    return storable(value)


def _json_boolean(value: Any, depth: int) -> bool:
    if not isinstance(value, bool):
        raise Unreadable("boolValue", f"true or false is required, not {_shown(value)}")
    return value


def _json_integer(value: Any, depth: int) -> int:
    number = _integer(value)
    if number is None or not -(2**63) <= number < 2**63:
        raise Unreadable("intValue", f"an integer of at most 64 bits is required, not {_shown(value)}")
    return number


def _json_double(value: Any, depth: int) -> float | str:
    try:
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            return json_number(float(value))
    except (ValueError, OverflowError):
        pass
    raise Unreadable("doubleValue", f"a number is required, not {_shown(value)}")


def _json_bytes(value: Any, depth: int) -> str:
    if not isinstance(value, str):
        raise Unreadable("bytesValue", f"base64 text is required, not {_shown(value)}")
    return storable(value)


def _json_array(value: Any, depth: int) -> list[Any]:
    items = _items(value, "values", "values")
    return [_json_value(item, depth) for item in items]


def _json_kvlist(value: Any, depth: int) -> Attributes:
    return _json_attributes(_items(value, "values", "values"), "kvlistValue.values", depth)


_JSON_VALUES: dict[str, Callable[[Any, int], Any]] = {
    **dict.fromkeys(("stringValue", "string_value"), _json_string),
    **dict.fromkeys(("boolValue", "bool_value"), _json_boolean),
    **dict.fromkeys(("intValue", "int_value"), _json_integer),
    **dict.fromkeys(("doubleValue", "double_value"), _json_double),
    **dict.fromkeys(("bytesValue", "bytes_value"), _json_bytes),
    **dict.fromkeys(("arrayValue", "array_value"), _json_array),
    **dict.fromkeys(("kvlistValue", "kvlist_value"), _json_kvlist),
}
