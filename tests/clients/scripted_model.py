"""A model server with the API of OpenAI whose answers are written down here: a real HTTP server on a free port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "gpt-4o-mini"
# What OpenAI names the same model in its answers.
DATED_MODEL = "gpt-4o-mini-2024-07-18"
QUESTION = "What is the capital of France?"
ANSWER = "The capital of France is Paris."
TOOL_CALL = {
    "id": "call_weather_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
}
PROMPT_TOKENS, COMPLETION_TOKENS, CACHED_TOKENS = 1_000, 500, 200
USAGE = {
    "prompt_tokens": PROMPT_TOKENS,
    "completion_tokens": COMPLETION_TOKENS,
    "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
    "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
}
# A model of this name is refused, as OpenAI refuses those it does not have.
MISSING_MODEL = "no-such-model"
REFUSAL = "The model `no-such-model` does not exist or you do not have access to it."


def _completion(asked: dict[str, Any]) -> dict[str, Any]:
    """Return a tool call where tools are offered and none has answered yet, the fixed text otherwise."""
    is_answered = any(message.get("role") == "tool" for message in asked["messages"])
    if asked.get("tools") and not is_answered:
        message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}
        reason = "tool_calls"
    else:
        message, reason = {"role": "assistant", "content": ANSWER}, "stop"
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1_795_433_216,
        "model": DATED_MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": USAGE,
        "system_fingerprint": "fp_scripted",
    }


def _chunks(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the same completion as the pieces of a stream: role, words, end, and usage where it is asked for."""
    whole = _completion(asked)
    shared = {name: whole[name] for name in ("id", "created", "model", "system_fingerprint")}
    shared["object"] = "chat.completion.chunk"
    words = ANSWER.split(" ")
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word if place == 0 else f" {word}"} for place, word in enumerate(words)]
    for delta in deltas:
        yield {**shared, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**shared, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield {**shared, "choices": [], "usage": USAGE}


def _response(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the fixed text as the newer Responses API does."""
    content = {"type": "output_text", "text": ANSWER, "annotations": []}
    message = {"id": "msg_scripted", "type": "message", "role": "assistant", "status": "completed"}
    return {
        "id": "resp_scripted",
        "object": "response",
        "created_at": 1_795_433_216,
        "status": "completed",
        "model": DATED_MODEL,
        "instructions": asked.get("instructions"),
        "output": [{**message, "content": [content]}],
        "usage": {
            "input_tokens": PROMPT_TOKENS,
            "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
            "output_tokens": COMPLETION_TOKENS,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        },
        "error": None,
        "incomplete_details": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }


def _embeddings(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "object": "list",
        "model": asked["model"],
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, 0.5]}],
        "usage": {"prompt_tokens": PROMPT_TOKENS, "total_tokens": PROMPT_TOKENS},
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/responses"):
            self._answer(200, _response(asked))
        elif self.path.endswith("/embeddings"):
            self._answer(200, _embeddings(asked))
        elif not self.path.endswith("/chat/completions"):
            self._answer(404, {"error": {"message": f"No such path: {self.path}", "type": "invalid_request_error"}})
        elif asked["model"] == MISSING_MODEL:
            error = {"message": REFUSAL, "type": "invalid_request_error", "param": None, "code": "model_not_found"}
            self._answer(404, {"error": error})
        elif asked.get("stream"):
            self._stream(asked)
        else:
            self._answer(200, _completion(asked))

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, asked: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in _chunks(asked):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the output of the tests clean."""


@contextmanager
def scripted_model() -> Iterator[str]:
    """Run the server; yields the base URL for an OpenAI client."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join()
