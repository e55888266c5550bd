"""`respan-api` 0.1.47 from PyPI, unmodified, on what is recorded: spans, traces, threads, users, and into datasets."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest
import respan
from respan import RespanClient, SpanCreateRequest
from respan.traces import (
    CreateTraceLegacyRequestZeroItem,
    CreateTraceRequestResourceSpansItem,
    CreateTraceRequestResourceSpansItemResource,
    CreateTraceRequestResourceSpansItemResourceAttributesItem,
    CreateTraceRequestResourceSpansItemScopeSpansItem,
    CreateTraceRequestResourceSpansItemScopeSpansItemScope,
    CreateTraceRequestResourceSpansItemScopeSpansItemSpansItem,
    CreateTraceRequestResourceSpansItemScopeSpansItemSpansItemAttributesItem,
    CreateTraceRequestResourceSpansItemScopeSpansItemSpansItemStatus,
)

QUESTION = [{"role": "user", "content": "Where is my order?"}]
ANSWER = {"role": "assistant", "content": "On its way."}


@pytest.fixture
def tag() -> str:
    """A name that no other test uses."""
    return secrets.token_hex(6)


def tagged(tag: str) -> dict[str, dict[str, object]]:
    return {"metadata__tag": {"operator": "", "value": [tag]}}


def window() -> dict[str, datetime]:
    now = datetime.now(UTC)
    return {"start_time": now - timedelta(hours=1), "end_time": now + timedelta(hours=1)}


def record(client: RespanClient, tag: str, number: int, **changes: object) -> None:
    """Record `number` spans: prompt tokens 10, 20, ...; the odd ones have failed."""
    logs = [
        SpanCreateRequest(
            model="gpt-4o-mini" if place % 2 == 0 else "gpt-4o",
            prompt_messages=QUESTION,
            completion_message=ANSWER,
            prompt_tokens=10 * (place + 1),
            completion_tokens=5,
            latency=0.5,
            status_code=200 if place % 2 == 0 else 500,
            metadata={"tag": tag, "place": place},
            **changes,  # type: ignore[arg-type]
        )
        for place in range(number)
    ]
    result = client.spans.bulk_create_spans(logs=logs)
    assert (result.success_count, result.error_count, result.errors) == (number, 0, [])


def test_a_span_is_created_and_read_with_all_it_said(client: RespanClient, tag: str) -> None:
    made = client.spans.create_span(
        model="gpt-4o-mini",
        prompt_messages=QUESTION,
        completion_message=ANSWER,
        usage={"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500},
        temperature=0.3,
        generation_time=1.5,
        ttft=0.2,
        customer_params={"customer_identifier": f"customer-{tag}", "name": "Ada", "email": "ada@example.com"},
        metadata={"tag": tag},
        custom_identifier=f"custom-{tag}",
        thread_identifier=f"thread-{tag}",
        group_identifier="group",
        log_type="chat",
        tools=[{"type": "function", "function": {"name": "get_order"}}],
        properties={"plan": "pro"},
        variables={"order": 7},
        full_request={"model": "gpt-4o-mini", "messages": QUESTION},
        positive_feedback=True,
        timestamp=datetime.now(UTC),
    )
    assert (made.status, made.environment) == ("success", "prod")
    assert made.cost == pytest.approx(0.00045)
    assert (made.latency, made.time_to_first_token) == (1.5, 0.2)
    span = client.spans.retrieve_span(made.unique_id)
    assert (span.id, span.unique_id) == (made.unique_id, made.unique_id)
    assert (span.prompt_messages, span.completion_message) == (QUESTION, ANSWER)
    assert (span.prompt_tokens, span.completion_tokens, span.total_request_tokens) == (1000, 500, 1500)
    assert (span.model, span.log_type, span.status_code) == ("gpt-4o-mini", "chat", 200)
    assert (span.custom_identifier, span.thread_identifier) == (f"custom-{tag}", f"thread-{tag}")
    assert (span.customer_identifier, span.customer_name) == (f"customer-{tag}", "Ada")
    assert span.customer_email == "ada@example.com"
    assert (span.metadata["tag"], span.variables) == (tag, {"order": 7})
    assert span.full_request == {"model": "gpt-4o-mini", "messages": QUESTION}
    assert (span.scores, span.positive_feedback) == ({}, True)


@pytest.mark.parametrize(
    ("said", "output"),
    [
        ({"input": "a text", "output": "its answer"}, "its answer"),
        ({"input": {"question": 1}, "output": {"answer": 2}}, '{"answer":2}'),
        ({"input": QUESTION, "output": ANSWER}, '{"role":"assistant","content":"On its way."}'),
    ],
)
def test_input_and_output_of_any_form_can_be_read(
    client: RespanClient, said: dict[str, object], output: object
) -> None:
    made = client.spans.create_span(model="gpt-4o-mini", **said)  # type: ignore[arg-type]
    assert client.spans.retrieve_span(made.unique_id).output == output


def test_a_failed_span_says_why(client: RespanClient) -> None:
    made = client.spans.create_span(
        model="gpt-4o-mini", input="x", status_code=503, error_message="overloaded", warnings="slow", status="error"
    )
    span = client.spans.retrieve_span(made.unique_id)
    assert (made.status, span.status_code, span.error_message, span.warnings) == ("failed", 503, "overloaded", "slow")


def test_a_bulk_is_kept_in_part_with_the_place_of_what_is_wrong(client: RespanClient, tag: str) -> None:
    good = SpanCreateRequest(model="gpt-4o-mini", input="good", metadata={"tag": tag})
    bad = {"model": "gpt-4o-mini", "input": "bad", "metadata": "no object"}
    result = client.spans.bulk_create_spans(logs=[good, bad, good])  # type: ignore[list-item]
    assert (result.success_count, result.error_count) == (2, 1)
    assert [error.index for error in result.errors] == [1]
    assert "metadata" in result.errors[0].error
    with pytest.raises(respan.BadRequestError):
        client.spans.bulk_create_spans(logs=[bad])  # type: ignore[list-item]


def test_the_pager_walks_every_span_once_in_order(client: RespanClient, tag: str) -> None:
    record(client, tag, 7)
    pager = client.spans.list_spans(page=1, page_size=3, sort_by="prompt_tokens", filters=tagged(tag), **window())
    assert [span["metadata"]["place"] for span in pager] == list(range(7))
    pages = client.spans.list_spans(page=1, page_size=3, sort_by="-prompt_tokens", filters=tagged(tag)).iter_pages()
    assert [len(page.items or []) for page in pages if page.items] == [3, 3, 1]


def test_spans_are_found_by_what_the_client_can_ask(client: RespanClient, tag: str) -> None:
    record(client, tag, 4, log_type="chat")

    def places(**asked: object) -> set[int]:
        filters = {**tagged(tag), **asked.pop("filters", {})}  # type: ignore[dict-item]
        return {span["metadata"]["place"] for span in client.spans.list_spans(filters=filters, **asked)}  # type: ignore[arg-type]

    assert places() == places(environment="prod") == places(log_type="chat") == {0, 1, 2, 3}
    assert places(environment="test") == places(log_type="tool") == set()
    assert places(filters={"model": {"operator": "", "value": ["gpt-4o"]}}) == {1, 3}
    assert places(filters={"status_code": {"operator": "gte", "value": [500]}}) == {1, 3}
    assert places(filters={"prompt_tokens": {"operator": "lt", "value": [25]}}) == {0, 1}
    assert places(start_time=datetime.now(UTC) + timedelta(hours=1), end_time=datetime.now(UTC) + timedelta(2)) == set()
    page = client.spans.list_spans(filters=tagged(tag), include_fields="id,model")
    assert all(span["model"] for span in page)


def test_a_summary_sums_up_what_matches(client: RespanClient, tag: str) -> None:
    record(client, tag, 4)
    whole = client.spans.get_spans_summary(filters=tagged(tag), **window())
    assert (whole.number_of_requests, whole.total_prompt_tokens, whole.total_completion_tokens) == (4, 100, 20)
    assert (whole.total_tokens, whole.avg_latency, whole.scores) == (120, 0.5, {})
    # 0.15 and 0.60 a million for the one model, 2.50 and 10.00 for the other.
    assert whole.total_cost == pytest.approx((40 * 0.15 + 10 * 0.60 + 60 * 2.50 + 10 * 10.00) / 1e6)
    none = client.spans.get_spans_summary(filters=tagged("no such tag"), **window())
    assert (none.number_of_requests, none.total_cost, none.avg_latency, none.avg_tps, none.avg_ttft) == (0, 0, 0, 0, 0)


def test_spans_are_grouped_by_model(client: RespanClient, tag: str) -> None:
    record(client, tag, 5)
    client.spans.create_span(model="gpt-4o-mini", input="x", prompt_tokens=4, metadata={"tag": tag})
    groups = client.spans.request_logs_groups_filter(group_by="model", filters=tagged(tag), **window())
    assert {group.model: group.number_of_requests for group in groups.results} == {"gpt-4o-mini": 4, "gpt-4o": 2}
    assert {group.model: group.error_count for group in groups.results} == {"gpt-4o-mini": 0, "gpt-4o": 2}
    assert groups.count == 2
    # Of 15, 35, 55 and 4 tokens, and of 25 and 45: the client takes whole numbers only.
    assert {group.model: group.average_tokens for group in groups.results} == {"gpt-4o-mini": 27, "gpt-4o": 35}
    second = client.spans.request_logs_groups_filter(
        group_by="model", sort_by="-number_of_requests", page=2, page_size=1, filters=tagged(tag), **window()
    )
    assert [group.model for group in second.results] == ["gpt-4o"]
    by_day = client.spans.request_logs_groups_list(group_by="date", **window())
    assert sum(group.number_of_requests or 0 for group in by_day.results) >= 5


def test_a_trace_of_spans_in_json_is_read_as_a_tree(client: RespanClient, tag: str) -> None:
    now = datetime.now(UTC)
    root = CreateTraceLegacyRequestZeroItem(
        trace_unique_id=tag,
        span_unique_id="root",
        span_name="plan",
        log_type="workflow",
        start_time=now - timedelta(seconds=2),
        timestamp=now,
        input="Where to?",
        output="Paris.",
        metadata={"tag": tag},
    )
    call = CreateTraceLegacyRequestZeroItem(
        trace_unique_id=tag,
        span_unique_id="call",
        span_parent_id="root",
        span_name="answer",
        log_type="chat",
        model="gpt-4o-mini",
        prompt_tokens=1000,
        completion_tokens=500,
        start_time=now - timedelta(seconds=1),
        timestamp=now,
        prompt_messages=QUESTION,
        completion_message=ANSWER,
    )
    # The child comes first.
    for spans in ([call], [root]):
        reply = client.traces.create_trace_legacy(request=spans)
        assert reply.message
        assert reply.trace_ids == [tag]
    trace = client.traces.retrieve_trace(tag)
    assert (trace.trace_unique_id, trace.name, trace.root_span_unique_id) == (tag, "plan", "root")
    assert (trace.span_count, trace.llm_call_count, trace.duration) == (2, 1, 2.0)
    assert (trace.total_tokens, trace.total_cost) == (1500, pytest.approx(0.00045))
    assert (trace.input, trace.output) == ("Where to?", "Paris.")
    [top] = trace.span_tree
    assert (top.span_unique_id, top.log_type, top.span_name) == ("root", "workflow", "plan")
    [child] = top.children
    assert (child["span_unique_id"], child["model"], child["cost"]) == ("call", "gpt-4o-mini", pytest.approx(0.00045))


def otlp_span(
    trace_id: str, name: str, kind: str, parent: str | None, **said: object
) -> CreateTraceRequestResourceSpansItemScopeSpansItemSpansItem:
    now = time.time_ns()
    attributes: dict[str, dict[str, object]] = {
        "traceloop.span.kind": {"stringValue": kind},
        **{key: {"intValue" if isinstance(value, int) else "stringValue": value} for key, value in said.items()},
    }
    return CreateTraceRequestResourceSpansItemScopeSpansItemSpansItem(
        trace_id=trace_id,
        span_id=secrets.token_hex(8) if parent else trace_id[:16],
        parent_span_id=parent,
        name=name,
        start_time_unix_nano=str(now - 10**9),
        end_time_unix_nano=str(now),
        status=CreateTraceRequestResourceSpansItemScopeSpansItemSpansItemStatus(code=1),
        attributes=[
            CreateTraceRequestResourceSpansItemScopeSpansItemSpansItemAttributesItem(key=key, value=value)
            for key, value in attributes.items()
        ],
    )


def test_a_trace_of_otlp_is_created_listed_and_deleted(client: RespanClient) -> None:
    trace_id = secrets.token_hex(16)
    spans = [
        otlp_span(trace_id, "journey", "workflow", None, **{"respan.customer_params.customer_identifier": "c-1"}),
        otlp_span(
            trace_id,
            "call",
            "task",
            trace_id[:16],
            **{"gen_ai.request.model": "gpt-4o-mini", "gen_ai.usage.input_tokens": 1000},
        ),
    ]
    reply = client.traces.create_trace(
        resource_spans=[
            CreateTraceRequestResourceSpansItem(
                resource=CreateTraceRequestResourceSpansItemResource(
                    attributes=[
                        CreateTraceRequestResourceSpansItemResourceAttributesItem(
                            key="service.name", value={"stringValue": "by hand"}
                        )
                    ]
                ),
                scope_spans=[
                    CreateTraceRequestResourceSpansItemScopeSpansItem(
                        scope=CreateTraceRequestResourceSpansItemScopeSpansItemScope(name="hand", version="1"),
                        spans=spans,
                    )
                ],
            )
        ]
    )
    assert (reply.partial_success.rejected_spans, reply.partial_success.error_message) == (0, "")
    asked = {"trace_unique_id": {"operator": "", "value": [trace_id]}}
    found = client.traces.list_traces(filters=asked, page=1, page_size=10, sort_by="-timestamp", **window())
    assert (found.count, found.next, found.previous) == (1, None, None)
    [trace] = found.results
    assert (trace.name, trace.span_count, trace.total_prompt_tokens) == ("journey", 2, 1000)
    assert trace.customer_identifier == "c-1"
    assert client.traces.list_traces(filters=asked, page=2, **window()).results == []
    assert trace_id in client.traces.delete_trace(trace_id).message
    assert client.traces.list_traces(filters=asked, **window()).results == []
    with pytest.raises(respan.NotFoundError):
        client.traces.retrieve_trace(trace_id)


def test_traces_are_deleted_by_filter_and_never_all_of_them(client: RespanClient, tag: str) -> None:
    items = [
        CreateTraceLegacyRequestZeroItem(
            trace_unique_id=f"{tag}-{place}", span_unique_id="root", customer_identifier=tag, span_name="n"
        )
        for place in range(3)
    ]
    assert client.traces.create_trace_legacy(request=items).created_traces == 3
    asked = {"customer_identifier": {"operator": "", "value": [tag]}}
    assert client.traces.list_traces(filters=asked).count == 3
    with pytest.raises(respan.BadRequestError):
        client.traces.bulk_delete_traces(filters={})  # type: ignore[arg-type]
    deleted = client.traces.bulk_delete_traces(filters=asked, **window())  # type: ignore[arg-type]
    assert (deleted.deleted_count, deleted.success_count, deleted.error_count, deleted.errors) == (3, 3, 0, [])
    assert deleted.message
    assert client.traces.list_traces(filters=asked).count == 0


def test_threads_are_listed_with_a_pager(client: RespanClient, tag: str) -> None:
    for number in (1, 2, 3):
        record(client, tag, 2, thread_identifier=f"{tag}-{number}", customer_identifier=tag)
    asked = {"customer_identifier": {"operator": "", "value": [tag]}}
    threads = list(client.threads.list_threads(page=1, page_size=2, filters=asked))  # type: ignore[arg-type]
    assert [thread.thread_identifier for thread in threads] == [f"{tag}-{number}" for number in (3, 2, 1)]


def test_customers_are_listed_with_a_pager_and_read(client: RespanClient, tag: str) -> None:
    for number in (1, 2, 3):
        record(client, tag, number, customer_identifier=f"{tag}-{number}")
    customers = list(
        client.users.list_customers(page=1, page_size=2, sort_by="-number_of_requests", filters=tagged(tag))
    )
    assert [one.customer_identifier for one in customers] == [f"{tag}-{number}" for number in (3, 2, 1)]
    assert [one.number_of_requests for one in customers] == [3, 2, 1]
    assert (customers[2].total_tokens, customers[2].active_days, customers[2].environment) == (15, 1, "prod")
    assert client.users.retrieve_user(f"{tag}-2").customer_identifier == f"{tag}-2"
    with pytest.raises(respan.NotFoundError):
        client.users.retrieve_user("nobody")


def test_logs_are_sampled_into_a_dataset_imported_and_removed(client: RespanClient, tag: str) -> None:
    record(client, tag, 10)
    failed = {**tagged(tag), "status_code": {"operator": "gte", "value": [500]}}
    made = client.datasets.create_dataset(
        name="failures",
        initial_log_filters=failed,
        sampling=100,
        **window(),  # type: ignore[arg-type]
    )
    assert (made.status, made.initial_log_filters["status_code"].value) == ("ready", [500])
    rows = client.datasets.list_dataset_logs(made.id, page_size=50)
    assert sorted(row.metadata["place"] for row in rows.results) == [1, 3, 5, 7, 9]
    assert {(row.prompt, row.completion) for row in rows.results} == {("Where is my order?", "On its way.")}
    good = {**tagged(tag), "status_code": {"operator": "lt", "value": [500]}}
    reply = client.datasets.import_dataset_logs(made.id, filters=good, sampling_percentage=40, **window())  # type: ignore[arg-type]
    assert reply.message
    assert client.datasets.list_dataset_logs(made.id).count == 5 + 2
    removed = client.datasets.remove_dataset_logs(made.id, filters={"status_code": {"operator": "lt", "value": [500]}})
    assert removed.message
    assert client.datasets.list_dataset_logs(made.id).count == 5
    # Rows are copies: the logs are all there.
    assert client.spans.get_spans_summary(filters=tagged(tag), **window()).number_of_requests == 10
