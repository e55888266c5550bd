"""`respan-api` 0.1.47 from PyPI, unmodified: scores that people and programs give, by themselves and on a span."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
import respan
from respan import RespanClient
from respan.core.api_error import ApiError
from respan.scores.client import ScoresClient

UNKNOWN = "00000000-0000-0000-0000-000000000000"
# A conflict is tried again, by default twice and after a while.
AT_ONCE: Any = {"max_retries": 0}


@pytest.fixture
def scores(client: RespanClient) -> ScoresClient:
    return client.scores


@pytest.fixture
def slug() -> str:
    return f"quality_{secrets.token_hex(4)}"


@pytest.fixture
def log_id(client: RespanClient) -> str:
    made = client.spans.create_span(model="gpt-4o-mini", input="Where is my order?", output="On its way.")
    assert made.unique_id is not None
    return made.unique_id


def test_a_score_of_every_type_is_kept_on_a_span(scores: ScoresClient, log_id: str, slug: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    values: list[dict[str, Any]] = [
        {"numerical_value": 4.5},
        {"string_value": "fine"},
        {"boolean_value": False},
        {"categorical_value": ["good", "short"]},
        {"json_value": '{"tone":"kind"}'},
    ]
    for number, value in enumerate(values):
        name = f"{slug}_{number}"
        made = scores.create_span_score(
            log_id, evaluator_slug=name, explanation="because", scorer="ann", timestamp=now, **value
        )
        assert {key: getattr(made, key) for key in value} == value
        assert (made.evaluator_slug, made.log_id, made.scorer, made.explanation) == (name, log_id, "ann", "because")
        read = scores.retrieve_span_score(log_id, made.id)
        assert {key: getattr(read, key) for key in value} == value
        assert (read.id, read.created_at) == (made.id, now)
    pages = [scores.list_span_scores(log_id, page=page, page_size=3) for page in (1, 2, 3)]
    assert [len(page.results) for page in pages] == [3, 2, 0]
    assert {page.count for page in pages} == {5}


def test_a_score_lives_on_its_span_from_create_to_delete(scores: ScoresClient, log_id: str, slug: str) -> None:
    made = scores.create_span_score(log_id, evaluator_slug=slug, numerical_value=1, string_value="poor")
    changed = scores.update_span_score(log_id, made.id, numerical_value=2.5)
    assert (changed.id, changed.numerical_value, changed.string_value) == (made.id, 2.5, "poor")
    replaced = scores.replace_span_score(log_id, made.id, evaluator_slug=slug, boolean_value=True)
    assert (replaced.numerical_value, replaced.string_value, replaced.boolean_value) == (None, None, True)
    with pytest.raises(ApiError) as refused:
        scores.create_span_score(log_id, evaluator_slug=slug, numerical_value=3, request_options=AT_ONCE)
    assert refused.value.status_code == 409
    assert scores.delete_span_score(log_id, made.id) is None
    for ask in (scores.retrieve_span_score, scores.delete_span_score):
        with pytest.raises(respan.NotFoundError):
            ask(log_id, made.id)
    assert scores.list_span_scores(log_id).count == 0


def test_a_score_lives_by_itself_from_create_to_delete(scores: ScoresClient, log_id: str, slug: str) -> None:
    made = scores.create_score(
        evaluator_slug=slug, log_id=log_id, numerical_value=4, prompt_id="p", prompt_version_number=2, scorer="ann"
    )
    again = scores.create_score(evaluator_slug=slug, log_id=log_id, numerical_value=3, scorer="ann")
    assert (again.id, again.numerical_value) == (made.id, 3)
    read = scores.retrieve_score(made.id)
    assert (read.log_id, read.evaluator_slug, read.numerical_value, read.scorer) == (log_id, slug, 3, "ann")
    assert read.evaluator is not None
    assert read.evaluator["evaluator_slug"] == slug
    assert read.inputs is not None
    assert (read.inputs.input, read.inputs.output) == ("Where is my order?", "On its way.")
    changed = scores.update_score(made.id, string_value="so so")
    assert (changed.numerical_value, changed.string_value) == (3, "so so")
    replaced = scores.replace_score(made.id, evaluator_slug=slug, log_id=log_id, boolean_value=False)
    assert (replaced.numerical_value, replaced.boolean_value) == (None, False)
    assert scores.delete_score(made.id) is None
    with pytest.raises(respan.NotFoundError):
        scores.retrieve_score(made.id)


def test_scores_of_a_known_evaluator_say_whether_they_pass(client: RespanClient, log_id: str, slug: str) -> None:
    evaluator = client.evaluators.create_evaluator(
        name=slug,
        evaluator_slug=slug,
        type="human",
        score_value_type="numerical",
        score_config={"min_score": 0, "max_score": 5},  # type: ignore[arg-type]
        passing_conditions={"primary_score": {"operator": "gte", "value": 3}},
    )
    made = client.scores.create_span_score(log_id, evaluator_id=evaluator.id, numerical_value=3)
    assert (made.is_passed, made.evaluator_slug, made.evaluator_name, made.type) == (True, slug, slug, "human")
    assert client.scores.update_span_score(log_id, made.id, numerical_value=2).is_passed is False
    span = client.spans.retrieve_span(log_id)
    assert span.scores is not None
    [score] = span.scores.values()
    assert (score.evaluator_id, score.evaluator_slug, score.numerical_value) == (evaluator.id, slug, 2)
    summary = client.spans.get_spans_summary(filters={"unique_id": {"operator": "", "value": [log_id]}})
    assert summary.number_of_requests == 1
    found = client.spans.list_spans(filters={f"scores__{evaluator.id}": {"operator": "lte", "value": [2]}})
    assert log_id in [span["unique_id"] for span in found]


def test_scores_are_found_by_filter_in_an_order_page_by_page(
    client: RespanClient, scores: ScoresClient, slug: str
) -> None:
    logs = [client.spans.create_span(model="gpt-4o-mini", input=str(place)).unique_id for place in range(5)]
    for place, log in enumerate(logs):
        assert log is not None
        scores.create_span_score(log, evaluator_slug=slug, numerical_value=place)
    asked = {"evaluator_slug": {"operator": "", "value": [slug]}}
    pages = [
        scores.filter_scores(page=page, page_size=3, sort_by="-numerical_value", filters=asked) for page in (1, 2, 3)
    ]
    assert [[score.numerical_value for score in page.results] for page in pages] == [[4, 3, 2], [1, 0], []]
    assert {page.count for page in pages} == {5}
    high = {**asked, "numerical_value": {"operator": "gte", "value": [3]}}
    assert {score.log_id for score in scores.filter_scores(filters=high).results} == set(logs[3:])


def test_what_cannot_be_scored_raises_the_class_of_the_status(scores: ScoresClient, log_id: str, slug: str) -> None:
    with pytest.raises(respan.NotFoundError):
        scores.create_span_score(UNKNOWN, evaluator_slug=slug, numerical_value=1)
    with pytest.raises(respan.NotFoundError):
        scores.list_span_scores(UNKNOWN)
    with pytest.raises(respan.NotFoundError):
        scores.retrieve_score(UNKNOWN)
    with pytest.raises(respan.BadRequestError):
        scores.create_span_score(log_id, numerical_value=1)
    with pytest.raises(respan.BadRequestError):
        scores.create_span_score(log_id, evaluator_slug=slug)
    with pytest.raises(respan.BadRequestError) as refused:
        scores.update_score(
            scores.create_score(evaluator_slug=slug, log_id=log_id, numerical_value=1).id, json_value="{"
        )
    assert list(refused.value.body) == ["json_value"]
