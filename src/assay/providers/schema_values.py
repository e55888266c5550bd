"""Values that a JSON Schema takes, chosen by a hash: what scripted models answer."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

NOTE = "scripted answer: no model was asked"
_DEEPEST = 12


def value_for(schema: Mapping[str, Any], digest: bytes) -> Any:
    """Return a value that the schema takes, the same for the same bytes; every text in it is the note above.

    Knows types, enum, const, ranges, lengths, properties, items, anyOf, oneOf, allOf of one and local references;
    `pattern`, `format` and conditions are not looked at. Raises ValueError for a schema that refers to itself forever.
    """
    return _value(schema, schema, digest, "", 0)


def _value(schema: Any, root: Mapping[str, Any], digest: bytes, path: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError(f"The schema is nested deeper than {_DEEPEST} levels at '{path}'.")
    if not isinstance(schema, Mapping):
        return NOTE
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return _choose(schema["enum"], digest, path)
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return _value(_choose(schema[name], digest, path), root, digest, path, depth + 1)
    if "$ref" in schema:
        return _value(_referred(schema["$ref"], root), root, digest, path, depth + 1)
    kind = _type_of(schema)
    if kind == "object":
        properties = schema.get("properties") or {}
        wanted = [*properties, *(name for name in schema.get("required") or () if name not in properties)]
        return {name: _value(properties.get(name), root, digest, f"{path}/{name}", depth + 1) for name in wanted}
    if kind == "array":
        count = max(int(schema.get("minItems", 0)), min(1, int(schema.get("maxItems", 1))))
        items = schema.get("items")
        return [_value(items, root, digest, f"{path}/{place}", depth + 1) for place in range(count)]
    if kind == "string" and schema.get("contentMediaType") == "application/json":
        return f'{{"note": "{NOTE}"}}'
    if kind == "string":
        return NOTE.ljust(int(schema.get("minLength", 0)), ".")[: int(schema.get("maxLength", 1_000_000))]
    if kind == "boolean":
        return _fraction(digest, path) < 0.5
    if kind == "null":
        return None
    return _number(schema, _fraction(digest, path), is_whole=kind == "integer")


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "number" if {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} & schema.keys() else "string"


def _number(schema: Mapping[str, Any], fraction: float, *, is_whole: bool) -> float | int:
    """Return a number of the range (by default one that is 1 wide, 10 for integers), with few decimals if it can."""
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    width = 10 if is_whole else 1
    if math.isinf(low):
        low = 0 if high >= 0 else high - width
    if math.isinf(high):
        high = low + width
    step = schema.get("multipleOf") or (1 if is_whole else None)
    if step is not None:
        first, last = math.ceil(low / step), math.floor(high / step)
        first += first * step == schema.get("exclusiveMinimum")
        last -= last * step == schema.get("exclusiveMaximum")
        number = (first + int(fraction * (max(first, last) - first + 1))) * step
        return int(number) if is_whole else number
    # Away from both ends, which may be excluded.
    exact = low + (high - low) * (0.000_1 + 0.999_8 * fraction)
    rounded = round(exact, 4)
    return float(rounded if low < rounded < high else exact)


def _choose(choices: Sequence[Any], digest: bytes, path: str) -> Any:
    return choices[int(_fraction(digest, path) * len(choices))]


def _fraction(digest: bytes, path: str) -> float:
    """Return a number in [0, 1) for one place in the value."""
    drawn = hashlib.blake2b(path.encode(), key=digest[:64], digest_size=8).digest()
    return (int.from_bytes(drawn, "little") >> 11) / 2**53


def _referred(reference: Any, root: Mapping[str, Any]) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise ValueError(f"The schema refers to '{reference}', which is not in it.")
    found: Any = root
    for part in reference[1:].split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            raise ValueError(f"The schema refers to '{reference}', which is not in it.")
        found = found[name]
    return found
