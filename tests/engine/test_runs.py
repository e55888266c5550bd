"""A run against a model that refuses, breaks, talks nonsense and hangs: every cell ends, every number agrees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.model.evaluator import EvaluatorVersion
from assay.ports.store import Stores
from benchmarks.fake_model_server import running_fake_model_server
from tests.conformance.log_builders import fresh_stores
from tests.engine.running import at_work, builtin, judge, kinds, output_tokens
from tests.postgresql import postgresql_url

__all__ = ["postgresql_url"]

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
FAULTS = {"rate_limited": 0.05, "failing": 0.02, "nonsense": 0.02, "hanging": 0.01, "retry_after": 0.1}


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for one test."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def test_a_thousand_rows_are_judged_with_one_call_each(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(latency=0.02) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.until(await house.run(await house.add_dataset(1_000), judge()))
                cells = await house.cells(report)
            calls = server.calls()
        assert (report.status, kinds(calls)) == ("completed", {"verdict": 1_000})
        assert server_concurrency(calls) <= 64
        task = report.tasks[0]
        assert (task.scored_count, task.failed_count, task.unknown_cost_count) == (1_000, 0, 0)
        assert len(set(cells.log_id)) == 1_000
        assert task.output_tokens == output_tokens(calls)
        assert task.cost_usd == pytest.approx(output_tokens(calls) / 1e6)
        assert report.estimate is not None
        assert report.estimate["cost_usd"] == pytest.approx(task.cost_usd, rel=0.2)
        assert report.estimate["cells"] == 1_000

    asyncio.run(scenario())


def server_concurrency(calls: list[dict[str, float]]) -> int:
    """Return how many calls were open at once."""
    ends = [(call["answered_at"], -1) for call in calls if call["answered_at"]]
    opened = highest = 0
    for _, step in sorted([*((call["received_at"], 1) for call in calls), *ends]):
        opened += step
        highest = max(highest, opened)
    return highest


def test_whatever_a_model_does_every_cell_ends_and_no_answer_is_asked_for_twice(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(latency=0.02, **FAULTS) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url, timeout_seconds=3.0)
                report = await house.until(await house.run(await house.add_dataset(1_000), judge()))
                cells = await house.cells(report)
                outcomes = await house.outcomes(report)
            summary, calls = server.summary(), server.calls()
        counted = kinds(calls)
        assert counted.keys() == {"verdict", "rate_limited", "failed", "nonsense", "hanging"}
        assert report.status == "completed"
        assert summary["repeated_after_answer"] == 0
        task = report.tasks[0]
        assert (len(cells.log_id), len(set(cells.log_id))) == (1_000, 1_000)
        assert (task.scored_count, task.scored_count + task.failed_count) == (counted["verdict"], 1_000)
        assert cells.status.count("scored") == task.scored_count
        assert task.output_tokens == output_tokens(calls)
        assert task.cost_usd == pytest.approx(output_tokens(calls) / 1e6)
        assert sum(outcome.attempts for outcome in outcomes.values()) == len(calls)
        failed = [outcome for outcome in outcomes.values() if outcome.status == "failed"]
        assert all(outcome.error_kind and outcome.error_message for outcome in failed)
        assert all(outcome.values.numerical_value is None for outcome in failed)

    asyncio.run(scenario())


def test_a_rate_limit_is_used_and_never_exceeded(stores: Stores, tmp_path: Path) -> None:
    per_minute, rows = 6_000, 400

    async def scenario() -> None:
        with running_fake_model_server(latency=0.02, requests_per_minute=per_minute) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url, requests_per_minute=per_minute)
                report = await house.until(await house.run(await house.add_dataset(rows), judge()))
            summary, calls = server.summary(), server.calls()
        assert (report.status, summary["kinds"]) == ("completed", {"verdict": rows})
        # A sixtieth of the limit may leave at once, the others evenly.
        received = [call["received_at"] for call in calls]
        assert max(received) - min(received) > 0.9 * (rows - per_minute / 60) * 60 / per_minute

    asyncio.run(scenario())


def test_trials_ask_anew_and_a_cache_asks_once(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server() as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                dataset = await house.add_dataset(20)
                version = judge()
                for settings, calls in (
                    ({"is_cached": True}, 20),
                    ({"is_cached": True}, 0),
                    ({"is_cached": True, "trials": 3}, 60),
                    ({"trials": 2}, 40),
                    ({}, 20),
                ):
                    before = server.summary()["calls"]
                    report = await house.until(await house.run(dataset, version, **settings))
                    assert report.status == "completed"
                    assert server.summary()["calls"] - before == calls, settings
                    task = report.tasks[0]
                    assert task.scored_count == 20 * settings.get("trials", 1)
                    assert (task.cost_usd == 0.0) == (calls == 0)

    asyncio.run(scenario())


def test_several_judges_and_machines_share_a_run(stores: Stores, tmp_path: Path) -> None:
    versions: list[EvaluatorVersion] = [judge(), builtin(), judge(definition="Is it short? {{input}}")]

    async def scenario() -> None:
        with running_fake_model_server() as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.until(await house.run(await house.add_dataset(120), *versions, trials=2))
            assert server.summary()["kinds"] == {"verdict": 480}
        assert [task.scored_count + task.skipped_count for task in report.tasks] == [240] * 3

    asyncio.run(scenario())


def test_failed_cells_are_judged_again_on_request_and_no_others(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(nonsense=0.6) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.until(await house.run(await house.add_dataset(60), judge()))
                before, calls = await house.outcomes(report), server.summary()["calls"]
                failed = {row for row, outcome in before.items() if outcome.status == "failed"}
                assert 0 < len(failed) < 60
                assert {before[row].error_kind for row in failed} <= {"unparseable", "wrong_type", "ambiguous", "empty"}
                again = await house.until(await house.retry_failed(report))
                after = await house.outcomes(report)
                calls = server.summary()["calls"] - calls
        assert {row: outcome for row, outcome in after.items() if row not in failed} == {
            row: outcome for row, outcome in before.items() if row not in failed
        }
        assert calls == sum(after[row].attempts for row in failed)
        task = again.tasks[0]
        assert (again.status, task.scored_count + task.failed_count) == ("completed", 60)
        assert task.failed_count == sum(outcome.status == "failed" for outcome in after.values()) < len(failed)

    asyncio.run(scenario())
