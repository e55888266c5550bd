"""What an engine must do: work that outlives the request that asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, Method
from assay.model.job import Job
from assay.model.score import CellDetail, Outcome


class Engine(Protocol):
    """Runs eval reports and log imports.

    The stored cells of a report are the truth: what is missing is what is left to do. An import starts again from its
    beginning instead, since nobody sees its rows before the last one is there.
    """

    async def start(self) -> None:
        """Begin to work, and take up every report that is not finished."""
        ...

    async def submit(self, report_id: str) -> None:
        """Work on a stored report; one that is being worked on is looked at once more afterwards."""
        ...

    async def evaluate(
        self, organization_id: int, version: EvaluatorVersion, method: Method, inputs: Sequence[EvaluatorInputs]
    ) -> Sequence[tuple[Outcome, CellDetail | None]]:
        """Judge some inputs now, within the limits of their provider; nothing is stored.

        Raises Invalid when the version cannot run here: no provider for its model, no sandbox for its code.
        """
        ...

    async def import_logs(self, job: Job) -> None:
        """Work on a stored job of the kind "log import", from its beginning, unless it is being worked on."""
        ...

    def is_alive(self) -> bool:
        """Tell whether submitted reports are being worked on."""
        ...

    async def stop(self) -> None:
        """Stop between two chunks; what is not finished is taken up by the next `start`."""
        ...
