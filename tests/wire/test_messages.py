"""Messages in payloads: previews on the way in, the older shapes on the way out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.wire import codec
from assay.wire.messages import (
    as_json_text,
    calls_tools,
    completion_message,
    completion_messages,
    input_preview,
    output_preview,
    prompt_messages,
)

USER = {"role": "user", "content": "Where is\n  my   order?"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": {"name": "look_up"}}]}
SAID = {"role": "assistant", "content": "On its way"}


def asked(value: Any) -> str:
    return input_preview(value, codec.encode(value))


def said(value: Any) -> str:
    return output_preview(value, codec.encode(value))


def shown(value: Any) -> Any:
    return json.loads(codec.encode(value))


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "system", "content": "Be kind."}, USER],
        [{"role": "user", "content": "Hi"}, SAID, USER, CALL, {"role": "tool", "content": "12"}],
        {"messages": [USER], "temperature": 1},
        USER,
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}},
                                      {"type": "text", "text": "Where is"}, {"type": "text", "text": "my order?"}]}],
        [{"role": "user", "parts": [{"text": "Where is my order?"}]}],
        json.dumps([USER]),
        "  Where is my\torder?\n",
    ],
)  # fmt: skip
def test_a_preview_of_an_input_is_the_last_thing_the_user_said(value: Any) -> None:
    assert asked(value) == "Where is my order?"


def test_without_a_user_the_last_message_is_shown() -> None:
    assert asked([{"role": "system", "content": "Summarise."}]) == "Summarise."


@pytest.mark.parametrize(
    "value",
    [
        SAID,
        [SAID],
        [USER, SAID],
        {"choices": [{"message": SAID, "finish_reason": "stop"}], "usage": {}},
        {"messages": [USER, SAID]},
        {"role": "model", "parts": [{"text": "On its way"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "On its way"}]},
        [{"type": "reasoning"}, {"type": "message", "role": "assistant",
                                 "content": [{"type": "output_text", "text": "On its way"}]}],
        json.dumps(SAID),
        "On its way",
    ],
)  # fmt: skip
def test_a_preview_of_an_output_is_what_the_assistant_said(value: Any) -> None:
    assert said(value) == "On its way"


@pytest.mark.parametrize(
    "value",
    [
        CALL,
        {"role": "assistant", "content": "", "function_call": {"name": "look_up", "arguments": "{}"}},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "look_up", "input": {}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "look_up"}}]},
        {"choices": [{"message": CALL}]},
    ],
)
def test_an_answer_that_only_calls_tools_is_previewed_by_their_names(value: Any) -> None:
    assert said(value) == "look_up"
    assert calls_tools(value)


@pytest.mark.parametrize(
    "value", [SAID, [USER, SAID], "look_up", None, 3, {"a": 1}, [], [[CALL]], {**SAID, "tool_calls": []},
              {"role": "assistant", "tool_calls": "none", "content": [3, "text"]}]
)  # fmt: skip
def test_an_answer_without_calls_calls_no_tools(value: Any) -> None:
    assert not calls_tools(value)


def test_a_list_of_messages_or_items_with_a_call_calls_tools() -> None:
    assert calls_tools([USER, CALL, {"role": "tool", "content": "12"}, SAID])
    assert calls_tools([{"type": "function_call", "name": "look_up", "arguments": "{}"}])


@pytest.mark.parametrize("value", [{"question": "6 × 7"}, [1, {"a": None}], 12.5, True, [], {}, [[]], {"choices": []}])
def test_any_other_value_is_previewed_as_json(value: Any) -> None:
    text = codec.encode(value).decode()
    assert (asked(value), said(value)) == (text, text)


def test_nothing_and_null_have_no_preview() -> None:
    assert (input_preview(object(), None), output_preview(object(), None), asked(None), said(None)) == ("", "", "", "")


@pytest.mark.parametrize(
    "value",
    ["word " * 10**6, [{"role": "user", "content": "x" * 10**6}], {"k": "ü" * 10**6}, "\n" * 200 + "late " * 500],
)
def test_a_preview_has_at_most_80_characters(value: Any) -> None:
    for preview in (asked(value), said(value)):
        assert 78 <= len(preview) <= 80
        assert preview == " ".join(preview.split())


@pytest.mark.parametrize(
    "text", ["[", "{not json", '[{"role": "user"', '{"role": 3}', '["role"]', "[" * 30_000 + '"role"']
)
def test_text_that_only_looks_like_messages_is_text(text: str) -> None:
    assert asked(text) == text[:80]


def test_messages_are_shown_as_they_came_in() -> None:
    payload = codec.encode([USER, {**CALL, "unheard_of": {"deep": [1]}}])
    assert shown(prompt_messages(payload, is_model_call=True)) == json.loads(payload)


@pytest.mark.parametrize(
    "value", [[], [1], [{"content": "no role"}], [{"role": 3}], {"a": 1}, 5, "text", "[1]", {"messages": [1]}]
)
def test_what_is_no_list_of_messages_is_what_the_user_said_to_a_model_and_none_to_a_tool(value: Any) -> None:
    payload = codec.encode(value)
    content = value if isinstance(value, str) else payload.decode()
    assert prompt_messages(payload, is_model_call=True) == [{"role": "user", "content": content}]
    assert prompt_messages(payload, is_model_call=False) == []


@pytest.mark.parametrize("payload", [None, b"null"])
def test_nothing_has_no_messages(payload: bytes | None) -> None:
    assert prompt_messages(payload, is_model_call=True) == []
    assert completion_message(payload, is_model_call=True) is None
    assert completion_messages(payload, None) == []
    assert as_json_text(payload) is None


@pytest.mark.parametrize("value", [SAID, [USER, SAID], {"choices": [{"message": SAID}]}, json.dumps([SAID])])
def test_the_completion_is_the_assistants_message(value: Any) -> None:
    assert shown(completion_message(codec.encode(value), is_model_call=False)) == SAID


@pytest.mark.parametrize(
    "value", [{"tool_calls": [{"id": "1"}]}, {"choices": [{"message": {"content": "x"}}]}, {"role": 3}]
)
def test_a_completion_always_has_a_role(value: Any) -> None:
    assert shown(completion_message(codec.encode(value), is_model_call=False))["role"] == "assistant"


@pytest.mark.parametrize("value", ["done", {"a": 1}, [1], 4])
def test_what_is_no_message_is_what_a_model_said_and_none_of_a_tool(value: Any) -> None:
    payload = codec.encode(value)
    content = value if isinstance(value, str) else payload.decode()
    assert completion_message(payload, is_model_call=True) == {"role": "assistant", "content": content}
    assert completion_message(payload, is_model_call=False) is None


def test_the_completions_are_the_list_that_came_or_the_one_message() -> None:
    assert shown(completion_messages(codec.encode([SAID, SAID]), SAID)) == [SAID, SAID]
    assert completion_messages(codec.encode(SAID), SAID) == [SAID]
