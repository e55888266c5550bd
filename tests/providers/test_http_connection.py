"""HTTP as it really is: servers that hang, drip, hang up, send too much, or keep connections as they please."""

from __future__ import annotations

import asyncio
import os
import re

import pytest

from assay.providers.clients import ModelClients
from assay.providers.contract import Connection, ProviderError
from benchmarks.fake_model_server import FakeModelServer, running_fake_model_server
from tests.providers.conftest import COMPLETION, KEY, answering, call, error_of, http, openai_connection, with_clients

LOCAL = "http://127.0.0.1:1/v1"


def text_from(*answers: bytes, closes: bool = False, calls: int = 1) -> list[str]:
    async def work(clients: ModelClients) -> list[str]:
        async with answering(*answers, closes=closes) as (base_url, _):
            connection = Connection("openai", base_url, "", timeout_seconds=5)
            return [(await clients.chat(connection, call(schema=None))).text for _ in range(calls)]

    return with_clients(work)


@pytest.mark.parametrize("model", ["hanging", "dripping"])
def test_a_server_that_never_ends_its_answer_is_a_timeout(fake: FakeModelServer, model: str) -> None:
    error = error_of(openai_connection(fake, timeout_seconds=0.3), call(model))
    assert (error.kind, error.is_retryable, error.message) == (
        "timeout", True, "127.0.0.1 did not finish its reply within 0.3 seconds.",
    )  # fmt: skip


def test_a_call_that_timed_out_takes_its_connection_along() -> None:
    async def work(clients: ModelClients, server: FakeModelServer) -> int:
        hasty = Connection("openai", server.base_url, "", timeout_seconds=0.3)
        with pytest.raises(ProviderError):
            await clients.chat(hasty, call("hanging"))
        await clients.chat(openai_connection(server), call())
        return sum(1 for one in server.calls() if one["kind"] == "hanging")

    with running_fake_model_server() as server:
        # The server notes a call as hanging when its client has hung up.
        assert with_clients(lambda clients: work(clients, server)) == 1


def test_a_reply_beyond_ten_megabytes_is_refused(fake: FakeModelServer) -> None:
    error = error_of(openai_connection(fake), call("huge"))
    assert (error.kind, error.message, error.is_retryable) == (
        "invalid_reply", "The reply is larger than 10 MB.", False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "message"),
    [("cut-off", "The connection was closed in the middle of the reply."),
     ("hanging-up", "The connection was closed before the reply.")],
)  # fmt: skip
def test_a_server_that_hangs_up_may_be_asked_again(fake: FakeModelServer, model: str, message: str) -> None:
    error = error_of(openai_connection(fake), call(model))
    assert (error.kind, error.message, error.is_retryable) == ("connection", message, True)


def test_a_server_that_is_not_there_may_be_asked_again() -> None:
    error = error_of(Connection("openai", LOCAL, KEY), call())
    assert (error.kind, error.is_retryable) == ("connection", True)
    assert error.message.startswith("127.0.0.1:1 cannot be reached: ")


def test_a_reply_in_chunks_is_read() -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (COMPLETION[:9], COMPLETION[9:])) + b"0\r\n\r\n"
    chunked = http(chunks, b"transfer-encoding: chunked", has_length=False)
    assert text_from(chunked, chunked, calls=2) == ["7", "7"]


def test_a_reply_that_ends_with_the_connection_is_read() -> None:
    assert text_from(http(COMPLETION, has_length=False), closes=True) == ["7"]


def test_interim_answers_are_passed_over() -> None:
    assert text_from(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + http(COMPLETION)) == ["7"]


def test_a_connection_that_the_server_closes_after_each_answer_is_opened_again() -> None:
    polite = http(COMPLETION, b"connection: close")
    assert text_from(polite, polite, polite, closes=True, calls=3) == ["7"] * 3


UPGRADE = b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 40, UPGRADE])
def test_what_is_no_http_is_an_error_and_not_a_hang(answer: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        text_from(answer)
    assert caught.value.kind in ("connection", "invalid_reply")


@pytest.mark.parametrize("size", [1, 30, 80, 1_000])
def test_bytes_that_nobody_asked_for_are_not_taken_for_the_next_answer(size: int) -> None:
    # All or some of another answer comes along with the first one.
    stale = http(COMPLETION.replace(b'"7"', b'"stale"'))[:size]
    assert text_from(http(COMPLETION) + stale, http(COMPLETION), http(COMPLETION), calls=2) == ["7", "7"]


def sockets() -> int:
    links = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
    return sum(1 for link in links if os.path.islink(link) and os.readlink(link).startswith("socket:"))


def test_no_socket_is_open_before_the_first_call_and_none_after_closing(fake: FakeModelServer) -> None:
    async def work() -> list[int]:
        before = sockets()
        clients = ModelClients()
        clients.client(openai_connection(fake))
        counts = [sockets() - before]
        await asyncio.gather(*(clients.chat(openai_connection(fake), call(prompt=f"{n}")) for n in range(10)))
        counts.append(sockets() - before)
        await clients.close()
        return [*counts, sockets() - before]

    assert asyncio.run(work()) == [0, 10, 0]


def test_calls_share_connections_one_after_the_other(fake: FakeModelServer) -> None:
    async def work(clients: ModelClients) -> int:
        before = sockets()
        for number in range(5):
            await clients.chat(openai_connection(fake, key=KEY if number % 2 else f" {KEY}"), call())
        return sockets() - before

    assert with_clients(work) == 1


def test_three_hundred_calls_are_under_way_at_once() -> None:
    async def work(clients: ModelClients, server: FakeModelServer) -> None:
        connection = openai_connection(server)
        await asyncio.gather(*(clients.chat(connection, call(prompt=f"{n}")) for n in range(300)))

    with running_fake_model_server(latency=1.0) as server:
        with_clients(lambda clients: work(clients, server))
        summary = server.summary()
    assert (summary["highest_concurrency"], summary["kinds"]) == (300, {"verdict": 300})


def test_a_cancelled_call_hangs_up(fake: FakeModelServer) -> None:
    async def work(clients: ModelClients) -> int:
        before = sockets()
        task = asyncio.create_task(clients.chat(openai_connection(fake), call("hanging")))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        return sockets() - before

    assert with_clients(work) == 0


def test_a_proxy_of_the_environment_is_used_unless_the_host_is_excepted(
    fake: FakeModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(clients: ModelClients) -> list[bytes]:
        async with answering(http(COMPLETION), http(COMPLETION)) as (base_url, received):
            monkeypatch.setenv("http_proxy", base_url.removesuffix("/v1"))
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            await clients.chat(openai_connection(fake), call())
            assert received == []
            connection = Connection("openai", "http://models.example/v1", "k")
            assert (await clients.chat(connection, call(schema=None))).text == "7"
            return received

    assert with_clients(work)[0].startswith(b"POST http://models.example/v1/chat/completions HTTP/1.1\r\n")


def test_a_proxy_that_is_not_there_is_named_as_the_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://user:proxy-password@127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    error = error_of(Connection("openai", "http://models.example/v1", KEY), call())
    assert (error.kind, error.is_retryable) == ("connection", True)
    assert re.match(r"models.example cannot be reached through the proxy", error.message)
    assert "proxy-password" not in error.message
