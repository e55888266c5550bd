"""Two organisations on one server: neither can find out that anything of the other exists."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.flows.client import Api, create_organization
from tests.server import Server, running

# What neither may ever see of the other; every payload and name holds it.
MARKS = {"one": "mark-of-one", "two": "mark-of-two"}
# What both call something of theirs: the same ids of trace and span, thread, customer, the same key of a retry.
SHARED = "shared-by-both"
EVER = "start_time=2000-01-01&all_envs=true"
# Reads of nobody's data, and the stream of events, which does not end: test_events.py follows it.
DOCUMENT_ROUTES = ("/health", "/ready", "/api/events/")
# Reads over all request logs, each of which shows something of every one of them.
LOG_READS = (
    "/api/request-logs/list/",
    "/api/request-logs/groups/",
    "/api/request-logs/facets/",
    "/api/request-logs/schema/paths/",
    "/api/traces/list/",
    "/api/log_threads/",
    "/api/users/list/",
)


@dataclass
class Tenant:
    """An organisation with a prod and a test key, and one of everything."""

    name: str
    prod: Api
    test: Api
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        return MARKS[self.name]

    def fill(self) -> None:
        """Make one of everything."""
        api, mark = self.prod, self.mark
        row = {"input": mark, "output": mark, "expected_output": mark, "metadata": {"topic": mark}, "model": mark}
        dataset = api.dataset(mark, [{**row, "custom_identifier": mark}, row])
        text = json.dumps(row).encode()
        imported = api.ok("POST", f"/api/datasets/{dataset}/logs/import-file/?format=jsonl", status=201, data=text)
        api.ok("PATCH", f"/api/datasets/{dataset}/versions/1/", {"tag": mark})
        report = api.run_report(dataset, ["char_count_eval", "exact_match"])
        online = self.judge_online(api, mark)
        span = self.record(api, mark)
        self.record(self.test, f"trial of {mark}")
        key = api.ok("POST", "/api/keys/", {"name": mark}, status=201)
        judge = {"name": mark, "tags": [mark], "llm_config": {"model": "scripted", "evaluator_definition": mark}}
        evaluator = api.ok("POST", "/api/evaluators/", judge, status=201)
        api.ok("POST", f"/api/evaluators/{evaluator['id']}/versions/", {}, status=201)
        people = {"name": f"people of {mark}", "type": "human", "score_value_type": "text"}
        asked = api.ok("POST", "/api/evaluators/", people, status=201)["slug"]
        create = f"/api/datasets/{dataset}/eval-reports/create"
        awaiting = api.ok("POST", create, {"evaluator_slugs": [mark.replace("-", "_"), asked]})["id"]
        connected = {"name": mark, "kind": "openai", "base_url": f"http://{mark}/v1", "key": f"key-{mark}"}
        provider = api.ok("POST", "/api/providers/", connected, status=201)
        verdict = {"evaluator_slug": mark, "string_value": mark, "explanation": mark, "log_id": span, "scorer": mark}
        score = api.ok("POST", "/api/scores/", verdict, status=201)
        # The same id may be known to both.
        api.ok("POST", "/api/scores/", {**verdict, "log_id": SHARED}, status=201)
        view = api.ok("POST", "/api/views/", {"name": mark, "page": "logs", "query": mark}, status=201)
        self.ids = {
            "view_id": view["id"],
            "dataset_id": dataset,
            "log_id": api.rows(dataset)[0]["id"],
            "report_id": report["id"],
            "task_id": report["created_tasks"][0]["task_id"],
            "job_id": imported["job_id"],
            "key_id": key["id"],
            "key_prefix": key["prefix"],
            "awaiting_report_id": awaiting,
            "evaluator_id": evaluator["id"],
            "counting_id": api.ok("GET", "/api/evaluators/char_count_eval/")["id"],
            "condition_id": online["condition"]["id"],
            "automation_id": online["id"],
            "provider_id": provider["id"],
            "reference": mark,
            "score_id": score["id"],
            "unique_id": span,
            "trace_unique_id": mark,
            "customer_identifier": mark,
            "organization_unique_id": api.rows(dataset)[0]["organization_id"],
        }

        self.wait_for_work()

    def judge_online(self, api: Api, mark: str) -> dict[str, Any]:
        """Let every new log be judged, and return the automation."""
        policy = {"rules": [{"field": "input", "operator": "contains", "value": mark}], "connector": "AND"}
        condition = {"name": mark, "condition_slug": mark, "condition_type": "single_log", "condition_policy": policy}
        api.ok("POST", "/api/conditions/", condition, status=201)
        body = {
            "name": mark,
            "automation_slug": mark,
            "automation_type": "online_eval",
            "condition": mark,
            "evaluator_ids": ["word_count"],
            "configuration": {"sampling_rate": 1.0},
            "is_enabled": True,
        }
        made: dict[str, Any] = api.ok("POST", "/api/automations/", body, status=201)
        return made

    def wait_for_work(self) -> None:
        """Wait until the report waits for people and the three logs of prod are judged: nothing moves any more."""
        dataset, events = self.ids["dataset_id"], f"/api/automations/{self.ids['automation_id']}/events/"
        report = f"/api/datasets/{dataset}/eval-reports/{self.ids['awaiting_report_id']}/"
        deadline = time.monotonic() + 60
        while True:
            counts = self.prod.ok("GET", events)["decision_counts"]
            state = self.prod.ok("GET", report)["state"]
            if (state, counts["evaluated"]) == ("waiting_for_annotations", 3):
                return
            assert time.monotonic() < deadline, (state, counts)
            time.sleep(0.05)

    def record(self, api: Api, mark: str) -> str:
        """Record a log of its own, one with a retry's key and a span, and return the id of the first."""
        known = {"metadata": {"topic": mark, mark: 1}, "model": mark, "input": f"words {mark}", "output": mark}
        names = ("trace_unique_id", "customer_identifier", "thread_identifier", "session_identifier")
        own = api.ok("POST", "/api/request-logs/", {**known, **dict.fromkeys(names, mark)}, status=201)
        shared = {**known, **dict.fromkeys(names, SHARED), "custom_identifier": SHARED}
        for _ in range(2):
            api.ok("POST", "/api/request-logs/", known, status=201, headers={"Idempotency-Key": SHARED})
            api.ok("POST", "/api/v1/traces/ingest", [{**shared, "span_unique_id": SHARED}])
        return str(own["id"])

    def state(self) -> Any:
        """Return everything of this organisation that its own key can read."""
        api, dataset = self.prod, self.ids["dataset_id"]
        report = api.ok("GET", f"/api/datasets/{dataset}/eval-reports/{self.ids['report_id']}/")
        keys = api.ok("GET", "/api/keys/")["results"]
        return (
            api.ok("GET", "/api/datasets/"),
            api.rows(dataset),
            api.ok("GET", f"/api/datasets/{dataset}/versions/"),
            report,
            [{**key, "last_used_at": None} for key in keys],
            api.ok("GET", "/api/evaluators/?page_size=1000"),
            api.ok("GET", f"/api/evaluators/{self.mark.replace('-', '_')}/versions/"),
            api.ok("GET", "/api/providers/"),
            [api.ok("GET", f"{path}?{EVER}") for path in LOG_READS],
            [api.ok("GET", f"/api/traces/{trace}/?{EVER}") for trace in (self.mark, SHARED)],
            api.ok("GET", f"/api/request-logs/{self.ids['unique_id']}/"),
            api.ok("GET", "/api/retention/"),
            api.ok("GET", "/api/scores/?all_envs=true"),
            api.ok("GET", "/api/conditions/"),
            api.ok("GET", "/api/automations/"),
            api.ok("GET", f"/api/automations/{self.ids['automation_id']}/events/"),
            api.ok("GET", "/api/annotation-tasks/"),
        )


