"""What a store of evaluators must do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.evaluator import Evaluator, EvaluatorVersion
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
        """Return an evaluator by its id or slug; `<id>:<n>` has version n as its current one. Raises NotFound."""
        ...

    async def find_many(self, references: Sequence[str]) -> dict[str, Evaluator]:
        """Return the evaluators that these ids or slugs name, as `get` does; what is unknown is left out."""
        ...

    async def create(self, evaluator: Evaluator) -> None:
        """Store a new evaluator with its first version; raises Conflict when its slug is taken."""
        ...

    async def update(self, evaluator: Evaluator, at: datetime) -> None:
        """Store an evaluator as it is now, and its current version, which must be a draft.

        Raises NotFound, NotAllowed where the stored version is read-only, Conflict when the slug is taken or somebody
        changed the evaluator since its `updated_at`.
        """
        ...

    async def commit(self, evaluator_id: str, description: str, next_version: EvaluatorVersion) -> Evaluator:
        """Freeze the current version and make `next_version` the current one; returns the evaluator as it is then.

        Raises NotFound, Conflict when another version was committed meanwhile.
        """
        ...

    async def delete(self, evaluator_id: str) -> None:
        """Delete an evaluator and all its versions; its scores and reports stay. Raises NotFound."""
        ...

    async def list_versions(self, evaluator_id: str, page: PageRequest) -> Page[EvaluatorVersion]:
        """Return a page of versions, newest first; raises NotFound."""
        ...

    async def get_version(self, evaluator_id: str, number: int) -> EvaluatorVersion:
        """Return one version; raises NotFound."""
        ...

    async def ensure(self, evaluators: Sequence[Evaluator]) -> None:
        """Store the evaluators that are not there yet, and a new version of those whose definition changed."""
        ...
