"""`assay demo`: its data, its baseline, and the whole of it against the running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.cli import demo_data
from assay.sdk import Client
from tests.cli.conftest import Shell


def test_the_bundled_rows_are_real_and_more_than_a_thousand() -> None:
    data = demo_data.bundled("offline")
    assert len(data.rows) == 1998
    assert data.rows[0]["ideal"].strip() == "Metal Workers and Plastic Workers, All Other"
    assert [message["role"] for message in data.rows[0]["input"]] == ["system", "user"]
    assert demo_data.BUNDLED.stat().st_size <= 300_000
    assert "MIT License" in demo_data.BUNDLED.with_name("sample.LICENSE.txt").read_text()


def test_the_baseline_answers_like_the_most_similar_other_title() -> None:
    titles = {"Head Baker": "Bakers", "Cake Baker": "Bakers", "Cake Decorator": "Artists", "Welder": "Welders"}
    rows = [
        {
            "input": [{"role": "user", "content": f"What is the SOC Code for the job title {title}'"}],
            "ideal": " " + ideal,
        }
        for title, ideal in titles.items()
    ]
    made = demo_data.with_baseline_answers(rows)
    assert [row["metadata"]["nearest_title"] for row in made] == ["Cake Baker", "Head Baker", "Cake Baker", None]
    assert [row["output"] for row in made] == ["Bakers", "Bakers", "Bakers", "Bakers"]
    assert [row["expected_output"] for row in made] == ["Bakers", "Bakers", "Artists", "Welders"]


def test_a_broken_download_falls_back_to_the_bundled_rows_and_says_why(tmp_path: Path) -> None:
    home = tmp_path / f"{demo_data.PACKAGE}-{demo_data.VERSION}"
    home.mkdir()
    (home / "evals.whl").write_bytes(b"half a download")
    data = demo_data.fetch(tmp_path)
    assert len(data.rows) == 1998
    assert "not a zip file" in data.reason


def test_an_unpacked_package_is_read_without_fetching(tmp_path: Path) -> None:
    member = tmp_path / f"{demo_data.PACKAGE}-{demo_data.VERSION}" / demo_data.MEMBER
    member.parent.mkdir(parents=True)
    member.write_text('{"input": [], "ideal": "x"}\n' * 1000)
    data = demo_data.fetch(tmp_path)
    assert len(data.rows) == 1000
    assert data.reason == ""


def test_the_demo_leaves_a_dataset_and_a_completed_report(assay: Shell, server: Any) -> None:
    words = assay("demo", "--offline", "--base-url", server.url).out
    assert "1,998 job titles" in words
    assert "baseline without any model" in words
    assert "Baseline · completed" in words
    assert "1,998/1,998" in words
    with Client(api_key=server.api_key, base_url=server.url) as client:
        made = client.datasets.list(sort_by="-created_at").results[0]
        assert (made.name[:10], made.log_count) == ("Job titles", 1998)
        report = client.eval_reports.list(made.id).results[0]
        assert (report.status, len(report.evaluator_slugs)) == ("completed", 3)
        client.datasets.delete(made.id)


def test_the_demo_starts_a_server_of_its_own_and_stops_it(bare: Shell, tmp_path: Path) -> None:
    ended = bare("demo", "--offline", "--exit", "--data", str(tmp_path / "demo"))
    assert "Baseline · completed" in ended.out
    address = ended.out.partition("Server: ")[2].partition(",")[0]
    assert "cannot reach" in bare("datasets", "list", "--base-url", address, "--api-key", "k", code=1).err
    assert (tmp_path / "demo" / "demo-api-key").stat().st_mode & 0o077 == 0
