"""A user's program that makes spans, waits for a line, and makes as many again, while its server may be away."""

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

PATIENCE_MILLISECONDS = 60_000
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("outage")


def work() -> None:
    for number in range(1_000):
        with tracer.start_as_current_span(f"step {number}"):
            pass


with tracer.start_as_current_span("journey") as root:
    work()
    provider.force_flush(PATIENCE_MILLISECONDS)
    print(f"{root.get_span_context().trace_id:032x}", flush=True)
    sys.stdin.readline()
    work()
print("everything sent" if provider.force_flush(PATIENCE_MILLISECONDS) else "given up")
provider.shutdown()
