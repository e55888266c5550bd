"""The create fields of a request log (contract 8.2) as tables: what each is lifted to, and how it is read."""

from __future__ import annotations

from typing import Any

from assay.wire.lifting import (
    COUNTS,
    NUMBERS,
    SYNONYMS,
    TEXTS,
    TIMES,
    WRONG,
    Entry,
    as_count,
    as_moment,
    as_number,
    as_text,
    count_required,
    entries,
    number_required,
    requiring,
    shown,
    text_required,
    time_required,
)

LONGEST_IDENTIFIER = 512
STATUSES = frozenset(("success", "warning", "failed", "error", "pending", "running"))
# The log types that the contract names (8.2).
LOG_TYPES = frozenset(
    (
        *("chat", "completion", "response", "embedding", "transcription", "speech", "workflow", "agent", "task"),
        *("tool", "function", "generation", "handoff", "guardrail", "custom", "text", "unknown", "score", "batch"),
        *("span", "reranker", "other"),
    )
)

# The numbers of the bags that `lift` fills.
ATTRIBUTE, SPAN, DETAIL, CONTROL = range(4)

_IDENTIFIERS = (
    *("model", "log_type", "custom_identifier", "customer_identifier", "session_identifier", "thread_identifier"),
    *("trace_unique_id", "prompt_id"),
)
_PLACE_IDENTIFIERS = ("span_unique_id", "span_parent_id")
_SPAN_IDENTIFIERS = ("group_identifier", "trace_group_identifier", "evaluation_identifier", "provider_id")
_SPAN_TEXTS = ("customer_email", "customer_name", "deployment_name")
_SPAN_COUNTS = ("prompt_version_number", "prompt_cache_hit_tokens", "prompt_cache_creation_tokens", "reasoning_tokens")
_SPAN_BOOLEANS = ("stream", "cache_hit", "positive_feedback", "blurred", "is_pinned")

_DETAIL_LISTS = ("tools", "tool_calls", "span_handoffs", "span_tools", "span_links")
_DETAIL_OBJECTS = ("variables", "properties", "logit_bias", "eval_params")
_DETAIL_NUMBERS = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "prompt_unit_price")
_DETAIL_COUNTS = ("max_tokens", "max_completion_tokens", "n", "dimensions", "top_k")
# Providers disagree about what these are: kept as they come.
_DETAIL_ANYTHING = (
    *("full_request", "full_response", "tool_choice", "response_format", "reasoning", "embedding", "warnings"),
    *("audio_input_file", "audio_output_file", "stop", "logprobs", "parallel_tool_calls", "reasoning_effort", "seed"),
    *("thinking", "encoding_format", "trace_name", "span_path", "is_custom_prompt", "category"),
    *("keywordsai_api_controls", "respan_api_controls"),
)
DETAIL_CONTENT = frozenset(("full_request", "full_response", "tool_calls", "reasoning", "embedding", "variables"))
"""Details that say what went in and out, as opposed to how."""


def _as_identifier(value: Any) -> Any:
    if type(value) is str:
        return (value or None) if len(value) <= LONGEST_IDENTIFIER else WRONG
    return as_text(value)


def _wrong_identifier(value: Any) -> str:
    if isinstance(value, str):
        return f"A string of at most {LONGEST_IDENTIFIER} characters is required, not one of {len(value):,}."
    return text_required(value)


def _as_said_text(value: Any) -> Any:
    return as_text(value) or None


def _as_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        value = value.lower()
    # Asked for by `in` a dictionary, 1.0 is 1; lists and objects cannot be asked for.
    return WRONG if isinstance(value, (list, dict)) else _BOOLEANS.get(value, WRONG)


_BOOLEANS: dict[Any, Any] = {0: False, 1: True, "0": False, "1": True, "false": False, "true": True, "": None}
_wrong_boolean = requiring("true or false is required")


def _as_is(value: Any) -> Any:
    return value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else WRONG


def _as_object(value: Any) -> Any:
    return value if isinstance(value, dict) else WRONG


def _as_note(value: Any) -> Any:
    # Unlike other texts a note is never cut: it is somebody's words.
    return (value or None) if isinstance(value, str) else WRONG


def _as_known_status(value: Any) -> Any:
    return value if isinstance(value, str) and value.lower() in STATUSES else WRONG


_wrong_list = requiring("A list is required")


def wrong_object(value: Any) -> str:
    """Say that a value is no object."""
    return f"Expected an object of keys and values, but got {shown(value)}."


