"""A user's program: the OpenAI SDK under the instrumentation that INSTRUMENTATION names, exported over OTLP/HTTP.

Prints the name and the trace of each of its conversations.
"""

import os
from contextlib import suppress
from importlib import import_module

from openai import NotFoundError, OpenAI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
import_module(os.environ["INSTRUMENTATION"]).OpenAIInstrumentor().instrument(tracer_provider=provider)

model = OpenAI(max_retries=0)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
messages = [
    {"role": "system", "content": "You answer in one sentence."},
    {"role": "user", "content": "What is the capital of France?"},
]


def text() -> None:
    model.chat.completions.create(model="gpt-4o-mini", messages=messages, temperature=0.2, max_tokens=50)


def stream() -> None:
    for _ in model.chat.completions.create(
        model="gpt-4o-mini", messages=messages, stream=True, stream_options={"include_usage": True}
    ):
        pass


def tool() -> None:
    reply = model.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[WEATHER])
    called = reply.choices[0].message
    answered = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": '{"temperature": 21}'}
    model.chat.completions.create(
        model="gpt-4o-mini", messages=[*messages, called.model_dump(exclude_none=True), answered], tools=[WEATHER]
    )


def failure() -> None:
    with suppress(NotFoundError):
        model.chat.completions.create(model="no-such-model", messages=messages)


def response() -> None:
    model.responses.create(
        model="gpt-4o-mini", instructions="You answer in one sentence.", input="What is the capital of France?"
    )


def embedding() -> None:
    model.embeddings.create(model="text-embedding-3-small", input="What is the capital of France?")


for conversation in (text, tool, stream, failure, response, embedding):
    with provider.get_tracer("travel").start_as_current_span("journey") as root:
        print(conversation.__name__, f"{root.get_span_context().trace_id:032x}")
        conversation()
provider.shutdown()
