"""kill -9 while a model judges: a run goes on by itself, loses no stored verdict, and pays twice for little."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

from benchmarks.fake_model_server import FakeModelServer, running_fake_model_server
from tests.recovery.operations import client_of, database_url_of, file_of, import_rows, new_dataset, rows_of, verify
from tests.server import Server

KILLS = {"sqlite": 20, "postgresql": 5}
ROWS = 1_000
CONCURRENCY = 64
FAULTS = {"rate_limited": 0.05, "failing": 0.02, "nonsense": 0.02, "hanging": 0.01}
LONGEST_WAIT_SECONDS = 120.0


def add_judge(server: Server, model: FakeModelServer, **limits: Any) -> None:
    """Make a provider and a judge whose slug is `judge`."""
    provider = {
        "name": "fake",
        "kind": "openai",
        "base_url": model.base_url,
        "prices": {"m": {"input_usd": 0, "output_usd": 1}},
        "limits": {"max_concurrency": CONCURRENCY, "timeout_seconds": 2, **limits},
    }
    evaluator = {
        "name": "judge",
        "evaluator_slug": "judge",
        "type": "llm",
        "score_value_type": "numerical",
        "score_config": {"min_score": 0, "max_score": 10},
        "llm_config": {"model": "fake/m", "evaluator_definition": "Is it good? {{output}}"},
    }
    with client_of(server) as client:
        for path, body in (("/api/providers/", provider), ("/api/evaluators/", evaluator)):
            answer = client.post(path, json=body)
            assert answer.status_code == 201, answer.text


def run_judge(server: Server, dataset: str, **settings: Any) -> str:
    """Begin a run of the judge and return its report's id."""
    with client_of(server) as client:
        body = {"evaluator_slugs": ["judge"], **settings}
        answer = client.post(f"/api/datasets/{dataset}/eval-reports/create/", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])


def until_ended(server: Server, dataset: str, report: str) -> dict[str, Any]:
    """Wait for the end of a report and return it."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    with client_of(server) as client:
        while True:
            found: dict[str, Any] = client.get(f"/api/datasets/{dataset}/eval-reports/{report}/").json()
            if found["status"] not in ("pending", "running"):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)


def stored_cells(server: Server) -> Counter[str]:
    """Return how many cells have each final state, none of them twice."""
    places = "SELECT count(*), count(DISTINCT log_sequence || '/' || ordinal || '/' || trial) FROM cell"
    (count, distinct) = rows_of(server, places)[0]
    assert count == distinct
    return Counter(dict(rows_of(server, "SELECT status, count(*) FROM cell GROUP BY status")))


def verdicts_beyond(cells: Counter[str], calls: list[dict[str, Any]]) -> int:
    """Return how many verdicts were given, and paid for, that no stored cell has."""
    return sum(call["kind"] == "verdict" for call in calls) - cells["scored"]


def test_each_row_ends_judged_once_however_often_the_server_dies(server: Server) -> None:
    draw = random.Random(11)
    kills = KILLS["postgresql" if database_url_of(server) else "sqlite"]
    with running_fake_model_server(latency=0.2, **FAULTS) as model:
        add_judge(server, model)
        dataset = new_dataset(server)
        import_rows(server, dataset, file_of(ROWS))
        report = run_judge(server, dataset)
        stored = interrupted = lost = 0
        for _ in range(kills):
            time.sleep(draw.uniform(0.1, 0.4))
            server.kill()
            # What was in flight sees a closed connection.
            time.sleep(0.3)
            cells = stored_cells(server)
            assert cells.total() >= stored, "a stored verdict was lost"
            stored, interrupted = cells.total(), interrupted + (cells.total() < ROWS)
            before, lost = lost, verdicts_beyond(cells, model.calls())
            assert lost - before <= CONCURRENCY, "more verdicts were lost than calls can have been in flight"
            server.start()
        # The kills must have hit the run, or this test says nothing.
        assert interrupted >= kills / 2
        ended = until_ended(server, dataset, report)
        calls = model.calls()
    assert ended["status"] == "completed", ended
    cells = stored_cells(server)
    assert cells.total() == ROWS
    print(f"{kills} kills, {interrupted} of them of a run; {lost} verdicts paid for twice")
    # Paid for twice is what had been answered at a kill and was not stored yet, and nothing else.
    assert verdicts_beyond(cells, calls) == lost
    assert server.stop() == 0
    assert verify(server.data, database_url_of(server)) == ""


def test_a_rate_limit_holds_for_every_minute_whoever_dies(server: Server) -> None:
    per_minute, rows = 300, 420
    with running_fake_model_server(latency=0.05, requests_per_minute=per_minute) as model:
        add_judge(server, model, requests_per_minute=per_minute)
        dataset = new_dataset(server)
        import_rows(server, dataset, file_of(rows))
        report = run_judge(server, dataset)
        for _ in range(4):
            time.sleep(5)
            server.kill()
            server.start()
        ended = until_ended(server, dataset, report)
        summary = model.summary()
    assert ended["status"] == "completed"
    assert summary["kinds"].get("over_limit", 0) == 0
    assert summary["highest_in_60_seconds"] <= per_minute
    # It was the limit that the run took its time from.
    assert summary["highest_in_60_seconds"] > 0.8 * per_minute
