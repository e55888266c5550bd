# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/evaluators.py: change it there.
"""Evaluators: find them and try them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import path_to
from assay.sdk.types import Evaluator, EvaluatorRun, Page


class Evaluators:
    """`client.evaluators`: an evaluator is named by its id or its slug."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        filters: Mapping[str, Any] | None = None,
        *,
        search: str | None = None,
        type: str | None = None,
        page: int = 1,
        page_size: int = 100,
    ) -> Page[Evaluator]:
        """Return one page of evaluators; `search` looks in name and slug, `type` is llm, code or human."""
        parameters = {"search": search, "type": type, "page": page, "page_size": page_size}
        return get_page(self._transport, Page[Evaluator], path_to("evaluators", "list"), filters, parameters)

    def iterate(
        self, filters: Mapping[str, Any] | None = None, *, search: str | None = None, type: str | None = None
    ) -> Iterator[Evaluator]:
        """Yield every evaluator that matches."""
        parameters = {"search": search, "type": type, "page_size": 100}
        return walk(self._transport, Page[Evaluator], path_to("evaluators", "list"), filters, parameters)

    def get(self, evaluator: str) -> Evaluator:
        """Return an evaluator by id or slug."""
        return self._transport.ask(Evaluator, "GET", path_to("evaluators", evaluator))

    def run(self, evaluator: str, inputs: Mapping[str, Any]) -> EvaluatorRun:
        """Judge `inputs` (input, output, expected_output, metadata, metrics) once; nothing is stored."""
        path = path_to("evaluators", evaluator, "run")
        return self._transport.ask(EvaluatorRun, "POST", path, body={"inputs": inputs})
