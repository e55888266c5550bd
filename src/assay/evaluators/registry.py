"""The evaluators that are part of this program: those that come with Assay, in the order of their list; plug-ins."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from assay.evaluators.builtin import (
    bleu,
    char_count,
    contains,
    cost_threshold,
    exact_match,
    json_schema,
    json_valid,
    latency_threshold,
    levenshtein,
    numeric_closeness,
    regex,
    rouge_l,
    tool_call_match,
    word_count,
)
from assay.evaluators.contract import BuiltinEvaluator

logger = logging.getLogger(__name__)

_ORDERED: tuple[BuiltinEvaluator, ...] = (
    char_count.EVALUATOR,
    word_count.EVALUATOR,
    exact_match.EVALUATOR,
    contains.EVALUATOR,
    regex.EVALUATOR,
    numeric_closeness.EVALUATOR,
    levenshtein.EVALUATOR,
    rouge_l.EVALUATOR,
    bleu.EVALUATOR,
    json_valid.EVALUATOR,
    json_schema.EVALUATOR,
    tool_call_match.EVALUATOR,
    latency_threshold.EVALUATOR,
    cost_threshold.EVALUATOR,
)
# A package offers an evaluator, or several, by an entry point of this group.
ENTRY_POINTS = "assay.evaluators"


@cache
def builtin_evaluators() -> Mapping[str, BuiltinEvaluator]:
    """Return the evaluators by `eval_class`, in the order in which to show them (read-only).

    Plug-ins are looked for once, the first time. One that cannot be loaded, is no evaluator, or takes a name that is
    taken is left out, and the log says so: the others work.
    """
    found = {evaluator.eval_class: evaluator for evaluator in _ORDERED}
    slugs = {evaluator.slug for evaluator in _ORDERED}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        for evaluator in _load(point):
            if evaluator.eval_class in found or evaluator.slug in slugs:
                logger.warning("Plug-in %s: the name %s is taken; it is left out.", point.name, evaluator.slug)
                continue
            found[evaluator.eval_class] = evaluator
            slugs.add(evaluator.slug)
    return MappingProxyType(found)


def _load(point: EntryPoint) -> Sequence[BuiltinEvaluator]:
    try:
        offered = point.load()
    except Exception:  # whatever a plug-in does when it is imported, the server starts
        logger.exception("Plug-in %s (%s) cannot be loaded; it is left out.", point.name, point.value)
        return ()
    evaluators = [offered] if isinstance(offered, BuiltinEvaluator) else offered
    if isinstance(evaluators, list | tuple) and all(isinstance(one, BuiltinEvaluator) for one in evaluators):
        return evaluators
    logger.warning(
        "Plug-in %s (%s) offers a %s instead of an evaluator made by @assay.evaluator; it is left out.",
        point.name,
        point.value,
        type(offered).__name__,
    )
    return ()


def find_builtin(eval_class: str) -> BuiltinEvaluator | None:
    """Return the evaluator of an `eval_class`, or None."""
    return builtin_evaluators().get(eval_class)
