"""The scale of an evaluator version: which numbers and which choices its scores may be, wherever the client said so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import describe
from assay.model.errors import Invalid
from assay.model.evaluator import Choice, EvaluatorVersion, ScoreRange

PERCENTAGE_RANGE = ScoreRange(0.0, 100.0, "%")
NUMBER_TYPES = frozenset({"numerical", "percentage"})
CHOICE_TYPES = frozenset({"single_select", "multi_select", "categorical"})


def number_range(version: EvaluatorVersion) -> ScoreRange:
    """Return the bounds of the numbers that a version scores, both included; none where nobody gave any.

    Each bound is looked for in `score_config`, then in the legacy `configurations`, then in `score_range`; a
    percentage is 0 to 100 where no other says otherwise. Raises Invalid naming a bound that is no finite number, or
    `score_config.max_score` where it lies below the smallest score.
    """
    known = version.score_range
    default = PERCENTAGE_RANGE if version.score_value_type == "percentage" else ScoreRange()
    low, low_name = _bound(version, "min_score", known.minimum if known.minimum is not None else default.minimum)
    high, high_name = _bound(version, "max_score", known.maximum if known.maximum is not None else default.maximum)
    if low is not None and high is not None and low > high:
        raise Invalid.field(high_name, f"Must be at least {low_name.rpartition('.')[2]} ({low:g}), not {high:g}.")
    return ScoreRange(low, high, known.unit or default.unit)


def choices_of(version: EvaluatorVersion) -> tuple[Choice, ...]:
    """Return the choices of a version in the client's order: `categorical_choices`, or those of `score_config`.

    Empty where it has none, which leaves the names free. A choice of `score_config` is an object of name and value,
    or a name alone. Raises Invalid naming `score_config.choices` where they are of another shape, and
    `categorical_choices` or `score_config.choices` where a name is empty, given twice or no Unicode text.
    """
    place, choices = "categorical_choices", version.categorical_choices
    if not choices:
        place = "score_config.choices"
        given = (version.score_config or {}).get("choices")
        if given is not None and not isinstance(given, list | tuple):
            raise Invalid.field(place, f"Must be a list of objects with name and value, not {describe(given)}.")
        choices = tuple(_read_choice(item) for item in given or ())
    names: set[str] = set()
    for choice in choices:
        if not choice.name.strip():
            raise Invalid.field(place, "The name of a choice must not be empty.")
        if choice.name in names:
            raise Invalid.field(place, f'The choice "{choice.name}" is given twice; names must differ.')
        if not _is_unicode(choice.name):
            raise Invalid.field(place, f"The choice {choice.name!r} has a lone surrogate, which is no Unicode text.")
        names.add(choice.name)
    return choices


def finite_number(value: Any, name: str) -> float:
    """Read a setting that is a finite number; raises Invalid naming it as `name`."""
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid.field(name, f"Must be a finite number, not {describe(value)}.")
    return number


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bound(version: EvaluatorVersion, key: str, default: float | None) -> tuple[float | None, str]:
    for place, settings in (("score_config", version.score_config), ("configurations", version.configurations)):
        value = (settings or {}).get(key)
        if value is not None:
            return finite_number(value, f"{place}.{key}"), f"{place}.{key}"
    return default, f"score_config.{key}"


def _read_choice(item: Any) -> Choice:
    if isinstance(item, str):
        return Choice(item, item)
    name = item.get("name") if isinstance(item, Mapping) else None
    if not isinstance(name, str):
        raise Invalid.field("score_config.choices", f"A choice is an object with name and value, not {describe(item)}.")
    value = item.get("value")
    if value is not None and not isinstance(value, str | int | float):
        message = f'The value of "{name}" must be a string, a number or a boolean, not {describe(value)}.'
        raise Invalid.field("score_config.choices", message)
    return Choice(name, name if value is None else value)
