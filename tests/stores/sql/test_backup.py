"""Backup, restore and verify, as an operator does them while others go on writing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from assay import assembly
from assay.filters.expression import EVERYTHING
from assay.model.errors import Invalid
from assay.model.page import Sort
from assay.services.datasets import get_hashed_version
from assay.settings import Settings
from tests.conformance.builders import (
    ALL,
    ROW_ORDER,
    T0,
    change,
    drafts,
    evaluator,
    inputs_of,
    logs_of,
    new_dataset,
    new_report,
    result,
)
from tests.recovery.operations import assay, client_of, stored_ids, verify
from tests.recovery.operations import new_dataset as new_dataset_of
from tests.server import Server, running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with rows, an edit, a report and scores."""
    directory = tmp_path / "data"
    stores = assembly.open_stores(Settings(directory))

    async def fill() -> None:
        organization = await stores.access.create_organization("o", "an organisation", T0)
        store = stores.within(organization.id, "prod")
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(*("row " * 100 + str(place) for place in range(50))), change())
        report = await new_report(store, dataset, [evaluator(store, "judge")])
        logs = await logs_of(store, dataset)
        await stores.runs.record(report.id, [result(log, 0, 1.0) for log in logs], T0)

    asyncio.run(fill())
    stores.close()
    return directory


def change_file(data: Path, statement: str, values: tuple[object, ...] = ()) -> None:
    """Damage the database behind the back of the stores."""
    with contextlib.closing(apsw.Connection(str(data / "meta.db"))) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement, values)


def problems_of(data: Path) -> list[str]:
    """Return what the stores find wrong with themselves."""
    stores = assembly.open_stores(Settings(data))
    try:
        return asyncio.run(stores.verify())
    finally:
        stores.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that goes on while it is backed up."""
    with running() as started:
        yield started


def test_a_backup_of_a_running_server_holds_what_was_acknowledged_before(server: Server, tmp_path: Path) -> None:
    dataset = new_dataset_of(server)
    with client_of(server) as client:

        def add() -> list[str]:
            url = f"/api/datasets/{dataset}/logs/bulk/"
            answer = client.post(url, json={"logs": [{"input": place} for place in range(100)]})
            return list(answer.json()["unique_ids"])

        before = [id_ for _ in range(5) for id_ in add()]
        ended = assay("backup", str(tmp_path / "copy"), data=server.data)
        assert (ended.returncode, ended.stderr) == (0, "")
        add()
    again = assay("backup", str(tmp_path / "copy"), data=server.data)
    assert again.returncode == 1
    assert "exists already: choose an empty directory" in again.stderr
    ended = assay("restore", str(tmp_path / "copy"), data=tmp_path / "restored")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert verify(tmp_path / "restored") == ""
    second = Server(tmp_path / "restored")
    second.start()
    try:
        assert stored_ids(second, dataset) == before
    finally:
        second.stop()


def test_a_backup_is_never_put_over_data(data: Path, tmp_path: Path) -> None:
    assert assay("backup", str(tmp_path / "copy"), data=data).returncode == 0
    before = (data / "meta.db").read_bytes()
    ended = assay("restore", str(tmp_path / "copy"), data=data)
    assert ended.returncode == 1
    assert "nothing is overwritten" in ended.stderr
    assert (data / "meta.db").read_bytes() == before


def test_a_backup_is_not_put_beside_the_log_file_of_other_data(data: Path, tmp_path: Path) -> None:
    """SQLite would play the log of the old database into the new one."""
    assert assay("backup", str(tmp_path / "copy"), data=data).returncode == 0
    left_over = tmp_path / "moved"
    left_over.mkdir()
    (left_over / "meta.db-wal").write_bytes(b"what a killed server left")
    ended = assay("restore", str(tmp_path / "copy"), data=left_over)
    assert ended.returncode == 1
    assert "meta.db-wal" in ended.stderr
    assert not (left_over / "meta.db").exists()


def damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield ways in which a copy goes bad."""
    yield "empty", b""
    yield "a letter", b"no database at all, but long enough to look like one" * 50
    yield "cut off", content[: len(content) // 2]
    yield "page torn", content[:8192] + b"\xff" * 4096 + content[12288:]
    yield "first page torn", content[:100] + b"\xff" * 60 + content[160:]


def test_a_damaged_backup_is_refused_in_one_line(data: Path, tmp_path: Path) -> None:
    content = (data / "meta.db").read_bytes()
    for name, damage in damaged(content):
        copy = tmp_path / name
        copy.mkdir()
        (copy / "meta.db").write_bytes(damage)
        with pytest.raises(Invalid, match="is damaged"):
            assembly.restore_stores(Settings(tmp_path / "target"), copy)
        assert not (tmp_path / "target" / "meta.db").exists(), name
    ended = assay("restore", str(copy), data=tmp_path / "target")
    assert (ended.returncode, ended.stderr.count("\n"), "is damaged" in ended.stderr) == (1, 1, True)
    with pytest.raises(Invalid, match="holds no backup"):
        assembly.restore_stores(Settings(tmp_path / "target"), tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE dataset_log_body SET data = X'28B52FFD00' WHERE sequence = 3", "body 3"),
        ("UPDATE dataset_log_body SET data = (SELECT data FROM dataset_log_body WHERE sequence = 4) WHERE sequence = 3",
         "body 3: its content does not match its digest"),
        ("UPDATE dataset_log_body SET codec = 7 WHERE sequence = 3", "body 3"),
        ("UPDATE dataset SET log_count = 49", "log_count says 49, its newest version holds 50 rows"),
        ("UPDATE dataset_version SET log_count = 49", "version 1 says 49 rows and holds 50"),
        ("UPDATE dataset_log SET removed_in = 1 WHERE sequence = 5", "version 1 says 50 rows and holds 49"),
        ("DELETE FROM dataset_log WHERE sequence = 5", "newest version holds 49 rows"),
        ("DELETE FROM dataset_log_body WHERE sequence = 3", "dataset_log line 3 points to a missing dataset_log_body"),
        ("UPDATE eval_task SET scored_count = 49", "task 0 says 49 cells and has 50"),
    ],
)  # fmt: skip
def test_verify_finds_what_is_damaged(data: Path, statement: str, complaint: str) -> None:
    assert problems_of(data) == []
    change_file(data, statement)
    assert any(complaint in problem for problem in problems_of(data))


