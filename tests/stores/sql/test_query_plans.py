"""SQLite answers the frequent questions through its indexes, however many rows there are."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest

from assay import assembly
from assay.filters.expression import EVERYTHING
from assay.model.page import PageRequest
from assay.ports.store import Store, Stores
from assay.settings import Settings
from assay.stores.sql import sqlite
from tests.conformance.builders import (
    ROW_ORDER,
    T0,
    change,
    draft,
    drafts,
    evaluator,
    logs_of,
    new_dataset,
    new_report,
    result,
)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that SQLite has run, with its values."""
    seen: list[str] = []

    def open_connection(*arguments: Any, **options: Any) -> apsw.Connection:
        connection = opened(*arguments, **options)
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: seen.append(str(event.get("sql") or "")))
        return connection

    opened = sqlite.open_connection
    monkeypatch.setattr(sqlite, "open_connection", open_connection)
    return seen


@pytest.fixture
def stores(statements: list[str], tmp_path: Path) -> Iterator[Stores]:
    """Stores whose statements are seen."""
    opened = assembly.open_stores(Settings(tmp_path))
    yield opened
    opened.close()


@dataclass(frozen=True, slots=True)
class Filled:
    """Stores with two datasets, and what to ask the second one for."""

    store: Store
    stores: Stores
    dataset: str
    log: str
    report: str


UPDATE, DELETE, CREATE = change("update", 9), change("delete", 9), change("create", 9)
Ask = Callable[[Filled], Coroutine[Any, Any, Any]]
QUESTIONS: dict[str, Ask] = {
    "first page": lambda of: of.store.dataset_logs.page(of.dataset, None, EVERYTHING, ROW_ORDER, PageRequest()),
    "at an offset": lambda of: of.store.dataset_logs.page(of.dataset, 1, EVERYTHING, ROW_ORDER, PageRequest(3, 10)),
    "one row": lambda of: of.store.dataset_logs.get(of.dataset, of.log),
    "edit": lambda of: of.store.dataset_logs.revise(of.dataset, of.log, lambda _: draft("new"), UPDATE),
    "delete of one row": lambda of: of.store.dataset_logs.remove(of.dataset, of.log, DELETE),
    "append": lambda of: of.store.dataset_logs.append(of.dataset, drafts("x", "y"), CREATE),
    "batch of a walk": lambda of: anext(of.store.dataset_logs.iterate(of.dataset, None, EVERYTHING, 10)),
    "scores of rows": lambda of: of.store.scores.list_for_logs(of.dataset, [of.log]),
    "missing cells": lambda of: of.stores.runs.list_missing(of.report, 0, 1 << 62),
    "report": lambda of: of.store.eval_reports.get(of.dataset, of.report),
    "dataset": lambda of: of.store.datasets.get(of.dataset),
    "key": lambda of: of.stores.access.find_identity(b"x" * 64),
    "unfinished reports": lambda of: of.stores.runs.list_unfinished(),
}


async def fill(stores: Stores) -> Filled:
    """Make two datasets with rows and a report with half of its cells."""
    organization = await stores.access.create_organization("o", "an organisation", T0)
    store = stores.within(organization.id, "prod")
    for dataset in (await new_dataset(store), await new_dataset(store)):
        ids, _ = await store.dataset_logs.append(dataset, drafts(*range(200)), change())
        report = await new_report(store, dataset, [evaluator(store, "judge")])
    logs = await logs_of(store, dataset)
    await stores.runs.record(report.id, [result(log, 0, 1.0) for log in logs[:100]], T0)
    return Filled(store, stores, dataset, ids[7], report.id)


def plan_of(path: Path, statement: str) -> list[str]:
    """Return how SQLite would run a statement."""
    connection = sqlite.open_connection(path)
    try:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", _Unknown())]
    finally:
        connection.close()


class _Unknown(dict[str, None]):
    def __missing__(self, name: str) -> None:
        return None


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_table_is_read_from_end_to_end(name: str, stores: Stores, statements: list[str], tmp_path: Path) -> None:
    filled = asyncio.run(fill(stores))
    statements.clear()
    asyncio.run(QUESTIONS[name](filled))
    asked = [text for text in statements if text.split(None, 1)[0] in ("SELECT", "UPDATE", "DELETE", "INSERT")]
    assert asked
    for statement in dict.fromkeys(asked):
        if "?" in statement:
            continue
        scans = [step for step in plan_of(tmp_path / "meta.db", statement) if step.startswith("SCAN")]
        # Meant to be walked: a list of values, the dozen counters, the index that holds only unfinished reports.
        allowed = ("SCAN json_each", "SCAN sqlite_sequence", "SCAN eval_report USING INDEX eval_report_open")
        assert [scan for scan in scans if not scan.startswith(allowed)] == [], statement


def test_a_plan_without_its_index_is_noticed(stores: Stores, tmp_path: Path) -> None:
    """The other tests of this file would fail if an index were lost."""
    asyncio.run(fill(stores))
    statement = "SELECT 1 FROM dataset_log WHERE id = :id"
    assert not any(step.startswith("SCAN") for step in plan_of(tmp_path / "meta.db", statement))
    with contextlib.closing(apsw.Connection(str(tmp_path / "meta.db"))) as connection:
        connection.execute("DROP INDEX dataset_log_id")
    assert any(step.startswith("SCAN dataset_log") for step in plan_of(tmp_path / "meta.db", statement))


def test_a_page_in_row_order_is_not_sorted(stores: Stores, statements: list[str], tmp_path: Path) -> None:
    filled = asyncio.run(fill(stores))
    statements.clear()
    asyncio.run(filled.store.dataset_logs.page(filled.dataset, None, EVERYTHING, ROW_ORDER, PageRequest(2, 50)))
    paged = [text for text in statements if "LIMIT" in text and "dataset_log" in text]
    assert paged
    for statement in paged:
        plan = plan_of(tmp_path / "meta.db", statement)
        assert any("INDEX dataset_log_order" in step for step in plan)
