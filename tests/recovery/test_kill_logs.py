"""kill -9 while logs come in every way there is: each acknowledged one is there once, and all agrees with it."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2

from tests.recovery.log_senders import Ledger, Sender
from tests.recovery.operations import change_logs, client_of, database_url_of, log_rows_of, rows_of, verify
from tests.server import Server

KILLS = {"sqlite": 20, "postgresql": 6}
# On a fast machine everything may be over before each kill: so many more, and sooner.
MOST_MORE_KILLS = 8
# Where a round takes longer to get going, it lasts longer.
SECONDS = {"sqlite": (0.05, 0.6), "postgresql": (0.4, 1.4)}
SENDERS = ["single", "single", "keyed", "bulk", "batch", "spans", "otlp", "otlp"]
# What imports take, a day that nobody else writes to.
SOURCES = 1_500
SOURCE_DAY = {"start_time": "2026-03-02T00:00:00Z", "end_time": "2026-03-03T00:00:00Z"}
# What retention forgets: in each round a few steps of it.
EXPIRING_EACH_ROUND = 1_500
TWO_DAYS_MICROSECONDS = 2 * 24 * 3600 * 1_000_000

TRACES = (
    "SELECT scope, trace_unique_id, start_time, end_time, span_count, llm_call_count, error_count, prompt_tokens,"
    " completion_tokens, total_tokens FROM trace ORDER BY 1, 2"
)
SPANS = (
    "SELECT scope, trace_unique_id, min(start_time), max(timestamp), count(*),"
    " sum(CASE WHEN log_type IN ('chat', 'completion', 'generation', 'response') THEN 1 ELSE 0 END),"
    " sum(CASE WHEN status = 'success' THEN 0 ELSE 1 END), sum(coalesce(prompt_tokens, 0)),"
    " sum(coalesce(completion_tokens, 0)), sum(coalesce(total_request_tokens, 0))"
    " FROM request_log WHERE trace_unique_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
)


class Rounds:
    """A server, those who use it, and what must be true of it after each death."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ledger = Ledger()
        self.senders = [Sender(kind, number, self.ledger) for number, kind in enumerate(SENDERS)]
        self.datasets: list[str] = []
        self.draw = random.Random(7)
        self.hit: Counter[str] = Counter()

    def prepare(self, rounds: int) -> None:
        """Record what imports take and what retention forgets, and let logs of the test environment live one day."""
        with client_of(self.server) as client:
            sources = [
                {"input": f"source {n}", "output": "x", "timestamp": "2026-03-02T10:00:00Z"} for n in range(SOURCES)
            ]
            self._record(client, sources)
            made = client.post("/api/keys/", json={"name": "test", "environment": "test", "scopes": ["write"]})
            client.headers["Authorization"] = f"Bearer {made.json()['api_key']}"
            self._record(
                client,
                [
                    {"input": f"old {n}", "trace_unique_id": f"old {n // 7}", "span_unique_id": str(n)}
                    for n in range(EXPIRING_EACH_ROUND * rounds)
                ],
            )
        with client_of(self.server) as client:
            assert client.put("/api/retention/", json={"test": 1}).status_code == 200

    @staticmethod
    def _record(client: httpx2.Client, logs: list[dict[str, Any]]) -> None:
        for place in range(0, len(logs), 5_000):
            answer = client.post("/api/request-logs/batch/create", json={"logs": logs[place : place + 5_000]})
            assert (answer.status_code, answer.json()["error_count"]) == (201, 0), answer.text

    def import_logs(self, server: Server) -> None:
        """Make one dataset after the other."""
        with client_of(server) as client, contextlib.suppress(httpx2.TransportError):
            while True:
                self._import(client)

    def _import(self, client: httpx2.Client) -> str:
        answer = client.post("/api/datasets/", json={"name": "imported", **SOURCE_DAY})
        assert answer.status_code == 201, answer.text
        self.datasets.append(answer.json()["id"])
        return self.datasets[-1]

    def search(self, server: Server) -> None:
        """Look for acknowledged logs by a word of theirs, as soon as there are some."""
        with client_of(server) as client, contextlib.suppress(httpx2.TransportError):
            while True:
                time.sleep(0.02)
                if self.ledger.ids:
                    self.find(client, self.draw.choice(list(self.ledger.ids)))
                else:
                    # Asked all the same: this ends when the server does.
                    client.get("/health")

    def find(self, client: httpx2.Client, name: str) -> None:
        """Find one acknowledged log by its word, and nothing else."""
        found = client.get(f"/api/request-logs/list/?search=word{name}&start_time=2026-01-01").json()["results"]
        assert [log["custom_identifier"] for log in found] == [name]
        assert found[0]["id"] == self.ledger.ids.get(name, found[0]["id"])

    def until_killed(self, *, seconds: float) -> None:
        """Let everybody work for a while and kill the server under their hands."""
        failures: list[BaseException] = []
        before = len(self.ledger.acknowledged)

        def run(work: Callable[[Server], None]) -> None:
            try:
                work(self.server)
            except BaseException as error:
                failures.append(error)

        works = [*(sender.run for sender in self.senders), self.import_logs, self.search]
        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        # A busy machine may not have answered anybody yet.
        for _ in range(200):
            if len(self.ledger.acknowledged) >= before + 20:
                break
            time.sleep(0.02)
        self.server.kill()
        for thread in threads:
            thread.join()
        assert failures == []

    def expire(self) -> None:
        """Make the next of the logs of the test environment two days old."""
        expired = log_rows_of(self.server, f"SELECT count(*) FROM request_log WHERE {self.expired}")[0][0]
        self.hit["retention"] += bool(expired)
        change_logs(
            self.server,
            f"UPDATE request_log SET created_at = created_at - {TWO_DAYS_MICROSECONDS} WHERE sequence IN"
            " (SELECT sequence FROM request_log WHERE input_preview LIKE 'old %' ORDER BY sequence"
            f" LIMIT {EXPIRING_EACH_ROUND} OFFSET {expired})",
        )

    expired = (
        f"input_preview LIKE 'old %' AND created_at < (SELECT max(created_at) FROM request_log)"
        f" - {TWO_DAYS_MICROSECONDS // 2}"
    )

    def check(self) -> None:
        """Compare what is stored with what was acknowledged."""
        acknowledged, ids = self.ledger.acknowledged, self.ledger.ids
        stored = log_rows_of(
            self.server, "SELECT custom_identifier, id FROM request_log WHERE custom_identifier IS NOT NULL"
        )
        by_name = dict(stored)
        assert len(by_name) == len(stored), "a log is there twice"
        assert acknowledged <= by_name.keys(), "an acknowledged log was lost"
        assert {name: by_name[name] for name in ids} == ids
        for request in self.ledger.requests:
            there = sum(name in by_name for name in request.names)
            assert there in (0, len(request.names)), "half a request was written"
        assert sum(len(request.names) for request in self.ledger.requests) >= len(stored)
        assert log_rows_of(self.server, TRACES) == log_rows_of(self.server, SPANS)

    def look_at_the_dead(self) -> None:
        """Note what the kill hit: without hits these tests say nothing."""
        index = "SELECT max(l.sequence) > (SELECT watermark FROM text_index) FROM request_log l"
        self.hit["text index"] += bool(log_rows_of(self.server, index)[0][0])
        jobs = "SELECT count(*) FROM job WHERE state = 'running'"
        self.hit["import"] += bool(rows_of(self.server, jobs)[0][0])

    @property
    def has_hit_all(self) -> bool:
        """Tell whether kills fell into each kind of work."""
        return all(self.hit[what] for what in ("text index", "import", "retention"))

    def settle(self) -> None:
        """Let everything come to its end on a server that lives."""
        with client_of(self.server) as client:
            for sender in self.senders:
                sender.settle(client)
            waiting = f"SELECT count(*) FROM request_log WHERE {self.expired}"
            index = "SELECT max(l.sequence) - (SELECT watermark FROM text_index) FROM request_log l"
            for statement in (waiting, index):
                _wait(lambda statement=statement: log_rows_of(self.server, statement)[0][0] == 0)
            for name in self.draw.sample(sorted(self.ledger.acknowledged), 60):
                self.find(client, name)
            for name in self.draw.sample(sorted(self.ledger.ids), 20):
                assert client.get(f"/api/request-logs/{self.ledger.ids[name]}/").json()["custom_identifier"] == name
            undisturbed = self._import(client)
            _wait(lambda: client.get(f"/api/datasets/{undisturbed}/").json()["status"] == "ready")
            count = client.get("/api/request-logs/count/?start_time=2026-04-01").json()
            stored = "SELECT count(*) FROM request_log WHERE custom_identifier IS NOT NULL"
            assert count == {**count, "count": log_rows_of(self.server, stored)[0][0]}

    def check_imports(self) -> None:
        """Every dataset that was made has all of its logs, or, where it cannot be told who is at it, none."""
        if not database_url_of(self.server):
            # On PostgreSQL another server might still be importing: there what was begun waits ten minutes.
            _wait(lambda: rows_of(self.server, "SELECT count(*) FROM job WHERE state = 'running'") == [(0,)])
        counted = rows_of(
            self.server,
            "SELECT d.id, d.status, d.log_count, (SELECT count(DISTINCT l.source_log_id) FROM dataset_log l"
            " WHERE l.dataset_sequence = d.sequence AND l.added_in <= d.version) FROM dataset d",
        )
        assert set(self.datasets) <= {dataset for dataset, *_ in counted}
        allowed = [("ready", SOURCES, SOURCES)]
        if database_url_of(self.server):
            allowed.append(("initializing", 0, 0))
        assert {tuple(row[1:]) for row in counted} <= set(allowed)
        assert ("ready", SOURCES, SOURCES) in {tuple(row[1:]) for row in counted}


def _wait(is_done: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_done():
            return
        time.sleep(0.05)
    raise AssertionError("it does not come to its end")


def test_kills_neither_lose_nor_double_a_log(server: Server) -> None:
    database = "postgresql" if database_url_of(server) else "sqlite"
    kills = KILLS[database]
    rounds = Rounds(server)
    rounds.prepare(kills + MOST_MORE_KILLS)
    shortest, longest = SECONDS[database]
    for turn in range(kills + MOST_MORE_KILLS):
        if turn >= kills and rounds.has_hit_all:
            break
        seconds = rounds.draw.uniform(shortest, longest) if turn < kills else rounds.draw.uniform(0, shortest)
        rounds.until_killed(seconds=seconds)
        rounds.look_at_the_dead()
        rounds.check()
        rounds.expire()
        server.start()
    # The kills must have hit something, or this test says nothing.
    assert rounds.has_hit_all, rounds.hit
    assert rounds.ledger.unanswered_count >= kills
    assert rounds.ledger.duplicate_count >= 10
    rounds.settle()
    rounds.check()
    rounds.check_imports()
    assert server.stop() == 0
    assert verify(server.data, database_url_of(server)) == ""
