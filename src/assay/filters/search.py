"""Text search over logs: what a query means, how text is cut into words, and the reference answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Scripts written without spaces: each character is a word of its own, and a run of them a phrase.
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
# The same for most texts, in two thirds of the time.
_ASCII_WORD = re.compile("[a-z0-9]+")
# A chat message says `user` and `text` about itself, not in itself.
_NOT_TEXT = frozenset(("role", "type"))
_LONGEST_WORD = 64


@dataclass(frozen=True, slots=True)
class TextSearch:
    """What the text of a log's input or output must hold: every word, and every phrase word for word in one string.

    Words are in the form that `words_in` gives; each phrase is a sequence of such words.
    """

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...] = ()

    @property
    def all_words(self) -> tuple[str, ...]:
        """The words, those of the phrases among them, each once."""
        return tuple(dict.fromkeys((*self.words, *(word for phrase in self.phrases for word in phrase))))


def words_in(text: str) -> list[str]:
    """Return the words of a text in order: runs of letters and digits in lower case, cut at 64 characters."""
    return [word[:_LONGEST_WORD] for word in _whole_words(text)]


def _whole_words(text: str) -> list[str]:
    pattern = _ASCII_WORD if text.isascii() else _WORD
    return pattern.findall(text.lower())


def texts_in(value: Any) -> Iterator[str]:
    """Yield the strings inside a decoded JSON value, keys and the roles and types of messages left out."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            pending.extend(part for key, part in item.items() if key not in _NOT_TEXT)
        elif isinstance(item, Sequence) and not isinstance(item, bytes):
            pending.extend(item)


def searched_words(*values: Any) -> set[str]:
    """Return the words of the strings inside decoded JSON values: what an index holds of a log."""
    found: set[str] = set()
    for value in values:
        for text in texts_in(value):
            found.update(_whole_words(text))
    return {word[:_LONGEST_WORD] for word in found}


def search_holds(search: TextSearch, *values: Any) -> bool:
    """Tell whether decoded payloads satisfy a search: the reference for every store."""
    strings = [words_in(text) for value in values for text in texts_in(value)]
    present = {word for words in strings for word in words}
    return present.issuperset(search.words) and all(
        any(_contains(words, phrase) for words in strings) for phrase in search.phrases
    )


def _contains(words: Sequence[str], phrase: Sequence[str]) -> bool:
    length = len(phrase)
    return any(tuple(words[place : place + length]) == tuple(phrase) for place in range(len(words) - length + 1))
