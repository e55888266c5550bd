"""From request logs to datasets: what is taken, how often it can be repeated, and what happens on the way."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tests.flows.client import Api
from tests.server import Server, running

_days = count()


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


class Logs:
    """Request logs of a day that no other test uses nor the day after it, one a second."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=3 * next(_days))
        self.window = {"start_time": iso(self.start), "end_time": iso(self.start + timedelta(hours=23))}

    def record(self, rows: list[dict[str, Any]], first: int = 0) -> list[str]:
        """Record rows and return their ids."""
        for place in range(0, len(rows), 500):
            logs = [
                {"model": "gpt-4o", "timestamp": iso(self.start + timedelta(seconds=first + place + offset)), **row}
                for offset, row in enumerate(rows[place : place + 500])
            ]
            made = self.api.ok("POST", "/api/request-logs/bulk/", {"logs": logs}, status=201)
            assert made["error_count"] == 0, made
        path = "/api/request-logs/list/?page_size=1000&sort_by=timestamp"
        return [log["id"] for log in self.api.ok("POST", path, self.window)["results"]]

    def create(self, **body: Any) -> dict[str, Any]:
        """Make a dataset of these logs."""
        made: dict[str, Any] = self.api.ok(
            "POST", "/api/datasets/", {"name": "logs", **self.window, **body}, status=201
        )
        assert made["status"] == "ready", made
        return made

    def sources(self, dataset: dict[str, Any] | str) -> list[str]:
        """Return the ids of the logs that the rows of a dataset are copies of, in row order."""
        dataset_id = dataset if isinstance(dataset, str) else dataset["id"]
        return [row["original_copy_unique_id"] for row in self.api.rows(dataset_id)]


@pytest.fixture
def logs(any_api: Api) -> Logs:
    return Logs(any_api)


def numbered(number: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"input": f"question {place}", "output": f"answer {place}", **fields} for place in range(number)]


@pytest.mark.parametrize(
    ("sampling", "taken"),
    [({}, 60), ({"sampling": 100}, 60), ({"sampling": 7}, 5), ({"sampling": 1}, 1), ({"sampling": 0.07}, 5),
     ({"sampling": 1000}, 60), ({"sampling_count": 12}, 12), ({"sampling_percentage": 0.5}, 1)],
    ids=str,
)  # fmt: skip
def test_as_many_are_taken_as_were_asked_for_rounded_up(logs: Logs, sampling: Any, taken: int) -> None:
    ids = logs.record(numbered(60))
    made = logs.create(**sampling)
    assert made["log_count"] == taken
    assert made["sampling_outcome"]["matched_count"] == 60
    assert made["sampling_outcome"]["chosen_count"] == taken
    sources = logs.sources(made)
    assert len(set(sources)) == taken
    assert set(sources) <= set(ids)


def test_rows_are_copies_with_everything_that_a_row_has(logs: Logs) -> None:
    messages = [{"role": "user", "content": "Where is my refund?"}]
    (log_id,) = logs.record(
        [{"input": messages, "output": {"role": "assistant", "content": "On its way."}, "metadata": {"plan": "pro"},
          "customer_identifier": "c-1", "latency": 1.5, "cost": 0.25, "prompt_tokens": 7}]
    )  # fmt: skip
    made = logs.create()
    (row,) = logs.api.rows(made["id"])
    assert (row["input"], row["metadata"]["plan"]) == (messages, "pro")
    assert row["output"]["content"] == "On its way."
    assert [row[name] for name in ("customer_identifier", "latency", "cost", "prompt_tokens", "model")] == [
        "c-1", 1.5, 0.25, 7, "gpt-4o",
    ]  # fmt: skip
    assert row["original_copy_unique_id"] == log_id != row["id"]
    assert row["timestamp"].startswith(iso(logs.start)[:19])
    logs.api("DELETE", f"/api/request-logs/{log_id}/")
    assert logs.api.rows(made["id"]) == [row]


def test_a_log_exactly_at_the_end_belongs_to_the_import(logs: Logs) -> None:
    logs.record(numbered(3))
    end = iso(logs.start + timedelta(seconds=1))
    assert logs.create(end_time=end)["log_count"] == 2


