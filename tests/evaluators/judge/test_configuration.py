"""The configuration of a judge, from the new form and the legacy one."""

from dataclasses import replace
from typing import Any

import pytest

from assay.evaluators.judge.configuration import check, read_configuration
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorVersion

DEFINITION = "Is {{output}} polite?"


def version(score_value_type: Any = "numerical", **changes: Any) -> EvaluatorVersion:
    return replace(EvaluatorVersion("v1", 1, "Judge", "llm", score_value_type, "custom"), **changes)


def wrong_fields(judge: EvaluatorVersion) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        check(judge)
    return caught.value.fields


def test_the_new_form_is_read_with_its_parameters() -> None:
    llm_config = {
        "model": "gpt-4o",
        "evaluator_definition": DEFINITION,
        "scoring_rubric": "5 is best",
        "temperature": 0,
        "max_tokens": 300.0,
        "top_p": None,
        "stop": ["END"],
    }
    found = read_configuration(version(llm_config=llm_config))
    assert (found.model, found.definition, found.rubric) == ("gpt-4o", DEFINITION, "5 is best")
    assert found.parameters == {"temperature": 0, "max_tokens": 300, "stop": ["END"]}


def test_the_legacy_form_is_read_with_its_model_options() -> None:
    configurations = {
        "evaluator_definition": DEFINITION,
        "scoring_rubric": "5 is best",
        "llm_engine": "gpt-4o",
        "model_options": {"temperature": 0.1, "max_tokens": 200},
        "min_score": 1.0,
        "max_score": 5.0,
        "passing_score": 3.0,
    }
    judge = version(configurations=configurations)
    check(judge)
    found = read_configuration(judge)
    assert (found.model, found.definition, found.rubric) == ("gpt-4o", DEFINITION, "5 is best")
    assert found.parameters == {"temperature": 0.1, "max_tokens": 200}


def test_the_new_form_comes_first_and_the_model_has_a_default() -> None:
    both = version(
        llm_config={"evaluator_definition": DEFINITION},
        configurations={"evaluator_definition": "old", "llm_engine": "old"},
    )
    assert (read_configuration(both).definition, read_configuration(both).model) == (DEFINITION, "gpt-4o-mini")
    assert read_configuration(version(configurations={"evaluator_definition": "old"})).model == "gpt-4o-mini"


def test_settings_that_would_change_the_form_of_the_answer_have_no_effect() -> None:
    without_effect = {"response_format": {"type": "text"}, "stream": True, "tools": [], "tool_choice": "auto"}
    found = read_configuration(version(llm_config={"evaluator_definition": DEFINITION, **without_effect}))
    assert found.parameters == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("evaluator_definition", None),
        ("evaluator_definition", "  "),
        ("evaluator_definition", 5),
        ("evaluator_definition", "x" * 200_001),
        ("model", ""),
        ("model", 4),
        ("scoring_rubric", ["5 is best"]),
        ("temperature", 2.1),
        ("temperature", "0"),
        ("temperature", float("nan")),
        ("top_p", -0.1),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("max_completion_tokens", True),
        ("presence_penalty", 3),
        ("stop", 5),
        ("stop", [""]),
        ("verbosity", "loud"),
        ("temprature", 0),
    ],
)
def test_a_wrong_setting_is_named(key: str, value: Any) -> None:
    fields = wrong_fields(version(llm_config={"evaluator_definition": DEFINITION, key: value}))
    assert set(fields) == {f"llm_config.{key}"}


def test_an_unknown_setting_hears_the_one_that_was_meant() -> None:
    fields = wrong_fields(version(llm_config={"evaluator_definition": DEFINITION, "temprature": 0}))
    assert 'Did you mean "temperature"' in fields["llm_config.temprature"][0]


def test_wrong_legacy_settings_are_named_where_they_stand() -> None:
    assert set(wrong_fields(version(configurations={"llm_engine": "gpt-4o"}))) == {
        "configurations.evaluator_definition"
    }
    options = {"evaluator_definition": DEFINITION, "model_options": {"temperature": 9, "top": 1}}
    assert set(wrong_fields(version(configurations=options))) == {
        "configurations.model_options.temperature",
        "configurations.model_options.top",
    }
    fields = wrong_fields(version(configurations={"evaluator_definition": DEFINITION, "model_options": [1]}))
    assert set(fields) == {"configurations.model_options"}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    judge = version(
        llm_config={"temperature": 9},
        score_config={"min_score": "low"},
        passing_conditions={"primary": 3},
    )
    assert set(wrong_fields(judge)) == {
        "llm_config.evaluator_definition",
        "llm_config.temperature",
        "score_config.min_score",
        "passing_conditions.primary",
    }


@pytest.mark.parametrize(
    ("score_value_type", "field"),
    [
        ("single_select", "score_config.choices"),
        ("multi_select", "score_config.choices"),
        ("categorical", "categorical_choices"),
    ],
)
def test_a_judge_that_chooses_needs_choices(score_value_type: str, field: str) -> None:
    llm_config = {"evaluator_definition": DEFINITION}
    assert set(wrong_fields(version(score_value_type, llm_config=llm_config))) == {field}
    check(version(score_value_type, llm_config=llm_config, score_config={"choices": [{"name": "a", "value": 1}]}))


def test_a_version_without_any_configuration_is_no_judge() -> None:
    assert set(wrong_fields(version())) == {"llm_config"}
