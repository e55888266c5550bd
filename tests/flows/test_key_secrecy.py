"""Planted keys of providers, stored and of the environment: nothing that a server says or writes has one of them.

The providers repeat the key that they get in whatever they answer.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import apsw
import pytest
import zstandard

from tests.flows.client import Api
from tests.flows.test_events import following
from tests.server import Server, running

# Of one kind of letters, so that no escaping can hide one.
KEYS = {
    name: f"sk{secrets.token_hex(24)}"
    for name in ("stored", "stored-anthropic", "moved", "env-openai", "env-anthropic")
}
# What a provider says beside the key: where it is found, the key would have been.
MARK = "you-sent-me"
ROWS = [{"input": f"question {n}", "output": "x" * n, "metadata": {"topic": "keys"}} for n in (1, 2)]
SECONDS_OF_PATIENCE = 1.0


class _Parrot(BaseHTTPRequestHandler):
    """A model that repeats the key, in the way that its name asks for."""

    heard: set[str]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = (self.headers.get("authorization") or self.headers.get("x-api-key") or "").removeprefix("Bearer ")
        self.heard.add(key)
        said = f"{MARK} {key}"
        model = body["model"]
        if model == "silent":
            time.sleep(SECONDS_OF_PATIENCE * 1.5)
            return
        if model.isdigit():
            headers = {"location": f"http://127.0.0.1:9/{key}"} if model.startswith("3") else {}
            self._answer(int(model), json.dumps({"error": {"message": said, "type": said, "code": said}}), headers)
        elif model == "no-json":
            self._answer(200, f"<html>{said}</html>")
        elif model == "no-choices":
            self._answer(200, json.dumps({"said": said}))
        else:
            text = said if model == "no-verdict" else json.dumps({"score": 7, "explanation": said})
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._answer(200, json.dumps({"model": f"model of {said}", "choices": [choice], "content": []}))

    def _answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


# What fails at once. The others are tried again for a while, so that only one call asks for them.
ANSWERS = ("good", "no-verdict", "no-json", "no-choices", "302", "400", "401", "403", "404")
TRIED_AGAIN = ("429", "500", "503", "silent")


@dataclass
class Work:
    """A server that has done everything with the keys, and what it said meanwhile, by what it was asked."""

    server: Server
    api: Api
    ids: dict[str, str]
    heard: set[str]
    said: dict[str, bytes] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that may fail, keep what it answered, and return that."""
        answer = self.api(method, path, json=body) if body is not None else self.api(method, path)
        headers = json.dumps(dict(answer.headers)).encode()
        self.said[f"{method} {path} {json.dumps(body)}"] = answer.content + headers
        return answer.json() if "json" in answer.headers.get("content-type", "") else None

    def assay(self, *arguments: str) -> None:
        """Run a command and keep what it printed."""
        environment = {
            **os.environ,
            **self.server.environment,
            "ASSAY_BASE_URL": self.server.url,
            "ASSAY_API_KEY": self.server.api_key,
            "ASSAY_DATA_DIR": str(self.server.data),
        }
        command = [sys.executable, "-m", "assay.cli.main", *arguments]
        done = subprocess.run(command, capture_output=True, timeout=120, env=environment)
        assert done.returncode in (0, 1), done
        self.said[f"assay {' '.join(arguments)}"] = done.stdout + done.stderr


