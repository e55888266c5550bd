"""`assay evaluators`, `assay reports` and `assay keys`, run as people run them."""

from __future__ import annotations

from typing import Any

import pytest

from assay.sdk.types import Dataset
from tests.cli.conftest import Shell


def test_evaluators_are_listed_shown_and_tried(assay: Shell) -> None:
    assert "char_count_eval" in assay("evaluators", "list", "--search", "char").out
    assert "char_count_eval" in assay("evaluators", "show", "char_count_eval").out
    tried = assay("evaluators", "run", "char_count_eval", "--input", "q", "--output", "four", "--json").json
    assert tried["score"] == 4
    assert "4" in assay("evaluators", "run", "char_count_eval", "--input", "q", "--output", "four").out


def test_an_unknown_evaluator_is_one_line(assay: Shell) -> None:
    ended = assay("evaluators", "show", "no_such_evaluator", code=1)
    assert ended.err.startswith("Error: ")
    assert len(ended.err.splitlines()) == 1


def test_a_run_shows_its_report_and_can_be_read_again(assay: Shell, dataset: Dataset) -> None:
    shown = assay("reports", "run", dataset.name, "-e", "char_count_eval", "--name", "Lengths").out
    for expected in ("Lengths · completed", "char_count_eval", "3/3", "Distribution"):
        assert expected in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    again = assay("reports", "show", dataset.id, "--json").json
    assert again["status"] == "completed"
    assert again["evaluators"][0]["summary"]["mean"] == pytest.approx(1.0)
    assert "Lengths" in assay("reports", "list", dataset.id).out
    rows = assay("reports", "rows", dataset.id, again["id"], "--json").json["results"]
    assert sorted(row["scores"]["char_count_eval"]["score"] for row in rows) == [0, 1, 2]
    assert rows[0]["log_id"] in assay("reports", "rows", dataset.id, again["id"], "-e", "char_count_eval").out


def test_a_run_under_an_unknown_evaluator_is_refused(assay: Shell, dataset: Dataset) -> None:
    ended = assay("reports", "run", dataset.id, "-e", "no_such_evaluator", code=1)
    assert "evaluator_slugs" in ended.err


def test_a_dataset_without_reports_says_so(assay: Shell, dataset: Dataset) -> None:
    assert "No reports" in assay("reports", "list", dataset.id).out
    assert "The dataset has no reports" in assay("reports", "show", dataset.id, code=1).err


def test_retrying_a_report_without_failures_leaves_it_complete(assay: Shell, dataset: Dataset) -> None:
    assay("reports", "run", dataset.id, "-e", "char_count_eval")
    ended = assay("reports", "retry-failed", dataset.id, "--json", code=None)
    assert ended.code == 0 or ended.err.startswith("Error: ")
    assert assay("reports", "show", dataset.id, "--json").json["status"] == "completed"


def test_cancelling_what_is_done_is_refused_or_leaves_it_done(assay: Shell, dataset: Dataset) -> None:
    assay("reports", "run", dataset.id, "-e", "char_count_eval")
    assay("reports", "cancel", dataset.id, code=None)
    assert assay("reports", "show", dataset.id, "--json").json["status"] == "completed"


def test_a_key_is_made_listed_used_and_revoked(assay: Shell, server: Any) -> None:
    secret = assay("keys", "create", "ci", "--scope", "read").out.strip()
    reader = Shell({"ASSAY_BASE_URL": server.url, "ASSAY_API_KEY": secret})
    reader("datasets", "list")
    listed = assay("keys", "list", "--json").json["results"]
    assert secret not in assay("keys", "list").out
    made = next(one for one in listed if secret.startswith(one["prefix"]))
    assay("keys", "revoke", made["id"], "--yes")
    assert reader("datasets", "list", code=1).err.startswith("Error: ")
