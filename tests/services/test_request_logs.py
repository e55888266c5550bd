"""Recording and changing request logs over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assay.assembly import open_stores
from assay.model.access import Identity
from assay.model.errors import ImmutableField, NotFound
from assay.model.request_log import RequestLog
from assay.ports.store import Store, Stores
from assay.services import request_logs as services
from assay.settings import Settings

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SPAN = {"trace_unique_id": "t1", "span_unique_id": "s1", "input": "q"}


def who(organization_id: int) -> Identity:
    return Identity("key1", "assay_ab", organization_id, "9f3c7f0a-0000-4000-8000-000000000007", "prod", ("write",))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    stores = open_stores(Settings(tmp_path))
    yield stores
    stores.close()


class Recorder:
    """One organisation that records."""

    def __init__(self, runner: asyncio.Runner, stores: Stores) -> None:
        self._runner, self._stores = runner, stores
        self.organization_id = runner.run(stores.access.create_organization("one", "an organisation", NOW)).id
        self.store: Store = stores.within(self.organization_id, "prod")

    def record(self, body: Any, **options: Any) -> str:
        recorded, _ = self._runner.run(
            services.record(self.store, who(self.organization_id), lambda: body, NOW, **options)
        )
        return recorded.id

    def record_many(self, bodies: list[Any], **options: Any) -> services.RecordedMany:
        return self._runner.run(services.record_many(self.store, who(self.organization_id), bodies, NOW, **options))

    def get(self, log_id: str) -> RequestLog:
        return self._runner.run(self.store.request_logs.get(log_id))

    def update_many(self, body: Any) -> tuple[int, Any]:
        return self._runner.run(services.update_many(self.store, body))

    def update(self, log_id: str, body: Any) -> RequestLog:
        return self._runner.run(services.update(self.store, log_id, body))


@pytest.fixture
def recorder(runner: asyncio.Runner, stores: Stores) -> Recorder:
    return Recorder(runner, stores)


def test_a_recorded_log_is_there_with_its_price_and_its_key(recorder: Recorder) -> None:
    body = {"input": "q", "model": "gpt-4o", "prompt_tokens": 1000, "completion_tokens": 1}
    log = recorder.get(recorder.record(body))
    assert log.attributes.cost == pytest.approx(0.00251)
    assert (log.span.organization_key_id, log.span.log_method, log.attributes.timestamp) == ("assay_ab", "api", NOW)


def test_a_retry_with_the_same_key_or_span_records_nothing_more(recorder: Recorder) -> None:
    first = recorder.record({"input": "q"}, idempotency_key="k")
    assert recorder.record({"input": "q"}, idempotency_key="k") == first
    assert recorder.record({"input": "q"}, idempotency_key="other") != first
    assert recorder.record(SPAN) == recorder.record(SPAN)
    assert recorder.record({"input": "q"}) != recorder.record({"input": "q"})


def test_the_same_span_of_another_environment_is_another_log(recorder: Recorder, stores: Stores) -> None:
    first = recorder.record(SPAN)
    recorder.store = stores.within(recorder.organization_id, "test")
    second = recorder.record(SPAN)
    assert (second == first, recorder.get(second).attributes.environment) == (False, "test")


def test_of_many_logs_the_good_ones_are_recorded_and_the_others_named_by_their_place(recorder: Recorder) -> None:
    result = recorder.record_many([{"input": 1}, {}, 7, {"input": 2, "cost": "x"}, {"input": 3}])
    contents = [recorder.get(log.id).content for log in result.recorded]
    assert [content and content.input for content in contents] == [b"1", b"3"]
    assert [draft.content.input for draft in result.drafts] == [b"1", b"3"]
    assert [refusal.place for refusal in result.refusals] == [1, 2, 3]
    assert result.refusals[2].message.startswith("cost: ")


def test_many_logs_of_which_none_can_be_read_record_nothing(recorder: Recorder) -> None:
    result = recorder.record_many([{}, {}])
    assert (result.recorded, result.drafts, len(result.refusals)) == ((), [], 2)


def test_one_key_for_many_logs_stands_for_each_of_them_by_its_place(recorder: Recorder) -> None:
    first = recorder.record_many([{"input": 1}, {"input": 1}], idempotency_key="k")
    again = recorder.record_many([{"input": 1}, {"input": 1}], idempotency_key="k")
    assert len({log.id for log in first.recorded}) == 2
    assert [(log.id, log.is_duplicate) for log in again.recorded] == [(log.id, True) for log in first.recorded]


def test_a_span_without_a_trace_is_given_one_and_another_log_is_not(recorder: Recorder) -> None:
    bodies = [{"input": 1}, {"input": 2, "span_unique_id": "mine"}, SPAN]
    logs = [recorder.get(log.id) for log in recorder.record_many(bodies, is_span=True).recorded]
    traces = [log.attributes.trace_unique_id for log in logs]
    assert (len(set(traces)), None in traces, traces[2]) == (3, False, "t1")
    assert logs[0].span.span_unique_id
    assert [log.span.span_unique_id for log in logs[1:]] == ["mine", "s1"]
    (plain,) = recorder.record_many([{"input": 1}]).recorded
    assert recorder.get(plain.id).attributes.trace_unique_id is None


def test_an_update_merges_metadata_and_answers_with_the_log(recorder: Recorder) -> None:
    log_id = recorder.record({"input": 1, "metadata": {"a": 1, "b": 2}, "note": "old"})
    log = recorder.update(log_id, {"metadata": {"a": None, "c": 3}, "note": "", "positive_feedback": True})
    assert (log.metadata, log.span.note, log.span.positive_feedback) == (b'{"b":2,"c":3}', None, True)
    with pytest.raises(ImmutableField):
        recorder.update(log_id, {"cost": 3})


def test_an_update_of_many_names_those_that_are_not_there(recorder: Recorder) -> None:
    log_id = recorder.record({"input": 1})
    changes = [{"unique_id": "0" * 32, "note": "n"}, {"unique_id": log_id, "note": "n"}]
    updated, missing = recorder.update_many({"logs": changes})
    assert (updated, [refusal.place for refusal in missing]) == (1, [0])
    assert recorder.get(log_id).span.note == "n"


def test_a_deleted_log_is_gone(recorder: Recorder, runner: asyncio.Runner) -> None:
    log_id = recorder.record({"input": 1})
    runner.run(services.delete(recorder.store, log_id))
    with pytest.raises(NotFound):
        recorder.get(log_id)
