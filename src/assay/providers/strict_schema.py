"""The part of a JSON Schema that the strict modes of providers take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# OpenAI's guide to structured outputs, "supported schemas"; Anthropic's has the same subset.
_LEFT_OUT: Final = frozenset(
    (
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "minItems", "maxItems", "contentMediaType",
    )
)  # fmt: skip


def strict_schema(schema: Any) -> Any:
    """Return a schema without bounds of numbers, lengths and counts, at every depth.

    What is left out is for the caller to check on the reply.
    """
    if isinstance(schema, list):
        return [strict_schema(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {}
    for name, value in schema.items():
        if name == "properties" and isinstance(value, Mapping):
            # Here names are those of the data: one may be called `minimum`.
            kept[name] = {field: strict_schema(one) for field, one in value.items()}
        elif name not in _LEFT_OUT:
            kept[name] = value if name in ("enum", "const") else strict_schema(value)
    return kept
