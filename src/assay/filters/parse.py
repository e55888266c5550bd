"""Every accepted spelling of a filter → the one tree. Errors name the field, what was given and what is right.

Faults are raised as `Invalid` with the key `filters.<field as the client wrote it>` (plain `filters` when no field is
to blame), so that an HTTP body can nest them as `{"filters": {"<field>": ["..."]}}`; only the first dot separates.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import re2

from assay.filters.expression import (
    EVERYTHING,
    POSITIVE,
    And,
    Condition,
    Expression,
    Field,
    Not,
    Operator,
    Or,
    Scalar,
    depth_of,
)
from assay.filters.fields import FieldSet
from assay.filters.literals import as_boolean, as_number, as_text, as_time
from assay.filters.match import compile_pattern, words_of
from assay.filters.operators import ALLOWED, BY_SPELLING, Kind, find_operator, wire_name
from assay.model.errors import Invalid
from assay.model.page import Sort

MAX_DEPTH = 20
MAX_CONDITIONS = 500
MAX_VALUES = 10_000
MAX_WORDS = 50
MAX_PATTERN_CHARACTERS = 1_000
_MAX_TREE_DEPTH = 60
_MAX_INTEGER_BITS = 1_100

_CONDITION_KEYS = frozenset({"field", "operator", "value", "connector", "operator_function", "operator_args"})

Unknown = Literal["metadata", "error"]
Connector = Literal["AND", "OR"]


def parse_filters(
    filters: object, fields: FieldSet, *, unknown: Unknown = "metadata", operator: object = None
) -> Expression:
    """Return the tree of a body's `filters` in any accepted spelling; None and `{}` give EVERYTHING.

    `operator` is the body's top-level AND or OR. A name that the noun does not know is read as a metadata key
    (`unknown="metadata"`, if the noun has metadata) or refused (`unknown="error"`, for deletes). Raises Invalid.
    """
    parser = _Parser(fields, unknown)
    default = _connector(operator, "operator") if operator not in (None, "") else "AND"
    return parser.finish(parser.group(filters, default, 1))


def parse_quick_filters(
    query_items: Iterable[tuple[str, str]], fields: FieldSet, reserved: Container[str]
) -> dict[str, dict[str, Any]]:
    """Return the URL's filters in canonical dictionary form, by name as written.

    `?model=a&model=b` lists values; `?model[value]=a&model[operator]=not&model[connector]=OR` says more. Names in
    `reserved` (page, sort_by, ...) are skipped, so are empty plain values, and unknown names of a noun that has no
    metadata. Raises Invalid for any other bracket.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, text in query_items:
        name, bracket, rest = key.partition("[")
        part = rest.removesuffix("]") if bracket else "value"
        if name in reserved or (not bracket and text == ""):
            continue
        if not fields.has_metadata and fields.resolve(name) is None:
            continue
        if part not in ("value", "operator", "connector"):
            raise _fault(name, f"Cannot read {key!r}. Write {name}[value], {name}[operator] or {name}[connector].")
        entry = found.setdefault(name, {"operator": "", "value": []})
        if part == "value":
            entry["value"].append(text)
        else:
            entry[part] = text
    return found


def parse_request_filters(
    filters: object,
    query_items: Iterable[tuple[str, str]],
    fields: FieldSet,
    reserved: Container[str],
    *,
    unknown: Unknown = "metadata",
    operator: object = None,
) -> Expression:
    """Return the tree of a body and a URL together; a URL filter replaces the body's filter of the same field."""
    quick = parse_quick_filters(query_items, fields, reserved)
    if not quick:
        return parse_filters(filters, fields, unknown=unknown, operator=operator)
    replaced = {fields.resolve(name) or name for name in quick}

    def stays(name: object) -> bool:
        return not isinstance(name, str) or (fields.resolve(name) or name) not in replaced

    if isinstance(filters, Mapping):
        filters = {name: value for name, value in filters.items() if stays(name)}
    elif isinstance(filters, list):
        filters = [item for item in filters if not isinstance(item, Mapping) or stays(item.get("field"))]
    parser = _Parser(fields, unknown)
    default = _connector(operator, "operator") if operator not in (None, "") else "AND"
    body = parser.group(filters, default, 1)
    tree = None if body == EVERYTHING else body
    for name, entry in quick.items():
        connector, expression = parser.entry(name, entry, "AND", 1)
        tree = _join(tree, connector, expression)
    return parser.finish(EVERYTHING if tree is None else tree)


