"""`assay logs` and `assay datasets create --from-logs`, run as people run them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from assay.cli.log_options import read_moment, read_share, read_window
from assay.cli.log_table import money, seconds
from assay.sdk import Client
from tests.cli.conftest import SOURCE, Shell


@pytest.fixture
def run(client: Client) -> Iterator[str]:
    """Twenty logs of two models and four failures, told from others by their metadata."""
    mark = uuid.uuid4().hex[:12]
    now = datetime.now(UTC)
    logs = [
        {
            "input": [{"role": "user", "content": f"question {n} about a refund [{'bold'}]"}],
            "output": {"role": "assistant", "content": f"answer {n}"},
            "model": "gpt-4o" if n % 2 else "gpt-4o-mini",
            "prompt_tokens": 1000 + n,
            "completion_tokens": 10,
            "latency": 0.25 * n,
            "timestamp": (now - timedelta(hours=n)).isoformat(),
            "metadata": {"run": mark, "n": n},
            **({"status_code": 429, "error_message": "Slow down."} if n % 5 == 0 else {}),
        }
        for n in range(20)
    ]
    ids = client.request_logs.record_many(logs).ids
    yield mark
    for log_id in ids:
        client.request_logs.delete(log_id)


def test_logs_are_listed_in_lines_that_fit(assay: Shell, run: str) -> None:
    out = assay("logs", "list", "-f", f"metadata.run={run}", "--limit", "6").out
    lines = out.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert lines[0].split() == ["Time", "Model", "Status", "Tokens", "Cost", "Latency", "Input"]
    assert "gpt-4o-mini 429 1,010 $0.000156 0 ms question 0" in " ".join(lines[2].split())
    assert "gpt-4o ok 1,011 $0.002603 250 ms question 1" in " ".join(lines[3].split())
    assert len(lines) == 2 + 6 + 1
    assert "--limit shows more" in lines[-1]
    wide = Shell(assay.environment | {"COLUMNS": "160"})("logs", "list", "-f", f"metadata.run={run}").out
    assert "Slow down." in wide
    assert "refund [bold]" in wide
    assert max(map(len, wide.splitlines())) <= 160


def test_ids_take_the_place_of_figures_where_lines_are_short(assay: Shell, run: str, client: Client) -> None:
    newest = client.request_logs.list({"metadata.run": run}, page_size=1).results[0]
    out = assay("logs", "list", "-f", f"metadata.run={run}", "--ids", "--limit", "1").out
    assert newest.id in out
    assert "Latency" not in out


def test_logs_are_chosen_by_filters_search_and_time(assay: Shell, run: str) -> None:
    def chosen(*options: str) -> list[int]:
        found = assay("logs", "list", "-f", f"metadata.run={run}", "--json", *options).json["results"]
        return [log["metadata"]["n"] for log in found]

    assert chosen("-f", "status=failed") == [0, 5, 10, 15]
    assert chosen("-f", "latency>4.4") == [18, 19]
    assert chosen("--search", '"question 7" model:gpt-4o') == [7]
    assert chosen("--since", "150m") == [0, 1, 2]
    assert chosen("--since", "2d", "--until", "17.5h") == [18, 19]
    assert chosen("--sort", "-latency", "--limit", "2") == [19, 18]
    assert chosen("--environment", "test") == []


def test_a_list_without_logs_says_where_it_looked(assay: Shell) -> None:
    out = assay("logs", "list", "-f", "metadata.run=none").out
    assert out == "No logs in the last 24 hours; --since 7d looks further back.\n"
    assert assay("logs", "list", "-f", "metadata.run=none", "--since", "30d").out == "No logs.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("logs", "list", "--since", "yesterday"), '"yesterday" is not a time'),
        (("logs", "list", "--since", "1h", "--until", "2h"), "is not after --since"),
        (("logs", "list", "--environment", "staging"), "is not prod, test or all"),
        (("logs", "list", "--limit", "0"), "--limit"),
        (("datasets", "create", "x", "--from-logs"), "say from when on"),
        (("datasets", "create", "x", "--sample", "10%"), "the options that choose logs need it"),
        (("datasets", "create", "x", "--from-logs", "--since", "7d", "--sample", "0%"), "not a percentage"),
        (("datasets", "create", "x", "--from-logs", "--since", "7d", "--sample", "5", "--count", "5"), "not both"),
        (("datasets", "create", "x", "--from-logs", "--since", "7d", "--newest", "--stratify", "model"), "give one of"),
        (("datasets", "create", "x", "--from-logs", "--since", "7d", "--equal"), "needs --stratify"),
        (("logs", "retention", "set", "staging=7"), "is not ENV=DAYS"),
        (("logs", "retention", "set", "prod=soon"), "is not ENV=DAYS"),
    ],
)
def test_wrong_usage_is_named_before_anything_is_asked(bare: Shell, arguments: tuple[str, ...], message: str) -> None:
    ended = bare(*arguments, code=2)
    assert message in " ".join(ended.err.replace("│", " ").split())
    assert ended.out == ""


def test_what_the_server_refuses_is_told(assay: Shell) -> None:
    assert "cost" in assay("logs", "list", "-f", "cost>much", code=1).err
    assert "Log not found" in assay("logs", "show", "0" * 32, code=1).err


def test_one_log_is_shown_with_all_it_holds(assay: Shell, run: str, client: Client) -> None:
    log = client.request_logs.list({"metadata.run": run, "metadata.n": 5}, start_time="2020-01-01T00:00:00Z").results[0]
    out = assay("logs", "show", log.id).out
    for words in ("gpt-4o", "1,005 in, 10 out, 1,015 in all", "1.2 s", "Slow down.", f"run: {run}", "user "):
        assert words in out
    assert "question 5 about a refund [bold]" in out
    assert "answer 5" in out
    assert assay("logs", "show", log.id, "--json").json["id"] == log.id


def test_logs_are_counted(assay: Shell, run: str) -> None:
    assert assay("logs", "count", "-f", f"metadata.run={run}").out == "20 logs\n"
    assert assay("logs", "count", "-f", f"metadata.run={run}", "--search", "nothing").out == "0 logs\n"
    assert assay("logs", "count", "-f", f"metadata.run={run}", "--json").json == {"count": 20, "is_exact": True}


def test_a_file_is_recorded_and_bad_lines_are_named(assay: Shell, client: Client, tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    lines = [json.dumps({"input": f"recorded {n}", "metadata": {"run": mark}}) for n in range(3)]
    bad = ["", "{half", "[1]", '{"model": "m"}', json.dumps({"input": "x", "latency": "slow"})]
    file = tmp_path / "logs.jsonl"
    file.write_text("\n".join([lines[0], *bad, *lines[1:]]) + "\n")
    ended = assay("logs", "record", str(file), code=1)
    assert ended.out == "Recorded 3 logs.\n"
    assert [line.split(":")[0] for line in ended.err.splitlines()[1:]] == ["line 3", "line 4", "line 5", "line 6"]
    assert "latency" in ended.err
    assert client.request_logs.count({"metadata.run": mark}).count == 3
    from_pipe = assay("logs", "record", "-", "--json", input=lines[0] + "\n").json
    assert (from_pipe["recorded_count"], len(from_pipe["ids"]), from_pipe["errors"]) == (1, 1, [])


def test_a_file_that_is_not_there_is_one_line(assay: Shell) -> None:
    ended = assay("logs", "record", "missing.jsonl", code=1)
    assert ended.err == "Error: file: missing.jsonl cannot be read: No such file or directory.\n"


def test_logs_are_deleted_by_id(assay: Shell, client: Client) -> None:
    made = [client.request_logs.create(input="to be deleted").id for _ in range(2)]
    assert "give --yes" in assay("logs", "delete", *made, code=1).err
    assert assay("logs", "delete", *made, "--yes").out == "Deleted 2 logs.\n"
    assert "Log not found" in assay("logs", "delete", made[0], "--yes", code=1).err


def test_logs_are_followed_as_they_come_in(assay: Shell, client: Client) -> None:
    mark = uuid.uuid4().hex
    client.request_logs.create(input="there before", metadata={"run": mark})
    arguments = ("logs", "tail", "-f", f"metadata.run={mark}", "--interval", "0.1", "--json")
    environment = {"PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1", **assay.environment}
    with subprocess.Popen(
        [sys.executable, "-m", "assay.cli.main", *arguments], stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["input"] == "there before"
        client.request_logs.create(input="came in", metadata={"run": mark})
        late = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
        assert json.loads(process.stdout.readline())["input"] == "came in"
        client.request_logs.create(input="came in late", metadata={"run": mark}, timestamp=late)
        assert json.loads(process.stdout.readline())["input"] == "came in late"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
    assert process.returncode == 0


def test_a_dataset_is_sampled_from_logs_as_tried_before(assay: Shell, run: str, client: Client) -> None:
    options = ("--from-logs", "--since", "24h", "-f", f"metadata.run={run}", "--stratify", "model", "--sample", "40%")
    tried = assay("datasets", "create", f"Tried {run}", *options, "--seed", "7", "--dry-run").out
    assert "20 logs match, 8 would be taken." in tried
    assert tried.count("question ") == 3
    assert assay("datasets", "list", "-f", f"name=Tried {run}").out.startswith("No datasets.")
    made = assay("datasets", "create", f"Made {run}", *options, "--seed", "7").out
    assert "8 rows of 20 logs that match" in " ".join(made.split())
    assert ["gpt-4o", "10", "4"] in [line.split() for line in made.splitlines()]
    shown = assay("datasets", "show", f"Made {run}").out
    assert "seed=7" in shown
    dataset = client.datasets.list({"name": f"Made {run}"}).results[0]
    again = assay("datasets", "create", f"Again {run}", *options, "--seed", "7", "--json").json

    def rows(dataset_id: str) -> set[Any]:
        return {row.metadata["n"] for row in client.dataset_logs.iterate(dataset_id) if row.metadata}

    assert len(rows(dataset.id)) == 8
    assert rows(dataset.id) == rows(again["id"])
    client.datasets.delete(dataset.id)
    client.datasets.delete(again["id"])


def test_the_newest_and_the_failed_ones_are_taken_first(assay: Shell, run: str, client: Client) -> None:
    window = ("--from-logs", "--since", "24h", "-f", f"metadata.run={run}", "--count", "4", "--json")
    expected = {"--newest": {0, 1, 2, 3}, "--failures-first": {0, 5, 10, 15}}
    for option, numbers in expected.items():
        made = assay("datasets", "create", f"Sample {option} {run}", *window, option).json
        rows = client.dataset_logs.list(made["id"]).results
        assert {row.metadata["n"] for row in rows if row.metadata} == numbers
        client.datasets.delete(made["id"])


def test_logs_are_added_to_a_dataset_that_is_there(assay: Shell, run: str, client: Client) -> None:
    dataset = client.datasets.create(f"Grown {run}")
    options = ("logs", "import", dataset.name, "--since", "24h", "-f", f"metadata.run={run}", "-f", "status=failed")
    assert "4 logs match, 4 would be taken." in assay(*options, "--dry-run").out
    assert assay(*options).out == f'Added 4 logs to "Grown {run}".\n'
    assert assay(*options).out == f'Added 0 logs to "Grown {run}".\n'
    client.datasets.delete(dataset.id)


def test_retention_is_shown_and_set(assay: Shell) -> None:
    assert "give --yes" in assay("logs", "retention", "set", "test=30", code=1).err
    assert [line.split() for line in assay("logs", "retention", "set", "test=30", "--yes").out.splitlines()] == [
        ["prod", "forever"],
        ["test", "30", "days"],
    ]
    assert assay("logs", "retention", "get", "--json").json == {"prod": None, "test": 30}
    assert "30" not in assay("logs", "retention", "set", "test=forever").out
    assert "prod" in assay("logs", "retention", "set", "prod=0", "--yes", code=1).err


def test_times_are_read_as_spans_and_as_dates() -> None:
    week_ago = read_moment("7d", "--since")
    assert week_ago is not None
    assert abs((datetime.now(UTC) - week_ago) - timedelta(days=7)) < timedelta(minutes=1)
    assert read_moment("1.5h ago", "--since") is not None
    assert read_moment("2026-11-23T08:00:00+02:00", "--since") == datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert read_window(None, None, "1h")["start_time"] is not None
    assert read_window(None, "2h", "1h")["start_time"] is None
    for wrong in ("", "7", "d", "2026-13-01", "99999999999w"):
        with pytest.raises(typer.BadParameter):
            read_moment(wrong, "--since")


@pytest.mark.parametrize(("words", "percent"), [("10%", 10.0), ("0.5", 0.5), ("100 %", 100.0)])
def test_a_share_is_a_percentage(words: str, percent: float) -> None:
    assert read_share(words) == percent


@pytest.mark.parametrize(
    ("dollars", "words"),
    [(None, "–"), (0.0, "$0"), (0.0000149, "$0.000015"), (0.5, "$0.500000"), (1234.5, "$1,234.50")],
)
def test_costs_are_told_to_the_millionth(dollars: float | None, words: str) -> None:
    assert money(dollars) == words


@pytest.mark.parametrize(
    ("duration", "words"), [(None, ""), (0.0004, "0 ms"), (0.9996, "1.0 s"), (12.34, "12.3 s"), (200.2, "3 min 20 s")]
)
def test_durations_are_told_as_people_say_them(duration: float | None, words: str) -> None:
    assert seconds(duration) == words