def test_the_recipe_sent_again_takes_the_same_logs_even_when_others_came_outside_its_window(logs: Logs) -> None:
    logs.record(numbered(80))
    made = logs.create(sampling=20, initial_log_filters={"model": {"operator": "", "value": ["gpt-4o"]}})
    recipe = made["sampling_recipe"]
    assert recipe["seed"] is not None
    assert recipe["initial_log_filters"] == {"model": {"operator": "", "value": ["gpt-4o"]}}
    logs.record(numbered(40), first=24 * 3600)
    again = logs.api.ok("POST", "/api/datasets/", {"name": "again", **recipe}, status=201)
    assert again["sampling_recipe"] == recipe
    assert again["sampling_outcome"] == made["sampling_outcome"]
    assert logs.sources(again) == logs.sources(made)
    other = logs.create(sampling=20, seed=recipe["seed"] + 1)
    assert set(logs.sources(other)) != set(logs.sources(made))
    # Into another dataset, too, by a key of the other environment.
    key = Api(logs.api.url, logs.api.new_key(["read", "write"], "test"))
    target = key.dataset("by recipe")
    assert key.ok("POST", f"/api/datasets/{target}/logs/import/", recipe)["count"] == 16
    assert logs.sources(target) == logs.sources(made)
    key.close()


def test_strata_come_out_as_asked(logs: Logs) -> None:
    logs.record(numbered(60, metadata={"plan": "free"}) + numbered(30, metadata={"plan": "pro"}) + numbered(10))
    shared = logs.create(stratify_by="metadata.plan", sampling_count=25)
    plans = Counter(row["metadata"].get("plan") for row in logs.api.rows(shared["id"]))
    assert plans == {"free": 15, "pro": 8, None: 2}
    strata = shared["sampling_outcome"]["strata"]
    assert strata[0] == {"value": "free", "matched": 60, "taken": 15, "weight": 4.0}
    assert [stratum["value"] for stratum in strata] == ["free", "pro", None]
    equal = logs.create(stratify_by="metadata.plan", stratify_allocation="equal", sampling_count=40)
    plans = Counter(row["metadata"].get("plan") for row in logs.api.rows(equal["id"]))
    assert plans == {"free": 15, "pro": 15, None: 10}


def test_failures_come_first_with_their_weights(logs: Logs) -> None:
    logs.record(numbered(4, status="error", error_message="no") + numbered(36))
    made = logs.create(sampling_method="failures_first", sampling=20)
    statuses = [row["status"] == "success" for row in logs.api.rows(made["id"])]
    assert statuses == [False] * 4 + [True] * 4
    weights = {stratum["value"]: stratum["weight"] for stratum in made["sampling_outcome"]["strata"]}
    assert weights == {"failed": 1.0, "succeeded": 9.0}


def test_the_newest_are_taken_newest_first(logs: Logs) -> None:
    ids = logs.record(numbered(9))
    assert logs.sources(logs.create(sampling_method="newest", sampling_count=3)) == ids[:-4:-1]


def test_near_duplicates_are_passed_over_for_others(logs: Logs) -> None:
    text = "please tell me at once where the parcel is that I ordered from you three long weeks ago number"
    logs.record([{"input": f"{text} {place}", "output": "x"} for place in range(30)] + numbered(10))
    made = logs.create(deduplicate=0.7, sampling_count=11)
    inputs = [row["input"] for row in logs.api.rows(made["id"])]
    assert sum(text in written for written in inputs) == 1
    assert len(inputs) == 11
    assert made["sampling_outcome"]["near_duplicate_count"] > 0
    strict = logs.create(deduplicate=True, stratify_by="model", sampling=100)
    assert strict["log_count"] + strict["sampling_outcome"]["near_duplicate_count"] == 40


