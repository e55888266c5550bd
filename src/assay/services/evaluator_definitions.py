"""From what a client said to the definition of an evaluator: what is derived, what is merged, what is refused."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from assay.evaluators.contract import BuiltinEvaluator
from assay.evaluators.judge import configuration
from assay.evaluators.passing import pass_check
from assay.evaluators.registry import find_builtin
from assay.evaluators.sandbox import check_source
from assay.evaluators.scale import choices_of, number_range
from assay.model.errors import Invalid, Unprocessable
from assay.model.evaluator import Direction, EvaluatorType, EvaluatorVersion, ScoreRange, ScoreValueType
from assay.wire import codec
from assay.wire.evaluator_bodies import LONGEST_SLUG, Changes
from assay.wire.evaluators import shown_configurations
from assay.wire.problems import REQUIRED

_ObjectName = Literal["llm_config", "code_config", "score_config", "passing_conditions"]

MOST_BYTES = 1024 * 1024
_SUFFIX_CHARACTERS = 4
# What a path has in the place of an evaluator.
RESERVED_SLUGS = frozenset(("list", "summary", "tags", "versions"))
_PASSING_SCORE = "passing_score"
_MISSING_CHOICES = "This field is required when score_value_type is 'categorical'."
_LLM_CLASSES = ("keywordsai_custom_llm", "respan_custom_llm", "keywordsai_custom_evaluator")
_CODE_CLASSES = ("custom_code",)
_LLM_KEYS = ("evaluator_definition", "llm_engine", "scoring_rubric")


def slug_of(name: str) -> str:
    """Return a name in snake case: ASCII letters and digits, `evaluator` where it has none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return slug[: LONGEST_SLUG - _SUFFIX_CHARACTERS - 1].rstrip("_") or "evaluator"


def with_suffix(slug: str) -> str:
    """Return a slug with a short random suffix."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    suffix = "".join(secrets.choice(alphabet) for _ in range(_SUFFIX_CHARACTERS))
    return f"{slug[: LONGEST_SLUG - _SUFFIX_CHARACTERS - 1]}_{suffix}"


def define(base: EvaluatorVersion | None, changes: Changes, *, is_merge: bool) -> EvaluatorVersion:
    """Return a version as `changes` makes it of `base` (None: of nothing).

    `is_merge`: what `changes` does not name stays, and `configurations` are merged one level deep, null removing a
    key; otherwise what it does not name gets its default. Raises Invalid naming every wrong field, Unprocessable for a
    categorical evaluator that is told to have no choices.
    """
    kept = base if base is not None and is_merge else _EMPTY
    llm_config = _object(changes, "llm_config", kept.llm_config)
    code_config = _object(changes, "code_config", kept.code_config)
    eval_class = changes.get("eval_class", kept.eval_class)
    builtin = None if llm_config or code_config else find_builtin(eval_class)
    shown = _merged(kept, changes, builtin)
    parameters: Mapping[str, Any] = {}
    if builtin is not None:
        parameters, shown = _split(builtin, shown)
    choices = changes.get("categorical_choices", kept.categorical_choices)
    score_config = _object(changes, "score_config", kept.score_config)
    value_type = changes.get("score_value_type") or (kept.score_value_type if kept is not _EMPTY else None)
    if value_type is None:
        value_type = builtin.score_value_type if builtin else _value_type(choices, score_config)
    kind = changes.get("type") or (kept.type if kept is not _EMPTY else None)
    if kind is None:
        kind = _derived_type(builtin, llm_config, code_config, shown, eval_class)
    version = replace(
        base if base is not None else _EMPTY,
        name=changes.get("name", kept.name),
        type=kind,
        score_value_type=value_type,
        eval_class=eval_class,
        description=changes.get("description", kept.description),
        direction=_direction(builtin, kept, changes, value_type),
        score_range=builtin.score_range if builtin else ScoreRange(),
        pass_rule=builtin.pass_rule if builtin else None,
        parameters=parameters,
        llm_config=llm_config,
        code_config=code_config,
        score_config=score_config,
        passing_conditions=_object(changes, "passing_conditions", kept.passing_conditions),
        configurations=shown,
        categorical_choices=choices,
        custom_required_fields=changes.get("custom_required_fields", kept.custom_required_fields),
    )
    if value_type == "categorical" and "categorical_choices" in changes and not choices and not choices_of(version):
        raise Unprocessable(fields={"categorical_choices": [_MISSING_CHOICES]})
    # What charts and bounds of a mean read, wherever the client wrote it.
    return replace(version, score_range=number_range(version))


_EMPTY = EvaluatorVersion(
    id="", number=0, name="", type="human", score_value_type="numerical", eval_class="", is_read_only=False
)


def _object(changes: Changes, name: _ObjectName, kept: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return changes.get(name, kept)


def _merged(kept: EvaluatorVersion, changes: Changes, builtin: BuiltinEvaluator | None) -> dict[str, Any]:
    is_same = builtin is not None and builtin.eval_class == kept.eval_class
    # The parameters of a built-in mean nothing to another one.
    before = shown_configurations(kept) if is_same else dict(kept.configurations)
    merged = before | dict(changes.get("configurations", {}))
    return merged if kept is _EMPTY else {name: value for name, value in merged.items() if value is not None}


def _split(builtin: BuiltinEvaluator, shown: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return the parameters of a built-in and what else is configured: the score that passes."""
    declared = {parameter.name for parameter in builtin.parameters}
    others = {name: value for name, value in shown.items() if name not in declared}
    rest = {name: others.pop(name) for name in (_PASSING_SCORE,) if name in others}
    given = {name: value for name, value in shown.items() if name in declared and value is not None}
    try:
        builtin.read_parameters({**given, **others})
    except Invalid as error:
        raise as_configurations(error) from None
    return builtin.default_parameters | given, rest


