"""The bodies of errors, in the forms of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from assay.model.errors import ImmutableField, Invalid, Unprocessable


class Problem(BaseModel):
    """What is wrong: `detail`, or a map from each wrong field to its messages."""

    model_config = ConfigDict(extra="allow")

    detail: str | None = None


def invalid_body(error: Invalid) -> dict[str, Any]:
    """Return the body of a refused request: the map of wrong fields if there is one, else `detail`.

    A field written `filters.model` stands as `{"filters": {"model": [...]}}`, one of a `configuration` likewise, and
    so does every one of the contract's 422; one below a bag of the client's own (`metrics.cost`) keeps its dotted name.
    """
    if isinstance(error, ImmutableField):
        return {"error": "Cannot update immutable field", "detail": error.message}
    if not error.fields:
        return {"detail": error.message}
    body: dict[str, Any] = {}
    for name, messages in error.fields.items():
        root, _, rest = name.partition(".")
        if rest and (root in ("filters", "initial_log_filters", "configuration") or isinstance(error, Unprocessable)):
            body.setdefault(root, {})[rest] = messages
        else:
            body[name] = messages
    return body


REQUIRED = "This field is required."

_PHRASES = {
    "missing": REQUIRED,
    "string_type": "Not a valid string.",
    "bool_type": "Must be a valid boolean.",
    "bool_parsing": "Must be a valid boolean.",
    "int_type": "A valid integer is required.",
    "int_parsing": "A valid integer is required.",
    "float_type": "A valid number is required.",
    "float_parsing": "A valid number is required.",
    "list_type": "Expected a list of items.",
    "dict_type": "Expected an object of keys and values.",
}


def fields_of(errors: Iterable[Mapping[str, Any]]) -> Invalid:
    """Turn pydantic's errors into one that names every wrong field with its value and what would be right."""
    fields: dict[str, list[str]] = {}
    for error in errors:
        place = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
        kind = error["type"]
        if not place:
            given = error.get("input")
            if kind == "missing":
                return Invalid("A JSON body is required.")
            got = "list" if isinstance(given, list) else type(given).__name__
            fields.setdefault("non_field_errors", []).append(f"Invalid data. Expected a dictionary, but got {got}.")
            continue
        if kind == "literal_error":
            message = f'"{str(error.get("input"))[:60]}" is not a valid choice: use {error["ctx"]["expected"]}.'
        else:
            message = _PHRASES.get(kind) or f"{str(error['msg']).rstrip('.')}."
        fields.setdefault(".".join(place), []).append(message)
    return Invalid(fields=fields)
