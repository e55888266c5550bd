"""What people want of a run while it works: cancel, pause, resume, a budget, and a fair share beside other runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assay.model.errors import Conflict
from assay.ports.store import Stores
from benchmarks.fake_model_server import running_fake_model_server
from tests.conformance.log_builders import fresh_stores
from tests.engine.running import at_work, builtin, code, human, judge, kinds, output_tokens
from tests.postgresql import postgresql_url

__all__ = ["postgresql_url"]

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for one test."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def test_a_cancelled_run_ends_at_once_and_keeps_what_was_scored(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        # Nobody would wait for the rest: a thousand seconds of calls.
        with running_fake_model_server(latency=0.05, hanging=0.5) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url, timeout_seconds=1_000.0)
                report = await house.run(await house.add_dataset(1_000), judge())
                await house.until_finished_cells(report, 20)
                await house.wish(report, "cancel")
                async with asyncio.timeout(10):
                    ended = await house.until(report)
                calls = server.summary()["calls"]
                outcomes = await house.outcomes(report)
                await asyncio.sleep(0.2)
                assert server.summary()["calls"] == calls
        assert (ended.status, ended.cancel_reason) == ("cancelled", "request")
        task = ended.tasks[0]
        assert 20 <= task.scored_count == len(outcomes) < 1_000
        assert all(outcome.status == "scored" for outcome in outcomes.values())
        assert task.summary is not None

    asyncio.run(scenario())


def test_a_paused_run_ends_its_calls_and_starts_none_until_it_is_resumed(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(latency=0.1) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.run(await house.add_dataset(400), judge(), max_concurrency=16)
                await house.until_finished_cells(report, 30)
                await house.wish(report, "pause")
                paused = await house.until(report, "paused")
                calls = server.calls()
                assert kinds(calls) == {"verdict": len(calls)}, "a call in flight was cut off"
                assert paused.tasks[0].scored_count == len(calls) < 400
                await asyncio.sleep(0.3)
                assert server.summary()["calls"] == len(calls)
                await house.wish(report, "resume")
                ended = await house.until(report)
            summary = server.summary()
        assert (ended.status, ended.tasks[0].scored_count) == ("completed", 400)
        assert (summary["calls"], summary["repeated_after_answer"]) == (400, 0)

    asyncio.run(scenario())


def test_a_paused_run_can_be_cancelled_and_what_is_missing_run_later(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(latency=0.05) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.run(await house.add_dataset(200), judge(), max_concurrency=8)
                await house.until_finished_cells(report, 10)
                with pytest.raises(Conflict):
                    await house.retry_failed(report)
                await house.wish(report, "pause")
                await house.until(report, "paused")
                await house.wish(report, "cancel")
                assert (await house.until(report)).status == "cancelled"
                ended = await house.until(await house.retry_failed(report))
            summary = server.summary()
        assert (ended.status, ended.tasks[0].scored_count) == ("completed", 200)
        assert (summary["calls"], summary["repeated_after_answer"]) == (200, 0)

    asyncio.run(scenario())


def test_a_pause_does_not_wait_for_those_that_back_off(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(rate_limited=0.5, retry_after=100.0) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.run(await house.add_dataset(60), judge())
                await house.until_finished_cells(report, 10)
                await house.wish(report, "pause")
                async with asyncio.timeout(20):
                    await house.until(report, "paused")

    asyncio.run(scenario())


def test_a_budget_stops_a_run_below_its_limit(stores: Stores, tmp_path: Path) -> None:
    budget = 0.002

    async def scenario() -> None:
        with running_fake_model_server(latency=0.02, failing=0.05) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.until(await house.run(await house.add_dataset(400), judge(), budget_usd=budget))
            calls = server.calls()
        assert (report.status, report.cancel_reason) == ("cancelled", "budget")
        spent = output_tokens(calls) / 1e6
        assert report.tasks[0].cost_usd == pytest.approx(spent)
        # Costs of calls in flight are guessed from those before: they differ by a few tokens.
        assert 0.9 * budget < spent < 1.1 * budget
        assert 0 < report.tasks[0].scored_count < 400

    asyncio.run(scenario())


def test_a_budget_without_known_costs_is_refused_before_or_as_soon_as_it_shows(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server() as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                dataset = await house.add_dataset(100)
                report = await house.until(await house.run(dataset, judge("fake/unheard-of"), budget_usd=1.0))
                assert report.status == "failed"
                assert "Nobody knows what unheard-of costs" in (report.error_message or "")
                assert server.summary()["calls"] == 0
                # This one has a price, but its answers say nothing of tokens.
                report = await house.until(await house.run(dataset, judge("fake/no-usage"), budget_usd=1.0))
                assert report.status == "failed"
                assert "budget" in (report.error_message or "")
                assert 0 < server.summary()["calls"] <= 8
                assert report.tasks[0].unknown_cost_count == report.tasks[0].scored_count > 0

    asyncio.run(scenario())


def test_a_small_run_ends_soon_beside_a_large_one(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(latency=0.05) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url, max_concurrency=8)
                large = await house.run(await house.add_dataset(600), judge())
                await house.until_finished_cells(large, 20)
                small = await house.until(await house.run(await house.add_dataset(40), judge()))
                assert (small.status, small.tasks[0].scored_count) == ("completed", 40)
                done = (await house.get(large)).finished_count
                # Equal shares while both want calls: the large one got as many, and no more than a few beyond.
                assert done < 300
                assert (await house.until(large)).status == "completed"

    asyncio.run(scenario())


def test_a_small_run_of_machines_ends_beside_a_large_one(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with at_work(stores, tmp_path) as house:
            large = await house.run(await house.add_dataset(8_000), builtin("bleu"), builtin("rouge_l"))
            await house.until_finished_cells(large, 500)
            small = await house.until(await house.run(await house.add_dataset(10), builtin()))
            assert small.status == "completed"
            assert (await house.get(large)).status == "running"
            await house.wish(large, "cancel")
            assert (await house.until(large)).status == "cancelled"

    asyncio.run(scenario())


def test_code_in_a_loop_can_be_cancelled(stores: Stores, tmp_path: Path) -> None:
    slow = code("import time\ndef main(eval_inputs):\n    time.sleep(0.5)\n    return 1\n")

    async def scenario() -> None:
        async with at_work(stores, tmp_path) as house:
            report = await house.run(await house.add_dataset(500), slow)
            await house.until(report, "running")
            await asyncio.sleep(0.5)
            await house.wish(report, "cancel")
            async with asyncio.timeout(10):
                assert (await house.until(report)).status == "cancelled"

    asyncio.run(scenario())


def test_a_run_with_people_waits_for_them(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server() as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.run(await house.add_dataset(30), judge(), replace(human(), name="people"))
                waiting = await house.until(report, "waiting_for_annotations")
                assert [task.scored_count for task in waiting.tasks] == [30, 0]
                assert waiting.awaited_count == 30
                # Whoever starts again finds it waiting, asks no model again and lets it wait.
                await house.engine.stop()
                await house.open()
                await asyncio.sleep(0.2)
                assert (await house.get(report)).status == "waiting_for_annotations"
                assert server.summary()["calls"] == 30

    asyncio.run(scenario())
