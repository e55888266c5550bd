"""The configuration of a judge: what it asks, which model, with which parameters, from either form of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from assay.evaluators.contract import describe
from assay.evaluators.passing import pass_check
from assay.evaluators.scale import CHOICE_TYPES, choices_of, finite_number, number_range
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorVersion

DEFAULT_MODEL = "gpt-4o-mini"
MAXIMUM_TEXT_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class JudgeConfiguration:
    """What a judge asks: `definition` and `rubric` are templates, `parameters` go to the model as they are."""

    model: str
    definition: str
    rubric: str
    parameters: Mapping[str, Any]


def read_configuration(version: EvaluatorVersion) -> JudgeConfiguration:
    """Return the configuration of a judge: that of `llm_config`, else that of the legacy `configurations`.

    Parameters that are null are left out. `response_format`, `stream`, `tools`, `tool_choice` and
    `parallel_tool_calls` of the contract are taken and have no effect: a judge answers one JSON object of its own.
    Raises Invalid naming every wrong setting, such as `llm_config.evaluator_definition`.
    """
    if version.llm_config:
        return _read(version.llm_config, "llm_config", "model", version.llm_config, "llm_config")
    if not version.configurations:
        raise Invalid.field("llm_config", "A judge needs an object with model and evaluator_definition.")
    options = version.configurations.get("model_options")
    place = "configurations.model_options"
    if options is not None and not isinstance(options, Mapping):
        raise Invalid.field(place, f"Must be an object such as {{'temperature': 0}}, not {describe(options)}.")
    return _read(version.configurations, "configurations", "llm_engine", options or {}, place)


def check(version: EvaluatorVersion) -> None:
    """Check all that a judge of this version will read, its scale and pass rule included.

    Raises Invalid naming every wrong setting: `llm_config.…`, `configurations.…`, `score_config.…`,
    `categorical_choices`, `passing_conditions.…`.
    """
    wrong: dict[str, list[str]] = {}
    readers: tuple[Callable[[EvaluatorVersion], object], ...] = (
        *(read_configuration, number_range, _check_choices, pass_check),
    )
    for read in readers:
        try:
            read(version)
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(fields=wrong)


def _check_choices(version: EvaluatorVersion) -> None:
    if not choices_of(version) and version.score_value_type in CHOICE_TYPES:
        place = "categorical_choices" if version.score_value_type == "categorical" else "score_config.choices"
        raise Invalid.field(place, f"A judge of {version.score_value_type} scores needs choices to choose from.")


def _read(
    texts: Mapping[str, Any], place: str, model_key: str, options: Mapping[str, Any], options_place: str
) -> JudgeConfiguration:
    wrong: dict[str, list[str]] = {}

    def take(read: Callable[[Any, str], Any], settings: Mapping[str, Any], where: str, key: str) -> Any:
        try:
            return read(settings.get(key), f"{where}.{key}")
        except Invalid as error:
            wrong.update(error.fields)

    model = take(_model, texts, place, model_key)
    definition = take(_definition, texts, place, "evaluator_definition")
    rubric = take(_text, texts, place, "scoring_rubric")
    parameters: dict[str, Any] = {}
    for key, value in options.items():
        if key in _PARAMETERS:
            if value is not None:
                parameters[key] = take(_PARAMETERS[key], options, options_place, key)
        elif key not in _WITHOUT_EFFECT and not (options is texts and key in _TEXT_KEYS):
            wrong[f"{options_place}.{key}"] = [_unknown(key)]
    if wrong:
        raise Invalid(fields=wrong)
    return JudgeConfiguration(model, definition, rubric, parameters)


def _unknown(key: str) -> str:
    close = get_close_matches(str(key).lower(), [*_TEXT_KEYS, *_PARAMETERS], n=1, cutoff=0.7)
    hint = f' Did you mean "{close[0]}"?' if close else ""
    return f"No such setting of a judge.{hint} There are: {', '.join(_PARAMETERS)}."


def _model(value: Any, name: str) -> str:
    if value is None:
        return DEFAULT_MODEL
    if not isinstance(value, str) or not value.strip():
        raise Invalid.field(name, f'Must be the name of a model, such as "{DEFAULT_MODEL}", not {describe(value)}.')
    return value.strip()


def _definition(value: Any, name: str) -> str:
    text = _text(value, name)
    if not text.strip():
        raise Invalid.field(name, "Must say what to judge, such as: Is {{output}} a polite answer to {{input}}?")
    return text


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid.field(name, f"Must be a string, not {describe(value)}.")
    if len(value) > MAXIMUM_TEXT_CHARACTERS:
        message = f"Must have at most {MAXIMUM_TEXT_CHARACTERS:,} characters, not {len(value):,}."
        raise Invalid.field(name, message)
    return value


def _number(minimum: float, maximum: float) -> Callable[[Any, str], float]:
    def read(value: Any, name: str) -> float:
        finite_number(value, name)
        if not minimum <= value <= maximum:
            raise Invalid.field(name, f"Must be a number from {minimum:g} to {maximum:g}, not {describe(value)}.")
        return value  # type: ignore[no-any-return]

    return read


def _integer(minimum: int) -> Callable[[Any, str], int]:
    def read(value: Any, name: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value < 2**63:
            raise Invalid.field(name, f"Must be a whole number of at least {minimum}, not {describe(value)}.")
        return value

    return read


def _one_of(*words: str) -> Callable[[Any, str], str]:
    def read(value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in words:
            raise Invalid.field(name, f"Must be one of {', '.join(words)}, not {describe(value)}.")
        return value

    return read


def _stop(value: Any, name: str) -> str | list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) and text for text in texts):
        raise Invalid.field(name, f"Must be a string or a list of strings, not {describe(value)}.")
    return value if isinstance(value, str) else list(texts)


_PARAMETERS: dict[str, Callable[[Any, str], Any]] = {
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "max_tokens": _integer(1),
    "max_completion_tokens": _integer(1),
    "frequency_penalty": _number(-2, 2),
    "presence_penalty": _number(-2, 2),
    "stop": _stop,
    "verbosity": _one_of("low", "medium", "high"),
    "reasoning_effort": _one_of("none", "minimal", "low", "medium", "high", "xhigh"),
    "seed": _integer(-(2**63)),
}
_TEXT_KEYS = ("model", "evaluator_definition", "scoring_rubric")
_WITHOUT_EFFECT = frozenset({"response_format", "stream", "tools", "tool_choice", "parallel_tool_calls"})
