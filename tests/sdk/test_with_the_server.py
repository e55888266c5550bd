"""The client against the real server: the main job, start to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.model.errors import Invalid, NotAuthenticated, NotFound
from assay.sdk import Client
from assay.sdk.types import Dataset


@pytest.fixture
def real(server: Any) -> Iterator[Client]:
    with Client(api_key=server.api_key, base_url=server.url) as client:
        yield client


@pytest.fixture
def dataset(real: Client) -> Iterator[Dataset]:
    made = real.datasets.create("Client test", "made by a test")
    yield made
    real.datasets.delete(made.id)


def test_the_server_is_healthy_without_a_key(server: Any) -> None:
    with Client(base_url=server.url) as client:
        assert client.health().status


def test_a_wrong_key_is_not_authenticated(server: Any) -> None:
    with Client(api_key="wrong123.key", base_url=server.url) as client, pytest.raises(NotAuthenticated):
        client.datasets.list()


def test_a_dataset_is_made_found_changed_and_deleted(real: Client) -> None:
    made = real.datasets.create("Short-lived")
    assert real.datasets.get(made.id).name == "Short-lived"
    assert made.id in {one.id for one in real.datasets.iterate({"name": "Short-lived"})}
    assert real.datasets.update(made.id, description="changed").description == "changed"
    real.datasets.delete(made.id)
    with pytest.raises(NotFound):
        real.datasets.get(made.id)


def test_a_dataset_without_name_is_refused_by_field(real: Client) -> None:
    with pytest.raises(Invalid) as caught:
        real.datasets.create("")
    assert "name" in caught.value.fields


def test_rows_of_several_requests_come_back_and_bad_ones_are_named(real: Client, dataset: Dataset) -> None:
    rows: list[dict[str, Any]] = [{"input": {"n": n}, "output": str(n), "metadata": {"x": n % 3}} for n in range(700)]
    rows[600] = {"output": "a row without input"}
    result = real.dataset_logs.bulk_create(dataset.id, rows)
    assert (result.success_count, result.error_count) == (699, 1)
    assert [one.index for one in result.errors] == [600]
    assert {row.input["n"] for row in real.dataset_logs.iterate(dataset.id)} == set(range(700)) - {600}
    chosen = list(real.dataset_logs.iterate(dataset.id, {"metadata.x": 1}))
    assert len(chosen) == 233
    assert all(row.metadata is not None and row.metadata["x"] == 1 for row in chosen)


def test_a_file_goes_in_under_a_mapping_and_comes_out(real: Client, dataset: Dataset, tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    lines = [json.dumps({"question": f"q{n}", "answer": f"a{n}", "topic": "refund"}) for n in range(20)]
    source.write_text("\n".join([*lines, "not json"]) + "\n")
    mapping = {"question": "input", "answer": "output", "topic": "metadata.topic"}
    result = real.dataset_logs.import_file(dataset.id, source, mapping=mapping)
    assert (result.imported_count, result.error_count) == (20, 1)
    assert [one.line for one in result.errors] == [21]
    target = tmp_path / "out.jsonl"
    real.dataset_logs.export(dataset.id, target)
    out = [json.loads(line) for line in target.read_text().splitlines()]
    assert {(row["input"], row["output"], row["metadata"]["topic"]) for row in out} == {
        (f"q{n}", f"a{n}", "refund") for n in range(20)
    }


def test_versions_differ_are_tagged_and_restored(real: Client, dataset: Dataset) -> None:
    row = real.dataset_logs.create(dataset.id, input="kept", output="before")
    first = real.datasets.versions(dataset.id).results[0]
    assert real.datasets.tag_version(dataset.id, first.number, "gold").tag == "gold"
    real.dataset_logs.update(dataset.id, row.unique_id, output="after")
    real.dataset_logs.create(dataset.id, input="added", output="x")
    newest = real.datasets.versions(dataset.id).results[0]
    found = real.datasets.diff(dataset.id, "gold", newest.number)
    assert {one.kind for one in found.results} == {"added", "changed"}
    assert real.dataset_logs.list(dataset.id, version="gold").results[0].output == "before"
    real.datasets.restore(dataset.id, "gold")
    assert [one.output for one in real.dataset_logs.iterate(dataset.id)] == ["before"]


def test_rows_are_deleted_one_by_filter_and_all(real: Client, dataset: Dataset) -> None:
    real.dataset_logs.bulk_create(dataset.id, [{"input": n, "output": n, "metadata": {"n": n}} for n in range(5)])
    first = real.dataset_logs.list(dataset.id).results[0]
    real.dataset_logs.delete(dataset.id, first.id)
    with pytest.raises(NotFound):
        real.dataset_logs.get(dataset.id, first.id)
    other = real.dataset_logs.list(dataset.id).results[0]
    assert other.metadata is not None
    assert real.dataset_logs.delete_matching(dataset.id, {"metadata.n": other.metadata["n"]}).deleted_count == 1
    assert real.dataset_logs.delete_all(dataset.id).deleted_count == 3
    assert list(real.dataset_logs.iterate(dataset.id)) == []


def test_an_evaluation_runs_to_its_end_with_figures(real: Client, dataset: Dataset) -> None:
    real.dataset_logs.bulk_create(dataset.id, [{"input": n, "output": "x" * n} for n in range(10)])
    started = real.eval_reports.create(dataset.id, ["char_count_eval"], name="Lengths")
    done = real.eval_reports.wait(dataset.id, started.id, timeout_seconds=60)
    assert done.status == "completed"
    figures = done.evaluators[0]
    assert (figures.evaluator_slug, figures.scored_count, figures.failed_count) == ("char_count_eval", 10, 0)
    assert figures.summary is not None
    assert figures.summary.mean == pytest.approx(4.5)
    scores = {row.scores["char_count_eval"].score for row in real.eval_reports.iterate_rows(dataset.id, started.id)}
    assert scores == set(range(10))
    assert started.id in {one.id for one in real.eval_reports.list(dataset.id).results}
    assert real.eval_reports.manifest(dataset.id, started.id)["dataset_version"]


def test_an_unknown_evaluator_is_refused_by_field(real: Client, dataset: Dataset) -> None:
    with pytest.raises(Invalid) as caught:
        real.eval_reports.create(dataset.id, ["no_such_evaluator"])
    assert "evaluator_slugs" in caught.value.fields


def test_an_evaluator_can_be_tried(real: Client) -> None:
    assert real.evaluators.get("char_count_eval").evaluator_slug == "char_count_eval"
    assert real.evaluators.run("char_count_eval", {"input": "q", "output": "four"}).score == 4


def test_a_key_is_made_used_and_revoked(real: Client, server: Any) -> None:
    made = real.keys.create("client test", scopes=["read"])
    assert made.id in {one.id for one in real.keys.list().results}
    with Client(api_key=made.api_key, base_url=server.url) as reader:
        reader.datasets.list()
        real.keys.revoke(made.id)
        with pytest.raises(NotAuthenticated):
            reader.datasets.list()
