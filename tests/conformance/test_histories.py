"""After any sequence of row operations every version of a dataset holds what a plain Python model says."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from hypothesis import example, given, settings

from assay.ports.store import Stores
from tests.conformance.builders import T0
from tests.conformance.conftest import Run
from tests.conformance.history import Operation, compare, operations, replay

_TWICE_IN_ONE_VERSION: list[Operation] = [
    ("append", [1, 2], 0.0), ("revise", (0, 3), 3.0), ("revise", (0, 0), 1.0), ("restore", 1, 0.0),
    ("revise", (1, 0), 0.0), ("restore", 2, 0.0), ("restore", 0, 0.0), ("restore", 3, 0.0),
]  # fmt: skip
_STAGED_BESIDE_EDITS: list[Operation] = [
    ("append", [0], 0.0), ("stage", [1, 1], 0.0), ("append", [2], 0.0), ("remove_matching", None, 3.0),
    ("publish", None, 0.0), ("restore", 1, 0.0), ("append", [0], 0.0),
]  # fmt: skip


@settings(max_examples=40)
@given(wanted=operations)
@example(wanted=_TWICE_IN_ONE_VERSION)
@example(wanted=_STAGED_BESIDE_EDITS)
def test_every_version_holds_what_it_held(stores: Stores, run: Run[Any], wanted: list[Operation]) -> None:
    async def work() -> None:
        organization = await stores.access.create_organization(str(uuid4()), "an organisation", T0)
        store = stores.within(organization.id, "prod")
        dataset, history = await replay(store, wanted)
        await compare(store, dataset, history)

    run(work())
    # What was thrown away or never published leaves nothing wrong behind either.


def test_the_stores_find_nothing_wrong_with_themselves(stores: Stores, run: Run[Any]) -> None:
    assert run(stores.verify()) == []
