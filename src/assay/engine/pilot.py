"""The pilot of a run: what all of it will take, told from its first judged cells."""

from __future__ import annotations

import math
import time
from typing import Any

from assay.model.eval_report import EvalReport
from assay.model.score import Outcome

PILOT_CELLS = 20


class Pilot:
    """Watches the first cells that models judge, a few of each evaluator, and says once what the run will take."""

    def __init__(self, report: EvalReport) -> None:
        tasks = [task for task in report.tasks if task.method == "llm"]
        self._cells = {task.ordinal: report.log_count * report.trials_of(task) for task in tasks}
        self._most = report.settings.max_concurrency
        self._costs: dict[int, list[float | None]] = {task.ordinal: [] for task in tasks}
        self._latencies: list[float] = []
        self._started = time.monotonic()
        self._is_done = report.estimate is not None or not tasks

    def note(self, ordinal: int, outcome: Outcome) -> dict[str, Any] | None:
        """Take a judged cell; returns the estimate when this was the last that the pilot needed.

        Cost in USD: the mean of each evaluator's first cells, times its cells. Seconds: at the concurrency of the run,
        which the limits of a provider may not allow.
        """
        if self._is_done:
            return None
        self._costs[ordinal].append(outcome.cost_usd)
        self._latencies.append(outcome.latency_seconds)
        if any(len(costs) < min(PILOT_CELLS, self._cells[name]) for name, costs in self._costs.items()):
            return None
        self._is_done = True
        total = sum(self._cells.values())
        mean_latency = sum(self._latencies) / len(self._latencies)
        return {
            "cost_usd": self._cost(),
            "seconds": max(mean_latency, total * mean_latency / self._most),
            "pilot_cells": len(self._latencies),
            "cells": total,
            "method": f"mean of the first cells of each evaluator (at least {PILOT_CELLS}), times its cells",
        }

    def _cost(self) -> float | None:
        costs = 0.0
        for ordinal, seen in self._costs.items():
            known = [cost for cost in seen if cost is not None]
            if not known:
                return None
            costs += math.fsum(known) / len(known) * self._cells[ordinal]
        return costs
