"""What a store of annotation tasks must do."""

from __future__ import annotations

from typing import Protocol

from assay.model.annotation import AnnotationStatus, AnnotationTask
from assay.model.page import Page, PageRequest


class AnnotationStore(Protocol):
    """Annotation tasks of one organisation; scores complete them."""

    async def list(
        self, status: AnnotationStatus | None, dataset_id: str | None, evaluator_id: str | None, page: PageRequest
    ) -> Page[AnnotationTask]:
        """Return a page of tasks, the oldest first; `evaluator_id` may be a slug."""
        ...

    async def mark(self, dataset_id: str, log_id: str, status: AnnotationStatus) -> None:
        """Say whether people are done with a row; raises NotFound."""
        ...
