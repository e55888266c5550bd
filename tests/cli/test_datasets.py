"""`assay datasets` and `assay datasets logs`, run as people run them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assay.sdk import Client
from assay.sdk.types import Dataset
from tests.cli.conftest import Shell


def test_a_dataset_is_made_renamed_shown_and_deleted_by_name(assay: Shell) -> None:
    made = assay("datasets", "create", "Made by hand", "-d", "for a test", "--json").json
    assert made["id"] in assay("datasets", "list").out
    assay("datasets", "rename", "Made by hand", "Renamed by hand")
    shown = assay("datasets", "show", "Renamed by hand").out
    assert made["id"] in shown
    assert "for a test" in shown
    assert (
        assay("datasets", "update", made["id"], "--description", "changed", "--json").json["description"] == "changed"
    )
    assert "Renamed by hand" in assay("datasets", "delete", "Renamed by hand", "--yes").out
    assert "There is no dataset named" in assay("datasets", "show", "Renamed by hand", code=1).err


def test_json_is_one_document_and_nothing_else(assay: Shell, dataset: Dataset) -> None:
    ended = assay("datasets", "list", "--json")
    assert {"count", "next", "previous", "results"} <= ended.json.keys()
    assert ended.err == ""
    assert assay("datasets", "show", dataset.id, "--json").json["name"] == dataset.name


def test_deleting_asks_and_without_a_terminal_refuses(assay: Shell, dataset: Dataset, client: Client) -> None:
    ended = assay("datasets", "delete", dataset.id, code=1)
    assert "give --yes" in ended.err
    assert client.datasets.get(dataset.id).id == dataset.id


def test_an_ambiguous_name_names_the_ids(assay: Shell, client: Client) -> None:
    twins = [client.datasets.create("Twin") for _ in range(2)]
    err = assay("datasets", "show", "Twin", code=1).err
    assert all(one.id in err for one in twins)
    for one in twins:
        client.datasets.delete(one.id)


def test_rows_are_listed_under_filters(assay: Shell, dataset: Dataset) -> None:
    everything = assay("datasets", "logs", "list", dataset.id).out
    assert all(f"question {n}" in everything for n in range(3))
    chosen = assay("datasets", "logs", "list", dataset.name, "--filter", "metadata.topic=refund", "--json").json
    assert sorted(row["input"] for row in chosen["results"]) == ["question 0", "question 1"]
    by_json = assay(
        "datasets", "logs", "list", dataset.id, "--filters", '{"metadata.topic": "shipping"}', "--json"
    ).json
    assert [row["input"] for row in by_json["results"]] == ["question 2"]


def test_a_filter_that_cannot_be_read_is_wrong_usage(assay: Shell, dataset: Dataset) -> None:
    assert "is not FIELD=VALUE" in assay("datasets", "logs", "list", dataset.id, "--filter", "topic", code=2).err


def test_a_row_is_added_from_json_and_from_text(assay: Shell, dataset: Dataset, client: Client) -> None:
    made = assay(
        *("datasets", "logs", "add", dataset.id, "--input", '{"q": 1}', "--output", "plain", "--json"),
        *("--metadata", '{"topic": "new"}'),
    ).json
    row = client.dataset_logs.get(dataset.id, made["unique_id"])
    assert (row.input, row.output, row.metadata) == ({"q": 1}, "plain", {"topic": "new"})


def test_a_file_is_imported_under_a_mapping_and_exported(
    assay: Shell, dataset: Dataset, client: Client, tmp_path: Path
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("question,answer,area\nwhy,because,billing\nhow,so,billing\n")
    maps = ("--map", "question=input", "--map", "answer=output", "--map", "area=metadata.topic")
    assert "Imported 2 rows" in assay("datasets", "logs", "import", dataset.id, str(source), *maps).out
    target = tmp_path / "out.jsonl"
    assay("datasets", "logs", "export", dataset.id, "-o", str(target), "--filter", "metadata.topic=billing")
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert {(row["input"], row["output"]) for row in rows} == {("why", "because"), ("how", "so")}


def test_export_to_standard_output_can_be_imported_from_standard_input(
    assay: Shell, dataset: Dataset, client: Client
) -> None:
    exported = assay("datasets", "logs", "export", dataset.id)
    assert len(exported.out.splitlines()) == 3
    copy = client.datasets.create("Copy")
    done = assay("datasets", "logs", "import", copy.id, "-", "--format", "jsonl", "--json", input=exported.out).json
    assert done["imported_count"] == 3
    assert {row.input for row in client.dataset_logs.iterate(copy.id)} == {f"question {n}" for n in range(3)}
    client.datasets.delete(copy.id)


def test_bad_lines_are_named_and_the_exit_code_is_1(assay: Shell, dataset: Dataset, tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text('{"input": "good", "output": "x"}\nnot json\n')
    ended = assay("datasets", "logs", "import", dataset.id, str(source), code=1)
    assert "Imported 1 row, now version" in ended.out
    assert "Refused 1 line:" in ended.err
    assert "line 2:" in ended.err


def test_a_file_that_is_not_there_is_one_line(assay: Shell, dataset: Dataset) -> None:
    ended = assay("datasets", "logs", "import", dataset.id, "missing.jsonl", code=1)
    assert ended.err == "Error: file: missing.jsonl cannot be read: No such file or directory.\n"


def test_rows_are_deleted_by_id_by_filter_and_all(assay: Shell, dataset: Dataset, client: Client) -> None:
    def left() -> list[Any]:
        return sorted(row.input for row in client.dataset_logs.iterate(dataset.id))

    shipping = client.dataset_logs.list(dataset.id, {"metadata.topic": "shipping"}).results[0]
    assay("datasets", "logs", "delete", dataset.id, shipping.id, "--yes")
    assert left() == ["question 0", "question 1"]
    assert "give ids, or filters, or --all" in assay("datasets", "logs", "delete", dataset.id, "--yes", code=2).err
    assert "give --yes" in assay("datasets", "logs", "delete", dataset.id, "--all", code=1).err
    done = assay(
        "datasets", "logs", "delete", dataset.id, "--filters", '{"input": "question 0"}', "--yes", "--json"
    ).json
    assert done["deleted_count"] == 1
    assert left() == ["question 1"]
    assert "Deleted 1 row." in assay("datasets", "logs", "delete", dataset.id, "--all", "--yes").out
    assert left() == []


def test_versions_are_listed_tagged_compared_and_restored(assay: Shell, dataset: Dataset, client: Client) -> None:
    first = assay("datasets", "versions", dataset.id, "--json").json["results"][0]["number"]
    assert "gold" in assay("datasets", "tag", dataset.id, str(first), "gold").out
    assay("datasets", "logs", "add", dataset.id, "--input", "later", "--output", "x")
    newest = assay("datasets", "versions", dataset.id, "--json").json["results"][0]["number"]
    assert newest != first
    first_row = client.dataset_logs.list(dataset.id, {"input": "question 0"}).results[0]
    client.dataset_logs.update(dataset.id, first_row.id, output="new words")
    changed = assay("datasets", "diff", dataset.id, str(newest), str(newest + 1)).out
    assert "output: " in changed
    assert "→ new words" in changed
    difference = assay("datasets", "diff", dataset.id, "gold", str(newest)).out
    assert "1 added" in difference
    assert "later" in difference
    assay("datasets", "restore", dataset.id, "gold")
    assert sorted(row.input for row in client.dataset_logs.iterate(dataset.id)) == [f"question {n}" for n in range(3)]
    assert "Version" in assay("datasets", "versions", dataset.id).out
