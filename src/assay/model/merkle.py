"""The Merkle tree hash of a sequence (RFC 6962 section 2.1, SHA-256): one value for all items and their order."""

from __future__ import annotations

import hashlib


class MerkleTree:
    """Takes leaves one by one in order and keeps only the roots of the full subtrees, O(log n) of them."""

    def __init__(self) -> None:
        self._subtrees: list[tuple[int, bytes]] = []

    def append(self, leaf: bytes) -> None:
        """Add the next item, given as bytes."""
        height, value = 0, hashlib.sha256(b"\x00" + leaf).digest()
        while self._subtrees and self._subtrees[-1][0] == height:
            value = hashlib.sha256(b"\x01" + self._subtrees.pop()[1] + value).digest()
            height += 1
        self._subtrees.append((height, value))

    def root(self) -> str:
        """Return the tree hash in hexadecimal; of no items it is the hash of the empty string."""
        if not self._subtrees:
            return hashlib.sha256(b"").hexdigest()
        value = self._subtrees[-1][1]
        for _, left in reversed(self._subtrees[:-1]):
            value = hashlib.sha256(b"\x01" + left + value).digest()
        return value.hex()
