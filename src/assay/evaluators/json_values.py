"""JSON as evaluators need it: strict reading, and one text for values that are equal as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn


class NotJson(ValueError):
    """The text is not JSON (RFC 8259)."""


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not a JSON value")


def parse_json(text: str) -> Any:
    """Parse JSON text as RFC 8259 has it: NaN and Infinity are refused.

    Raises NotJson where the text is not JSON, RecursionError where it is nested too deeply to read, and ValueError
    for an integer of more digits than Python reads.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos:,}") from None


def check_json(text: str) -> type:
    """Check that `text` is JSON and return the Python type of its value: dict, list, str, bool, float or NoneType.

    Numbers are not converted, so their length has no limit. Raises NotJson or RecursionError as `parse_json` does.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_int=_number, parse_float=_number)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos:,}") from None
    return type(value)


def _number(text: str) -> float:
    return 0.0


def dump_json(value: Any) -> str:
    """Write a JSON value as text, Unicode unescaped, with the separators of `json.dumps`."""
    return json.dumps(value, ensure_ascii=False)


def canonical_json(value: Any) -> str:
    """Write a JSON value so that two values are equal as JSON exactly when their texts are.

    Key order does not count, 1 and 1.0 are the same number, true and 1 are not.
    """
    return json.dumps(_normalise(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _normalise(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _normalise(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_normalise(item) for item in value]
    return value
