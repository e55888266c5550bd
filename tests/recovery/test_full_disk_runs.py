"""A disk that is full while a model judges: what was paid for is kept, and stored as soon as there is space."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.fake_model_server import running_fake_model_server
from tests.recovery.operations import client_of, file_of, import_rows, new_dataset, verify
from tests.recovery.small_disk import fill, server, small_disk
from tests.recovery.test_kill_runs import add_judge, run_judge, stored_cells, until_ended
from tests.server import Server

__all__ = ["server", "small_disk"]

ROWS = 600


def test_a_full_disk_costs_no_answer_of_a_model(server: Server, small_disk: Path) -> None:
    with running_fake_model_server(latency=0.1) as model:
        add_judge(server, model, max_concurrency=16)
        dataset = new_dataset(server)
        import_rows(server, dataset, file_of(ROWS))
        report = run_judge(server, dataset)
        while stored_cells(server).total() < 50:
            time.sleep(0.02)
        ballast = fill(small_disk)
        time.sleep(3)
        with client_of(server) as client:
            found = client.get(f"/api/datasets/{dataset}/eval-reports/{report}/").json()
        assert found["status"] == "running"
        # It does not go on asking for what it cannot keep.
        calls = model.summary()["calls"]
        time.sleep(0.5)
        assert model.summary()["calls"] == calls < ROWS
        ballast.unlink()
        ended = until_ended(server, dataset, report)
        summary = model.summary()
    assert (ended["status"], stored_cells(server)) == ("completed", {"scored": ROWS})
    assert summary["kinds"] == {"verdict": ROWS}
    assert server.stop() == 0
    assert verify(small_disk) == ""