def parse_sort(text: str | None, fields: FieldSet, default: Sort) -> Sort:
    """Return the order that `sort_by` asks for (leading `-` descending), `default` if it is absent. Raises Invalid."""
    if not text or not text.strip():
        return default
    name = text.strip().removeprefix("-")
    field = fields.resolve(name)
    sortable = tuple(name for name, spec in fields.specs.items() if spec.sortable)
    if field is None or field.path or not fields.spec_of(field).sortable:
        reason = "Cannot sort by" if field is not None else "Unknown sort field"
        hint = _suggest(name, [known for known in fields.names if _is_sortable(fields, known)])
        raise Invalid.field("sort_by", f"{reason} {name!r}.{hint} Allowed: {', '.join(sortable)}.")
    return Sort(field.name, text.strip().startswith("-"))


def _is_sortable(fields: FieldSet, name: str) -> bool:
    field = fields.resolve(name)
    return field is not None and fields.spec_of(field).sortable


def _fault(name: str, message: str) -> Invalid:
    return Invalid.field(f"filters.{name}" if name else "filters", message)


def _suggest(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word.lower(), [*known], n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        # Python does not write integers of more than 4,300 digits.
        return "a number that long"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _connector(value: object, name: str = "") -> Connector:
    if value is None or (isinstance(value, str) and value.strip().upper() in ("AND", "")):
        return "AND"
    if isinstance(value, str) and value.strip().upper() == "OR":
        return "OR"
    raise _fault(name, f"The connector must be AND or OR, not {_shown(value)}.")


def _join(left: Expression | None, connector: Connector, right: Expression) -> Expression:
    """Join one more rule to what was accumulated; runs of one connector stay one flat node."""
    if left is None:
        return right
    node = And if connector == "AND" else Or
    children = left.children if isinstance(left, node) and left.children else (left,)
    return node((*children, right))


@dataclass(slots=True)
class _Parser:
    """One parse: the noun, what to do with unknown names, and how much was read so far."""

    fields: FieldSet
    unknown: Unknown
    condition_count: int = 0
    value_count: int = 0

    def finish(self, tree: Expression) -> Expression:
        if depth_of(tree) > _MAX_TREE_DEPTH:
            raise _fault("", "The connectors alternate between AND and OR too often; group the conditions in bundles.")
        return tree

    def group(self, filters: object, default: Connector, depth: int) -> Expression:
        """Read a dictionary or a list of rules, joined from left to right."""
        if depth > MAX_DEPTH:
            raise _fault("", f"Filters are nested more than {MAX_DEPTH} levels deep.")
        rules: list[tuple[Connector, Expression]] = []
        if isinstance(filters, Mapping):
            if isinstance(filters.get("connector"), str):
                default = _connector(filters["connector"], "connector")
                filters = {name: value for name, value in filters.items() if name != "connector"}
            rules = [self.entry(name, value, default, depth) for name, value in filters.items()]
        elif isinstance(filters, list | tuple):
            rules = [self._list_item(item, default, depth) for item in filters]
        elif filters is not None:
            raise _fault("", f"Filters must be an object or a list of conditions, not {_shown(filters)}.")
        tree: Expression | None = None
        for connector, expression in rules:
            tree = _join(tree, connector, expression)
        return EVERYTHING if tree is None else tree

    def _list_item(self, item: object, default: Connector, depth: int) -> tuple[Connector, Expression]:
        if not isinstance(item, Mapping):
            raise _fault("", f"A list of filters holds objects with field, operator and value, not {_shown(item)}.")
        if "filter_params" in item:
            return self.entry("filter_params", item, default, depth)
        if not isinstance(item.get("field"), str):
            raise _fault("", f"The filter {_shown(dict(item))} does not name its field.")
        return self.entry(item["field"], item, default, depth)

    def entry(self, name: object, value: object, default: Connector, depth: int) -> tuple[Connector, Expression]:
        """Read what stands under one key: a bundle, a condition, several conditions, a value or several values."""
        if not isinstance(name, str):
            raise _fault("", f"A field name must be text, not {_shown(name)}.")
        self._check_text(name, name)
        if isinstance(value, Mapping) and "filter_params" in value:
            inner = _connector(value.get("connector"), name)
            if not value["filter_params"]:
                raise _fault(name, "The bundle is empty; give it filter_params or leave it out.")
            return default, self.group(value["filter_params"], inner, depth + 1)
        if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            return self._several(name, value, default)
        if isinstance(value, Mapping):
            connector = _connector(value["connector"], name) if value.get("connector") else default
            return connector, self._rule(name, value)
        return default, self._condition(name, "", value)

    def _several(self, name: str, items: Sequence[object], default: Connector) -> tuple[Connector, Expression]:
        """Read a list of conditions on one field: a group of its own, joined by AND unless a condition says OR."""
        tree: Expression | None = None
        for item in items:
            if not isinstance(item, Mapping):
                raise _fault(name, f"A list holds either values or conditions; {_shown(item)} is not a condition.")
            connector = _connector(item.get("connector"), name)
            if tree is None and item.get("connector"):
                default = connector
            tree = _join(tree, connector, self._rule(name, item))
        return default, EVERYTHING if tree is None else tree

    def _rule(self, name: str, rule: Mapping[str, Any]) -> Expression:
        """Read one condition object, or a range object such as `{"gte": 1, "lt": 2}`."""
        if rule.get("operator_function"):
            return self._function(name, rule)
        if "operator" in rule or "value" in rule:
            for key in rule:
                if key not in _CONDITION_KEYS:
                    hint = _suggest(str(key), _CONDITION_KEYS)
                    raise _fault(name, f"Unknown key {_shown(key)}.{hint} A condition has operator, value, connector.")
            spelling = rule.get("operator")
            given = rule.get("value", ...)
            return self._condition(name, "" if spelling is None else spelling, given)
        pairs = [(key, value) for key, value in rule.items() if key not in ("connector", "field")]
        if not pairs:
            raise _fault(name, "The condition is empty; give operator and value.")
        return (
            And(tuple(self._condition(name, key, value) for key, value in pairs))
            if len(pairs) > 1
            else (self._condition(name, *pairs[0]))
        )

    def _function(self, name: str, rule: Mapping[str, Any]) -> Expression:
        """Read `operator_function: mapContainsKey`: the key in `operator_args` holds a value that is not null."""
        function, arguments = rule["operator_function"], rule.get("operator_args")
        if not isinstance(function, str) or function.lower() != "mapcontainskey":
            raise _fault(name, f"Unknown operator_function {_shown(function)}. Allowed: mapContainsKey.")
        if isinstance(arguments, str):
            arguments = [arguments]
        if not isinstance(arguments, list) or len(arguments) != 1 or not isinstance(arguments[0], str):
            raise _fault(name, f"operator_args must be a list of one key, not {_shown(arguments)}.")
        field = self._field(name)
        if self.fields.spec_of(field).kind != "json":
            raise _fault(name, f"mapContainsKey needs a JSON field such as metadata; {name} is none.")
        self._count_condition()
        self._check_text(name, arguments[0])
        wanted = rule.get("value", True)
        wanted = wanted[0] if isinstance(wanted, list) and len(wanted) == 1 else wanted
        contains = True if wanted in (None, "", []) else self._boolean(name, wanted)
        return Condition(Field(field.name, (*field.path, arguments[0])), Operator.ISNULL, (not contains,))

    def _field(self, name: str) -> Field:
        field = self.fields.resolve(name)
        if field is not None:
            return field
        if name == "scores":
            raise _fault(name, "Name the evaluator: scores.<slug> or scores__<id>.")
        if self.unknown == "metadata" and self.fields.has_metadata and name:
            return Field("metadata", tuple(name.split(".")))
        hint = _suggest(name, self.fields.names)
        metadata = " Metadata keys are written metadata.<key>." if self.fields.has_metadata else ""
        raise _fault(name, f"Unknown filter field.{hint}{metadata} Allowed: {', '.join(self.fields.specs)}.")

    def _condition(self, name: str, spelling: object, given: object) -> Expression:
        """Read one condition; `given` is Ellipsis where no value was written."""
        self._count_condition()
        field = self._field(name)
        spec = self.fields.spec_of(field)
        operator = find_operator(spelling)
        if operator is None:
            hint = _suggest(spelling, [known for known in BY_SPELLING if known]) if isinstance(spelling, str) else ""
            raise _fault(name, f"Unknown operator {_shown(spelling)}.{hint} Allowed: {_allowed(spec.kind)}.")
        if operator not in ALLOWED[spec.kind]:
            raise _fault(name, f"{spelling!r} does not apply to a {spec.kind} field. Allowed: {_allowed(spec.kind)}.")
        if given is ... and operator not in (Operator.ISNULL, Operator.EMPTY, Operator.NOT_EMPTY):
            raise _fault(name, f"The operator {wire_name(operator)!r} needs a value.")
        values = given if isinstance(given, list | tuple) else [given]
        self.value_count += len(values)
        if self.value_count > MAX_VALUES:
            raise _fault(name, f"The filters hold more than {MAX_VALUES} values.")
        if operator in (Operator.EQUAL, Operator.NOT):
            return self._membership(name, field, operator, spec.kind, values)
        if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
            if len(values) == 1 and values[0] not in (..., None, "") and not self._boolean(name, values[0]):
                operator = Operator.NOT_EMPTY if operator is Operator.EMPTY else Operator.EMPTY
            return Condition(field, operator)
        if operator is Operator.ISNULL:
            wanted = True if given is ... else self._boolean(name, self._only(name, operator, values))
            return Condition(field, operator, (wanted,))
        literal = self._literal(name, spec.kind, self._only(name, operator, values))
        if operator is Operator.REGEX:
            self._check_pattern(name, as_text(literal))
        if operator is Operator.WORDS and len(words_of(as_text(literal))) > MAX_WORDS:
            raise _fault(name, f"A text search takes at most {MAX_WORDS} words.")
        return self._alternatives(field, operator, (literal,))

    def _membership(
        self, name: str, field: Field, operator: Operator, kind: Kind, values: Sequence[object]
    ) -> Expression:
        """Read equality with any of the values, or with none of them; a null value asks for null itself."""
        literals = tuple(dict.fromkeys(self._keyed(name, kind, value) for value in values if value is not None))
        members = self._alternatives(field, operator, tuple(literal for _, literal in literals))
        if None not in values:
            return members
        is_equal = operator is Operator.EQUAL
        null = Condition(field, Operator.ISNULL, (is_equal,))
        if not literals:
            return null
        return Or((members, null)) if is_equal else And((members, null))

    def _keyed(self, name: str, kind: Kind, value: object) -> tuple[type, Scalar]:
        # Python takes 1, 1.0 and True for the same dictionary key; as literals they differ.
        literal = self._literal(name, kind, value)
        return type(literal), literal

    def _alternatives(self, field: Field, operator: Operator, values: tuple[Scalar, ...]) -> Expression:
        """Make the condition, over the other columns of a field that has several."""
        names = (field.name, *self.fields.spec_of(field).also)
        if len(names) == 1:
            return Condition(field, operator, values)
        positive = POSITIVE.get(operator, operator)
        either = Or(tuple(Condition(Field(name), positive, values) for name in names))
        return Not(either) if operator in POSITIVE else either

    def _only(self, name: str, operator: Operator, values: Sequence[object]) -> object:
        if len(values) != 1:
            raise _fault(name, f"The operator {wire_name(operator)!r} takes exactly one value, not {len(values)}.")
        return values[0]

    def _literal(self, name: str, kind: Kind, value: object) -> Scalar:
        """Read one value in the type of its field."""
        if not isinstance(value, str | int | float):
            raise _fault(name, f"A value must be text, a number or a boolean, not {_shown(value)}.")
        if isinstance(value, str):
            self._check_text(name, value)
        elif not isinstance(value, bool) and (
            value != value or value in (float("inf"), float("-inf")) or self._is_huge(value)
        ):
            raise _fault(name, f"{_shown(value) if isinstance(value, float) else 'The number'} is out of range.")
        if kind == "text":
            return as_text(value)
        if kind == "number":
            number = as_number(value)
            if number is None:
                raise _fault(name, f"{_shown(value)} is not a number; {name} is compared with numbers, such as 200.")
            return number
        if kind == "time":
            time = as_time(value)
            if time is None:
                raise _fault(
                    name, f"{_shown(value)} is not a time; write ISO 8601, such as 2026-01-31T12:00:00Z or 2026-01-31."
                )
            return time
        return self._boolean(name, value) if kind == "boolean" else value

    @staticmethod
    def _is_huge(value: int | float) -> bool:
        return isinstance(value, int) and value.bit_length() > _MAX_INTEGER_BITS

    def _boolean(self, name: str, value: object) -> bool:
        boolean = as_boolean(value) if isinstance(value, str | int | float) else None
        if boolean is None:
            raise _fault(name, f"{_shown(value)} is not a boolean; write true or false.")
        return boolean

    def _check_text(self, name: str, text: str) -> None:
        key = name.encode("utf-8", "replace").decode().replace("\0", "?")
        if "\0" in text:
            raise _fault(key, "Text must not contain the NUL character (U+0000).")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _fault(key, "Text must not contain lone surrogates (U+D800 to U+DFFF).") from None

    def _check_pattern(self, name: str, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN_CHARACTERS:
            raise _fault(name, f"A regular expression has at most {MAX_PATTERN_CHARACTERS} characters.")
        try:
            compile_pattern(pattern)
        except re2.error as error:
            reason = error.args[0] if error.args else "unknown"
            reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
            raise _fault(name, f"{_shown(pattern)} is not a regular expression of RE2: {reason}.") from None

    def _count_condition(self) -> None:
        self.condition_count += 1
        if self.condition_count > MAX_CONDITIONS:
            raise _fault("", f"The filters hold more than {MAX_CONDITIONS} conditions.")


def _allowed(kind: Kind) -> str:
    return ", ".join(wire_name(operator) or '"" (equal)' for operator in ALLOWED[kind])
