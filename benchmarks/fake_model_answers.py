"""What the fake model server answers: verdicts made from the prompt, and models that misbehave by their name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from assay.providers.schema_values import value_for

_encode = msgspec.json.encode
# What no reader of verdicts may take for one.
_NONSENSE = (
    "I would rather not put this into a number.",
    '{"score": ',
    "",
    "[]",
    '{"score": "purple"}',
    "<html></html>",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as the server understood it; `body` is the decoded request, `authorization` the key that came with it."""

    body: Mapping[str, Any]
    is_anthropic: bool
    authorization: str
    digest: bytes

    @property
    def model(self) -> str:
        """The model that was asked."""
        return str(self.body.get("model", ""))

    @property
    def format_type(self) -> str | None:
        """The type of `response_format`, if one was sent."""
        found = self.body.get("response_format")
        return found.get("type") if isinstance(found, dict) else None

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The schema that the answer is to have, if one was sent."""
        if self.is_anthropic:
            choice = self.body.get("tool_choice")
            wanted = choice.get("name") if isinstance(choice, dict) else None
            tools = self.body.get("tools") or []
            return next((tool["input_schema"] for tool in tools if tool["name"] == wanted), None)
        return self.body["response_format"]["json_schema"]["schema"] if self.format_type == "json_schema" else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `kind` names it in the log, `text` is the model's own part; `fault` is how the transport fails."""

    status: int
    body: bytes
    kind: str
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    fault: str | None = None


def prompt_digest(body: Mapping[str, Any], seed: int) -> bytes:
    """Return 16 bytes that stand for the messages of a call, the same in every process for the same seed."""
    said = _encode([body.get("system"), body.get("messages")])
    return hashlib.blake2b(said, digest_size=16, salt=seed.to_bytes(16, "little", signed=True)).digest()


def chance(digest: bytes, attempt: int) -> float:
    """Return a number in [0, 1) for one attempt at a prompt, whatever the order in which prompts arrive."""
    drawn = hashlib.blake2b(digest + attempt.to_bytes(8, "little"), digest_size=8).digest()
    return int.from_bytes(drawn, "little") / 2**64


def verdict(asked: Asked) -> Reply:
    """Return the answer that the prompt determines: valid for the schema, or `{"score", "reasoning"}` without one."""
    quirk = _QUIRKS.get(asked.model)
    if quirk is not None and (reply := quirk(asked)) is not None:
        return reply
    return completed(asked, verdict_text(asked), "verdict")


def verdict_text(asked: Asked) -> str:
    """Return the JSON text of the verdict on a prompt."""
    schema = asked.schema
    if schema is None:
        number = int.from_bytes(asked.digest[:4], "little") / 2**32
        value: Any = {"score": round(number, 4), "reasoning": "Made from a hash of the prompt."}
    else:
        value = value_for(_as_described(schema), asked.digest)
    return _encode(value).decode()


