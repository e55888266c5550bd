"""Following what moves: snapshots as Server-Sent Events, to those who may see them, until the server stops."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any

import requests

from tests.flows.client import Api, create_organization
from tests.flows.test_eval_reports_runs import judge, path_of, start
from tests.server import Server, running

ROWS = [{"input": n, "output": "x" * n} for n in range(1, 7)]


class Stream:
    """What one listener is told, gathered by a thread of its own."""

    def __init__(self, api: Api, query: str = "") -> None:
        connection = HTTPConnection(api.url.removeprefix("http://"))
        connection.connect()
        self._socket = connection.sock
        key = str(api.session.headers["Authorization"])
        connection.request("GET", f"/api/events/{query}", headers={"Authorization": key})
        self.answer = connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.events: list[dict[str, Any]] = []
        self.comments: list[bytes] = []
        self.is_closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                self.events.append(json.loads(line[6:]))
            elif line.startswith(b":"):
                self.comments.append(line)
        self.is_closed = True

    def close(self) -> None:
        """Hang up, as a browser does whose tab is closed."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def states(self, report_id: str) -> list[str]:
        return [seen["state"] for seen in self.snapshots(report_id)]

    def snapshots(self, report_id: str) -> list[dict[str, Any]]:
        return [seen for event in list(self.events) for seen in event["reports"] if seen["id"] == report_id]

    def wait(self, is_so: Any) -> None:
        deadline = time.monotonic() + 30
        while not is_so():
            assert time.monotonic() < deadline, self.events
            time.sleep(0.02)


@contextmanager
def following(api: Api, query: str = "") -> Iterator[Stream]:
    """Follow events with a connection of its own."""
    stream = Stream(api, query)
    try:
        yield stream
    finally:
        stream.close()


def test_whoever_follows_is_told_each_change_until_a_report_is_finished(any_api: Api) -> None:
    dataset = any_api.dataset("followed", ROWS)
    made = judge(any_api, "scripted/latency=0.3")
    with following(any_api) as stream, following(any_api) as other:
        assert str(stream.answer.headers["Content-Type"]).startswith("text/event-stream")
        assert stream.answer.headers["Cache-Control"] == "no-store"
        report = start(any_api, dataset, [made["slug"], "char_count_eval"], max_concurrency=2)
        stream.wait(lambda: stream.states(report["id"])[-1:] == ["completed"])
        other.wait(lambda: other.states(report["id"])[-1:] == ["completed"])
    seen = stream.snapshots(report["id"])
    assert stream.states(report["id"]).count("completed") == 1
    finished = [snapshot["finished_count"] for snapshot in seen]
    assert finished == sorted(finished)
    assert finished[-1] == 12
    last = seen[-1]
    assert (last["dataset_id"], last["percent"], last["failed_count"], last["eta_seconds"]) == (dataset, 100, 0, None)
    assert [part["finished_count"] for part in last["evaluators"]] == [6, 6]
    for before, after in pairwise(seen):
        changed = {name for name in after if after[name] != before[name]}
        assert changed - {"eta_seconds"}


def test_a_report_that_is_finished_is_told_to_whoever_asks_for_it_alone(any_api: Api) -> None:
    dataset = any_api.dataset("told alone", ROWS)
    report = any_api.run_report(dataset, ["char_count_eval"])
    with following(any_api, f"?report_id={report['id']}") as stream:
        stream.wait(lambda: stream.states(report["id"]) == ["completed"])
        other = any_api.run_report(dataset, ["word_count"])
        any_api.ok("POST", path_of(report, "retry-failed/"))
        stream.wait(lambda: len(stream.states(report["id"])) > 1)
        assert stream.snapshots(other["id"]) == []


def test_the_jobs_of_an_organisation_are_told(any_api: Api) -> None:
    dataset = any_api.dataset("filled")
    with following(any_api) as stream:
        path = f"/api/datasets/{dataset}/logs/import-file/?format=jsonl"
        job_id = any_api.ok("POST", path, status=201, data=b'{"input": 1}\n')["job_id"]

        def told() -> list[tuple[str, str]]:
            jobs = [job for event in list(stream.events) for job in event["jobs"] if job["id"] == job_id]
            return [(job["state"], job["subject_id"]) for job in jobs]

        stream.wait(lambda: told()[-1:] == [("completed", dataset)])


def test_nobody_is_told_what_moves_in_another_organisation(server: Server, api: Api) -> None:
    stranger = Api(server.url, create_organization("strangers", server.data))
    dataset = api.dataset("not theirs", ROWS)
    with following(stranger) as theirs, following(api) as ours:
        report = api.run_report(dataset, ["char_count_eval"])
        ours.wait(lambda: ours.states(report["id"]))
        own = stranger.run_report(stranger.dataset("theirs", ROWS), ["char_count_eval"])
        theirs.wait(lambda: theirs.states(own["id"]))
        assert theirs.snapshots(report["id"]) == []
    stranger.refused("GET", f"/api/events/?report_id={report['id']}", status=404)
    stranger.close()


def test_events_need_a_key(server: Server) -> None:
    assert requests.get(f"{server.url}/api/events/", timeout=10).status_code == 401


def test_a_server_that_stops_lets_its_listeners_go() -> None:
    with running() as own:
        client = Api(own.url, own.api_key)
        with following(client) as stream:
            stream.wait(lambda: stream.comments)
            assert own.stop() == 0
            stream.wait(lambda: stream.is_closed)
        assert b"timeout graceful shutdown exceeded" not in own.log.read_bytes()
        client.close()
