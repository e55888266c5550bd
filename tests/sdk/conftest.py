"""Fixtures of the client's tests: a recording server and clients of it, untouched by the environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assay.sdk import Client
from tests.sdk.recorder import Recorder, recording_server
from tests.server import server

__all__ = ["server"]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_API_KEY", raising=False)
    monkeypatch.delenv("ASSAY_BASE_URL", raising=False)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording_server() as running:
        yield running


@pytest.fixture
def client(recorder: Recorder) -> Iterator[Client]:
    with Client(api_key="abcdefgh.secret", base_url=recorder.url) as made:
        yield made
