"""What people do with eval reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version as distribution_version
from typing import Any

from assay.model.access import Identity
from assay.model.errors import Conflict, Invalid
from assay.model.eval_report import FINISHED, EvalReport, EvalTask
from assay.model.evaluator import Evaluator
from assay.model.ids import new_uuid
from assay.ports.engine import Engine
from assay.ports.store import Store
from assay.wire.eval_reports import manifest_evaluator


async def run(
    store: Store,
    engine: Engine,
    who: Identity,
    dataset_id: str,
    references: Sequence[str],
    name: str | None,
    extra: dict[str, Any],
    at: datetime,
) -> tuple[EvalReport, dict[str, str]]:
    """Store a report over the dataset's newest version with its evaluators pinned, and hand it to the engine.

    Returns the report and, for each reference that names no evaluator, why it was left out. Raises Invalid when none
    is left, NotFound for the dataset.
    """
    dataset = await store.datasets.get(dataset_id)
    found = await store.evaluators.find_many(references)
    unknown = [reference for reference in references if reference not in found]
    if not found:
        known = ", ".join(unknown)
        raise Invalid.field("evaluator_slugs", f"Evaluators not found: {known[:500]}")
    # An id and a slug may name the same evaluator.
    evaluators = list({evaluator.id: evaluator for evaluator in found.values()}.values())
    report = EvalReport(
        id=new_uuid(),
        organization_id=who.organization_id,
        environment=who.environment,
        dataset_id=dataset_id,
        dataset_version=dataset.version,
        name=name or f"{', '.join(evaluator.slug for evaluator in evaluators)}"[:255],
        status="pending",
        log_count=dataset.log_count,
        tasks=tuple(_task(ordinal, evaluator) for ordinal, evaluator in enumerate(evaluators)),
        created_at=at,
        updated_at=at,
        created_by=who.key_prefix,
        manifest=_manifest(dataset_id, evaluators, extra),
    )
    stored = await store.eval_reports.create(report)
    await engine.submit(stored.id)
    return stored, {reference: f"Evaluator not found: {reference[:200]}" for reference in unknown}


def _task(ordinal: int, evaluator: Evaluator) -> EvalTask:
    return EvalTask(
        id=new_uuid(),
        ordinal=ordinal,
        evaluator_id=evaluator.id,
        evaluator_slug=evaluator.slug,
        version=evaluator.current,
    )


def _manifest(dataset_id: str, evaluators: Sequence[Evaluator], extra: dict[str, Any]) -> dict[str, Any]:
    """Everything that a repetition of the run needs; the dataset version is added where it is pinned."""
    return {
        "assay_version": distribution_version("assay"),
        "dataset_id": dataset_id,
        "evaluators": [manifest_evaluator(evaluator.id, evaluator.slug, evaluator.current) for evaluator in evaluators],
        "trials": 1,
        "parameters": extra,
    }


async def retry_failed(store: Store, engine: Engine, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
    """Run the failed cells of a finished report again, and what a cancel left; raises Conflict while it runs."""
    report = await store.eval_reports.get(dataset_id, report_id)
    if report.status not in FINISHED:
        raise Conflict(f"The report is {report.status}: wait for its end, or cancel it.")
    reopened = await store.eval_reports.reopen_failed(dataset_id, report_id, at)
    await engine.submit(reopened.id)
    return reopened