@pytest.fixture(scope="module")
def tenants() -> Iterator[dict[str, Tenant]]:
    """A server with two organisations that have the same things with different contents."""
    with running() as server:
        made = {name: _tenant(server, name) for name in MARKS}
        yield made
        for tenant in made.values():
            tenant.prod.close()
            tenant.test.close()


def _tenant(server: Server, name: str) -> Tenant:
    prod = Api(server.url, create_organization(f"organisation {name}", server.data))
    tenant = Tenant(name, prod, Api(server.url, prod.new_key(["read", "write", "admin"], "test")))
    tenant.fill()
    return tenant


def routes(api: Api) -> list[tuple[str, str]]:
    """Return every route of the document that needs a key."""
    paths = api.ok("GET", "/openapi.json")["paths"]
    return [(method.upper(), path) for path in paths for method in paths[path] if path not in DOCUMENT_ROUTES]


# One body that suits every route; deletes and lists go for everything that there is.
BODY = {
    "name": "of the other",
    "is_empty": True,
    "input": "x",
    "logs": [{"input": "x"}],
    "filters": {},
    "is_deleting_all_logs": True,
    "tag": "x",
    "evaluator_slugs": ["char_count_eval"],
    "inputs": {"output": "x"},
}


def body_for(path: str, ids: dict[str, str]) -> dict[str, Any]:
    """Return the body of a route; those that name things in it name what belongs to the owner."""
    if path == "/api/request-logs/batch-update/":
        return {"logs": [{"unique_id": ids["unique_id"], "note": "of the other"}]}
    if path == "/api/request-logs/{unique_id}/":
        return {"note": "of the other"}
    if path == "/api/traces/bulk-delete/":
        return {"filters": {"trace_unique_id": [ids["trace_unique_id"]]}}
    if path == "/api/retention/":
        return {"test": 36_500}
    if path == "/api/evaluators/{evaluator_id}/bench/":
        return {"dataset_id": ids["dataset_id"]}
    return BODY


