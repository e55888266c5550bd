"""Workers, servers and connections that die in the middle: a report ends, nothing is scored twice, nothing is lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from benchmarks.fake_model_server import FakeModelServer, running_fake_model_server
from tests.workers import Company, Report, running_company, wait_until

pytestmark = pytest.mark.postgres

ROWS = 1_000


@pytest.fixture
def company(postgresql_url: str) -> Iterator[Company]:
    with running_company(postgresql_url, workers=2) as started:
        yield started


def in_the_middle(company: Company, latency: str = "0.6", **settings: object) -> Report:
    """Start a report that takes a while and return it when a part of it is judged."""
    report = company.report(company.dataset(ROWS), [company.judge(f"scripted/latency={latency}")], **settings)
    report.wait_for_cells(ROWS // 10)
    assert report.cell_count() < ROWS
    return report


def test_a_report_ends_when_one_of_two_workers_is_killed(company: Company) -> None:
    report = in_the_middle(company)
    company.workers[0].kill()
    assert report.wait_for_end(seconds=60) == "completed"
    report.assert_every_cell_is_there_once(ROWS)
    assert company.workers[1].stop() == 0


def test_a_report_waits_for_a_worker_when_all_are_killed(company: Company) -> None:
    report = in_the_middle(company)
    for worker in company.workers:
        worker.kill()
    assert report.status() == "running"
    company.start_worker()
    assert report.wait_for_end(seconds=60) == "completed"
    report.assert_every_cell_is_there_once(ROWS)


def test_a_report_of_one_worker_goes_on_in_another_when_that_one_is_killed(company: Company) -> None:
    # Both, one after the other: one of them had it.
    report = in_the_middle(company, latency="0.1", max_concurrency=10)
    company.workers[0].kill()
    company.start_worker()
    time.sleep(1)
    company.workers[1].kill()
    assert report.wait_for_end(seconds=90) == "completed"
    report.assert_every_cell_is_there_once(ROWS)


def test_a_report_goes_on_while_its_server_is_dead(company: Company) -> None:
    report = in_the_middle(company)
    company.server.kill()
    assert report.wait_for_end(seconds=60) == "completed"
    report.assert_every_cell_is_there_once(ROWS)
    company.server.start()
    assert report.read()["status"] == "completed"


def test_a_worker_that_is_asked_to_leave_hands_its_chunks_on(company: Company) -> None:
    report = in_the_middle(company)
    assert company.workers[0].stop() == 0
    assert report.wait_for_end(seconds=30) == "completed"
    report.assert_every_cell_is_there_once(ROWS)


def test_workers_go_on_when_every_connection_to_the_database_breaks(company: Company) -> None:
    report = in_the_middle(company)
    for _ in range(3):
        company.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        time.sleep(0.3)
    assert report.wait_for_end(seconds=60) == "completed"
    report.assert_every_cell_is_there_once(ROWS)


def test_a_worker_that_was_taken_for_dead_and_comes_back_scores_nothing_twice(company: Company) -> None:
    report = in_the_middle(company)
    process = company.workers[0].process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        assert report.wait_for_end(seconds=60) == "completed"
    finally:
        process.send_signal(signal.SIGCONT)
    # It stores what it was paid for, and finds it there.
    again = company.report(company.dataset(50), ["levenshtein"])
    assert again.wait_for_end() == "completed"
    report.assert_every_cell_is_there_once(ROWS)
    assert company.workers[0].stop() == 0


def test_a_cancel_is_heard_though_a_worker_was_killed(company: Company) -> None:
    report = in_the_middle(company, latency="2")
    company.workers[0].kill()
    report.wish("cancel")
    assert report.wait_for_end(seconds=45) == "cancelled"
    stored = report.cell_count()
    report.wish("retry-failed")
    assert report.wait_for_end(seconds=90) == "completed"
    assert stored < ROWS
    report.assert_every_cell_is_there_once(ROWS)


PER_MINUTE = 600
ASKED = 160


@pytest.fixture
def model_server() -> Iterator[FakeModelServer]:
    with running_fake_model_server(latency=0.02) as started:
        yield started


def test_a_rate_limit_holds_for_all_workers_together(company: Company, model_server: FakeModelServer) -> None:
    limits = {"requests_per_minute": PER_MINUTE}
    provider = {"name": "limited", "kind": "openai", "base_url": model_server.base_url, "limits": limits}
    company.api("POST", "/api/providers/", {**provider, "models": ["m"]})
    report = company.report(company.dataset(ASKED), [company.judge("m")])
    assert report.wait_for_end(seconds=90) == "completed"
    report.assert_every_cell_is_there_once(ASKED)
    times = sorted(call["received_at"] for call in model_server.calls())
    assert len(times) == ASKED
    # In any six seconds: a tenth of the limit, the burst, and what was under way for a moment. Two workers that
    # counted for themselves would come to nearly twice as many.
    most = PER_MINUTE // 10 + PER_MINUTE // 60 + 5
    busiest = max(sum(start <= at < start + 6 for at in times) for start in times)
    assert PER_MINUTE // 20 < busiest <= most


def test_workers_leave_no_process_behind_however_they_end(company: Company) -> None:
    code = "def main(eval_inputs):\n    return len(eval_inputs['output'])\n"
    body = {"name": "length", "type": "code", "code_config": {"eval_code_snippet": code}}
    made = company.api("POST", "/api/evaluators/", body)
    report = company.report(company.dataset(ROWS), [made["evaluator_slug"]])
    assert report.wait_for_end() == "completed"
    company.workers[0].kill()
    assert company.workers[1].stop() == 0
    for worker in company.workers:
        wait_until(lambda gone=worker: not gone.has_processes(), 10.0, worker.log.read_text)
