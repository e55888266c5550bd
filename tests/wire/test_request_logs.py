"""Reading request logs in all their spellings, and showing them in the documented shapes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from keywordsai_sdk.keywordsai_types.log_types import KeywordsAIFullLogParams
from respan.spans.types.retrieve_span_response import RetrieveSpanResponse

from assay.model.access import Identity
from assay.model.errors import ImmutableField, Invalid, TooLarge
from assay.model.request_log import Recorded, RequestLog, RequestLogChanges, RequestLogDraft
from assay.wire import codec
from assay.wire.problems import invalid_body
from assay.wire.request_log_reading import read_request_log
from assay.wire.request_log_updates import read_batch_update, read_update
from assay.wire.request_logs import created_out, detail, list_item, preview_item

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
WHO = Identity("key", "assay_ab", 7, "9f3c7f0a-0000-4000-8000-000000000007", "prod", ("write",))
CHAT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
ANSWER = {"role": "assistant", "content": "Hi there"}


def price(model: str, provider: str | None, prompt: int, completion: int, hit: int, creation: int) -> float | None:
    return None if model == "unheard-of" else prompt * 1.0 + completion * 2.0 + hit * 0.001 + creation * 0.01


def read(body: Any, **options: Any) -> RequestLogDraft:
    return read_request_log(body, **{"environment": "prod", "now": NOW, "price": price, **options})


def details(draft: RequestLogDraft) -> dict[str, Any]:
    return {} if draft.details is None else json.loads(draft.details)


def recorded(body: Any) -> RequestLog:
    draft = read(body)
    return RequestLog(
        "a" * 32, 1, NOW, draft.attributes, draft.span, draft.input_preview, draft.output_preview,
        draft.content.metadata, draft.content, draft.details,
    )  # fmt: skip


def answered(shape: dict[str, Any]) -> Any:
    return json.loads(codec.encode(shape))


def refusal(body: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        read(body)
    return caught.value.fields


# What a log must say


def test_the_smallest_log_is_a_successful_chat_of_this_moment() -> None:
    draft = read({"input": "q"})
    attributes = draft.attributes
    assert (attributes.log_type, attributes.status, attributes.status_code) == ("chat", "success", 200)
    assert (attributes.timestamp, attributes.start_time) == (NOW, NOW)
    assert (attributes.cost, attributes.latency, attributes.total_request_tokens) == (None, None, None)
    assert (draft.content.input, draft.content.output, draft.details, draft.identity) == (b'"q"', None, None, None)
    assert draft.span.log_method == "api"


@pytest.mark.parametrize("body", [{}, {"model": "m"}, {"input": None, "messages": None}, {"prompt": {"prompt_id": 1}}])
def test_a_log_that_says_nothing_is_refused(body: dict[str, Any]) -> None:
    assert refusal(body) == {
        "input": ["A log needs an input, an output, messages or a completion, or at least an error_message."]
    }


@pytest.mark.parametrize("body", [[], "text", 3, None])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(Invalid, match="Expected a dictionary, but got"):
        read(body)


@pytest.mark.parametrize("place", [{"trace_unique_id": "t"}, {"span_unique_id": 5}, {"trace_id": 1}, {"span_id": "s"}])
def test_a_span_of_a_trace_may_say_nothing(place: dict[str, Any]) -> None:
    draft = read(place)
    assert (draft.content.input, draft.content.output) == (None, None)
    assert (draft.input_preview, draft.output_preview) == ("", "")


def test_null_is_absent_everywhere_but_as_an_output() -> None:
    draft = read({"input": None, "messages": CHAT, "output": None, "expected_output": None, "metadata": None,
                  "usage": None, "cost": None, "tools": None, "customer_params": None})  # fmt: skip
    assert json.loads(draft.content.input or b"") == CHAT
    assert draft.content.output == b"null"
    assert (draft.content.expected_output, draft.content.metadata, draft.details) == (None, None, None)


def test_an_output_of_null_gives_way_to_a_completion_beside_it() -> None:
    assert read({"output": None, "completion_message": ANSWER}).content.output == codec.encode(ANSWER)


@pytest.mark.parametrize("name", ["input", "messages", "prompt_messages", "prompt"])
def test_every_spelling_of_an_input_is_one(name: str) -> None:
    assert json.loads(read({name: CHAT}).content.input or b"") == CHAT


@pytest.mark.parametrize("name", ["output", "completion_message", "completion"])
def test_every_spelling_of_an_output_is_one(name: str) -> None:
    assert json.loads(read({name: ANSWER}).content.output or b"") == ANSWER


def test_a_second_spelling_that_says_more_is_kept_and_one_that_says_the_same_is_not() -> None:
    both = read({"input": "Hello", "prompt_messages": CHAT, "output": "Hi there", "completion_message": ANSWER})
    assert (both.content.input, both.content.output) == (b'"Hello"', b'"Hi there"')
    assert details(both) == {"prompt_messages": CHAT, "completion_message": ANSWER}
    assert read({"input": CHAT, "messages": CHAT}).details is None


def test_details_never_hold_a_payload() -> None:
    body = {"input": 1, "output": 2, "expected_output": 3, "ideal_output": 4, "metadata": {"a": 1}, "messages": CHAT,
            "prompt": "p", "completion": "c", "temperature": 1}  # fmt: skip
    assert not details(read(body)).keys() & {"input", "output", "expected_output", "metadata"}


def test_an_object_as_prompt_is_a_reference_to_one() -> None:
    reference = {"prompt_id": "p1", "version": 3, "variables": {"name": "Ada"}, "override": True}
    draft = read({"prompt": reference, "output": "x"})
    assert (draft.content.input, draft.attributes.prompt_id, draft.span.prompt_version_number) == (None, "p1", 3)
    assert details(draft) == {"variables": {"name": "Ada"}, "prompt": reference}


def test_the_ideal_output_is_the_expected_one() -> None:
    assert read({"input": 1, "ideal_output": "i"}).content.expected_output == b'"i"'
    assert read({"input": 1, "ideal_output": "i", "expected_output": "e"}).content.expected_output == b'"e"'


def test_a_log_that_asks_for_no_content_to_be_kept_keeps_its_measurements() -> None:
    body = {"messages": CHAT, "output": ANSWER, "ideal_output": "i", "prompt_tokens": 3, "disable_log": True, "n": 2,
            "full_request": {"messages": CHAT}, "prompt_messages": ["more"], "tool_calls": [{"id": "1"}]}  # fmt: skip
    draft = read(body)
    assert (draft.content.input, draft.content.output, draft.content.expected_output) == (None, None, None)
    assert (draft.input_preview, draft.output_preview, draft.attributes.prompt_tokens) == ("", "", 3)
    assert details(draft) == {"n": 2}


# What is lifted


def test_every_create_field_that_has_a_column_is_lifted_to_it() -> None:
    texts = ("model", "custom_identifier", "customer_identifier", "session_identifier", "thread_identifier",
             "trace_unique_id", "prompt_id", "prompt_name", "span_name", "span_workflow_name")  # fmt: skip
    spans = ("span_unique_id", "span_parent_id", "group_identifier", "trace_group_identifier", "evaluation_identifier",
             "customer_email", "customer_name", "provider_id", "deployment_name", "note")  # fmt: skip
    counts = ("prompt_version_number", "prompt_cache_hit_tokens", "prompt_cache_creation_tokens", "reasoning_tokens")
    flags = ("stream", "cache_hit", "positive_feedback", "blurred", "is_pinned")
    body: dict[str, Any] = {"input": 1, **{name: f"<{name}>" for name in (*texts, *spans)}}
    draft = read({**body, **dict.fromkeys(counts, 5), **dict.fromkeys(flags, True)})
    assert {name: getattr(draft.attributes, name) for name in texts} == {name: f"<{name}>" for name in texts}
    assert {name: getattr(draft.span, name) for name in spans} == {name: f"<{name}>" for name in spans}
    assert {getattr(draft.span, name) for name in counts} == {5}
    assert {getattr(draft.span, name) for name in flags} == {True}
    assert draft.details is None


@pytest.mark.parametrize(
    ("synonym", "name", "value"),
    [("session_id", "session_identifier", "s"), ("thread_id", "thread_identifier", "t"),
     ("trace_id", "trace_unique_id", "t"), ("input_tokens", "prompt_tokens", 3),
     ("output_tokens", "completion_tokens", 3), ("total_tokens", "total_request_tokens", 3),
     ("generation_time", "latency", 1.5), ("ttft", "time_to_first_token", 0.5)],
)  # fmt: skip
def test_a_synonym_means_the_attribute_unless_that_is_there_too(synonym: str, name: str, value: Any) -> None:
    assert getattr(read({"input": 1, synonym: value}).attributes, name) == value
    other = "other" if isinstance(value, str) else 9
    for body in ({synonym: value, name: other}, {name: other, synonym: value}):
        assert getattr(read({"input": 1, **body}).attributes, name) == other


def test_a_span_is_placed_by_its_short_names_too() -> None:
    span = read({"trace_id": "t", "span_id": "s", "parent_id": "p"}).span
    assert (span.span_unique_id, span.span_parent_id) == ("s", "p")


def test_numbers_are_taken_as_identifiers() -> None:
    draft = read({"input": 1, "custom_identifier": 42, "customer_identifier": 7})
    assert (draft.attributes.custom_identifier, draft.attributes.customer_identifier) == ("42", "7")


def test_an_empty_text_says_nothing() -> None:
    draft = read({"input": 1, "customer_identifier": "", "error_message": "", "timestamp": "", "customer_email": "",
                  "model": "", "metadata": {"model": "m"}})  # fmt: skip
    assert (draft.attributes.customer_identifier, draft.attributes.error_message) == (None, None)
    assert (draft.attributes.status, draft.attributes.timestamp, draft.attributes.model) == ("success", NOW, "m")


def test_what_metadata_recognises_is_lifted_and_stays() -> None:
    metadata = {"model": "m", "session_id": "s", "customer_identifier": "c", "cost": 0.5, "mine": [1]}
    draft = read({"input": 1, "model": "top", "metadata": metadata})
    attributes = draft.attributes
    assert (attributes.model, attributes.session_identifier, attributes.customer_identifier) == ("top", "s", "c")
    assert attributes.cost == 0.5
    assert json.loads(draft.content.metadata or b"") == metadata


def test_what_metadata_says_otherwise_is_the_clients_own() -> None:
    metadata = {"model": ["m"], "prompt_tokens": "many", "timestamp": "1999-01-01", "status": "shipped",
                "span_unique_id": "s", "parent_id": "p", "stream": "x", "tools": 3}  # fmt: skip
    draft = read({"input": 1, "metadata": metadata})
    assert (draft.attributes, draft.span) == (read({"input": 1}).attributes, read({"input": 1}).span)
    assert draft.details is None
    assert read({"input": 1, "metadata": {"status": "error"}}).attributes.status == "failed"


def test_an_identifier_of_more_than_512_characters_is_refused_at_the_top_and_left_in_metadata() -> None:
    names = ("custom_identifier", "customer_identifier", "thread_identifier", "session_identifier", "trace_unique_id",
             "span_unique_id", "span_parent_id", "model", "group_identifier", "trace_group_identifier")  # fmt: skip
    problems = refusal({"input": 1, **dict.fromkeys(names, "x" * 513)})
    assert set(problems) == set(names)
    assert problems["model"] == ["A string of at most 512 characters is required, not one of 513."]
    draft = read({"input": 1, "metadata": {"custom_identifier": "x" * 513, "model": "x" * 512}})
    assert (draft.attributes.custom_identifier, draft.attributes.model) == (None, "x" * 512)


def test_every_wrong_field_is_named_at_once() -> None:
    body = {"input": 1, "prompt_tokens": -1, "cost": "dear", "timestamp": "soon", "model": {}, "metadata": [],
            "stream": "perhaps", "tools": {}, "variables": [], "temperature": "hot", "usage": 3, "customer_params": "c",
            "max_tokens": 1.5, "respan_params": 7, "latency": True, "note": 4}  # fmt: skip
    problems = refusal(body)
    assert set(problems) == set(body) - {"input"}
    assert problems["timestamp"] == ["'soon' is not a time: use ISO 8601, such as 2026-01-31T09:30:00Z."]
    assert problems["prompt_tokens"] == ["A whole number from 0 to 1,000,000,000,000 is required, not -1."]
    assert problems["tools"] == ["A list is required, not {}."]


def test_wrong_fields_inside_a_bag_are_named_with_it() -> None:
    body = {"input": 1, "usage": {"prompt_tokens": "x", "prompt_tokens_details": {"cached_tokens": []}},
            "customer_params": {"email": []}, "prompt": {"prompt_id": {}}}  # fmt: skip
    assert set(refusal(body)) == {
        "usage.prompt_tokens", "usage.prompt_tokens_details.cached_tokens", "customer_params.email", "prompt.prompt_id",
    }  # fmt: skip


def test_unknown_keys_and_the_environment_are_passed_over() -> None:
    plain = read({"input": 1})
    assert read({"input": 1, "environment": "test", "is_test": True, "unheard_of": {"a": 1}}) == plain


def test_parameters_stand_in_details_and_can_be_anything_where_providers_disagree() -> None:
    said = {"temperature": 0.5, "top_p": 1.0, "max_tokens": 5, "tools": [{"type": "function"}], "tool_choice": "auto",
            "response_format": {"type": "json_object"}, "stop": ["x"], "full_request": {"a": 1},
            "full_response": [1], "warnings": {"w": 1}, "properties": {"n": 1.0}, "span_path": "a.b",
            "span_handoffs": ["b"], "category": "c", "eval_params": {"evaluators": []}, "thinking": {"type": "on"},
            "span_links": [{"trace_id": "t"}], "is_custom_prompt": False}  # fmt: skip
    assert details(read({"input": 1, **said})) == said


def test_nested_parameters_are_merged_under_the_top_level() -> None:
    draft = read({
        "input": 1, "model": "top", "thread_identifier": None, "metadata": {"a": 1},
        "keywordsai_params": {"model": "below", "thread_identifier": "k", "metadata": {"a": 2, "b": 2}, "note": "k"},
        "respan_params": {"thread_identifier": "r", "customer_params": {"name": "Ada"}},
    })  # fmt: skip
    assert (draft.attributes.model, draft.attributes.thread_identifier, draft.span.note) == ("top", "r", "k")
    assert draft.span.customer_name == "Ada"
    assert json.loads(draft.content.metadata or b"") == {"a": 1, "b": 2}


def test_customer_parameters_are_lifted_and_what_is_more_is_kept() -> None:
    customer = {"customer_identifier": 7, "name": "Ada", "email": "a@b.c", "period_budget": 3}
    draft = read({"input": 1, "customer_params": customer, "customer_email": "top@b.c"})
    assert (draft.attributes.customer_identifier, draft.span.customer_name) == ("7", "Ada")
    assert draft.span.customer_email == "top@b.c"
    assert details(draft) == {"customer_params": {"period_budget": 3}}


# Tokens and money


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cache_creation_prompt_tokens": 2,
         "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 3}},
        {"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}, "reasoning_tokens": 3,
         "cache_creation_input_tokens": 2},
    ],
)  # fmt: skip
def test_usage_is_read_in_the_words_of_every_provider(usage: dict[str, Any]) -> None:
    draft = read({"input": 1, "usage": usage})
    attributes, span = draft.attributes, draft.span
    assert (attributes.prompt_tokens, attributes.completion_tokens, attributes.total_request_tokens) == (10, 5, 15)
    assert (span.prompt_cache_hit_tokens, span.prompt_cache_creation_tokens, span.reasoning_tokens) == (4, 2, 3)


def test_flat_tokens_win_over_usage() -> None:
    draft = read({"input": 1, "usage": {"prompt_tokens": 10, "completion_tokens": 5}, "prompt_tokens": 20})
    assert (draft.attributes.prompt_tokens, draft.attributes.total_request_tokens) == (20, 25)


def test_the_cost_given_wins_over_unit_prices_and_these_over_the_price_list() -> None:
    tokens = {"input": 1, "model": "m", "prompt_tokens": 1_000_000, "completion_tokens": 500_000}
    assert read({**tokens, "prompt_unit_price": 3, "completion_unit_price": 4, "cost": 0}).attributes.cost == 0.0
    assert read({**tokens, "prompt_unit_price": 3, "completion_unit_price": 4}).attributes.cost == 5.0
    assert read(tokens).attributes.cost == 2_000_000.0


def test_an_unknown_cost_is_none() -> None:
    assert read({"input": 1, "model": "unheard-of", "prompt_tokens": 5}).attributes.cost is None
    assert read({"input": 1, "prompt_tokens": 5}).attributes.cost is None
    assert read({"input": 1, "model": "m"}).attributes.cost is None


def test_cached_tokens_that_anthropic_counts_beside_the_others_are_priced_among_them() -> None:
    beside = {"input_tokens": 10, "output_tokens": 0, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20}
    draft = read({"input": 1, "model": "m", "usage": beside})
    assert draft.attributes.prompt_tokens == 10
    assert draft.attributes.cost == pytest.approx(130 + 0.1 + 0.2)
    among = {"prompt_tokens": 130, "prompt_tokens_details": {"cached_tokens": 100}}
    assert read({"input": 1, "model": "m", "usage": among}).attributes.cost == pytest.approx(130.1)


def test_the_speed_follows_from_tokens_and_latency_unless_given() -> None:
    body = {"input": 1, "completion_tokens": 30, "latency": 1.5}
    assert read(body).attributes.tokens_per_second == 20
    assert read({**body, "tokens_per_second": 7}).attributes.tokens_per_second == 7
    assert read({**body, "latency": 0}).attributes.tokens_per_second is None
    assert read({**body, "latency": 1e-300, "completion_tokens": 10**12}).attributes.tokens_per_second is None


# Time and status


def test_times_are_completed_from_each_other() -> None:
    end, start = "2026-01-01T00:00:10Z", "2026-01-01T00:00:04Z"
    both = read({"input": 1, "timestamp": end, "start_time": start}).attributes
    assert both.latency == 6.0
    given = read({"input": 1, "timestamp": end, "start_time": start, "latency": 2}).attributes
    assert (given.latency, given.start_time) == (2.0, datetime(2026, 1, 1, 0, 0, 4, tzinfo=UTC))
    assert read({"input": 1, "timestamp": end, "latency": 6}).attributes.start_time == both.start_time
    assert read({"input": 1, "start_time": start, "latency": 6}).attributes.timestamp == both.timestamp
    assert read({"input": 1, "latency": 6}).attributes.start_time == NOW - timedelta(seconds=6)


def test_an_end_before_the_start_takes_no_time() -> None:
    assert read({"input": 1, "timestamp": "2026-01-01", "start_time": "2026-01-02"}).attributes.latency == 0.0


@pytest.mark.parametrize("body", [{"latency": 1e15}, {"timestamp": "0001-01-01T00:00:00Z", "latency": 60}])
def test_a_start_before_all_time_is_the_end(body: dict[str, Any]) -> None:
    attributes = read({"input": 1, **body}).attributes
    assert attributes.start_time == attributes.timestamp


@pytest.mark.parametrize(
    "written",
    ["2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000000+00:00", "2026-01-31 09:30:00", "2026-01-31T10:30:00+01:00",
     "2026-01-31T09:30:00.000Z"],
)  # fmt: skip
def test_a_time_is_utc_however_it_is_written(written: str) -> None:
    timestamp = read({"input": 1, "timestamp": written}).attributes.timestamp
    assert timestamp == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert timestamp.utcoffset() == timedelta(0)


@pytest.mark.parametrize("written", ["2026-02-30T09:30:00Z", "2026-01-31T25:00:00Z", "20260131", 1769851800, []])
def test_what_is_no_time_is_refused(written: Any) -> None:
    assert set(refusal({"input": 1, "timestamp": written})) == {"timestamp"}


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"status": "error"}, "failed", 500),
        ({"status": "ERROR", "status_code": 429}, "failed", 429),
        ({"status_code": 404}, "failed", 404),
        ({"error_message": "broken"}, "failed", 500),
        ({"error_bit": 1}, "failed", 500),
        ({"error_bit": 0, "status_code": 200}, "success", 200),
        ({"status": "success", "error_message": "recovered"}, "success", 200),
        ({"status": "running"}, "running", 200),
        ({"status_code": "201"}, "success", 201),
    ],
)
def test_the_status_follows_from_what_is_said_of_errors(said: dict[str, Any], status: str, code: int) -> None:
    attributes = read({"input": 1, **said}).attributes
    assert (attributes.status, attributes.status_code) == (status, code)


def test_a_very_long_error_message_is_kept_whole_beside_the_column() -> None:
    log = recorded({"input": 1, "error_message": "e" * 5000})
    assert len(log.attributes.error_message or "") == 4096
    assert answered(detail(log, WHO))["error_message"] == "e" * 5000


def test_the_log_type_is_lower_case() -> None:
    assert read({"input": 1, "log_type": "WORKFLOW"}).attributes.log_type == "workflow"


def test_the_method_of_recording_is_the_routes_unless_the_body_knows_better() -> None:
    assert read({"input": 1}, log_method="otlp").span.log_method == "otlp"
    assert read({"input": 1, "log_method": "python_tracing"}, log_method="otlp").span.log_method == "python_tracing"


# Identity and size


def test_a_span_is_known_by_its_ids_and_another_log_by_its_idempotency_key() -> None:
    def digest(text: bytes) -> bytes:
        return hashlib.blake2b(text, digest_size=16).digest()

    span = {"trace_unique_id": "t", "span_unique_id": "s"}
    assert read(span).identity == digest(b"span\0t\0s")
    assert read(span, idempotency_key="k").identity == digest(b"span\0t\0s")
    assert read({"input": 1}, idempotency_key="k").identity == digest(b"key\0k")
    assert read({"input": 1, "trace_unique_id": "t"}).identity is None


def test_a_log_of_20_megabytes_is_taken_and_a_larger_one_is_not() -> None:
    most = 20 * 1024 * 1024
    assert len(read({"input": "x" * (most - 2)}).content.input or b"") == most
    for body in ({"input": "x" * (most - 1)}, {"input": "x", "full_request": {"a": "x" * most}}):
        with pytest.raises(TooLarge, match="at most 20,971,520 are taken"):
            read(body)


# Captured bodies of real exporters, shortened only in what all of them repeat.

NOISE = {"encoding_format": "float", "field_name": "data: ", "delimiter": "\n\n", "disable_log": False,
         "request_breakdown": False, "disable_fallback": False}  # fmt: skip


def test_the_first_span_of_the_openai_agents_exporter_is_an_empty_root() -> None:
    trace = "trace_b08931c198b94f49a9551267e03d2599"
    draft = read({**NOISE, "log_type": "agent", "trace_unique_id": trace, "span_unique_id": trace, "span_name": "exp"})
    assert (draft.attributes.trace_unique_id, draft.span.span_parent_id) == (trace, None)
    assert (draft.attributes.log_type, draft.attributes.span_name, draft.attributes.timestamp) == ("agent", "exp", NOW)


def test_a_tool_span_of_the_openai_agents_exporter_is_read() -> None:
    draft = read({
        **NOISE, "input": '{"q": "2+2"}', "start_time": "2026-11-23T11:31:15.804015Z", "log_type": "tool",
        "timestamp": "2026-11-23T11:31:15.804022Z", "error_bit": 0, "status_code": 200, "output": "4",
        "latency": 7e-06, "trace_unique_id": "trace_b0", "span_unique_id": "span_51", "span_name": "lookup",
        "span_parent_id": "span_4f", "span_tools": ["lookup"],
    })  # fmt: skip
    assert (draft.attributes.latency, draft.attributes.status) == (7e-06, "success")
    assert (draft.content.input, draft.content.output) == (b'"{\\"q\\": \\"2+2\\"}"', b'"4"')
    assert details(draft)["span_tools"] == ["lookup"]
    assert (draft.input_preview, draft.output_preview) == ('{"q": "2+2"}', "4")


def test_a_generation_of_the_langfuse_exporter_shows_the_messages_that_its_text_holds() -> None:
    log = recorded({
        "trace_unique_id": "309a4e07b09cc24a70e58e2f218fd768", "span_unique_id": "f5cb3ecf7f6eb156",
        "span_parent_id": "2fa0dc44409ecaad", "span_name": "gen", "span_workflow_name": "gen",
        "log_type": "generation", "customer_identifier": None, "timestamp": "2026-11-23T11:31:17.058256+00:00",
        "start_time": "2026-11-23T11:31:17.058123+00:00", "latency": 0.00013322,
        "input": '[{"role": "user", "content": "2+2?"}]', "output": "4",
    })  # fmt: skip
    assert (log.input_preview, log.output_preview) == ("2+2?", "4")
    item = answered(list_item(log, WHO))
    assert item["input"] == '[{"role": "user", "content": "2+2?"}]'
    assert item["prompt_messages"] == [{"role": "user", "content": "2+2?"}]
    assert item["completion_message"] == {"role": "assistant", "content": "4"}


def test_a_log_of_the_vercel_exporter_is_read() -> None:
    draft = read({
        **NOISE, "start_time": "2026-11-23T11:46:54.681Z", "timestamp": "2026-11-23T11:46:54.681Z",
        "error_message": "", "status_code": 200, "prompt_messages": [],
        "completion_message": {"role": "assistant", "content": "hello"}, "completion_tokens": 0, "prompt_tokens": 0,
        "customer_email": "", "customer_name": "", "customer_identifier": "user_123", "log_type": "text",
        "metadata": {"customer_identifier": "user_123", "span_type": "ai.generateText"}, "latency": 0.000266781,
        "time_to_first_token": 0, "trace_unique_id": "f9", "span_unique_id": "aa", "span_name": "ai.generateText",
        "model": "gpt-4o-mini", "stream": False, "tools": [], "environment": "prod", "is_test": False,
    }, environment="test")  # fmt: skip
    assert (draft.attributes.status, draft.attributes.environment, draft.attributes.cost) == ("success", "test", 0.0)
    assert (draft.content.input, draft.output_preview, draft.span.customer_email) == (b"[]", "hello", None)


# How logs are shown


FULL = {
    "input": CHAT, "output": ANSWER, "model": "m", "metadata": {"k": 1}, "prompt_tokens": 3, "completion_tokens": 4,
    "tools": [{"type": "function", "function": {"name": "f"}}], "response_format": {"type": "text"},
    "warnings": {"w": 1}, "variables": {"v": 1}, "full_request": {"r": 1}, "temperature": 0.5, "n": 2,
    "expected_output": {"e": 1}, "trace_unique_id": "t", "span_unique_id": "s",
}  # fmt: skip


def test_the_answer_to_a_recorded_log_names_it_and_its_cost() -> None:
    out = answered(created_out(Recorded("a" * 32, True), read({"input": 1, "customer_identifier": "c"}), WHO))
    assert (out["message"], out["id"], out["unique_id"]) == ("log successful", "a" * 32, "a" * 32)
    assert (out["cost"], out["is_cost_known"], out["is_duplicate"]) == (0.0, False, True)
    assert (out["organization_id"], out["environment"]) == (WHO.organization_unique_id, "prod")
    assert (out["status"], out["timestamp"], out["customer_identifier"]) == ("success", "2026-03-04T05:06:07Z", "c")


def test_a_list_item_has_payloads_as_text_and_messages_as_json() -> None:
    item = answered(list_item(recorded(FULL), WHO))
    assert (json.loads(item["input"]), json.loads(item["output"])) == (CHAT, ANSWER)
    assert (item["prompt_messages"], item["completion_message"], item["tools"]) == (CHAT, ANSWER, FULL["tools"])
    assert (item["metadata"], item["scores"], item["warnings"]) == ({"k": 1}, {}, '{"w":1}')
    assert (item["cost"], item["is_cost_known"], item["failed"]) == (11.0, True, False)
    assert "messages" not in item


def test_text_is_shown_as_itself_and_nothing_as_null() -> None:
    item = answered(list_item(recorded({"input": 'say "hi"', "output": None}), WHO))
    assert (item["input"], item["output"], item["completion_message"]) == ('say "hi"', None, None)
    assert item["prompt_messages"] == [{"role": "user", "content": 'say "hi"'}]
    assert (item["cost"], item["is_cost_known"]) == (0.0, False)


def test_steps_that_call_no_model_have_no_messages() -> None:
    item = answered(list_item(recorded({"input": {"q": 1}, "output": "done", "log_type": "tool"}), WHO))
    assert (item["prompt_messages"], item["completion_message"]) == ([], None)


def test_a_detail_shows_everything_that_was_recorded() -> None:
    out = answered(detail(recorded(FULL), WHO))
    for name in ("tools", "response_format", "variables", "full_request", "temperature", "n", "expected_output"):
        assert out[name] == FULL[name], name
    assert (out["warnings"], out["completion_messages"]) == ('{"w":1}', [ANSWER])
    documented = "id unique_id span_unique_id trace_unique_id span_name span_parent_id span_workflow_name timestamp \
        start_time period_start period_end input output prompt_messages completion_message completion_messages \
        full_request full_response model provider_id environment log_type log_method status status_code error_code \
        error_message warnings prompt_tokens completion_tokens total_request_tokens prompt_cache_hit_tokens \
        prompt_cache_creation_tokens reasoning_tokens cost latency time_to_first_token tokens_per_second routing_time \
        metadata properties variables tools tool_calls scores customer_identifier customer_email customer_name \
        custom_identifier group_identifier session_identifier thread_identifier organization_id \
        unique_organization_id organization_key_id organization_key_name prompt_id prompt_name prompt_version_number \
        deployment_id deployment_name stream temperature top_p max_tokens response_format limit_info blurred"
    assert set(documented.split()) - set(out) == set()


@pytest.mark.parametrize(
    "body",
    [
        FULL,
        {"input": {"a": 1}, "output": {"b": [1]}, "log_type": "my own", "response_format": "json", "warnings": "w"},
        {"trace_unique_id": "t", "span_unique_id": "s"},
        {"messages": CHAT, "completion_messages": [ANSWER, ANSWER], "tool_calls": [{"id": "1"}], "status": "error"},
        {"input": "[{'role': 'user'}]", "output": [1, 2], "usage": {"prompt_tokens": 3, "extra": {"x": 1}}},
    ],
)
def test_both_families_of_clients_can_read_what_is_shown(body: dict[str, Any]) -> None:
    log = recorded(body)
    for shape in (answered(list_item(log, WHO)), answered(detail(log, WHO))):
        read_back = KeywordsAIFullLogParams.model_validate(shape)
        assert (read_back.id, read_back.output) == (log.id, shape["output"])
    assert RetrieveSpanResponse.model_validate(answered(detail(log, WHO))).unique_id == log.id


def test_a_type_of_log_that_older_clients_do_not_know_is_custom_to_them_and_itself_to_us() -> None:
    log = recorded({"input": 1, "log_type": "retriever"})
    assert (list_item(log, WHO)["log_type"], preview_item(log)["log_type"]) == ("custom", "retriever")


def test_a_preview_has_no_payloads_and_no_invented_cost() -> None:
    log = replace(recorded({"input": "q " * 400, "metadata": {"k": 1}}), content=None, details=None)
    item = answered(preview_item(log))
    assert (item["cost"], item["metadata"], item["output_preview"]) == (None, {"k": 1}, "")
    assert item["input_preview"] == ("q " * 40).strip()
    assert not item.keys() & {"input", "output", "prompt_messages"}


# Updates


def test_an_update_reads_what_may_change_and_passes_over_what_is_unknown() -> None:
    body = {"metadata": {"a": None}, "custom_identifier": 5, "note": "", "positive_feedback": False, "is_pinned": True,
            "blurred": None, "whatever": 1, "unique_id": "x"}  # fmt: skip
    assert read_update(body) == RequestLogChanges(b'{"a":null}', "", False, "5", None, True)
    assert read_update({}) == RequestLogChanges()


@pytest.mark.parametrize("name", ["cost", "input", "output", "model", "timestamp", "tools", "messages", "environment"])
def test_what_was_recorded_cannot_be_changed(name: str) -> None:
    with pytest.raises(ImmutableField) as caught:
        read_update({"note": "n", name: "x"})
    assert invalid_body(caught.value) == {
        "error": "Cannot update immutable field",
        "detail": f"The field '{name}' cannot be modified",
    }


def test_a_wrong_change_names_its_field() -> None:
    body = {"metadata": [], "positive_feedback": "good", "blurred": "", "custom_identifier": "x" * 513, "note": 1}
    with pytest.raises(Invalid) as caught:
        read_update(body)
    assert set(caught.value.fields) == set(body)


def test_updates_of_many_are_read_one_by_one() -> None:
    updates = read_batch_update({"logs": [{"unique_id": "a", "note": "n"}, {"unique_id": "b"}]})
    assert updates == [("a", RequestLogChanges(note="n")), ("b", RequestLogChanges())]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "logs"), ({}, "logs"), ({"logs": {}}, "logs"), ({"logs": []}, "logs"),
        ({"logs": [{"unique_id": "a"}] * 1001}, "logs"), ({"logs": [{"note": "n"}]}, "logs.0.unique_id"),
        ({"logs": [{"unique_id": "a"}, {"unique_id": "b", "metadata": 3}]}, "logs.1.metadata"),
    ],
)  # fmt: skip
def test_a_wrong_update_of_many_says_where(body: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_batch_update(body)
    assert set(caught.value.fields) == {field}


def test_a_call_that_failed_before_it_had_any_content_is_recorded_with_its_error() -> None:
    draft = read({"model": "gpt-4o", "status_code": 503, "error_message": "overloaded"})
    assert (draft.attributes.status, draft.attributes.error_message) == ("failed", "overloaded")
    assert (draft.content.input, draft.content.output) == (None, None)
