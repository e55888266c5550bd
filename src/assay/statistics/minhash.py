"""Near duplicates: MinHash signatures that estimate how alike two texts are, and an index that finds the alike.

MinHash: Broder 1997, "On the resemblance and containment of documents". Bands over signatures: Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3. Hash functions (a x + b) mod p: Carter and Wegman 1979.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import uint32, uint64
    from numpy.typing import NDArray

PERMUTATIONS = 128
SHINGLE_WORDS = 3
_PRIME = 2_147_483_647
# So many shingles are hashed at once: 128 results of 8 bytes for each.
_SHINGLES_AT_ONCE = 4096


def shingles_of(texts: Iterable[Sequence[str]]) -> set[int]:
    """Return the hashes, below 2**31 - 1, of all runs of three words in each text; a shorter text is one run.

    `texts` are sequences of words, such as `filters.search.words_in` gives.
    """
    found = set()
    for words in texts:
        for place in range(max(1, len(words) - SHINGLE_WORDS + 1) if words else 0):
            found.add(shingle_hash(" ".join(words[place : place + SHINGLE_WORDS]).encode()))
    return found


def shingle_hash(text: bytes) -> int:
    """Return the hash of one shingle, below 2**31 - 1: the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") % _PRIME


@cache
def _coefficients() -> tuple[NDArray[uint64], NDArray[uint64]]:
    """Return a and b of the 128 hash functions: digits of SHA-256, since they must never change."""
    import numpy as np

    words = [
        int.from_bytes(hashlib.sha256(f"assay minhash {place}".encode()).digest()[:8], "big")
        for place in range(2 * PERMUTATIONS)
    ]
    multipliers = [word % (_PRIME - 1) + 1 for word in words[:PERMUTATIONS]]
    return np.array(multipliers, np.uint64), np.array([word % _PRIME for word in words[PERMUTATIONS:]], np.uint64)


def signature(shingles: set[int]) -> NDArray[uint32]:
    """Return the MinHash signature of a set of shingle hashes, shape (128,); the empty set's is all 2**31 - 1."""
    import numpy as np

    multipliers, offsets = _coefficients()
    least = np.full(PERMUTATIONS, _PRIME, np.uint64)
    hashes = np.fromiter(shingles, np.uint64, len(shingles))
    for start in range(0, len(hashes), _SHINGLES_AT_ONCE):
        # Both factors are below 2**31, so that nothing leaves 64 bits.
        permuted = (np.multiply.outer(hashes[start : start + _SHINGLES_AT_ONCE], multipliers) + offsets) % _PRIME
        least = np.minimum(least, permuted.min(axis=0))
    return least.astype(np.uint32)


def estimated_similarity(one: NDArray[uint32], other: NDArray[uint32]) -> float:
    """Return the estimate of the Jaccard index of two sets from their signatures; standard error at most 0.045."""
    return float((one == other).mean())


class NearDuplicates:
    """Finds out whether one was taken before that is at least so similar, by the estimate.

    Signatures are cut into more bands than two so similar ones have differing places: then at least one band of theirs
    is equal, so none is missed. About 0.5 KB and 0.1 KB a band for each signature taken.
    """

    def __init__(self, similarity: float) -> None:
        """`similarity`: over 0 to 1."""
        most_differing = PERMUTATIONS - math.ceil(similarity * PERMUTATIONS - 1e-9)
        bands = min(most_differing + 1, PERMUTATIONS)
        self._least_equal = PERMUTATIONS - most_differing
        self._edges = [PERMUTATIONS * band // bands for band in range(bands + 1)]
        self._signatures = bytearray()
        # For each band the newest signature with these values, and for each signature the one before it.
        self._newest: list[dict[int, int]] = [{} for _ in range(bands)]
        self._before = [array("i") for _ in range(bands)]

    def take(self, candidate: NDArray[uint32]) -> bool:
        """Remember a signature and return True, or return False when one like it was taken before."""
        import numpy as np

        text = candidate.tobytes()
        bands = [hash(text[4 * start : 4 * end]) for start, end in zip(self._edges, self._edges[1:], strict=False)]
        alike = self._alike(bands)
        if alike:
            taken = np.frombuffer(self._signatures, np.uint32).reshape(-1, PERMUTATIONS)[sorted(alike)]
            if int((taken == candidate).sum(axis=1).max()) >= self._least_equal:
                return False
        place = len(self._before[0])
        self._signatures += text
        for band, newest, before in zip(bands, self._newest, self._before, strict=True):
            before.append(newest.get(band, -1))
            newest[band] = place
        return True

    def _alike(self, bands: Sequence[int]) -> set[int]:
        found: set[int] = set()
        for band, newest, before in zip(bands, self._newest, self._before, strict=True):
            place = newest.get(band, -1)
            while place >= 0:
                found.add(place)
                place = before[place]
        return found
