"""The distributed engine: a server and two workers on PostgreSQL do what the embedded engine does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from assay.assembly import build_worker, migrate_stores, open_stores
from assay.model.errors import Invalid
from assay.settings import Settings
from tests.postgresql import postgresql_url
from tests.workers import Company, running_company

__all__ = ["postgresql_url"]

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def company(postgresql_url: str) -> Iterator[Company]:
    with running_company(postgresql_url, workers=2) as started:
        yield started


@pytest.fixture(scope="module")
def dataset(company: Company) -> str:
    return company.dataset(400)


def job_count(company: Company) -> int:
    return int(company.rows("SELECT count(*) FROM procrastinate_jobs WHERE args ? 'report_id'")[0][0])


def test_a_report_of_judges_and_plain_evaluators_is_completed(company: Company, dataset: str) -> None:
    report = company.report(dataset, [company.judge("scripted/latency=0.02"), "levenshtein"])
    assert report.wait_for_end() == "completed"
    report.assert_every_cell_is_there_once(400, evaluators=2)
    summaries = "SELECT count(*) FROM eval_task t JOIN eval_report r ON r.sequence = t.report_sequence WHERE r.id = "
    assert company.rows(f"{summaries}'{report.id}' AND t.summary IS NOT NULL") == [(2,)]


def test_both_workers_take_part(company: Company, dataset: str) -> None:
    report = company.report(dataset, [company.judge("scripted/latency=0.5")])
    seen: set[int] = set()
    while report.status() not in ("completed", "failed", "cancelled"):
        doing = "SELECT worker_id FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = 'chunks'"
        seen |= {row[0] for row in company.rows(doing)}
        time.sleep(0.02)
    assert len(seen) == 2


def test_a_cancel_ends_a_report_that_would_take_minutes(company: Company, dataset: str) -> None:
    report = company.report(dataset, [company.judge("scripted/latency=30")])
    report.wait_for("running")
    report.wish("cancel")
    assert report.wait_for_end(seconds=15) == "cancelled"
    assert (report.read()["cancel_reason"], report.cell_count()) == ("request", 0)


def test_a_pause_keeps_what_is_judged_and_a_resume_judges_the_rest(company: Company, dataset: str) -> None:
    report = company.report(dataset, [company.judge("scripted/latency=0.5,seed=2")])
    report.wait_for_cells(1)
    report.wish("pause")
    assert report.wait_for("paused", "completed") == "paused"
    paused_at = report.cell_count()
    assert 0 < paused_at < 400
    time.sleep(1)
    assert report.cell_count() == paused_at
    report.wish("resume")
    assert report.wait_for_end() == "completed"
    report.assert_every_cell_is_there_once(400)


def test_a_cancelled_report_goes_on_when_it_is_retried(company: Company, dataset: str) -> None:
    report = company.report(dataset, [company.judge("scripted/latency=0.3,seed=3")])
    report.wait_for_cells(1)
    report.wish("cancel")
    assert report.wait_for_end() == "cancelled"
    report.wish("retry-failed")
    assert report.wait_for_end() == "completed"
    report.assert_every_cell_is_there_once(400)


def test_a_report_with_a_bound_that_workers_could_not_share_runs_in_one_of_them(company: Company, dataset: str) -> None:
    report = company.report(dataset, [company.judge("scripted/latency=0.2,seed=4")], max_concurrency=4)
    report.wait_for_cells(1)
    queues = company.rows("SELECT DISTINCT queue_name FROM procrastinate_jobs WHERE args ? 'report_id'")
    assert queues == [("alone",)]
    report.wish("cancel")
    assert report.wait_for_end() == "cancelled"
    budgeted = company.report(dataset, [company.judge("scripted/seed=5")], budget_usd=1)
    assert budgeted.wait_for_end() == "completed"
    budgeted.assert_every_cell_is_there_once(400)


def test_a_small_report_overtakes_a_large_one(company: Company, dataset: str) -> None:
    small = company.dataset(3)
    large = company.report(dataset, [company.judge("scripted/latency=2,seed=6")], trials=3)
    large.wait_for("running")
    report = company.report(small, [company.judge("scripted/seed=7")])
    assert report.wait_for_end() == "completed"
    assert large.status() == "running"
    large.wish("cancel")
    assert large.wait_for_end() == "cancelled"


def test_an_evaluator_that_cannot_run_fails_the_report_with_the_reason(company: Company, dataset: str) -> None:
    report = company.report(dataset, [company.judge("nobody/serves-this")])
    assert report.wait_for_end() == "failed"
    assert "nobody/serves-this" in report.read()["error_message"]


def test_a_dataset_without_rows_is_completed_at_once(company: Company) -> None:
    report = company.report(company.dataset(0), ["levenshtein"])
    assert report.wait_for_end() == "completed"


def test_a_report_that_nobody_was_told_of_is_found(company: Company, dataset: str) -> None:
    report = company.report(dataset, ["levenshtein"])
    assert report.wait_for_end() == "completed"
    # As after a kill between storing a report and handing it on, or between the last chunk and the end.
    company.rows(
        f"WITH lost AS (UPDATE eval_report SET status = 'running' WHERE id = '{report.id}' RETURNING sequence)"
        " SELECT sequence FROM lost"
    )
    assert report.wait_for_end(seconds=30) == "completed"


def test_no_job_is_left_behind(company: Company, dataset: str) -> None:
    report = company.report(dataset, ["levenshtein"])
    assert report.wait_for_end() == "completed"
    for _ in range(200):
        if not job_count(company):
            break
        time.sleep(0.05)
    assert job_count(company) == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"engine": "celery"}, "ASSAY_ENGINE: 'celery' names no engine"),
        ({"engine": "procrastinate"}, "ASSAY_ENGINE: procrastinate needs a PostgreSQL database"),
    ],
)
def test_a_wrong_engine_stops_the_start_with_a_line_that_names_it(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        open_stores(Settings(tmp_path, **settings))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_worker_needs_the_engine_that_has_workers(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    stores = open_stores(settings)
    with pytest.raises(Invalid, match="ASSAY_ENGINE: Workers, and the servers that they work for, need procrastinate"):
        build_worker(stores, settings, chunks_at_once=1)
    stores.close()


def test_the_queue_is_not_imported_unless_it_is_chosen() -> None:
    program = "import sys, assay.assembly; print('procrastinate' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


def test_the_tables_of_jobs_are_made_beside_a_schema_that_is_there(postgresql_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE jobs_added_later")
    url = postgresql_url.replace("/postgres?", "/jobs_added_later?")
    migrated = []
    for engine, is_expected in (("inline", False), ("procrastinate", True), ("procrastinate", True)):
        migrated.append(migrate_stores(Settings(tmp_path, database_url=url, engine=engine)))
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchone()
        assert found == (is_expected,)
    assert migrated[1:] == [[], []]