def test_verify_computes_the_hashes_of_versions_again(data: Path) -> None:
    stores = assembly.open_stores(Settings(data))

    async def hash_the_version() -> str | None:
        organization = (await stores.access.list_organizations())[0]
        store = stores.within(organization.id, "prod")
        dataset = (await store.datasets.list(EVERYTHING, Sort("created_at"), ALL)).items[0]
        return (await get_hashed_version(store, dataset.id, "1")).content_hash

    assert asyncio.run(hash_the_version()) is not None
    stores.close()
    assert problems_of(data) == []
    # Two rows change places: every body is whole, but the version is not what it was.
    change_file(data, "UPDATE dataset_log SET position = 11 - position WHERE position IN (5, 6)")
    assert [problem.partition(": ")[2] for problem in problems_of(data)] == [
        "the rows of version 1 do not give its content hash"
    ]


def test_the_command_line_says_what_is_damaged_and_fails(data: Path) -> None:
    change_file(data, "UPDATE dataset SET log_count = 49")
    ended = assay("verify", data=data)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert "log_count says 49, its newest version holds 50 rows" in ended.stderr


def test_verify_finds_a_torn_page(data: Path) -> None:
    path = data / "meta.db"
    content = path.read_bytes()
    place = content.rindex(b"row row row") // 4096 * 4096 if b"row row row" in content else len(content) - 8192
    path.write_bytes(content[:place] + b"\xff" * 4096 + content[place + 4096 :])
    found = verify(data)
    assert found != ""
    assert "Traceback" not in found


def test_rows_are_readable_after_backup_and_restore_with_their_content(data: Path, tmp_path: Path) -> None:
    assay("backup", str(tmp_path / "copy"), data=data)
    assembly.restore_stores(Settings(tmp_path / "restored"), tmp_path / "copy")
    stores = assembly.open_stores(Settings(tmp_path / "restored"))

    async def read() -> list[str]:
        store = stores.within(1, "prod")
        (dataset,) = (await store.datasets.list(EVERYTHING, ROW_ORDER, ALL)).items
        return await inputs_of(store, dataset.id)

    try:
        assert asyncio.run(read()) == ["row " * 100 + str(place) for place in range(50)]
    finally:
        stores.close()