def query_for(method: str, path: str) -> str:
    """Return the query of a route that shows most; where request logs are read, any other word would filter."""
    if path.startswith(("/api/request-logs", "/api/traces", "/api/users", "/api/log_threads")):
        return f"?{EVER}"
    return "?from=0&format=jsonl" if method == "GET" else "?format=jsonl"


def walk(asker: Api, owner: Tenant, ids: dict[str, str]) -> list[tuple[str, str, int]]:
    """Ask every route with ids of the owner; nothing of the owner may be in any answer."""
    answers = []
    for method, path in routes(asker):
        # One makes a key, the other fills the asker's own organisation for seconds to come.
        if method == "POST" and path in ("/api/keys/", "/api/demo/"):
            continue
        for reference in ("1", *(owner.ids[name] for name in ("reference", "condition_id", "automation_id"))):
            written = path.format(**{**ids, "reference": reference, "version": "1"}) + query_for(method, path)
            options: dict[str, Any] = {} if method == "GET" else {"json": body_for(path, ids)}
            answer = asker(method, written, **options)
            written += json.dumps(options)
            for secret in (owner.mark, *owner.ids.values()):
                # What the asker wrote may be said back; what it did not know may not.
                assert secret in written or secret not in answer.text, (method, written, answer.text[:500])
            answers.append((method, path, answer.status_code))
            if "{reference}" not in path:
                break
    return answers


@pytest.mark.parametrize(("asking", "owning"), [("one", "two"), ("two", "one")])
@pytest.mark.parametrize("environment", ["prod", "test"])
def test_no_route_gives_anything_of_another_organisation_away(
    tenants: dict[str, Tenant], asking: str, owning: str, environment: str
) -> None:
    owner = tenants[owning]
    asker = getattr(tenants[asking], environment)
    before = owner.state()
    answers = walk(asker, owner, owner.ids)
    assert len(answers) > 40
    for method, path, status in answers:
        # A route without an id speaks of the asker's own things.
        if "{" in path:
            # To delete a trace that is not there is fine, and says so (contract 9.5).
            fine = (200,) if (method, path) == ("DELETE", "/api/traces/{trace_unique_id}/") else ()
            assert status in (401, 403, 404, *fine), (method, path, status)
    assert owner.state() == before


def test_ids_of_another_organisation_below_an_own_dataset_are_not_found(tenants: dict[str, Tenant]) -> None:
    asker, owner = tenants["one"], tenants["two"]
    before = owner.state()
    dataset = asker.prod.dataset("bait", [{"input": "x"}])
    mixed = {**owner.ids, "dataset_id": dataset, "report_id": owner.ids["task_id"]}
    for method, path in routes(asker.prod):
        if any(name in path for name in ("{log_id}", "{report_id}")):
            answer = asker.prod(method, path.format(**mixed), **({} if method == "GET" else {"json": BODY}))
            assert answer.status_code == 404, (method, path, answer.text)
    refused = asker.prod.refused(
        "POST", f"/api/datasets/{dataset}/eval-reports/create", {"evaluator_ids": [owner.ids["counting_id"]]}
    )
    assert "Evaluators not found" in refused["evaluator_slugs"][0]
    started = asker.prod.ok(
        "POST",
        f"/api/datasets/{dataset}/eval-reports/create",
        {"evaluator_ids": [owner.ids["counting_id"], "char_count_eval"]},
    )
    assert started["evaluator_ids"] == [asker.ids["counting_id"]]
    assert list(started["errors"]) == [owner.ids["counting_id"]]
    asker.prod.finished_report(dataset, started["id"])
    asker.prod.ok("DELETE", f"/api/datasets/{dataset}/", status=204)
    assert owner.state() == before