def test_filters_and_search_narrow_what_is_taken(logs: Logs) -> None:
    logs.record([*numbered(5, model="small"), {"input": "my mother's gift card", "output": "x", "model": "large"}])
    assert logs.create(initial_log_filters={"model": "small"})["log_count"] == 5
    assert logs.create(filters={"model": ["small", "large"]})["log_count"] == 6
    assert logs.create(search='"gift card" model:large')["log_count"] == 1
    assert logs.create(search='"card gift"')["log_count"] == 0
    assert logs.create(filters={"model": "none"})["version"] == 0


def test_picked_ids_need_no_window(logs: Logs) -> None:
    ids = logs.record(numbered(5))
    picked = {"id": {"operator": "in", "value": ids[1:3]}}
    made = logs.api.ok("POST", "/api/datasets/", {"name": "picked", "initial_log_filters": picked}, status=201)
    assert set(logs.sources(made)) == set(ids[1:3])


def test_logs_belong_to_their_environment(logs: Logs) -> None:
    logs.record(numbered(3))
    key = Api(logs.api.url, logs.api.new_key(["read", "write"], "test"))
    body = {"name": "test", **logs.window}
    assert key.ok("POST", "/api/datasets/", body, status=201)["log_count"] == 0
    assert key.ok("POST", "/api/datasets/", {**body, "environments": ["prod", "test"]}, status=201)["log_count"] == 3
    key.close()


@pytest.mark.parametrize("more", [{}, {"stratify_by": "model"}, {"sampling_method": "failures_first"}], ids=str)
def test_a_dry_run_says_what_would_be_taken_and_takes_nothing(logs: Logs, more: Any) -> None:
    logs.record(numbered(20, model="a") + numbered(20, model="b"))
    before = logs.api.ok("GET", "/api/datasets/summary/")
    body = {"name": "tried", **logs.window, "sampling": 10, **more}
    tried = logs.api.ok("POST", "/api/datasets/", {**body, "dry_run": True})
    assert (tried["matched_count"], tried["sample_count"], len(tried["examples"])) == (40, 4, 3)
    assert logs.api.ok("GET", "/api/datasets/summary/") == before
    assert tried["examples"][0]["input_preview"].startswith("question")
    made = logs.api.ok("POST", "/api/datasets/", {"name": "done", **tried["sampling_recipe"]}, status=201)
    assert {log["id"] for log in tried["examples"]} <= set(logs.sources(made))
    assert made["log_count"] == 4
    for path in ("logs/import/", "logs/bulk/"):
        place = f"/api/datasets/{made['id']}/{path}"
        assert logs.api.ok("POST", place, {**logs.window, "dry_run": True})["sample_count"] == 40
    assert logs.api.ok("GET", f"/api/datasets/{made['id']}/")["version"] == 1


def test_a_row_of_a_trace_is_its_root_with_the_sums_of_the_trace(logs: Logs) -> None:
    spans = []
    for trace in range(4):
        common = {"trace_unique_id": f"{logs.start:%d%m%y}-{trace}", "cost": 0.5, "prompt_tokens": 3, "latency": 0.25}
        spans.append({"input": f"root {trace}", "output": "done", "span_unique_id": f"r{trace}", **common})
        spans += [
            {
                "input": "step",
                "output": "x",
                "span_unique_id": f"{trace}{step}",
                "span_parent_id": f"r{trace}",
                **common,
            }
            for step in range(2)
        ]
    logs.record(spans)
    made = logs.create(granularity="traces", sampling=75)
    assert (made["granularity"], made["log_count"], made["sampling_outcome"]["matched_count"]) == ("traces", 3, 4)
    for row in logs.api.rows(made["id"]):
        assert row["input"].startswith("root")
        assert (row["cost"], row["prompt_tokens"]) == (1.5, 9)
        assert row["latency"] == pytest.approx(2.25, abs=0.01)
    path = f"/api/datasets/{made['id']}/logs/import/"
    added = logs.api.ok("POST", path, {**logs.window, "filters": {"span_count": {"gte": 3}}})
    assert added["count"] == 1
    assert set(logs.api.refused("POST", path, {**logs.window, "granularity": "logs"})) == {"granularity"}
    said = logs.api.refused("POST", "/api/datasets/", {"name": "a", **logs.window, "granularity": "threads"})
    assert "thread" in said["granularity"][0]


