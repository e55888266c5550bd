"""kill -9 while logs are judged as they come in: each is decided about once, and scored at most once in the end."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from typing import Any

import httpx2

from tests.recovery.operations import client_of, database_url_of, log_rows_of, verify
from tests.server import Server

KILLS = {"sqlite": 8, "postgresql": 2}
EVALUATORS = ["word_count", "levenshtein", "rouge_l"]
RATE = 0.5
POLICY = {"rules": [{"field": "latency", "operator": "greater_than", "value": 1}], "connector": "AND"}
# After a kill another process takes over when the claim of the dead one has run out.
LONGEST_WAIT_SECONDS = 60
COUNTS = "SELECT evaluated_count, failed_count, not_matched_count, not_sampled_count FROM automation"


def automate(client: httpx2.Client) -> str:
    """Make an automation and return its id."""
    condition = {"name": "c", "condition_slug": "c", "condition_type": "single_log", "condition_policy": POLICY}
    assert client.post("/api/conditions/", json=condition).status_code == 201
    body = {
        "automation_slug": "a",
        "name": "a",
        "automation_type": "online_eval",
        "condition": "c",
        "evaluator_ids": EVALUATORS,
        "configuration": {"sampling_rate": RATE},
        "is_enabled": True,
    }
    made = client.post("/api/automations/", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def send(server: Server) -> None:
    """Record logs, half of which meet the condition, until the server is gone."""
    words = "the answer is forty-two and so on " * 5
    logs: list[dict[str, Any]] = [
        {"input": "q", "output": words, "expected_output": words, "latency": 2 * (n % 2)} for n in range(100)
    ]
    with client_of(server) as client, contextlib.suppress(httpx2.TransportError):
        while True:
            answer = client.post("/api/request-logs/batch/create", json={"logs": logs})
            assert answer.status_code == 201, answer.text


def until_settled(server: Server) -> tuple[int, ...]:
    """Wait until all logs are decided about, and return the counts."""
    newest = "(SELECT max(sequence) FROM request_log)"
    left = (
        f"SELECT (SELECT count(*) FROM automation WHERE seen < {newest})"
        f" + (SELECT count(*) FROM automation_evaluator WHERE seen < {newest})"
    )
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while log_rows_of(server, left) != [(0,)]:
        assert time.monotonic() < deadline, server.log.read_text()[-2000:]
        time.sleep(0.1)
    return log_rows_of(server, COUNTS)[0]


def test_each_log_is_scored_once_however_often_the_server_dies(server: Server) -> None:
    draw = random.Random(3)
    is_postgresql = bool(database_url_of(server))
    with client_of(server) as client:
        automation_id = automate(client)
    for _ in range(KILLS["postgresql" if is_postgresql else "sqlite"]):
        sender = threading.Thread(target=send, args=(server,))
        sender.start()
        time.sleep(draw.uniform(0.3, 1.0))
        server.kill()
        sender.join()
        server.start()
    evaluated, failed, not_matched, not_sampled = until_settled(server)
    recorded = log_rows_of(server, "SELECT count(*), sum(CASE WHEN latency > 1 THEN 1 ELSE 0 END) FROM request_log")
    total, matching = recorded[0]
    assert total > 0
    assert (not_matched, failed) == (total - matching, 0)
    # Every log that matches was sampled by all evaluators or by none.
    scores = "SELECT count(*), count(DISTINCT log_id), count(DISTINCT log_id || evaluator_id) FROM log_score"
    assert log_rows_of(server, scores) == [(evaluated, matching - not_sampled, evaluated)]
    assert evaluated == (matching - not_sampled) * len(EVALUATORS)
    assert log_rows_of(server, "SELECT DISTINCT automation_id FROM log_score") == [(automation_id,)]
    server.stop()
    assert verify(server.data, database_url_of(server)) == ""
