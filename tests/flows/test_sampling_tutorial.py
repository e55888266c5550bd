"""The tutorial "sampling production logs" as a stranger would follow it: logs, a dataset of some of them, a report."""

from __future__ import annotations

import math
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.server import Server

LOGS = 30
FAILED = [place for place in range(LOGS) if place % 3 == 0]


class Stranger:
    """Someone with a URL, a key and the package requests."""

    def __init__(self, server: Server) -> None:
        self.base_url = f"{server.url}/api"
        self.headers = {**server.headers, "Content-Type": "application/json"}

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        reply = requests.request(
            method, f"{self.base_url}/{path}", headers=self.headers, json=body, params=query, timeout=60
        )
        assert reply.ok, reply.text
        return reply.json()

    def record_production(self, app: str) -> dict[int, str]:
        """Record thirty logs, of which every third has failed; the answer of log n has n + 1 characters."""
        ids = {}
        for place in range(LOGS):
            is_failed = place in FAILED
            made = self(
                "POST",
                "request-logs/create/",
                {
                    "model": "gpt-4o-mini",
                    "input": [{"role": "user", "content": f"Question {place}?"}],
                    "output": "x" * (place + 1),
                    "status_code": 500 if is_failed else 200,
                    "status": "error" if is_failed else "success",
                    "error_message": "timeout" if is_failed else "",
                    "customer_identifier": app,
                    "metadata": {"app": app, "place": place},
                },
            )
            ids[place] = made["unique_id"]
        return ids

    def all_rows(self, dataset_id: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self("GET", f"datasets/{dataset_id}/logs/list/", page_size=100)["results"]
        return rows

    def finished_report(self, dataset_id: str, report_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            report: dict[str, Any] = self("GET", f"datasets/{dataset_id}/eval-reports/{report_id}")
            if report["status"] not in ("pending", "running"):
                return report
            time.sleep(0.1)
        raise AssertionError("the report did not finish")


@pytest.fixture
def stranger(any_server: Server) -> Stranger:
    return Stranger(any_server)


def window() -> dict[str, str]:
    now = datetime.now(UTC)
    # As the tutorial writes them: a space, no zone.
    return {
        "start_time": (now - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"),
        "end_time": (now + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"),
    }


@pytest.mark.parametrize(
    ("status_filter", "expected"),
    [
        ({"status_code": {"operator": "gte", "value": [400]}}, set(FAILED)),
        ({"status": {"operator": "", "value": ["failed"]}}, set(FAILED)),
        ({"status": {"operator": "", "value": ["success"]}}, set(range(LOGS)) - set(FAILED)),
        ({"status_code": {"operator": "eq", "value": 200}}, set(range(LOGS)) - set(FAILED)),
    ],
    ids=str,
)
@pytest.mark.parametrize("percent", [100, 40])
def test_a_dataset_sampled_from_production_is_evaluated_at_once(
    stranger: Stranger, status_filter: dict[str, Any], expected: set[int], percent: int
) -> None:
    app = secrets.token_hex(6)
    stranger.record_production(app)

    filters = {"metadata.app": {"operator": "", "value": [app]}, **status_filter}
    dataset = stranger(
        "POST",
        "datasets/",
        {
            "name": "from production",
            "description": "",
            "type": "sampling",
            "sampling": percent,
            "initial_log_filters": filters,
            **window(),
        },
    )
    # The next request reads the rows: nothing was waited for.
    rows = stranger.all_rows(dataset["id"])
    assert (dataset["status"], dataset["log_count"]) == ("ready", len(rows))
    places = [row["metadata"]["place"] for row in rows]
    assert len(places) == len(set(places)) == math.ceil(len(expected) * percent / 100)
    assert set(places) <= expected
    for row in rows:
        assert row["status_code"] == (500 if row["metadata"]["place"] in FAILED else 200)
        assert row["input"][0]["content"] == f"Question {row['metadata']['place']}?"

    started = stranger(
        "POST", f"datasets/{dataset['id']}/eval-reports/create", {"evaluator_slugs": ["char_count_eval"]}
    )
    report = stranger.finished_report(dataset["id"], started["id"])
    assert (report["status"], report["evaluated_logs_count"]) == ("completed", len(rows))
    assert report["results"]["char_count_eval"]["avg_score"] == pytest.approx(sum(places) / len(places) + 1)
    scored = {
        row["metadata"]["place"]: next(iter(row["scores"].values()))["score_value"]
        for row in stranger.all_rows(dataset["id"])
    }
    assert scored == {place: place + 1 for place in places}


def test_the_failures_found_in_the_list_become_a_dataset_that_outlives_them(stranger: Stranger) -> None:
    app = secrets.token_hex(6)
    ids = stranger.record_production(app)
    asked = {"filters": {"metadata.app": app, "status": {"operator": "", "value": ["failed"]}}}
    found = stranger("POST", "request-logs/list/", asked, page_size=100)
    assert {log["unique_id"] for log in found["results"]} == {ids[place] for place in FAILED}
    assert {log["error_message"] for log in found["results"]} == {"timeout"}

    dataset = stranger("POST", "datasets/", {"name": "failures", "is_empty": True})
    chosen = [log["unique_id"] for log in found["results"]][:4]
    stranger("POST", f"datasets/{dataset['id']}/logs/bulk/", {"log_ids": chosen})
    # The same logs again, and more of them: a log is in a dataset once.
    stranger("POST", f"datasets/{dataset['id']}/logs/bulk/", {**window(), **asked, "sampling_percentage": 100})
    rows = stranger.all_rows(dataset["id"])
    assert sorted(row["metadata"]["place"] for row in rows) == FAILED

    for log_id in ids.values():
        gone = requests.delete(f"{stranger.base_url}/request-logs/{log_id}/", headers=stranger.headers, timeout=60)
        assert gone.status_code == 204
    assert stranger("POST", "request-logs/list/", {"filters": {"metadata.app": app}})["count"] == 0
    assert len(stranger.all_rows(dataset["id"])) == len(FAILED)