def test_a_copy_has_the_rows_of_its_source_and_their_origin(logs: Logs) -> None:
    ids = logs.record(numbered(4))
    source = logs.create(description="the original", sampling_method="newest")
    logs.api.log(source["id"], {"input": "by hand"})
    copy = logs.api.ok("POST", "/api/datasets/", {"source_dataset_id": source["id"]}, status=201)
    assert (copy["name"], copy["description"], copy["log_count"]) == ("logs (copy)", "the original", 5)
    assert logs.sources(copy) == [*ids[::-1], None]
    assert [row["input"] for row in logs.api.rows(copy["id"])] == [row["input"] for row in logs.api.rows(source["id"])]
    first = {"source_dataset_id": source["id"], "source_version": 1, "name": "first", "description": "mine"}
    older = logs.api.ok("POST", "/api/datasets/", first, status=201)
    assert (older["name"], older["description"], older["log_count"]) == ("first", "mine", 4)
    assert older["sampling_recipe"] == {"source_dataset_id": source["id"], "source_version": 1}
    empty = logs.api.ok("POST", "/api/datasets/", {"source_dataset_id": logs.api.dataset("empty")}, status=201)
    assert (empty["status"], empty["version"]) == ("ready", 0)
    logs.api.refused("POST", "/api/datasets/", {"source_dataset_id": "0" * 8}, status=404)
    logs.api.refused("POST", "/api/datasets/", {**first, "source_version": 9}, status=404)


@pytest.mark.parametrize(
    "path",
    ["/api/datasets/{}/logs/import/", "/api/datasets/{}/logs/bulk/", "/api/datasets/{}/logs/create",
     "/evaluations/datasets/{}/logs/"],
)  # fmt: skip
def test_logs_are_added_once_however_often_they_are_imported(logs: Logs, path: str) -> None:
    ids = logs.record(numbered(10))
    dataset = logs.api.dataset("grows", [{"input": "by hand"}])
    # As the oldest client writes times.
    window = {name: text.replace("T", " ").removesuffix("Z") for name, text in logs.window.items()}
    address = path.format(dataset)
    half = logs.api.ok("POST", address, {**window, "filters": {}, "sampling_percentage": 50})
    assert (half["count"], half["dataset_version"]) == (5, 2)
    word = "imported" if "bulk" not in path and "create" not in path else "added"
    assert half["message"] == f"Logs are being {word} to dataset in the background"
    again = logs.api.ok("POST", address, {**window, "filters": {}, "sampling_percentage": 50})
    assert (again["count"], again["dataset_version"]) == (0, 2)
    rest = logs.api.ok("POST", address, {**window, "filters": {}})
    assert (rest["count"], rest["dataset_version"]) == (5, 3)
    assert Counter(logs.sources(dataset)) == Counter([None, *ids])
    job = logs.api.ok("GET", f"/api/jobs/{rest['job_id']}/")
    assert (job["state"], job["kind"], job["done_count"], job["total_count"]) == ("completed", "log import", 5, 5)
    assert job["outcome"]["skipped_count"] == 5
    assert job["recipe"]["sampling_percentage"] == 100
    # A row that was deleted is not there, so it can be added again.
    logs.api.ok("DELETE", f"/api/datasets/{dataset}/logs/delete/", {"filters": {"id": ids[0]}})
    assert logs.api.ok("POST", address, {**window, "filters": {}})["count"] == 1
    assert logs.api.ok("GET", f"/api/datasets/{dataset}/")["status"] == "ready"


def test_logs_are_added_by_their_ids(logs: Logs) -> None:
    ids = logs.record(numbered(4))
    dataset = logs.api.dataset("picked")
    said = logs.api.ok("POST", f"/api/datasets/{dataset}/logs/bulk/", {"log_ids": [ids[0], ids[2], "unknown"]})
    assert (said["count"], said["message"]) == (2, "Logs are being added to dataset in the background")
    assert set(logs.sources(dataset)) == {ids[0], ids[2]}
    null = {"start_time": None, "end_time": None, "filters": {"id": {"operator": "in", "value": [ids[1]]}}}
    assert logs.api.ok("POST", f"/datasets/{dataset}/logs/create", null)["count"] == 1
    logs.api.refused("POST", "/api/datasets/unknown/logs/bulk/", {"log_ids": ids}, status=404)


