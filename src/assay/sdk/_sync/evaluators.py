# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/evaluators.py: change it there.
"""Evaluators: define them, try them, keep their versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack

from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import given, path_to
from assay.sdk.evaluator_types import (
    Evaluator,
    EvaluatorBench,
    EvaluatorChanges,
    EvaluatorFields,
    EvaluatorRun,
)
from assay.sdk.types import Page


class Evaluators:
    """`client.evaluators`: an evaluator is named by its id or its slug, version n of it by `<id>:<n>`."""

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

    def create(self, name: str, **fields: Unpack[EvaluatorFields]) -> Evaluator:
        """Make an evaluator; its first version is a draft. Its `warnings` tell of a slug that was taken."""
        return self._transport.ask(Evaluator, "POST", path_to("evaluators"), body={"name": name, **fields})

    def duplicate(self, evaluator: str, **changes: Unpack[EvaluatorChanges]) -> Evaluator:
        """Copy an evaluator, or the version that `<id>:<n>` names, with changes laid over it."""
        body = {"source_evaluator_id": evaluator, **changes}
        return self._transport.ask(Evaluator, "POST", path_to("evaluators"), body=body)

    def update(self, evaluator: str, **changes: Unpack[EvaluatorChanges]) -> Evaluator:
        """Change the given fields of the draft; `configurations` are merged."""
        return self._transport.ask(Evaluator, "PATCH", path_to("evaluators", evaluator), body=changes)

    def replace(self, evaluator: str, name: str, **fields: Unpack[EvaluatorFields]) -> Evaluator:
        """Replace the draft; fields that are not given are cleared, but for slug and tags."""
        path = path_to("evaluators", evaluator)
        return self._transport.ask(Evaluator, "PUT", path, body={"name": name, **fields})

    def delete(self, evaluator: str) -> None:
        """Delete an evaluator with its versions; its scores and reports stay."""
        self._transport.send("DELETE", path_to("evaluators", evaluator))

    def run(
        self,
        evaluator: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        log_ids: Sequence[str] | None = None,
        dataset_id: str | None = None,
        generation_method: str | None = None,
    ) -> EvaluatorRun:
        """Judge `inputs` (input, output, expected_output, metadata, metrics), or stored logs; nothing is stored.

        `log_ids` are rows of the dataset `dataset_id`, without it request logs. `generation_method` is auto, llm or
        code. A verdict that failed is an answer, of status failed; Unavailable where the model's provider failed.
        """
        body = given(
            {
                "inputs": inputs,
                "log_ids": log_ids,
                "dataset_id": dataset_id,
                "generation_method": generation_method,
            }
        )
        path = path_to("evaluators", evaluator, "run")
        return self._transport.ask(EvaluatorRun, "POST", path, body=body, is_patient=True)

    def bench(
        self,
        evaluator: str,
        dataset_id: str,
        *,
        sample_size: int = 20,
        seed: int = 0,
        version: int | str | None = None,
        draft: EvaluatorChanges | None = None,
        generation_method: str | None = None,
        compare: bool = True,
    ) -> EvaluatorBench:
        """Try an evaluator on sampled rows of a dataset version, beside the version before it; nothing is stored.

        With a `draft`, its fields are laid over the current version, which is what it is compared with. The same seed
        takes the same rows.
        """
        optional = {"version": version, "draft": draft, "generation_method": generation_method}
        body = {"dataset_id": dataset_id, "sample_size": sample_size, "seed": seed, "compare": compare}
        path = path_to("evaluators", evaluator, "bench")
        return self._transport.ask(EvaluatorBench, "POST", path, body=body | given(optional), is_patient=True)

    def versions(self, evaluator: str, *, page: int = 1, page_size: int = 100) -> Page[Evaluator]:
        """Return one page of an evaluator's versions, newest first."""
        parameters = {"page": page, "page_size": page_size}
        path = path_to("evaluators", evaluator, "versions")
        return get_page(self._transport, Page[Evaluator], path, None, parameters)

    def get_version(self, evaluator: str, version: int) -> Evaluator:
        """Return an evaluator as one of its versions defines it."""
        return self._transport.ask(Evaluator, "GET", path_to("evaluators", evaluator, "versions", version))

    def commit(
        self, evaluator: str, version_description: str | None = None, **changes: Unpack[EvaluatorChanges]
    ) -> Evaluator:
        """Freeze the draft, after changes, as a version that stays; return the next draft."""
        body = {**changes, **given({"version_description": version_description})}
        path = path_to("evaluators", evaluator, "versions")
        return self._transport.ask(Evaluator, "POST", path, body=body)
