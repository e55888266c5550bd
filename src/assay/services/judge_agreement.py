"""How far an evaluator agrees with people on the rows of a report, and what its mean becomes when they correct it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from assay.evaluators.passing import pass_check
from assay.model.errors import Invalid, NotFound
from assay.model.eval_report import EvalReport, EvalTask, TaskCells
from assay.model.evaluator import EvaluatorVersion
from assay.model.score import ScoreValues
from assay.ports.store import Store
from assay.services.report_analysis import about, is_scored, over_trials, passes_of, scores_of
from assay.statistics.agreement import compare_labels, compare_numbers
from assay.statistics.prediction_powered import correct_mean
from assay.statistics.trials import share_of_agreeing_trials
from assay.wire.run_manifest import definition_hash, definition_of

# So many distinct whole numbers are taken for the marks of a scale, and compared as such too.
_MOST_MARKS = 20
_CHOSEN_ONE = ("single_select", "categorical")


async def agreement(store: Store, report: EvalReport, task: EvalTask) -> dict[str, Any]:
    """Compare an evaluator with what people say of the same rows; raises Invalid for one that people answer."""
    if task.method == "human":
        raise Invalid.field("evaluator_slug", f"'{task.evaluator_slug}' is answered by people: name a judge or code.")
    cells = await store.eval_reports.cells(report.dataset_id, report.id, task.ordinal)
    human = await store.eval_reports.human_values(report.dataset_id, report.id, task.ordinal)
    found = await asyncio.to_thread(_agreement, task, cells, human, report.settings.seed)
    return {**about(report, task, cells), **await _staleness(store, task), **found}


async def _staleness(store: Store, task: EvalTask) -> dict[str, Any]:
    """Say whether the evaluator still is what this report measured."""
    pinned = definition_hash(definition_of(task.version))
    try:
        current = (await store.evaluators.get(task.evaluator_id)).current
    except NotFound:
        return {"is_stale": True, "stale_reason": "The evaluator was deleted.", "definition_hash": pinned}
    is_stale = definition_hash(definition_of(current)) != pinned
    reason = f"Version {task.version.number} was measured; version {current.number} judges in another way."
    return {"is_stale": is_stale, "stale_reason": reason if is_stale else None, "definition_hash": pinned}


def _agreement(
    task: EvalTask, cells: TaskCells, human: Mapping[str, Sequence[ScoreValues]], seed: int
) -> dict[str, Any]:
    version = task.version
    found: dict[str, Any] = {
        "labelled_row_count": 0, "labels": None, "numbers": None, "pass": None, "corrected_mean": None,
        "self_consistency": share_of_agreeing_trials(*_said(cells)),
    }  # fmt: skip
    rows = list(dict.fromkeys(row for row, status in zip(cells.log_id, cells.status, strict=True) if is_scored(status)))
    found["labelled_row_count"] = sum(row in human for row in rows)
    if version.score_value_type in ("numerical", "percentage"):
        judge = over_trials(*scores_of(cells))
        people = {row: _mean([value.numerical_value for value in values]) for row, values in human.items()}
        pairs = [(judge.get(row), people.get(row)) for row in rows]
        found["numbers"] = compare_numbers(*_columns(pairs), seed=seed)
        marks = _marks(version, [number for pair in pairs if None not in pair for number in pair])
        if marks is not None:
            found["labels"] = compare_labels(*_columns(pairs), categories=marks, seed=seed)
        found["corrected_mean"] = _corrected(version, pairs)
    elif version.score_value_type == "boolean":
        shares = over_trials(*scores_of(cells))
        answers = {row: _mean([_number(value.boolean_value) for value in values]) for row, values in human.items()}
        pairs = [(shares.get(row), answers.get(row)) for row in rows]
        found["labels"] = compare_labels(*_columns([(_side(one), _side(other)) for one, other in pairs]), seed=seed)
        found["corrected_mean"] = _corrected(version, pairs)
    elif version.score_value_type in _CHOSEN_ONE:
        chosen = _chosen(cells)
        named = {row: _most([_first(value.categorical_value) for value in values]) for row, values in human.items()}
        said = [(chosen.get(row), named.get(row)) for row in rows]
        found["labels"] = compare_labels(*_columns(said), categories=_scale(version, said), seed=seed)
    else:
        kind = version.score_value_type
        raise Invalid.field("evaluator_slug", f"'{task.evaluator_slug}' gives {kind} scores: they cannot be compared.")
    if version.score_value_type != "boolean":
        passed, check = over_trials(*passes_of(task, cells)), pass_check(version)
        ruled = {row: _mean([_number(check(value)) for value in values]) for row, values in human.items()}
        if passed:
            verdicts = [(_side(passed.get(row)), _side(ruled.get(row))) for row in rows]
            found["pass"] = compare_labels(*_columns(verdicts), seed=seed)
    return found


def _said(cells: TaskCells) -> tuple[list[Hashable], list[str]]:
    """Return what each scored trial says, and its row."""
    said: list[Hashable] = []
    rows = []
    for row, status, value, names in zip(cells.log_id, cells.status, cells.value, cells.categories, strict=True):
        if is_scored(status):
            said.append(value if names is None else tuple(names))
            rows.append(row)
    return said, rows


def _columns(pairs: Sequence[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    return [one for one, _ in pairs], [other for _, other in pairs]


def _corrected(version: EvaluatorVersion, pairs: Sequence[tuple[float | None, float | None]]) -> dict[str, Any]:
    judged = [(one, other) for one, other in pairs if one is not None]
    is_boolean = version.score_value_type == "boolean"
    corrected = correct_mean(
        [one for one, _ in judged],
        [other for _, other in judged],
        minimum=0.0 if is_boolean else version.score_range.minimum,
        maximum=1.0 if is_boolean else version.score_range.maximum,
    )
    return corrected.as_json()


def _marks(version: EvaluatorVersion, numbers: Sequence[float | None]) -> list[float] | None:
    """Return the marks of the scale that numbers are of, in order; None where it has none, or too many."""
    known = [number for number in numbers if number is not None]
    if not known or any(not number.is_integer() for number in known):
        return None
    lowest, highest = version.score_range.minimum, version.score_range.maximum
    least = min(known) if lowest is None or not float(lowest).is_integer() else min(*known, float(lowest))
    most = max(known) if highest is None or not float(highest).is_integer() else max(*known, float(highest))
    if most - least >= _MOST_MARKS:
        return None
    return [float(mark) for mark in range(int(least), int(most) + 1)]


def _scale(version: EvaluatorVersion, said: Sequence[tuple[str | None, str | None]]) -> list[str] | None:
    """Return the choices in the order of their numbers; None where not all that is said has one."""
    choices = version.categorical_choices
    known = {None, *(choice.name for choice in choices if not isinstance(choice.value, str))}
    if len(known) <= len(choices) or any(name not in known for pair in said for name in pair):
        return None
    return [choice.name for choice in sorted(choices, key=lambda choice: float(choice.value))]


def _chosen(cells: TaskCells) -> dict[str, str | None]:
    by_row: dict[str, list[str | None]] = {}
    for row, status, names in zip(cells.log_id, cells.status, cells.categories, strict=True):
        if is_scored(status):
            by_row.setdefault(row, []).append(_first(names))
    return {row: _most(named) for row, named in by_row.items()}


def _first(names: Sequence[str] | None) -> str | None:
    return names[0] if names else None


def _most(named: Sequence[str | None]) -> str | None:
    """Return what most say; None where nobody does, or two are said as often."""
    counts = Counter(name for name in named if name is not None).most_common(2)
    return counts[0][0] if counts and (len(counts) == 1 or counts[0][1] > counts[1][1]) else None


def _mean(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else None


def _number(flag: bool | None) -> float | None:
    return None if flag is None else float(flag)


def _side(share: float | None) -> bool | None:
    """Return what the majority says; None where it is split in half."""
    return None if share is None or share == 0.5 else share > 0.5
