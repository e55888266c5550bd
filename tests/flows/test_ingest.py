"""Recording logs over HTTP: one, many, spans; compressed, retried, oversized, broken. On both databases."""

from __future__ import annotations

import gzip
import json
import os
import socket
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard

from tests.flows.client import Api
from tests.server import Server

MEBIBYTE = 1024 * 1024
CREATE = "/api/request-logs/"
LOG = {"model": "gpt-4o-mini", "input": "Where is my parcel?", "output": "On its way."}


def read(api: Api, log_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.ok("GET", f"/api/request-logs/{log_id}/")
    return found


def count(api: Api, run: str) -> int:
    return int(api.ok("GET", f"/api/request-logs/count/?run={run}")["count"])


@pytest.fixture
def run() -> str:
    """A mark for the metadata of the logs of one test."""
    return os.urandom(8).hex()


@pytest.mark.parametrize(
    "path", ["/api/request-logs/", "/api/request-logs", "/api/request-logs/create", "/request-logs/create/"]
)
def test_a_log_can_be_read_as_soon_as_it_is_acknowledged(any_api: Api, path: str) -> None:
    made = any_api.ok("POST", path, {**LOG, "metadata": {"plan": "pro"}}, status=201)
    assert made["message"] == "log successful"
    assert made["id"] == made["unique_id"]
    log = read(any_api, made["id"])
    assert (log["input"], log["output"]) == (LOG["input"], LOG["output"])
    assert log["metadata"] == {"plan": "pro"}


def test_a_wrong_field_is_named_and_nothing_is_recorded(any_api: Api, run: str) -> None:
    said = any_api.refused("POST", CREATE, {**LOG, "metadata": {"run": run}, "prompt_tokens": "many"})
    assert list(said) == ["prompt_tokens"]
    assert count(any_api, run) == 0


def test_a_repeated_idempotency_key_finds_the_log_that_is_there(any_api: Api, run: str) -> None:
    headers = {"Idempotency-Key": f"order {run} ✓".encode()}
    body = {**LOG, "metadata": {"run": run}}
    first = any_api.ok("POST", CREATE, body, status=201, headers=headers)
    again = any_api.ok("POST", CREATE, body, status=201, headers=headers)
    assert (first["is_duplicate"], again["is_duplicate"]) == (False, True)
    assert first["id"] == again["id"]
    assert count(any_api, run) == 1


@pytest.mark.parametrize("key", ["", "k" * 256, b"\xff\xfe", "a\tb"])
def test_an_idempotency_key_that_nobody_can_see_is_refused(any_api: Api, key: Any) -> None:
    assert list(any_api.refused("POST", CREATE, LOG, headers={"Idempotency-Key": key})) == ["Idempotency-Key"]


def test_many_logs_are_recorded_and_each_refused_one_is_named(any_api: Api, run: str) -> None:
    logs = [{**LOG, "metadata": {"run": run, "n": n}} for n in range(3)]
    said = any_api.ok("POST", "/api/request-logs/bulk", {"logs": [logs[0], 5, logs[1], {}, logs[2]]}, status=201)
    assert (said["success_count"], said["error_count"], said["duplicate_count"]) == (3, 2, 0)
    assert [error["index"] for error in said["errors"]] == [1, 3]
    assert [read(any_api, log_id)["metadata"]["n"] for log_id in said["ids"]] == [0, 1, 2]


def test_a_batch_takes_thousands_and_a_bulk_500(any_api: Api, run: str) -> None:
    logs = [{"input": "x", "metadata": {"run": run}}] * 501
    assert list(any_api.refused("POST", "/api/request-logs/bulk/", {"logs": logs})) == ["logs"]
    said = any_api.ok("POST", "/api/request-logs/batch/create", {"logs": logs}, status=201)
    assert said["success_count"] == count(any_api, run) == 501
    assert list(any_api.refused("POST", "/api/request-logs/batch/create", {"logs": [1] * 5_001})) == ["logs"]


def test_when_no_log_can_be_read_the_answer_says_why(any_api: Api) -> None:
    said = any_api.refused("POST", "/api/request-logs/bulk/", {"logs": ["a", "b"]})
    assert "Log 0" in said["detail"]
    assert [error["index"] for error in said["errors"]] == [0, 1]


@pytest.mark.parametrize("body", [[], {}, {"logs": 5}, {"logs": None}, {"logs": {"input": 1}}, "logs"])
def test_an_envelope_without_a_list_of_logs_is_a_validation_error(any_api: Api, body: Any) -> None:
    said = any_api.refused("POST", "/api/request-logs/bulk/", body, status=422)
    assert said["detail"] == "Validation error"
    assert said["errors"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"logs": [{"input": 1}, {]}', b'{"logs": [{"input": "\xff"}]}', b'{"logs": [{"a":1,"a":2}]}']
)
def test_a_body_that_is_no_json_is_refused_as_a_whole(any_api: Api, body: bytes) -> None:
    said = any_api.refused("POST", "/api/request-logs/bulk/", status=400, data=body)
    assert "JSON parse error" in json.dumps(said)


COMPRESSED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "identity": lambda body: body,
}


