"""Evaluators that people make: created, changed, versioned, listed, deleted."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import pytest

from tests.flows.client import Api

EVALUATORS = "/api/evaluators/"
UNKNOWN = "019f0000-0000-7000-8000-000000000000"


def unique(name: str) -> str:
    return f"{name}_{secrets.token_hex(4)}"


def made(api: Api, **body: Any) -> dict[str, Any]:
    """Create an evaluator under a name that nobody else uses."""
    body.setdefault("name", unique("evaluator"))
    created: dict[str, Any] = api.ok("POST", EVALUATORS, body, status=201)
    return created


def judge(api: Api, **body: Any) -> dict[str, Any]:
    body.setdefault("llm_config", {"model": "scripted", "evaluator_definition": "Is {{output}} polite?"})
    return made(api, score_value_type="boolean", **body)


def path_of(evaluator: dict[str, Any], rest: str = "") -> str:
    return f"{EVALUATORS}{evaluator['id']}/{rest}"


FLAT = {
    "type": "llm",
    "score_value_type": "numerical",
    "description": "How é good",
    "score_config": {"min_score": 1, "max_score": 5, "choices": []},
    "passing_conditions": {"primary_score": {"operator": "gte", "value": 3}},
    "llm_config": {
        "model": "scripted", "evaluator_definition": "Rate {{output}}", "scoring_rubric": "1 bad", "temperature": 0.1,
        "max_tokens": 200, "top_p": 1.0, "stop": ["x"], "response_format": {"type": "json"}, "verbosity": "low",
    },
    "custom_required_fields": ["input", "metadata.topic"],
    "starred": True,
    "tags": ["nightly", "ü"],
}  # fmt: skip


def test_the_flat_form_comes_back_as_it_was_sent_with_what_clients_parse(any_api: Api) -> None:
    name = unique("Quality")
    created = made(any_api, name=name, evaluator_slug=name, **FLAT)
    assert {key: created[key] for key in FLAT if key != "tags"} == {key: FLAT[key] for key in FLAT if key != "tags"}
    assert [tag["name"] for tag in created["tags"]] == FLAT["tags"]
    assert (created["name"], created["evaluator_slug"], created["slug"]) == (name, name, name)
    assert (created["version"], created["is_read_only"], created["version_count"]) == (0, False, 1)
    assert (created["code_config"], created["configurations"], created["categorical_choices"]) == (None, {}, None)
    assert created["warnings"] == []
    assert created["created_by"] == created["updated_by"] == created["editor"]
    assert datetime.fromisoformat(created["created_at"]).tzinfo is not None
    read = any_api.ok("GET", path_of(created))
    assert {**read, "warnings": []} == created
    for reference in (name, f"{name}:0", f"{created['id']}:0"):
        assert any_api.ok("GET", f"{EVALUATORS}{reference}/") == read


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"llm_config": {"model": "m", "evaluator_definition": "d"}}, ("llm", "numerical")),
        ({"code_config": {"eval_code_snippet": "def main(eval_inputs):\n    return 1"}}, ("code", "numerical")),
        ({"configurations": {"evaluator_definition": "d", "llm_engine": "gpt-4o"}}, ("llm", "numerical")),
        ({"configurations": {"eval_code_snippet": "def evaluate(llm_input, llm_output, **kwargs):\n    return 1"}},
         ("code", "numerical")),
        ({"eval_class": "keywordsai_custom_llm"}, ("llm", "numerical")),
        ({"eval_class": "respan_custom_llm"}, ("llm", "numerical")),
        ({"eval_class": "custom_code"}, ("code", "numerical")),
        ({"eval_class": "exact_match"}, ("code", "boolean")),
        ({}, ("human", "numerical")),
        ({"score_config": {"choices": [{"name": "a", "value": 1}]}}, ("human", "single_select")),
        ({"categorical_choices": [{"name": "a", "value": 1}]}, ("human", "categorical")),
        ({"type": "human", "llm_config": {"model": "m", "evaluator_definition": "d"}}, ("human", "numerical")),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_client_leaves_out_follows_from_what_it_sends(
    any_api: Api, body: dict[str, Any], expected: tuple[str, str]
) -> None:
    created = made(any_api, **body)
    assert (created["type"], created["score_value_type"]) == expected
    read = any_api.ok("GET", path_of(created))
    assert {name: read[name] for name in body if name not in ("configurations", "eval_class")} == {
        name: value for name, value in body.items() if name not in ("configurations", "eval_class")
    }


def test_the_slug_follows_from_the_name_and_is_free(any_api: Api) -> None:
    tail = secrets.token_hex(4)
    first = made(any_api, name=f"  Réponse: Quality / {tail}!  ")
    assert (first["name"], first["slug"]) == (f"Réponse: Quality / {tail}!", f"reponse_quality_{tail}")
    second = made(any_api, name=first["name"])
    assert second["slug"].startswith(f"{first['slug']}_")
    assert second["warnings"] == []
    assert made(any_api, name="質問")["slug"].startswith("evaluator")
    # What stands for something else in a path is nobody's slug.
    for name in ("List", "summary"):
        slug = made(any_api, name=name)["slug"]
        assert slug.startswith(f"{name.lower()}_")
        any_api.ok("GET", f"{EVALUATORS}{slug}/")


def test_a_script_that_names_its_slugs_can_run_twice(any_api: Api) -> None:
    slug = unique("response_quality")
    assert made(any_api, evaluator_slug=slug)["slug"] == slug
    again = made(any_api, evaluator_slug=slug)
    assert again["slug"] != slug
    assert again["slug"].startswith(f"{slug}_")
    assert slug in again["warnings"][0]
    assert again["slug"] in again["warnings"][0]


def test_a_slug_is_changed_to_a_free_one_only(any_api: Api) -> None:
    first, second = made(any_api), made(any_api)
    free = unique("free")
    assert any_api.ok("PATCH", path_of(first), {"evaluator_slug": free})["slug"] == free
    assert any_api.ok("PATCH", path_of(first), {"evaluator_slug": free})["slug"] == free
    for slug in (second["slug"], "exact_match", "summary"):
        refused = any_api.refused("PATCH", path_of(first), {"evaluator_slug": slug})
        assert refused == {"evaluator_slug": ["An evaluator with this slug already exists."]}


def test_a_categorical_evaluator_is_made_without_choices_as_upstream_scripts_do(any_api: Api) -> None:
    body = {"type": "llm", "score_value_type": "categorical", "configurations": {"evaluator_definition": "{{output}}"}}
    created = made(any_api, **body)
    assert "choices" in created["warnings"][0]
    refused = any_api.refused("POST", path_of(created, "run/"), {"inputs": {"output": "a"}})
    assert list(refused) == ["categorical_choices"]
    text = "This field is required when score_value_type is 'categorical'."
    for method, path in (("POST", EVALUATORS), ("PATCH", path_of(created)), ("PUT", path_of(created))):
        empty = {"name": "a", **body, "categorical_choices": []}
        assert any_api.refused(method, path, empty, status=422) == {"categorical_choices": [text]}
    choices = [{"name": "good", "value": 1}, {"name": "bad", "value": "no"}, {"name": "so", "value": False}]
    changed = any_api.ok("PATCH", path_of(created), {"categorical_choices": choices})
    assert changed["categorical_choices"] == choices


def test_a_built_in_takes_configurations_as_its_parameters(any_api: Api) -> None:
    created = made(any_api, eval_class="regex", configurations={"pattern": "^a+$", "full_match": True})
    assert created["configurations"] == {"pattern": "^a+$", "ignore_case": False, "full_match": True}
    run = path_of(created, "run/")
    assert [any_api.ok("POST", run, {"inputs": {"output": text}})["score"] for text in ("aa", "ab")] == [True, False]
    changed = any_api.ok("PATCH", path_of(created), {"configurations": {"pattern": "^b+$", "full_match": None}})
    assert changed["configurations"] == {"pattern": "^b+$", "ignore_case": False, "full_match": False}
    assert any_api.ok("POST", run, {"inputs": {"output": "bb"}})["score"] is True
    for wrong in ({"patern": "a"}, {"pattern": "("}, {"pattern": 5}, {"ignore_case": "yes"}):
        refused = any_api.refused("PATCH", path_of(created), {"configurations": wrong})
        (name,) = wrong
        assert refused["configurations"][0].startswith(f"Configuration validation failed: {name}: ")
    assert any_api.ok("GET", path_of(created)) == changed
    for field, value in (("score_value_type", "text"), ("type", "llm")):
        assert list(any_api.refused("PATCH", path_of(created), {field: value})) == [field]


def test_a_number_of_a_built_in_passes_from_the_score_that_it_is_given(any_api: Api) -> None:
    created = made(any_api, eval_class="output_char_count", configurations={"passing_score": 3})
    assert created["configurations"] == {"passing_score": 3}
    passed = [
        any_api.ok("POST", path_of(created, "run/"), {"inputs": {"output": text}})["is_passed"]
        for text in ("ab", "abc")
    ]
    assert passed == [False, True]


def test_a_patch_merges_configurations_and_replaces_the_flat_objects(any_api: Api) -> None:
    body = {"evaluator_definition": "{{output}}", "model_options": {"temperature": 0, "max_tokens": 5}, "min_score": 1}
    created = made(any_api, type="llm", configurations=body, score_config={"min_score": 0, "max_score": 9})
    changed = any_api.ok(
        "PATCH",
        path_of(created),
        {"configurations": {"min_score": None, "model_options": {"temperature": 1}, "passing_score": 4},
         "score_config": {"max_score": 7}, "description": None},
    )  # fmt: skip
    assert changed["configurations"] == {
        "evaluator_definition": "{{output}}", "model_options": {"temperature": 1}, "passing_score": 4,
    }  # fmt: skip
    assert changed["score_config"] == {"max_score": 7}
    assert changed["description"] == ""
    unchanged = ("id", "name", "slug", "type", "score_value_type", "version", "version_id", "created_at")
    assert {name: changed[name] for name in unchanged} == {name: created[name] for name in unchanged}
    assert changed["updated_at"] > created["updated_at"]
    cleared = any_api.ok("PATCH", path_of(created), {"score_config": None, "llm_config": None})
    assert (cleared["score_config"], cleared["llm_config"]) == ({}, None)


def test_a_put_replaces_all_but_the_slug_and_the_tags(any_api: Api) -> None:
    created = judge(any_api, description="old", starred=True, tags=["t"], configurations={"a": 1})
    replaced = any_api.ok("PUT", path_of(created), {"name": "new", "type": "human"})
    assert (replaced["name"], replaced["type"], replaced["score_value_type"]) == ("new", "human", "numerical")
    assert (replaced["description"], replaced["starred"], replaced["llm_config"]) == ("", False, None)
    assert (replaced["configurations"], replaced["slug"], replaced["tags"]) == ({}, created["slug"], created["tags"])
    assert any_api.refused("PUT", path_of(created), {"type": "human"}) == {"name": ["This field is required."]}


def test_what_a_client_reads_it_can_send_back(any_api: Api) -> None:
    for created in (made(any_api, **FLAT), made(any_api, eval_class="regex"), judge(any_api)):
        read = any_api.ok("GET", path_of(created))
        for method in ("PATCH", "PUT"):
            sent = any_api.ok(method, path_of(created), read)
            assert {**sent, "updated_at": read["updated_at"]} == read


def test_tags_are_taken_as_texts_numbers_and_objects(any_api: Api) -> None:
    tags = ["a", 7, {"id": 3, "name": "named", "color": "#fff"}, " a "]
    created = made(any_api, tags=tags)
    assert [tag["name"] for tag in created["tags"]] == ["a", "7", "named"]
    assert all(tag.keys() == {"id", "name", "color"} and isinstance(tag["id"], int) for tag in created["tags"])


def test_a_built_in_is_read_only_and_can_be_copied(any_api: Api) -> None:
    name = unique("my regex")
    for method, path, body in (
        ("PATCH", "regex/", {"name": "x"}),
        ("PUT", "regex/", {"name": "x"}),
        ("POST", "regex/versions/", {}),
        ("PATCH", "regex/versions/1/", {"starred": True}),
        ("DELETE", "regex/", None),
    ):
        assert "regex" in any_api.refused(method, EVALUATORS + path, body, status=403)["detail"]
    copied = made(any_api, name=name, source_evaluator_id="regex", configurations={"pattern": "x"})
    assert (copied["is_builtin"], copied["is_read_only"], copied["version"]) == (False, False, 0)
    assert (copied["eval_class"], copied["configurations"]["pattern"]) == ("regex", "x")
    copy_of_copy = any_api.ok("POST", EVALUATORS, {"source_evaluator_id": copied["slug"]}, status=201)
    assert (copy_of_copy["name"], copy_of_copy["configurations"]) == (name, copied["configurations"])
    assert copy_of_copy["slug"] != copied["slug"]
    any_api.refused("POST", EVALUATORS, {"source_evaluator_id": UNKNOWN}, status=404)


def test_a_commit_freezes_the_draft_and_answers_with_the_next(any_api: Api) -> None:
    created = judge(any_api)
    following = any_api.ok(
        "POST", path_of(created, "versions/"), {"version_description": "first", "description": "changed"}, status=201
    )
    assert (following["version"], following["is_read_only"], following["version_description"]) == (1, False, "")
    assert following["version_id"] != created["version_id"]
    assert (following["id"], following["llm_config"]) == (created["id"], created["llm_config"])
    any_api.ok("PATCH", path_of(created), {"name": "renamed draft"})
    frozen = any_api.ok("GET", path_of(created, "versions/0/"))
    assert (frozen["is_read_only"], frozen["version_description"], frozen["description"]) == (True, "first", "changed")
    assert (frozen["name"], frozen["version_id"]) == (created["name"], created["version_id"])
    for path in ("versions/", "versions/list/"):
        listed = any_api.ok("GET", path_of(created, path))
        assert listed["count"] == 2
        assert [(item["version"], item["is_read_only"]) for item in listed["results"]] == [(1, False), (0, True)]
        assert listed["results"][1] == frozen
    assert any_api.ok("POST", path_of(created, "versions/list/"), {"page_size": 1})["results"] == [listed["results"][0]]
    assert any_api.ok("GET", path_of(created))["version_count"] == 2


def test_a_read_only_version_is_not_changed_by_any_path(any_api: Api) -> None:
    created = judge(any_api)
    any_api.ok("POST", path_of(created, "versions/"), {}, status=201)
    before = any_api.ok("GET", path_of(created, "versions/0/"))
    for path in (f"{created['id']}/versions/0/", f"{created['id']}:0/", f"{created['slug']}:0/"):
        for method in ("PATCH", "PUT"):
            refused = any_api.refused(method, EVALUATORS + path, {"name": "x"}, status=403)
            assert "Version 0 is read-only" in refused["detail"]
    assert any_api.ok("GET", path_of(created, "versions/0/")) == before
    for path in (f"{created['id']}/versions/1/", f"{created['id']}:1/"):
        changed = any_api.ok("PATCH", EVALUATORS + path, {"description": path})
        assert (changed["version"], changed["description"]) == (1, path)
    for number in ("2", "-1", "x", "9" * 40, "1.0", "²"):
        any_api.refused("GET", path_of(created, f"versions/{number}/"), status=404)


def test_a_report_runs_the_version_that_it_names(any_api: Api) -> None:
    created = made(any_api, eval_class="regex", configurations={"pattern": "^a$"})
    any_api.ok("POST", path_of(created, "versions/"), {}, status=201)
    any_api.ok("PATCH", path_of(created), {"configurations": {"pattern": "^b$"}})
    scores = {
        reference: any_api.ok("POST", f"{EVALUATORS}{reference}/run/", {"inputs": {"output": "a"}})["score"]
        for reference in (created["slug"], f"{created['slug']}:0", f"{created['id']}:1")
    }
    assert list(scores.values()) == [False, True, False]


def test_a_deleted_evaluator_is_gone_with_its_versions(any_api: Api) -> None:
    created = judge(any_api)
    any_api.ok("POST", path_of(created, "versions/"), {}, status=201)
    any_api.ok("DELETE", path_of(created), status=204)
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "versions/"), ("GET", "versions/0/"), ("PATCH", "")):
        body = {"name": "x"} if method == "PATCH" else None
        assert any_api.refused(method, path_of(created, rest), body, status=404)["detail"] == "Evaluator not found"


def test_lists_are_searched_filtered_and_sorted(any_api: Api) -> None:
    mark = secrets.token_hex(4)
    first = judge(any_api, name=f"First {mark}", tags=["x", mark], starred=True)
    second = made(any_api, name=f"Second {mark.upper()}", tags=["ü"])

    def found(query: str = "", filters: Any = None) -> list[str]:
        if filters is None:
            page = any_api.ok("GET", f"{EVALUATORS}?page_size=100&{query}")
        else:
            page = any_api.ok("POST", f"{EVALUATORS}list/?page_size=100&{query}", {"filters": filters})
        return [item["id"] for item in page["results"] if item["id"] in (first["id"], second["id"])]

    both = [first["id"], second["id"]]
    assert found(f"search={mark}") == both
    assert found(f"search={mark}&sort_by=-name") == both[::-1]
    assert found(f"search={first['slug']}") == [first["id"]]
    assert found("type=llm") == found("score_value_type=boolean") == found("starred=true") == [first["id"]]
    assert found(f"tags={mark}") == found(f"tags=nobody,{mark}") == [first["id"]]
    assert found(f"tags={mark},%C3%BC") == both
    assert found("tags=nobody") == []
    filters = {"name": {"operator": "icontains", "value": [mark]}, "type": {"operator": "", "value": ["human"]}}
    assert found(filters=filters) == [second["id"]]
    summary = any_api.ok("POST", f"{EVALUATORS}summary/", {"filters": filters})
    assert summary == {"total_count": 1}
    page = any_api.ok("GET", f"{EVALUATORS}?type=llm&tags=a,b&search=zzz")
    echoed = {"search": "zzz", "starred": None, "tags": "a,b", "score_value_type": None}
    assert {name: page["current_filters"][name] for name in echoed} == echoed
    assert "filters_data" not in page
    data = any_api.ok("POST", f"{EVALUATORS}list/?fetch_filters=true", {})["filters_data"]
    assert data["type"]["operator_choices"]


# Wrong bodies ---------------------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name"),
    ({"name": " "}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": 5}, "name"),
    ({"evaluator_slug": "a/b"}, "evaluator_slug"),
    ({"evaluator_slug": "a:1"}, "evaluator_slug"),
    ({"evaluator_slug": ".."}, "evaluator_slug"),
    ({"evaluator_slug": ""}, "evaluator_slug"),
    ({"evaluator_slug": "x" * 101}, "evaluator_slug"),
    ({"evaluator_slug": ["a"]}, "evaluator_slug"),
    ({"type": "function"}, "type"),
    ({"type": {}}, "type"),
    ({"score_value_type": "stars"}, "score_value_type"),
    ({"eval_class": "x" * 201}, "eval_class"),
    ({"eval_class": []}, "eval_class"),
    ({"description": "x" * 20_001}, "description"),
    ({"description": {}}, "description"),
    ({"score_config": []}, "score_config"),
    ({"score_config": {"min_score": "a"}}, "score_config.min_score"),
    ({"score_config": {"min_score": 5, "max_score": 1}}, "score_config.max_score"),
    ({"score_config": {"choices": "a"}, "score_value_type": "single_select"}, "score_config.choices"),
    ({"score_config": {"choices": [{"value": 1}]}, "score_value_type": "single_select"}, "score_config.choices"),
    ({"passing_conditions": [1]}, "passing_conditions"),
    ({"passing_conditions": {"primary_score": {"operator": "above", "value": 1}}}, "passing_conditions.primary_score"),
    ({"passing_conditions": {"no_such": {"operator": "gte", "value": 1}}}, "passing_conditions.no_such"),
    ({"llm_config": "gpt"}, "llm_config"),
    ({"llm_config": {"model": "m"}}, "llm_config.evaluator_definition"),
    ({"llm_config": {"model": 5, "evaluator_definition": "d"}}, "llm_config.model"),
    ({"llm_config": {"model": "m", "evaluator_definition": "d", "temperature": "hot"}}, "llm_config.temperature"),
    ({"llm_config": {"model": "m", "evaluator_definition": "d" * 200_001}}, "llm_config.evaluator_definition"),
    ({"code_config": []}, "code_config"),
    ({"code_config": {"eval_code_snippet": None}}, "code_config.eval_code_snippet"),
    ({"code_config": {"eval_code_snippet": 5}}, "code_config.eval_code_snippet"),
    ({"code_config": {"eval_code_snippet": "def main(:"}}, "code_config.eval_code_snippet"),
    ({"configurations": []}, "configurations"),
    ({"type": "llm", "configurations": {"evaluator_definition": 5}}, "configurations"),
    ({"type": "llm", "configurations": {"evaluator_definition": "d", "model_options": "x"}}, "configurations"),
    ({"type": "code", "configurations": {"eval_code_snippet": "def main(:"}}, "configurations"),
    ({"categorical_choices": "a"}, "categorical_choices"),
    ({"categorical_choices": [{"value": 1}]}, "categorical_choices.0.name"),
    ({"categorical_choices": [{"name": "a", "value": []}]}, "categorical_choices.0.value"),
    ({"categorical_choices": [{"name": "a"}, {"name": "a"}]}, "categorical_choices"),
    ({"categorical_choices": [{"name": str(place)} for place in range(501)]}, "categorical_choices"),
    ({"custom_required_fields": [1]}, "custom_required_fields.0"),
    ({"custom_required_fields": [""]}, "custom_required_fields"),
    ({"direction": "up"}, "direction"),
    ({"starred": "maybe"}, "starred"),
    ({"tags": "a"}, "tags"),
    ({"tags": [None]}, "tags"),
    ({"tags": [{"color": "red"}]}, "tags"),
    ({"tags": ["x" * 101]}, "tags"),
    ({"tags": [str(place) for place in range(21)]}, "tags"),
    ({"configurations": {"a": "x" * 1_100_000}}, "detail"),
]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=lambda part: str(part)[:60])
def test_what_is_wrong_in_a_definition_is_named_and_nothing_is_stored(
    any_api: Api, body: dict[str, Any], field: str
) -> None:
    count = any_api.ok("GET", f"{EVALUATORS}summary/")["total_count"]
    refused = any_api.refused("POST", EVALUATORS, {"name": "a", **body})
    assert list(refused) == [field]
    assert any_api.ok("GET", f"{EVALUATORS}summary/")["total_count"] == count


def test_what_is_wrong_in_a_change_leaves_the_draft_as_it_was(any_api: Api) -> None:
    created = made(any_api)
    before = any_api.ok("GET", path_of(created))
    for body, field in WRONG[1:]:
        for path in (path_of(created), path_of(created, "versions/0/")):
            assert field in any_api.refused("PATCH", path, body)
    assert any_api.refused("POST", path_of(created, "versions/"), {"description": []}) == {
        "description": ["Not a valid string."]
    }
    assert any_api.ok("GET", path_of(created)) == before


STRANGE = [None, True, 0, -1, 1.5, 10**300, "", "x", "x" * 70_000, [], [[]], [None], {}, {"a": {"b": [1]}}, [{"a": 1}]]
FIELDS = (
    "name", "evaluator_slug", "type", "score_value_type", "eval_class", "description", "score_config",
    "passing_conditions", "llm_config", "code_config", "configurations", "categorical_choices",
    "custom_required_fields", "direction", "starred", "tags", "source_evaluator_id", "version_description",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_nothing_that_stands_in_a_field_breaks_the_server(any_api: Api, field: str) -> None:
    created = judge(any_api)
    for value in STRANGE:
        for method, path in (
            ("POST", EVALUATORS), ("PATCH", path_of(created)), ("PUT", path_of(created)),
            ("POST", path_of(created, "versions/")),
        ):  # fmt: skip
            answer = any_api(method, path, json={"name": "strange", field: value})
            assert answer.status_code in (200, 201, 400, 404, 422), (field, str(value)[:80], answer.text[:500])
            assert isinstance(answer.json(), dict)


def test_a_key_that_may_only_read_changes_nothing(any_api: Api) -> None:
    created = judge(any_api)
    reader = Api(any_api.url, any_api.new_key(["read"]))
    for method, path in (
        ("POST", EVALUATORS), ("PATCH", path_of(created)), ("PUT", path_of(created)), ("DELETE", path_of(created)),
        ("POST", path_of(created, "versions/")), ("PATCH", path_of(created, "versions/0/")),
        ("POST", path_of(created, "bench/")),
    ):  # fmt: skip
        reader.refused(method, path, {"name": "a", "dataset_id": "b"}, status=403)
    assert reader.ok("GET", path_of(created))["id"] == created["id"]
    reader.close()
