"""The demo's request logs: real questions and true answers, the baselines' answers, and made-up circumstances.

What is made up comes from a fixed seed and is the same in every run, but for the time: tokens (a quarter of the
characters), prices, durations, customers, failures, and which baseline was asked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assay.demo.baselines import BASELINES

ASKED_TIMES = 2
SPREAD = timedelta(hours=20)
TRACED_COUNT = 12
FAILURE_RATE = 0.03
_SEED = 1998
_SHARES = {"nearest-neighbour": 5, "last-word": 3, "commonest-occupation": 2}
# Made up: US dollars for a million tokens in and out, and the median duration in seconds.
_PRICES = {"nearest-neighbour": (2.5, 10.0), "last-word": (0.15, 0.6), "commonest-occupation": (0.05, 0.2)}
_MEDIAN_SECONDS = {"nearest-neighbour": 0.9, "last-word": 0.35, "commonest-occupation": 0.12}
# Status code, message, and how long the call took until it failed, in seconds.
_FAILURES = (
    (429, "Rate limit reached: try again in 2 s.", 0.02),
    (500, "The model server failed.", 1.4),
    (504, "No answer within 30 s.", 30.0),
)


@dataclass(frozen=True, slots=True)
class Question:
    """A job title as it was asked about, and the occupation it is filed under."""

    title: str
    messages: Sequence[Mapping[str, str]]
    occupation: str


def questions_of(rows: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Return the questions of the data file's rows `{"input": messages, "ideal": text}`."""
    found = []
    for row in rows:
        title = str(row["input"][-1]["content"]).partition("job title ")[2].strip().rstrip("'?")
        found.append(Question(title, row["input"], str(row["ideal"]).strip()))
    return found


def request_logs(questions: Sequence[Question], run: str, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the logs of everything asked in the 20 hours before `now`, oldest first; `run` stands in their metadata.

    Each question is asked twice. Before the first few stand the other spans of their traces.
    """
    titles = [question.title for question in questions]
    occupations = [question.occupation for question in questions]
    answers = {name: answer(titles, occupations) for name, answer in BASELINES.items()}
    chance = random.Random(_SEED)  # noqa: S311 made-up data, not a secret
    asked = [place for place in range(len(questions)) for _ in range(ASKED_TIMES)]
    chance.shuffle(asked)
    for number, place in enumerate(asked):
        model = chance.choices(list(_SHARES), list(_SHARES.values()))[0]
        ended = now - SPREAD * (1 - (number + chance.random()) / len(asked))
        log = _call(questions[place], model, answers[model][place], ended, run, chance)
        if number < TRACED_COUNT:
            yield from _spans_around(log, questions[place], f"{run}-{number}", ended)
        yield log


def _call(
    question: Question, model: str, answer: str, ended: datetime, run: str, chance: random.Random
) -> dict[str, Any]:
    latency = round(_MEDIAN_SECONDS[model] * chance.lognormvariate(0.0, 0.5), 3)
    prices = _PRICES[model]
    log = {
        "input": question.messages,
        "expected_output": question.occupation,
        "model": model,
        "timestamp": ended.isoformat(),
        "latency": latency,
        "prompt_tokens": sum(len(message["content"]) for message in question.messages) // 4,
        "prompt_unit_price": prices[0],
        "completion_unit_price": prices[1],
        "customer_identifier": f"agency-{chance.randint(1, 25):02}",
        "metadata": {"job_title": question.title, "plan": chance.choice(("free", "free", "pro")), "demo_run": run},
    }
    if chance.random() < FAILURE_RATE:
        code, message, latency = chance.choice(_FAILURES)
        failed = {"status_code": code, "error_message": message, "latency": latency}
        return {**log, **failed, "output": None, "completion_tokens": 0}
    return {**log, "output": answer, "completion_tokens": max(1, len(answer) // 4)}


def _spans_around(log: dict[str, Any], question: Question, trace: str, ended: datetime) -> Iterator[dict[str, Any]]:
    """Make a call the last span of a trace, and yield the two around it: the whole of it, and a look-up before."""
    called = ended - timedelta(seconds=log["latency"])
    began = called - timedelta(seconds=0.06)
    metadata = {"demo_run": log["metadata"]["demo_run"]}
    common = {"trace_unique_id": trace, "customer_identifier": log["customer_identifier"], "metadata": metadata}
    yield {
        **common,
        "span_unique_id": "root",
        "span_name": "classify job title",
        "log_type": "workflow",
        "input": question.title,
        "output": log["output"],
        "start_time": began.isoformat(),
        "timestamp": (ended + timedelta(seconds=0.01)).isoformat(),
        "status": "success" if "error_message" not in log else "failed",
    }
    yield {
        **common,
        "span_unique_id": "look-up",
        "span_parent_id": "root",
        "span_name": "find titles with the same words",
        "log_type": "tool",
        "input": {"words": question.title.lower().split()},
        "output": {"found": True},
        "start_time": (began + timedelta(seconds=0.01)).isoformat(),
        "timestamp": called.isoformat(),
    }
    log |= {
        "trace_unique_id": trace,
        "span_unique_id": "call",
        "span_parent_id": "root",
        "span_name": "ask",
        "start_time": called.isoformat(),
    }