def test_what_does_not_exist_and_what_is_another_organisations_look_the_same(tenants: dict[str, Tenant]) -> None:
    asker, owner = tenants["one"].prod, tenants["two"]
    nothing = dict.fromkeys(owner.ids, "01a208d2-d1ed-75c2-b26d-ba0f1f16aeac")
    for method, path in routes(asker):
        if "{" not in path:
            continue
        options: dict[str, Any] = {} if method == "GET" else {"json": body_for(path, owner.ids)}
        theirs, nobodys = (
            asker(method, path.format(**{**ids, "reference": "1", "version": "1"}) + "?from=1&format=jsonl", **options)
            for ids in (owner.ids, nothing)
        )
        assert theirs.status_code == nobodys.status_code, (method, path)
        # What was asked for may be said back.
        said = theirs.text.replace(owner.mark, nothing["trace_unique_id"])
        assert json.loads(said) == nobodys.json(), (method, path)


def test_lists_and_counts_hold_what_is_their_own(tenants: dict[str, Tenant]) -> None:
    for name, tenant in tenants.items():
        other = tenants["two" if name == "one" else "one"]
        for api in (tenant.prod, tenant.test):
            listed = api("GET", "/api/datasets/?page_size=1000").text
            assert tenant.mark in listed
            assert other.mark not in listed
            found = api.ok("POST", "/api/datasets/list/", {"filters": {"name": other.mark}})
            assert (found["count"], found["results"]) == (0, [])
            for filters in ({"id": other.ids["dataset_id"]}, {"name": {"operator": "not", "value": [tenant.mark]}}):
                names = [
                    dataset["name"]
                    for dataset in api.ok("POST", "/api/datasets/list/", {"filters": filters})["results"]
                ]
                assert other.mark not in names
            assert other.ids["key_id"] not in api("GET", "/api/keys/?page_size=1000").text


def test_the_two_keys_of_an_organisation_share_its_datasets_and_evaluators(tenants: dict[str, Tenant]) -> None:
    tenant = tenants["one"]
    path = f"/api/datasets/{tenant.ids['dataset_id']}"
    assert tenant.prod.ok("GET", f"{path}/") == tenant.test.ok("GET", f"{path}/")
    assert tenant.prod.rows(tenant.ids["dataset_id"]) == tenant.test.rows(tenant.ids["dataset_id"])
    report = f"{path}/eval-reports/{tenant.ids['report_id']}/"
    assert tenant.prod.ok("GET", report) == tenant.test.ok("GET", report)
    assert tenant.prod.ok("GET", "/api/evaluators/") == tenant.test.ok("GET", "/api/evaluators/")


def test_a_filter_by_scores_does_not_reach_over_the_border(tenants: dict[str, Tenant]) -> None:
    one, two = tenants["one"], tenants["two"]
    dataset = one.ids["dataset_id"]
    assert one.prod.inputs(dataset, {f"scores__{two.ids['counting_id']}": {"operator": "gte", "value": 0}}) == []
    assert len(one.prod.inputs(dataset, {f"scores__{one.ids['counting_id']}": {"operator": "gte", "value": 0}})) == 3


@pytest.mark.parametrize("path", LOG_READS)
def test_reads_of_request_logs_show_the_own_ones_whatever_they_are_asked(tenants: dict[str, Tenant], path: str) -> None:
    for name, tenant in tenants.items():
        other = tenants["two" if name == "one" else "one"]
        for api in (tenant.prod, tenant.test):
            # Without this the rest would say nothing.
            assert tenant.mark in api("GET", f"{path}?{EVER}").text
            for environment in ("prod", "test"):
                asked = f"{path}?start_time=2000-01-01&environment={environment}"
                shown = api("GET", asked).text
                assert (f"trial of {tenant.mark}" in shown) == (environment == "test"), asked
                assert other.mark not in shown
            for word in ("model", "customer_identifier", "thread_identifier", "topic", "trace_unique_id"):
                assert other.ids["unique_id"] not in api("GET", f"{path}?{EVER}&{word}={other.mark}").text
            own_environment = api("GET", f"{path}?start_time=2000-01-01").text
            assert (f"trial of {tenant.mark}" in own_environment) == (api is tenant.test)


