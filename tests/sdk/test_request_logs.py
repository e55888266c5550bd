"""Request logs, traces and samples through the client: what is sent again and how, and the job on a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assay.model.errors import Invalid, NotFound, Unavailable
from assay.sdk import AsyncClient, Client
from assay.sdk.log_types import LogSample, Span
from tests.sdk.recorder import Answer, Recorded, Recorder, page

BUSY = Answer({"detail": "Busy."}, status=503, headers={"retry-after": "0"})
SLOW_DOWN = Answer({"detail": "Slow down."}, status=429, headers={"retry-after": "0"})
CREATED = Answer({"id": "a", "message": "log successful"}, status=201)


def taken(request: Recorded) -> Answer:
    """Answer a bulk request as a server that takes every log."""
    ids = [f"id-{log['n']}" for log in request.json["logs"]]
    return Answer({"success_count": len(ids), "error_count": 0, "errors": [], "ids": ids}, status=201)


def test_a_log_is_sent_again_under_the_same_key_until_it_is_taken(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(BUSY, Answer(is_cut=True), SLOW_DOWN, CREATED)
    assert client.request_logs.record({"input": "q"}).id == "a"
    keys = {request.headers["idempotency-key"] for request in recorder.requests}
    assert (len(recorder.requests), len(keys)) == (4, 1)


def test_two_logs_have_two_keys_and_a_key_of_ones_own_is_used(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(CREATED)
    client.request_logs.create(input="q", output="a", model="m")
    client.request_logs.create(input="q", output="a")
    client.request_logs.record({"input": "q"}, idempotency_key="order-7")
    first, second, third = (request.headers["idempotency-key"] for request in recorder.requests)
    assert first != second
    assert third == "order-7"
    assert recorder.requests[0].json == {"input": "q", "output": "a", "model": "m"}


def test_many_logs_go_in_batches_each_repeated_under_its_own_key(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(taken, BUSY, taken)
    sent: list[int] = []
    result = client.request_logs.record_many(({"n": n} for n in range(5)), batch_size=3, progress=sent.append)
    assert result.ids == [f"id-{n}" for n in range(5)]
    assert (result.success_count, result.error_count, sent) == (5, 0, [3, 5])
    first, refused, repeated = recorder.requests
    assert refused.body == repeated.body
    assert refused.headers["idempotency-key"] == repeated.headers["idempotency-key"]
    assert first.headers["idempotency-key"] != repeated.headers["idempotency-key"]


def test_an_error_that_stops_the_work_says_what_was_recorded(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(taken, Answer({"detail": "Full."}, status=507))
    with pytest.raises(Unavailable) as caught:
        client.request_logs.record_many(({"n": n} for n in range(4)), batch_size=2)
    assert caught.value.__notes__ == ["2 logs were recorded before; logs 2 to 3 failed."]


@pytest.mark.parametrize("size", [0, 501])
def test_a_batch_has_1_to_500_logs(client: Client, size: int) -> None:
    with pytest.raises(Invalid, match="batch_size"):
        client.request_logs.record_many([{"input": "q"}], batch_size=size)


def test_iterating_follows_cursors_and_lets_nothing_be_counted(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(page([{"id": "1"}], next_cursor="c")), Answer(page([{"id": "2"}], next_cursor=None)))
    assert [log.id for log in client.request_logs.iterate(search="refund", previews=True)] == ["1", "2"]
    first, second = (request.query for request in recorder.requests)
    assert (first["cursor"], second["cursor"]) == ("start", "c")
    assert first | {"cursor": "c"} == second
    assert (first["count"], first["search"], first["fields"]) == ("false", "refund", "preview")


def test_a_time_without_zone_is_refused(client: Client) -> None:
    with pytest.raises(Invalid, match="start_time: 2026-01-01 00:00:00 has no time zone"):
        client.request_logs.count(start_time=datetime(2026, 1, 1))


def test_a_sample_by_share_and_count_is_refused(client: Client) -> None:
    with pytest.raises(Invalid, match="not by both"):
        client.datasets.preview(LogSample(percent=10, count=5))


@pytest.fixture
def real(server: Any) -> Iterator[Client]:
    with Client(api_key=server.api_key, base_url=server.url) as made:
        yield made


@pytest.fixture
def run(real: Client) -> str:
    """Sixty logs of two models and one failure in ten, told from others by their metadata."""
    mark = uuid.uuid4().hex
    now = datetime.now(UTC)
    logs = [
        {
            "input": [{"role": "user", "content": f"question {n} about {'refunds' if n % 3 else 'shipping'}"}],
            "output": f"answer {n}",
            "model": "gpt-4o" if n % 4 else "gpt-4o-mini",
            "prompt_tokens": 100,
            "completion_tokens": n,
            "latency": 0.5,
            "timestamp": (now - timedelta(minutes=n)).isoformat(),
            "customer_identifier": f"{mark}-{n % 2}",
            "thread_identifier": f"{mark}-thread",
            "metadata": {"run": mark, "n": n},
            **({"status_code": 500, "error_message": "failed"} if n % 10 == 0 else {}),
        }
        for n in range(60)
    ]
    assert real.request_logs.record_many(logs, batch_size=25).success_count == 60
    return mark


def of(run: str) -> dict[str, Any]:
    return {"metadata.run": run}


DAY = {"start_time": datetime.now(UTC) - timedelta(days=1)}


def test_logs_are_found_listed_and_walked_through(real: Client, run: str) -> None:
    found = real.request_logs.list(of(run), page_size=10, **DAY)
    assert (len(found.results), found.count, found.count_is_exact, found.default_window) == (10, 60, True, False)
    assert [log.metadata["n"] for log in found.results if log.metadata] == list(range(10))
    assert found.results[0].prompt_messages == [{"role": "user", "content": "question 0 about shipping"}]
    walked = [log.metadata["n"] for log in real.request_logs.iterate(of(run), page_size=7, **DAY) if log.metadata]
    assert walked == list(range(60))
    hour_long = real.request_logs.list(of(run), previews=True)
    assert hour_long.default_window
    assert (hour_long.results[1].input, hour_long.results[1].input_preview) == (None, "question 1 about refunds")


def test_a_search_looks_into_input_and_output(real: Client, run: str) -> None:
    found = real.request_logs.search('"about shipping" model:gpt-4o-mini', of(run), **DAY)
    assert sorted(log.metadata["n"] for log in found.results if log.metadata) == [0, 12, 24, 36, 48]
    assert real.request_logs.count(of(run), search="answer 17").count == 1


def test_logs_are_counted_and_summed_up(real: Client, run: str) -> None:
    count = real.request_logs.count(of(run))
    assert (count.count, count.is_exact) == (60, True)
    summary = real.request_logs.summary(of(run), **DAY)
    assert (summary.number_of_requests, summary.error_count, summary.total_prompt_tokens) == (60, 6, 6000)
    assert summary.latency_p95 == pytest.approx(0.5)
    assert summary.total_cost > 0
    groups = real.request_logs.groups("model", of(run), percentiles=True, **DAY).results
    assert {group["model"]: group["number_of_requests"] for group in groups} == {"gpt-4o": 45, "gpt-4o-mini": 15}
    histogram = real.request_logs.histogram(of(run), buckets=10, **DAY)
    assert (sum(one.count for one in histogram.buckets), sum(one.error_count for one in histogram.buckets)) == (60, 6)
    facets = real.request_logs.facets(["model", "metadata.n"], of(run))
    assert [(one.value, one.count) for one in facets["model"].values] == [("gpt-4o", 45), ("gpt-4o-mini", 15)]
    paths = {one.path: one for one in real.request_logs.paths(of(run)).paths}
    assert (paths["metadata.n"].count, paths["metadata.n"].types) == (60, ["number"])


def test_a_log_is_read_annotated_and_deleted(real: Client, run: str) -> None:
    log = real.request_logs.list(of(run), page_size=1, **DAY).results[0]
    changed = real.request_logs.update(log.id, note="looked at", metadata={"n": None, "checked": True})
    assert (changed.note, changed.metadata) == ("looked at", {"run": run, "checked": True})
    with pytest.raises(Invalid):
        real.request_logs.update(log.id, output="another")
    real.request_logs.delete(log.id)
    with pytest.raises(NotFound):
        real.request_logs.get(log.id)


def test_refused_logs_are_named_by_their_index_over_everything(real: Client) -> None:
    logs: list[dict[str, Any]] = [{"input": str(n)} for n in range(5)]
    logs[3] = {"model": "says nothing"}
    result = real.request_logs.record_many(logs, batch_size=2)
    assert (result.success_count, len(set(result.ids)), [one.index for one in result.errors]) == (4, 4, [3])


def test_the_same_logs_under_the_same_key_are_recorded_once(real: Client) -> None:
    logs = [{"input": f"{n}"} for n in range(5)]
    key = uuid.uuid4().hex
    first, second = (real.request_logs.record_many(logs, batch_size=2, idempotency_key=key) for _ in range(2))
    assert (first.duplicate_count, second.duplicate_count) == (0, 5)
    assert first.ids == second.ids


def test_threads_and_customers_are_what_logs_say(real: Client, run: str) -> None:
    threads = real.threads.list({"thread_identifier": f"{run}-thread"}).results
    assert [(one.thread_identifier, one.log_count) for one in threads] == [(f"{run}-thread", 60)]
    customers = real.customers.list(of(run), sort_by="customer_identifier").results
    assert [(one.customer_identifier, one.number_of_requests) for one in customers] == [
        (f"{run}-0", 30),
        (f"{run}-1", 30),
    ]


def test_a_trace_is_a_tree_of_its_spans(real: Client) -> None:
    trace_id = uuid.uuid4().hex
    now = datetime.now(UTC)
    spans = [("child", "root", 1, "chat"), ("grandchild", "child", 2, "tool"), ("root", None, 0, "workflow")]
    for name, parent, offset, log_type in spans:
        real.request_logs.create(
            input=name,
            output="x",
            span_name=name,
            log_type=log_type,
            trace_unique_id=trace_id,
            span_unique_id=name,
            span_parent_id=parent,
            start_time=(now + timedelta(seconds=offset)).isoformat(),
            timestamp=(now + timedelta(seconds=3)).isoformat(),
        )
    trace = real.traces.get(trace_id)

    def names(span: Span) -> list[Any]:
        return [span.span_name, *(names(child) for child in span.children)]

    assert [names(span) for span in trace.span_tree] == [["root", ["child", ["grandchild"]]]]
    assert (trace.span_count, trace.llm_call_count, trace.duration) == (3, 1, 3.0)
    end = now + timedelta(days=1)
    listed = real.traces.list({"trace_unique_id": trace_id}, start_time=now - timedelta(days=1), end_time=end).results
    assert [one.id for one in listed] == [trace_id]
    real.traces.delete(trace_id)
    with pytest.raises(NotFound):
        real.traces.get(trace_id)


def test_a_preview_takes_what_the_dataset_then_holds(real: Client, run: str) -> None:
    end = datetime.now(UTC) + timedelta(minutes=1)
    sample = LogSample(**DAY, end_time=end, filters=of(run), percent=40, stratify_by="model", seed=7)
    preview = real.datasets.preview(sample)
    assert (preview.matched_count, preview.sample_count, len(preview.examples)) == (60, 24, 3)
    assert [(one["value"], one["taken"]) for one in preview.strata or ()] == [("gpt-4o", 18), ("gpt-4o-mini", 6)]
    made = real.datasets.wait(real.datasets.create(f"Sample {run}", from_logs=sample).id, timeout_seconds=30)
    again = real.datasets.wait(real.datasets.create(f"Again {run}", from_logs=sample).id, timeout_seconds=30)
    assert (made.status, made.log_count) == ("ready", 24)

    def inputs(dataset_id: str) -> set[int]:
        return {row.metadata["n"] for row in real.dataset_logs.iterate(dataset_id) if row.metadata}

    assert inputs(made.id) == inputs(again.id)
    real.datasets.delete(again.id)
    real.datasets.delete(made.id)


def test_logs_are_added_to_a_dataset_once_by_sample_and_by_id(real: Client, run: str) -> None:
    dataset = real.datasets.create(f"Import {run}")
    failed = LogSample(**DAY, filters={**of(run), "status": "failed"})
    assert real.datasets.preview_import(dataset.id, failed).matched_count == 6
    assert real.datasets.import_logs(dataset.id, failed).count == 6
    assert real.datasets.import_logs(dataset.id, failed).count == 0
    chosen = [log.id for log in real.request_logs.list({**of(run), "metadata.n": 1}, **DAY).results]
    job = real.jobs.wait(real.datasets.import_logs(dataset.id, chosen).job_id or "", timeout_seconds=30)
    assert (job.state, job.done_count) == ("completed", 1)
    copy = real.datasets.wait(real.datasets.duplicate(dataset.id, "Copy of it").id, timeout_seconds=30)
    assert (copy.name, copy.log_count) == ("Copy of it", 7)
    real.datasets.delete(copy.id)
    real.datasets.delete(dataset.id)


def test_retention_is_set_for_the_environments_named(real: Client) -> None:
    assert real.retention.set({"test": 7}).test == 7
    found = real.retention.set({"prod": 400})
    assert (found.prod, found.test) == (400, 7)
    real.retention.set({"prod": None, "test": None})
    assert real.retention.get() == real.retention.set({})
    with pytest.raises(Invalid, match="prod"):
        real.retention.set({"prod": 0})


async def _record_and_read(server: Any) -> tuple[str, str | None]:
    async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
        made = await client.request_logs.create(input="asked asynchronously", output="x")
        found = [log async for log in client.request_logs.iterate({"id": made.id}, page_size=1)]
        return found[0].id, found[0].input


def test_the_asynchronous_client_records_and_reads(server: Any) -> None:
    import asyncio

    assert asyncio.run(_record_and_read(server))[1] == "asked asynchronously"
