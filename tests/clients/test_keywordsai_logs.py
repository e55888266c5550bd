"""`keywordsai` 1.0.4 from PyPI, unmodified, on request logs: recorded, listed, read, and sampled into datasets."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from keywordsai.datasets.api import DatasetAPI
from keywordsai.logs.api import LogAPI
from keywordsai_sdk.keywordsai_types.log_types import KeywordsAILogParams

from tests.clients.test_keywordsai import deletes_can_be_sent
from tests.server import Server

__all__ = ["deletes_can_be_sent"]

QUESTION = [{"role": "user", "content": "Where is my order?"}]
ANSWER = {"role": "assistant", "content": "On its way."}


@pytest.fixture
def logs(server: Server) -> LogAPI:
    return LogAPI(api_key=server.api_key, base_url=f"{server.url}/api")


@pytest.fixture
def datasets(server: Server) -> DatasetAPI:
    return DatasetAPI(api_key=server.api_key, base_url=f"{server.url}/api")


@pytest.fixture
def tag() -> str:
    """A name that no other test uses."""
    return secrets.token_hex(6)


def window() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "start_time": (now - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"),
        "end_time": (now + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"),
    }


def record(logs: LogAPI, tag: str, number: int) -> None:
    """Record `number` logs in one group, of which the odd ones have failed."""
    for place in range(number):
        made = logs.create(
            KeywordsAILogParams(
                model="gpt-4o-mini",
                prompt_messages=QUESTION,
                completion_message=ANSWER,
                prompt_tokens=1000,
                completion_tokens=500,
                latency=0.5,
                status_code=200 if place % 2 == 0 else 500,
                custom_identifier=f"{tag}-{place}",
                customer_identifier=tag,
                metadata={"tag": tag, "place": place},
            )
        )
        assert made["message"]


def by_tag(tag: str, **more: Any) -> dict[str, Any]:
    return {"metadata.tag": {"operator": "", "value": [tag]}, **more}


# The client strips a final /api, so every base leads to the root.
@pytest.mark.parametrize("base", ["", "/api", "/api/"])
def test_a_log_is_created_found_and_read(server: Server, tag: str, base: str) -> None:
    logs = LogAPI(api_key=server.api_key, base_url=server.url + base)
    record(logs, tag, 1)
    [listed] = logs.list(page=1, page_size=10, customer_identifier=tag).results
    read = logs.get(listed.id)
    for log in (listed, read):
        assert (log.model, log.status_code, log.custom_identifier) == ("gpt-4o-mini", 200, f"{tag}-0")
        assert (log.prompt_tokens, log.completion_tokens, log.latency) == (1000, 500, 0.5)
        assert log.cost == pytest.approx(0.00045)
        assert log.metadata == {"tag": tag, "place": 0}
    assert [(one.role, one.content) for one in read.prompt_messages] == [("user", "Where is my order?")]
    assert (read.completion_message.role, read.completion_message.content) == ("assistant", "On its way.")


# Its own types drop `log_type` and send `thread_identifier` as `session_identifier`: neither can be asserted here.
@pytest.mark.parametrize(
    "said",
    [
        {"input": "a text", "output": "an answer", "model": "gpt-4o"},
        {"input": "x", "output": '{"an": "object"}'},
        {"input": '[{"role": "user", "content": "x"}]', "output": '{"role": "assistant", "content": "y"}'},
        {"model": "gpt-4o", "input": "x", "error_message": "overloaded", "status_code": 503, "warnings": "slow"},
        {"model": "gpt-4o", "prompt_messages": QUESTION, "tools": [{"type": "function", "function": {"name": "f"}}]},
        {"model": "text-embedding-3-small", "embedding": [0.5, 0.25], "input": "x"},
        {"thread_identifier": "t", "trace_unique_id": "trace", "span_unique_id": "{tag}", "span_name": "step"},
        {"input": "x", "response_format": {"type": "json_object"}, "stream": True, "temperature": 0.5},
        {"input": "x", "prompt_messages": QUESTION, "completion_message": {"role": "assistant", "content": ""}},
    ],
    ids=str,
)
def test_whatever_its_types_allow_is_taken_and_parsed_again(logs: LogAPI, tag: str, said: dict[str, Any]) -> None:
    own = {name: tag if value == "{tag}" else value for name, value in said.items()}
    logs.create({**own, "custom_identifier": tag})
    [listed] = logs.list(custom_identifier=tag).results
    read = logs.get(listed.id)
    for name in ("model", "error_message", "status_code", "warnings", "span_unique_id", "span_name", "temperature"):
        if name in said:
            assert getattr(read, name) == own[name], name


@pytest.mark.parametrize("said", [{}, {"model": "gpt-4o", "status_code": 200}], ids=str)
def test_a_log_without_content_is_refused_and_told_what_it_needs(logs: LogAPI, said: dict[str, Any]) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        logs.create(said)
    assert refused.value.response.status_code == 400
    assert set(refused.value.response.json()) == {"input"}


def test_logs_are_listed_page_by_page_until_one_is_empty(logs: LogAPI, tag: str) -> None:
    record(logs, tag, 5)
    pages = [logs.list(page=number, page_size=2, customer_identifier=tag, **window()) for number in (1, 2, 3, 4)]
    assert [len(page.results) for page in pages] == [2, 2, 1, 0]
    assert {page.count for page in pages} == {5}
    places = [log.metadata["place"] for page in pages for log in page.results]
    assert places == [4, 3, 2, 1, 0]


def test_logs_are_filtered_by_the_fields_that_its_documentation_names(logs: LogAPI, tag: str) -> None:
    record(logs, tag, 4)

    def count(**asked: Any) -> int:
        return logs.list(customer_identifier=tag, **asked).count

    assert count(model="gpt-4o-mini") == 4
    assert count(model="gpt-4o") == 0
    assert count(status="success") == count(status="failed") == 2
    assert count(custom_identifier=f"{tag}-3") == 1
    assert count(start_time="2020-01-01T00:00:00Z") == 4
    assert count(start_time="2020-01-01T00:00:00Z", end_time="2020-01-02T00:00:00Z") == 0


def test_an_unknown_log_and_a_wrong_key_are_http_errors(server: Server, logs: LogAPI) -> None:
    with pytest.raises(httpx.HTTPStatusError) as missing:
        logs.get("00000000-0000-0000-0000-000000000000")
    assert missing.value.response.status_code == 404
    with pytest.raises(httpx.HTTPStatusError) as refused:
        LogAPI(api_key="wrong", base_url=server.url).list()
    assert refused.value.response.status_code == 401


def test_the_asynchronous_methods_do_the_same(logs: LogAPI, tag: str) -> None:
    async def session() -> None:
        assert (await logs.acreate({"input": "x", "output": "y", "custom_identifier": tag}))["message"]
        [listed] = (await logs.alist(custom_identifier=tag)).results
        assert (await logs.aget(listed.id)).output == "y"

    asyncio.run(session())


def test_a_dataset_is_sampled_from_a_window_of_logs(logs: LogAPI, datasets: DatasetAPI, tag: str) -> None:
    record(logs, tag, 8)
    failed = by_tag(tag, status_code={"operator": "gte", "value": [500]})
    made = datasets.create(
        {"name": "failures", "type": "sampling", "sampling": 50, "initial_log_filters": failed, **window()}
    )
    assert (made.type, made.status, made.log_count) == ("sampling", "ready", 2)
    rows = datasets.list_dataset_logs(made.id)["results"]
    assert {row["metadata"]["place"] for row in rows} < {1, 3, 5, 7}
    assert {row["status_code"] for row in rows} == {500}
    assert datasets.get(made.id).log_count == 2


def test_a_dataset_is_made_of_the_logs_with_these_ids(logs: LogAPI, datasets: DatasetAPI, tag: str) -> None:
    record(logs, tag, 3)
    ids = [log.id for log in logs.list(customer_identifier=tag).results][:2]
    made = datasets.create(
        {
            "name": "by id",
            "type": "sampling",
            "sampling": 100,
            "initial_log_filters": {"id": {"operator": "in", "value": ids}},
            **window(),
        }
    )
    rows = datasets.list_dataset_logs(made.id)["results"]
    assert {row["metadata"]["place"] for row in rows} == {1, 2}


@pytest.mark.usefixtures("deletes_can_be_sent")
def test_logs_are_added_to_a_dataset_and_removed_again(logs: LogAPI, datasets: DatasetAPI, tag: str) -> None:
    record(logs, tag, 6)
    made = datasets.create({"name": "by hand"})
    failed = by_tag(tag, status_code={"operator": "gte", "value": [500]})
    reply = datasets.add_logs_to_dataset(made.id, {**window(), "filters": failed})
    assert (bool(reply["message"]), reply["count"]) == (True, 3)
    datasets.add_logs_to_dataset(
        made.id, {**window(), "filters": by_tag(tag, status_code={"operator": "", "value": [200]})}
    )
    assert datasets.list_dataset_logs(made.id)["count"] == 6
    removed = datasets.remove_logs_from_dataset(made.id, {**window(), "filters": failed})
    assert (bool(removed["message"]), removed["deleted_count"]) == (True, 3)
    left = datasets.list_dataset_logs(made.id)["results"]
    assert {row["metadata"]["place"] for row in left} == {0, 2, 4}
    # Rows are copies: the logs are all there.
    assert logs.list(customer_identifier=tag).count == 6
