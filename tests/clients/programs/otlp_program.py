"""A user's program with the plain OpenTelemetry SDK: an agent span above an LLM span with gen_ai attributes by hand."""

import json

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "travel-agent"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("travel")

asked = [{"role": "user", "parts": [{"type": "text", "content": "What is the capital of France?"}]}]
said = [
    {
        "role": "assistant",
        "parts": [{"type": "text", "content": "The capital of France is Paris."}],
        "finish_reason": "stop",
    }
]
with tracer.start_as_current_span("plan a journey") as root:
    root.set_attribute("gen_ai.operation.name", "invoke_agent")
    root.set_attribute("customer.plan", "pro")
    with tracer.start_as_current_span("chat gpt-4o-mini", kind=trace.SpanKind.CLIENT) as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.provider.name", "openai")
        span.set_attribute("gen_ai.request.model", "gpt-4o-mini")
        span.set_attribute("gen_ai.response.model", "gpt-4o-mini-2024-07-18")
        span.set_attribute("gen_ai.usage.input_tokens", 1000)
        span.set_attribute("gen_ai.usage.output_tokens", 500)
        span.set_attribute("gen_ai.input.messages", json.dumps(asked))
        span.set_attribute("gen_ai.output.messages", json.dumps(said))
    print(f"{root.get_span_context().trace_id:032x}")
provider.shutdown()
