"""Traces in the form in which the OpenAI Agents SDK exports them, as bodies of logs.

The shapes are those of `export()` in openai-agents (agents/tracing/spans.py, traces.py, span_data.py), 0.24.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_SPAN = "trace.span"
_TRACE = "trace"
_TYPES = {
    "agent": "agent",
    "function": "tool",
    "generation": "generation",
    "response": "response",
    "handoff": "handoff",
    "guardrail": "guardrail",
    "transcription": "transcription",
    "speech": "speech",
    "mcp_tools": "tool",
}
# What the SDK itself names the steps of a run, as custom spans.
_SDK_TYPES = {"task": "workflow", "turn": "task"}


Times = Mapping[str, tuple[str, str]]
"""From the id of a trace to the start and end of the spans that came with it, as they were written."""


def times_of(items: Iterable[Any]) -> Times:
    """Return when the spans among exported items began and ended: a trace itself comes without times."""
    times: dict[str, tuple[str, str]] = {}
    for item in items:
        if not isinstance(item, dict) or item.get("object") != _SPAN:
            continue
        trace, start, end = item.get("trace_id"), item.get("started_at"), item.get("ended_at")
        if isinstance(trace, str) and isinstance(start, str) and isinstance(end, str):
            first, last = times.get(trace, (start, end))
            times[trace] = (min(first, start), max(last, end))
    return times


def log_body(item: Any, times: Times) -> Any:
    """Return the body of a log for an exported trace or span; anything else is returned as it is.

    A trace becomes the span that its spans without a parent hang on, under its own id: it says what they share.
    """
    if not isinstance(item, dict):
        return item
    if item.get("object") == _TRACE:
        return _trace_body(item, times)
    return _span_body(item) if item.get("object") == _SPAN else item


def _trace_body(trace: Mapping[str, Any], times: Times) -> dict[str, Any]:
    name = trace.get("workflow_name")
    start, end = times.get(str(trace.get("id")), (None, None))
    return _present(
        {
            "start_time": start,
            "timestamp": end,
            "trace_unique_id": trace.get("id"),
            "span_unique_id": trace.get("id"),
            "span_name": name,
            "span_workflow_name": name,
            "log_type": "workflow",
            "thread_identifier": trace.get("group_id"),
            "trace_group_identifier": trace.get("group_id"),
            "metadata": trace.get("metadata"),
        }
    )


def _span_body(span: Mapping[str, Any]) -> dict[str, Any]:
    data = span.get("span_data")
    data = data if isinstance(data, dict) else {}
    kind = data.get("type")
    described = _DESCRIBED.get(kind, _custom)(data) if isinstance(kind, str) else _custom(data)
    # The metadata of a span stands beside its data, not in it.
    metadata = {**_object(span.get("metadata")), **_object(described.pop("metadata", None))}
    body = {
        "trace_unique_id": span.get("trace_id"),
        "span_unique_id": span.get("id"),
        "span_parent_id": span.get("parent_id") or span.get("trace_id"),
        "start_time": span.get("started_at"),
        "timestamp": span.get("ended_at") or span.get("started_at"),
        "log_type": _TYPES.get(kind, "custom") if isinstance(kind, str) else "custom",
        "span_name": data.get("name") or kind,
        **described,
        "metadata": metadata or None,
    }
    return _present({**body, **_failure(span.get("error"))})


def _generation(data: Mapping[str, Any]) -> dict[str, Any]:
    settings = _object(data.get("model_config"))
    known = {name: settings.pop(name, None) for name in ("temperature", "top_p", "max_tokens")}
    return {
        "input": data.get("input"),
        "output": data.get("output"),
        "model": data.get("model"),
        "usage": data.get("usage"),
        **known,
        "metadata": {"model_config": _present(settings)} if _present(settings) else None,
    }


def _response(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"usage": data.get("usage"), "metadata": _present({"response_id": data.get("response_id")})}


def _function(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "input": data.get("input"),
        "output": data.get("output"),
        "metadata": _present({"mcp_data": data.get("mcp_data")}),
    }


def _agent(data: Mapping[str, Any]) -> dict[str, Any]:
    names = ("handoffs", "tools", "output_type")
    return {"span_workflow_name": data.get("name"), "metadata": _present({name: data.get(name) for name in names})}


def _handoff(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"span_name": "handoff", "input": data.get("from_agent"), "output": data.get("to_agent")}


def _guardrail(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"output": {"triggered": data.get("triggered")}}


def _mcp_tools(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"span_name": "mcp_tools", "input": data.get("server"), "output": data.get("result")}


def _audio(data: Mapping[str, Any]) -> dict[str, Any]:
    beside = {name: data.get(name) for name in ("model_config", "first_content_at")}
    return {
        "input": data.get("input"),
        "output": data.get("output"),
        "model": data.get("model"),
        "metadata": _present(beside),
    }


def _custom(data: Mapping[str, Any]) -> dict[str, Any]:
    inside = _object(data.get("data"))
    usage = inside.pop("usage", None) if "sdk_span_type" in inside else None
    described: dict[str, Any] = {"metadata": inside}
    if "input" in data or "output" in data:
        described |= {"input": data.get("input"), "output": data.get("output")}
    # The tokens of a run or turn are those of its generations, which count for themselves: kept, not counted twice.
    if usage is not None:
        inside["usage"] = usage
        described["log_type"] = _SDK_TYPES.get(str(inside["sdk_span_type"]), "custom")
        described["span_name"] = inside.get("name") or inside.get("agent_name") or data.get("name")
    return described


_DESCRIBED: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "agent": _agent,
    "function": _function,
    "generation": _generation,
    "response": _response,
    "handoff": _handoff,
    "guardrail": _guardrail,
    "mcp_tools": _mcp_tools,
    "transcription": _audio,
    "speech": _audio,
}


def _failure(error: Any) -> dict[str, Any]:
    if not error:
        return {}
    said = _object(error)
    message = said.get("message")
    failure: dict[str, Any] = {"status": "error", "status_code": 500}
    failure["error_message"] = message if isinstance(message, str) else str(error)
    return failure


def _object(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
