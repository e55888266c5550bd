"""The pass rule of an evaluator version, in every form that says what passing is."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evaluators.outcome import WrongAnswer, answer_reader
from assay.evaluators.passing import pass_check, primary_number
from assay.evaluators.scale import choices_of, number_range
from assay.model.errors import Invalid
from assay.model.evaluator import Choice, EvaluatorVersion, PassRule, ScoreRange, Verdict
from assay.model.score import ScoreValues

GRADES = (Choice("good", 5), Choice("fair", 3.0), Choice("bad", 0))


def version(score_value_type: Any = "numerical", **changes: Any) -> EvaluatorVersion:
    return replace(EvaluatorVersion("v1", 1, "Judge", "llm", score_value_type, "custom"), **changes)


def passes(values: ScoreValues, score_value_type: str, conditions: Any, **changes: Any) -> bool | None:
    return pass_check(version(score_value_type, passing_conditions=conditions, **changes))(values)


@pytest.mark.parametrize(
    "condition",
    [
        {"operator": "gte", "value": 4},
        {"operator": "gte", "value": [4]},
        {"operator": "gte", "value": "4"},
        {"operator": ">=", "value": 4.0},
        {"gte": 4},
        {"gte": 4, "lt": 100},
        [{"operator": "gt", "value": 3}, {"operator": "lt", "value": 9}],
    ],
)
def test_a_condition_on_the_primary_score_reads_every_form_of_the_filter_language(condition: Any) -> None:
    assert passes(ScoreValues(4.0), "numerical", {"primary_score": condition}) is True
    assert passes(ScoreValues(2.9), "percentage", {"primary_score": condition}) is False


@pytest.mark.parametrize("value", [4, [4], "4", {"operator": "", "value": [3, 4]}, {"value": 4}])
def test_a_bare_value_asks_for_equality(value: Any) -> None:
    assert passes(ScoreValues(4.0), "numerical", {"primary_score": value}) is True
    assert passes(ScoreValues(5.0), "numerical", {"primary_score": value}) is False


def test_several_conditions_all_hold_unless_they_say_or() -> None:
    both: dict[str, Any] = {"primary_score": {"gte": 4}, "string_value": {"operator": "contains", "value": "ok"}}
    assert passes(ScoreValues(4.0, string_value="ok then"), "numerical", both) is True
    assert passes(ScoreValues(4.0), "numerical", both) is False
    assert passes(ScoreValues(4.0), "numerical", both | {"connector": "OR"}) is True


@pytest.mark.parametrize(
    ("conditions", "passing"),
    [
        ({"primary_score": True}, True),
        ({"boolean_value": {"operator": "", "value": [True]}}, True),
        ({"primary_score": {"operator": "gte", "value": 1}}, True),
        ({"primary_score": {"operator": "eq", "value": "true"}}, True),
        ({"primary_score": False}, False),
        ({"primary_score": {"operator": "lt", "value": 0.5}}, False),
    ],
)
def test_a_boolean_is_compared_as_a_boolean_or_as_one_and_zero(conditions: Any, passing: bool) -> None:
    assert passes(ScoreValues(boolean_value=passing), "boolean", conditions) is True
    assert passes(ScoreValues(boolean_value=not passing), "boolean", conditions) is False


@pytest.mark.parametrize("score_value_type", ["single_select", "multi_select", "categorical"])
def test_choices_are_tested_one_by_one_by_their_names(score_value_type: str) -> None:
    chosen = ScoreValues(categorical_value=("good", "new"))
    for name in ("primary_score", "categorical_value"):
        assert passes(chosen, score_value_type, {name: "good"}) is True
        assert passes(chosen, score_value_type, {name: {"operator": "in", "value": ["fair", "new"]}}) is True
        assert passes(chosen, score_value_type, {name: "bad"}) is False
        assert passes(chosen, score_value_type, {name: {"operator": "not", "value": "new"}}) is False
        assert passes(chosen, score_value_type, {name: {"operator": "not_in", "value": ["bad"]}}) is True


def test_choices_with_numbers_as_values_feed_the_primary_score() -> None:
    conditions = {"primary_score": {"operator": "gte", "value": 3}}
    for chosen, expected in ((("fair",), True), (("bad",), False), (("good", "bad"), False), (("good", "fair"), True)):
        values = ScoreValues(categorical_value=chosen)
        assert passes(values, "multi_select", conditions, categorical_choices=GRADES) is expected
    in_config = {"choices": [{"name": choice.name, "value": choice.value} for choice in GRADES]}
    assert passes(ScoreValues(categorical_value=("good",)), "single_select", conditions, score_config=in_config) is True


def test_choices_with_numbers_can_still_be_asked_for_by_name() -> None:
    values = ScoreValues(categorical_value=("good",))
    assert passes(values, "single_select", {"primary_score": "good"}, categorical_choices=GRADES) is True
    assert passes(values, "single_select", {"primary_score": "bad"}, categorical_choices=GRADES) is False


def test_a_choice_without_a_number_has_no_primary_number() -> None:
    choices = (*GRADES, Choice("unclear", "n/a"))
    number = primary_number(version("multi_select", categorical_choices=choices))
    assert number(ScoreValues(categorical_value=("good", "fair"))) == 4.0
    assert number(ScoreValues(categorical_value=("good", "unclear"))) is None
    assert number(ScoreValues(categorical_value=())) is None


def test_booleans_stand_for_one_and_zero_and_text_for_no_number() -> None:
    assert primary_number(version("boolean"))(ScoreValues(boolean_value=True)) == 1.0
    assert primary_number(version("boolean"))(ScoreValues(boolean_value=False)) == 0.0
    assert primary_number(version("text"))(ScoreValues(string_value="5")) is None


def test_text_is_compared_as_text() -> None:
    conditions = {"primary_score": {"operator": "icontains", "value": "OK"}}
    assert passes(ScoreValues(string_value="all ok"), "text", conditions) is True
    assert passes(ScoreValues(string_value="no"), "comment", conditions) is False


def test_the_legacy_passing_score_is_the_smallest_number_that_passes() -> None:
    check = pass_check(version(configurations={"passing_score": 3}))
    assert [check(ScoreValues(number)) for number in (2.999, 3.0, 4.0)] == [False, True, True]
    check = pass_check(version("single_select", categorical_choices=GRADES, configurations={"passing_score": 3}))
    assert [check(ScoreValues(categorical_value=(choice.name,))) for choice in GRADES] == [True, True, False]


def test_a_legacy_passing_score_says_nothing_about_booleans_and_text() -> None:
    old = {"passing_score": 2}
    assert pass_check(version("boolean", configurations=old))(ScoreValues(boolean_value=True)) is True
    assert pass_check(version("text", configurations=old))(ScoreValues(string_value="a")) is None


def test_conditions_come_before_the_passing_score_and_that_before_the_pass_rule() -> None:
    rule, old, new = PassRule("gte", 1), {"passing_score": 2}, {"primary_score": {"gte": 3}}
    assert pass_check(version(pass_rule=rule))(ScoreValues(1.0)) is True
    assert pass_check(version(pass_rule=rule, configurations=old))(ScoreValues(1.0)) is False
    check = pass_check(version(pass_rule=rule, configurations=old, passing_conditions=new))
    assert [check(ScoreValues(2.0)), check(ScoreValues(3.0))] == [False, True]


@pytest.mark.parametrize("conditions", [None, {}])
def test_without_any_rule_only_a_boolean_says_whether_it_passed(conditions: Any) -> None:
    assert passes(ScoreValues(1.0), "numerical", conditions) is None
    assert passes(ScoreValues(categorical_value=("a",)), "single_select", conditions) is None
    assert passes(ScoreValues(boolean_value=False), "boolean", conditions) is False


@pytest.mark.parametrize(
    ("conditions", "field", "message"),
    [
        ({"primary_scor": 1}, "passing_conditions.primary_scor", "Did you mean 'primary_score'"),
        ({"primary_score": "high"}, "passing_conditions.primary_score", "not a number"),
        ({"primary_score": {"operator": "above", "value": 3}}, "passing_conditions.primary_score", "Unknown operator"),
        ({"primary_score": {"gte": [1, 2]}}, "passing_conditions.primary_score", "exactly one value"),
        ("gte 4", "passing_conditions", "object or a list"),
    ],
)
def test_conditions_that_cannot_be_read_name_their_field(conditions: Any, field: str, message: str) -> None:
    with pytest.raises(Invalid, match=message) as caught:
        pass_check(version(passing_conditions=conditions))
    assert set(caught.value.fields) == {field}


def test_a_passing_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        pass_check(version(configurations={"passing_score": "3"}))
    assert set(caught.value.fields) == {"configurations.passing_score"}


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from(["gt", "gte", "lt", "lte", "eq"]))
def test_a_condition_and_a_pass_rule_of_the_same_words_agree(number: float, threshold: float, word: Any) -> None:
    by_rule = pass_check(version(pass_rule=PassRule(word, threshold)))
    by_filter = pass_check(version(passing_conditions={"primary_score": {"operator": word, "value": threshold}}))
    assert by_rule(ScoreValues(number)) is by_filter(ScoreValues(number))


def read(value: Any, score_value_type: str, **changes: Any) -> ScoreValues:
    return answer_reader(version(score_value_type, **changes))(Verdict(value), 0.0).values


def error_kind(value: Any, score_value_type: str, **changes: Any) -> str:
    with pytest.raises(WrongAnswer) as caught:
        read(value, score_value_type, **changes)
    return caught.value.kind


def test_a_choice_that_is_none_of_the_version_fails_and_hears_which_there_are() -> None:
    for score_value_type in ("single_select", "multi_select", "categorical"):
        assert read(["good"], score_value_type, categorical_choices=GRADES).categorical_value == ("good",)
        assert error_kind(["great"], score_value_type, categorical_choices=GRADES) == "unknown_choice"
        # A name is what it is: only the reader of replies, which knows that a model wrote it, is lenient.
        assert error_kind(["Good"], score_value_type, categorical_choices=GRADES) == "unknown_choice"
    with pytest.raises(WrongAnswer, match='"good", "fair", "bad", not the string \'great\''):
        read("great", "single_select", categorical_choices=GRADES)
    many = tuple(Choice(f"c{number}", number) for number in range(1_000))
    with pytest.raises(WrongAnswer, match='"c19" and 980 more'):
        read("x", "single_select", categorical_choices=many)


def test_without_choices_every_name_is_taken() -> None:
    assert read("anything", "single_select").categorical_value == ("anything",)


@pytest.mark.parametrize(
    "settings",
    [
        {"score_config": {"min_score": 1, "max_score": 5}},
        {"configurations": {"min_score": 1.0, "max_score": 5.0}},
        {"score_range": ScoreRange(1, 5)},
        {"score_config": {"min_score": 1}, "score_range": ScoreRange(0, 5)},
    ],
)
def test_bounds_count_wherever_they_were_written(settings: Any) -> None:
    assert [read(number, "numerical", **settings).numerical_value for number in (1, 5)] == [1.0, 5.0]
    assert {error_kind(number, "numerical", **settings) for number in (0.5, 5.01)} == {"out_of_range"}


def test_a_percentage_has_other_bounds_only_where_somebody_says_so() -> None:
    assert number_range(version("percentage")) == ScoreRange(0, 100, "%")
    assert number_range(version("percentage", score_config={"max_score": 1})) == ScoreRange(0, 1, "%")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"score_config": {"min_score": "1"}}, "score_config.min_score"),
        ({"score_config": {"max_score": float("nan")}}, "score_config.max_score"),
        ({"configurations": {"max_score": True}}, "configurations.max_score"),
        ({"score_config": {"min_score": 5, "max_score": 1}}, "score_config.max_score"),
    ],
)
def test_bounds_that_are_none_are_refused_by_name(changes: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        number_range(version(**changes))
    assert set(caught.value.fields) == {field}


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ("good, bad", "list of objects"),
        ([5], "object with name and value"),
        ([{"value": 5}], "object with name and value"),
        ([{"name": "a", "value": [1]}], "a string, a number or a boolean"),
        ([{"name": "a"}, {"name": "a"}], "twice"),
        ([{"name": " "}], "empty"),
        ([{"name": "\ud800"}], "surrogate"),
    ],
)
def test_choices_of_another_shape_are_refused(choices: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message) as caught:
        choices_of(version("single_select", score_config={"choices": choices}))
    assert set(caught.value.fields) == {"score_config.choices"}


def test_a_choice_without_a_value_has_its_name_for_one() -> None:
    found = choices_of(
        version("single_select", score_config={"choices": [{"name": "a"}, "b", {"name": "c", "value": 0}]})
    )
    assert found == (Choice("a", "a"), Choice("b", "b"), Choice("c", 0))