def test_counts_search_and_filters_by_id_end_at_the_border(tenants: dict[str, Tenant]) -> None:
    for name, tenant in tenants.items():
        other = tenants["two" if name == "one" else "one"]
        log, organization = other.ids["unique_id"], other.ids["organization_unique_id"]
        for api in (tenant.prod, tenant.test):
            for filters in ({"id": log}, {"unique_id": log}, {"model": other.mark}, {"metadata.topic": other.mark}):
                for path in ("/api/request-logs/list/", "/api/request-logs/count/"):
                    assert api.ok("POST", f"{path}?{EVER}", {"filters": filters})["count"] == 0, filters
            for mark, number in ((tenant.mark, 6), (other.mark, 0)):
                which = f'?{EVER}&search="{mark}"'
                assert api.ok("GET", f"/api/request-logs/count/{which}")["count"] == number
                assert api.ok("GET", f"/api/request-logs/summary/{which}")["number_of_requests"] == number
                buckets = api.ok("GET", f"/api/request-logs/histogram/{which}")["buckets"]
                assert sum(bucket["count"] for bucket in buckets) == number
            assert organization not in api("GET", f"/api/request-logs/list/?{EVER}").text


def test_the_same_ids_are_other_things_in_every_organisation_and_environment(tenants: dict[str, Tenant]) -> None:
    one, two = tenants["one"], tenants["two"]
    seen: set[str] = set()
    for api in (one.prod, one.test, two.prod, two.test):
        listed = api.ok("GET", "/api/request-logs/list/?start_time=2000-01-01&search=words")["results"]
        assert len(listed) == 3
        assert seen.isdisjoint(log["id"] for log in listed)
        seen |= {log["id"] for log in listed}
        assert api.ok("GET", f"/api/traces/{SHARED}/")["span_count"] == 1
        assert api.ok("GET", f"/api/users/{SHARED}/")["number_of_requests"] == 1
        shared = [thread for thread in api.ok("GET", "/api/log_threads/")["results"] if SHARED in str(thread)]
        assert len(shared) == 1


def test_what_is_deleted_sampled_or_kept_for_a_time_is_the_own(tenants: dict[str, Tenant]) -> None:
    asker, owner = tenants["one"].prod, tenants["two"]
    before = owner.state()
    # A span of its own in the trace that both have.
    asker.ok("POST", "/api/v1/traces/ingest", [{"input": "x", "trace_unique_id": SHARED, "span_unique_id": "more"}])
    log = asker.ok("POST", "/api/request-logs/", {"input": "x", "trace_unique_id": "bait"}, status=201)["id"]
    for trace in (SHARED, "bait"):
        filters = {"trace_unique_id": [trace, owner.mark]}
        assert asker.ok("POST", "/api/traces/bulk-delete/", {"filters": filters})["deleted_count"] == 1
    assert asker("GET", f"/api/request-logs/{log}/").status_code == 404
    body = {"logs": [{"unique_id": owner.ids["unique_id"], "note": "mine"}]}
    assert asker.ok("PATCH", "/api/request-logs/batch-update/", body)["updated_count"] == 0
    asker.ok("PUT", "/api/retention/", {"prod": 36_500, "test": 1})
    dataset = asker.dataset("bait")
    path = f"/api/datasets/{dataset}/logs/import/"
    answer = asker("POST", path, json={"log_ids": [owner.ids["unique_id"]]})
    assert answer.status_code in (200, 201, 404), answer.text
    assert asker.rows(dataset) == []
    window = {"start_time": "2000-01-01", "end_time": "2100-01-01", "environments": ["prod", "test"]}
    for more in ({"filters": {"model": owner.mark}}, {"search": owner.mark}):
        assert asker.ok("POST", path, {**window, **more, "dry_run": True})["matched_count"] == 0
        asker("POST", path, json={**window, **more})
        assert asker.rows(dataset) == []
    assert owner.mark not in asker("POST", path, json={**window, "dry_run": True}).text
    asker.ok("POST", path, window)
    assert len(asker.rows(dataset)) > 6
    assert owner.mark not in json.dumps(asker.rows(dataset))
    copied = asker("POST", "/api/datasets/", json={"name": "copy", "source_dataset_id": owner.ids["dataset_id"]})
    assert copied.status_code in (400, 404), copied.text
    asker.ok("DELETE", f"/api/datasets/{dataset}/", status=204)
    assert owner.state() == before


def test_a_dataset_of_traces_is_made_of_the_own(tenants: dict[str, Tenant]) -> None:
    asker, owner = tenants["two"].prod, tenants["one"]
    window = {"start_time": "2000-01-01", "end_time": "2100-01-01", "environments": ["prod", "test"]}
    made = asker.ok("POST", "/api/datasets/", {"name": "traces", "granularity": "traces", **window}, status=201)
    rows = asker.rows(made["id"])
    assert tenants["two"].mark in json.dumps(rows)
    assert owner.mark not in json.dumps(rows)
    asker.ok("DELETE", f"/api/datasets/{made['id']}/", status=204)
