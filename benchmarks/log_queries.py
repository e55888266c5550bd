"""Figures of reading request logs: pages, counts, searches, samples and sums at growing numbers of logs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks import log_data
from benchmarks.client import Connection, request
from benchmarks.load import percentile
from benchmarks.log_filling import filled
from benchmarks.log_writing import WRITTEN_A_SECOND, Writer
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, Server, started

_SIZES = {"small": (10_000, 100_000), "full": (10_000, 100_000, 1_000_000)}
_PAGE = 50
_LARGE_PAGE = 1_000
_SAMPLE = 1_000
_DEEPEST = 100_000
_MOST_REQUESTS = 100
_MOST_SECONDS = 2.0
_LEAST_REQUESTS = 5
_SETTLE_SECONDS = 2.0
_COUNTED_WITHIN_MS = 250
_LOOK_AGAIN_SECONDS = 0.02
_LOGS, _DATASETS = "/api/request-logs", "/api/datasets/"

_START = log_data.NOW - timedelta(days=log_data.DAYS + 1)
_END = log_data.NOW + timedelta(days=1)
# A third of the time.
_WINDOW_START, _WINDOW_END = log_data.NOW - timedelta(days=20), log_data.NOW - timedelta(days=10)
_MODEL_AND_METADATA = {"model": "gpt-4o", "metadata.environment": "production"}
_RARE = {"metadata.build": "build-0007"}


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of request: the bytes of the n-th one, what its answer must hold, the budget of its p95.

    `is_key`: asked again while logs are written. A count that is a lower bound has `bound_ms` as its budget. A `is_job`
    is over when the dataset that it makes is ready.
    """

    name: str
    make: Callable[[int], bytes]
    is_right: Callable[[Any], bool]
    budget_ms: float | None = None
    bound_ms: float | None = None
    is_key: bool = False
    is_job: bool = False


