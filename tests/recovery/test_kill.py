"""kill -9 at any moment: what was acknowledged is there, an import is all or nothing, a run ends by itself."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2

from tests.recovery.operations import (
    CONTENT,
    JSONL,
    assert_every_cell_is_there_once,
    client_of,
    database_url_of,
    file_of,
    finished,
    import_rows,
    new_dataset,
    rows_of,
    run_report,
    stored_ids,
    verify,
)
from tests.server import Server

KILLS = {"sqlite": 20, "postgresql": 8}
FILE_ROWS = 6_000
JUDGED_ROWS = 6_000
EVALUATORS = ["char_count_eval", "levenshtein", "rouge_l", "bleu"]


@dataclass
class Work:
    """What clients do all the time, and what the server acknowledged of it."""

    server: Server
    rows_go_into: str
    files_go_into: str
    judged: str
    draw: random.Random
    file: bytes
    acknowledged: list[str] = field(default_factory=list)
    sent_count: int = 0
    imported_count: int = 0
    reports: list[str] = field(default_factory=list)

    def add_rows(self, client: httpx2.Client) -> None:
        size = self.draw.choice((1, 20, 200))
        self.sent_count += size
        answer = client.post(f"/api/datasets/{self.rows_go_into}/logs/bulk/", json={"logs": [CONTENT] * size})
        assert answer.status_code == 201, answer.text
        self.acknowledged += answer.json()["unique_ids"]

    def import_file(self, client: httpx2.Client) -> None:
        url = f"/api/datasets/{self.files_go_into}/logs/import-file/"
        answer = client.post(url, content=self.file, headers=JSONL)
        assert (answer.status_code, answer.json()["imported_count"]) == (201, FILE_ROWS)
        self.imported_count += 1

    def judge(self, client: httpx2.Client) -> None:
        """Begin a run when the last one has ended."""
        listed = client.get(f"/api/datasets/{self.judged}/eval-reports/list/").json()["results"]
        if all(report["status"] == "completed" for report in listed):
            url = f"/api/datasets/{self.judged}/eval-reports/create/"
            answer = client.post(url, json={"evaluator_slugs": EVALUATORS})
            assert answer.status_code == 200, answer.text
            self.reports.append(answer.json()["id"])
        time.sleep(0.05)

    def until_killed(self, *, seconds: float) -> None:
        """Let clients work for a while and kill the server under their hands."""
        failures: list[BaseException] = []

        def repeat(act: Callable[[httpx2.Client], None]) -> None:
            try:
                with client_of(self.server) as client, contextlib.suppress(httpx2.TransportError):
                    while True:
                        act(client)
            except BaseException as error:
                failures.append(error)

        acts = (self.add_rows, self.add_rows, self.import_file, self.judge)
        threads = [threading.Thread(target=repeat, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.server.kill()
        for thread in threads:
            thread.join()
        assert failures == []


def test_kills_lose_nothing_and_leave_nothing_half_done(server: Server) -> None:
    database_url = database_url_of(server)
    kills = KILLS["postgresql" if database_url else "sqlite"]
    draw = random.Random(7)
    datasets = [new_dataset(server) for _ in range(3)]
    work = Work(server, *datasets, draw, file_of(FILE_ROWS, filler="x" * 100))
    import_rows(server, work.judged, file_of(JUDGED_ROWS))
    cells, killed, interrupted = 0, 0, {"run": 0, "import": 0}
    # The kills must hit something, or this test says nothing: on a fast machine a run ends while the server starts.
    while killed < kills or (min(interrupted.values()) < 3 and killed < 5 * kills):
        killed += 1
        work.until_killed(seconds=draw.uniform(0.02, 0.6))
        (now,) = rows_of(server, "SELECT count(*) FROM cell")[0]
        assert now >= cells, "a stored cell was lost"
        cells = now
        (runs,) = rows_of(server, "SELECT count(*) FROM eval_report WHERE status IN ('pending', 'running')")[0]
        (jobs,) = rows_of(server, "SELECT count(*) FROM job WHERE state = 'running'")[0]
        interrupted = {"run": interrupted["run"] + runs, "import": interrupted["import"] + jobs}
        server.start()
    assert min(interrupted.values()) >= 3, interrupted
    assert len(work.acknowledged) >= kills

    stored = stored_ids(server, work.rows_go_into)
    assert set(work.acknowledged) <= set(stored), "an acknowledged row was lost"
    assert len(stored) == len(set(stored)) <= work.sent_count

    with client_of(server) as client:
        count = client.get(f"/api/datasets/{work.files_go_into}/").json()["log_count"]
    imported = rows_of(
        server,
        "SELECT v.added_count FROM dataset_version v JOIN dataset d ON d.sequence = v.dataset_sequence"
        f" WHERE d.id = '{work.files_go_into}'",
    )
    assert imported == [(FILE_ROWS,)] * len(imported)
    assert count == FILE_ROWS * len(imported) == len(stored_ids(server, work.files_go_into))
    assert len(imported) >= work.imported_count
    if not database_url:
        # On PostgreSQL another server might still be importing: there what was begun waits ten minutes.
        assert rows_of(server, "SELECT count(*) FROM job WHERE state = 'running'") == [(0,)]
        assert rows_of(server, "SELECT count(*) FROM dataset_log WHERE added_in > 1000000000") == [(0,)]

    for report in rows_of(server, "SELECT id FROM eval_report"):
        assert finished(server, work.judged, report[0])["status"] == "completed"
        assert_every_cell_is_there_once(server, report[0], JUDGED_ROWS, len(EVALUATORS))
    assert set(work.reports) <= {id_ for (id_,) in rows_of(server, "SELECT id FROM eval_report")}
    assert server.stop() == 0
    assert verify(server.data, database_url_of(server)) == ""


def test_a_server_that_is_asked_to_stop_stops_soon_and_takes_its_runs_up_again(server: Server) -> None:
    rows = 10_000
    dataset = new_dataset(server)
    import_rows(server, dataset, file_of(rows))
    report = run_report(server, dataset, EVALUATORS)
    assert server.stop() == 0
    assert not (server.data / "meta.db-wal").exists(), "the database was not closed"
    assert rows_of(server, "SELECT status FROM eval_report")[0][0] in ("pending", "running")
    server.start()
    assert finished(server, dataset, report)["status"] == "completed"
    assert_every_cell_is_there_once(server, report, rows, len(EVALUATORS))
    assert server.stop() == 0
    assert verify(server.data, database_url_of(server)) == ""