def _as_described(schema: Any) -> Any:
    """Return the schema with the bounds that its descriptions tell: strict modes take none, models read the words."""
    if not isinstance(schema, dict):
        return schema
    described = {name: _as_described(value) if name != "properties" else value for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        described["properties"] = {name: _as_described(value) for name, value in schema["properties"].items()}
    text = schema.get("description")
    if schema.get("type") in ("number", "integer") and isinstance(text, str):
        bounds = {name: found for name, words in _BOUNDS.items() if (found := words.search(text))}
        described = {**{name: float(found[1]) for name, found in bounds.items()}, **described}
    if schema.get("type") == "string" and isinstance(text, str) and "JSON text" in text:
        described.setdefault("contentMediaType", "application/json")
    return described


_BOUNDS = {
    "minimum": re.compile(r"(?:from|at least) (-?\d+(?:\.\d+)?)"),
    "maximum": re.compile(r"(?:\d to|at most) (-?\d+(?:\.\d+)?)"),
}


def nonsense(asked: Asked) -> Reply:
    """Return a well-formed answer of 200 whose text is no verdict."""
    text = _NONSENSE[asked.digest[0] % len(_NONSENSE)]
    return completed(asked, text, "nonsense", as_text=True)


def completed(asked: Asked, text: str, kind: str, *, as_text: bool = False, **changes: Any) -> Reply:
    """Wrap the text of a model as its house does; `changes` replace top-level keys of the answer."""
    words = max(1, len(_encode(asked.body.get("messages"))) // 4), max(1, len(text) // 4)
    wrap = _anthropic_body if asked.is_anthropic else _openai_body
    body = {**wrap(asked, text, *words, as_text), **changes}
    return Reply(200, _encode(body), kind, text)


def _openai_body(asked: Asked, text: str, prompt_tokens: int, completion_tokens: int, as_text: bool) -> dict[str, Any]:
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    return {
        "id": f"chatcmpl-{asked.digest.hex()}",
        "object": "chat.completion",
        "created": 1_795_433_216,
        "model": f"{asked.model}-fake",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {**usage, "total_tokens": prompt_tokens + completion_tokens},
    }


def _anthropic_body(asked: Asked, text: str, input_tokens: int, output_tokens: int, as_text: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"type": "text", "text": text}
    if asked.schema is not None and not as_text:
        used = {"type": "tool_use", "id": f"toolu_{asked.digest.hex()}", "name": asked.body["tool_choice"]["name"]}
        content = {**used, "input": msgspec.Raw(text.encode())}
    return {
        "id": f"msg_{asked.digest.hex()}",
        "type": "message",
        "role": "assistant",
        "model": f"{asked.model}-fake",
        "content": [content],
        "stop_reason": "tool_use" if content["type"] == "tool_use" else "end_turn",
        "usage": {"input_tokens": input_tokens, "output_tokens": output_tokens},
    }


def refused_call(
    status: int,
    message: str,
    kind: str = "refused_call",
    *,
    param: str | None = None,
    code: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """Return an error in the shape that OpenAI and Anthropic share."""
    types = {429: "rate_limit_error", 529: "overloaded_error"}
    error = {"type": types.get(status, "invalid_request_error"), "message": message, "param": param, "code": code}
    return Reply(status, _encode({"type": "error", "error": error}), kind, message, headers)


def _without_formats(*refused: str) -> Callable[[Asked], Reply | None]:
    def answer(asked: Asked) -> Reply | None:
        if asked.format_type not in refused:
            return None
        return refused_call(400, f"response_format type '{asked.format_type}' is not available for this model.")

    return answer


def _reasoning_model(asked: Asked) -> Reply | None:
    """Refuse what OpenAI's reasoning models refuse, in its words."""
    if "max_tokens" in asked.body:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return refused_call(400, message, param="max_tokens", code="unsupported_parameter")
    for name in ("temperature", "top_p"):
        if name in asked.body:
            message = f"Unsupported value: '{name}' does not support {asked.body[name]} with this model."
            return refused_call(400, message, param=name, code="unsupported_value")
    return None


def _thinking_model(asked: Asked) -> Reply | None:
    if "tool_choice" not in asked.body:
        return None
    return refused_call(400, "Thinking may not be enabled when tool_choice forces tool use.")


def _content_parts(asked: Asked) -> Reply:
    text = verdict_text(asked)
    parts = [{"type": "text", "text": text[:5]}, {"type": "text", "text": text[5:]}]
    message = {"role": "assistant", "content": parts}
    return completed(asked, text, "verdict", choices=[{"index": 0, "message": message, "finish_reason": "stop"}])


def _refusal(asked: Asked) -> Reply:
    message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return completed(asked, "", "refusal", as_text=True, choices=choices, content=[], stop_reason="refusal")


_TROUBLE = b"x" * 11_000_000
# Models by name, each with one trouble of the real world; any other name is a model without trouble.
_QUIRKS: dict[str, Callable[[Asked], Reply | None]] = {
    "no-json-schema": _without_formats("json_schema"),
    "no-response-format": _without_formats("json_schema", "json_object"),
    "no-tool-choice": _thinking_model,
    "reasoning": _reasoning_model,
    "content-parts": _content_parts,
    "refusing": _refusal,
    "no-usage": lambda asked: completed(asked, verdict_text(asked), "verdict", usage=None),
    "no-choices": lambda asked: completed(asked, "", "nonsense", as_text=True, choices=[], content=[]),
    "not-json": lambda asked: Reply(200, b"<html>It works!</html>", "not_json"),
    "huge": lambda asked: Reply(200, _TROUBLE, "huge"),
    "dripping": lambda asked: Reply(200, b" " * 10_000, "dripping", fault="drip"),
    "cut-off": lambda asked: Reply(200, b'{"choices": [', "cut_off", fault="cut"),
    "hanging-up": lambda asked: Reply(200, b"", "hung_up", fault="hang_up"),
    "hanging": lambda asked: Reply(200, b"", "hanging", fault="hang"),
    "missing": lambda asked: refused_call(404, f"The model `{asked.model}` does not exist.", code="model_not_found"),
    "forbidden": lambda asked: refused_call(401, f"Incorrect API key provided: {asked.authorization}."),
    "out-of-quota": lambda asked: refused_call(429, "You exceeded your current quota.", code="insufficient_quota"),
    "overloaded": lambda asked: refused_call(529, "Overloaded"),
    "broken": lambda asked: Reply(500, b"Internal Server Error", "failed"),
    "bad-schema": lambda asked: (
        refused_call(
            400,
            "Invalid schema for response_format 'answer': 'additionalProperties' is required.",
            param="response_format",
        )
        if asked.format_type == "json_schema"
        else None
    ),
}