def log_queries(options: Options) -> Iterator[Measurement]:
    """Latency of reads at 10,000 and 100,000 request logs (1,000,000 too at full scale), in quiet and under writes."""
    sizes = _SIZES[options.scale]
    middles: dict[str, list[float]] = {}
    for size in sizes:
        with filled(size, options.data) as directory, started(directory) as server:
            time.sleep(_SETTLE_SECONDS)
            idle, idle_anonymous = server.memory_mb(), server.memory_mb("RssAnon")
            quiet: dict[str, float] = {}
            questions = _questions(server, size)
            for question in questions:
                p50, p95, note = _latencies(server, question, options.repeat)
                middles.setdefault(question.name, []).append(sorted(p50)[len(p50) // 2])
                quiet[question.name] = sorted(p95)[len(p95) // 2]
                # The budgets are for the largest size; others show the growth.
                budget = _budget(question, note) if size == sizes[-1] else None
                what = f"{question.name}, {size:,} logs"
                yield Measurement("log-queries", f"{what}: p50", "ms", tuple(p50), None, "lower", note)
                yield Measurement("log-queries", f"{what}: p95", "ms", tuple(p95), budget)
            note = f"{server.memory_mb('RssAnon'):.0f} MB of it anonymous, the rest mapped files"
            after = (server.memory_mb(),)
            if size == sizes[-1]:
                yield from _while_written(server, questions, quiet, options.repeat)
                anonymous = f"{idle_anonymous:.0f} MB of it anonymous"
                yield Measurement("log-queries", f"idle memory, {size:,} logs", "MB", (idle,), 120, "lower", anonymous)
                yield Measurement("log-queries", f"memory afterwards, {size:,} logs", "MB", after, 400, "lower", note)
    for name, medians in middles.items():
        for larger, (size, middle) in enumerate(zip(sizes[1:], medians[1:], strict=True)):
            what = f"{name}: p50 at {size:,} over {sizes[larger]:,}"
            yield Measurement("log-queries", what, "×", (middle / medians[larger],), note="10 × the logs")


def _budget(question: Question, note: str) -> float | None:
    return question.bound_ms if _BOUND in note and question.bound_ms is not None else question.budget_ms


def _while_written(
    server: Server, questions: Sequence[Question], quiet: Mapping[str, float], repeat: int
) -> Iterator[Measurement]:
    with Writer(server.address) as writer:
        for question in questions:
            if question.is_key:
                _, p95, _ = _latencies(server, question, repeat)
                ratios = tuple(slow / quiet[question.name] for slow in p95)
                what = f"{question.name}, while {WRITTEN_A_SECOND:,} logs/s are written: p95 over that in quiet"
                middle = sorted(p95)[len(p95) // 2]
                yield Measurement("log-queries", what, "×", ratios, 3, "lower", f"p95 {middle:.0f} ms")
    rate = (writer.logs_a_second,)
    yield Measurement("log-queries", "logs written meanwhile", "logs/s", rate, WRITTEN_A_SECOND * 0.95, "higher")


# Questions ------------------------------------------------------------------------------------------------------------


def _times(start: Any = _START, end: Any = _END) -> str:
    return f"start_time={start:%Y-%m-%dT%H:%M:%SZ}&end_time={end:%Y-%m-%dT%H:%M:%SZ}"


def _constant(data: bytes) -> Callable[[int], bytes]:
    return lambda _: data


def _get(path: str) -> Callable[[int], bytes]:
    return _constant(request("GET", path, key=API_KEY))


def _post(path: str, body: Mapping[str, object]) -> Callable[[int], bytes]:
    return _constant(request("POST", path, json.dumps(body).encode(), key=API_KEY))


def _has_page(least: int, answer: Any) -> bool:
    return least <= len(answer["results"]) <= _PAGE


def _has_count(least: int, answer: Any) -> bool:
    return bool(answer["count"] >= (least if answer["is_exact"] else 1))


def _questions(server: Server, size: int) -> list[Question]:
    return [*_pages(server, size), *_filtered(size), *_searches(), *_samples(size), *_sums(size)]


def _pages(server: Server, size: int) -> list[Question]:
    newest = f"{_LOGS}/list/?{_times()}&page_size={_PAGE}"
    uncounted, is_page = f"{newest}&count=false", partial(_has_page, _PAGE)
    deep = min(size // 2, _DEEPEST)
    cursor = _deep_cursor(server, deep)
    return [
        Question("newest 50, previews", _get(f"{uncounted}&fields=preview"), is_page, is_key=True),
        Question("newest 50, all fields", _get(uncounted), is_page),
        Question("newest 50 with the count, all fields", _get(newest), is_page),
        Question("50 after a deep cursor, previews", _get(f"{uncounted}&fields=preview&cursor={cursor}"), is_page),
        Question("page at the same depth, previews", _get(f"{uncounted}&fields=preview&page={deep // _PAGE}"), is_page),
        Question("50 by cost, previews", _get(f"{uncounted}&fields=preview&sort_by=-cost"), is_page),
        Question("50 newest traces", _get(f"/api/traces/list/?{_times()}&page_size={_PAGE}"), is_page),
    ]


def _deep_cursor(server: Server, depth: int) -> str:
    """Return the cursor behind the `depth` newest logs."""
    cursor = ""
    with Connection(server.address) as connection:
        for _ in range(depth // _LARGE_PAGE):
            path = f"{_LOGS}/list/?{_times()}&page_size={_LARGE_PAGE}&fields=preview&cursor={cursor}"
            cursor = connection.json("GET", path, key=API_KEY)["next_cursor"]
    return cursor


def _filtered(size: int) -> list[Question]:
    page = f"{_LOGS}/list/?page_size={_PAGE}&count=false&fields=preview"
    third = _times(_WINDOW_START, _WINDOW_END)
    common, rare, cut_off = ({"filters": filters} for filters in (_MODEL_AND_METADATA, _RARE, log_data.CUT_OFF))
    some, few = size // 100, size // log_data.BUILDS
    return [
        Question(
            "model + metadata + time, page of 50",
            _post(f"{page}&{third}", common),
            partial(_has_page, min(_PAGE, some)),
            60,
            is_key=True,
        ),
        Question(
            "model + metadata + time, count",
            _post(f"{_LOGS}/count/?{third}", common),
            partial(_has_count, some),
            100,
            _COUNTED_WITHIN_MS,
            is_key=True,
        ),
        Question("rare metadata value, page", _post(f"{page}&{_times()}", rare), partial(_has_page, min(_PAGE, few))),
        Question("rare metadata value, count", _post(f"{_LOGS}/count/", rare), partial(_has_count, few), None, 250),
        Question("payload path, page of 50", _post(f"{page}&{_times()}", cut_off), partial(_has_page, _PAGE)),
        Question("payload path, count", _post(f"{_LOGS}/count/", cut_off), partial(_has_count, size // 100), None, 250),
        Question("count without a filter", _get(f"{_LOGS}/count/"), partial(_has_count, size), None, 250),
    ]


def _searches() -> list[Question]:
    page = f"{_LOGS}/list/?{_times()}&page_size={_PAGE}&count=false&fields=preview&search="
    common, rare = (words.replace(" ", "+") for words in (log_data.common_words(), log_data.rare_words()))
    return [
        Question("search of two common words, page of 50", _get(page + common), partial(_has_page, _PAGE), 60),
        Question("search of two rare words, page of 50", _get(page + rare), partial(_has_page, 1), 60, is_key=True),
        Question("search of two common words, count", _get(f"{_LOGS}/count/?search={common}"), _is_counted, None, 250),
    ]


def _is_counted(answer: Any) -> bool:
    # The list of what has the words may not even be put together in time.
    return bool(answer["count"] > 0 or not answer["is_exact"])


def _samples(size: int) -> list[Question]:
    window = {"start_time": f"{_START:%Y-%m-%dT%H:%M:%SZ}", "end_time": f"{_END:%Y-%m-%dT%H:%M:%SZ}"}
    body = {"name": "sample", "type": "sampling", **window}
    random_sample = {**body, "sampling_count": _SAMPLE}
    filtered = {**random_sample, "initial_log_filters": {"model": "gpt-4o"}}
    each = 100 * len(log_data.MODELS)
    strata = {"sampling_method": "stratified", "stratify_by": "model", "stratify_allocation": "equal"}
    return [
        Question(
            "random sample of 1,000 of one model, as a dataset",
            _post(_DATASETS, filtered),
            partial(_is_taken, min(_SAMPLE, size // 10)),
            150,
            is_job=True,
        ),
        Question(
            "random sample of 1,000 of all, as a dataset",
            _post(_DATASETS, random_sample),
            partial(_is_taken, _SAMPLE),
            150,
            is_job=True,
        ),
        Question(
            "random sample of 1,000 of all, dry run",
            _post(_DATASETS, {**random_sample, "dry_run": True}),
            lambda answer: bool(answer["matched_count"] >= size and answer["sample_count"] == _SAMPLE),
            150,
        ),
        Question(
            "stratified sample, 100 of each model, as a dataset",
            _post(_DATASETS, {**body, **strata, "sampling_count": each}),
            partial(_is_taken, each),
            1_000,
            is_job=True,
        ),
        Question(
            "stratified sample, 100 of each model, dry run",
            _post(_DATASETS, {**body, **strata, "sampling_count": each, "dry_run": True}),
            lambda answer: bool(answer["sample_count"] == each),
            1_000,
        ),
    ]


def _is_taken(least: int, answer: Any) -> bool:
    return bool(answer["status"] == "ready" and answer["log_count"] >= least)


def _sums(size: int) -> list[Question]:
    by_day = f"{_LOGS}/groups/?group_by=day,model&percentiles=true&page_size={_LARGE_PAGE}&"
    least = min(size // 100, log_data.DAYS * len(log_data.MODELS))

    def has_groups(number: int, answer: Any) -> bool:
        return len(answer["results"]) >= number

    return [
        Question(
            "day × model with percentiles, cold",
            # Another window each time: nothing can be remembered.
            lambda turn: request("GET", by_day + _times(end=_END + timedelta(seconds=turn)), key=API_KEY),
            partial(has_groups, least),
            1_200,
        ),
        Question("day × model with percentiles, repeated", _get(by_day + _times()), partial(has_groups, least), 100),
        Question(
            "group by model", _get(f"{_LOGS}/groups/?group_by=model&{_times()}"), partial(has_groups, 20), is_key=True
        ),
        Question(
            "summary", _get(f"{_LOGS}/summary/?{_times()}"), lambda answer: bool(answer["number_of_requests"] >= size)
        ),
        Question("facets of five fields", _get(f"{_LOGS}/facets/?{_times()}"), lambda answer: len(answer) == 5),
        Question(
            "histogram of 60 intervals",
            _get(f"{_LOGS}/histogram/?{_times()}"),
            lambda answer: sum(bucket["count"] for bucket in answer["buckets"]) >= size,
        ),
    ]


# Asking ---------------------------------------------------------------------------------------------------------------

_BOUND = "answered with a lower bound"


def _latencies(server: Server, question: Question, repeat: int) -> tuple[list[float], list[float], str]:
    """Ask again and again over one connection; return the p50s and p95s in ms, and what is to be noted."""
    p50, p95, asked = [], [], 0
    with Connection(server.address) as connection:
        note = _check(_ask(connection, question, 0), question)
        used = server.cpu_seconds()
        for _ in range(repeat):
            latencies: list[float] = []
            ends = time.perf_counter() + _MOST_SECONDS
            while len(latencies) < _LEAST_REQUESTS or (len(latencies) < _MOST_REQUESTS and time.perf_counter() < ends):
                asked += 1
                began = time.perf_counter()
                status, _ = _ask(connection, question, asked)
                latencies.append((time.perf_counter() - began) * 1000)
                if not 200 <= status < 300:
                    raise RuntimeError(f"{question.name} answered {status}.")
            p50.append(percentile(latencies, 50))
            p95.append(percentile(latencies, 95))
        cpu = (server.cpu_seconds() - used) / asked * 1e6
    return p50, p95, f"server CPU {cpu:,.0f} µs a request{note}"


def _ask(connection: Connection, question: Question, turn: int) -> tuple[int, bytes]:
    answer = connection.ask(question.make(turn))
    while question.is_job and b'"status":"initializing"' in answer[1]:
        # An import that takes more than two seconds goes on behind the answer.
        time.sleep(_LOOK_AGAIN_SECONDS)
        answer = connection.ask(request("GET", f"{_DATASETS}{json.loads(answer[1])['id']}/", key=API_KEY))
    return answer


def _check(answer: tuple[int, bytes], question: Question) -> str:
    """Refuse to time a wrong answer; return what the table is to say of the right one."""
    status, body = answer
    if not 200 <= status < 300:
        raise RuntimeError(f"{question.name} answered {status}: {body[:500]!r}")
    decoded = json.loads(body)
    if not question.is_right(decoded):
        raise RuntimeError(f"{question.name} answered what it should not: {body[:1000]!r}")
    return f"; {_BOUND}, {decoded['count']:,}" if decoded.get("is_exact") is False else ""