def _renamed(table: dict[str, Entry], names: dict[str, str]) -> dict[str, Entry]:
    return {key: table[name] for key, name in names.items()}


_TOKENS: dict[str, Entry] = {
    **entries(("prompt_tokens", "completion_tokens", "total_request_tokens"), as_count, count_required,
              synonyms=SYNONYMS),
    **entries(_SPAN_COUNTS[1:], as_count, count_required, bag=SPAN),
}  # fmt: skip

METRICS: dict[str, Entry] = {
    **_TOKENS,
    **entries(COUNTS, as_count, count_required, synonyms=SYNONYMS),
    **entries(NUMBERS, as_number, number_required, synonyms=SYNONYMS),
}

METADATA: dict[str, Entry] = {
    **entries([name for name in TEXTS if name not in _IDENTIFIERS], _as_said_text, text_required, synonyms=SYNONYMS),
    **entries(_IDENTIFIERS, _as_identifier, _wrong_identifier, synonyms=SYNONYMS),
    **METRICS,
    **entries(_SPAN_IDENTIFIERS, _as_identifier, _wrong_identifier, bag=SPAN),
    **entries(_SPAN_TEXTS, _as_said_text, text_required, bag=SPAN),
    **entries(_SPAN_COUNTS[:1], as_count, count_required, bag=SPAN),
    # The status of a client's order or ticket is none of a log's.
    **entries(("status",), _as_known_status, text_required),
}
"""What is lifted from the client's own metadata: not times, nor the place in a trace, nor anything that is content."""

_BOOLEAN_ENTRIES = entries(_SPAN_BOOLEANS, _as_boolean, _wrong_boolean, bag=SPAN)
_PLACES = entries(_PLACE_IDENTIFIERS, _as_identifier, _wrong_identifier, bag=SPAN)

BODY: dict[str, Entry] = {
    **METADATA,
    **entries(("status",), _as_said_text, text_required),
    **entries(TIMES, as_moment, time_required),
    **_PLACES,
    **_renamed(
        _PLACES, {"span_id": "span_unique_id", "parent_id": "span_parent_id", "parent_span_id": "span_parent_id"}
    ),
    **_BOOLEAN_ENTRIES,
    **_renamed(_BOOLEAN_ENTRIES, {"cache_bit": "cache_hit"}),
    **entries(("note",), _as_note, text_required, bag=SPAN),
    **entries(_DETAIL_LISTS, _as_list, _wrong_list, bag=DETAIL),
    **entries(_DETAIL_OBJECTS, _as_object, wrong_object, bag=DETAIL),
    **entries((*_DETAIL_NUMBERS, "completion_unit_price"), as_number, number_required, bag=DETAIL),
    **entries(_DETAIL_COUNTS, as_count, count_required, bag=DETAIL),
    **entries(_DETAIL_ANYTHING, _as_is, text_required, bag=DETAIL),
    **entries(("usage", "customer_params"), _as_object, wrong_object, bag=CONTROL),
    **entries(("log_method",), _as_identifier, _wrong_identifier, bag=CONTROL),
    **entries(("error_bit", "disable_log"), _as_boolean, _wrong_boolean, bag=CONTROL),
}
"""What is read at the top of a body, beside its content and metadata."""

USAGE: dict[str, Entry] = {
    **_TOKENS,
    **_renamed(
        _TOKENS,
        {
            "cache_creation_prompt_tokens": "prompt_cache_creation_tokens",
            "cache_creation_input_tokens": "prompt_cache_creation_tokens",
            "cache_read_input_tokens": "prompt_cache_hit_tokens",
        },
    ),
}

USAGE_DETAILS: dict[str, Entry] = _renamed(
    _TOKENS,
    {
        "cached_tokens": "prompt_cache_hit_tokens",
        "cache_creation_tokens": "prompt_cache_creation_tokens",
        "reasoning_tokens": "reasoning_tokens",
    },
)
"""What is lifted from `prompt_tokens_details` and `completion_tokens_details` in a usage."""

CUSTOMER: dict[str, Entry] = {
    "customer_identifier": METADATA["customer_identifier"],
    "name": METADATA["customer_name"],
    "email": METADATA["customer_email"],
}

PROMPT: dict[str, Entry] = {
    "prompt_id": METADATA["prompt_id"],
    "prompt_name": METADATA["prompt_name"],
    "prompt_version_number": METADATA["prompt_version_number"],
    "version": METADATA["prompt_version_number"],
    "variables": BODY["variables"],
}
