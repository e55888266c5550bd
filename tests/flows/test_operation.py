"""The server as its operator sees it: start, stop, health, documentation, log."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
import requests

from tests.flows.client import Api
from tests.server import Server, running

KEY = re.compile(r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}")


@pytest.fixture
def unkeyed() -> Iterator[Server]:
    """A server on a new directory, without a key in its environment."""
    with running(api_key="") as started:
        yield started


def test_the_first_start_prints_a_key_once_and_the_second_none(unkeyed: Server) -> None:
    printed = unkeyed.log.read_text()
    keys = KEY.findall(printed)
    assert len(set(keys)) == 1
    assert "shown only this once" in printed
    client = Api(unkeyed.url, keys[0])
    dataset = client.dataset("kept over a restart", [{"input": 1}])
    assert unkeyed.stop() == 0
    unkeyed.start()
    assert KEY.findall(unkeyed.log.read_text()[len(printed) :]) == []
    assert client.inputs(dataset) == [1]
    assert [key["scopes"] for key in client.ok("GET", "/api/keys/")["results"]] == [["read", "write", "admin"]]
    client.close()


def test_a_stop_is_graceful_and_exits_with_0(unkeyed: Server) -> None:
    client = Api(unkeyed.url, KEY.findall(unkeyed.log.read_text())[0])
    dataset = client.dataset("stopped")
    sent = threading.Event()

    def slow() -> Iterator[bytes]:
        yield b'{"input": 1}\n'
        sent.set()
        time.sleep(0.5)
        yield b'{"input": 2}\n'

    path = f"/api/datasets/{dataset}/logs/import-file/?format=jsonl"
    answers: list[requests.Response] = []
    upload = threading.Thread(target=lambda: answers.append(client("POST", path, data=slow())))
    upload.start()
    sent.wait(10)
    time.sleep(0.1)
    # The request that is under way ends well before the process does.
    assert unkeyed.stop() == 0
    upload.join(10)
    assert answers[0].status_code == 201
    assert "Traceback" not in unkeyed.log.read_text()
    client.close()


def test_an_interrupt_from_the_keyboard_is_graceful_too(unkeyed: Server) -> None:
    assert unkeyed.process is not None
    unkeyed.process.send_signal(signal.SIGINT)
    assert unkeyed.process.wait(20) in (0, 130)
    assert "Traceback" not in unkeyed.log.read_text()


def test_a_report_that_a_crash_interrupted_is_finished_after_the_next_start(unkeyed: Server) -> None:
    client = Api(unkeyed.url, KEY.findall(unkeyed.log.read_text())[0])
    dataset = client.dataset("crashed")
    rows = b"".join(b'{"input": %d, "output": "four", "expected_output": "four"}\n' % number for number in range(5000))
    client.ok("POST", f"/api/datasets/{dataset}/logs/import-file/?format=jsonl", status=201, data=rows)
    slugs = ["char_count_eval", "levenshtein"]
    report = client.ok("POST", f"/api/datasets/{dataset}/eval-reports/create", {"evaluator_slugs": slugs})
    unkeyed.kill()
    unkeyed.start()
    finished = client.finished_report(dataset, report["id"])
    assert (finished["status"], finished["progress"]["finished_count"]) == ("completed", 10_000)
    client.close()


def serve(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `assay serve` that is expected to end by itself."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    command = [sys.executable, "-m", "assay.cli.main", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**outside, **environment})


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve("--port", str(port), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stdout == ""
    said = done.stderr.strip()
    assert "\n" not in said
    assert f"127.0.0.1:{port}" in said
    assert "--port" in said
    assert not (tmp_path / "data").exists()


def test_a_database_that_cannot_be_reached_is_one_clear_line(tmp_path: Path) -> None:
    for url in ("postgresql://nobody@127.0.0.1:1/nothing", "mysql://localhost/a", "sqlite:///a.db"):
        done = serve("--port", "0", "--data", str(tmp_path), ASSAY_DATABASE_URL=url)
        assert done.returncode == 1, done
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_health_and_readiness_need_no_key(server: Server) -> None:
    with requests.Session() as session:
        assert session.get(f"{server.url}/health", timeout=30).json() == {"status": "ok"}
        ready = session.get(f"{server.url}/ready", timeout=30)
        assert (ready.status_code, ready.json()) == (200, {"status": "ok", "database": "ok", "worker": "ok"})


def test_a_server_whose_database_was_migrated_by_a_newer_one_is_not_ready(unkeyed: Server) -> None:
    with contextlib.closing(apsw.Connection(str(unkeyed.data / "meta.db"))) as database:
        database.execute("INSERT INTO schema_migration VALUES (9999, 'of a newer release', '', 0)")
    with requests.Session() as session:
        ready = session.get(f"{unkeyed.url}/ready", timeout=30)
        assert ready.status_code == 503
        assert "schema 9999" in ready.json()["database"]
        assert session.get(f"{unkeyed.url}/health", timeout=30).status_code == 200


def test_a_load_balancer_may_probe_with_head(server: Server) -> None:
    with requests.Session() as session:
        for path in ("/health", "/ready", "/docs"):
            answer = session.head(f"{server.url}{path}", timeout=30)
            assert (answer.status_code, answer.content) == (200, b"")


def test_the_documentation_needs_no_other_host(server: Server) -> None:
    with requests.Session() as session:
        for path in ("/docs", "/docs/"):
            page = session.get(server.url + path, timeout=30)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert re.findall(r"""(?:https?:)?//[^\s"'<>]+""", page.text) == []
            assets = re.findall(r"""(?:src|href)=["'](/[^"']+)["']""", page.text)
            assert len(assets) >= 3
            for asset in assets:
                assert session.get(server.url + asset, timeout=30).status_code == 200
        document = session.get(f"{server.url}/openapi.json", timeout=30).json()
        assert document["openapi"].startswith("3.")
        assert document["info"]["title"] == "Assay"
        assert "/api/datasets/{dataset_id}/logs/" in document["paths"]
        assert session.get(f"{server.url}/docs/assets/..%2f..%2f..%2fsetup.py", timeout=30).status_code == 404


