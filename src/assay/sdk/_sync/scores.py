# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/scores.py: change it there.
"""Scores of logs, by people and machines, and what is wanted of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Unpack

from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import path_to, written_time
from assay.sdk.evaluator_types import AnnotationTask, Score, ScoreFields, ScoreValueFields
from assay.sdk.types import Page


class Scores:
    """`client.scores`: each scorer has one score for each evaluator on a log."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, log_id: str, **fields: Unpack[ScoreFields]) -> Score:
        """Give a score to a request log, a dataset row or an id known elsewhere; the same scorer's is replaced.

        Name the evaluator, by `evaluator_id` or `evaluator_slug`, and at least one value.
        """
        return self._transport.ask(Score, "POST", path_to("scores"), body=_body({"log_id": log_id, **fields}))

    def create_for_log(self, log_id: str, **fields: Unpack[ScoreFields]) -> Score:
        """Give a score to a request log or dataset row; Conflict where the same scorer has given one already."""
        return self._transport.ask(Score, "POST", path_to("logs", log_id, "scores"), body=_body({**fields}))

    def list(
        self,
        filters: Mapping[str, Any] | None = None,
        *,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        environment: str | None = None,
        sort_by: str | None = None,
        page: int = 1,
        page_size: int = 100,
    ) -> Page[Score]:
        """Return one page of scores, newest first; filters such as `{"evaluator_slug": "tone"}`."""
        parameters = _window(start_time, end_time, environment)
        parameters |= {"sort_by": sort_by, "page": page, "page_size": page_size}
        return get_page(self._transport, Page[Score], path_to("scores", "list"), filters, parameters)

    def iterate(
        self,
        filters: Mapping[str, Any] | None = None,
        *,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        environment: str | None = None,
        sort_by: str | None = None,
    ) -> Iterator[Score]:
        """Yield every score that matches."""
        parameters = {**_window(start_time, end_time, environment), "sort_by": sort_by, "page_size": 1000}
        return walk(self._transport, Page[Score], path_to("scores", "list"), filters, parameters)

    def list_for_log(self, log_id: str, *, page: int = 1, page_size: int = 100) -> Page[Score]:
        """Return one page of the scores of one log, newest first."""
        parameters = {"page": page, "page_size": page_size}
        return get_page(self._transport, Page[Score], path_to("logs", log_id, "scores"), None, parameters)

    def get(self, score_id: str) -> Score:
        """Return a score."""
        return self._transport.ask(Score, "GET", path_to("scores", score_id))

    def update(self, score_id: str, **values: Unpack[ScoreValueFields]) -> Score:
        """Change the given values; what a machine had said stays in `original`."""
        return self._transport.ask(Score, "PATCH", path_to("scores", score_id), body=values)

    def replace(self, score_id: str, **values: Unpack[ScoreValueFields]) -> Score:
        """Replace all values; those that are not given are cleared."""
        return self._transport.ask(Score, "PUT", path_to("scores", score_id), body=values)

    def delete(self, score_id: str) -> None:
        """Delete a score."""
        self._transport.send("DELETE", path_to("scores", score_id))


class AnnotationTasks:
    """`client.annotation_tasks`: the verdicts that reports want of people; a score on the row answers one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        status: str | None = None,
        dataset_id: str | None = None,
        evaluator: str | None = None,
        page: int = 1,
        page_size: int = 100,
    ) -> Page[AnnotationTask]:
        """Return one page of tasks, the oldest first; `status` is pending or completed, `evaluator` an id or slug."""
        parameters = {**_asked(status, dataset_id, evaluator), "page": page, "page_size": page_size}
        return get_page(self._transport, Page[AnnotationTask], path_to("annotation-tasks"), None, parameters)

    def iterate(
        self, *, status: str | None = None, dataset_id: str | None = None, evaluator: str | None = None
    ) -> Iterator[AnnotationTask]:
        """Yield every task that matches; do not answer tasks meanwhile where `status` is pending."""
        parameters = {**_asked(status, dataset_id, evaluator), "page_size": 1000}
        return walk(self._transport, Page[AnnotationTask], path_to("annotation-tasks"), None, parameters)


def _asked(status: str | None, dataset_id: str | None, evaluator: str | None) -> dict[str, Any]:
    return {"status": status, "dataset_id": dataset_id, "evaluator_id": evaluator}


def _window(start_time: datetime | str | None, end_time: datetime | str | None, env: str | None) -> dict[str, Any]:
    start, end = written_time(start_time, "start_time"), written_time(end_time, "end_time")
    return {"start_time": start, "end_time": end, "environment": env}


def _body(fields: dict[str, Any]) -> dict[str, Any]:
    if "timestamp" in fields:
        fields["timestamp"] = written_time(fields["timestamp"], "timestamp")
    return fields
