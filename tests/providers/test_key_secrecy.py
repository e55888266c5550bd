"""A key planted in a connection: it must be in no error, no representation and no log, whatever the provider does."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable

import pytest

from assay.providers.clients import ModelClients
from assay.providers.contract import Connection, ProviderError
from benchmarks.fake_model_server import FakeModelServer
from tests.providers.conftest import KEY, anthropic_connection, call, openai_connection

TROUBLES = ("forbidden", "missing", "broken", "not-json", "refusing", "cut-off", "hanging-up", "hanging", "huge",
            "no-choices", "overloaded", "a-model")  # fmt: skip


@pytest.mark.parametrize("connect", [openai_connection, anthropic_connection])
def test_the_key_is_nowhere(
    fake: FakeModelServer,
    connect: Callable[..., Connection],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def work() -> list[str]:
        clients = ModelClients()
        connection = connect(fake, timeout_seconds=0.3)
        shown = [repr(connection), str(connection)]
        for model in TROUBLES:
            try:
                shown.append(repr(await clients.chat(connection, call(model))))
            except ProviderError as error:
                shown += [repr(error), str(error), "".join(traceback.format_exception(error))]
        shown += [repr(clients), repr(clients.client(connection))]
        await clients.close()
        return shown

    caplog.set_level(logging.DEBUG)
    shown = asyncio.run(work(), debug=True)
    assert len(shown) > len(TROUBLES)
    printed = capfd.readouterr()
    for text in (*shown, caplog.text, printed.out, printed.err):
        assert KEY not in text


def test_the_key_of_a_forgotten_connection_is_kept_no_longer(fake: FakeModelServer) -> None:
    async def work() -> tuple[bool, str]:
        clients = ModelClients()
        first = clients.client(openai_connection(fake))
        await clients.forget(openai_connection(fake))
        is_same = clients.client(openai_connection(fake)) is first
        await clients.forget(openai_connection(fake))
        return is_same, repr(clients)

    assert asyncio.run(work()) == (False, "ModelClients(0 connections)")