@pytest.mark.parametrize("encoding", COMPRESSED)
def test_bodies_may_be_compressed(any_api: Api, encoding: str, run: str) -> None:
    body = json.dumps({"logs": [{"input": "a" * 200_000, "metadata": {"run": run}}]}).encode()
    compressed = COMPRESSED[encoding](body)
    said = any_api.ok(
        "POST", "/api/request-logs/bulk/", status=201, data=compressed, headers={"Content-Encoding": encoding}
    )
    assert read(any_api, said["ids"][0])["input"] == "a" * 200_000


def test_a_list_may_be_asked_for_in_a_compressed_body(any_api: Api, run: str) -> None:
    any_api.ok("POST", CREATE, {"input": 1, "metadata": {"run": run}}, status=201)
    body = gzip.compress(json.dumps({"filters": {"metadata.run": run}}).encode())
    listed = any_api.ok("POST", "/api/request-logs/list/", data=body, headers={"Content-Encoding": "gzip"})
    assert len(listed["results"]) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize("broken", ["cut short", "garbage", "followed by garbage"])
def test_a_broken_compressed_body_is_refused(any_api: Api, encoding: str, broken: str, run: str) -> None:
    body = COMPRESSED[encoding](json.dumps({"input": os.urandom(20_000).hex(), "metadata": {"run": run}}).encode())
    body = {"cut short": body[:-1], "garbage": b"\x01garbage", "followed by garbage": body + b"\x01garbage"}[broken]
    said = any_api.refused("POST", CREATE, data=body, headers={"Content-Encoding": encoding})
    assert said["detail"].startswith(f"The body is not valid {encoding}")
    assert count(any_api, run) == 0


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "compress"])
def test_an_unknown_compression_is_refused_with_the_known_ones(any_api: Api, encoding: str) -> None:
    answer = any_api("POST", CREATE, data=b"{}", headers={"Content-Encoding": encoding})
    assert answer.status_code == 415
    assert "gzip" in answer.headers["Accept-Encoding"]


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
@pytest.mark.parametrize("path", [CREATE, "/api/request-logs/bulk/", "/api/v2/traces"])
def test_a_bomb_is_refused_by_what_it_would_become(
    server: Server, api: Api, encoding: str, compress: Any, path: str
) -> None:
    bomb = compress(b"[" + b" " * (400 * MEBIBYTE))
    before = peak_memory(server)
    assert api("POST", path, data=bomb, headers={"Content-Encoding": encoding}).status_code == 413
    assert peak_memory(server) - before < 350 * MEBIBYTE


def peak_memory(server: Server) -> int:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def test_a_log_of_20_mb_is_taken_and_one_of_21_is_not(any_api: Api) -> None:
    made = any_api.ok("POST", CREATE, {"input": "x" * (20 * MEBIBYTE - 100)}, status=201)
    assert len(read(any_api, made["id"])["input"]) == 20 * MEBIBYTE - 100
    any_api.refused("POST", CREATE, {"input": "x" * (21 * MEBIBYTE)}, status=413)
    any_api.refused("POST", CREATE, {"input": "x" * (20 * MEBIBYTE + 1)}, status=413)


def test_a_body_that_is_announced_too_large_is_not_waited_for(server: Server) -> None:
    answer = raw(server, CREATE, {"Content-Length": str(22 * MEBIBYTE)})
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_stranger_is_sent_away_before_the_body_is_read(server: Server) -> None:
    answer = raw(server, CREATE, {"Content-Length": "1000", "Authorization": "Bearer nobody"})
    assert answer.startswith(b"HTTP/1.1 401")


