"""One pool for the tests of a process, in a thread with its own loop, so that each test pays for a fork and no more."""

from collections.abc import Iterator

import pytest

from assay.evaluators.sandbox import Limits
from tests.evaluators.sandbox.pools import Sandbox


def _running(limits: Limits, workers: int) -> Iterator[Sandbox]:
    sandbox = Sandbox(limits, workers)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    yield from _running(Limits(row_seconds=5.0, memory_bytes=64 << 20), workers=1)


@pytest.fixture(scope="session")
def shared_impatient_sandbox() -> Iterator[Sandbox]:
    yield from _running(Limits(row_seconds=0.5), workers=1)


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox with time for everything; one zygote, which must survive and serve right after each test."""
    shared_sandbox.check_that_it_serves()
    before = shared_sandbox.pool.process_ids
    yield shared_sandbox
    shared_sandbox.check_that_it_serves()
    assert shared_sandbox.pool.process_ids == before


@pytest.fixture
def impatient_sandbox(shared_impatient_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The same, where a row has half a second."""
    yield shared_impatient_sandbox
    shared_impatient_sandbox.check_that_it_serves()
