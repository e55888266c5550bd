"""Built-ins that compare or count text: counts, matches, similarity."""

from typing import Any

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from assay.evaluators.builtin.bleu import sentence_bleu, tokenize_13a
from assay.evaluators.builtin.rouge_l import rouge_l, tokenize
from assay.evaluators.registry import find_builtin
from assay.evaluators.run import prepare
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorInputs
from assay.model.score import Outcome


def run(
    eval_class: str, output: Any, expected: Any = None, metadata: dict[str, Any] | None = None, **parameters: Any
) -> Outcome:
    builtin = find_builtin(eval_class)
    assert builtin is not None
    inputs = EvaluatorInputs(output=output, expected_output=expected, metadata=metadata or {})
    return prepare(builtin.make_version("v1", parameters))(inputs)


def value(eval_class: str, output: Any, expected: Any = None, **options: Any) -> Any:
    outcome = run(eval_class, output, expected, **options)
    assert outcome.status == "scored", outcome
    return outcome.values.primary


@pytest.mark.parametrize(
    ("output", "count"),
    [
        ("hello", 5),
        ("", 0),
        ("né👍🏽", 4),
        ("a\nb ", 4),
        (None, 4),
        ({"a": "é"}, len('{"a": "é"}')),
        ({"content": "message"}, len('{"content": "message"}')),
        ([1, 2], len("[1, 2]")),
        (3.5, 3),
    ],
)
def test_characters_are_code_points_of_the_string_or_of_the_json_text(output: Any, count: int) -> None:
    assert value("output_char_count", output) == count


@pytest.mark.parametrize(
    ("output", "count"),
    [("one two\n three ", 3), ("", 0), ("x", 1), ({"role": "assistant", "content": "a b"}, 2), ("no\u00a0break", 2)],
)
def test_words_are_what_white_space_separates(output: Any, count: int) -> None:
    assert value("output_word_count", output) == count


@pytest.mark.parametrize(
    "eval_class", ["exact_match", "contains", "numeric_closeness", "levenshtein", "rouge_l", "bleu", "tool_call_match"]
)
def test_a_missing_expected_output_skips_and_never_scores_0(eval_class: str) -> None:
    outcome = run(eval_class, "some output", None)
    assert (outcome.status, outcome.explanation) == ("skipped", "expected_output is missing")


@pytest.mark.parametrize(
    ("output", "expected", "matches"),
    [
        ("Paris", "Paris", True),
        ("Paris", "paris", False),
        ("Paris ", "Paris", False),
        ("", "", True),
        (None, "Paris", False),
        ({"role": "assistant", "content": "Paris"}, "Paris", True),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ([1, 2], [2, 1], False),
        (1, 1.0, True),
        (1, "1", True),
        ({"a": 1}, '{"a":1}', False),
    ],
)
def test_an_exact_match_is_of_text_or_of_json(output: Any, expected: Any, matches: bool) -> None:
    assert value("exact_match", output, expected) is matches


def test_case_and_outer_white_space_may_be_ignored() -> None:
    assert value("exact_match", " STRASSE\n", "straße", ignore_case=True, strip=True) is True
    assert value("exact_match", "a  b", "a b", ignore_case=True, strip=True) is False


def test_the_expected_text_may_be_anywhere_in_the_output() -> None:
    assert value("contains", "The capital is Paris.", "Paris") is True
    assert value("contains", "The capital is Paris.", "paris") is False
    assert value("contains", "The capital is Paris.", "paris", ignore_case=True) is True
    assert value("contains", None, "Paris") is False


def test_an_empty_expected_text_is_in_every_text_and_says_nothing() -> None:
    assert run("contains", "anything", "").status == "skipped"


def test_a_pattern_is_searched_in_the_output() -> None:
    assert value("regex", "order 4711 shipped", pattern=r"\d{4}") is True
    assert value("regex", "order shipped", pattern=r"\d{4}") is False
    assert value("regex", "order 4711 shipped", pattern=r"\d{4}", full_match=True) is False
    assert value("regex", "ORDER", pattern="order", ignore_case=True) is True


def test_a_row_may_bring_its_own_pattern_but_the_parameter_wins() -> None:
    assert value("regex", "abc", metadata={"pattern": "^a"}) is True
    assert value("regex", "abc", metadata={"pattern": "^b"}) is False
    assert value("regex", "abc", metadata={"pattern": "^b"}, pattern="^a") is True


def test_without_any_pattern_the_row_is_skipped() -> None:
    assert run("regex", "abc").status == "skipped"