def _derived_type(
    builtin: BuiltinEvaluator | None,
    llm_config: Mapping[str, Any] | None,
    code_config: Mapping[str, Any] | None,
    configurations: Mapping[str, Any],
    eval_class: str,
) -> EvaluatorType:
    if builtin is not None:
        return builtin.type
    if code_config or "eval_code_snippet" in configurations or eval_class in _CODE_CLASSES:
        return "code"
    if llm_config or eval_class in _LLM_CLASSES or any(key in configurations for key in _LLM_KEYS):
        return "llm"
    return "human"


def _value_type(choices: tuple[Any, ...], score_config: Mapping[str, Any] | None) -> ScoreValueType:
    if choices:
        return "categorical"
    return "single_select" if (score_config or {}).get("choices") else "numerical"


def _direction(
    builtin: BuiltinEvaluator | None, kept: EvaluatorVersion, changes: Changes, value_type: ScoreValueType
) -> Direction:
    if "direction" in changes:
        return changes["direction"]
    if builtin is not None:
        return builtin.direction
    if kept is not _EMPTY and kept.score_value_type == value_type:
        return kept.direction
    return "none" if value_type in ("text", "comment", "json") else "higher"


def check(version: EvaluatorVersion) -> list[str]:
    """Check everything that a run would read; return warnings about what it would miss.

    Raises Invalid naming every wrong field. A categorical judge without choices is stored with a warning, because
    real clients make such evaluators; it is refused when it is run.
    """
    if len(codec.encode(_parts(version))) > MOST_BYTES:
        raise Invalid(f"The definition of an evaluator may have at most {MOST_BYTES // 1024:,} KiB in all.")
    wrong: dict[str, list[str]] = {}
    for read in (choices_of, number_range, pass_check):
        _collect(wrong, read, version)
    builtin = find_builtin(version.eval_class)
    if builtin is not None and version.method() == "builtin":
        if version.score_value_type != builtin.score_value_type:
            wrong["score_value_type"] = [
                f"{builtin.eval_class} answers {builtin.score_value_type} scores, not {version.score_value_type}."
            ]
        if version.type != builtin.type:
            wrong["type"] = [f"{builtin.eval_class} is a {builtin.type} evaluator, not {version.type}."]
    if version.method("llm") is not None:
        _collect(wrong, configuration.check, version)
    for place, source in _sources(version):
        _check_code(wrong, place, source)
    warnings = []
    if version.score_value_type == "categorical" and not version.categorical_choices:
        warnings = [f"categorical_choices: {message}" for message in wrong.pop("categorical_choices", [])]
    if wrong:
        raise as_configurations(Invalid(fields=wrong))
    return warnings


def _parts(version: EvaluatorVersion) -> list[Any]:
    return [
        *(version.parameters, version.llm_config, version.code_config, version.score_config),
        *(version.passing_conditions, version.configurations),
        [(choice.name, choice.value) for choice in version.categorical_choices],
    ]


def _collect(wrong: dict[str, list[str]], read: Any, version: EvaluatorVersion) -> None:
    try:
        read(version)
    except Invalid as error:
        wrong |= error.fields


def _sources(version: EvaluatorVersion) -> list[tuple[str, Any]]:
    """Return each place that holds code, and what is there."""
    found = []
    if version.code_config:
        found.append(("code_config.eval_code_snippet", version.code_config.get("eval_code_snippet")))
    if version.type == "code" and "eval_code_snippet" in version.configurations:
        found.append(("configurations.eval_code_snippet", version.configurations["eval_code_snippet"]))
    return found


def _check_code(wrong: dict[str, list[str]], place: str, source: Any) -> None:
    if source is None:
        wrong[place] = [REQUIRED]
    elif not isinstance(source, str):
        wrong[place] = ["Not a valid string."]
    else:
        try:
            check_source(source)
        except Invalid as error:
            wrong[place] = [text for texts in error.fields.values() for text in texts] or [error.message]


def as_configurations(error: Invalid) -> Invalid:
    """Return an error with everything below `configurations` under that name, in the contract's wording."""
    fields: dict[str, list[str]] = {}
    for name, messages in error.fields.items():
        root, _, rest = name.partition(".")
        if root in ("configurations", "parameters") and rest:
            said = [f"Configuration validation failed: {rest}: {message}" for message in messages]
            fields.setdefault("configurations", []).extend(said)
        else:
            fields.setdefault(name, []).extend(messages)
    return Invalid(fields=fields)
