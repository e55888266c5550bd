"""Importing a file: columns led onto the parts of a row, a preview, errors by line, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.client import Api

CSV = (
    "question,answer,gold,topic,note\n"
    '"How long, do refunds take?",Two weeks,5-7 days,refund,x\n'
    "Which form?,W-9,W-9,tax,\n"
    "a broken line\n"
    '"Where\nis it?",Here,There,shipping,y\n'
)


def _dialog(page: Page) -> Any:
    return page.get_by_role("dialog")


def _choose(page: Page, path: Path) -> None:
    page.goto("/ui/datasets")
    page.get_by_role("button", name="Import").click()
    page.get_by_role("menuitem", name="A file").click()
    page.get_by_label("File of rows").set_input_files(path)


def _send(page: Page) -> None:
    _dialog(page).get_by_role("button", name=re.compile("^Import")).click()


def test_columns_are_guessed_changed_and_shown_as_they_will_be_stored(
    page: Page, api: Api, tmp_path: Path, screenshot: Callable[..., None], axe: Callable[..., list[str]]
) -> None:
    file = tmp_path / "support_answers.csv"
    file.write_text(CSV)
    _choose(page, file)
    dialog = _dialog(page)
    expect(dialog.get_by_label("Name of the dataset")).to_have_value("support answers")
    guessed = {"question": "input", "answer": "output", "gold": "expected_output", "topic": "metadata"}
    for column, role in guessed.items():
        expect(dialog.get_by_label(f"{column} becomes")).to_have_value(role)
    preview = dialog.get_by_role("region", name="Rows as they will be stored")
    expect(preview).to_contain_text('{"topic":"refund","note":"x"}')
    expect(dialog).to_contain_text("line 4 It has 1 cells, but the header names 5 columns.")
    dialog.get_by_label("note becomes").select_option("ignore")
    expect(preview).to_contain_text('{"topic":"refund"}')
    assert axe(page) == []
    screenshot("import")
    _send(page)
    expect(dialog).to_contain_text("3 rows imported")
    expect(dialog).to_contain_text("line 4")
    dialog.get_by_role("button", name="Open the dataset").click()
    expect(page.get_by_role("heading", name="support answers")).to_be_visible()
    made = page.url.rsplit("/", 1)[-1]
    rows = api.rows(made)
    assert [row["input"] for row in rows] == ["How long, do refunds take?", "Which form?", "Where\nis it?"]
    assert [row["metadata"].get("topic") for row in rows] == ["refund", "tax", "shipping"]
    assert "note" not in rows[0]["metadata"]
    assert rows[0]["expected_output"] == "5-7 days"
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(re.compile("/ui/datasets$"))
    api.refused("GET", f"/api/datasets/{made}/", status=404)


def test_a_column_is_dragged_to_another_part_of_the_row(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "drag.csv"
    file.write_text(CSV)
    _choose(page, file)
    dialog = _dialog(page)
    chip = dialog.locator(".import-column", has_text="topic")
    chip.drag_to(dialog.get_by_role("region", name="Input"))
    expect(dialog.get_by_label("topic becomes")).to_have_value("input")
    # Two columns on one payload become its keys.
    preview = dialog.get_by_role("region", name="Rows as they will be stored")
    expect(preview).to_contain_text('{"question":"Which form?","topic":"tax"}')


def test_nested_keys_are_split_and_what_is_stored_is_what_was_shown(page: Page, api: Api, tmp_path: Path) -> None:
    rows = [{"prompt": f"q{number}", "reply": {"text": f"a{number}", "tokens": number}} for number in range(7)]
    file = tmp_path / "nested.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _choose(page, file)
    dialog = _dialog(page)
    dialog.get_by_role("button", name="Split reply into its keys").click()
    expect(dialog.get_by_label("reply.text becomes")).to_have_value("output")
    dialog.get_by_label("reply.tokens becomes").select_option("metadata")
    _send(page)
    expect(page.get_by_role("heading", name="nested")).to_be_visible()
    made = page.url.rsplit("/", 1)[-1]
    stored = api.rows(made)
    assert [(row["input"], row["output"]) for row in stored] == [(f"q{at}", f"a{at}") for at in range(7)]
    assert stored[3]["metadata"]["reply.tokens"] == 3
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)


def test_rows_that_are_there_already_are_left_out(page: Page, api: Api, tmp_path: Path) -> None:
    made = api.dataset("Dedupe", [{"input": "old", "output": "x", "metadata": {"ticket": "1"}}])
    file = tmp_path / "more.json"
    tickets = ["1", "2", "2", "3"]
    file.write_text(json.dumps([{"input": "new", "output": "y", "ticket": ticket} for ticket in tickets]))
    page.goto(f"/ui/datasets/{made}")
    page.get_by_role("button", name="Add rows").click()
    page.get_by_role("menuitem", name="Import a file").click()
    page.get_by_label("File of rows").set_input_files(file)
    dialog = _dialog(page)
    dialog.get_by_label("Leave out rows that are there already, by").select_option("metadata.ticket")
    dialog.get_by_text("API call").click()
    expect(dialog.get_by_role("region", name="curl code")).to_contain_text("dedupe_by=metadata.ticket")
    _send(page)
    expect(dialog).to_contain_text("2 rows imported")
    expect(dialog).to_contain_text("2 rows left out: the dataset has them already.")
    dialog.get_by_role("button", name="Open the dataset").click()
    expect(page.get_by_text("3 rows · v2")).to_be_visible()
    assert sorted(row["metadata"]["ticket"] for row in api.rows(made)) == ["1", "2", "3"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 row · v3")).to_be_visible()
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "The file is empty."),
        ("rows.parquet", b"PAR1\0\0", "export it as CSV, JSON or JSONL"),
        ("what.bin", b"\0\1\2", "binary data"),
        ("broken.json", b"[{", "The file is not JSON"),
        ("twice.csv", b"a,a\n1,2\n", "must name every column once"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(page: Page, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    _choose(page, file)
    expect(_dialog(page).get_by_role("alert")).to_contain_text(said)


def test_an_import_that_aborts_leaves_no_dataset_behind(page: Page, api: Api, tmp_path: Path) -> None:
    page.expects(r"answer 400 to POST .*/import-file/")  # type: ignore[attr-defined]
    before = api.ok("GET", "/api/datasets/list/")["count"]
    file = tmp_path / "abort.csv"
    file.write_text(CSV)
    _choose(page, file)
    _dialog(page).get_by_label("import nothing if a line cannot be read").check()
    _send(page)
    expect(_dialog(page).get_by_role("alert")).to_contain_text("Nothing was imported")
    assert api.ok("GET", "/api/datasets/list/")["count"] == before