@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?=a)", "a{2000}", 5, "\ud800"])
def test_a_wrong_pattern_is_refused_as_a_parameter_and_fails_as_metadata(pattern: Any) -> None:
    with pytest.raises(Invalid) as caught:
        run("regex", "abc", pattern=pattern)
    assert set(caught.value.fields) == {"parameters.pattern"}
    assert run("regex", "abc", metadata={"pattern": pattern}).status == "failed"


def test_a_pattern_that_backtracking_cannot_finish_is_answered() -> None:
    assert value("regex", "a" * 50_000 + "!", pattern="(a+)+$") is False


@pytest.mark.parametrize(
    ("output", "expected", "similarity"),
    [("kitten", "sitting", 1 - 3 / 7), ("same", "same", 1.0), ("", "abc", 0.0), ("", "", 1.0), ("né", "ne", 0.5)],
)
def test_similarity_is_1_minus_edits_over_the_longer_length(output: str, expected: str, similarity: float) -> None:
    assert value("levenshtein", output, expected) == pytest.approx(similarity)


@given(st.text(max_size=12), st.text(max_size=12))
def test_edits_are_those_of_the_textbook(left: str, right: str) -> None:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    longest = max(len(left), len(right))
    assert value("levenshtein", left, right) == pytest.approx(1 - row[-1] / longest if longest else 1.0)


def test_case_may_be_ignored_in_similarity() -> None:
    assert value("levenshtein", "ABC", "abc") == 0.0
    assert value("levenshtein", "ABC", "abc", ignore_case=True) == 1.0


@pytest.mark.parametrize(("eval_class", "unit"), [("levenshtein", "a"), ("rouge_l", "a ")])
def test_texts_too_long_to_compare_fail_with_the_limit(eval_class: str, unit: str) -> None:
    outcome = run(eval_class, unit * 60_000, (unit * 59_999) + "b")
    assert (outcome.status, outcome.error_kind) == ("failed", "value_error")
    assert "too long to compare" in (outcome.error_message or "")


words = st.sampled_from(["the", "The", "cat", "sat", "on", "mat", "a1", "1,000.5", "don't", "x-y", "3-4", "&amp;", "é"])
marks = st.sampled_from([" ", "\n", "-\n", ". ", ", ", " (", ") ", "&quot;", "$", "<skipped>", "..", ".5", "\t", "、"])
sentences = st.lists(st.one_of(words, marks, st.text(max_size=3)), max_size=30).map(" ".join) | st.text(max_size=40)


@given(sentences, sentences)
def test_bleu_agrees_with_sacrebleu(output: str, expected: str) -> None:
    reference = sacrebleu.sentence_bleu(output, [expected]).score
    assert sentence_bleu(tokenize_13a(output), tokenize_13a(expected)) == pytest.approx(reference, rel=1e-9, abs=1e-9)


@given(sentences, st.data())
def test_bleu_of_overlapping_sentences_agrees_with_sacrebleu(expected: str, data: st.DataObject) -> None:
    pieces = expected.split(" ")
    start = data.draw(st.integers(0, len(pieces)))
    output = " ".join(pieces[start:] + data.draw(st.lists(words, max_size=4)))
    reference = sacrebleu.sentence_bleu(output, [expected], lowercase=True).score
    outcome = run("bleu", output, expected, ignore_case=True)
    if outcome.status == "scored":
        assert outcome.values.numerical_value == pytest.approx(reference, rel=1e-9, abs=1e-9)
    else:
        assert not tokenize_13a(expected)


def test_equal_sentences_have_100_bleu_points() -> None:
    assert value("bleu", "the cat sat on the mat", "the cat sat on the mat") == 100.0
    assert value("bleu", "", "the cat") == 0.0


@given(sentences, sentences)
def test_rouge_l_agrees_with_rouge_score(output: str, expected: str) -> None:
    reference = RougeScorer(["rougeL"]).score(expected, output)["rougeL"]
    found = rouge_l(tokenize(output), tokenize(expected))
    assert (found.precision, found.recall, found.f1) == pytest.approx(
        (reference.precision, reference.recall, reference.fmeasure), rel=1e-12
    )


@pytest.mark.parametrize(("measure", "score"), [("f1", 0.8), ("precision", 1.0), ("recall", 2 / 3)])
def test_rouge_l_scores_the_chosen_measure(measure: str, score: float) -> None:
    assert value("rouge_l", "The mat", "the big mat", measure=measure) == pytest.approx(score)


@pytest.mark.parametrize(
    ("eval_class", "expected"), [("bleu", ""), ("bleu", " \n"), ("rouge_l", ""), ("rouge_l", "猫")]
)
def test_an_expected_output_without_words_skips(eval_class: str, expected: str) -> None:
    assert run(eval_class, "the cat", expected).status == "skipped"
