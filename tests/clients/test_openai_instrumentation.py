"""The OpenAI SDK against a scripted model, under each instrumentation in use: one log, whatever the convention."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.running import Traces, run_program, spans_of
from tests.clients.scripted_model import (
    ANSWER,
    COMPLETION_TOKENS,
    DATED_MODEL,
    MISSING_MODEL,
    MODEL,
    PROMPT_TOKENS,
    QUESTION,
    REFUSAL,
    TOOL_CALL,
    scripted_model,
)
from tests.server import Server

ASKED = [{"role": "system", "content": "You answer in one sentence."}, {"role": "user", "content": QUESTION}]
SAID = {"role": "assistant", "content": ANSWER}
OPENLLMETRY = "opentelemetry.instrumentation.openai"
OPENINFERENCE = "openinference.instrumentation.openai"
OFFICIAL = "opentelemetry.instrumentation.openai_v2"
EMBEDDING_MODEL = "text-embedding-3-small"

Log = dict[str, Any]


@pytest.fixture(scope="module", params=[OPENLLMETRY, OPENINFERENCE, OFFICIAL])
def conversations(
    server: Server, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Log]]:
    """The logs of the calls in each conversation of the program, under one instrumentation."""
    with scripted_model() as url:
        settings = {
            "INSTRUMENTATION": request.param,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{server.url}/api",
            "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{server.api_key}",
            "OPENAI_BASE_URL": url,
            # The official one shows messages only when asked to, and on spans only in its current conventions.
            "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only",
        }
        printed = run_program("openai", "exporters", settings, tmp_path_factory.mktemp("home"))
    traces = Traces(server)
    found = {}
    for name, trace_id in printed:
        root, *calls = spans_of(traces.read(trace_id))
        assert root["span_name"] == "journey"
        assert {call["span_parent_id"] for call in calls} <= {root["span_unique_id"]}
        found[name] = [traces.log(call) for call in calls]
    return found


def assert_is_one_answer(log: Log) -> None:
    assert (log["log_type"], log["status"], log["status_code"]) == ("chat", "success", 200)
    assert log["model"] in (MODEL, DATED_MODEL)
    assert log["provider_id"] == "openai"
    assert (log["prompt_tokens"], log["completion_tokens"]) == (PROMPT_TOKENS, COMPLETION_TOKENS)
    assert log["total_request_tokens"] == PROMPT_TOKENS + COMPLETION_TOKENS
    # A fifth of the prompt came from the cache; not every instrumentation says so.
    assert log["cost"] == pytest.approx(0.00045 if not log["prompt_cache_hit_tokens"] else 0.000435)
    assert log["is_cost_known"] is True
    assert log["latency"] > 0


def test_a_text_is_read_with_its_messages_and_settings(conversations: dict[str, list[Log]]) -> None:
    [log] = conversations["text"]
    assert_is_one_answer(log)
    assert (log["prompt_messages"], log["completion_message"]) == (ASKED, SAID)
    assert (log["temperature"], log["max_tokens"]) == (0.2, 50)
    assert log["metadata"]["finish_reason"] == "stop"


def test_a_tool_call_is_read_on_both_sides(conversations: dict[str, list[Log]]) -> None:
    asking, answering = conversations["tool"]
    for log in (asking, answering):
        assert_is_one_answer(log)
        assert all(message["role"] and "content" in message for message in log["prompt_messages"])
    [called] = asking["completion_message"]["tool_calls"]
    assert without_spaces(called) == without_spaces(TOOL_CALL)
    assert asking["has_tool_calls"] is True
    assert (answering["has_tool_calls"], answering["completion_message"]) == (False, SAID)
    *asked, calling, result = answering["prompt_messages"]
    assert asked == ASKED
    assert [without_spaces(call) for call in calling["tool_calls"]] == [without_spaces(TOOL_CALL)]
    assert (result["role"], result["tool_call_id"]) == ("tool", TOOL_CALL["id"])
    assert result["content"] == '{"temperature": 21}'


def without_spaces(call: dict[str, Any]) -> dict[str, Any]:
    """Return a tool call with its arguments as every writer of JSON agrees on them."""
    function = {**call["function"], "arguments": call["function"]["arguments"].replace(" ", "")}
    return {**call, "function": function}


def test_the_offered_tools_are_read_where_they_are_said(
    conversations: dict[str, list[Log]], request: pytest.FixtureRequest
) -> None:
    for log in conversations["tool"]:
        # The official one does not say them.
        names = [(tool["type"], tool["function"]["name"]) for tool in log["tools"] or []]
        assert names == ([] if OFFICIAL in request.node.name else [("function", "get_weather")])


def test_a_stream_is_read_as_the_whole_that_it_was(conversations: dict[str, list[Log]]) -> None:
    [log] = conversations["stream"]
    assert_is_one_answer(log)
    assert (log["prompt_messages"], log["completion_message"]) == (ASKED, SAID)
    # One event a token would outweigh the answer.
    assert "otel.events" not in log["metadata"]


def test_a_stream_shows_the_time_until_its_first_piece_where_that_is_said(
    conversations: dict[str, list[Log]], request: pytest.FixtureRequest
) -> None:
    [log] = conversations["stream"]
    if OFFICIAL in request.node.name:
        assert log["time_to_first_token"] is None
    else:
        assert 0 < log["time_to_first_token"] <= log["latency"]


def test_a_call_of_the_responses_api_is_the_same_log(
    conversations: dict[str, list[Log]], request: pytest.FixtureRequest
) -> None:
    logs = conversations["response"]
    # The official one does not look at that API yet.
    assert len(logs) == (0 if OFFICIAL in request.node.name else 1)
    for log in logs:
        assert_is_one_answer(log)
        assert log["prompt_messages"] == ASKED
        content = log["completion_message"]["content"]
        assert content in (ANSWER, [{"type": "text", "text": ANSWER}])


def test_an_embedding_is_a_log_of_its_own_type(
    conversations: dict[str, list[Log]], request: pytest.FixtureRequest
) -> None:
    [log] = conversations["embedding"]
    assert (log["log_type"], log["model"], log["status"]) == ("embedding", EMBEDDING_MODEL, "success")
    assert (log["prompt_tokens"], log["completion_tokens"]) == (PROMPT_TOKENS, None)
    # Two cents a million.
    assert log["cost"] == pytest.approx(PROMPT_TOKENS * 0.02 / 1e6)
    if OFFICIAL not in request.node.name:
        assert QUESTION in log["input"]


def test_a_refused_call_is_a_failed_log_that_says_why(conversations: dict[str, list[Log]]) -> None:
    [log] = conversations["failure"]
    assert (log["status"], log["failed"], log["model"]) == ("failed", True, MISSING_MODEL)
    assert REFUSAL in log["error_message"]
    assert log["error_code"].endswith("NotFoundError")
    assert log["prompt_messages"] == ASKED
    assert log["completion_message"] is None
    assert (log["cost"], log["is_cost_known"]) == (0.0, False)
