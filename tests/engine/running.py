"""The embedded engine over real stores, and short ways to say what is run and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assay.engine.evaluations import Workshop
from assay.engine.inline import InlineEngine
from assay.engine.models import Models, known_from
from assay.evaluators.registry import builtin_evaluators
from assay.evaluators.sandbox.pool import SandboxPool
from assay.model.eval_report import FINISHED, EvalReport, EvalTask, ReportStatus, RunSettings, TaskCells
from assay.model.evaluator import EvaluatorVersion, Method
from assay.model.ids import new_uuid
from assay.model.page import PageRequest
from assay.model.provider import ModelPrice, Provider, ProviderLimits
from assay.model.score import Outcome
from assay.ports.eval_reports import RowsAsked, RunWish
from assay.ports.store import Store, Stores
from assay.providers.vault import open_vault
from assay.services import eval_reports as services
from tests.conformance.builders import T0, change, drafts, new_dataset

MODEL = "gpt-4o-mini"
# One output token costs a millionth, input nothing: what a run cost can be counted in the fake server's log.
PRICE = ModelPrice(0.0, 1.0)
_LONGEST_WAIT_SECONDS = 60.0


def judge(model: str = f"fake/{MODEL}", **version: Any) -> EvaluatorVersion:
    """Return a judge that gives points from 0 to 10."""
    return EvaluatorVersion(
        new_uuid(),
        0,
        version.pop("name", "judge"),
        "llm",
        "numerical",
        "",
        llm_config={"model": model, "evaluator_definition": version.pop("definition", "Is it good? {{input}}")},
        score_config={"min_score": 0, "max_score": 10},
    )


def builtin(eval_class: str = "output_char_count") -> EvaluatorVersion:
    """Return a built-in evaluator."""
    found = builtin_evaluators()[eval_class]
    return EvaluatorVersion(new_uuid(), 0, eval_class, "code", found.score_value_type, eval_class)


def code(source: str) -> EvaluatorVersion:
    """Return a numerical code evaluator."""
    return EvaluatorVersion(new_uuid(), 0, "code", "code", "numerical", "", code_config={"eval_code_snippet": source})


def human() -> EvaluatorVersion:
    """Return an evaluator that people answer."""
    return EvaluatorVersion(new_uuid(), 0, "human", "human", "numerical", "")


@dataclass
class House:
    """An organisation with an engine at work."""

    stores: Stores
    directory: Path
    organization_id: int = 0
    engine: InlineEngine = field(init=False)

    @property
    def store(self) -> Store:
        return self.stores.within(self.organization_id, "prod")

    async def open(self, stores: Stores | None = None) -> None:
        """Start an engine, over stores of its own if they are given."""
        known = known_from([], datetime.now(UTC))
        models = Models(self.stores, open_vault(self.directory, None), known)
        self.engine = InlineEngine(stores or self.stores, Workshop(models, SandboxPool(workers=1)), grace_seconds=1.0)
        await self.engine.start()

    async def add_provider(self, base_url: str, **limits: Any) -> None:
        """Let `fake/<model>` be asked at an address."""
        now = datetime.now(UTC)
        prices = {MODEL: PRICE, "no-usage": PRICE}
        limited = ProviderLimits(**{"timeout_seconds": 2.0, **limits})
        provider = Provider(new_uuid(), "fake", "openai", base_url, now, now, prices=prices, limits=limited)
        await self.store.providers.create(provider, None)

    async def add_dataset(self, rows: int) -> str:
        """Store a dataset of different rows and return its id."""
        dataset_id = await new_dataset(self.store)
        await self.store.dataset_logs.append(dataset_id, drafts(*(f"row {row}" for row in range(rows))), change())
        return dataset_id

    async def run(self, dataset_id: str, *versions: EvaluatorVersion, **settings: Any) -> EvalReport:
        """Store a report over a dataset, newest version, and hand it to the engine."""
        tasks = [
            EvalTask(new_uuid(), ordinal, new_uuid(), f"e{ordinal}", version, _method(version))
            for ordinal, version in enumerate(versions)
        ]
        wanted = EvalReport(
            new_uuid(), self.organization_id, "prod", dataset_id, 0, "a run", "pending", 0, tuple(tasks), T0, T0, "me",
            settings=RunSettings(**settings),
        )  # fmt: skip
        stored = await self.store.eval_reports.create(wanted)
        await self.engine.submit(stored.id)
        return stored

    async def get(self, report: EvalReport) -> EvalReport:
        return await self.store.eval_reports.get(report.dataset_id, report.id)

    async def until(self, report: EvalReport, *statuses: ReportStatus) -> EvalReport:
        """Wait until a report has one of these states, or is finished."""
        async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
            while True:
                found = await self.get(report)
                if found.status in (statuses or FINISHED):
                    return found
                assert found.status not in FINISHED, f"{found.status}: {found.error_message}"
                await asyncio.sleep(0.01)

    async def until_finished_cells(self, report: EvalReport, count: int) -> None:
        """Wait until so many cells of a report have their final state."""
        async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
            while True:
                if (await self.stores.runs.state(report.id)).finished_count >= count:
                    return
                await asyncio.sleep(0.005)

    async def cells(self, report: EvalReport, ordinal: int = 0) -> TaskCells:
        return await self.stores.runs.cells(report.id, ordinal)

    async def outcomes(self, report: EvalReport, slug: str = "e0") -> dict[str, Outcome]:
        """Return the outcome of each row's first trial by one evaluator, by row id."""
        everything = PageRequest(1, 100_000)
        page = await self.store.eval_reports.page_rows(report.dataset_id, report.id, RowsAsked(), everything)
        return {row.log_id: row.outcomes[slug][0] for row in page.items if row.outcomes.get(slug)}

    async def wish(self, report: EvalReport, wanted: RunWish) -> EvalReport:
        now = datetime.now(UTC)
        return await services.wish(self.store, self.engine, report.dataset_id, report.id, wanted, now)

    async def retry_failed(self, report: EvalReport) -> EvalReport:
        now = datetime.now(UTC)
        return await services.retry_failed(self.store, self.engine, report.dataset_id, report.id, now)


def _method(version: EvaluatorVersion) -> Method:
    found = version.method()
    assert found is not None
    return found


@asynccontextmanager
async def at_work(stores: Stores, directory: Path, engine_stores: Stores | None = None) -> AsyncIterator[House]:
    """Run an engine for a new organisation; `engine_stores` are what it sees of the stores."""
    organization = await stores.access.create_organization(new_uuid(), "an organisation", T0)
    house = House(stores, directory, organization.id)
    await house.open(engine_stores)
    try:
        yield house
    finally:
        await house.engine.stop()


def kinds(calls: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Count the calls of a fake server's log by what was answered."""
    counted: dict[str, int] = {}
    for call in calls:
        counted[call["kind"]] = counted.get(call["kind"], 0) + 1
    return counted


def output_tokens(calls: Sequence[dict[str, Any]]) -> int:
    """Return the output tokens that a fake server said its answers took."""
    return sum(max(1, len(call["text"]) // 4) for call in calls if call["kind"] in ("verdict", "nonsense"))
