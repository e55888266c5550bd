"""Those who send request logs to a server that dies under them: each request, what it holds, and what was answered."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.recovery.operations import client_of
from tests.server import Server
from tests.wire.otlp_requests import as_protobuf, json_request, json_span

# So many requests, of all senders, add to one trace.
_REQUESTS_A_TRACE = 5
_SENT_AGAIN = 0.1


@dataclass(frozen=True)
class Request:
    """A request as it goes over the wire, any number of times."""

    path: str
    body: bytes
    headers: dict[str, str]
    names: Sequence[str]
    is_repeatable: bool


@dataclass
class Ledger:
    """What all senders sent and what the server acknowledged; each log is known by its custom identifier."""

    requests: list[Request] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)
    unanswered_count: int = 0
    duplicate_count: int = 0


class Sender:
    """One client that goes on and on; what broke off is sent again first of all where that does no harm."""

    def __init__(self, kind: str, number: int, ledger: Ledger) -> None:
        self.ledger = ledger
        self._make: Callable[[], Request] = getattr(self, f"_{kind}")
        self._number, self._count, self._requests = number, 0, 0
        self._draw = random.Random(number)
        self._unanswered: Request | None = None
        self._answered: Request | None = None

    def run(self, server: Server) -> None:
        """Send until the connection breaks."""
        with client_of(server) as client:
            try:
                while True:
                    self._step(client)
            except httpx2.TransportError:
                self.ledger.unanswered_count += 1

    def settle(self, client: httpx2.Client) -> None:
        """Send again what was not answered."""
        if self._unanswered is not None:
            self._send(client, self._unanswered)

    def _step(self, client: httpx2.Client) -> None:
        self.settle(client)
        if self._answered is not None and self._draw.random() < _SENT_AGAIN:
            # As does one who did not get the answer.
            self._send(client, self._answered)
            return
        request = self._make()
        self._requests += 1
        self.ledger.requests.append(request)
        self._send(client, request)

    def _send(self, client: httpx2.Client, request: Request) -> None:
        self._unanswered = request if request.is_repeatable else None
        answer = client.post(request.path, content=request.body, headers=request.headers)
        self._note(request, answer)
        self._unanswered = None
        if request.is_repeatable:
            self._answered = request
        name = self._draw.choice(request.names)
        if name in self.ledger.ids and self._draw.random() < 0.2:
            # Acknowledged means that it can be read.
            read = client.get(f"/api/request-logs/{self.ledger.ids[name]}/")
            assert (read.status_code, read.json().get("custom_identifier")) == (200, name)

    def _note(self, request: Request, answer: httpx2.Response) -> None:
        assert answer.status_code in (200, 201), (answer.status_code, answer.text)
        ledger = self.ledger
        if answer.headers["content-type"] == "application/x-protobuf":
            assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
        else:
            said = answer.json()
            if "ingested_count" in said:
                assert said["ingested_count"] == len(request.names), said
                ledger.duplicate_count += said["duplicate_count"]
            elif "ids" in said:
                assert said["success_count"] == len(request.names), said
                ledger.duplicate_count += said["duplicate_count"]
                self._note_ids(request.names, said["ids"])
            else:
                ledger.duplicate_count += said["is_duplicate"]
                self._note_ids(request.names, [said["id"]])
        ledger.acknowledged.update(request.names)

    def _note_ids(self, names: Sequence[str], ids: Sequence[str]) -> None:
        for name, log_id in zip(names, ids, strict=True):
            assert self.ledger.ids.setdefault(name, log_id) == log_id, "a retry was another log"

    # What is sent ---------------------------------------------------------------------------------------------------

    def _names(self, size: int) -> list[str]:
        first, self._count = self._count, self._count + size
        return [f"s{self._number}n{place}" for place in range(first, first + size)]

    def _logs(self, names: Sequence[str]) -> list[dict[str, Any]]:
        filler = "the same old story " * self._draw.randrange(1, 40)
        common = {"model": "gpt-4o", "prompt_tokens": 3, "completion_tokens": 5, "metadata": {"sender": self._number}}
        return [
            {**common, "custom_identifier": name, "input": f"{filler} about word{name}", "output": "indeed"}
            for name in names
        ]

    def _json(self, path: str, names: Sequence[str], body: Any, key: str | None = None, again: bool = False) -> Request:
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        return Request(path, json.dumps(body).encode(), headers, names, again or key is not None)

    def _single(self) -> Request:
        names = self._names(1)
        return self._json("/api/request-logs/", names, self._logs(names)[0])

    def _keyed(self) -> Request:
        names = self._names(1)
        return self._json("/api/request-logs/create/", names, self._logs(names)[0], f"key {names[0]}")

    def _bulk(self) -> Request:
        names = self._names(20)
        return self._json("/api/request-logs/bulk/", names, {"logs": self._logs(names)})

    def _batch(self) -> Request:
        names = self._names(150)
        return self._json("/api/request-logs/batch/create/", names, {"logs": self._logs(names)}, f"key {names[0]}")

    def _spans(self) -> Request:
        names = self._names(10)
        ids = {"trace_unique_id": self._trace(), "log_type": "generation"}
        spans = [
            {**log, **ids, "span_unique_id": self._span(name), "status": "error" if place == 3 else "success"}
            for place, (name, log) in enumerate(zip(names, self._logs(names), strict=True))
        ]
        for child in spans[1:]:
            child["span_parent_id"] = spans[0]["span_unique_id"]
        # Children before their parent.
        return self._json("/api/v1/traces/ingest", names[::-1], {"data": spans[::-1]}, again=True)

    def _otlp(self) -> Request:
        names = self._names(12)
        spans = [
            json_span(
                {
                    "respan.span_params.custom_identifier": name,
                    "gen_ai.system": "openai",
                    "gen_ai.request.model": "gpt-4o",
                    "gen_ai.usage.input_tokens": 7,
                    "gen_ai.prompt.0.content": f"about word{name}",
                },
                traceId=self._trace(),
                spanId=self._span(name),
                parentSpanId="",
            )
            for name in names
        ]
        headers = {"Content-Type": "application/x-protobuf"}
        return Request("/api/v2/traces", as_protobuf(json_request(spans)), headers, names, is_repeatable=True)

    def _trace(self) -> str:
        """Return a trace that other senders add to as well."""
        return f"{self._requests // _REQUESTS_A_TRACE + 1:032x}"

    @staticmethod
    def _span(name: str) -> str:
        number, _, place = name.removeprefix("s").partition("n")
        return f"{int(number) + 1:04x}{int(place):012x}"
