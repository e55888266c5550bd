"""The evaluators of a run, ready to judge: what is plain work, what goes to the sandbox, what asks a model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from assay.engine.judge_call import JudgeRun
from assay.engine.models import Models
from assay.engine.stop import Stop
from assay.evaluators.code import evaluate_code
from assay.evaluators.judge.judge import Judge
from assay.evaluators.outcome import answer_reader
from assay.evaluators.run import Evaluation, prepare
from assay.evaluators.sandbox.pool import SandboxPool
from assay.evaluators.sandbox.self_test import why_not_isolated
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, Method
from assay.model.score import CellDetail, Outcome
from assay.ports.judge_cache import JudgeCache

logger = logging.getLogger(__name__)

Judged = tuple[Outcome, CellDetail | None]


@dataclass(frozen=True, slots=True)
class InThread:
    """An evaluator that is part of this program."""

    evaluate: Evaluation

    async def judge(self, inputs: Sequence[EvaluatorInputs]) -> Sequence[Judged]:
        """Judge rows in a thread, so that the event loop stays free."""
        return await asyncio.to_thread(lambda: [(self.evaluate(one), None) for one in inputs])


@dataclass(frozen=True, slots=True)
class InSandbox:
    """A code evaluator."""

    pool: SandboxPool
    version: EvaluatorVersion

    async def judge(self, inputs: Sequence[EvaluatorInputs]) -> Sequence[Judged]:
        """Judge rows in the sandbox."""
        outcomes = await evaluate_code(self.pool, self.version, inputs)
        return [(outcome, CellDetail(stdout=stdout) if stdout else None) for outcome, stdout in outcomes]


@dataclass(frozen=True, slots=True)
class ByModel:
    """An LLM judge."""

    run: JudgeRun

    async def judge(self, inputs: Sequence[EvaluatorInputs]) -> Sequence[Judged]:
        """Judge rows, as many at once as the provider's gate lets through."""
        return await asyncio.gather(*(self.run.evaluate(one) for one in inputs))


Ready = InThread | InSandbox | ByModel


class Workshop:
    """Makes evaluators ready: it has the models and the sandbox."""

    def __init__(self, models: Models, sandbox: SandboxPool, unsafe: SandboxPool | None = None) -> None:
        """`unsafe` runs code without walls where the kernel has none, and the operator said so."""
        self._models = models
        self._sandbox = sandbox
        self._unsafe = unsafe
        self._isolation: asyncio.Task[str | None] | None = None

    async def start(self) -> None:
        """Open the sandbox, and find out beside it whether the kernel can close it."""
        await self._sandbox.start()
        self._isolation = asyncio.create_task(asyncio.to_thread(self._look_at_isolation), name="sandbox self-test")

    async def ready(
        self,
        organization_id: int,
        version: EvaluatorVersion,
        method: Method,
        *,
        run: str,
        most: int,
        cache: JudgeCache | None = None,
        stop: Stop | None = None,
    ) -> Ready:
        """Return an evaluator version ready to judge for the run of this name, `most` model calls of it at once.

        After `stop` it begins no model call any more.

        Raises Invalid when it cannot run here: nobody serves its model, or there is no sandbox for its code.
        """
        if method == "llm":
            judge = Judge(version)
            route = await self._models.route(organization_id, judge.model)
            return ByModel(JudgeRun(judge, answer_reader(version), route, run, most, cache, stop or Stop()))
        if method == "code":
            why_not = await self._isolation if self._isolation is not None else "the server is not started"
            if why_not is None:
                return InSandbox(self._sandbox, version)
            if self._unsafe is None:
                raise Invalid.field("code_config", f"Code evaluators are refused here: {why_not}")
            return InSandbox(self._unsafe, version)
        if method == "human":
            raise Invalid.field("type", "A human evaluator is answered by people: it cannot be run.")
        return InThread(prepare(version))

    async def close(self) -> None:
        """Stop the sandbox and let go of connections."""
        if self._isolation is not None:
            await asyncio.wait([self._isolation])
        await self._sandbox.stop()
        if self._unsafe is not None:
            await self._unsafe.stop()
        await self._models.close()

    def _look_at_isolation(self) -> str | None:
        why_not = why_not_isolated()
        if why_not is not None:
            what = "refused" if self._unsafe is None else "run WITHOUT a sandbox (ASSAY_UNSAFE_CODE_EVALUATORS)"
            logger.warning("Code evaluators are %s: %s", what, why_not)
        return why_not
