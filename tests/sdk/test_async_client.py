"""The asynchronous client does the same work; only what waits is different."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assay.model.errors import NotFound
from assay.sdk import AsyncClient
from tests.sdk.recorder import Answer, Recorded, Recorder, page


def test_requests_lists_and_errors(recorder: Recorder) -> None:
    recorder.will_answer(
        Answer({"id": "d", "name": "n"}, status=201),
        Answer(page([{"id": "d", "name": "n"}], next="more")),
        Answer(page([{"id": "e", "name": "m"}])),
        Answer({"detail": "Not found."}, status=404),
    )

    async def work() -> list[str]:
        async with AsyncClient(api_key="k", base_url=recorder.url) as client:
            await client.datasets.create("n")
            names = [one.name async for one in client.datasets.iterate()]
            with pytest.raises(NotFound):
                await client.datasets.get("x")
            return names

    assert asyncio.run(work()) == ["n", "m"]
    assert recorder.connection_count == 1


def test_requests_run_side_by_side(recorder: Recorder) -> None:
    recorder.will_answer(lambda request: Answer({"id": request.path.split("/")[3], "name": "n"}))

    async def work() -> list[str]:
        async with AsyncClient(api_key="k", base_url=recorder.url) as client:
            found = await asyncio.gather(*(client.datasets.get(f"d{number}") for number in range(20)))
            return [one.id for one in found]

    assert asyncio.run(work()) == [f"d{number}" for number in range(20)]


def test_bulk_import_export_and_wait(recorder: Recorder, tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_bytes(b"input\n1\n")

    def answer(request: Recorded) -> Answer:
        if request.path.endswith("/bulk/"):
            return Answer({"success_count": len(request.json["logs"]), "error_count": 0, "errors": []}, status=201)
        if request.path.endswith("/import-file/"):
            return Answer({"imported_count": 1, "error_count": 0, "errors": []})
        if request.path.endswith("/export/"):
            return Answer(b"rows")
        return Answer({"id": "r", "dataset_id": "d", "status": "completed"})

    recorder.will_answer(answer)

    async def work() -> tuple[int, int, int, str]:
        async with AsyncClient(api_key="k", base_url=recorder.url) as client:
            stored = await client.dataset_logs.bulk_create("d", [{"input": n} for n in range(501)])
            imported = await client.dataset_logs.import_file("d", source)
            size = await client.dataset_logs.export("d", tmp_path / "out.jsonl")
            report = await client.eval_reports.wait("d", "r")
            return stored.success_count, imported.imported_count, size, report.status

    assert asyncio.run(work()) == (501, 1, 4, "completed")
    assert (tmp_path / "out.jsonl").read_bytes() == b"rows"
    assert [one.body for one in recorder.requests if one.path.endswith("/import-file/")] == [b"input\n1\n"]
