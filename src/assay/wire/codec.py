"""JSON on its way in and out: strict where data would be lost or could not be stored, exact everywhere else."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import msgspec

from assay.model.errors import Invalid

DEEPEST = 100
# A JSON number beyond this has no IEEE double: filters and statistics could not read it.
_LARGEST_DIGITS = 308
_encoder = msgspec.json.Encoder()
_sorted_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()

encode = _encoder.encode


class MalformedJson(Invalid):
    """The text is not JSON that can be kept; the message says what is wrong and where."""


def decode(text: bytes, where: str = "body") -> Any:
    """Decode JSON text; integers of any size stay exact.

    Raises MalformedJson for text that is not JSON, numbers beyond a double, NUL characters, lone surrogates, an object
    key given twice, and nesting deeper than 100: all would be lost, changed or unreadable later.
    """
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise _malformed(where, f"it is nested deeper than {DEEPEST} levels") from None
    except UnicodeDecodeError as error:
        raise _malformed(where, f"it is not UTF-8 (byte {error.start})") from None
    except msgspec.MsgspecError as error:
        raise _malformed(where, _reason(text, str(error))) from None
    # First of all: what follows goes down the levels and must not meet too many of them.
    keys = _count_keys(value, where)
    # The rare cases are looked for in the text first, so that ordinary bodies pay for one walk over their objects.
    if _NUL in text and _holds_nul(value):
        raise _malformed(where, "a string holds the NUL character (\\u0000), which cannot be stored")
    if _has_long_number(text) and _holds_huge_integer(value):
        raise _malformed(where, f"a number has more than {_LARGEST_DIGITS} digits")
    # Every key stands before a colon in the text: more quotes before colons than keys may mean a repeated key.
    if _colons_after_quotes(text) != keys:
        repeated = _repeated_key(text)
        if repeated is not None:
            raise _malformed(where, f"the key '{repeated[:100]}' is given twice in one object")
    return value


def _malformed(where: str, reason: str) -> MalformedJson:
    message = f"JSON parse error - {reason}"
    return MalformedJson(message) if where == "body" else MalformedJson(fields={where: [message]})


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _reason(text: bytes, message: str) -> str:
    if _SURROGATE.search(text) and ("truncated" in message or "surrogate" in message.lower()):
        return "it holds a lone surrogate, which is no character"
    if "out of range" in message:
        return "a number is too large for a double"
    message = message.removeprefix("JSON is malformed: ")
    return message[:1].lower() + message[1:]


_NUL = b"\\u0000"


def _has_long_number(text: bytes) -> bool:
    # A run of 309 digits fills at least one aligned block of 150 bytes: looking at those costs next to nothing.
    return any(text[place : place + 150].isdigit() for place in range(0, len(text), 150)) and bool(
        _LONG_NUMBER.search(text)
    )


_LONG_NUMBER = re.compile(rb"\d{309}")


def _count_keys(value: Any, where: str) -> int:
    """Count the keys of all objects inside a decoded value; raises MalformedJson beyond the deepest level."""
    keys, depth = 0, 0
    level = [value] if type(value) in _CONTAINERS else []
    while level:
        depth += 1
        if depth > DEEPEST:
            raise _malformed(where, f"it is nested deeper than {DEEPEST} levels")
        deeper: list[Any] = []
        for container in level:
            if type(container) is dict:
                keys += len(container)
                deeper += [item for item in container.values() if type(item) in _CONTAINERS]
            else:
                deeper += [item for item in container if type(item) in _CONTAINERS]
        level = deeper
    return keys


_CONTAINERS = frozenset((dict, list))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_nul(item) for item in value)


def _holds_huge_integer(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_huge_integer(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_huge_integer(item) for item in value)
    return isinstance(value, int) and value.bit_length() > 1023


def _colons_after_quotes(text: bytes) -> int:
    return msgspec.json.format(text, indent=-1).count(b'":')


def _repeated_key(text: bytes) -> str | None:
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        seen = set()
        for key, _ in items:
            if key in seen:
                repeated.append(key)
            seen.add(key)

    json.loads(text, object_pairs_hook=pairs)
    return repeated[0] if repeated else None


def raw(value: bytes | None) -> msgspec.Raw | None:
    """Return stored JSON text as a value that is spliced into an answer without being parsed."""
    return None if value is None else msgspec.Raw(value)


def content_hash(text: bytes) -> bytes:
    """Return the SHA-256 of the canonical form of JSON text."""
    return hashlib.sha256(canonical(text)).digest()


def canonical(text: bytes) -> bytes:
    """Return the canonical form of JSON text: RFC 8785, except that integers beyond 2**53 keep all their digits."""
    value = _canonical_decoder.decode(text)
    encoded = _sorted_encoder.encode(value)
    # Keys sort by code points here and by UTF-16 units in the RFC: they differ only beyond the basic plane.
    if max(encoded) >= 0xF0:
        return _encoder.encode(_in_utf16_order(value))
    return encoded


def _in_utf16_order(value: Any) -> Any:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _in_utf16_order(value[name]) for name in names}
    return [_in_utf16_order(item) for item in value] if isinstance(value, list) else value


def _ecmascript_number(text: str) -> msgspec.Raw:
    """Write a float as ECMAScript does (RFC 8785 section 3.2.2.3, ECMA-262 Number::toString)."""
    number = float(text)
    if number == 0:
        return msgspec.Raw(b"0")
    digits, exponent = _shortest(abs(number))
    sign = "-" if number < 0 else ""
    point = len(digits) + exponent
    if 0 < point <= 21:
        body = digits + "0" * exponent if exponent >= 0 else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        body = "0." + "0" * -point + digits
    else:
        mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
        body = f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return msgspec.Raw((sign + body).encode())


def _shortest(number: float) -> tuple[str, int]:
    """Return the shortest digits that read back as `number`, and the power of ten they are to be multiplied by."""
    mantissa, _, power = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    exponent = int(power or 0) - len(fraction)
    stripped = digits.rstrip("0")
    exponent += len(digits) - len(stripped)
    return stripped.lstrip("0"), exponent


_canonical_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=_ecmascript_number)


def decode_stored(text: bytes) -> Any:
    """Decode JSON text that was checked when it was stored."""
    return _decoder.decode(text)
