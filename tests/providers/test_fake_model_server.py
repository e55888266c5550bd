"""The fake model server, which other tests and benchmarks take as the truth about what was asked."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from assay.providers.clients import ModelClients
from assay.providers.contract import Connection, ProviderError
from benchmarks.fake_model_log import CallLog
from benchmarks.fake_model_server import FakeModelServer, running_fake_model_server
from tests.providers.conftest import anthropic_connection, call, openai_connection, with_clients

TROUBLED = {"rate_limited": 0.1, "failing": 0.1, "nonsense": 0.2, "hanging": 0.05}


def ask_all(
    server: FakeModelServer, prompts: range, *, attempts: int = 1, connection: Connection | None = None
) -> Counter[str]:
    """Ask each prompt up to so many times while its error is retryable; returns how often which answer came."""

    async def work(clients: ModelClients) -> Counter[str]:
        found: Counter[str] = Counter()

        async def one(number: int) -> None:
            for _ in range(attempts):
                try:
                    asked = call(prompt=f"prompt {number}")
                    reply = await clients.chat(connection or openai_connection(server, timeout_seconds=3), asked)
                except ProviderError as error:
                    found[error.kind] += 1
                else:
                    found["verdict" if '"explanation"' in reply.text else "nonsense"] += 1
                    return

        await asyncio.gather(*(one(number) for number in prompts))
        return found

    return with_clients(work)


def test_what_clients_see_is_what_the_log_says_and_what_was_asked_for(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with running_fake_model_server(**TROUBLED, log=log) as server:
        seen = ask_all(server, range(600))
        summary = server.summary()
    kinds = {"rate_limited": seen["rate_limited"], "failed": seen["server_error"], "nonsense": seen["nonsense"],
             "hanging": seen["timeout"], "verdict": seen["verdict"]}  # fmt: skip
    assert summary["kinds"] == kinds
    assert (summary["calls"], summary["prompts"]) == (600, 600)
    expected = {"rate_limited": 60, "failed": 60, "nonsense": 120, "hanging": 30}
    assert all(abs(kinds[kind] - count) < 5 * count**0.5 for kind, count in expected.items())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert Counter(line["kind"] for line in lines) == Counter(kinds)
    assert all((line["answered_at"] is None) == (line["kind"] == "hanging") for line in lines)


def test_answers_depend_on_prompt_attempt_and_seed_and_not_on_the_order() -> None:
    def answers(seed: int, prompts: range) -> dict[tuple[str, int], tuple[str, str]]:
        with running_fake_model_server(**{**TROUBLED, "hanging": 0}, seed=seed) as server:
            ask_all(server, prompts, attempts=4)
            return {(one["prompt"], one["attempt"]): (one["kind"], one["text"]) for one in server.calls()}

    forward = answers(1, range(60))
    assert answers(1, range(59, -1, -1)) == forward
    assert not answers(2, range(60)).keys() & forward.keys()


def test_a_prompt_that_failed_may_succeed_at_the_next_attempt_and_is_then_not_asked_again() -> None:
    with running_fake_model_server(rate_limited=0.3, failing=0.3) as server:
        seen = ask_all(server, range(100), attempts=40)
        summary = server.summary()
    assert (seen["verdict"], summary["prompts_answered"], summary["repeated_after_answer"]) == (100, 100, 0)
    assert summary["calls"] == seen.total() > 150


def test_a_prompt_that_is_asked_again_after_its_answer_is_counted() -> None:
    with running_fake_model_server() as server:
        for _ in range(3):
            ask_all(server, range(4))
        assert server.summary()["repeated_after_answer"] == 8


def test_a_drawn_429_says_how_long_to_wait() -> None:
    async def work(clients: ModelClients, server: FakeModelServer) -> float | None:
        with pytest.raises(ProviderError) as caught:
            await clients.chat(openai_connection(server), call())
        return caught.value.retry_after_seconds

    with running_fake_model_server(rate_limited=1, retry_after=0.7) as server:
        assert with_clients(lambda clients: work(clients, server)) == 0.7


def test_beyond_its_limit_the_server_answers_429_and_says_when_there_is_room() -> None:
    with running_fake_model_server(requests_per_minute=20) as server:
        seen = ask_all(server, range(30))
        summary = server.summary()
    assert seen == {"verdict": 20, "rate_limited": 10}
    assert summary["kinds"] == {"verdict": 20, "over_limit": 10}
    assert summary["highest_in_60_seconds"] == 30


def test_a_client_that_hangs_up_before_its_answer_is_noted_as_abandoned() -> None:
    with running_fake_model_server(latency=30) as server:
        ask_all(server, range(3), connection=openai_connection(server, timeout_seconds=0.2))
        for _ in range(100):
            if server.summary()["kinds"] == {"abandoned": 3}:
                break
            time.sleep(0.02)
        assert server.summary()["kinds"] == {"abandoned": 3}


def test_both_houses_get_the_same_kinds_of_answers() -> None:
    with running_fake_model_server(**{**TROUBLED, "hanging": 0}) as server:
        seen = ask_all(server, range(200), connection=anthropic_connection(server))
        assert set(seen) == {"rate_limited", "server_error", "nonsense", "verdict"}
        assert sum(server.summary()["kinds"].values()) == 200


def test_the_highest_rates_and_concurrency_are_those_of_the_calls() -> None:
    log = CallLog()
    calls = []
    for moment in (0.0, 0.5, 0.9, 1.0, 1.6, 30.0, 59.9, 60.0, 60.4):
        calls.append(log.received(moment))
        if len(calls) == 3:
            for one in calls:
                log.answered(one, "verdict", 200, "", moment)
    summary = log.summary()
    # From 0.5 to 60.4, and from 0.0 to 0.9: calls exactly 1 s apart are not within 1 s.
    assert summary["highest_in_60_seconds"] == 8
    assert summary["highest_in_1_second"] == 3
    assert summary["highest_concurrency"] == 6
