"""A server with workers for tests: real processes on a PostgreSQL database of their own."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from tests.server import Server, running

_READY_SECONDS = 30.0
_ROWS_A_REQUEST = 500
_FINISHED = ("completed", "failed", "cancelled")


@dataclass
class Worker:
    """A process of `assay worker`."""

    server: Server
    number: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the worker printed."""
        return self.server.data / f"worker-{self.number}.log"

    def start(self) -> None:
        """Start the process."""
        environment = {**os.environ, "ASSAY_DATA_DIR": str(self.server.data), **self.server.environment}
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "assay.cli.main", "worker", *self.options]
            # A session of its own: whatever it leaves behind can be found.
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def has_processes(self) -> bool:
        """Tell whether it, or a process that it started, is there."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, 0)
            return True
        return False

    def kill(self) -> None:
        """End the process the hard way, as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask the process to end and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@dataclass
class Company:
    """A server, its workers, and one who uses them."""

    server: Server
    workers: list[Worker] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """The database that all share."""
        return self.server.environment["ASSAY_DATABASE_URL"]

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must succeed and return its answer."""
        with httpx2.Client(
            base_url=self.server.url, headers=self.server.headers, timeout=30, trust_env=False
        ) as client:
            answer = client.request(method, path, json=body)
            assert answer.status_code < 300, (path, answer.status_code, answer.text)
            return answer.json() if answer.content else None

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Look into the database."""
        with psycopg.connect(self.database_url) as connected:
            return connected.execute(statement.encode()).fetchall()

    def dataset(self, rows: int) -> str:
        """Make a dataset of different rows and return its id."""
        made = self.api("POST", "/api/datasets/", {"name": f"rows {secrets.token_hex(4)}", "is_empty": True})
        logs = [{"input": f"question {row}", "output": f"answer {row}"} for row in range(rows)]
        for start in range(0, rows, _ROWS_A_REQUEST):
            self.api("POST", f"/api/datasets/{made['id']}/logs/bulk/", {"logs": logs[start : start + _ROWS_A_REQUEST]})
        return str(made["id"])

    def judge(self, model: str) -> str:
        """Make an LLM judge and return its slug."""
        definition = "Is this a good answer? {{output}}"
        body = {
            "name": f"judge {secrets.token_hex(4)}",
            "type": "llm",
            "score_value_type": "numerical",
            "score_config": {"min_score": 0, "max_score": 1},
            "llm_config": {"model": model, "evaluator_definition": definition},
        }
        return str(self.api("POST", "/api/evaluators/", body)["evaluator_slug"])

    def report(self, dataset: str, evaluators: list[str], **settings: Any) -> Report:
        """Start a report."""
        body = {"evaluator_slugs": evaluators, **settings}
        made = self.api("POST", f"/api/datasets/{dataset}/eval-reports/create/", body)
        return Report(self, dataset, made["id"])

    def start_worker(self, *options: str) -> Worker:
        """Start one more worker."""
        worker = Worker(self.server, len(self.workers), options)
        self.workers.append(worker)
        worker.start()
        return worker

    def close(self) -> None:
        """Stop all workers; the server is whoever's started it."""
        for worker in self.workers:
            if worker.process is not None and worker.process.poll() is None:
                worker.stop()


@dataclass
class Report:
    """A report of a company."""

    company: Company
    dataset: str
    id: str

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/api/datasets/{self.dataset}/eval-reports/{self.id}/"

    def read(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        found: dict[str, Any] = self.company.api("GET", self.path)
        return found

    def wish(self, word: str) -> None:
        """Ask it to cancel, pause or resume."""
        self.company.api("POST", f"{self.path}{word}/")

    def cell_count(self) -> int:
        """Return how many cells are stored, past the server."""
        counted = "SELECT count(*) FROM cell c JOIN eval_report r ON r.sequence = c.report_sequence WHERE r.id = "
        return int(self.company.rows(f"{counted}'{self.id}'")[0][0])

    def status(self) -> str:
        """Return the status, past the server."""
        return str(self.company.rows(f"SELECT status FROM eval_report WHERE id = '{self.id}'")[0][0])

    def wait_for(self, *statuses: str, seconds: float = 60.0) -> str:
        """Wait until it has one of these statuses, past the server."""
        return wait_until(lambda: (found := self.status()) in statuses and found, seconds, self.status)

    def wait_for_end(self, seconds: float = 60.0) -> str:
        """Wait until it is finished and return how."""
        return self.wait_for(*_FINISHED, seconds=seconds)

    def wait_for_cells(self, count: int) -> None:
        """Wait until so many cells are stored."""
        wait_until(lambda: self.cell_count() >= count, 60.0, self.cell_count)

    def assert_every_cell_is_there_once(self, rows: int, evaluators: int = 1) -> None:
        """Compare its cells with the rows and with the counts that it states."""
        of = f"WHERE report_sequence = (SELECT sequence FROM eval_report WHERE id = '{self.id}')"
        counted = f"SELECT count(*), count(DISTINCT log_id), count(DISTINCT (log_sequence, ordinal)) FROM cell {of}"
        assert self.company.rows(counted) == [(rows * evaluators, rows, rows * evaluators)]
        stated = self.company.rows(f"SELECT scored_count + skipped_count + failed_count FROM eval_task {of}")
        assert stated == [(rows,)] * evaluators


def wait_until(look: Callable[[], Any], seconds: float, shown: Callable[[], Any]) -> Any:
    """Look until there is something and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"after {seconds:g} seconds it is still {shown()}")


@contextmanager
def running_company(postgresql_url: str, workers: int, **environment: str) -> Iterator[Company]:
    """Run a server and workers on a new database; all end with the block."""
    name = f"company_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database_url = postgresql_url.replace("/postgres?", f"/{name}?")
    with ExitStack() as stack:
        settings = {"ASSAY_DATABASE_URL": database_url, "ASSAY_ENGINE": "procrastinate", **environment}
        company = Company(stack.enter_context(running(environment=settings)))
        stack.callback(company.close)
        for _ in range(workers):
            company.start_worker()
        wait_until(
            # One for each kind of job.
            lambda: company.rows("SELECT count(*) FROM procrastinate_workers")[0][0] >= 3 * workers,
            _READY_SECONDS,
            lambda: [worker.log.read_text()[-2000:] for worker in company.workers],
        )
        yield company
    with suppress(psycopg.Error), psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
