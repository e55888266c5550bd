"""A long JSON list whose items are decoded one at a time, so that what a body becomes is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

import msgspec

from assay.model.errors import TooLarge
from assay.wire import codec

Made = TypeVar("Made")

_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
# Of JSON text, spaces and escapes included: one log of 20 MB fits in. Decoded, text can take 25 times the memory.
LARGEST_ITEM_BYTES = 21 * 1024 * 1024
_SPACE = b" \t\r\n"
_OPENING_BRACKET = ord("[")


class MadeOneByOne(Sequence[Made], Generic[Made]):
    """A sequence that makes each item from its raw form when it is asked for, and keeps none."""

    def __init__(self, raw: Sequence[Any], make: Callable[[Any], Made]) -> None:
        self._raw = raw
        self._make = make

    def __len__(self) -> int:
        return len(self._raw)

    @overload
    def __getitem__(self, place: int) -> Made: ...

    @overload
    def __getitem__(self, place: slice) -> MadeOneByOne[Made]: ...

    def __getitem__(self, place: int | slice) -> Made | MadeOneByOne[Made]:
        if isinstance(place, slice):
            return MadeOneByOne(self._raw[place], self._make)
        return self._make(self._raw[place])


def readable(items: Sequence[Made]) -> Iterator[Made]:
    """Yield the items that can be decoded; the others are refused where they stand, when they are recorded."""
    for place in range(len(items)):
        try:
            item = items[place]
        except (codec.MalformedJson, TooLarge):
            continue
        yield item


def _decoded(raw: msgspec.Raw) -> Any:
    size = len(memoryview(raw))
    if size > LARGEST_ITEM_BYTES:
        raise TooLarge(f"It is {size:,} bytes of JSON text; at most {LARGEST_ITEM_BYTES:,} are read.")
    return codec.decode(bytes(raw))


def read_members(body: bytes) -> Mapping[str, Any] | Sequence[Any] | None:
    """Return a JSON object by its members, or a JSON list, of which every list is decoded item by item.

    Returns None for JSON that is neither. Raises TooLarge beyond LARGEST_ITEM_BYTES, and MalformedJson as
    `codec.decode` does: for the items of a list when they are asked for, for everything else at once.
    """
    first = body.lstrip(_SPACE)[:1]
    try:
        if first == b"[":
            return _items(body)
        if first == b"{":
            return {name: _member(raw) for name, raw in _object_decoder.decode(body).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    # The codec says what is wrong, if anything is.
    codec.decode(body)
    return None


def _member(raw: msgspec.Raw) -> Any:
    text = memoryview(raw)
    return _items(text) if text[0] == _OPENING_BRACKET else _decoded(raw)


def _items(text: bytes | memoryview) -> MadeOneByOne[Any]:
    return MadeOneByOne(_list_decoder.decode(text), _decoded)
