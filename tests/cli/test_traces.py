"""`assay traces`, run as people run it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assay.sdk import Client
from tests.cli.conftest import Shell


@pytest.fixture
def trace(client: Client) -> str:
    """A trace of four spans, recorded from the leaves up; one of them failed."""
    trace_id = uuid.uuid4().hex
    began = datetime.now(UTC) - timedelta(minutes=1)
    spans: list[dict[str, Any]] = [
        {
            "span_unique_id": "d",
            "span_parent_id": "b",
            "span_name": "rank [it]",
            "log_type": "tool",
            "at": (0.2, 0.5),
        },
        {"span_unique_id": "b", "span_parent_id": "a", "span_name": "retrieve", "log_type": "task", "at": (0.1, 0.6)},
        {
            "span_unique_id": "c",
            "span_parent_id": "a",
            "span_name": "generate",
            "model": "gpt-4o",
            "prompt_tokens": 900,
            "completion_tokens": 100,
            "error_message": "Cut off.",
            "at": (1.0, 3.9),
        },
        {"span_unique_id": "a", "span_name": "answer a question", "log_type": "workflow", "at": (0.0, 4.0)},
    ]
    for span in spans:
        start, end = span.pop("at")
        client.request_logs.create(
            input=span["span_name"],
            output="x",
            trace_unique_id=trace_id,
            start_time=(began + timedelta(seconds=start)).isoformat(),
            timestamp=(began + timedelta(seconds=end)).isoformat(),
            customer_identifier="trace-test",
            **span,
        )
    return trace_id


def test_a_trace_is_printed_as_a_tree_with_durations_and_costs(assay: Shell, trace: str) -> None:
    lines = assay("traces", "show", trace).out.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    tree = [" ".join(line.replace("━", "").split()) for line in lines[lines.index("") + 1 :]]
    assert tree == [
        "answer a question workflow 4.0 s",
        "├─ retrieve task 500 ms",
        "│ └─ rank [it] tool 300 ms",
        "└─ generate gpt-4o 2.9 s 1,000 $0.003250",
    ]
    facts = dict(line.split(maxsplit=1) for line in lines[: lines.index("")])
    assert facts["Duration"].strip() == "4.0 s"
    assert facts["Spans"].strip() == "4, 1 of them model calls"
    assert facts["Errors"].strip() == "1"


def test_bars_stand_where_spans_ran(assay: Shell, trace: str) -> None:
    wide = Shell(assay.environment | {"COLUMNS": "120"})
    lines = wide("traces", "show", trace).out.splitlines()
    root, retrieve, _, generate = (line.rstrip() for line in lines[lines.index("") + 1 :])
    first = root.index("━")
    assert root.count("━") == 16
    assert (retrieve.index("━"), generate.index("━")) == (first, first + 4)
    assert retrieve.count("━") < generate.count("━")


def test_traces_are_listed_under_filters(assay: Shell, trace: str) -> None:
    out = assay("traces", "list", "-f", f"trace_unique_id={trace}").out
    assert trace[:10] in out.replace("\n", "")
    assert [line for line in out.splitlines() if len(line) > 80] == []
    listed = assay("traces", "list", "-f", "customer_identifier=trace-test", "--json").json["results"]
    assert trace in [one["id"] for one in listed]
    assert assay("traces", "list", "--since", "2020-01-01", "--until", "2020-01-02").out == "No traces.\n"


def test_a_trace_is_deleted_with_its_logs(assay: Shell, trace: str, client: Client) -> None:
    assert "give --yes" in assay("traces", "delete", trace, code=1).err
    assert assay("traces", "delete", trace, "--yes").out == f"Deleted trace {trace}.\n"
    assert "Trace not found" in assay("traces", "show", trace, code=1).err
    assert client.request_logs.count({"trace_unique_id": trace}).count == 0
