"""Generated request logs, the same for the same number, about 2.6 KB of JSON each: as create bodies and OTLP spans."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from benchmarks.client import request
from benchmarks.data import SEED, sentences, zipf
from benchmarks.server import API_KEY

# All of them have list prices: the server computes what a log cost.
MODELS = (
    "gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "gemini-2.5-flash", "gpt-4.1-mini", "claude-haiku-4-5",
    "gemini-2.5-pro", "gpt-5-mini", "gpt-5", "mistral-small-latest", "deepseek-chat", "o4-mini", "o3",
    "claude-opus-4-1", "mistral-large-latest", "grok-4", "command-r-plus", "gpt-4.1", "gpt-4-turbo", "gpt-3.5-turbo",
)  # fmt: skip
# The logs lie in the 30 days before this moment, in no order.
NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 30
# One log in 2,000 is of each build, one in fifty was cut off.
BUILDS = 2_000
CUT_OFF = {"output.finish_reason": "length"}
_CUT_OFF_ONE_IN = 50
# Of twelve logs that follow each other, four are the spans of one trace.
_BLOCK, _SPANS = 12, 4
_REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "ap-northeast-1")
_TIERS = ("free", "pro", "team", "enterprise")
_TAGS = ("chat", "rag", "agent", "summarize", "extract", "support", "translate", "code", "canary", "tool-use", "retry")
_ERRORS = ((429, "Too many requests a minute."), (500, "The provider answered 500."), (408, "No answer within 60 s."))
_CUSTOMERS, _SESSIONS = 2_000, 40_000
_INPUT_SENTENCES, _OUTPUT_SENTENCES = 20, 7
_MODEL_WEIGHTS, _CUSTOMER_WEIGHTS = zipf(len(MODELS)), zipf(_CUSTOMERS, 1.0)


def log(number: int) -> dict[str, Any]:
    """Return a log of the endless sequence, as the body that records it."""
    chance = random.Random(SEED * 1_000_033 + number)
    (model,) = chance.choices(MODELS, cum_weights=_MODEL_WEIGHTS)
    (customer,) = chance.choices(range(_CUSTOMERS), cum_weights=_CUSTOMER_WEIGHTS)
    prompt, reply = _prose(chance, _INPUT_SENTENCES), _prose(chance, _OUTPUT_SENTENCES)
    latency_seconds = min(60.0, chance.lognormvariate(0.3, 0.7))
    end = NOW - timedelta(seconds=chance.random() * DAYS * 86_400)
    made: dict[str, Any] = {
        "model": model,
        "log_type": "chat",
        "input": [
            {"role": "system", "content": f"You answer questions about {_TAGS[number % 11]}, briefly and kindly."},
            {"role": "user", "content": f"Case {number:09d}. {prompt}"},
        ],
        "output": {
            "role": "assistant",
            "content": reply,
            "finish_reason": "stop" if chance.randrange(_CUT_OFF_ONE_IN) else "length",
        },
        "prompt_tokens": len(prompt) // 4 + 40,
        "completion_tokens": len(reply) // 4,
        "latency": round(latency_seconds, 4),
        "time_to_first_token": round(latency_seconds * chance.uniform(0.1, 0.5), 4),
        "timestamp": _written(end),
        "start_time": _written(end - timedelta(seconds=latency_seconds)),
        "customer_identifier": f"customer-{customer:04d}",
        "session_identifier": f"session-{chance.randrange(_SESSIONS):05d}",
        "custom_identifier": f"request-{number:09d}",
        "metadata": {
            "environment": chance.choice(("production", "production", "production", "staging")),
            "prompt_version": chance.randint(1, 9),
            "region": chance.choice(_REGIONS),
            "tier": chance.choice(_TIERS),
            "build": f"build-{number % BUILDS:04d}",
            "tags": chance.sample(_TAGS, 2),
            "is_streamed": chance.random() < 0.7,
            "priority": round(chance.random(), 3),
        },
    }
    if chance.random() < 0.01:
        made["status_code"], made["error_message"] = chance.choice(_ERRORS)
        made["output"], made["completion_tokens"] = None, 0
    if number % _BLOCK < _SPANS:
        made |= _span(number)
    return made


def _prose(chance: random.Random, length: int) -> str:
    return " ".join(chance.choices(sentences(), k=max(1, round(length * chance.lognormvariate(0, 0.35)))))


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _span(number: int) -> dict[str, Any]:
    """Return what makes a log a span: the first of a block is the root, the others its children, all at one time."""
    block, place = divmod(number, _BLOCK)
    chance = random.Random(SEED * 1_000_037 + block)
    begin = NOW - timedelta(seconds=chance.random() * DAYS * 86_400 + 60)
    root, *children = (f"{chance.getrandbits(64):016x}" for _ in range(_SPANS))
    return {
        "trace_unique_id": f"{chance.getrandbits(128):032x}",
        "span_unique_id": (root, *children)[place],
        "span_parent_id": root if place else None,
        "span_name": f"step-{place}" if place else "answer",
        "log_type": "chat" if place else "workflow",
        "start_time": _written(begin + timedelta(seconds=place)),
        "timestamp": _written(begin + timedelta(seconds=2 + 2 * place)),
    }


def _encoded(made: dict[str, Any]) -> bytes:
    return json.dumps(made, separators=(",", ":")).encode()


def _slices(items: Iterable[Any], size: int) -> Iterator[Sequence[Any]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def single_requests(count: int, *, first: int) -> list[bytes]:
    """Return requests that record one log each."""
    logs = (_encoded(log(number)) for number in range(first, first + count))
    return [request("POST", "/api/request-logs/", body, key=API_KEY) for body in logs]


def many_requests(path: str, count: int, size: int, *, first: int) -> Iterator[bytes]:
    """Yield requests that record logs `first` to `first + count`, `size` in each, at `path`."""
    for part in _slices(range(first, first + count), size):
        yield _many_request(path, part)


def plain_requests(path: str, count: int, size: int, *, first: int) -> list[bytes]:
    """Return the same of logs that are no spans: sent twice they are recorded twice."""
    numbers = (number for number in range(first, first + 2 * count) if number % _BLOCK >= _SPANS)
    return [_many_request(path, part) for part in _slices(islice(numbers, count), size)]


def _many_request(path: str, numbers: Sequence[int]) -> bytes:
    body = b'{"logs":[' + b",".join(_encoded(log(number)) for number in numbers) + b"]}"
    return request("POST", path, body, key=API_KEY)


@lru_cache(maxsize=1)
def _word_counts() -> Counter[str]:
    """Count in how many of the sentences each word is."""
    return Counter(word for sentence in sentences() for word in set(sentence.lower().rstrip(".?").split()))


def common_words() -> str:
    """Return two words that are in most of the logs."""
    return " ".join(word for word, _ in _word_counts().most_common(2))


def rare_words() -> str:
    """Return two words of one sentence: those that are in the fewest sentences, so that one log in 300 has both."""
    counts = _word_counts()
    rarest = min(sentences(), key=lambda sentence: sorted(counts[word] for word in _words_of(sentence))[:2])
    return " ".join(sorted(_words_of(rarest), key=lambda word: counts[word])[:2])


def _words_of(sentence: str) -> set[str]:
    return set(sentence.lower().rstrip(".?").split())


# OTLP -----------------------------------------------------------------------------------------------------------------


def otlp_requests(count: int, size: int, *, first: int) -> list[bytes]:
    """Return requests that export the logs as spans in protobuf, written by the semantic conventions of GenAI."""
    return [
        request("POST", "/api/v2/traces", _exported(part), key=API_KEY, content_type="application/x-protobuf")
        for part in _slices(range(first, first + count), size)
    ]


def _exported(numbers: Sequence[int]) -> bytes:
    exported = ExportTraceServiceRequest()
    resource = exported.resource_spans.add()
    _add(resource.resource, "service.name", "benchmarks")
    scope = resource.scope_spans.add()
    scope.scope.name = "benchmarks.log_data"
    for number in numbers:
        _fill(scope.spans.add(), number, log(number))
    return exported.SerializeToString()


def _fill(span: Span, number: int, made: dict[str, Any]) -> None:
    # Every log is a span here: those that are in no trace get one of their own.
    chance = random.Random(SEED * 1_000_039 + number)
    span.trace_id = bytes.fromhex(made.get("trace_unique_id") or f"{chance.getrandbits(128):032x}")
    span.span_id = bytes.fromhex(made.get("span_unique_id") or f"{chance.getrandbits(64):016x}")
    if made.get("span_parent_id"):
        span.parent_span_id = bytes.fromhex(made["span_parent_id"])
    span.name = made.get("span_name") or f"chat {made['model']}"
    span.kind = Span.SPAN_KIND_CLIENT
    span.start_time_unix_nano = _nanoseconds(made["start_time"])
    span.end_time_unix_nano = _nanoseconds(made["timestamp"])
    if "error_message" in made:
        span.status.code, span.status.message = Status.STATUS_CODE_ERROR, made["error_message"]
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": made["model"],
        "gen_ai.usage.input_tokens": made["prompt_tokens"],
        "gen_ai.usage.output_tokens": made["completion_tokens"],
        "gen_ai.input.messages": json.dumps([_message(message) for message in made["input"]]),
        "user.id": made["customer_identifier"],
        "session.id": made["session_identifier"],
    }
    if made["output"] is not None:
        attributes["gen_ai.output.messages"] = json.dumps([_message(made["output"])])
    for name, value in (*attributes.items(), *made["metadata"].items()):
        _add(span, name, value)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    more = {"finish_reason": message["finish_reason"]} if "finish_reason" in message else {}
    return {"role": message["role"], "parts": [{"type": "text", "content": message["content"]}], **more}


def _nanoseconds(written: str) -> int:
    return int((datetime.fromisoformat(written) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000


def _add(owner: Any, name: str, value: Any) -> None:
    attribute = owner.attributes.add()
    attribute.key = name
    if isinstance(value, bool):
        attribute.value.bool_value = value
    elif isinstance(value, int):
        attribute.value.int_value = value
    elif isinstance(value, float):
        attribute.value.double_value = value
    elif isinstance(value, list):
        for item in value:
            attribute.value.array_value.values.add().string_value = item
    else:
        attribute.value.string_value = value
