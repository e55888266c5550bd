"""Judges, code and people from the command line: define, try, run, read, steer; providers, scores, automations."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.cli.evaluator_definition import read_pass_rule, read_scale
from assay.model.errors import NotFound
from assay.sdk import Client
from assay.sdk.types import Dataset
from tests.cli.conftest import SOURCE, Shell

SECRET = "sk-planted-in-a-shell"


@pytest.fixture
def judge(assay: Shell) -> Iterator[str]:
    made = assay(
        *("evaluators", "create", "--name", "CLI judge", "--model", "scripted", "--scale", "1..5", "--pass", ">=3"),
        *("--definition", "Is {{output}} polite?", "--rubric", "5: very", "--json"),
    ).json
    yield made["evaluator_slug"]
    assay("evaluators", "delete", made["id"], "--yes")


@pytest.fixture
def code(assay: Shell, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "code.py").write_text('def main(eval_inputs):\n    return 1 / len(eval_inputs["output"])\n')
    made = assay("evaluators", "create", "--name", "CLI code", "--code", str(tmp_path / "code.py"), "--json").json
    yield made["evaluator_slug"]
    assay("evaluators", "delete", made["id"], "--yes")


def test_a_judge_is_made_from_options_and_says_that_it_is_scripted(assay: Shell, judge: str) -> None:
    shown = assay("evaluators", "show", judge, "--json").json
    assert (shown["type"], shown["score_value_type"]) == ("llm", "numerical")
    assert shown["llm_config"] == {
        "model": "scripted",
        "evaluator_definition": "Is {{output}} polite?",
        "scoring_rubric": "5: very",
    }
    assert shown["score_config"] == {"min_score": 1, "max_score": 5}
    assert shown["passing_conditions"] == {"primary_score": {"operator": "gte", "value": 3}}
    assert "no model is asked" in assay("evaluators", "show", judge).out


def test_a_definition_that_is_shown_makes_the_same_evaluator(assay: Shell, judge: str, tmp_path: Path) -> None:
    path = tmp_path / "judge.json"
    path.write_text(assay("evaluators", "show", judge, "--definition").out)
    made = assay("evaluators", "create", "--from", str(path), "--slug", "cli_judge_2", "--json").json
    first = assay("evaluators", "show", judge, "--json").json
    for name in ("name", "type", "score_value_type", "llm_config", "score_config", "passing_conditions"):
        assert made[name] == first[name]
    assay("evaluators", "delete", "cli_judge_2", "--yes")


def test_editing_changes_what_is_named_and_keeps_the_rest(assay: Shell, judge: str) -> None:
    assay("evaluators", "edit", judge, "--rubric", "1: rude", "--description", "how kind")
    changed = assay("evaluators", "show", judge, "--json").json
    assert changed["llm_config"]["scoring_rubric"] == "1: rude"
    assert changed["llm_config"]["evaluator_definition"] == "Is {{output}} polite?"
    assert changed["description"] == "how kind"


def test_an_editor_opens_the_code_and_saves_what_is_written(assay: Shell, code: str, tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\necho "# edited" >> "$1"\n')
    editor.chmod(0o755)
    reader, writer = pty.openpty()
    environment = {**os.environ, **assay.environment, "EDITOR": str(editor), "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-m", "assay.cli.main", "evaluators", "edit", code],
        env=environment | {"VISUAL": str(editor)},
        stdin=writer,
        capture_output=True,
        text=True,
        timeout=60,
    )
    os.close(reader)
    os.close(writer)
    assert "Changed code_config" in done.stdout, done.stderr
    written = assay("evaluators", "show", code, "--json").json["code_config"]["eval_code_snippet"]
    assert written.endswith("# edited\n")
    assert "no terminal" in " ".join(assay("evaluators", "edit", code, code=2).err.replace("│", " ").split())


def test_a_version_is_committed_and_listed(assay: Shell, judge: str) -> None:
    assert "Committed version 0" in assay("evaluators", "commit", judge, "-m", "First words").out
    listed = assay("evaluators", "versions", judge).out
    assert "First words" in listed
    assert "draft" in listed
    copied = assay("evaluators", "create", "--copy-of", judge, "--name", "Copy of it", "--json").json
    assert copied["llm_config"]["evaluator_definition"] == "Is {{output}} polite?"
    assay("evaluators", "delete", copied["id"], "--yes")


def test_a_trial_shows_the_prompt_and_a_failure_exits_with_1(assay: Shell, judge: str, code: str) -> None:
    said = assay("evaluators", "run", judge, "--output", "please", "--detail").out
    for expected in ("scored", "no model is asked", "User", "please", "Reply"):
        assert expected in said
    failed = assay("evaluators", "run", code, "--from", "-", input='{"output": ""}', code=1).out
    assert "line 2: ZeroDivisionError: division by zero" in failed
    assert "none" in failed


def test_a_bench_shows_each_row_and_what_it_costs(assay: Shell, code: str, judge: str, dataset: Dataset) -> None:
    shown = assay("evaluators", "bench", code, "--dataset", dataset.name, "-n", "3").out
    assert "3 of 3 of dataset version 1" in shown
    assert "2 scored, 1 failed" in shown
    assert "ZeroDivisionError" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    assay("evaluators", "commit", judge)
    compared = assay("evaluators", "bench", judge, "-d", dataset.id, "--json").json
    assert compared["comparison"]["changed_count"] == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--name", "x", "--scale", "5..1"), "is not LOW..HIGH"),
        (("--name", "x", "--pass", "4"), "is no rule"),
        (("--name", "x", "--code", "/no/such.py"), "cannot be read"),
        (("--name", "x", "--choice", "good=very"), "is not NAME or NAME=NUMBER"),
        (("--definition", "x"), "needs a name"),
    ],
)
def test_wrong_options_are_named_before_anything_is_sent(
    bare: Shell, arguments: tuple[str, ...], expected: str
) -> None:
    assert expected in " ".join(bare("evaluators", "create", *arguments, code=2).err.split())


def test_scales_and_rules_are_read() -> None:
    assert read_scale("-1..2.5") == {"min_score": -1, "max_score": 2.5}
    assert read_pass_rule(" <0.5") == {"primary_score": {"operator": "lt", "value": 0.5}}
    assert read_pass_rule("=good") == {"primary_score": {"operator": "eq", "value": "good"}}


def test_a_run_with_settings_is_shown_sliced_exported_verified_and_repeated(
    assay: Shell, judge: str, code: str, dataset: Dataset, tmp_path: Path
) -> None:
    shown = assay(
        *("reports", "run", dataset.id, "-e", judge, "-e", code, "--trials", "2", "--budget-usd", "1", "--no-cache"),
        *("--cluster-by", "topic", "--max-concurrency", "4", "--seed", "3", "--name", "All of it"),
    ).out
    for expected in ("All of it · completed", "2 trials", "scripted, no model asked", "2 failed", "4/6", "$0.00"):
        assert expected in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    settings = assay("reports", "show", dataset.id, "--json").json["settings"]
    assert (settings["trials"], settings["budget_usd"], settings["max_concurrency"]) == (2, 1, 4)
    assert (settings["cluster_by"], settings["seed"], settings["cache"]) == ("metadata.topic", 3, False)
    sliced = assay("reports", "slices", dataset.id, "--by", "metadata.topic", "-e", judge).out
    assert "refund" in sliced
    assert "shipping" in sliced
    assert "can show" in assay("reports", "power", dataset.id, "-e", judge, "--effect", "0.5").out
    rows = assay("reports", "rows", dataset.id, "--status", "failed", "--json").json["results"]
    assert len(rows) == 1
    detail = assay("reports", "row", dataset.id, rows[0]["log_id"]).out
    assert "trial 2 of 2" in detail
    assert "ZeroDivisionError" in detail
    assert "no model is asked" in detail
    assay("reports", "export", dataset.id, "--to", str(tmp_path / "rows.csv"))
    with (tmp_path / "rows.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3
    lines = assay("reports", "export", dataset.id).out.splitlines()
    assert {json.loads(line)["log_id"] for line in lines} >= {rows[0]["log_id"]}
    (tmp_path / "manifest.json").write_text(assay("reports", "manifest", dataset.id).out)
    assert "differs" not in assay("reports", "verify", dataset.id, "--manifest", str(tmp_path / "manifest.json")).out
    again = assay("reports", "run", dataset.id, "--manifest", str(tmp_path / "manifest.json"), "--json").json
    assert [one["score"] for one in again["evaluators"]] == [
        one["score"] for one in assay("reports", "show", dataset.id, "--json").json["evaluators"]
    ]
    assert "Once · completed" in assay("reports", "rerun", dataset.id, "--trials", "1", "--name", "Once").out
    assay("evaluators", "edit", judge, "--definition", "Another question")
    assert "completed" in assay("reports", "watch", dataset.id).out
    assay("reports", "delete", dataset.id, again["id"], "--yes")
    assert again["id"] not in assay("reports", "list", dataset.id).out


def test_a_run_rests_is_resumed_and_cancelled(assay: Shell, dataset: Dataset) -> None:
    slow = assay(
        *("evaluators", "create", "--name", "Slow", "--model", "scripted/latency=20", "--scale", "0..1"),
        *("--definition", "Is {{output}} polite?", "--json"),
    ).json["evaluator_slug"]
    started = assay("reports", "run", dataset.id, "-e", slow, "--no-wait").out
    assert started.startswith("Started report")
    assert "paused" in assay("reports", "pause", dataset.id).out
    assay("reports", "resume", dataset.id, "--no-wait")
    assert "cancelled" in assay("reports", "cancel", dataset.id).out
    ended = assay("reports", "watch", dataset.id, code=1)
    assert "cancelled" in ended.out
    assert ended.err.splitlines()[-1] == "Error: The run is cancelled"
    assay("evaluators", "delete", slow, "--yes")


def test_people_are_asked_and_held_against_a_judge(assay: Shell, judge: str, dataset: Dataset) -> None:
    human = assay("evaluators", "create", "--type", "human", "--name", "CLI people", "--values", "boolean", "--json")
    slug = human.json["evaluator_slug"]
    waiting = assay("reports", "run", dataset.id, "-e", slug).out
    assert "waiting for annotations" in waiting
    assert "3 verdicts wanted of people" in waiting
    tasks = assay("scores", "tasks", "--dataset", dataset.name, "--json").json["results"]
    assert len(tasks) == 3
    for task in tasks:
        assay(
            "scores", "add", task["log_id"], "-e", slug, "--value", "true", "--dataset", dataset.id, "--scorer", "ann"
        )
    assert "Nothing is wanted" in assay("scores", "tasks", "--dataset", dataset.id).out
    assert "completed" in assay("reports", "watch", dataset.id).out
    assay("reports", "run", dataset.id, "-e", judge)
    for task in tasks:
        given = ("--value", "4", "--why", "kind", "--scorer", "ann", "--dataset", dataset.id)
        assay("scores", "add", task["log_id"], "-e", judge, *given)
    agreed = assay("reports", "agreement", dataset.id).out
    assert "3 of 3 scored rows" in agreed
    assert "Mean, corrected by people" in agreed
    listed = assay("scores", "list", "--log", tasks[0]["log_id"], "-e", judge, "--json").json["results"]
    people = [one for one in listed if one["scorer"] == "ann"]
    assert [(one["score_value"], one["explanation"]) for one in people] == [(4, "kind")]
    assert "ann" in assay("scores", "list", "--log", tasks[0]["log_id"]).out
    assay("scores", "delete", people[0]["id"], "--yes")
    assay("evaluators", "delete", slug, "--yes")


def test_a_score_needs_a_value(bare: Shell) -> None:
    assert "give a --value" in bare("scores", "add", "l", "-e", "s", code=2).err


@pytest.mark.parametrize("way", ["environment", "input", "terminal"])
def test_a_key_comes_from_anywhere_but_the_arguments_and_is_never_shown(assay: Shell, client: Client, way: str) -> None:
    given = ("providers", "add", f"house-{way}", "--url", "http://127.0.0.1:9/v1", "--model", "small")
    if way == "environment":
        ended = Shell({**assay.environment, "HOUSE_KEY": SECRET})(*given, "--key-from-env", "HOUSE_KEY")
        told = ended.out + ended.err
    elif way == "input":
        ended = assay(*given, "--key-stdin", input=f"{SECRET}\n")
        told = ended.out + ended.err
    else:
        told = typed(assay, [*given], SECRET)
    assert "with a key" in told
    assert SECRET not in told
    assert client.providers.get(f"house-{way}").has_key
    tried = assay("providers", "test", f"house-{way}", code=1)
    assert "cannot be reached" in tried.out
    assert SECRET not in assay("providers", "list", "--json").out
    assay("providers", "set-key", f"house-{way}", "--key-stdin", input="another\n")
    assay("providers", "remove", f"house-{way}", "--yes")
    with pytest.raises(NotFound):
        client.providers.get(f"house-{way}")


def typed(assay: Shell, arguments: list[str], answer: str) -> str:
    """Run a command on a terminal, type one line once it hides what is typed, and return all that was shown."""
    environment = {**os.environ, **assay.environment, "PYTHONPATH": str(SOURCE), "NO_COLOR": "1"}
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "assay.cli.main", *arguments],
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    shown, is_typed, deadline = b"", False, time.monotonic() + 60
    try:
        while process.poll() is None and time.monotonic() < deadline:
            shown += read_waiting(master)
            # What is typed before the prompt hides it would be thrown away.
            is_hidden = not termios.tcgetattr(master)[3] & termios.ECHO
            if is_hidden and not is_typed:
                os.write(master, f"{answer}\n".encode())
                is_typed = True
        shown += read_waiting(master)
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)
    return shown.decode("utf-8", "replace")


def read_waiting(terminal: int) -> bytes:
    """Return what a terminal shows within a moment."""
    return os.read(terminal, 65536) if select.select([terminal], [], [], 0.05)[0] else b""


def test_without_a_terminal_a_key_is_not_guessed(assay: Shell) -> None:
    refused = assay("providers", "add", "x", code=2).err
    assert "--key-from-env" in refused
    assert "is not set" in assay("providers", "add", "x", "--key-from-env", "NO_SUCH_VARIABLE", code=2).err
    assert "MODEL=IN,OUT" in assay("providers", "add", "x", "--no-key", "--price", "small", code=2).err


def test_an_automation_is_made_with_its_condition_and_taken_away_with_it(
    assay: Shell, client: Client, code: str
) -> None:
    made = assay(
        *("automations", "create", "CLI refunds", "-e", code, "--when", "metadata.topic=refund", "-w", "cost>=0.5"),
        *("--sample", "25%", "--no-enable"),
    ).out
    assert "enable cli-refunds" in made
    assert "cli-refunds" in assay("automations", "list").out
    shown = assay("automations", "show", "cli-refunds").out
    for expected in ("metadata.topic = refund and cost >= 0.5", "25 %", "off", "none yet"):
        assert expected in shown
    assert "judges new logs" in assay("automations", "enable", "cli-refunds").out
    assert client.automations.get("cli-refunds").is_enabled
    assert "no further logs" in assay("automations", "disable", "cli-refunds").out
    assert "no log yet" in assay("automations", "events", "cli-refunds").out
    assay("automations", "delete", "cli-refunds", "--yes")
    assert "cli-refunds" not in {one.condition_slug for one in client.conditions.iterate()}


def test_an_automation_that_is_refused_leaves_no_condition(assay: Shell, client: Client) -> None:
    assert "no_such" in assay("automations", "create", "CLI orphan", "-e", "no_such", code=1).err
    assert "cli-orphan" not in {one.condition_slug for one in client.conditions.iterate()}
    assert "is not a share" in assay("automations", "create", "x", "-e", "y", "--sample", "200%", code=2).err
