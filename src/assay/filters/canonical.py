"""The object form of a filter, for echoing what a client sent: `{"field": {"operator": "...", "value": [...]}}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.filters.expression import Operator
from assay.filters.operators import find_operator, wire_name

_MAX_DEPTH = 50
_NOT_RULES = ("connector", "field")


def canonical_form(filters: object) -> dict[str, Any]:
    """Return any accepted spelling as an object of objects that each have `operator` and `value`; never raises.

    What one entry cannot hold (several conditions, a group with its own connector) becomes a bundle: an entry whose
    `filter_params` carries it, beside an empty `operator` and `value` for clients that insist on both. The result
    parses to the same meaning. Unknown fields and operators are kept as they were written.
    """
    if not isinstance(filters, Mapping | list | tuple) or not filters:
        return {}
    entries = _entries(filters, 0)
    connector = _own_connector(filters)
    if entries is not None and connector is None:
        return entries
    inner = _entries(filters, 1)
    return {"filters": _bundle(connector, filters if inner is None else inner)}


def _own_connector(filters: object) -> str | None:
    """Return OR where a group says so of itself, under the key `connector`."""
    connector = filters.get("connector") if isinstance(filters, Mapping) else None
    return "OR" if isinstance(connector, str) and connector.strip().upper() == "OR" else None


def _entries(filters: object, depth: int) -> dict[str, Any] | None:
    """Return a group entry by entry, None if that would lose how its rules are joined."""
    if isinstance(filters, list | tuple):
        if not all(isinstance(item, Mapping) and isinstance(item.get("field"), str) for item in filters):
            return None
        pairs = [(item["field"], item) for item in filters]
    elif isinstance(filters, Mapping):
        pairs = [
            (str(name), value)
            for name, value in filters.items()
            if not (name == "connector" and isinstance(value, str))
        ]
    else:
        return None
    found = {name: _entry(name, value, depth) for name, value in pairs}
    if depth > _MAX_DEPTH or len(found) < len(pairs) or any(entry is None for entry in found.values()):
        return None
    return found


def _entry(name: str, value: object, depth: int) -> dict[str, Any] | list[dict[str, Any]] | None:
    if isinstance(value, Mapping) and "filter_params" in value:
        inner = value["filter_params"]
        entries = _entries(inner, depth + 1)
        return _bundle(_own_connector(inner) or value.get("connector"), inner if entries is None else entries)
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        groups = [_conditions(item) for item in value if isinstance(item, Mapping)]
        if len(groups) > 1 and any(len(group) > 1 for group in groups):
            return None
        conditions = [condition for group in groups for condition in group]
    elif isinstance(value, Mapping):
        conditions = _conditions(value)
    else:
        return _condition("", value)
    if len(conditions) == 1:
        return conditions[0]
    if depth > 0:
        return conditions
    # The connector of the first condition joins all of them to what came before, which a bundle cannot say.
    return None if "connector" in conditions[0] else _bundle("AND", {name: conditions})


def _bundle(connector: object, filter_params: object) -> dict[str, Any]:
    word = connector.strip().upper() if isinstance(connector, str) and connector.strip() else "AND"
    return {"operator": "", "value": [], "connector": word, "filter_params": filter_params}


def _conditions(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    extra = {
        key: rule[key] for key in ("connector", "operator_function", "operator_args") if rule.get(key) not in (None, "")
    }
    if "operator" in rule or "value" in rule or "operator_function" in rule:
        return [_condition(rule.get("operator") or "", rule.get("value", ...)) | extra]
    conditions = [_condition(key, value) for key, value in rule.items() if key not in _NOT_RULES]
    if conditions:
        conditions[0] |= extra
    return conditions or [_condition("", ...)]


def _condition(spelling: object, value: object) -> dict[str, Any]:
    operator = find_operator(spelling)
    written = wire_name(operator) if operator is not None else str(spelling)
    if written == "" and value is None:
        return {"operator": "isnull", "value": [True]}
    if value is ...:
        return {"operator": written, "value": [True] if operator is Operator.ISNULL else []}
    return {"operator": written, "value": list(value) if isinstance(value, list | tuple) else [value]}
