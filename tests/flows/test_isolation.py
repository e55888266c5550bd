"""Two organisations on one server: neither can find out that anything of the other exists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.flows.client import Api, create_organization
from tests.server import Server, running

# What neither may ever see of the other; every payload and name holds it.
MARKS = {"one": "mark-of-one", "two": "mark-of-two"}
DOCUMENT_ROUTES = ("/health", "/ready")


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
        key = api.ok("POST", "/api/keys/", {"name": mark}, status=201)
        self.ids = {
            "dataset_id": dataset,
            "log_id": api.rows(dataset)[0]["id"],
            "report_id": report["id"],
            "task_id": report["created_tasks"][0]["task_id"],
            "job_id": imported["job_id"],
            "key_id": key["id"],
            "key_prefix": key["prefix"],
            "evaluator_id": api.ok("GET", "/api/evaluators/char_count_eval/")["id"],
            "reference": mark,
            "organization_unique_id": api.rows(dataset)[0]["organization_id"],
        }

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


def walk(asker: Api, owner: Tenant, ids: dict[str, str]) -> list[tuple[str, str, int]]:
    """Ask every route with ids of the owner; nothing of the owner may be in any answer."""
    answers = []
    for method, path in routes(asker):
        if path == "/api/keys/" and method == "POST":
            continue
        query = "?from=0&format=jsonl" if method == "GET" else "?format=jsonl"
        for reference in ("1", owner.ids["reference"]):
            written = path.format(**{**ids, "reference": reference}) + query
            options: dict[str, Any] = {} if method == "GET" else {"json": BODY}
            answer = asker(method, written, **options)
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
            assert status in (401, 403, 404), (method, path, status)
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
        "POST", f"/api/datasets/{dataset}/eval-reports/create", {"evaluator_ids": [owner.ids["evaluator_id"]]}
    )
    assert "Evaluators not found" in refused["evaluator_slugs"][0]
    started = asker.prod.ok(
        "POST",
        f"/api/datasets/{dataset}/eval-reports/create",
        {"evaluator_ids": [owner.ids["evaluator_id"], "char_count_eval"]},
    )
    assert started["evaluator_ids"] == [asker.ids["evaluator_id"]]
    assert list(started["errors"]) == [owner.ids["evaluator_id"]]
    asker.prod.finished_report(dataset, started["id"])
    asker.prod.ok("DELETE", f"/api/datasets/{dataset}/", status=204)
    assert owner.state() == before


def test_what_does_not_exist_and_what_is_another_organisations_look_the_same(tenants: dict[str, Tenant]) -> None:
    asker, owner = tenants["one"].prod, tenants["two"]
    nothing = dict.fromkeys(owner.ids, "01a208d2-d1ed-75c2-b26d-ba0f1f16aeac")
    for method, path in routes(asker):
        if "{" not in path:
            continue
        options: dict[str, Any] = {} if method == "GET" else {"json": BODY}
        theirs, nobodys = (
            asker(method, path.format(**{**ids, "reference": "1"}) + "?from=1&format=jsonl", **options)
            for ids in (owner.ids, nothing)
        )
        assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json()), (method, path)


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
    assert one.prod.inputs(dataset, {f"scores__{two.ids['evaluator_id']}": {"operator": "gte", "value": 0}}) == []
    assert len(one.prod.inputs(dataset, {f"scores__{one.ids['evaluator_id']}": {"operator": "gte", "value": 0}})) == 3