def test_senders_that_are_slow_hold_nobody_up(server: Server, api: Api) -> None:
    place = urlsplit(server.url)
    slow = []
    for _ in range(20):
        connection = socket.create_connection((str(place.hostname), int(place.port or 0)))
        connection.sendall(head(server, "/api/request-logs/bulk/", {"Content-Length": str(90 * MEBIBYTE)}) + b"{")
        slow.append(connection)
    assert api("POST", CREATE, json=LOG).status_code == 201
    assert api("POST", "/api/request-logs/bulk/", json={"logs": [LOG]}).status_code == 201
    for connection in slow:
        connection.close()


def test_more_bytes_than_can_be_held_are_told_to_come_again(server: Server, api: Api) -> None:
    place = urlsplit(server.url)
    senders = []
    # 240 MB have come in and wait for their last bytes: another 90 MB find no room, a small log does.
    for _ in range(3):
        connection = socket.create_connection((str(place.hostname), int(place.port or 0)))
        connection.sendall(head(server, "/api/request-logs/bulk/", {"Content-Length": str(80 * MEBIBYTE + 100)}))
        connection.sendall(b" " * (80 * MEBIBYTE))
        senders.append(connection)
    answer = raw(server, "/api/request-logs/bulk/", {"Content-Length": str(90 * MEBIBYTE)})
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 1" in answer.lower()
    assert api("POST", CREATE, json=LOG).status_code == 201
    for connection in senders:
        connection.close()
    wait_until_there_is_room(server)


def wait_until_there_is_room(server: Server) -> None:
    for _ in range(200):
        answer = raw(server, "/api/request-logs/bulk/", {"Content-Length": "2"}, b"{}")
        if answer.startswith(b"HTTP/1.1 422"):
            return
    raise AssertionError(answer)


def head(server: Server, path: str, headers: dict[str, str]) -> bytes:
    lines = {"Host": "assay", **server.headers, **headers}
    return f"POST {path} HTTP/1.1\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in lines.items()) + b"\r\n"


