"""What people do with eval reports: run evaluators, repeat a run, retry what failed, check what a run was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version as distribution_version
from typing import Any

from assay.filters.expression import EVERYTHING
from assay.model.access import Identity
from assay.model.errors import Conflict, Invalid, NotFound
from assay.model.eval_report import FINISHED, EvalReport, EvalTask, RunSettings
from assay.model.evaluator import Evaluator, GenerationMethod
from assay.model.ids import new_uuid
from assay.model.log import CONTENT_NAMES, LogContent
from assay.model.merkle import MerkleTree
from assay.ports.engine import Engine
from assay.ports.eval_reports import RunWish
from assay.ports.store import Store
from assay.services.datasets import find_version_number, get_hashed_version
from assay.wire import codec
from assay.wire.eval_report_bodies import RunAsked
from assay.wire.eval_reports import settings_out
from assay.wire.run_manifest import Manifest, definition_hash, definition_of, manifest_out, recorded

_ROWS_AT_ONCE = 500


async def run(
    store: Store, engine: Engine, who: Identity, dataset_id: str, asked: RunAsked, at: datetime
) -> tuple[EvalReport, dict[str, str]]:
    """Store a report over a version of a dataset with its evaluators pinned, and hand it to the engine.

    Returns the report and, for each reference that was left out, why. Raises Invalid when none is left or the version
    does not exist, NotFound for the dataset.
    """
    number = await _version_number(store, dataset_id, asked.dataset_version)
    tasks, errors = await _tasks(store, asked.references, asked.settings.generation_method)
    report = await _start(store, engine, who, dataset_id, number, tasks, asked.settings, asked.name, None, at)
    return report, errors


async def _version_number(store: Store, dataset_id: str, reference: str | None) -> int:
    """Return the version that a reference names, 0 for the newest."""
    await store.datasets.get(dataset_id)
    try:
        return await find_version_number(store, dataset_id, reference) or 0
    except NotFound as error:
        raise Invalid.field("dataset_version", f"{error.message}: name its number, its tag, or latest.") from None


async def _tasks(
    store: Store, references: Sequence[str], method: GenerationMethod
) -> tuple[list[EvalTask], dict[str, str]]:
    found = await store.evaluators.find_many(references)
    tasks: list[EvalTask] = []
    errors: dict[str, str] = {}
    taken: dict[str, Evaluator] = {}
    for reference in references:
        evaluator = found.get(reference)
        if evaluator is None:
            errors[reference] = f"Evaluator not found: {reference[:200]}"
            continue
        first = taken.get(evaluator.id)
        if first is not None:
            # An id and a slug may name the same evaluator; a row has one score of each.
            if first.current.number != evaluator.current.number:
                errors[reference] = f"{evaluator.slug} is part of this run with its version {first.current.number}."
            continue
        taken[evaluator.id] = evaluator
        chosen = evaluator.current.method(method)
        if chosen is None:
            errors[reference] = f"{evaluator.slug} has no configuration for generation_method {method}."
            continue
        tasks.append(EvalTask(new_uuid(), len(tasks), evaluator.id, evaluator.slug, evaluator.current, chosen))
    if not tasks:
        if all(reference not in found for reference in references):
            raise Invalid.field("evaluator_slugs", f"Evaluators not found: {', '.join(references)[:500]}")
        raise Invalid(fields={"generation_method": list(errors.values())})
    return tasks, errors


async def _start(
    store: Store,
    engine: Engine,
    who: Identity,
    dataset_id: str,
    dataset_version: int,
    tasks: Sequence[EvalTask],
    settings: RunSettings,
    name: str | None,
    repeats: str | None,
    at: datetime,
) -> EvalReport:
    report = EvalReport(
        id=new_uuid(),
        organization_id=who.organization_id,
        environment=who.environment,
        dataset_id=dataset_id,
        dataset_version=dataset_version,
        name=name or ", ".join(task.evaluator_slug for task in tasks)[:255],
        status="pending",
        log_count=0,
        tasks=tuple(tasks),
        created_at=at,
        updated_at=at,
        created_by=who.key_prefix,
        settings=settings,
        manifest=recorded(distribution_version("assay"), tasks, repeats=repeats),
    )
    stored = await store.eval_reports.create(report)
    await engine.submit(stored.id)
    return stored


async def repeat(
    store: Store,
    engine: Engine,
    who: Identity,
    dataset_id: str,
    manifest: Manifest,
    settings: RunSettings,
    name: str | None,
    at: datetime,
) -> EvalReport:
    """Run what a manifest says once more: the same rows, the same definitions, whatever became of them since.

    Raises Invalid where the manifest is of another dataset, or the version's content is not what it says.
    """
    if manifest.dataset_id != dataset_id:
        message = f"It is of the dataset {manifest.dataset_id[:60]}, not of {dataset_id}: a run is repeated there."
        raise Invalid.field("manifest.dataset_id", message)
    newest = (await store.datasets.get(dataset_id)).version
    if not 1 <= manifest.dataset_version <= newest and manifest.dataset_version != newest:
        message = f"The dataset has no version {manifest.dataset_version}: there are 1 to {newest}."
        raise Invalid.field("manifest.dataset_version", message)
    if manifest.dataset_content_hash is not None and manifest.dataset_version:
        version = await get_hashed_version(store, dataset_id, str(manifest.dataset_version))
        if version.content_hash != manifest.dataset_content_hash:
            message = f"Version {version.number} has the hash {version.content_hash}, not what the manifest says."
            raise Invalid.field("manifest.dataset_content_hash", message)
    name = name or manifest.name
    return await _start(
        *(store, engine, who, dataset_id, manifest.dataset_version, manifest.tasks, settings, name),
        repeats=manifest.report_id,
        at=at,
    )


def as_manifest(report: EvalReport) -> Manifest:
    """Return a stored report as the manifest that repeats it."""
    return Manifest(
        dataset_id=report.dataset_id,
        dataset_version=report.dataset_version,
        tasks=tuple(_anew(task) for task in report.tasks),
        settings=report.settings,
        name=report.name,
        report_id=report.id,
    )


def _anew(task: EvalTask) -> EvalTask:
    return EvalTask(new_uuid(), task.ordinal, task.evaluator_id, task.evaluator_slug, task.version, task.method)


async def wish(
    store: Store, engine: Engine, dataset_id: str, report_id: str, wanted: RunWish, at: datetime
) -> EvalReport:
    """Ask a report to stop, rest or go on, and let the engine look at it at once; returns the report."""
    report = await store.eval_reports.wish(dataset_id, report_id, wanted, at)
    if report.status not in FINISHED:
        await engine.submit(report.id)
    return report


async def retry_failed(store: Store, engine: Engine, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
    """Run the failed cells of a finished report again, and what a cancel left; raises Conflict while it runs."""
    report = await store.eval_reports.get(dataset_id, report_id)
    if report.status not in FINISHED:
        raise Conflict(f"The report is {report.status}: wait for its end, or cancel it.")
    reopened = await store.eval_reports.reopen_failed(dataset_id, report_id, at)
    await engine.submit(reopened.id)
    return reopened


async def get_manifest(store: Store, dataset_id: str, report_id: str) -> dict[str, Any]:
    """Return the manifest of a report; the hash of the dataset version is computed if nobody asked for it before."""
    report = await store.eval_reports.get(dataset_id, report_id)
    content_hash = None
    if report.dataset_version:
        content_hash = (await get_hashed_version(store, dataset_id, str(report.dataset_version))).content_hash
    return manifest_out(report, content_hash)


async def verify(store: Store, dataset_id: str, report_id: str, given: Manifest | None) -> list[dict[str, Any]]:
    """Compute the hashes of a report anew and compare them with what was recorded, and with a manifest if one is given.

    Each check names its `subject`, what was `expected`, what is `actual`, and `is_equal`.
    """
    report = await store.eval_reports.get(dataset_id, report_id)
    checks = []
    if report.dataset_version:
        version = await get_hashed_version(store, dataset_id, str(report.dataset_version))
        root = await _content_hash(store, dataset_id, version.number)
        checks.append(_check("dataset content", version.content_hash, root))
    expected = report.manifest.get("definition_hashes", ())
    hashes = [definition_hash(definition_of(task.version)) for task in report.tasks]
    for task, actual, known in zip(report.tasks, hashes, expected, strict=False):
        checks.append(_check(f"evaluator {task.evaluator_slug}", known, actual))
    if given is None:
        return checks
    checks += [
        _check("manifest: dataset", given.dataset_id, report.dataset_id),
        _check("manifest: dataset version", given.dataset_version, report.dataset_version),
        _check("manifest: settings", settings_out(given.settings), settings_out(report.settings)),
    ]
    if given.dataset_content_hash is not None and checks[0]["subject"] == "dataset content":
        checks.append(_check("manifest: dataset content", given.dataset_content_hash, checks[0]["actual"]))
    stated = {task.evaluator_slug: definition_hash(definition_of(task.version)) for task in given.tasks}
    stored = dict(zip((task.evaluator_slug for task in report.tasks), hashes, strict=True))
    for slug in sorted({*stated, *stored}):
        checks.append(_check(f"manifest: evaluator {slug}", stated.get(slug), stored.get(slug)))
    return checks


def _check(subject: str, expected: Any, actual: Any) -> dict[str, Any]:
    return {"subject": subject, "expected": expected, "actual": actual, "is_equal": expected == actual}


async def _content_hash(store: Store, dataset_id: str, number: int) -> str:
    """Return the Merkle root of a version from the rows themselves: no hash that is stored is trusted."""
    tree = MerkleTree()
    async for logs in store.dataset_logs.iterate(dataset_id, number, EVERYTHING, _ROWS_AT_ONCE):
        for log in logs:
            tree.append(codec.content_hash(_joined(log.content)))
    return tree.root()


def _joined(content: LogContent) -> bytes:
    parts: Mapping[str, bytes | None] = {name: getattr(content, name) for name in CONTENT_NAMES}
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), text) for name, text in parts.items() if text) + b"}"
