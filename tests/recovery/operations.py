"""What users and operators do to a server that may die: requests, the command line, a look into the file."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import apsw
import httpx2
import psycopg
import pytest

from tests.server import Server

CONTENT = {"input": "what is the question", "output": "forty-two", "expected_output": "forty-two"}
JSONL = {"Content-Type": "application/jsonl"}


def assay(*arguments: str, data: Path | None = None, database_url: str = "") -> subprocess.CompletedProcess[str]:
    """Run `assay` on a data directory, or a PostgreSQL database, and return how it ended."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ASSAY_")}
    if data is not None:
        environment["ASSAY_DATA_DIR"] = str(data)
    if database_url:
        environment["ASSAY_DATABASE_URL"] = database_url
    command = [sys.executable, "-m", "assay.cli.main", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def verify(data: Path, database_url: str = "") -> str:
    """Return what `assay verify` complains about; nothing when everything is in order."""
    ended = assay("verify", data=data, database_url=database_url)
    if ended.returncode == 0:
        assert ended.stdout == "everything is in order\n"
        return ""
    return ended.stderr or "it says nothing"


def client_of(server: Server) -> httpx2.Client:
    """Return a client that is let in."""
    return httpx2.Client(base_url=server.url, headers=server.headers, timeout=30, trust_env=False)


def new_dataset(server: Server) -> str:
    """Make an empty dataset and return its id."""
    with client_of(server) as client:
        created = client.post("/api/datasets/", json={"name": "a dataset", "is_empty": True})
        assert created.status_code in (200, 201), created.text
        return str(created.json()["id"])


def file_of(rows: int, **extra: Any) -> bytes:
    """Return a JSONL file of different rows."""
    return b"".join(json.dumps({**CONTENT, **extra, "output": f"answer {row}"}).encode() + b"\n" for row in range(rows))


def import_rows(server: Server, dataset: str, file: bytes) -> None:
    """Import a file that must be taken."""
    with client_of(server) as client:
        answer = client.post(f"/api/datasets/{dataset}/logs/import-file/", content=file, headers=JSONL)
        assert answer.status_code == 201, answer.text


def run_report(server: Server, dataset: str, evaluators: list[str]) -> str:
    """Begin an eval run and return its report's id."""
    with client_of(server) as client:
        started = client.post(f"/api/datasets/{dataset}/eval-reports/create/", json={"evaluator_slugs": evaluators})
        assert started.status_code == 200, started.text
        return str(started.json()["id"])


def finished(server: Server, dataset: str, report: str) -> dict[str, Any]:
    """Wait for the end of a report and return it."""
    found: dict[str, Any] = {}
    with client_of(server) as client:
        for _ in range(600):
            found = client.get(f"/api/datasets/{dataset}/eval-reports/{report}/").json()
            if found["status"] not in ("pending", "running"):
                return found
            time.sleep(0.05)
    raise AssertionError(f"the report did not end: {found}")


def stored_ids(server: Server, dataset: str) -> list[str]:
    """Return the ids of all rows of a dataset."""
    with client_of(server) as client:
        answer = client.get(f"/api/datasets/{dataset}/logs/export/")
        assert answer.status_code == 200, answer.text
        return [json.loads(line)["id"] for line in answer.text.splitlines()]


def database_url_of(server: Server) -> str:
    """Return the PostgreSQL database that a server stores in; nothing for a SQLite file."""
    return server.environment.get("ASSAY_DATABASE_URL", "")


def rows_of(server: Server, statement: str, file: str = "meta.db") -> list[tuple[Any, ...]]:
    """Look into the database, beside or after the server; on SQLite into one of its files."""
    if url := database_url_of(server):
        with psycopg.connect(url) as connected:
            return connected.execute(statement.encode()).fetchall()
    connection = apsw.Connection(str(server.data / file), flags=apsw.SQLITE_OPEN_READONLY)
    with contextlib.closing(connection):
        connection.set_busy_timeout(5_000)
        return connection.execute(statement).fetchall()


def log_rows_of(server: Server, statement: str) -> list[tuple[Any, ...]]:
    """Look into the database of request logs."""
    return rows_of(server, statement, "logs.db")


def change_logs(server: Server, statement: str) -> None:
    """Change the request logs behind the back of a server that is not running."""
    if url := database_url_of(server):
        with psycopg.connect(url) as connected:
            connected.execute(statement.encode())
        return
    connection = apsw.Connection(str(server.data / "logs.db"))
    with contextlib.closing(connection):
        connection.execute(statement)


def assert_every_cell_is_there_once(server: Server, report: str, rows: int, evaluators: int) -> None:
    """Compare the cells of a report with its rows and with the counts that it states."""
    of_report = f"WHERE report_sequence = (SELECT sequence FROM eval_report WHERE id = '{report}')"
    counted = "SELECT count(*), count(DISTINCT log_id), count(DISTINCT log_sequence || '/' || ordinal) FROM cell "
    assert rows_of(server, counted + of_report) == [(rows * evaluators, rows, rows * evaluators)]
    counts = "SELECT scored_count, skipped_count, failed_count, value_count, value_sum FROM eval_task "
    tasks = rows_of(server, counts + of_report)
    assert [scored + skipped + failed for scored, skipped, failed, *_ in tasks] == [rows] * evaluators
    summed = f"SELECT count(numerical_value), sum(numerical_value) FROM cell {of_report} GROUP BY ordinal"
    sums = rows_of(server, summed)
    assert [(count, pytest.approx(total)) for *_, count, total in tasks] == sums
