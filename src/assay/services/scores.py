"""What people and programs do with scores: give, correct, take back."""

from __future__ import annotations

from datetime import datetime

from assay.evaluators.passing import pass_check
from assay.model.access import Identity
from assay.model.errors import Invalid, NotFound
from assay.model.evaluator import Evaluator
from assay.model.ids import new_uuid
from assay.model.score import Score, ScoreValues
from assay.ports.scores import OnConflict, RecordedScore
from assay.ports.store import Store
from assay.wire.score_bodies import ScoreChanges, ScoreDraft, changed_values

# What kind of value a score of no registered evaluator is, by the first field that it has.
_TYPES = (
    ("numerical_value", "numerical"),
    ("boolean_value", "boolean"),
    ("string_value", "text"),
    ("categorical_value", "categorical"),
    ("json_value", "json"),
)


async def give(store: Store, draft: ScoreDraft, log_id: str, on_conflict: OnConflict, at: datetime) -> RecordedScore:
    """Store a score on a dataset row, a request log, or a log that is known elsewhere; `log_id` empty: on none.

    Raises NotFound for an evaluator id that there is not, Invalid where the log is no row of the dataset named,
    Conflict where a score stands and is not to be replaced.
    """
    evaluator = await _evaluator(store, draft)
    owner = await store.scores.find_log(log_id) if log_id else None
    if draft.dataset_id is not None and owner != draft.dataset_id:
        message = f"This dataset has no row '{log_id[:60]}': leave dataset_id out to score a log by its id alone."
        raise Invalid.field("dataset_id", message)
    slug = draft.evaluator_slug or ""
    version = None if evaluator is None else evaluator.current
    score = Score(
        id=new_uuid(),
        log_id=log_id,
        dataset_id=owner or None,
        evaluator_id=None if evaluator is None else evaluator.id,
        evaluator_slug=slug if evaluator is None else evaluator.slug,
        evaluator_name=slug if version is None else version.name,
        # The contract's word for what is not known.
        evaluator_type="llm" if version is None else version.type,
        score_value_type=_type_of(draft.values) if version is None else version.score_value_type,
        status="scored",
        values=draft.values,
        is_passed=_is_passed(evaluator, draft.values),
        created_at=draft.timestamp or at,
        environment=store.environment,
        explanation=draft.explanation,
        scorer=draft.scorer,
        prompt_id=draft.prompt_id,
        prompt_version_number=draft.prompt_version_number,
        automation_id=draft.automation_id,
    )
    return await store.scores.record(score, on_conflict)


async def check_log(store: Store, log_id: str) -> None:
    """Raise NotFound when there is no such request log or dataset row."""
    if await store.scores.find_log(log_id) is None:
        raise NotFound("Log not found")


async def change(
    store: Store, who: Identity, present: Score, changes: ScoreChanges, at: datetime, *, replace: bool
) -> Score:
    """Give a score other values: those named, or with `replace` all of them. Raises NotFound, Invalid."""
    values = changed_values(present.values, changes, replace=replace)
    named = [] if present.evaluator_id is None else [present.evaluator_id]
    evaluators = await store.evaluators.find_many(named)
    is_passed = _is_passed(evaluators.get(present.evaluator_id or ""), values, present.score_value_type)
    explanation = changes.explanation
    if replace and explanation is None:
        explanation = ""
    return await store.scores.correct(present.id, values, is_passed, who.key_prefix, at, explanation)


async def _evaluator(store: Store, draft: ScoreDraft) -> Evaluator | None:
    reference = draft.evaluator_id or draft.evaluator_slug or ""
    found = await store.evaluators.find_many([reference])
    if reference not in found and draft.evaluator_id is not None:
        raise NotFound("Evaluator not found")
    return found.get(reference)


def _is_passed(evaluator: Evaluator | None, values: ScoreValues, value_type: str | None = None) -> bool | None:
    """Return whether values pass the evaluator's rule; of one that is not registered only a boolean can."""
    if evaluator is None:
        return values.boolean_value if (value_type or _type_of(values)) == "boolean" else None
    try:
        return pass_check(evaluator.current)(values)
    except Invalid:
        # The rule of an old definition cannot be read: nobody knows.
        return None


def _type_of(values: ScoreValues) -> str:
    return next(kind for name, kind in _TYPES if getattr(values, name) is not None)