@pytest.fixture(scope="module")
def work() -> Iterator[Work]:
    heard: set[str] = set()
    handler = type("Handler", (_Parrot,), {"heard": heard})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as parrot:
        threading.Thread(target=parrot.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{parrot.server_address[1]}"
        environment = {
            "OPENAI_API_KEY": KEYS["env-openai"],
            "OPENAI_BASE_URL": f"{url}/v1",
            "ANTHROPIC_API_KEY": KEYS["env-anthropic"],
            "ANTHROPIC_BASE_URL": url,
        }
        with running(environment=environment) as server, closing(Api(server.url, server.api_key)) as api:
            done = Work(server, api, {}, heard)
            with following(api) as stream:
                _use(done, url)
                stream.wait(lambda: stream.states(done.ids["report_id"])[-1:] == ["completed"])
            done.said["events"] = json.dumps(stream.events).encode()
            yield done
        parrot.shutdown()


def _use(work: Work, url: str) -> None:
    """Store providers, ask their models in every way that there is, and run a report with all of them."""
    api = work.api
    stored = [
        {"name": "stored", "kind": "openai", "base_url": f"{url}/v1", "key": KEYS["stored"]},
        {"name": "stored-anthropic", "kind": "anthropic", "base_url": url, "key": KEYS["stored-anthropic"]},
        {"name": "moved", "kind": "openai", "base_url": "http://127.0.0.1:9/v1", "key": KEYS["moved"]},
    ]
    impatient = {"limits": {"timeout_seconds": SECONDS_OF_PATIENCE}, "models": ["good"]}
    for body in stored:
        work.ask("POST", "/api/providers/", {**body, **impatient})
        # Refused, with the key in the body that was refused.
        work.ask("POST", "/api/providers/", {**body, **impatient})
        work.ask("PATCH", f"/api/providers/{body['name']}/", {"key": [body["key"]]})
        work.ask("PATCH", f"/api/providers/{body['name']}/", {"key": body["key"], "limits": 5})
    work.ids["provider_id"] = api.ok("GET", "/api/providers/stored/")["id"]
    names = [str(body["name"]) for body in stored] + ["openai", "anthropic"]
    for name in names:
        for model in (*ANSWERS, *(TRIED_AGAIN if name == "stored" else ())):
            work.ask("POST", f"/api/providers/{name}/test/", {"model": model})
    # One that cannot be reached would be tried again for long.
    judges = [
        judge(api, f"{name}/{model}")
        for name in names
        for model in (ANSWERS if name == "stored" else ("good", "no-json", "401"))
        if name != "moved"
    ]
    slugs = [made["slug"] for made in judges]
    dataset = api.dataset("judged with keys", ROWS)
    for made in judges:
        work.ask("POST", f"/api/evaluators/{made['id']}/run/", {"inputs": ROWS[0]})
    work.ask("POST", f"/api/evaluators/{slugs[0]}/bench/", {"dataset_id": dataset})
    report = api.run_report(dataset, slugs)
    row = api.rows(dataset)[0]["id"]
    score = next(score for score in api.ok("GET", f"/api/logs/{row}/scores/")["results"] if score["explanation"])
    work.ids |= {
        "dataset_id": dataset,
        "report_id": report["id"],
        "log_id": row,
        "score_id": score["id"],
        "evaluator_id": judges[0]["id"],
        "version": "0",
    }


def judge(api: Api, model: str) -> dict[str, Any]:
    body = {
        "name": model.replace("/", " "),
        "score_value_type": "numerical",
        "score_config": {"min_score": 0, "max_score": 10},
        "llm_config": {"model": model, "evaluator_definition": "Rate {{output}}, please."},
    }
    made: dict[str, Any] = api.ok("POST", "/api/evaluators/", body, status=201)
    return made


def check(place: str, content: bytes) -> None:
    """Assert that no half of a key is in what was found, plain or in Base64."""
    for name, key in KEYS.items():
        written = key.encode()
        halves = (written[2:18], written[-16:])
        # Base64 of a text within another depends on where it begins: one of three.
        encoded = (base64.b64encode(b" " * shift + written)[4:40] for shift in range(3))
        for secret in (*halves, *encoded):
            assert secret not in content, (place, name, content[max(0, content.find(secret) - 300) :][:400])


def test_every_key_reached_its_provider(work: Work) -> None:
    assert work.heard == {key for name, key in KEYS.items() if name != "moved"}
    said = b"".join(work.said.values())
    # What was said beside the keys came through; `moved` answers nothing.
    assert said.count(f"{MARK} [key]".encode()) > 40
    assert MARK.encode() not in said.replace(f"{MARK} [key]".encode(), b"")


def test_no_answer_to_what_was_done_has_a_key(work: Work) -> None:
    assert len(work.said) > 75
    for place, content in work.said.items():
        check(place, content)


def test_no_route_that_reads_has_a_key(work: Work) -> None:
    paths = work.api.ok("GET", "/openapi.json")["paths"]
    asked = [path for path in paths if "get" in paths[path] and path != "/api/events/"]
    assert len(asked) > 40
    answers: dict[str, bytes] = {}
    for path in asked:
        for reference in ("1", "stored", *KEYS):
            written = path.format_map(_Known({**work.ids, "reference": reference}))
            answers[written] = work.api("GET", written).content
            if "{" not in path:
                break
    report = f"/api/datasets/{work.ids['dataset_id']}/eval-reports/{work.ids['report_id']}"
    rows = work.api.rows(work.ids["dataset_id"])
    for path in (
        "/api/evaluators/?page_size=1000",
        "/api/scores/?page_size=1000",
        *(f"{report}/rows/{row['id']}/" for row in rows),
        *(f"{report}/export/?format={name}&content=full" for name in ("jsonl", "csv")),
        *(f"/api/datasets/{work.ids['dataset_id']}/logs/export/?format={name}" for name in ("jsonl", "json", "csv")),
        *(f"/api/providers/{name}/" for name in ("stored", "openai", "anthropic")),
    ):
        answers[path] = work.api("GET", path).content
    for path, content in answers.items():
        check(path, content)
    for path in (f"{report}/rows/{rows[0]['id']}/", f"{report}/export/?format=csv&content=full"):
        assert f"{MARK} [key]".encode() in answers[path]


class _Known(dict[str, str]):
    """Ids by the names that paths have for them; of what this test has none of, an id of nothing."""

    def __missing__(self, name: str) -> str:
        return "019f0000-0000-7000-8000-000000000000"


def test_no_command_prints_a_key(work: Work, tmp_path: Path) -> None:
    before = set(work.said)
    dataset, report = work.ids["dataset_id"], work.ids["report_id"]
    for words in (
        ["providers", "list", "--json"],
        ["providers", "test", "stored", "--model", "401"],
        ["evaluators", "run", work.ids["evaluator_id"], "--input", "a", "--output", "b"],
        ["reports", "show", dataset, report],
        ["reports", "row", dataset, work.ids["log_id"]],
        ["reports", "export", dataset, report, "--full"],
        ["reports", "manifest", dataset, report],
        ["reports", "verify", dataset, report],
        ["verify"],
        ["backup", str(tmp_path / "backup")],
    ):
        work.assay(*words)
    printed = {place: work.said[place] for place in set(work.said) - before}
    assert len(printed) == 10
    for place, content in printed.items():
        check(place, content)
    assert any(f"{MARK} [key]".encode() in content for content in printed.values())
    for path in (tmp_path / "backup").rglob("*"):
        if path.is_file():
            check(str(path), path.read_bytes())


def test_neither_the_log_nor_any_file_has_a_key(work: Work) -> None:
    assert work.server.log.stat().st_size > 0
    files = [path for path in work.server.data.rglob("*") if path.is_file()]
    assert any(path.name == "meta.db" for path in files)
    for path in files:
        check(str(path), path.read_bytes())
    found = 0
    for path in files:
        if path.suffix == ".db":
            for place, content in unpacked(path):
                check(f"{path.name} {place}", content)
                found += f"{MARK} [key]".encode() in content
    assert found > 10


def unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every value of a database that is stored compressed, and all others as they are."""
    unpacker = zstandard.ZstdDecompressor()
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str):
                        yield table, value.encode()
                    elif isinstance(value, bytes):
                        try:
                            yield table, unpacker.decompress(value, max_output_size=10_000_000)
                        except zstandard.ZstdError:
                            yield table, value
