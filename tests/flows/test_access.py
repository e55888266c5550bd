"""Keys: how they are written, what they may do, and when they stop working."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import requests

from tests.flows.client import Api
from tests.server import Server, running


def asked(server: Server, header: str | None, path: str = "/api/datasets/") -> requests.Response:
    headers = {} if header is None else {"Authorization": header}
    with requests.Session() as session:
        session.trust_env = False
        return session.get(server.url + path, headers=headers, timeout=30)


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {} ", "Api-Key {}", "api-key {}"])
def test_every_documented_form_of_the_header_lets_in(server: Server, form: str) -> None:
    assert asked(server, form.format(server.api_key)).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token {}", "{}"])
def test_without_a_key_the_answer_is_401_and_says_so(server: Server, header: str | None) -> None:
    answer = asked(server, header if header is None else header.format(server.api_key))
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("Authentication credentials were not provided.")
    assert server.api_key not in answer.text
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["wrong", "testkey0.", "testkey0.of-the-test-suit", "x" * 5000, "a b c", "é", "'--"])
def test_with_an_unknown_key_the_answer_is_401_and_says_so(server: Server, key: str) -> None:
    answer = asked(server, f"Bearer {key}".encode().decode("latin-1"))
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("Your API key is invalid or expired")
    assert key not in answer.text
    assert answer.headers["WWW-Authenticate"] == "Bearer"


OPEN = ("/health", "/ready", "/api/models/public/")


def test_no_route_but_those_of_health_documentation_and_prices_is_open(server: Server, api: Api) -> None:
    with requests.Session() as session:
        for path, operations in api.ok("GET", "/openapi.json")["paths"].items():
            for method in operations:
                answer = session.request(method, server.url + path.replace("{", "").replace("}", ""), timeout=30)
                assert (answer.status_code == 401) == (path not in OPEN), (method, path)


def test_a_new_key_is_shown_once(api: Api) -> None:
    made = api.ok("POST", "/api/keys/", {"name": "shown once"}, status=201)
    prefix, _, secret = made["api_key"].partition(".")
    assert (prefix, len(prefix)) == (made["prefix"], 8)
    assert len(secret) >= 32
    assert (made["environment"], made["scopes"], made["revoked_at"]) == ("prod", ["read", "write"], None)
    listed = api("GET", "/api/keys/?page_size=1000")
    assert secret not in listed.text
    assert made["id"] in [key["id"] for key in listed.json()["results"]]
    assert datetime.fromisoformat(made["created_at"]).tzinfo is not None


@pytest.fixture(scope="module")
def keyed(api: Api) -> Iterator[dict[str, Api]]:
    """Clients whose keys have one scope each."""
    clients = {scope: Api(api.url, api.new_key([scope])) for scope in ("read", "write", "admin")}
    yield clients
    for client in clients.values():
        client.close()


READS = [("GET", "/api/datasets/"), ("POST", "/api/datasets/list/"), ("GET", "/api/datasets/{}/logs/list/"),
         ("GET", "/api/datasets/{}/logs/export/"), ("GET", "/api/datasets/{}/versions/"), ("GET", "/api/evaluators/"),
         ("GET", "/api/datasets/{}/eval-reports/list/")]  # fmt: skip
WRITES = [("POST", "/api/datasets/"), ("PATCH", "/api/datasets/{}/"), ("PUT", "/api/datasets/{}/"),
          ("POST", "/api/datasets/{}/logs/"), ("POST", "/api/datasets/{}/logs/bulk/"),
          ("POST", "/api/datasets/{}/logs/import-file/"), ("DELETE", "/api/datasets/{}/logs/delete/"),
          ("PATCH", "/api/datasets/{}/logs/a/"), ("PUT", "/api/datasets/{}/logs/a/"),
          ("DELETE", "/api/datasets/{}/logs/a/"), ("PATCH", "/api/datasets/{}/versions/1/"),
          ("POST", "/api/datasets/{}/versions/1/restore/"), ("POST", "/api/datasets/{}/eval-reports/create"),
          ("POST", "/api/datasets/{}/eval-reports/a/cancel/"),
          ("POST", "/api/datasets/{}/eval-reports/a/retry-failed/"), ("DELETE", "/api/datasets/{}/")]  # fmt: skip
ADMINISTERS = [("GET", "/api/keys/"), ("POST", "/api/keys/"), ("DELETE", "/api/keys/a/")]
# A body that suits each of these routes.
BODY = {"name": "a", "is_empty": True, "input": 1, "logs": [{"input": 1}], "is_deleting_all_logs": True, "tag": "t",
        "evaluator_slugs": ["regex"]}  # fmt: skip


def forbidden(client: Api, routes: list[tuple[str, str]], dataset: str) -> list[bool]:
    answers = [client(method, path.format(dataset), json=BODY) for method, path in routes]
    assert all("may not" in answer.json()["detail"] for answer in answers if answer.status_code == 403)
    return [answer.status_code == 403 for answer in answers]


def test_a_key_does_what_its_scope_says_and_nothing_more(api: Api, keyed: dict[str, Api]) -> None:
    dataset = api.dataset("scopes", [{"input": 1}])
    assert not any(forbidden(keyed["read"], READS, dataset))
    assert all(forbidden(keyed["read"], WRITES + ADMINISTERS, dataset))
    assert api.ok("GET", f"/api/datasets/{dataset}/")["version"] == 1
    assert all(forbidden(keyed["write"], ADMINISTERS, dataset))
    assert not any(forbidden(keyed["write"], READS + WRITES, dataset))
    assert not any(forbidden(keyed["admin"], READS + WRITES + ADMINISTERS, dataset))


def test_a_revoked_key_stops_at_once(api: Api) -> None:
    made = api.ok("POST", "/api/keys/", {"name": "revoked"}, status=201)
    client = Api(api.url, made["api_key"])
    client.ok("GET", "/api/datasets/")
    assert api("DELETE", f"/api/keys/{made['id']}/").status_code == 204
    client.ok("GET", "/api/datasets/", status=401)
    keys = {key["id"]: key for key in api.ok("GET", "/api/keys/?page_size=1000")["results"]}
    assert keys[made["id"]]["revoked_at"] is not None
    client.close()


def test_a_row_has_the_environment_of_its_key_and_datasets_are_shared_between_both(api: Api) -> None:
    test = Api(api.url, api.new_key(["read", "write"], "test"))
    dataset = test.dataset("made with a test key")
    assert test.log(dataset, {"input": 1})["environment"] == "test"
    assert api.log(dataset, {"input": 2})["environment"] == "prod"
    for client in (test, api):
        assert [row["environment"] for row in client.rows(dataset)] == ["test", "prod"]
    # What a body says about the environment does not move a row out of that of its key.
    assert test.log(dataset, {"input": 3, "environment": "prod"})["environment"] == "test"
    test.close()


def test_the_key_of_the_environment_works_until_the_variable_changes_or_goes() -> None:
    with running() as server:
        given = Api(server.url, server.api_key)
        dataset = given.dataset("kept")
        made = given.new_key(["read", "write", "admin"])
        assert b"shown only this once" not in server.log.read_bytes()
        assert server.api_key.encode() not in server.log.read_bytes()

        server.stop()
        server.api_key = "another0.key-of-the-environment"
        server.start()
        given.ok("GET", "/api/datasets/", status=401)
        changed = Api(server.url, server.api_key)
        assert changed.ok("GET", f"/api/datasets/{dataset}/")["name"] == "kept"

        server.stop()
        server.api_key = ""
        server.start()
        given.ok("GET", "/api/datasets/", status=401)
        changed.ok("GET", "/api/datasets/", status=401)
        kept = Api(server.url, made)
        assert kept.ok("GET", f"/api/datasets/{dataset}/")["name"] == "kept"
        for client in (given, changed, kept):
            client.close()