def test_each_request_is_one_line_of_json_without_payloads_keys_or_queries(server: Server, api: Api) -> None:
    start = len(server.log.read_bytes())
    made = api.ok("POST", "/api/keys/", {"name": "secret-name"}, status=201)
    dataset = api.dataset("secret-name")
    answer = api(
        "POST", f"/api/datasets/{dataset}/logs/", json={"input": "secret-payload", "metadata": {"a": "secret"}}
    )
    api("GET", f"/api/datasets/{dataset}/logs/list/?topic=secret-query")
    api("POST", f"/api/datasets/{dataset}/logs/", data=b'{"input": "secret-payload')
    api("POST", f"/api/datasets/{dataset}/logs/import-file/?format=jsonl", data=b"secret-line\n")
    api("GET", "/api/datasets/", headers={"Authorization": "Bearer wrongkey.secret-of-the-wrong-key"})
    api("GET", "/health")
    time.sleep(0.2)
    text = server.log.read_bytes()[start:].decode()
    for secret in ("secret", server.api_key, made["api_key"], made["api_key"].partition(".")[2]):
        assert secret not in text
    lines = [json.loads(line) for line in text.splitlines()]
    requested = [line for line in lines if line["event"] == "request"]
    assert len(requested) == 7
    for line in requested:
        assert {"time", "level", "logger", "method", "path", "status", "duration_ms", "id"} <= line.keys()
        assert line["level"] == "info"
    assert [line["status"] for line in requested] == [201, 201, 201, 200, 400, 400, 401]
    assert answer.headers["x-request-id"] in [line["id"] for line in requested]


def test_an_upload_that_breaks_off_adds_nothing_and_the_server_goes_on(server: Server, api: Api) -> None:
    dataset = api.dataset("broken off", [{"input": "kept"}])
    head = (
        f"POST /api/datasets/{dataset}/logs/import-file/?format=jsonl HTTP/1.1\r\nHost: a\r\n"
        f"Authorization: Bearer {server.api_key}\r\nContent-Length: 1000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + b'{"input": "lost"}\n' * 5000)
    deadline = time.monotonic() + 20
    while f"{dataset}/logs/import-file/" not in server.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert f"{dataset}/logs/import-file/" in server.log.read_text()
    assert api.inputs(dataset) == ["kept"]
    assert api.ok("GET", f"/api/datasets/{dataset}/")["version"] == 1


@pytest.mark.parametrize(
    "request_text",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/datasets/\xff\xfe/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /api/datasets/%ff%fe/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /api/datasets/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        b"GET /api/datasets/ HTTP/1.1\r\nHost: a\r\nAuthorization: \x00\r\n\r\n",
        b"POST /api/datasets/ HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/datasets/ HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
        b"POST /api/datasets/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET http://other.example/api/datasets/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET " + b"/a" * 50_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /api/datasets/ HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    ],
    ids=lambda text: str(text[:70]),
)
def test_a_request_that_is_hardly_http_is_refused_and_the_server_goes_on(
    server: Server, api: Api, request_text: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.settimeout(3)
        answer = b""
        try:
            connection.sendall(request_text)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except (TimeoutError, ConnectionError):
            pass
    assert not re.match(rb"HTTP/1\.1 [235]", answer), answer[:300]
    assert api.ok("GET", "/health") == {"status": "ok"}
