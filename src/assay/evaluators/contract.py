"""What a built-in evaluator is: a frozen declaration and one function from inputs and parameters to an answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.model.errors import Invalid
from assay.model.evaluator import (
    Direction,
    EvaluatorInputs,
    EvaluatorType,
    EvaluatorVersion,
    PassRule,
    ScoreRange,
    ScoreValueType,
    Skipped,
    Verdict,
)

Answer = Verdict | Skipped
Evaluate = Callable[[EvaluatorInputs, Mapping[str, Any]], Answer]

NO_RANGE = ScoreRange()
EXPECTED_OUTPUT_IS_MISSING = Skipped("expected_output is missing")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of a built-in: `default` as a client would send it (JSON).

    `read` turns a sent value into the one the evaluator works with (a pattern becomes a compiled pattern), once per
    run; it raises ValueError with a message that says what would be right.
    """

    name: str
    description: str
    default: Any
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class BuiltinEvaluator:
    """An evaluator that comes with Assay or a plug-in.

    `evaluate` gets the values that `read_parameters` returned; it may raise anything, which fails that cell alone.
    """

    slug: str
    name: str
    description: str
    eval_class: str
    score_value_type: ScoreValueType
    evaluate: Evaluate
    direction: Direction = "higher"
    score_range: ScoreRange = NO_RANGE
    pass_rule: PassRule | None = None
    parameters: tuple[Parameter, ...] = ()
    type: EvaluatorType = "code"

    @property
    def default_parameters(self) -> dict[str, Any]:
        """Every parameter with its default, as JSON values."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def read_parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Merge `given` into the defaults and make every value ready to use.

        Raises Invalid naming `parameters.<name>` for each unknown or wrong parameter.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        wrong: dict[str, list[str]] = {}
        for name in given:
            if name not in known:
                expected = ", ".join(known) or "none"
                wrong[f"parameters.{name}"] = [f"{self.eval_class} has no such parameter; it has: {expected}."]
        values: dict[str, Any] = {}
        for name, parameter in known.items():
            try:
                values[name] = parameter.read(given.get(name, parameter.default))
            except ValueError as error:
                wrong[f"parameters.{name}"] = [str(error)]
        if wrong:
            raise Invalid(fields=wrong)
        return values

    def make_version(
        self, version_id: str, parameters: Mapping[str, Any] | None = None, created_at: datetime | None = None
    ) -> EvaluatorVersion:
        """Make version 1 of an evaluator of this class, as it is seeded into an organisation.

        Raises Invalid when `parameters` are wrong.
        """
        given = dict(parameters or {})
        self.read_parameters(given)
        return EvaluatorVersion(
            id=version_id,
            number=1,
            name=self.name,
            type=self.type,
            score_value_type=self.score_value_type,
            eval_class=self.eval_class,
            description=self.description,
            direction=self.direction,
            score_range=self.score_range,
            pass_rule=self.pass_rule,
            parameters=self.default_parameters | given,
            created_at=created_at,
        )


def describe(value: Any) -> str:
    """Name a JSON value for an error message: its JSON type and, when short, the value itself."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {'true' if value else 'false'}"
    if isinstance(value, int | float):
        kind = "number"
    elif isinstance(value, str):
        kind = "string"
    elif isinstance(value, list | tuple):
        return f"a list of {len(value):,} items"
    elif isinstance(value, Mapping):
        return f"an object of {len(value):,} keys"
    else:
        return f"a Python {type(value).__name__}"
    # The int-to-text limit of CPython makes repr() of a huge integer an error.
    if isinstance(value, int) and value.bit_length() > 256:
        return f"a number of {value.bit_length():,} bits"
    if isinstance(value, str) and len(value) > 100:
        return f"a string of {len(value):,} characters that starts with {value[:60]!r}"
    return f"the {kind} {value!r}"


def read_boolean(value: Any) -> bool:
    """Read a parameter that is true or false; raises ValueError otherwise."""
    if not isinstance(value, bool):
        raise ValueError(f"Must be true or false, not {describe(value)}.")
    return value


def read_not_negative(value: Any) -> float:
    """Read a parameter that is a finite number of at least 0; raises ValueError otherwise."""
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.nan
    if not (0 <= number < math.inf):
        raise ValueError(f"Must be a finite number of at least 0, not {describe(value)}.")
    return number


def read_choice(*choices: str) -> Callable[[Any], str]:
    """Make the reader of a parameter that is one of `choices`; the reader raises ValueError otherwise."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"Must be one of {', '.join(choices)}, not {describe(value)}.")
        return value

    return read


IGNORE_CASE = Parameter("ignore_case", "Compare without regard to upper and lower case.", False, read_boolean)
