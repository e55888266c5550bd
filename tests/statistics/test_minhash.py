"""Near duplicates: the estimate is as good as its theory says, and the index misses none that it should find."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.statistics.minhash import (
    PERMUTATIONS,
    NearDuplicates,
    estimated_similarity,
    shingle_hash,
    shingles_of,
    signature,
)


def pair_of(similarity: float, size: int, draw: random.Random) -> tuple[set[int], set[int], float]:
    """Return two sets of about `size` shingles, and their Jaccard index, near `similarity`."""
    union = [draw.getrandbits(31) % (2**31 - 1) for _ in range(size)]
    both = round(similarity * size)
    rest = union[both:]
    one, other = set(union[:both] + rest[::2]), set(union[:both] + rest[1::2])
    return one, other, len(one & other) / len(one | other)


@pytest.mark.parametrize("similarity", [0.0, 0.2, 0.5, 0.8, 0.95])
def test_the_estimate_is_unbiased_and_errs_as_little_as_128_permutations_do(similarity: float) -> None:
    draw = random.Random(f"minhash {similarity}")
    errors = []
    for _ in range(120):
        one, other, exact = pair_of(similarity, 200, draw)
        errors.append(estimated_similarity(signature(one), signature(other)) - exact)
    # The estimate is a mean of 128 coin flips with this chance.
    deviation = (similarity * (1 - similarity) / PERMUTATIONS) ** 0.5
    assert abs(np.mean(errors)) < 4 * deviation / 120**0.5 + 0.004
    assert np.std(errors) < 1.4 * deviation + 0.004


def test_signatures_are_the_same_for_ever() -> None:
    """They decide what a recipe takes: a change here would change every repeated sampling."""
    assert shingle_hash(b"to be or") == 538807167
    assert signature({shingle_hash(b"to be or"), shingle_hash(b"be or not")})[:3].tolist() == [
        949427638,
        242997124,
        1275544098,
    ]


def test_a_signature_does_not_depend_on_how_many_shingles_are_hashed_at_once() -> None:
    shingles = set(range(1, 10_000))
    parts = [signature({shingle for shingle in shingles if shingle % 3 == rest}) for rest in range(3)]
    assert (signature(shingles) == np.minimum.reduce(parts)).all()


def test_shingles_are_runs_of_three_words_and_short_texts_one_run() -> None:
    assert shingles_of([["a", "b", "c", "d"]]) == {shingle_hash(b"a b c"), shingle_hash(b"b c d")}
    assert shingles_of([["a", "b"], ["c"]]) == {shingle_hash(b"a b"), shingle_hash(b"c")}
    assert shingles_of([[], []]) == set()


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 1.0), st.integers(0, 2**32))
def test_the_index_finds_exactly_what_comparing_all_pairs_finds(similarity: float, seed: int) -> None:
    draw = random.Random(seed)
    sets = [set(draw.sample(range(40), draw.randint(1, 12))) for _ in range(30)]
    index, taken = NearDuplicates(similarity), []
    for shingles in sets:
        candidate = signature(shingles)
        is_like_one = any(estimated_similarity(candidate, other) >= similarity for other in taken)
        assert index.take(candidate) is not is_like_one
        if not is_like_one:
            taken.append(candidate)


def test_the_same_text_is_taken_once_even_at_similarity_1() -> None:
    index = NearDuplicates(1.0)
    text = signature(shingles_of([["the", "quick", "brown", "fox", "jumps"]]))
    assert [index.take(text), index.take(text)] == [True, False]
