"""Online evaluation over HTTP: conditions, automations, and why they fired or did not. On both databases."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest

from tests.flows.client import Api, create_organization
from tests.server import Server

CONDITIONS = "/api/conditions/"
AUTOMATIONS = "/api/automations/"
UNKNOWN = "019f0000-0000-7000-8000-000000000000"
SLOW = {"rules": [{"field": "latency", "operator": "greater_than", "value": 2}], "connector": "AND"}


@pytest.fixture(scope="module")
def api(any_server: Server) -> Api:
    """A client of an organisation of its own."""
    return Api(any_server.url, create_organization("automations", any_server.data, any_server.environment))


def slug() -> str:
    return f"slug-{secrets.token_hex(4)}"


def condition_body(**changes: Any) -> dict[str, Any]:
    body = {"name": "Slow", "condition_slug": slug(), "condition_type": "single_log", "condition_policy": SLOW}
    return {**body, **changes}


def new_condition(api: Api, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.ok("POST", CONDITIONS, condition_body(**changes), status=201)
    return made


def automation_body(api: Api, **changes: Any) -> dict[str, Any]:
    body = {
        "automation_slug": slug(),
        "name": "Count",
        "automation_type": "online_eval",
        "condition": changes.pop("condition", None) or new_condition(api)["id"],
        "evaluator_ids": ["word_count"],
        "configuration": {"sampling_rate": 1.0},
        "is_enabled": True,
    }
    return {**body, **changes}


def new_automation(api: Api, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.ok("POST", AUTOMATIONS, automation_body(api, **changes), status=201)
    return made


def decided(api: Api, automation: dict[str, Any], **counts: int) -> list[dict[str, Any]]:
    """Wait until an automation has decided so often, and return its events, newest first."""
    wanted = {"evaluated": 0, "failed": 0, "not_matched": 0, "not_sampled": 0, **counts}
    deadline = time.monotonic() + 30
    while True:
        page = api.ok("GET", f"{AUTOMATIONS}{automation['id']}/events/")
        if page["decision_counts"] == wanted or time.monotonic() > deadline:
            assert page["decision_counts"] == wanted
            events: list[dict[str, Any]] = page["results"]
            return events
        time.sleep(0.03)


def record(api: Api, **attributes: Any) -> str:
    return str(
        api.ok("POST", "/api/request-logs/", {"input": "in", "output": "two words", **attributes}, status=201)["id"]
    )


def test_a_condition_has_the_shape_of_the_contract(api: Api) -> None:
    body = condition_body(description="Slower than two seconds")
    made = api.ok("POST", CONDITIONS, body, status=201)
    assert {name: made[name] for name in body} == body
    assert set(made) == {*body, "id", "unique_organization_id", "created_at", "updated_at"}
    for reference in (made["id"], body["condition_slug"]):
        assert api.ok("GET", f"{CONDITIONS}{reference}/") == made
    listed = api.ok("GET", f"{CONDITIONS}?search={body['condition_slug']}&condition_type=single_log")
    assert (listed["count"], listed["results"]) == (1, [made])
    assert listed["filters_data"] == {"condition_type": ["single_log"]}


def test_conditions_are_listed_by_twenty(api: Api) -> None:
    name = slug()
    for _ in range(21):
        new_condition(api, name=name)
    listed = api.ok("GET", f"{CONDITIONS}?search={name}")
    assert (listed["count"], len(listed["results"])) == (21, 20)
    assert len(api.ok("GET", listed["next"].removeprefix(api.url))["results"]) == 1


@pytest.mark.parametrize("prefix", ["/api/automation", "/automation", "/api", ""])
@pytest.mark.parametrize("end", ["/", ""])
def test_every_spelling_of_a_path_means_the_same(api: Api, prefix: str, end: str) -> None:
    condition = api.ok("POST", f"{prefix}/conditions{end}", condition_body(), status=201)
    body = automation_body(api, condition=condition["id"], is_enabled=False)
    automation = api.ok("POST", f"{prefix}/automations{end}", body, status=201)
    assert api.ok("GET", f"{prefix}/automations/{automation['automation_slug']}{end}") == automation
    assert api.ok("GET", f"{prefix}/conditions/{condition['id']}{end}") == condition
    assert api.ok("GET", f"{prefix}/automations/{automation['id']}/events{end}")["results"] == []


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"rules": [{"field": "latency", "operator": "x", "value": 1}]}, "Invalid operator 'x' for field 'latency'"),
        (
            {"rules": [{"field": "cost", "operator": "contains", "value": 1}]},
            "Invalid operator 'contains' for field 'cost'",
        ),
        ({"rules": [{"field": "latency", "operator": "equals", "value": "long"}]}, "latency: 'long' is not a number"),
        ({"rules": [{"field": "latency", "operator": "equals"}]}, "needs a value"),
        ({"rules": [{"field": "latncy", "operator": "equals", "value": 1}]}, "Did you mean 'latency'?"),
        ({"rules": [{"field": "scores.x", "operator": "equals", "value": 1}]}, "A log has no scores yet"),
        ({"rules": [{"field": "cost", "operator": "equals", "value": 1, "conector": "OR"}]}, 'Unknown key "conector"'),
        ({"rules": [7]}, "A rule is an object with field, operator and value, not 7."),
        ({"rules": {}}, "rules: Expected a list"),
        ({"rules": [], "connector": "XOR"}, "The connector must be AND or OR"),
        ([], "Expected an object with rules and connector."),
        ({"rules": [{"field": "model", "operator": "in", "value": ["x" * 70_000]}]}, "It has more than 64 KB."),
    ],
)
def test_a_wrong_policy_is_refused_and_says_why(api: Api, policy: Any, message: str) -> None:
    refused = api.refused("POST", CONDITIONS, condition_body(condition_policy=policy))
    assert list(refused) == ["condition_policy"]
    assert message in refused["condition_policy"][0]


def test_the_words_of_the_contract_for_a_wrong_operator(api: Api) -> None:
    policy = {"rules": [{"field": "status_code", "operator": "~", "value": 1}], "connector": "AND"}
    assert api.refused("POST", CONDITIONS, condition_body(condition_policy=policy)) == {
        "condition_policy": ["Invalid operator '~' for field 'status_code'"]
    }


def test_a_condition_over_many_logs_is_not_processable(api: Api) -> None:
    refused = api.refused("POST", CONDITIONS, condition_body(condition_type="aggregation"), status=422)
    assert refused == {"condition_type": ['"aggregation" is not a valid choice: use single_log.']}


def test_what_is_required_is_named(api: Api) -> None:
    required = ["This field is required."]
    names = ("name", "condition_slug", "condition_type", "condition_policy")
    assert api.refused("POST", CONDITIONS, {}) == dict.fromkeys(names, required)
    names = ("automation_slug", "name", "automation_type", "condition", "configuration")
    assert api.refused("POST", AUTOMATIONS, {}) == dict.fromkeys(names, required)
    body = automation_body(api)
    del body["evaluator_ids"]
    assert api.refused("POST", AUTOMATIONS, body) == {"evaluator_ids": required}


@pytest.mark.parametrize("wrong", ["", "a/b", ".hidden", "a b", "x" * 256])
def test_a_slug_is_something_that_a_path_can_hold(api: Api, wrong: str) -> None:
    assert list(api.refused("POST", CONDITIONS, condition_body(condition_slug=wrong))) == ["condition_slug"]


def test_a_condition_is_changed_and_deleted_unless_it_is_in_use(api: Api) -> None:
    condition = new_condition(api)
    path = f"{CONDITIONS}{condition['condition_slug']}/"
    changed = api.ok("PATCH", path, {"name": "Other", "condition_policy": {"rules": [], "connector": "OR"}})
    assert (changed["name"], changed["condition_policy"]) == ("Other", {"rules": [], "connector": "OR"})
    assert changed["condition_slug"] == condition["condition_slug"]
    api.refused("PATCH", path, {"condition_type": "aggregation"}, status=422)
    automation = new_automation(api, condition=condition["condition_slug"], is_enabled=False)
    refused = api.refused("DELETE", path, status=409)
    assert automation["automation_slug"] in refused["detail"]
    api.ok("DELETE", f"{AUTOMATIONS}{automation['id']}/", status=204)
    api.ok("DELETE", path, status=204)
    api.refused("GET", path, status=404)
    api.refused("DELETE", path, status=404)


def test_a_slug_is_taken_once(api: Api) -> None:
    condition = new_condition(api)
    same = condition_body(condition_slug=condition["condition_slug"])
    assert "is taken" in api.refused("POST", CONDITIONS, same, status=409)["detail"]


def test_an_automation_has_the_shape_of_the_contract(api: Api) -> None:
    condition = new_condition(api)
    evaluator = api.ok("GET", "/api/evaluators/word_count/")
    body = automation_body(api, condition=condition["condition_slug"], evaluator_ids=["word_count", evaluator["id"]])
    del body["is_enabled"]
    made = api.ok("POST", AUTOMATIONS, {**body, "configuration": {"sampling_rate": 0.25}}, status=201)
    assert {name: made[name] for name in ("automation_slug", "name", "automation_type")} == {
        name: body[name] for name in ("automation_slug", "name", "automation_type")
    }
    shown = ("id", "condition_slug", "name", "condition_type")
    assert made["condition"] == {name: condition[name] for name in shown}
    assert made["evaluator_ids"] == [evaluator["id"]]
    assert made["evaluator_details"] == [
        {name: evaluator[name] for name in ("id", "name", "evaluator_slug", "eval_class")}
    ]
    assert made["is_enabled"] is False
    assert made["configuration"] == {"evaluator_ids": [evaluator["id"]], "sampling_rate": 0.25}
    assert api.ok("GET", f"{AUTOMATIONS}?search={body['automation_slug']}")["results"] == [made]


@pytest.mark.parametrize(
    ("changes", "status", "answer"),
    [
        ({"evaluator_ids": []}, 400, {"evaluator_ids": ["At least one evaluator is required"]}),
        ({"evaluator_ids": ["word_count", "x"]}, 400, {"evaluator_ids": ["Evaluators not found: x"]}),
        (
            {"configuration": {"sampling_rate": 1.1}},
            400,
            {"configuration": {"sampling_rate": ["Sampling rate must be between 0.0 and 1.0"]}},
        ),
        (
            {"configuration": {"sampling_rate": -0.1}},
            400,
            {"configuration": {"sampling_rate": ["Sampling rate must be between 0.0 and 1.0"]}},
        ),
        (
            {"configuration": {"sampling_rate": "half"}},
            400,
            {"configuration": {"sampling_rate": ["A valid number is required."]}},
        ),
        ({"condition": UNKNOWN}, 404, {"condition": [f"Condition not found: {UNKNOWN}"]}),
        (
            {"automation_type": "monitor"},
            400,
            {"automation_type": ['"monitor" is not a valid choice: use online_eval.']},
        ),
    ],
)
def test_a_wrong_automation_is_refused_in_the_words_of_the_contract(
    api: Api, changes: dict[str, Any], status: int, answer: dict[str, Any]
) -> None:
    assert api.refused("POST", AUTOMATIONS, automation_body(api, **changes), status=status) == answer
    automation = new_automation(api, is_enabled=False)
    path = f"{AUTOMATIONS}{automation['id']}/"
    assert api.refused("PATCH", path, changes, status=status) == answer
    assert api.ok("GET", path) == automation


def test_without_a_key_nothing_is_told(api: Api) -> None:
    stranger = Api(api.url, None)
    for path in (CONDITIONS, AUTOMATIONS, f"{AUTOMATIONS}x/events/"):
        stranger.refused("GET", path, status=401)
    reader = Api(api.url, api.new_key(["read"]))
    reader.ok("GET", AUTOMATIONS)
    reader.refused("POST", CONDITIONS, condition_body(), status=403)


def test_new_logs_are_judged_from_the_moment_of_enabling_and_every_decision_says_why(api: Api) -> None:
    automation = new_automation(api, is_enabled=False)
    missed = record(api, latency=3)
    path = f"{AUTOMATIONS}{automation['automation_slug']}/"
    assert api.ok("PATCH", path, {"is_enabled": True})["is_enabled"] is True
    slow, fast = record(api, latency=2.5), record(api, latency=0.5)
    events = decided(api, automation, evaluated=1, not_matched=1)
    reasons = {event["log_id"]: (event["decision"], event["reason"]) for event in events}
    assert reasons == {
        slow: ("evaluated", "word_count: 2.0"),
        fast: ("not_matched", "latency is 0.5 (wanted: greater than 2)"),
    }
    assert missed not in reasons
    only = api.ok("GET", f"{path}events/?decision=not_matched")
    assert [event["log_id"] for event in only["results"]] == [fast]
    assert list(api.refused("GET", f"{path}events/?decision=maybe")) == ["decision"]
    # The score stands on the log, and says who gave it.
    scores = api.ok("GET", f"/api/request-logs/{slow}/")["scores"]
    found = list(scores.values()) if isinstance(scores, dict) else scores
    assert len(found) == 1
    assert api.ok("GET", f"/api/scores/{found[0]['id']}/")["automation_id"] == automation["id"]
    # Disabled, nothing runs.
    api.ok("PATCH", path, {"is_enabled": False})
    witness = new_automation(api)
    record(api, latency=9)
    decided(api, witness, evaluated=1)
    decided(api, automation, evaluated=1, not_matched=1)
    # The scores outlive the automation.
    api.ok("DELETE", path, status=204)
    api.refused("GET", path, status=404)
    api.refused("GET", f"{path}events/", status=404)
    assert api.ok("GET", f"/api/request-logs/{slow}/")["scores"] == scores


@pytest.mark.parametrize(
    ("field", "operator", "value", "fits", "differs"),
    [
        ("status_code", "equals", 500, {"status_code": 500}, {}),
        ("status_code", "not_equals", 200, {"status_code": 500}, {}),
        ("latency", "less_than", 1, {"latency": 0.5}, {"latency": 1}),
        ("latency", "greater_than_or_equal", 1, {"latency": 1}, {"latency": 0.5}),
        ("cost", "less_than_or_equal", 0.5, {"cost": 0.5}, {"cost": 0.6}),
        ("input_tokens", "greater_than", 10, {"prompt_tokens": 11}, {"prompt_tokens": 10}),
        ("output_tokens", "greater_than", 10, {"completion_tokens": 11}, {"completion_tokens": 10}),
        ("total_tokens", "greater_than", 10, {"prompt_tokens": 6, "completion_tokens": 6}, {"prompt_tokens": 6}),
        ("model", "contains", "gpt", {"model": "my-gpt"}, {"model": "claude"}),
        ("model", "not_contains", "gpt", {"model": "claude"}, {"model": "my-gpt"}),
        ("model", "in", ["a", "b"], {"model": "b"}, {"model": "c"}),
        ("model", "not_in", ["a", "b"], {"model": "c"}, {"model": "b"}),
        ("metadata.plan", "equals", "pro", {"metadata": {"plan": "pro"}}, {"metadata": {"plan": "free"}}),
    ],
)
def test_every_operator_and_field_of_the_contract(
    api: Api, field: str, operator: str, value: Any, fits: dict[str, Any], differs: dict[str, Any]
) -> None:
    policy = {"rules": [{"field": field, "operator": operator, "value": value}], "connector": "AND"}
    automation = new_automation(api, condition=new_condition(api, condition_policy=policy)["id"])
    good, bad = record(api, **fits), record(api, **differs)
    decisions = {event["log_id"]: event["decision"] for event in decided(api, automation, evaluated=1, not_matched=1)}
    assert decisions == {good: "evaluated", bad: "not_matched"}
    api.ok("DELETE", f"{AUTOMATIONS}{automation['id']}/", status=204)


def test_either_rule_is_enough_for_or(api: Api) -> None:
    rules = [
        {"field": "latency", "operator": "greater_than", "value": 2},
        {"field": "status_code", "operator": "greater_than_or_equal", "value": 500},
    ]
    condition = new_condition(api, condition_policy={"rules": rules, "connector": "OR"})
    automation = new_automation(api, condition=condition["id"])
    slow, broken, good = record(api, latency=3), record(api, status_code=503), record(api, latency=1)
    events = decided(api, automation, evaluated=2, not_matched=1)
    by_log = {event["log_id"]: event for event in events}
    assert [by_log[log]["decision"] for log in (slow, broken, good)] == ["evaluated", "evaluated", "not_matched"]
    assert by_log[good]["reason"] == (
        "latency is 1.0 (wanted: greater than 2); status_code is 200 (wanted: greater than or equal 500)"
    )


@pytest.mark.parametrize(
    "path", [f"{CONDITIONS}?search=%00", f"{CONDITIONS}?condition_type=a%00", f"{AUTOMATIONS}?search=%00"]
)
def test_a_search_for_what_no_text_holds_is_refused(api: Api, path: str) -> None:
    assert "U+0000" in str(api.refused("GET", path))


def test_another_organisation_finds_neither_conditions_nor_automations(api: Api, any_server: Server) -> None:
    other = Api(api.url, create_organization("other", any_server.data, any_server.environment))
    condition = new_condition(api)
    automation = new_automation(api, condition=condition["id"])
    for path in (f"{CONDITIONS}{condition['id']}/", f"{AUTOMATIONS}{automation['id']}/"):
        for method in ("GET", "DELETE"):
            other.refused(method, path, status=404)
        other.refused("PATCH", path, {"name": "mine"}, status=404)
    other.refused("GET", f"{AUTOMATIONS}{automation['id']}/events/", status=404)
    other.refused("POST", AUTOMATIONS, automation_body(other, condition=condition["id"]), status=404)
    assert other.ok("GET", AUTOMATIONS)["count"] == 0
    record(other, latency=9)
    log = record(api, latency=9)
    assert [event["log_id"] for event in decided(api, automation, evaluated=1)] == [log]


def test_environments_have_automations_of_their_own(api: Api) -> None:
    test = Api(api.url, api.new_key(["read", "write"], environment="test"))
    automation = new_automation(api, condition=new_condition(api, condition_policy={"rules": []})["id"])
    test.refused("GET", f"{AUTOMATIONS}{automation['id']}/", status=404)
    assert test.ok("GET", f"{AUTOMATIONS}?search={automation['automation_slug']}")["count"] == 0
    record(test)
    log = record(api)
    assert [event["log_id"] for event in decided(api, automation, evaluated=1)] == [log]
