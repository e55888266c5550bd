"""Figures of runs with judges and code evaluators: how much of a model's capacity a run uses, rows a second of code."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks import datasets
from benchmarks.client import Connection
from benchmarks.evaluating import run_report
from benchmarks.fake_model_server import FakeModelServer, running_fake_model_server
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, Server, started

_ROWS, _AT_ONCE, _LATENCY_SECONDS, _TIMEOUT_SECONDS = 1_000, 64, 0.2, 2.0
_FAULTS = {"rate_limited": 0.05, "failing": 0.02, "nonsense": 0.02, "hanging": 0.01}
_RETRY_AFTER_SECONDS = 0.5
_CODE_ROWS = 10_000
_CODE = """def main(eval_inputs):
    words = str(eval_inputs["output"]).lower().split()
    if not words:
        return 0
    return len(set(words)) / len(words)
"""


def run_judge(options: Options) -> Iterator[Measurement]:
    """Calls a second of a judge of 200 ms, 64 at once, over 1,000 rows: as a share of what the model could answer."""
    for name, faults in (("clean", {}), ("faulty", _FAULTS)):
        shares, of_bound, seconds, cpu = [], [], [], []
        for turn in range(options.repeat):
            behaviour = {"latency": _LATENCY_SECONDS, "retry_after": _RETRY_AFTER_SECONDS, **faults}
            with running_fake_model_server(**behaviour) as model, started() as server:
                path = _dataset(server, model, turn)
                used = server.cpu_seconds()
                took = run_report(server, path, ["judge"], None)
                cpu.append(server.cpu_seconds() - used)
                calls = model.calls()
            _check(calls)
            seconds.append(took)
            of_bound.append(sum(_busy_seconds(call) for call in calls) / _AT_ONCE / took)
            shares.append(schedule_seconds(calls) / took)
        note = f"{_middle(seconds):.2f} s, server CPU {_middle(cpu):.2f} s"
        what = f"{name}, {_ROWS:,} rows, {_AT_ONCE} at once"
        yield Measurement("run-judge", f"{what}: of ideal", "", tuple(shares), 0.95, "higher", note)
        yield Measurement("run-judge", f"{what}: slots busy", "", tuple(of_bound), None, "higher")


def schedule_seconds(calls: Sequence[Mapping[str, Any]]) -> float:
    """Return how long the same calls take when a free slot never waits and nothing else takes time.

    Cells start in the order in which they did, a call that hangs ends at the timeout, a 429 is repeated when it said
    so, whatever else failed at once; retries go first. (List scheduling: nobody knows before which calls will hang.)
    """
    durations: dict[str, list[tuple[float, float]]] = {}
    for call in calls:
        pause = _RETRY_AFTER_SECONDS if call["kind"] == "rate_limited" else 0.0
        durations.setdefault(call["prompt"], []).append((_busy_seconds(call), pause))
    fresh = list(reversed(durations))
    attempts = dict.fromkeys(durations, 0)
    running: list[tuple[float, str]] = []
    waiting: list[tuple[float, str]] = []
    now = end = 0.0
    while fresh or running or waiting:
        while len(running) < _AT_ONCE and (fresh or (waiting and waiting[0][0] <= now)):
            is_retry = bool(waiting) and waiting[0][0] <= now
            prompt = heapq.heappop(waiting)[1] if is_retry else fresh.pop()
            busy, _ = durations[prompt][attempts[prompt]]
            heapq.heappush(running, (now + busy, prompt))
        now = min(
            times[0][0] for times in (running, waiting) if times and (times is running or len(running) < _AT_ONCE)
        )
        while running and running[0][0] <= now:
            end, prompt = heapq.heappop(running)
            pause = durations[prompt][attempts[prompt]][1]
            attempts[prompt] += 1
            if attempts[prompt] < len(durations[prompt]):
                heapq.heappush(waiting, (end + pause, prompt))
    return end


def _busy_seconds(call: Mapping[str, Any]) -> float:
    return _TIMEOUT_SECONDS if call["kind"] == "hanging" else _LATENCY_SECONDS


def _check(calls: Sequence[Mapping[str, Any]]) -> None:
    verdicts = [call["prompt"] for call in calls if call["kind"] == "verdict"]
    if len(set(verdicts)) != len(verdicts) or not 0.99 * _ROWS <= len(verdicts) <= _ROWS:
        raise RuntimeError(f"{len(verdicts)} verdicts on {len(set(verdicts))} prompts for {_ROWS} rows.")


def _dataset(server: Server, model: FakeModelServer, turn: int) -> str:
    limits = {"max_concurrency": _AT_ONCE, "timeout_seconds": _TIMEOUT_SECONDS}
    provider = {"name": "fake", "kind": "openai", "base_url": model.base_url, "limits": limits}
    judge = {
        "name": "judge",
        "evaluator_slug": "judge",
        "type": "llm",
        "score_value_type": "numerical",
        "score_config": {"min_score": 0, "max_score": 10},
        "llm_config": {"model": "fake/m", "evaluator_definition": "Is it good? {{input}} {{output}}"},
    }
    with Connection(server.address) as connection:
        connection.json("POST", "/api/providers/", provider, key=API_KEY)
        connection.json("POST", "/api/evaluators/", judge, key=API_KEY)
    path = datasets.create(server, "run-judge")
    datasets.fill(server, path, _ROWS, first=turn * _ROWS)
    _until_warm()
    return path


def _until_warm() -> None:
    # A server loads prices and arithmetic in its first seconds; what is measured is one that has done so.
    time.sleep(5.0)


def run_code(options: Options) -> Iterator[Measurement]:
    """Rows a second of a code evaluator of five lines over 10,000 rows, from the request to the finished report."""
    rates, cpu = [], []
    body = {"name": "code", "evaluator_slug": "code", "type": "code", "score_value_type": "numerical"}
    for turn in range(options.repeat):
        with started() as server:
            with Connection(server.address) as connection:
                evaluator = {**body, "code_config": {"eval_code_snippet": _CODE}}
                connection.json("POST", "/api/evaluators/", evaluator, key=API_KEY)
            path = datasets.create(server, "run-code")
            datasets.fill(server, path, _CODE_ROWS, first=turn * _CODE_ROWS)
            _until_warm()
            used = server.cpu_seconds()
            rates.append(_CODE_ROWS / run_report(server, path, ["code"], _CODE_ROWS))
            cpu.append((server.cpu_seconds() - used) / _CODE_ROWS * 1e6)
    note = f"server CPU {_middle(cpu):.0f} µs a row, without the sandbox's processes"
    yield Measurement("run-code", f"five lines, {_CODE_ROWS:,} rows", "rows/s", tuple(rates), 5_000, "higher", note)


def _middle(samples: Sequence[float]) -> float:
    return sorted(samples)[len(samples) // 2]
