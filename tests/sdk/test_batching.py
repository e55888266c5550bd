"""Cutting rows into request bodies."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from assay.sdk.batching import batches


@given(
    sizes=st.lists(st.integers(0, 60), max_size=40),
    maximum_rows=st.integers(1, 7),
    maximum_bytes=st.integers(20, 200),
)
def test_every_row_travels_once_in_order_within_the_limits(
    sizes: list[int], maximum_rows: int, maximum_bytes: int
) -> None:
    rows = [{"input": "x" * size, "n": number} for number, size in enumerate(sizes)]
    made = list(batches(rows, maximum_rows, maximum_bytes))
    sent = [json.loads(batch.body)["logs"] for batch in made]
    assert [row for part in sent for row in part] == rows
    for batch, part in zip(made, sent, strict=True):
        assert batch.row_count == len(part) <= maximum_rows
        assert part[0]["n"] == batch.first_index
        assert len(part) == 1 or len(batch.body) <= maximum_bytes + len('{"logs":[]}')


def test_rows_are_taken_as_they_are_sent() -> None:
    taken: list[int] = []

    def rows() -> object:
        for number in range(10):
            taken.append(number)
            yield {"n": number}

    first = next(iter(batches(rows(), maximum_rows=3)))  # type: ignore[arg-type]
    assert first.row_count == 3
    assert taken == [0, 1, 2, 3]
