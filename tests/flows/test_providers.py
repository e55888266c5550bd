"""Providers of models: kept with sealed keys, tested with one tiny call, read-only where the environment gives them."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.flows.client import Api
from tests.server import running

PROVIDERS = "/api/providers/"
KEY = "sk-planted-SECRET-0123456789"


def unique(name: str) -> str:
    return f"{name}-{secrets.token_hex(4)}"


def made(api: Api, **body: Any) -> dict[str, Any]:
    wanted = {"name": unique("local"), "kind": "openai", "base_url": "http://127.0.0.1:9/v1", **body}
    created: dict[str, Any] = api.ok("POST", PROVIDERS, wanted, status=201)
    return created


class _Model(BaseHTTPRequestHandler):
    """A model that says OK to whoever has the key."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body)
        if self.headers.get("authorization") != f"Bearer {KEY}":
            self._answer(401, {"error": {"message": f"Incorrect API key: {self.headers.get('authorization')}"}})
        else:
            message = {"role": "assistant", "content": "OK"}
            usage = {"prompt_tokens": 9, "completion_tokens": 1}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._answer(200, {"model": "tiny-1", "choices": [choice], "usage": usage})

    def _answer(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def model_server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve a model and give its base URL, and the bodies that it was asked."""
    asked: list[dict[str, Any]] = []
    handler = type("Handler", (_Model,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
        server.shutdown()


def test_a_provider_comes_back_as_it_was_made_but_for_its_key(any_api: Api) -> None:
    body = {
        "name": unique("Ollama at home"), "kind": "openai", "base_url": " http://localhost:11434/v1// ", "key": KEY,
        "models": ["llama", "qwen", "llama"], "prices": {"llama": {"input_usd": 0.1, "output_usd": 2}},
        "limits": {"requests_per_minute": 60, "max_concurrency": 512, "timeout_seconds": 1.5},
    }  # fmt: skip
    created = any_api.ok("POST", PROVIDERS, body, status=201)
    assert "key" not in created
    assert (created["has_key"], created["is_enabled"], created["is_from_environment"]) == (True, True, False)
    assert (created["base_url"], created["models"]) == ("http://localhost:11434/v1", ["llama", "qwen"])
    assert created["prices"] == {"llama": {"input_usd": 0.1, "output_usd": 2.0}}
    assert created["limits"] == {
        "requests_per_minute": 60, "tokens_per_minute": None, "max_concurrency": 512, "timeout_seconds": 1.5,
    }  # fmt: skip
    for reference in (created["id"], created["name"]):
        assert any_api.ok("GET", f"{PROVIDERS}{reference}/") == created
    assert created in any_api.ok("GET", PROVIDERS)["results"]
    assert created in any_api.ok("GET", f"{PROVIDERS}list/?page_size=1000")["results"]


def test_the_address_of_a_kind_is_known(any_api: Api) -> None:
    assert made(any_api, base_url=None)["base_url"] == "https://api.openai.com/v1"
    assert made(any_api, kind="anthropic", base_url="")["base_url"] == "https://api.anthropic.com"
    assert made(any_api, kind="scripted", base_url=None)["base_url"] == ""
    azure = "https://x.openai.azure.com/openai?api-version=2026-01-01"
    assert made(any_api, base_url=azure)["base_url"] == azure


def test_a_change_keeps_what_it_does_not_name(any_api: Api) -> None:
    created = made(any_api, key=KEY, models=["a"], limits={"max_concurrency": 3})
    path = f"{PROVIDERS}{created['id']}/"
    changed = any_api.ok("PATCH", path, {"limits": {"timeout_seconds": 5}, "is_enabled": False})
    assert changed["limits"] == {**created["limits"], "timeout_seconds": 5.0}
    assert (changed["has_key"], changed["models"], changed["is_enabled"]) == (True, ["a"], False)
    assert any_api.ok("PATCH", path, {"limits": {"max_concurrency": None}})["limits"]["max_concurrency"] == 64
    assert any_api.ok("PATCH", path, {"key": None})["has_key"] is False
    assert any_api.ok("PATCH", path, {"key": KEY})["has_key"] is True
    assert any_api.ok("PATCH", path, {"key": " "})["has_key"] is False
    any_api.ok("DELETE", path, status=204)
    for method in ("GET", "PATCH", "DELETE"):
        any_api.refused(method, path, {"name": "x"} if method == "PATCH" else None, status=404)


def test_a_key_does_not_go_along_to_another_address(any_api: Api) -> None:
    created = made(any_api, key=KEY)
    path = f"{PROVIDERS}{created['id']}/"
    for change in (
        {"base_url": "http://127.0.0.1:10/v1"},
        {"base_url": "https://127.0.0.1:9/v1"},
        {"kind": "anthropic"},
    ):
        assert list(any_api.refused("PATCH", path, change)) == ["key"]
    assert any_api.ok("GET", path) == created
    any_api.ok("PATCH", path, {"base_url": "http://127.0.0.1:9/other"})
    assert any_api.ok("PATCH", path, {"base_url": "http://127.0.0.1:10/v1", "key": "other"})["has_key"] is True


def test_the_name_of_a_provider_is_its_own(any_api: Api) -> None:
    first, second = made(any_api), made(any_api)
    any_api.refused("POST", PROVIDERS, {"name": first["name"], "kind": "scripted"}, status=409)
    any_api.refused("PATCH", f"{PROVIDERS}{second['id']}/", {"name": first["name"]}, status=409)


def test_a_test_asks_once_and_says_how_it_went(any_api: Api) -> None:
    with model_server() as (url, asked):
        created = made(any_api, base_url=url, key=KEY, models=["tiny"])
        tried = any_api.ok("POST", f"{PROVIDERS}{created['id']}/test/", {})
        assert (tried["is_working"], tried["model"], tried["reply"]) == (True, "tiny-1", "OK")
        assert (tried["input_tokens"], tried["output_tokens"], tried["error_kind"]) == (9, 1, None)
        assert tried["message"].startswith("It works: tiny-1 answered in ")
        assert [call["model"] for call in asked] == ["tiny"]
        any_api.ok("PATCH", f"{PROVIDERS}{created['id']}/", {"key": "wrong-key-0123456789"})
        answer = any_api("POST", f"{PROVIDERS}{created['id']}/test/", json={"model": "other"})
        tried = answer.json()
        assert (tried["is_working"], tried["model"], tried["error_kind"]) == (False, "other", "not_authenticated")
        assert tried["message"].startswith("It is there, and does not accept the key.")
        # The provider's own words repeat the key.
        assert "wrong-key-0123456789" not in answer.text
        assert len(asked) == 2
    tried = any_api.ok("POST", f"{PROVIDERS}{created['id']}/test/")
    assert (tried["is_working"], tried["error_kind"]) == (False, "connection")
    nameless = made(any_api)
    assert list(any_api.refused("POST", f"{PROVIDERS}{nameless['id']}/test/", {})) == ["model"]
    assert list(any_api.refused("POST", f"{PROVIDERS}{nameless['id']}/test/", {"model": "x" * 201})) == ["model"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"name": "a/b"}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"name": []}, "name"),
    ({"kind": None}, "kind"),
    ({"kind": "gopher"}, "kind"),
    ({"base_url": "ftp://x"}, "base_url"),
    ({"base_url": "x"}, "base_url"),
    ({"base_url": "http://"}, "base_url"),
    ({"base_url": "http://user:pass@x/v1"}, "base_url"),
    ({"base_url": "http://x/v1?api_key=a"}, "base_url"),
    ({"base_url": "http://x/v1#a"}, "base_url"),
    ({"base_url": "http://x:99999/v1"}, "base_url"),
    ({"base_url": "http://[::1/v1"}, "base_url"),
    ({"base_url": "http://x/a b"}, "base_url"),
    ({"base_url": "http://x/\r\nHost: y"}, "base_url"),
    ({"base_url": "http://" + "x" * 2_001}, "base_url"),
    ({"base_url": 5}, "base_url"),
    ({"kind": "scripted", "base_url": "http://x"}, "base_url"),
    ({"kind": "scripted", "base_url": None, "models": ["gpt-4o"]}, "models"),
    ({"key": f"{KEY}\r\nX: y"}, "key"),
    ({"key": f"{KEY} {KEY}"}, "key"),
    ({"key": f"{KEY}é"}, "key"),
    ({"key": KEY * 200}, "key"),
    ({"key": [KEY]}, "key"),
    ({"models": "a"}, "models"),
    ({"models": [""]}, "models"),
    ({"models": [5]}, "models.0"),
    ({"models": ["x" * 201]}, "models"),
    ({"models": [str(place) for place in range(501)]}, "models"),
    ({"prices": []}, "prices"),
    ({"prices": {"a": 5}}, "prices.a"),
    ({"prices": {"a": {}}}, "prices.a"),
    ({"prices": {"a": {"input": 1, "output": 2}}}, "prices.a"),
    ({"prices": {"a": {"input_usd": -1, "output_usd": 2}}}, "prices.a.input_usd"),
    ({"prices": {"a": {"input_usd": 1, "output_usd": 10**300}}}, "prices.a.output_usd"),
    ({"prices": {"a": {"input_usd": True, "output_usd": 2}}}, "prices.a.input_usd"),
    ({"limits": 5}, "limits"),
    ({"limits": {"speed": 5}}, "limits.speed"),
    ({"limits": {"max_concurrency": 0}}, "limits.max_concurrency"),
    ({"limits": {"max_concurrency": 513}}, "limits.max_concurrency"),
    ({"limits": {"max_concurrency": 1.5}}, "limits.max_concurrency"),
    ({"limits": {"timeout_seconds": 0.5}}, "limits.timeout_seconds"),
    ({"limits": {"timeout_seconds": 601}}, "limits.timeout_seconds"),
    ({"limits": {"requests_per_minute": 0}}, "limits.requests_per_minute"),
    ({"limits": {"tokens_per_minute": "many"}}, "limits.tokens_per_minute"),
    ({"is_enabled": "maybe"}, "is_enabled"),
]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=lambda part: str(part)[:60])
def test_what_is_wrong_in_a_provider_is_named_without_its_key(any_api: Api, body: dict[str, Any], field: str) -> None:
    count = any_api.ok("GET", PROVIDERS)["count"]
    whole = {"name": unique("wrong"), "kind": "openai", "base_url": "http://127.0.0.1:9/v1", "key": KEY}
    answer = any_api("POST", PROVIDERS, json={**whole, **body})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert KEY not in answer.text
    assert any_api.ok("GET", PROVIDERS)["count"] == count


def test_only_a_key_with_the_scope_admin_changes_or_tests_a_provider(any_api: Api) -> None:
    created = made(any_api, key=KEY)
    path = f"{PROVIDERS}{created['id']}/"
    for scopes in (["read"], ["read", "write"]):
        key = Api(any_api.url, any_api.new_key(scopes))
        assert key.ok("GET", path) == created
        for method, where in (("POST", PROVIDERS), ("PATCH", path), ("DELETE", path), ("POST", f"{path}test/")):
            key.refused(method, where, {"name": "a", "kind": "scripted"}, status=403)
        key.close()


def test_providers_of_the_environment_are_shown_read_only_and_without_their_key() -> None:
    with model_server() as (url, asked), running(environment={"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url}) as server:
        api = Api(server.url, server.api_key)
        answer = api("GET", PROVIDERS)
        assert KEY not in answer.text
        shown = {item["name"]: item for item in answer.json()["results"]}
        openai = shown["openai"]
        assert (openai["kind"], openai["base_url"], openai["has_key"]) == ("openai", url, True)
        assert all(item["is_from_environment"] for item in shown.values())
        assert api.ok("GET", f"{PROVIDERS}openai/") == api.ok("GET", f"{PROVIDERS}{openai['id']}/") == openai
        for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
            assert "environment" in api.refused(method, f"{PROVIDERS}openai/", body, status=403)["detail"]
        tried = api.ok("POST", f"{PROVIDERS}openai/test/", {"model": "tiny"})
        assert (tried["is_working"], tried["error_kind"]) == (True, None)
        assert asked[0]["model"] == "tiny"
        assert api.ok("POST", f"{PROVIDERS}scripted/test/")["is_working"] is True
        api.close()