def raw(server: Server, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Send a head and some of a body, and return the beginning of the answer."""
    place = urlsplit(server.url)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=30) as connection:
        connection.sendall(head(server, path, headers) + body)
        return connection.recv(65536)


def test_a_sender_that_hangs_up_leaves_nothing(server: Server, api: Api, run: str) -> None:
    body = json.dumps({**LOG, "metadata": {"run": run}}).encode()
    place = urlsplit(server.url)
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as connection:
        connection.sendall(head(server, CREATE, {"Content-Length": str(len(body))}) + body[:-1])
    assert count(api, run) == 0


def test_a_key_that_may_only_read_records_nothing(server: Server, api: Api) -> None:
    reader = Api(server.url, api.new_key(["read"]))
    for path in (CREATE, "/api/request-logs/bulk/", "/api/traces/ingest/", "/api/v2/traces"):
        assert reader("POST", path, json=LOG).status_code == 403
    reader.close()


def test_the_key_decides_the_environment(server: Server, api: Api, run: str) -> None:
    test = Api(server.url, api.new_key(["write"], "test"))
    made = test.ok("POST", CREATE, {**LOG, "environment": "prod", "metadata": {"run": run}}, status=201)
    test.close()
    assert made["environment"] == "test"
    assert count(api, run) == 0
    assert api.ok("GET", f"/api/request-logs/count/?run={run}&environment=test")["count"] == 1
    assert api.ok("GET", f"/api/request-logs/count/?run={run}&all_envs=true")["count"] == 1


INGEST = ["/api/traces/ingest/", "/api/v1/traces/ingest", "/api/integrations/v1/traces/ingest"]


def span(trace: str, name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    ids = {"trace_unique_id": trace, "span_unique_id": name, "span_parent_id": parent}
    return {**ids, "span_name": name, "input": name, "log_type": "task", **more}


@pytest.mark.parametrize("path", INGEST)
@pytest.mark.parametrize("is_enveloped", [True, False])
def test_spans_are_ingested_as_a_list_or_below_data(any_api: Api, path: str, is_enveloped: bool, run: str) -> None:
    spans = [span(run, "root"), span(run, "child", "root"), span(f"{run}2", "root")]
    said = any_api.ok("POST", path, {"data": spans} if is_enveloped else spans)
    assert (said["message"], said["status"], said["success"]) == ("3 spans ingested.", "ok", True)
    assert said["ingested_count"] == said["ingested_spans"] == 3
    assert (said["created_traces"], said["trace_ids"], said["errors"]) == (2, [run, f"{run}2"], [])
    again = any_api.ok("POST", path, spans)
    assert (again["duplicate_count"], again["created_traces"]) == (3, 0)
    assert any_api.ok("GET", f"/api/traces/{run}/")["span_count"] == 2


def test_a_span_that_cannot_be_read_costs_the_others_nothing(any_api: Api, run: str) -> None:
    said = any_api.ok("POST", INGEST[0], [span(run, "root"), 7, span(run, "child", "root")])
    assert said["ingested_count"] == 2
    assert [error.partition(":")[0] for error in said["errors"]] == ["1"]


@pytest.mark.parametrize("body", [{}, {"data": 5}, "text", 5, {"data": "text"}])
def test_a_body_without_spans_is_refused(any_api: Api, body: Any) -> None:
    assert any_api.refused("POST", INGEST[0], body)


def test_the_agents_exporter_ends_in_a_tree(any_api: Api, run: str) -> None:
    spans = [
        {"trace_unique_id": run, "span_unique_id": run, "span_name": "Support", "log_type": "agent"},
        span(run, "prepare", run),
        span(run, "lookup", "prepare", log_type="tool"),
    ]
    any_api.ok("POST", "/api/v1/traces/ingest", {"data": spans})
    (root,) = any_api.ok("GET", f"/api/traces/{run}/")["span_tree"]
    assert root["span_name"] == "Support"
    assert root["children"][0]["children"][0]["log_type"] == "tool"


def test_the_openai_format_ends_in_a_readable_trace(any_api: Api, run: str) -> None:
    trace_id = f"trace_{run}"

    def exported(span_id: str, parent: str | None, start: int, end: int, **data: Any) -> dict[str, Any]:
        return {
            "object": "trace.span",
            "id": f"span_{span_id}",
            "trace_id": trace_id,
            "parent_id": parent,
            "started_at": f"2026-03-01T10:00:0{start}.000000+00:00",
            "ended_at": f"2026-03-01T10:00:0{end}.000000+00:00",
            "span_data": data,
            "error": {"message": "no such order", "data": {"order": 1}} if span_id == "tool" else None,
        }

    usage = {"input_tokens": 11, "output_tokens": 4}
    messages = [{"role": "user", "content": "Where is it?"}]
    items = [
        {"object": "trace", "id": trace_id, "workflow_name": "Support", "group_id": f"g{run}", "metadata": {"a": 1}},
        exported("tool", "span_agent", 2, 3, type="function", name="find_order", input='{"id": 1}', output=None),
        exported("llm", "span_agent", 1, 2, type="generation", input=messages, output=[], model="gpt-4o", usage=usage),
        exported(
            "agent", None, 1, 5, type="agent", name="Helper", handoffs=[], tools=["find_order"], output_type="str"
        ),
        exported("guard", "span_agent", 4, 5, type="guardrail", name="polite", triggered=False),
        exported("turn", "span_agent", 4, 5, type="custom", name="turn", data={"sdk_span_type": "turn", "turn": 1}),
    ]
    said = any_api.ok("POST", "/api/openai/v1/traces/ingest", {"data": items}, headers={"OpenAI-Beta": "traces=v1"})
    assert said["ingested_count"] == 6
    trace = any_api.ok("GET", f"/api/traces/{trace_id}/")
    assert (trace["name"], trace["duration"], trace["error_count"]) == ("Support", 4.0, 1)
    assert (trace["total_prompt_tokens"], trace["total_completion_tokens"]) == (11, 4)
    assert trace["total_cost"] > 0
    (root,) = trace["span_tree"]
    (agent,) = root["children"]
    assert [child["log_type"] for child in agent["children"]] == ["generation", "tool", "guardrail", "custom"]
    assert agent["children"][1]["error_message"] == "no such order"
    assert json.loads(agent["children"][0]["input"]) == messages


def test_the_answers_of_ingest_routes_are_documented(api: Api) -> None:
    paths = api.ok("GET", "/openapi.json")["paths"]
    for path in ("/api/request-logs/", "/api/request-logs/bulk/", "/api/traces/ingest/", "/api/v2/traces/"):
        operation = paths[path]["post"]
        assert operation["requestBody"]["content"]
        assert {"401", "403", "413", "503"} <= set(operation["responses"])
