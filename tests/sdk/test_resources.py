"""Which request each call makes, and how answers read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from assay.model.errors import Unavailable
from assay.sdk import Client
from assay.sdk.report_types import EvalReport
from assay.sdk.types import Dataset, DatasetDiff, NewApiKey
from tests.sdk.recorder import Answer, Recorder, page

DATASET = {"id": "d", "name": "n"}
VERSION = {"number": 2}
REPORT = {"id": "r", "dataset_id": "d", "status": "running", "evaluator_slugs": ["s"]}
EVALUATOR = {"id": "e", "name": "n", "evaluator_slug": "s"}
ROW = {"id": "l"}
KEY = {"id": "k", "api_key": "abcdefgh.x"}


@pytest.mark.parametrize(
    ("call", "answer", "method", "path", "body"),
    [
        (
            lambda c: c.datasets.create("n", starred=True),
            DATASET,
            "POST",
            "/api/datasets/",
            {"name": "n", "description": "", "is_empty": True, "starred": True},
        ),
        (lambda c: c.datasets.list(), page([DATASET]), "GET", "/api/datasets/list/", None),
        (lambda c: c.datasets.get("d"), DATASET, "GET", "/api/datasets/d/", None),
        (lambda c: c.datasets.update("d", name="m"), DATASET, "PATCH", "/api/datasets/d/", {"name": "m"}),
        (lambda c: c.datasets.delete("d"), None, "DELETE", "/api/datasets/d/", None),
        (lambda c: c.datasets.versions("d"), page([VERSION]), "GET", "/api/datasets/d/versions/list/", None),
        (lambda c: c.datasets.get_version("d", 2), VERSION, "GET", "/api/datasets/d/versions/2/", None),
        (
            lambda c: c.datasets.tag_version("d", 2, "gold"),
            VERSION,
            "PATCH",
            "/api/datasets/d/versions/2/",
            {"tag": "gold"},
        ),
        (
            lambda c: c.datasets.tag_version("d", 2, None),
            VERSION,
            "PATCH",
            "/api/datasets/d/versions/2/",
            {"tag": None},
        ),
        (lambda c: c.datasets.restore("d", "gold"), VERSION, "POST", "/api/datasets/d/versions/gold/restore/", {}),
        (lambda c: c.dataset_logs.get("d", "l"), ROW, "GET", "/api/datasets/d/logs/l/", None),
        (
            lambda c: c.dataset_logs.update("d", "l", output=None),
            ROW,
            "PATCH",
            "/api/datasets/d/logs/l/",
            {"output": None},
        ),
        (lambda c: c.dataset_logs.replace("d", "l", input=1), ROW, "PUT", "/api/datasets/d/logs/l/", {"input": 1}),
        (lambda c: c.dataset_logs.delete("d", "l"), None, "DELETE", "/api/datasets/d/logs/l/", None),
        (
            lambda c: c.dataset_logs.delete_matching("d", {"id": "l"}),
            {"message": "", "deleted_count": 1},
            "DELETE",
            "/api/datasets/d/logs/delete/",
            {"filters": {"id": "l"}},
        ),
        (
            lambda c: c.dataset_logs.delete_all("d"),
            {"message": ""},
            "DELETE",
            "/api/datasets/d/logs/delete/",
            {"is_deleting_all_logs": True},
        ),
        (lambda c: c.dataset_logs.summary("d"), {}, "GET", "/api/datasets/d/logs/summary/", None),
        (lambda c: c.evaluators.get("s"), EVALUATOR, "GET", "/api/evaluators/s/", None),
        (
            lambda c: c.evaluators.run("s", {"output": "x"}),
            {"score": 1},
            "POST",
            "/api/evaluators/s/run/",
            {"inputs": {"output": "x"}},
        ),
        (
            lambda c: c.eval_reports.create("d", ["s"]),
            REPORT,
            "POST",
            "/api/datasets/d/eval-reports/create",
            {"evaluator_slugs": ["s"]},
        ),
        (lambda c: c.eval_reports.list("d"), page([REPORT]), "GET", "/api/datasets/d/eval-reports/list/", None),
        (lambda c: c.eval_reports.get("d", "r"), REPORT, "GET", "/api/datasets/d/eval-reports/r/", None),
        (lambda c: c.eval_reports.cancel("d", "r"), REPORT, "POST", "/api/datasets/d/eval-reports/r/cancel/", {}),
        (
            lambda c: c.eval_reports.retry_failed("d", "r"),
            REPORT,
            "POST",
            "/api/datasets/d/eval-reports/r/retry-failed/",
            {},
        ),
        (lambda c: c.eval_reports.manifest("d", "r"), {}, "GET", "/api/datasets/d/eval-reports/r/manifest/", None),
        (lambda c: c.keys.list(), page([KEY]), "GET", "/api/keys/list/", None),
        (
            lambda c: c.keys.create("ci", environment="test", scopes=["read"]),
            KEY,
            "POST",
            "/api/keys/",
            {"name": "ci", "environment": "test", "scopes": ["read"]},
        ),
        (lambda c: c.keys.revoke("k"), None, "DELETE", "/api/keys/k/", None),
        (lambda c: c.jobs.get("j"), {"id": "j"}, "GET", "/api/jobs/j/", None),
    ],
)
def test_a_call_makes_the_request_of_the_contract(
    client: Client,
    recorder: Recorder,
    call: Callable[[Client], object],
    answer: Any,
    method: str,
    path: str,
    body: Any,
) -> None:
    recorder.will_answer(Answer(answer, status=204 if answer is None else 200))
    call(client)
    request = recorder.requests[0]
    assert (request.method, request.path) == (method, path)
    assert (request.json if request.body else None) == body


def test_lists_say_their_page_and_leave_out_what_is_not_asked(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(page([])))
    client.eval_reports.rows("d", "r", status="failed", evaluator_slug="s", sort="worst", page=2, page_size=10)
    client.evaluators.list(search="count")
    assert recorder.requests[0].query == {
        "status": "failed",
        "evaluator_slug": "s",
        "sort": "worst",
        "page": "2",
        "page_size": "10",
    }
    assert recorder.requests[1].query == {"search": "count", "page": "1", "page_size": "100"}


def test_a_diff_names_both_versions_and_counts(client: Client, recorder: Recorder) -> None:
    rows = [{"id": "l", "kind": "changed", "fields": ["output"], "before": {"output": 1}, "after": {"output": 2}}]
    recorder.will_answer(Answer(page(rows, added_count=0, removed_count=0, changed_count=1)))
    found = client.datasets.diff("d", 1, "gold")
    assert recorder.requests[0].query == {"from": "1", "to": "gold", "page": "1", "page_size": "100"}
    assert isinstance(found, DatasetDiff)
    assert found.changed_count == 1
    assert found.results[0].fields == ["output"]


def test_times_are_aware_and_unknown_fields_are_ignored() -> None:
    made = msgspec.json.decode(
        b'{"id":"d","name":"n","created_at":"2026-11-23T12:00:00.25Z","shoe_size":43}', type=Dataset
    )
    assert made.created_at == datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)


def test_answers_cannot_be_changed() -> None:
    made = Dataset(id="d", name="n")
    with pytest.raises(AttributeError):
        made.name = "m"  # type: ignore[misc]


def test_a_new_key_shows_its_secret() -> None:
    assert msgspec.convert(KEY, NewApiKey).api_key == "abcdefgh.x"


def test_a_report_reads_with_its_figures() -> None:
    report = msgspec.convert(
        REPORT
        | {
            "status": "completed",
            "progress": {"finished_count": 3, "cell_count": 3, "percent": 100},
            "evaluators": [
                {
                    "evaluator_slug": "s",
                    "scored_count": 2,
                    "failed_count": 1,
                    "summary": {
                        "coverage": {"total": 3, "scored": 2, "skipped": 0, "failed": 1},
                        "mean": 0.5,
                        "confidence_interval": {"level": 0.95, "lower": 0.1, "upper": 0.9, "method": "student_t"},
                        "percentiles": {"p5": 0.1, "p50": 0.5},
                        "histogram": [{"lower": 0, "upper": 1, "count": 2}],
                        "pass_rate": {"rate": 0.5, "passed": 1, "total": 2, "confidence_interval": None},
                        "counts": None,
                        "mean_bounds": {"lower": 0.33, "upper": 0.67},
                    },
                }
            ],
        },
        EvalReport,
    )
    assert report.is_finished
    summary = report.evaluators[0].summary
    assert summary is not None
    assert summary.confidence_interval is not None
    assert summary.confidence_interval.upper == 0.9
    assert summary.histogram is not None
    assert summary.histogram[0].count == 2


def test_waiting_looks_until_the_end_and_tells_each_look(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(REPORT), Answer(REPORT), Answer(REPORT | {"status": "completed"}))
    seen: list[str] = []
    done = client.eval_reports.wait("d", "r", progress=lambda report: seen.append(report.status))
    assert done.status == "completed"
    assert seen == ["running", "running", "completed"]


def test_waiting_ends_when_its_time_is_over(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(REPORT))
    with pytest.raises(Unavailable, match=r"report r is still running after 0\.3 s"):
        client.eval_reports.wait("d", "r", timeout_seconds=0.3)
