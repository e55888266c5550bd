"""Whether the output makes the expected tool calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import (
    EXPECTED_OUTPUT_IS_MISSING,
    Answer,
    BuiltinEvaluator,
    Parameter,
    describe,
    read_boolean,
)
from assay.evaluators.json_values import NotJson, canonical_json, parse_json
from assay.evaluators.text import is_message
from assay.model.evaluator import EvaluatorInputs, Skipped, Verdict

ToolCall = tuple[str, str]


def find_tool_calls(value: Any) -> list[ToolCall] | None:
    """Return the tool calls in a JSON value as (name, canonical JSON of the arguments), or None where it has none.

    Read are: a message with `tool_calls`, a list of messages (the calls of all), a list of calls, and one call; each
    call as {"function": {"name", "arguments"}} or {"name", "arguments"}; and all these as JSON text. Arguments given
    as text are compared as JSON where they are JSON. Raises ValueError where a call has no name.
    """
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except NotJson:
            return None
        if isinstance(value, str):
            return None
    if isinstance(value, Mapping):
        if "tool_calls" in value:
            return _read_calls(value["tool_calls"] or [])
        return [_read_call(value)] if _is_call(value) else None
    if not isinstance(value, list | tuple):
        return None
    if value and all(is_message(message) for message in value):
        return [call for message in value for call in _read_calls(message.get("tool_calls") or [])]
    return _read_calls(value) if all(_is_call(item) for item in value) else None


def _is_call(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return isinstance(value.get("function"), Mapping) or ("name" in value and "arguments" in value)


def _read_calls(calls: Any) -> list[ToolCall]:
    if not isinstance(calls, list | tuple):
        raise ValueError(f"tool_calls must be a list, not {describe(calls)}")
    return [_read_call(call) for call in calls]


def _read_call(call: Any) -> ToolCall:
    function = call.get("function", call) if isinstance(call, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str):
        raise ValueError(f"a tool call must have a text name, which {describe(call)} has not")
    arguments: Any = function.get("arguments")
    if isinstance(arguments, str):
        try:
            # A call without arguments is sent as an empty text by some models.
            arguments = parse_json(arguments) if arguments.strip() else {}
        except NotJson:
            return name, "text:" + arguments
    return name, canonical_json({} if arguments is None else arguments)


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Compare the calls, in order unless `ignore_order`; an output of plain text calls nothing."""
    if inputs.expected_output is None:
        return EXPECTED_OUTPUT_IS_MISSING
    expected = find_tool_calls(inputs.expected_output)
    if expected is None:
        return Skipped("expected_output has no tool calls; [] says that none are expected")
    try:
        calls = find_tool_calls(inputs.output) or []
    except ValueError as error:
        return Verdict(False, f"the output's tool calls are malformed: {error}")
    if calls == expected or (parameters["ignore_order"] and Counter(calls) == Counter(expected)):
        return Verdict(True)
    return Verdict(False, _explain(calls, expected))


def _explain(calls: list[ToolCall], expected: list[ToolCall]) -> str:
    missing, extra = Counter(expected) - Counter(calls), Counter(calls) - Counter(expected)
    if not missing and not extra:
        return "the right calls in another order"
    parts = [
        f"{word}: {', '.join(f'{name[:60]}({arguments[:100]})' for name, arguments in list(found)[:3])}"
        for word, found in (("missing", missing), ("not expected", extra))
        if found
    ]
    return "; ".join(parts)


EVALUATOR = BuiltinEvaluator(
    slug="tool_call_match",
    name="Tool-call match",
    description="Whether the output makes the tool calls of expected_output: the same names and the same arguments.",
    eval_class="tool_call_match",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(Parameter("ignore_order", "The calls may come in any order.", False, read_boolean),),
)
