"""The Merkle tree hash is that of RFC 6962, section 2.1."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.model.merkle import MerkleTree


def defined(leaves: Sequence[bytes]) -> bytes:
    """The definition, word by word: split at the largest power of two below the number of leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


def root_of(leaves: Sequence[bytes]) -> str:
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


@pytest.mark.parametrize("count", [*range(35), 63, 64, 65, 127, 128, 129, 1000])
def test_the_root_is_the_defined_one_for_any_number_of_leaves(count: int) -> None:
    leaves = [bytes([place % 251]) * (place % 40) for place in range(count)]
    assert root_of(leaves) == defined(leaves).hex()


@given(st.lists(st.binary(max_size=4), max_size=40))
def test_the_root_is_the_defined_one_for_any_leaves(leaves: list[bytes]) -> None:
    assert root_of(leaves) == defined(leaves).hex()


def test_published_roots_are_met() -> None:
    # The test vectors of Certificate Transparency's reference implementation.
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    assert root_of([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of([b""]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    whole = root_of([bytes.fromhex(leaf) for leaf in leaves])
    assert whole == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_a_root_can_be_asked_for_in_between() -> None:
    tree = MerkleTree()
    for count, leaf in enumerate((b"a", b"b", b"c", b"d", b"e"), 1):
        tree.append(leaf)
        assert tree.root() == tree.root() == defined([b"a", b"b", b"c", b"d", b"e"][:count]).hex()


def test_order_and_repetition_change_the_root() -> None:
    assert len({root_of(leaves) for leaves in ([b"a", b"b"], [b"b", b"a"], [b"a"], [b"a", b"a"], [b"ab"])}) == 5
