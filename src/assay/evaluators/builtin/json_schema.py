"""Whether the output satisfies a JSON Schema, by the library jsonschema with its open ends closed.

A schema may come from a row, so it is not trusted: patterns are matched by RE2, references are followed inside the
schema and to the published drafts only (never over a network), and only so often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

from assay.evaluators.builtin.regex import compile_pattern
from assay.evaluators.contract import Answer, BuiltinEvaluator, Parameter, describe
from assay.evaluators.json_values import NotJson, canonical_json, parse_json
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, Skipped, Verdict

MAXIMUM_REFERENCES_FOLLOWED = 50_000
_TYPE_NAMES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})

_references_left: ContextVar[int] = ContextVar("references_left")


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and compile_pattern(pattern).search(instance) is None:
        yield ValidationError(f"{describe(instance)} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        compiled = compile_pattern(pattern)
        for key, value in instance.items():
            if compiled.search(key) is not None:
                yield from validator.descend(value, subschema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, additional: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not isinstance(instance, dict):
        return
    declared = schema.get("properties", {})
    patterns = [compile_pattern(pattern) for pattern in schema.get("patternProperties", {})]
    for key, value in instance.items():
        if key in declared or any(pattern.search(key) is not None for pattern in patterns):
            continue
        if additional is False:
            yield ValidationError(f"the property {key[:100]!r} is not allowed")
        else:
            yield from validator.descend(value, additional, path=key)


def _unevaluated_properties(original: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        # The library's own code would match these patterns by backtracking.
        if "patternProperties" in canonical_json(schema):
            raise ValueError("unevaluatedProperties together with patternProperties is not supported")
        yield from original(validator, value, instance, schema) or ()

    return check


def _unique_items(validator: Any, is_unique: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    # The library compares every pair where items cannot be sorted.
    if is_unique and isinstance(instance, list) and len({canonical_json(item) for item in instance}) < len(instance):
        yield ValidationError("the items are not unique")


def _counted(original: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def follow(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        # A short schema can ask for a number of steps that doubles with each reference.
        left = _references_left.get() - 1
        if left < 0:
            raise ValueError(f"the schema follows more than {MAXIMUM_REFERENCES_FOLLOWED:,} references")
        _references_left.set(left)
        yield from original(validator, value, instance, schema) or ()

    return follow


@cache
def _closed(validator_class: Any) -> Any:
    """Return the validator of one draft with the open ends closed."""
    from jsonschema import validators

    extend: Callable[..., Any] = validators.extend
    keywords = validator_class.VALIDATORS
    replaced: dict[str, Any] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    for name in ("$ref", "$dynamicRef", "$recursiveRef"):
        if name in keywords:
            replaced[name] = _counted(keywords[name])
    if "unevaluatedProperties" in keywords:
        replaced["unevaluatedProperties"] = _unevaluated_properties(keywords["unevaluatedProperties"])
    return extend(validator_class, {name: check for name, check in replaced.items() if name in keywords})


def make_validator(schema: Any) -> Any:
    """Make the validator of a JSON Schema (any draft, 2020-12 unless `$schema` says otherwise).

    Raises ValueError where it is not a JSON Schema.
    """
    from jsonschema import Draft202012Validator, SchemaError, validators
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    if not isinstance(schema, dict | bool):
        raise ValueError(f"Must be a JSON Schema (an object, true or false), not {describe(schema)}.")
    validator_class: Any = validators.validator_for(schema, default=Draft202012Validator)
    try:
        validator_class.check_schema(schema)
    except SchemaError as error:
        place = "/".join(str(step) for step in error.absolute_path) or "the root"
        raise ValueError(f"Must be a valid JSON Schema; at {place}: {error.message[:300]}") from None
    if isinstance(schema, dict):
        _refuse_inner_dialects(schema)
        # Where it sees $schema, the library changes to its own class of that draft, with its open ends.
        schema = {name: value for name, value in schema.items() if name != "$schema"}
    return _closed(validator_class)(schema, registry=REGISTRY)


def _refuse_inner_dialects(schema: dict[str, Any]) -> None:
    waiting: list[Any] = list(schema.values())
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("$schema"), str):
                raise ValueError("Must have $schema at its root only; it is also set inside.")
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _read_schema(value: Any) -> Any:
    if value is None:
        return None
    try:
        return make_validator(value)
    except RecursionError:
        raise ValueError("Must be a JSON Schema of ordinary depth; this one is nested too deeply.") from None


def looks_like_schema(value: Any) -> bool:
    """Tell whether a JSON value declares itself a JSON Schema: by `$schema`, `$ref`, a type name or a composition."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("$schema"), str) or isinstance(value.get("$ref"), str):
        return True
    types = value.get("type")
    names = types if isinstance(types, list) else [types]
    if names and all(isinstance(name, str) and name in _TYPE_NAMES for name in names):
        return True
    for name in ("anyOf", "oneOf", "allOf"):
        parts = value.get(name)
        if isinstance(parts, list) and parts and all(isinstance(part, dict | bool) for part in parts):
            return True
    return False


def _find_validator(inputs: EvaluatorInputs, parameter: Any) -> Any:
    if parameter is not None:
        return parameter
    if inputs.metadata.get("json_schema") is not None:
        return make_validator(inputs.metadata["json_schema"])
    if looks_like_schema(inputs.expected_output):
        return make_validator(inputs.expected_output)
    return None


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Validate the output; an output of text is parsed first, and text that is not JSON does not satisfy the schema."""
    validator = _find_validator(inputs, parameters["schema"])
    if validator is None:
        return Skipped(
            "there is no schema: the parameter and metadata.json_schema are not set, and expected_output is no schema"
        )
    try:
        instance = parse_json(row_text(inputs.output))
    except NotJson as error:
        return Verdict(False, f"the output is not JSON: {error}")
    token = _references_left.set(MAXIMUM_REFERENCES_FOLLOWED)
    try:
        violation = next(validator.iter_errors(instance), None)
    finally:
        _references_left.reset(token)
    if violation is None:
        return Verdict(True)
    place = "/".join(str(step) for step in violation.absolute_path)
    return Verdict(False, f"at {place[:200] or 'the root'}: {violation.message[:500]}")


EVALUATOR = BuiltinEvaluator(
    slug="json_schema",
    name="JSON Schema",
    description=(
        "Whether the output satisfies a JSON Schema: the parameter's, else metadata.json_schema, else expected_output "
        "when that is a schema."
    ),
    eval_class="json_schema",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(Parameter("schema", "JSON Schema; null takes each row's own.", None, _read_schema),),
)
