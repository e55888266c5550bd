"""A disk that is full while logs come in: a clear refusal, nothing half-written, and all goes on when space returns."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2

from tests.recovery.operations import change_logs, client_of, log_rows_of, verify
from tests.recovery.small_disk import fill, server, small_disk
from tests.server import Server
from tests.wire.otlp_requests import as_protobuf, json_request, json_span

__all__ = ["server", "small_disk"]

PROTOBUF = {"Content-Type": "application/x-protobuf"}
SINCE = "start_time=2020-01-01"
LEFT_BYTES = 256 * 1024


def log(name: str, size: int = 1_000) -> dict[str, Any]:
    return {"input": f"word{name} {os.urandom(size).hex()}", "output": "x", "custom_identifier": name}


def one(client: httpx2.Client, name: str) -> tuple[httpx2.Response, list[str]]:
    return client.post("/api/request-logs/", json=log(name, 20_000)), [name]


def keyed(client: httpx2.Client, name: str) -> tuple[httpx2.Response, list[str]]:
    headers = {"Idempotency-Key": name}
    return client.post("/api/request-logs/create/", json=log(name, 20_000), headers=headers), [name]


def bulk(client: httpx2.Client, name: str) -> tuple[httpx2.Response, list[str]]:
    names = [f"{name}x{n}" for n in range(50)]
    return client.post("/api/request-logs/bulk/", json={"logs": [log(name) for name in names]}), names


def spans(client: httpx2.Client, name: str) -> tuple[httpx2.Response, list[str]]:
    names = [f"{name}x{n}" for n in range(50)]
    data = [{**log(name), "trace_unique_id": "all of them", "span_unique_id": name} for name in names]
    return client.post("/api/v1/traces/ingest", json={"data": data}), names


def otlp(client: httpx2.Client, name: str) -> tuple[httpx2.Response, list[str]]:
    names = [f"{name}x{n}" for n in range(50)]
    sent = [
        json_span(
            {"respan.span_params.custom_identifier": name, "traceloop.entity.input": os.urandom(1_000).hex()},
            spanId=os.urandom(8).hex(),
        )
        for name in names
    ]
    return client.post("/api/v2/traces", content=as_protobuf(json_request(sent)), headers=PROTOBUF), names


WAYS: dict[str, Callable[[httpx2.Client, str], tuple[httpx2.Response, list[str]]]] = {
    "one": one, "keyed": keyed, "bulk": bulk, "spans": spans, "otlp": otlp,
}  # fmt: skip


def stored_names(server: Server) -> list[str]:
    named = "SELECT custom_identifier FROM request_log WHERE custom_identifier IS NOT NULL"
    return sorted(name for (name,) in log_rows_of(server, named))


def check_refusal(answer: httpx2.Response) -> None:
    assert answer.status_code == 507, answer.text
    assert int(answer.headers["retry-after"]) > 0
    if answer.headers["content-type"] == "application/json":
        assert "disk is full" in json.loads(answer.content)["detail"]
    else:
        assert answer.headers["content-type"] == PROTOBUF["Content-Type"]
        assert b"disk is full" in answer.content


def test_a_full_disk_refuses_logs_goes_on_reading_and_recovers(server: Server, small_disk: Path) -> None:
    acknowledged: list[str] = []
    with client_of(server) as client:

        def send(way: str, name: str) -> bool:
            answer, names = WAYS[way](client, name)
            if answer.status_code in (200, 201):
                acknowledged.extend(names)
                return True
            check_refusal(answer)
            return False

        assert all(send(way, f"{way}before") for way in WAYS)
        ballast = fill(small_disk)
        refused = 0
        with ThreadPoolExecutor(8) as pool:
            for turn in range(6):
                ways = [(way, f"{way}{turn}n{place}") for place in range(2) for way in WAYS]
                refused += sum(not is_taken for is_taken in pool.map(lambda way: send(*way), ways))
        assert refused >= 30
        assert not any(send(way, f"{way}full") for way in WAYS)
        # Reading goes on, with search, sums and traces.
        assert client.get(f"/api/request-logs/count/?{SINCE}").json()["count"] == len(acknowledged)
        found = client.get(f"/api/request-logs/list/?search=wordonebefore&{SINCE}").json()["results"]
        assert [log["custom_identifier"] for log in found] == ["onebefore"]
        assert client.get(f"/api/request-logs/{found[0]['id']}/").json()["custom_identifier"] == "onebefore"
        in_trace = sum(name.startswith("spans") for name in acknowledged)
        assert client.get("/api/traces/all of them/").json()["span_count"] == in_trace
        assert stored_names(server) == sorted(acknowledged)
        assert client.delete(f"/api/request-logs/{found[0]['id']}/").status_code in (204, 507)
        ballast.unlink()
        # What was refused can be sent again as it is.
        answer, names = keyed(client, "keyedfull")
        assert (answer.status_code, answer.json()["is_duplicate"]) == (201, False)
        acknowledged += names
        assert all(send(way, f"{way}after") for way in WAYS)
    assert set(stored_names(server)) | {"onebefore"} == set(acknowledged)
    assert server.stop() == 0
    assert verify(small_disk) == ""


def test_the_text_index_and_retention_wait_for_space_and_go_on(server: Server, small_disk: Path) -> None:
    expired = "SELECT count(*) FROM request_log WHERE input_preview LIKE 'old%'"
    behind = "SELECT max(sequence) - (SELECT watermark FROM text_index) FROM request_log"

    def number(statement: str) -> int:
        return int(log_rows_of(server, statement)[0][0])

    with client_of(server) as client:
        assert client.put("/api/retention/", json={"prod": 1}).status_code == 200
        old = [{"input": f"old {n} of them", "trace_unique_id": f"t{n // 9}"} for n in range(1_500)]
        assert client.post("/api/request-logs/batch/create", json={"logs": old}).status_code == 201
    for attempt in range(20):
        with client_of(server) as client:
            assert bulk(client, f"new{attempt}")[0].status_code == 201
        server.kill()
        if number(behind):
            break
        server.start()
    assert number(behind) > 0
    change_logs(server, f"UPDATE request_log SET created_at = created_at - {2 * 86_400_000_000} WHERE sequence <= 1500")
    ballast = fill(small_disk, left_bytes=LEFT_BYTES)
    server.start()
    with client_of(server) as client:
        _wait(lambda: one(client, "none")[0].status_code == 507)
        assert number(expired) > 0
        for _ in range(10):
            time.sleep(0.2)
            # Found although the index cannot take it in.
            found = client.get(f"/api/request-logs/list/?search=wordnew{attempt}x7&{SINCE}").json()["results"]
            assert [log["custom_identifier"] for log in found] == [f"new{attempt}x7"]
        assert number(expired) > 0
        assert number(behind) > 0
        ballast.unlink()
        assert one(client, "after")[0].status_code == 201
        _wait(lambda: number(expired) == 0)
        _wait(lambda: number(behind) == 0)
        found = client.get(f"/api/request-logs/list/?search=wordnew{attempt}x7&{SINCE}").json()["results"]
        assert [log["custom_identifier"] for log in found] == [f"new{attempt}x7"]
    assert server.stop() == 0
    assert verify(small_disk) == ""


def _wait(is_done: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_done():
            return
        time.sleep(0.05)
    raise AssertionError("it does not come to its end")
