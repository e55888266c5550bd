"""A text search as a filter, for rows that no index of words covers."""

from __future__ import annotations

import re
from itertools import pairwise

from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Operator, Or
from assay.filters.search import TextSearch

_SEARCHED = (Field("input"), Field("output"))


def search_conditions(search: TextSearch | None) -> Expression:
    """Return the condition that every word and every phrase of a search stands in the input or the output.

    Words are found inside longer ones. Between the words of a phrase may be punctuation and space, only one space where
    its letters are not all ASCII.
    """
    if search is None:
        return EVERYTHING
    parts = [_anywhere(Operator.WORDS, word) for word in search.words]
    parts += [_anywhere(*_as_text(phrase)) for phrase in search.phrases]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _anywhere(operator: Operator, text: str) -> Expression:
    return Or(tuple(Condition(field, operator, (text,)) for field in _SEARCHED))


def _as_text(phrase: tuple[str, ...]) -> tuple[Operator, str]:
    """Return how a phrase is looked for."""
    if all(word.isascii() for word in phrase):
        return Operator.REGEX, "(?i)" + r"\W+".join(map(re.escape, phrase))
    # PostgreSQL has no pattern for other letters in either case.
    text = phrase[0]
    for previous, word in pairwise(phrase):
        # Words of scripts without spaces are single characters that touch.
        touches = len(previous) == len(word) == 1 and not previous.isascii() and not word.isascii()
        text += word if touches else f" {word}"
    return Operator.ICONTAINS, text
