"""What goes wrong around a run: stores that are away, rows that cannot be read, models that nobody serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from assay.model.errors import Full, Unavailable
from assay.ports.store import Stores
from benchmarks.fake_model_server import running_fake_model_server
from tests.conformance.builders import at, change, draft
from tests.conformance.log_builders import fresh_stores
from tests.engine.running import at_work, builtin, code, judge, kinds, output_tokens
from tests.postgresql import postgresql_url

__all__ = ["postgresql_url"]

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for one test."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


class Faulty:
    """A store in which some calls fail: `plan` says of the nth call of a method what it raises first."""

    def __init__(self, inner: Any, plan: Callable[[str, int], Exception | None], calls: dict[str, int]) -> None:
        self._inner = inner
        self._plan = plan
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "within":
            return lambda *place: Faulty(found(*place), self._plan, self._calls)
        if name in ("runs", "judge_cache"):
            return Faulty(found, self._plan, self._calls)
        if not asyncio.iscoroutinefunction(found):
            return found

        def call(*arguments: Any, **named: Any) -> Awaitable[Any]:
            self._calls[name] = self._calls.get(name, 0) + 1
            error = self._plan(name, self._calls[name])
            if error is not None:
                raise error
            return found(*arguments, **named)  # type: ignore[no-any-return]

        return call


def test_a_store_that_is_away_in_the_middle_costs_no_answer(stores: Stores, tmp_path: Path) -> None:
    watched = {"list_missing", "record", "note_estimate", "cells", "settle", "find", "put", "state"}
    troubled: dict[str, int] = {}

    def plan(name: str, number: int) -> Exception | None:
        # Every third call of each kind fails, the first among them.
        if name not in watched or number % 3 != 1:
            return None
        troubled[name] = troubled.get(name, 0) + 1
        return Full() if number % 2 else Unavailable("The database is away.")

    async def scenario() -> None:
        with running_fake_model_server(latency=0.02) as server:
            faulty: Any = Faulty(stores, plan, {})
            async with at_work(stores, tmp_path, faulty) as house:
                await house.add_provider(server.base_url, max_concurrency=16)
                dataset = await house.add_dataset(120)
                report = await house.until(await house.run(dataset, judge(), builtin(), is_cached=True))
            calls = server.calls()
        assert report.status == "completed"
        assert [task.scored_count for task in report.tasks] == [120, 120]
        assert kinds(calls) == {"verdict": 120}
        assert report.tasks[0].cost_usd == pytest.approx(output_tokens(calls) / 1e6)
        assert troubled.keys() >= {"list_missing", "record", "cells", "settle", "put"}

    asyncio.run(scenario())


def test_an_engine_stops_while_its_store_is_away_and_the_next_one_ends_the_run(stores: Stores, tmp_path: Path) -> None:
    is_away = True

    def plan(name: str, number: int) -> Exception | None:
        return Unavailable("The database is away.") if is_away and name in ("record", "settle") else None

    async def scenario() -> None:
        faulty: Any = Faulty(stores, plan, {})
        async with at_work(stores, tmp_path, faulty) as house:
            report = await house.run(await house.add_dataset(700), builtin())
            await asyncio.sleep(0.3)
            async with asyncio.timeout(20):
                await house.engine.stop()
            assert (await house.get(report)).status == "running"
            await house.open()
            ended = await house.until(report)
        assert (ended.status, ended.finished_count) == ("completed", 700)

    asyncio.run(scenario())


def test_an_engine_stops_though_calls_hang_and_the_next_one_makes_them_again(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(hanging=0.3) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url, timeout_seconds=1_000.0)
                report = await house.run(await house.add_dataset(40), judge())
                await house.until_finished_cells(report, 20)
                async with asyncio.timeout(20):
                    await house.engine.stop()
                for _ in range(10):
                    await house.open()
                    await asyncio.sleep(0.3)
                    if (await house.get(report)).status == "completed":
                        break
                    await house.engine.stop()
                ended = await house.until(report)
            assert server.summary()["repeated_after_answer"] == 0
        assert (ended.status, ended.tasks[0].scored_count) == ("completed", 40)

    asyncio.run(scenario())


def test_a_damaged_row_fails_alone_and_says_why(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async def scenario(stores: Stores) -> None:
        with running_fake_model_server() as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                dataset = await house.add_dataset(3)
                await house.store.dataset_logs.append(dataset, [draft("x" * 500), draft("y" * 500)], change())
                broken = "UPDATE dataset_log_body SET data = x'00112233', codec = ? WHERE sequence = ?"
                connection = apsw.Connection(str(tmp_path / "meta.db"))
                connection.execute(broken, (1, 4))
                connection.execute(broken, (0, 5))
                connection.close()
                report = await house.until(await house.run(dataset, builtin(), judge()))
                outcomes = await house.outcomes(report)
            assert server.summary()["calls"] == 3
        assert [(task.scored_count + task.skipped_count, task.failed_count) for task in report.tasks] == [(3, 2)] * 2
        failed = [outcome for outcome in outcomes.values() if outcome.status == "failed"]
        assert {outcome.error_kind for outcome in failed} == {"damaged_row"}
        assert all("assay verify" in (outcome.error_message or "") for outcome in failed)

    with fresh_stores("sqlite", tmp_path, request) as stores:
        asyncio.run(scenario(stores))


def test_a_prompt_that_cannot_be_written_fails_its_row_alone(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server() as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                dataset = await house.add_dataset(3)
                await house.store.dataset_logs.append(dataset, [draft("x" * 2_500_000)], change())
                report = await house.until(await house.run(dataset, judge()))
            assert server.summary()["calls"] == 3
        assert (report.status, report.tasks[0].scored_count, report.tasks[0].failed_count) == ("completed", 3, 1)

    asyncio.run(scenario())


def test_a_dataset_that_is_deleted_ends_its_run(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(latency=0.05) as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url, max_concurrency=4)
                report = await house.run(await house.add_dataset(500), judge())
                await house.until_finished_cells(report, 10)
                await house.store.datasets.delete(report.dataset_id, at(0))
                while await stores.deleted_datasets.purge(500):
                    pass
                calls = -1
                async with asyncio.timeout(20):
                    while calls != server.summary()["calls"]:
                        calls = server.summary()["calls"]
                        await asyncio.sleep(0.5)
                assert calls < 300
                # The engine is none the worse for it.
                assert (await house.until(await house.run(await house.add_dataset(5), judge()))).status == "completed"

    asyncio.run(scenario())


def test_what_cannot_run_here_fails_its_report_with_a_reason(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with at_work(stores, tmp_path) as house:
            dataset = await house.add_dataset(5)
            for version, said in (
                (judge("gpt-4o"), "No provider serves 'gpt-4o': add one at /api/providers/"),
                (judge("elsewhere/gpt-4o"), "No provider serves 'elsewhere/gpt-4o'"),
            ):
                report = await house.until(await house.run(dataset, builtin(), version))
                assert report.status == "failed"
                assert said in (report.error_message or "")

    asyncio.run(scenario())


def test_a_model_that_refuses_every_call_fails_the_report_and_names_its_words(stores: Stores, tmp_path: Path) -> None:
    async def scenario() -> None:
        with running_fake_model_server(key="sk-right") as server:
            async with at_work(stores, tmp_path) as house:
                await house.add_provider(server.base_url)
                report = await house.until(await house.run(await house.add_dataset(5), judge()))
                outcomes = await house.outcomes(report)
            # Nobody tries a wrong key twice.
            assert server.summary()["calls"] == 5
        assert (report.status, report.tasks[0].failed_count) == ("failed", 5)
        assert all("Incorrect API key" in (outcome.error_message or "") for outcome in outcomes.values())

    asyncio.run(scenario())


def test_code_that_fails_on_some_rows_fails_these(stores: Stores, tmp_path: Path) -> None:
    version = code("def main(eval_inputs):\n    return 1 / (len(eval_inputs['input']) - 5)\n")

    async def scenario() -> None:
        async with at_work(stores, tmp_path) as house:
            # "row 0" to "row 9" have five characters.
            report = await house.until(await house.run(await house.add_dataset(600), version))
            outcomes = await house.outcomes(report)
        assert (report.status, report.tasks[0].failed_count, report.tasks[0].scored_count) == ("completed", 10, 590)
        failed = [outcome for outcome in outcomes.values() if outcome.status == "failed"]
        assert all("line 2" in (outcome.error_message or "") for outcome in failed)

    asyncio.run(scenario())
