"""The work of an eval report: chunks of rows through all its evaluators, in whichever process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from assay.engine.budget import Budget
from assay.engine.evaluations import ByModel, InSandbox, Ready, Workshop
from assay.engine.pilot import Pilot
from assay.engine.recorder import Recorder
from assay.engine.stop import Stop, Stopped
from assay.engine.waiting import until_available
from assay.evaluators.run import failed_outcome
from assay.model.errors import Invalid, Unavailable
from assay.model.eval_report import FINISHED, Cell, CellResult, EvalReport, RowToJudge, RunState
from assay.model.evaluator import EvaluatorInputs
from assay.model.score import Outcome
from assay.ports.runs import RunStore
from assay.ports.store import Stores
from assay.wire.evaluator_inputs import inputs_of

# A chunk is what two workers never share, and what a stop waits for.
_ROWS_PER_CHUNK, _ROWS_PER_CHUNK_WITH_MODELS = 500, 50
# Cells that wait for a slot while others hold them or back off: no slot must wait for rows.
_CELLS_PER_SLOT = 2

Missing = Sequence[tuple[RowToJudge, Sequence[Cell]]]


class EvalRun:
    """One report as this process works on it.

    `stop` ends it between two cells: nothing new begins, and what is under way is stored; a store that is away, or
    full, is waited for.
    """

    def __init__(self, runs: RunStore, report: EvalReport) -> None:
        self.report = report
        self.state: RunState | None = None
        self.budget = Budget(report.settings.budget_usd, sum(task.cost_usd for task in report.tasks))
        self._runs = runs
        self._pilot = Pilot(report)
        self._ready: Mapping[int, Ready] = {}
        self._recorder = Recorder(runs, report.id, self._note)
        self._cells_under_way = 0
        self._stop = Stop()
        self._is_leaving = False
        self._progress = asyncio.Event()

    def leave(self) -> None:
        """Stop for good: a store that is away is not waited for either."""
        self._is_leaving = True
        self._recorder.leave()
        self.stop()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stop.set()
        self._progress.set()

    @property
    def is_stopped(self) -> bool:
        """Tell whether nothing more is to begin."""
        return self._stop.is_set

    async def prepare(self, stores: Stores, workshop: Workshop) -> None:
        """Make the report's evaluators ready; raises Invalid when one cannot run here."""
        report, settings = self.report, self.report.settings
        # Trials ask whether a judge agrees with itself: an answer from the cache would always do so.
        is_cached = settings.is_cached and settings.trials == 1
        cache = stores.within(report.organization_id, "prod").judge_cache if is_cached else None
        ready = {}
        for task in report.tasks:
            if task.method == "human":
                continue
            ready[task.ordinal] = one = await workshop.ready(
                report.organization_id,
                task.version,
                task.method,
                run=report.id,
                most=settings.max_concurrency,
                cache=cache,
                stop=self._stop,
            )
            if settings.budget_usd is not None and isinstance(one, ByModel) and not one.run.route.has_price:
                raise Invalid.field(
                    "budget_usd",
                    f"Nobody knows what {one.run.route.model} costs, so no budget can hold: give its provider prices.",
                )
        self._ready = ready

    @property
    def rows_per_chunk(self) -> int:
        """How many rows make a chunk."""
        return _ROWS_PER_CHUNK_WITH_MODELS if self.asks_models else _ROWS_PER_CHUNK

    @property
    def asks_models(self) -> bool:
        """Tell whether the run mostly waits for answers."""
        return any(isinstance(ready, ByModel) for ready in self._ready.values())

    @property
    def _enough_under_way(self) -> int:
        """How many cells are to be under way so that models never wait for rows, nor the sandbox for a chunk."""
        judges = sum(isinstance(ready, ByModel) for ready in self._ready.values())
        if judges:
            return _CELLS_PER_SLOT * self.report.settings.max_concurrency * judges
        if any(isinstance(ready, InSandbox) for ready in self._ready.values()):
            return _ROWS_PER_CHUNK * len(self._ready) * self.report.settings.trials + 1
        # What is judged in a thread of this process and what is stored by another would wait for one interpreter.
        return 1

    async def until_more_is_wanted(self) -> None:
        """Wait until so few cells are under way that another chunk should be, or the run stops.

        Cells count, not chunks: one that hangs must not hold back the rows behind its chunk.
        """
        while self._cells_under_way >= self._enough_under_way and not self.is_stopped:
            self._progress.clear()
            await self._progress.wait()

    @property
    def is_interrupted(self) -> bool:
        """Tell whether somebody wants the run to stop, or its money is gone."""
        state = self.state
        wished = state is not None and (state.is_cancel_requested or state.is_pause_requested)
        return wished or self.budget.is_exhausted

    def _note(self, state: RunState) -> None:
        self.state = state
        # Finished: another process found that it cannot go on.
        if self.is_interrupted or state.status in FINISHED:
            self.stop()

    async def look(self) -> RunState:
        """Read what the report is to do next."""
        state = await self._runs.state(self.report.id)
        self._note(state)
        return state

    async def finish(self) -> None:
        """Wait until everything that was found is stored."""
        await self._recorder.finish()

    async def evaluate_chunk(self, first: int, last: int) -> None:
        """Judge what is missing in a range of row positions, and store it. Raises NotFound, Unavailable."""
        await self.evaluate(await self.take(first, last))

    async def take(self, first: int, last: int) -> Missing:
        """Return what is missing in a range of row positions, which from now on counts as under way.

        Raises NotFound, and Unavailable once the run is to leave.
        """
        if self.is_stopped:
            return ()
        missing = await until_available(
            lambda: self._runs.list_missing(self.report.id, first, last),
            f"eval report {self.report.id}",
            lambda: self._is_leaving,
        )
        self._cells_under_way += sum(len(cells) for _, cells in missing)
        return missing

    async def evaluate(self, missing: Missing) -> None:
        """Judge what `take` returned, and store it. Raises NotFound, Unavailable."""
        if self.is_stopped or not missing:
            return
        inputs = await asyncio.to_thread(lambda: [_readable(row) for row, _ in missing])
        work: list[Coroutine[Any, Any, None]] = []
        unreadable = [
            CellResult(row.sequence, row.id, cell.ordinal, given, cell.trial)
            for (row, cells), given in zip(missing, inputs, strict=True)
            if isinstance(given, Outcome)
            for cell in cells
        ]
        if unreadable:
            work.append(self._store(unreadable))
        for ordinal, ready in self._ready.items():
            chosen = [
                (row, cell, given)
                for (row, cells), given in zip(missing, inputs, strict=True)
                if not isinstance(given, Outcome)
                for cell in cells
                if cell.ordinal == ordinal
            ]
            if isinstance(ready, ByModel):
                work += [self._ask(ready, *one) for one in chosen]
            elif chosen:
                work.append(self._judge(ready, chosen))
        await together(work)

    async def _judge(self, ready: Ready, cells: Sequence[tuple[RowToJudge, Cell, EvaluatorInputs]]) -> None:
        judged = await ready.judge([given for _, _, given in cells])
        await self._store(
            [
                CellResult(row.sequence, row.id, cell.ordinal, outcome, cell.trial, detail)
                for (row, cell, _), (outcome, detail) in zip(cells, judged, strict=True)
            ]
        )

    async def _ask(self, ready: ByModel, row: RowToJudge, cell: Cell, inputs: EvaluatorInputs) -> None:
        if self.is_stopped or not await self.budget.enter():
            self.stop()
            return
        cost: float | None = 0.0
        try:
            outcome, detail = await ready.run.evaluate(inputs)
            cost = outcome.cost_usd
        except Stopped:
            return
        finally:
            await self.budget.leave(cost)
        await self._store([CellResult(row.sequence, row.id, cell.ordinal, outcome, cell.trial, detail)])
        estimate = self._pilot.note(cell.ordinal, outcome)
        if estimate is not None:
            # Nice to know, and no reason to break off what is in flight.
            with suppress(Unavailable):
                await self._runs.note_estimate(self.report.id, estimate)

    async def _store(self, results: Sequence[CellResult]) -> None:
        await self._recorder.put(results)
        self._cells_under_way -= len(results)
        self._progress.set()


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all to their end; the first that fails ends the others and is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _readable(row: RowToJudge) -> EvaluatorInputs | Outcome:
    """Return what evaluators get of a row, or the failure of all its cells."""
    if row.damage is not None:
        message = f"The stored row is damaged and cannot be read ({row.damage}); `assay verify` finds all such rows."
        return Outcome("failed", error_kind="damaged_row", error_message=message)
    try:
        return inputs_of(row.content, row.metrics)
    except Exception as error:  # one bad row must not hide the rest
        return failed_outcome(error)
