"""What the OpenAPI document promises, held against a running server by schemathesis with a fixed seed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import BaseSchema, Case, GenerationMode, HookContext, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.config import (
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.flows.client import Api
from tests.server import running

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_EXAMPLES = {GenerationMode.POSITIVE: 25, GenerationMode.NEGATIVE: 12}
# What makes a drawn body or query one that is carried out, so that the answers of success are checked too.
_LIFTED = ("status", "timestamp", "start_time", "cost", "latency", "time_to_first_token", "prompt_tokens")
_RECORDED = {"input": 1, "trace_unique_id": "a-trace", "span_unique_id": "a", "customer_identifier": "somebody"}
_NOT_SAID = (
    "evaluator_slug", "type", "score_value_type", "description", "score_config", "passing_conditions", "llm_config",
    "code_config", "configurations", "categorical_choices", "custom_required_fields", "direction", "starred", "tags",
    "source_evaluator_id", "version_description",
)  # fmt: skip
_DEFINITION: dict[str, Any] = {**dict.fromkeys(_NOT_SAID), "eval_class": "output_char_count"}
_PROVIDER = {
    "kind": "scripted",
    "base_url": None,
    "models": ["scripted"],
    "prices": None,
    "limits": None,
    "is_enabled": None,
}
_UNSAID_OF_SCORE = (
    "evaluator_id", "string_value", "boolean_value", "categorical_value", "json_value", "timestamp", "dataset_id",
    "scorer", "explanation", "environment", "prompt_id", "prompt_version_number", "automation_id",
)  # fmt: skip
_SCORE: dict[str, Any] = {**dict.fromkeys(_UNSAID_OF_SCORE), "evaluator_slug": "fuzzed", "numerical_value": 1}
_POLICY = {"rules": [{"field": "model", "operator": "equals", "value": "nothing"}], "connector": "AND"}
_CONDITION = {"name": "fuzzed", "condition_type": "single_log", "condition_policy": _POLICY, "description": ""}
_AUTOMATION = {
    "name": "fuzzed", "automation_type": "online_eval", "condition": "fuzzed", "evaluator_ids": ["word_count"],
    "configuration": {"sampling_rate": 1.0}, "is_enabled": True,
}  # fmt: skip
_RUN = dict.fromkeys(("name", "trials", "budget_usd", "max_concurrency", "cache", "cluster_by", "seed"))
_MEANINGFUL: dict[str, dict[str, Any]] = {
    "POST /api/datasets/": {
        "name": "made",
        "is_empty": True,
        "source_dataset_id": None,
        "initial_log_filters": {"a": 1},
    },
    "POST /api/datasets/{dataset_id}/logs/": {"input": {"a": 1}},
    "POST /api/datasets/{dataset_id}/logs/bulk/": {"logs": [{"input": 1}, {"output": 2}, "x"]},
    "POST /api/datasets/{dataset_id}/logs/import/": {"log_ids": ["a"], "granularity": None, "environments": None},
    "DELETE /api/datasets/{dataset_id}/logs/delete/": {"filters": {"input": "nothing"}, "operator": None},
    "PATCH /api/datasets/{dataset_id}/versions/{reference}/": {"tag": "a-tag"},
    "POST /api/datasets/{dataset_id}/eval-reports/create/": {
        **_RUN,
        "evaluator_slugs": ["char_count_eval", "x"],
        "evaluator_ids": None,
        "dataset_version": None,
        "generation_method": None,
        "manifest": None,
    },
    "POST /api/datasets/{dataset_id}/eval-reports/{report_id}/rerun/": _RUN,
    "POST /api/datasets/{dataset_id}/eval-reports/{report_id}/verify/": {"manifest": None},
    "POST /api/evaluators/": {"name": "made", **_DEFINITION},
    "PATCH /api/evaluators/{evaluator_id}/": {"name": "made", **_DEFINITION},
    "PUT /api/evaluators/{evaluator_id}/": {"name": "made", **_DEFINITION},
    "POST /api/evaluators/{evaluator_id}/run/": {"inputs": {"output": "a"}, "generation_method": "auto"},
    "POST /api/evaluators/{evaluator_id}/versions/": {"name": "made", **_DEFINITION},
    "PATCH /api/evaluators/{evaluator_id}/versions/{version}/": {"name": "made", **_DEFINITION},
    "PUT /api/evaluators/{evaluator_id}/versions/{version}/": {"name": "made", **_DEFINITION},
    "POST /api/providers/": {"name": "made", "key": "a-key", **_PROVIDER},
    "PATCH /api/providers/{provider_id}/": {"name": "changed", "key": "a-key", **_PROVIDER},
    "POST /api/providers/{provider_id}/test/": {"model": "scripted"},
    "POST /api/scores/": _SCORE,
    "PATCH /api/scores/{score_id}/": _SCORE,
    "PUT /api/scores/{score_id}/": _SCORE,
    "POST /api/logs/{log_id}/scores/": _SCORE,
    "PATCH /api/logs/{log_id}/scores/{score_id}/": _SCORE,
    "PUT /api/logs/{log_id}/scores/{score_id}/": _SCORE,
    "POST /api/conditions/": {**_CONDITION, "condition_slug": "made"},
    "PATCH /api/conditions/{reference}/": {**_CONDITION, "condition_slug": "fuzzed"},
    "POST /api/automations/": {**_AUTOMATION, "automation_slug": "made"},
    "PATCH /api/automations/{reference}/": {**_AUTOMATION, "automation_slug": "fuzzed"},
    "POST /api/views/": {"name": "made", "page": "logs", "query": "q=a", "subject_id": None},
    "PATCH /api/views/{view_id}/": {"name": "changed", "query": "q=b", "is_shared": True, "is_pinned": None},
    "POST /api/keys/": {"name": "made"},
    "POST /api/request-logs/": {"input": "a", **dict.fromkeys(_LIFTED)},
    "POST /api/request-logs/bulk/": {"logs": [{"input": 1}, "x"]},
    "POST /api/request-logs/batch/create/": {"logs": [{"input": 1}, "x"]},
    "POST /api/traces/ingest/": {"data": [{"input": "a"}, "x"]},
    "POST /api/openai/v1/traces/ingest/": {"data": [{"object": "trace", "id": "a"}, "x"]},
    "POST /api/v2/traces/": {"resourceSpans": []},
    "POST /api/traces/bulk-delete/": {"filters": {"id": "nothing"}, "operator": None, "start_time": None},
    "PATCH /api/request-logs/batch-update/": {"logs": [{"unique_id": "nothing", "note": "a"}]},
    "PATCH /api/request-logs/{unique_id}/": {"metadata": {"a": 1}, "custom_identifier": "a"},
}
_MATCHES = {"evaluator_slug": "exact_match"}
_MEANINGFUL_QUERY: dict[str, dict[str, Any]] = {
    "GET /api/datasets/{dataset_id}/versions/diff/": {"from": "0", "to": "1"},
    "GET /api/datasets/{dataset_id}/logs/list/": {"version": "1"},
    "GET /api/datasets/{dataset_id}/logs/{log_id}/": {"version": "1"},
    "GET /api/datasets/{dataset_id}/eval-reports/{report_id}/rows/": {**_MATCHES, "sort": "worst", "label": "c:1"},
    "GET /api/datasets/{dataset_id}/eval-reports/{report_id}/slices/": {**_MATCHES, "by": "metadata.c"},
    "GET /api/datasets/{dataset_id}/eval-reports/{report_id}/power/": {**_MATCHES, "effect": "0.1", "rows": "10"},
    "GET /api/datasets/{dataset_id}/eval-reports/{report_id}/agreement/": _MATCHES,
    "GET /api/datasets/{dataset_id}/eval-reports/{report_id}/pass-rate/": {**_MATCHES, "at_least": "0.5"},
    "POST /api/datasets/{dataset_id}/logs/import-file/": {"format": "jsonl", "mapping": "", "delimiter": ","},
}


# These would take away what all the others need.
_KEPT = (
    "DELETE /api/datasets/{dataset_id}/eval-reports/{report_id}/",
    "DELETE /api/datasets/{dataset_id}/",
    "DELETE /api/datasets/{dataset_id}/logs/{log_id}/",
    "DELETE /api/request-logs/{unique_id}/",
    "DELETE /api/evaluators/{evaluator_id}/",
    "DELETE /api/providers/{provider_id}/",
    "DELETE /api/scores/{score_id}/",
    "DELETE /api/logs/{log_id}/scores/{score_id}/",
    "DELETE /api/conditions/{reference}/",
    "DELETE /api/automations/{reference}/",
    "DELETE /api/views/{view_id}/",
)
# A stream ends only with its listener: tests/flows/test_events.py follows it.
_ENDLESS = ("GET /api/events/",)
_ALL_KEPT = {*_KEPT, "DELETE /api/traces/{trace_unique_id}/"}


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Api]:
    """A client of a server of its own: nothing else needs what is left there."""
    with running() as server:
        api = Api(server.url, server.api_key)
        yield api
        api.close()


@pytest.fixture(scope="module")
def document(fuzzed: Api) -> BaseSchema:
    """The document of the running server; half of the ids that are drawn from it become ids of real things."""
    dataset = fuzzed.dataset("fuzzed", [{"input": "a", "output": "b", "expected_output": "b", "metadata": {"c": 1}}])
    report = fuzzed.run_report(dataset, ["char_count_eval", "exact_match"])
    emptied = fuzzed.dataset("emptied", [{"input": "a"}])
    imported = fuzzed.ok(
        "POST", f"/api/datasets/{dataset}/logs/import-file/?format=jsonl", status=201, data=b'{"input": 1}\n'
    )
    recorded = fuzzed.ok("POST", "/api/request-logs/", _RECORDED, status=201)
    evaluators = [
        fuzzed.ok("POST", "/api/evaluators/", {"name": name, **_DEFINITION}, status=201)["id"] for name in ("a", "b")
    ]
    provider = fuzzed.ok("POST", "/api/providers/", {"name": "fuzzed", **_PROVIDER}, status=201)
    row = fuzzed.rows(dataset)[0]["id"]
    score = fuzzed.ok("POST", f"/api/logs/{row}/scores/", {**_SCORE, "scorer": "somebody"}, status=201)
    fuzzed.ok("POST", "/api/conditions/", {**_CONDITION, "condition_slug": "fuzzed"}, status=201)
    fuzzed.ok("POST", "/api/automations/", {**_AUTOMATION, "automation_slug": "fuzzed"}, status=201)
    view = fuzzed.ok("POST", "/api/views/", {"name": "fuzzed", "page": "logs", "query": ""}, status=201)
    real = {
        "view_id": view["id"],
        "dataset_id": dataset,
        "log_id": row,
        "score_id": score["id"],
        "report_id": report["id"],
        "reference": "1",
        "evaluator_id": evaluators[0],
        "version": "0",
        "provider_id": provider["id"],
        "job_id": imported["job_id"],
        "unique_id": recorded["id"],
        "trace_unique_id": "a-trace",
        "customer_identifier": "somebody",
    }
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=False))
    generation = GenerationConfig(deterministic=True, with_security_parameters=False)
    project = ProjectConfig(generation=generation, phases=phases)
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    schema = openapi.from_dict(fuzzed.ok("GET", "/openapi.json"), config=config)
    schema.config.update(base_url=fuzzed.url)

    def often(value: Any) -> bool:
        # The same for the same value on every run.
        return zlib.crc32(repr(value).encode()) % 4 > 0

    @schema.hook
    def map_path_parameters(context: HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        label = "" if context.operation is None else context.operation.label
        if label.endswith("/logs/delete/"):
            return {"dataset_id": emptied}
        if label.endswith("/versions/{version}/"):
            # Nobody commits its draft.
            return {"evaluator_id": evaluators[1], "version": "0"}
        is_kept = label in _ALL_KEPT
        # Versions go by number, conditions and automations by slug.
        known = real if "/versions/" in label else {**real, "reference": "fuzzed"}
        return {
            name: known[name] if name in known and often(value) and not is_kept else value
            for name, value in (path_parameters or {}).items()
        }

    @schema.hook
    def map_body(context: HookContext, body: Any) -> Any:
        if context.operation is None or not often(body):
            return body
        if context.operation.label.endswith("/bench/"):
            return {"dataset_id": dataset}
        if context.operation.label.endswith("/import-file/"):
            return b'{"input": 1}\n{"output": 1}\n'
        return {**body, **_MEANINGFUL.get(context.operation.label, {})} if isinstance(body, dict) else body

    @schema.hook
    def map_query(context: HookContext, query: dict[str, Any] | None) -> dict[str, Any] | None:
        if context.operation is None or not often(query):
            return query
        return {**(query or {}), **_MEANINGFUL_QUERY.get(context.operation.label, {})}

    return schema


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_document_promises(
    document: BaseSchema, fuzzed: Api, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    statuses: dict[str, set[int]] = {}
    operations = [found.ok() for found in document.get_all_operations() if found.ok().label not in _ENDLESS]
    assert len(operations) > 100
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not (len(operation.body) or len(operation.query)):
            continue

        @settings(
            max_examples=_EXAMPLES[mode],
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def fits(case: Case) -> None:
            answer = case.call_and_validate(session=fuzzed.session, checks=CHECKS)
            statuses.setdefault(case.operation.label, set()).add(answer.status_code)

        with subtests.test(operation.label):
            fits()
    if mode is GenerationMode.POSITIVE:
        unsuccessful = {label for label, seen in statuses.items() if min(seen) >= 300}
        assert unsuccessful == {*_KEPT, "DELETE /api/keys/{key_id}/"}
