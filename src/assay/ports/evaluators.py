"""What a store of evaluators must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.evaluator import Evaluator
from assay.model.page import Page, PageRequest, Sort


class EvaluatorStore(Protocol):
    """Evaluators of one organisation, the built-in ones among them."""

    async def list(self, expression: Expression, sort: Sort, page: PageRequest) -> Page[Evaluator]:
        """Return a page of the evaluators that match."""
        ...

    async def count(self, expression: Expression) -> int:
        """Return how many evaluators match."""
        ...

    async def get(self, reference: str) -> Evaluator:
        """Return an evaluator by its id or slug; raises NotFound."""
        ...

    async def find_many(self, references: Sequence[str]) -> dict[str, Evaluator]:
        """Return the evaluators that these ids or slugs name; what is unknown is left out."""
        ...

    async def ensure(self, evaluators: Sequence[Evaluator]) -> None:
        """Store the evaluators that are not there yet, and a new version of those whose definition changed."""
        ...
