"""`assay demo`: its data, its baselines and logs, and the whole of it against the running server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assay.cli import demo_data
from assay.demo.baselines import BASELINES, commonest_occupation, last_word, nearest_neighbour
from assay.demo.request_logs import SPREAD, TRACED_COUNT, questions_of, request_logs
from assay.demo.rows import BUNDLED, bundled
from assay.sdk import Client
from tests.cli.conftest import Shell


def test_the_bundled_rows_are_real_and_more_than_a_thousand() -> None:
    data = bundled("offline")
    assert len(data.rows) == 1998
    assert data.rows[0]["ideal"].strip() == "Metal Workers and Plastic Workers, All Other"
    assert [message["role"] for message in data.rows[0]["input"]] == ["system", "user"]
    assert BUNDLED.stat().st_size <= 300_000
    assert "MIT License" in BUNDLED.with_name("sample.LICENSE.txt").read_text()


TITLES = {"Head Baker": "Bakers", "Cake Baker": "Bakers", "Cake Decorator": "Artists", "Welder": "Welders"}


def test_the_nearest_neighbour_answers_like_the_most_similar_other_title() -> None:
    answers = nearest_neighbour([*TITLES], [*TITLES.values()])
    # The welder shares no word with anybody: the commonest answer.
    assert answers == ["Bakers", "Bakers", "Bakers", "Bakers"]
    # The head chef is as near to the nurse as to the other chef: the first one.
    assert nearest_neighbour(["Head Nurse", "Head Chef", "Sous Chef"], ["N", "C", "C"]) == ["C", "N", "C"]


def test_the_last_word_answers_like_the_other_titles_that_end_alike() -> None:
    titles = ["Head Nurse", "Night Nurse", "Nurse", "Chef", "Sous Chef", "Welder"]
    assert last_word(titles, ["A", "A", "B", "C", "D", "E"]) == ["A", "A", "A", "D", "C", "A"]


def test_the_commonest_occupation_answers_everything() -> None:
    assert commonest_occupation([*TITLES], [*TITLES.values()]) == ["Bakers"] * 4


def test_made_up_logs_are_the_same_in_every_run_but_for_the_time() -> None:
    questions = questions_of(bundled("offline").rows)
    assert (questions[0].title, questions[0].occupation) == (
        "Metal Worker",
        "Metal Workers and Plastic Workers, All Other",
    )
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    logs = list(request_logs(questions, "demo-1", now))
    assert logs == list(request_logs(questions, "demo-1", now))
    calls = [log for log in logs if "model" in log]
    assert (len(calls), len(logs)) == (3996, 3996 + 2 * TRACED_COUNT)
    assert {log["model"] for log in calls} == set(BASELINES)
    failed = [log for log in calls if "error_message" in log]
    assert 0.02 < len(failed) / len(calls) < 0.04
    assert all(log["output"] is None and log["status_code"] >= 400 for log in failed)
    times = [datetime.fromisoformat(log["timestamp"]) for log in calls]
    assert times == sorted(times)
    assert now - SPREAD <= times[0]
    assert times[-1] <= now
    later = list(request_logs(questions, "demo-1", now + timedelta(days=1)))
    assert [log["output"] for log in later] == [log["output"] for log in logs]


def test_a_broken_download_falls_back_to_the_bundled_rows_and_says_why(tmp_path: Path) -> None:
    home = tmp_path / f"{demo_data.PACKAGE}-{demo_data.VERSION}"
    home.mkdir()
    (home / "evals.whl").write_bytes(b"half a download")
    data = demo_data.fetch(tmp_path)
    assert len(data.rows) == 1998
    assert "not a zip file" in data.reason


def test_an_unpacked_package_is_read_without_fetching(tmp_path: Path) -> None:
    member = tmp_path / f"{demo_data.PACKAGE}-{demo_data.VERSION}" / demo_data.MEMBER
    member.parent.mkdir(parents=True)
    member.write_text('{"input": [], "ideal": "x"}\n' * 1000)
    data = demo_data.fetch(tmp_path)
    assert len(data.rows) == 1000
    assert data.reason == ""


def test_the_demo_leaves_logs_a_sample_of_them_and_a_completed_report(assay: Shell, server: Any) -> None:
    words = assay("demo", "--offline", "--base-url", server.url).out
    assert "1,998 job titles" in words
    assert "baselines without any model" in words
    assert "4,020 of three models" in words
    assert "Baselines · completed" in words
    assert "400/400" in words
    assert "no model is asked, its scores mean nothing" in words
    assert "scripted, no model asked" in words
    assert re.search(r"demo_shared_words: \d+ of 400 cells failed, no score", words)
    assert re.search(r'For example ".+": demo_shared_words failed, line 9: ZeroDivisionError', words)
    with Client(api_key=server.api_key, base_url=server.url) as client:
        made = client.datasets.list(sort_by="-created_at").results[0]
        assert (made.name[:10], made.log_count) == ("Job titles", 400)
        matched, strata = (made.sampling_outcome or {})["matched_count"], (made.sampling_outcome or {})["strata"]
        assert all(abs(one["taken"] - 400 * one["matched"] / matched) < 1 for one in strata)
        assert {one["value"] for one in strata} == set(BASELINES)
        rows = client.dataset_logs.list(made.id, page_size=1000).results
        assert all(row.output and row.expected_output and row.status == "success" for row in rows)
        report = client.eval_reports.list(made.id).results[0]
        assert (report.status, len(report.evaluator_slugs)) == ("completed", 3)
        judge, code, built_in = report.evaluators
        assert [one.method for one in report.evaluators] == ["llm", "code", "builtin"]
        assert (judge.is_scripted, judge.scored_count, judge.cost_usd) == (True, 400, 0)
        # A sample of 400 without any of the 96 titles that fail has a chance below one in a hundred million.
        assert 0 < code.failed_count == 400 - code.scored_count
        assert built_in.scored_count == 400
        run = {"metadata.demo_run": (made.initial_log_filters or {})["metadata.demo_run"]["value"]}
        traces = client.traces.list({"name": "classify job title"}, start_time="2020-01-01T00:00:00Z").results
        assert {trace.span_count for trace in traces} == {3}
        again = assay("demo", "--offline", "--base-url", server.url).out
        assert "recorded by a run before" in again
        assert client.request_logs.count(run).count == 4020
        second = client.datasets.list(sort_by="-created_at").results[0]
        assert (second.log_count, second.id != made.id) == (400, True)
        client.datasets.delete(second.id)
        client.datasets.delete(made.id)
        for slug in ("demo_plausible", "demo_shared_words"):
            client.evaluators.delete(slug)


def test_the_demo_starts_a_server_of_its_own_and_stops_it(bare: Shell, tmp_path: Path) -> None:
    ended = bare("demo", "--offline", "--exit", "--data", str(tmp_path / "demo"))
    assert "Baselines · completed" in ended.out
    address = ended.out.partition("Server: ")[2].partition(",")[0]
    assert "cannot reach" in bare("datasets", "list", "--base-url", address, "--api-key", "k", code=1).err
    assert (tmp_path / "demo" / "demo-api-key").stat().st_mode & 0o077 == 0
