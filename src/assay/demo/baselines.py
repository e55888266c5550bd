"""The demo's answers: three baselines without any model, which classify a job title by the other titles."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

Baseline = Callable[[Sequence[str], Sequence[str]], list[str]]


def nearest_neighbour(titles: Sequence[str], occupations: Sequence[str]) -> list[str]:
    """Answer each title with the occupation of the other title that shares the rarest words with it.

    Similarity is the sum of inverse document frequencies; the first one wins where several tie, and the commonest
    occupation where no word is shared.
    """
    words = [frozenset(title.lower().split()) for title in titles]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for position, found in enumerate(words):
        for word in found:
            holders[word].append(position)
    weight = {word: math.log(len(titles) / len(places)) for word, places in holders.items()}
    otherwise = _commonest(occupations)
    answers = []
    for position, found in enumerate(words):
        similarity: defaultdict[int, float] = defaultdict(float)
        # Sorted, so that sums of floats, and with them ties, come out alike in every process.
        for word in sorted(found):
            for other in holders[word]:
                if other != position:
                    similarity[other] += weight[word]
        nearest = min(similarity, key=lambda other: (-similarity[other], other), default=None)
        answers.append(otherwise if nearest is None else occupations[nearest])
    return answers


def last_word(titles: Sequence[str], occupations: Sequence[str]) -> list[str]:
    """Answer each title with the commonest occupation of the other titles that end in the same word."""
    endings = [title.lower().split()[-1:] for title in titles]
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for ending, occupation in zip(endings, occupations, strict=True):
        groups[" ".join(ending)][occupation] += 1
    otherwise = _commonest(occupations)
    answers = []
    for ending, occupation in zip(endings, occupations, strict=True):
        # Its own answer does not count.
        others = groups[" ".join(ending)] - Counter([occupation])
        answers.append(min(others, key=lambda name: (-others[name], name)) if others else otherwise)
    return answers


def commonest_occupation(titles: Sequence[str], occupations: Sequence[str]) -> list[str]:
    """Answer every title with the commonest occupation of all."""
    return [_commonest(occupations)] * len(titles)


BASELINES: Mapping[str, Baseline] = {
    "nearest-neighbour": nearest_neighbour,
    "last-word": last_word,
    "commonest-occupation": commonest_occupation,
}
"""By the name that stands in the logs where a model's would."""


def _commonest(occupations: Sequence[str]) -> str:
    return Counter(occupations).most_common(1)[0][0]
