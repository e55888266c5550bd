"""The plainest HTTP client a user could choose, for tests: requests, without redirects, one key at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

FINISHED = ("completed", "failed", "cancelled")


class Api:
    """One key at one server. Paths are written in full, such as `/api/datasets/`."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url
        self.session = requests.Session()
        # No proxy, no netrc: what the test writes is what is sent.
        self.session.trust_env = False
        if key is not None:
            self.session.headers["Authorization"] = f"Bearer {key}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request; a redirect comes back as it is."""
        return self.session.request(method, self.url + path, allow_redirects=False, timeout=120, **options)

    def ok(self, method: str, path: str, body: Any = None, *, status: int = 200, **options: Any) -> Any:
        """Send a request that must succeed with `status`, and return its JSON (None for an empty body)."""
        answer = self(method, path, json=body, **options) if body is not None else self(method, path, **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text[:2000])
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any = None, *, status: int = 400, **options: Any) -> Any:
        """Send a request that must be refused with `status`, and return what the answer says."""
        return self.ok(method, path, body, status=status, **options)

    def dataset(self, name: str = "flows", logs: list[dict[str, Any]] | None = None) -> str:
        """Make a dataset with rows and return its id."""
        made = self.ok("POST", "/api/datasets/", {"name": name, "is_empty": True}, status=201)
        if logs:
            self.ok("POST", f"/api/datasets/{made['id']}/logs/bulk/", {"logs": logs}, status=201)
        return str(made["id"])

    def log(self, dataset_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Add a row and return it as it is read back by itself."""
        unique_id = self.ok("POST", f"/api/datasets/{dataset_id}/logs/", body, status=201)["unique_id"]
        read: dict[str, Any] = self.ok("GET", f"/api/datasets/{dataset_id}/logs/{unique_id}/")
        return read

    def rows(self, dataset_id: str, query: str = "") -> list[dict[str, Any]]:
        """Return the rows of a dataset: those of one page of up to 1000."""
        page = self.ok("GET", f"/api/datasets/{dataset_id}/logs/list/?page_size=1000&{query}")
        found: list[dict[str, Any]] = page["results"]
        return found

    def inputs(self, dataset_id: str, filters: Any = None, query: str = "", **body: Any) -> list[Any]:
        """Return the inputs of the rows that match filters."""
        path = f"/api/datasets/{dataset_id}/logs/list/?page_size=1000&{query}"
        return [row["input"] for row in self.ok("POST", path, {"filters": filters, **body})["results"]]

    def finished_report(self, dataset_id: str, report_id: str) -> dict[str, Any]:
        """Wait for the end of a report and return it."""
        deadline = time.monotonic() + 60
        while True:
            report: dict[str, Any] = self.ok("GET", f"/api/datasets/{dataset_id}/eval-reports/{report_id}/")
            if report["status"] in FINISHED or time.monotonic() > deadline:
                assert report["status"] in FINISHED, report
                return report
            time.sleep(0.02)

    def run_report(self, dataset_id: str, slugs: list[str]) -> dict[str, Any]:
        """Run evaluators to the end and return the report."""
        path = f"/api/datasets/{dataset_id}/eval-reports/create"
        started = self.ok("POST", path, {"evaluator_slugs": slugs})
        return self.finished_report(dataset_id, started["id"])

    def new_key(self, scopes: list[str], environment: str = "prod") -> str:
        """Make a key and return its text."""
        body = {"name": f"test {scopes}", "scopes": scopes, "environment": environment}
        return str(self.ok("POST", "/api/keys/", body, status=201)["api_key"])

    def close(self) -> None:
        """Let go of the connection."""
        self.session.close()


def quoted(text: str) -> str:
    """Return text as one segment of a path."""
    return quote(text, safe="")


def as_jsonl(rows: list[Any]) -> bytes:
    """Return rows as JSON lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def create_organization(name: str, data: Path, environment: dict[str, str] | None = None) -> str:
    """Make an organisation with the command of the operator and return its key."""
    command = [sys.executable, "-m", "assay.cli.main", "organizations", "create", name, "--data", str(data)]
    settings = {**os.environ, **(environment or {})}
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=settings).stdout
    return printed.strip().rpartition(" ")[2]
