"""A disk that is full: a clear refusal, nothing broken, and work again as soon as there is space."""

from __future__ import annotations

import os
from pathlib import Path

from tests.recovery.operations import (
    CONTENT,
    JSONL,
    assert_every_cell_is_there_once,
    client_of,
    file_of,
    finished,
    import_rows,
    new_dataset,
    run_report,
    stored_ids,
    verify,
)
from tests.recovery.small_disk import fill, server, small_disk
from tests.server import Server

__all__ = ["server", "small_disk"]


def test_a_full_disk_refuses_writes_goes_on_reading_and_recovers(server: Server, small_disk: Path) -> None:
    dataset = new_dataset(server)
    acknowledged: list[str] = []
    with client_of(server) as client:

        def add(size: int) -> int:
            logs = [{**CONTENT, "input": os.urandom(1000).hex()} for _ in range(size)]
            answer = client.post(f"/api/datasets/{dataset}/logs/bulk/", json={"logs": logs})
            if answer.status_code == 201:
                acknowledged.extend(answer.json()["unique_ids"])
            else:
                assert answer.status_code == 507, answer.text
                assert "disk is full" in answer.json()["detail"]
                assert int(answer.headers["retry-after"]) > 0
            return answer.status_code

        assert add(100) == 201
        ballast = fill(small_disk)
        answers = [add(100) for _ in range(5)]
        assert answers[-1] != 201
        file = client.post(
            f"/api/datasets/{dataset}/logs/import-file/", content=file_of(3_000, filler="x" * 500), headers=JSONL
        )
        assert (file.status_code, "disk is full" in file.json()["detail"]) == (507, True)
        assert client.get(f"/api/datasets/{dataset}/logs/list/").json()["count"] == len(acknowledged)
        assert set(stored_ids(server, dataset)) == set(acknowledged)
        ballast.unlink()
        assert add(10) == 201
    assert set(stored_ids(server, dataset)) == set(acknowledged)
    assert server.stop() == 0
    assert verify(small_disk) == ""


def test_a_run_waits_for_space_and_then_ends(server: Server, small_disk: Path) -> None:
    rows = 2_000
    dataset = new_dataset(server)
    import_rows(server, dataset, file_of(rows))
    report = run_report(server, dataset, ["char_count_eval"])
    assert finished(server, dataset, report)["status"] == "completed"
    second = run_report(server, dataset, ["bleu", "rouge_l", "levenshtein"])
    ballast = fill(small_disk)
    with client_of(server) as client:
        for _ in range(20):
            assert client.get(f"/api/datasets/{dataset}/eval-reports/{second}/").json()["status"] != "failed"
    ballast.unlink()
    assert finished(server, dataset, second)["status"] == "completed"
    assert_every_cell_is_there_once(server, second, rows, 3)
    assert server.stop() == 0
    assert verify(small_disk) == ""
