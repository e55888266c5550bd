"""How a plug-in declares an evaluator: a decorator over one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.evaluators.contract import Answer, BuiltinEvaluator, Parameter
from assay.model.evaluator import Direction, EvaluatorInputs, PassRule, ScoreRange, ScoreValueType, Skipped, Verdict

Judge = Callable[[EvaluatorInputs, Mapping[str, Any]], Any]


def evaluator(
    slug: str,
    *,
    score_value_type: ScoreValueType,
    name: str | None = None,
    description: str | None = None,
    direction: Direction = "higher",
    score_range: ScoreRange | None = None,
    pass_rule: PassRule | None = None,
    parameters: Sequence[Parameter] = (),
) -> Callable[[Judge], BuiltinEvaluator]:
    """Make an evaluator of a function of inputs and parameters, for an entry point of the group `assay.evaluators`.

    The function returns a value of the score type, a Verdict (value and explanation) or Skipped; what it raises fails
    that cell alone. It runs in the server's own process: a plug-in is trusted as the server is. `slug` names it
    everywhere; `description` is by default the first line of the function's docstring.
    """

    def declare(judge: Judge) -> BuiltinEvaluator:
        def evaluate(inputs: EvaluatorInputs, values: Mapping[str, Any]) -> Answer:
            answer = judge(inputs, values)
            return answer if isinstance(answer, Verdict | Skipped) else Verdict(answer)

        return BuiltinEvaluator(
            slug=slug,
            name=name or slug.replace("_", " ").capitalize(),
            description=description or (judge.__doc__ or "").strip().partition("\n")[0],
            eval_class=slug,
            score_value_type=score_value_type,
            evaluate=evaluate,
            direction=direction,
            score_range=score_range or ScoreRange(),
            pass_rule=pass_rule,
            parameters=tuple(parameters),
        )

    return declare