def test_two_imports_at_once_add_each_log_once(logs: Logs) -> None:
    ids = logs.record(numbered(300))
    dataset = logs.api.dataset("twice at once")
    answers: list[Any] = []

    def add() -> None:
        client = Api(logs.api.url, logs.api.session.headers["Authorization"].removeprefix("Bearer "))  # type: ignore[union-attr]
        answers.append(client.ok("POST", f"/api/datasets/{dataset}/logs/import/", logs.window))
        client.close()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said["count"] for said in answers) == [0, 0, 0, 300]
    assert Counter(logs.sources(dataset)) == Counter(ids)


# So many that their comparison outlasts the answer.
MANY = 12_000


@pytest.fixture(scope="module")
def crowded() -> Iterator[tuple[Server, Logs]]:
    """A server of our own, to be killed, with many logs."""
    with running() as server:
        logs = Logs(Api(server.url, server.api_key))
        words = "the quick brown fox jumps over a lazy dog and runs into deep dark woods where nobody sees it again"
        text = " ".join(words.split() * 12)
        rows = [{"input": f"{place} {text} {place}", "output": "x"} for place in range(MANY)]
        for place in range(0, MANY, 4000):
            batch = [
                {"model": "m", "timestamp": iso(logs.start + timedelta(seconds=place + offset)), **row}
                for offset, row in enumerate(rows[place : place + 4000])
            ]
            logs.api("POST", "/api/request-logs/batch/create", json={"logs": batch}).raise_for_status()
        yield server, logs
        logs.api.close()


def started(logs: Logs) -> dict[str, Any]:
    """Begin an import that takes long, and return the dataset as it is answered."""
    # Nothing is this similar, so everything is compared and everything is taken.
    body = {"name": "long", **logs.window, "deduplicate": 1}
    made: dict[str, Any] = logs.api.ok("POST", "/api/datasets/", body, status=201)
    assert made["status"] == "initializing", "the import was over too soon for this test to say anything"
    assert made["log_count"] == 0
    return made


def test_a_long_import_goes_on_behind_the_answer_and_survives_a_kill(crowded: tuple[Server, Logs]) -> None:
    server, logs = crowded
    made = started(logs)
    job = logs.api.ok("GET", f"/api/jobs/{made['job_id']}/")
    assert (job["state"], job["total_count"]) == ("running", MANY)
    assert 0 < job["done_count"] < MANY
    server.kill()
    server.start()
    deadline = time.monotonic() + 120
    path = f"/api/datasets/{made['id']}/"
    while (found := logs.api.ok("GET", path))["status"] == "initializing" and time.monotonic() < deadline:
        assert found["log_count"] == 0
        time.sleep(0.1)
    assert (found["status"], found["log_count"], found["version"]) == ("ready", MANY, 1)
    assert found["sampling_outcome"]["chosen_count"] == MANY
    job = logs.api.ok("GET", f"/api/jobs/{made['job_id']}/")
    assert (job["state"], job["done_count"], job["total_count"]) == ("completed", MANY, MANY)
    again = logs.api.ok("POST", f"{path}logs/import/", {**logs.window, "sampling_count": 500})
    assert again["count"] == 0


def test_deleting_a_dataset_ends_its_import(crowded: tuple[Server, Logs]) -> None:
    server, logs = crowded
    made = started(logs)
    assert logs.api("DELETE", f"/api/datasets/{made['id']}/").status_code == 204
    job = logs.api.ok("GET", f"/api/jobs/{made['job_id']}/")
    assert (job["state"], job["error_message"]) == ("failed", "The dataset was deleted.")
    logs.api.refused("GET", f"/api/datasets/{made['id']}/", status=404)
    # The next import waits for nobody.
    assert logs.create(sampling_count=5)["log_count"] == 5
    assert "Traceback" not in server.log.read_text()
