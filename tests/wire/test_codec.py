"""JSON comes in exactly or not at all, and its canonical form is that of RFC 8785."""

from __future__ import annotations

import json
import struct
import uuid
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay.model.errors import Invalid
from assay.wire import codec

_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
_DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
_SAFE_INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)


def json_values(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    scalars = st.none() | st.booleans() | _TEXTS | numbers
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4), max_leaves=12
    )


@given(json_values(st.integers(-(10**300), 10**300) | _DOUBLES))
@example([2**53 + 1, 2**63, 2**64 + 1, -(2**64) - 1, 10**307, 5e-324, 1.7976931348623157e308])
def test_what_is_read_is_what_was_written_and_is_written_again(value: Any) -> None:
    text = codec.encode(value)
    read = codec.decode(text)
    assert read == value
    assert repr(read) == repr(json.loads(text))
    assert codec.encode(read) == text


@given(st.integers(0, 2**64 - 1))
def test_every_double_keeps_its_bits(bits: int) -> None:
    (number,) = struct.unpack("<d", struct.pack("<Q", bits))
    if number != number or number in (float("inf"), float("-inf")):
        return
    assert struct.pack("<d", codec.decode(codec.encode(number))) == struct.pack("<Q", bits)


@pytest.mark.parametrize("digits", [15, 16, 17, 20, 100, 300, 307])
def test_integers_stay_exact_to_the_last_digit(digits: int) -> None:
    for text in ("9" * digits, "-" + "1234567890" * 31):
        shortened = text[:digits]
        assert codec.encode(codec.decode(shortened.encode())) == shortened.encode()


def nested(depth: int, inner: str, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + inner + closing * depth


REFUSED = {
    "truncated": ('{"a":', "truncated"),
    "nothing": ("", "truncated"),
    "two values": ("1 2", "trailing"),
    "not a number": ("NaN", "invalid character"),
    "infinity": ("[Infinity]", "invalid character"),
    "comment": ("{/**/}", "JSON parse error"),
    "trailing comma": ("[1,]", "JSON parse error"),
    "leading zero": ("[01]", "JSON parse error"),
    "byte order mark": ("\ufeff{}", "JSON parse error"),
    "control character": ('"a\x01"', "JSON parse error"),
    "NUL in a value": ('{"a":["\\u0000"]}', "NUL character"),
    "NUL in a key": ('{"a\\u0000":1}', "NUL character"),
    "NUL far down": (nested(600, '"\\u0000"'), "nested deeper than 100"),
    "lone high surrogate": ('"\\ud800"', "lone surrogate"),
    "lone low surrogate": ('"\\uDC00"', "lone surrogate"),
    "surrogates in the wrong order": ('"\\udc00\\ud800"', "lone surrogate"),
    "surrogate in a key": ('{"\\ud800x":1}', "lone surrogate"),
    "too large a double": ("[1e400]", "too large for a double"),
    "too large a negative double": ("[-1e309]", "too large for a double"),
    "too many digits": ('{"a":' + "9" * 309 + "}", "more than 308 digits"),
    "too many digits far down": (nested(600, "9" * 309, '{"a":', "}"), "nested deeper than 100"),
    "a million digits": ("1" * 1_000_000, "too large for a double"),
    "101 arrays": (nested(101, ""), "nested deeper than 100"),
    "101 objects": (nested(101, "1", '{"a":', "}"), "nested deeper than 100"),
    "a hundred thousand arrays": (nested(100_000, ""), "nested deeper than 100"),
    "a key twice": ('{"a":1,"b":2,"a":1}', "the key 'a' is given twice"),
    "a key twice, once escaped": ('{"\\u0061":1,"a":2}', "the key 'a' is given twice"),
    "a key twice, far down": ('{"a":[{"b":{"c":1,"c":1}}]}', "the key 'c' is given twice"),
    "an empty key twice": ('{"":1,"":2}', "the key '' is given twice"),
    "a key twice, spaced": ('{"a" :1,\n "a"\t: 2}', "the key 'a' is given twice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_kept_is_refused_with_its_reason(name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(codec.MalformedJson) as caught:
        codec.decode(text.encode())
    assert caught.value.message.startswith("JSON parse error - ")
    assert reason in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("text", [b'"\xff"', b'"\xc3\x28"', b'"\xed\xa0\x80"', b'{"\x80":1}'])
def test_what_is_not_utf8_is_refused(text: bytes) -> None:
    with pytest.raises(codec.MalformedJson, match="not UTF-8"):
        codec.decode(text)


def test_the_field_that_held_the_text_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        codec.decode(b"{", "mapping")
    assert list(caught.value.fields) == ["mapping"]


KEPT = {
    "escaped backslash before u0000": ('"\\\\u0000"', "\\u0000"),
    "a pair of surrogates": ('"\\ud83d\\ude00"', "😀"),
    "a colon after a quote in a string": ('{"a":"\\":\\":"}', {"a": '":":'}),
    "the same key in two objects": ('[{"a":1},{"a":{"a":2}}]', [{"a": 1}, {"a": {"a": 2}}]),
    "100 levels": (nested(100, ""), None),
    "the largest double": ("[1.7976931348623157e308]", [1.7976931348623157e308]),
    "a number too small": ("[1e-400]", [0.0]),
    "308 digits": ("9" * 308, 10**308 - 1),
    "a long fraction": ("0." + "1" * 400, 0.1111111111111111),
    "a string of digits": ('"' + "9" * 500 + '"', "9" * 500),
    "spaces": (" \t\r\n[ 1 , 2 ] ", [1, 2]),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_looks_odd_and_can_be_kept_is_kept(name: str) -> None:
    text, value = KEPT[name]
    read = codec.decode(text.encode())
    assert read == (json.loads(text) if value is None else value)


@given(json_values(_SAFE_INTEGERS | _DOUBLES), st.data())
def test_a_repeated_key_is_found_wherever_it_stands(value: Any, data: st.DataObject) -> None:
    text = codec.encode(value).decode()
    assert codec.decode(text.encode()) == value
    key, inner = codec.encode(data.draw(_TEXTS)).decode(), codec.encode(data.draw(_TEXTS)).decode()
    for broken in (f"{{{key}:{text},{key}:{inner}}}", f'[{inner},{{{key}:{text},{inner[:-1]}x":0,{key}:{text}}}]'):
        with pytest.raises(codec.MalformedJson, match="given twice"):
            codec.decode(broken.encode())


# RFC 8785, appendix B: IEEE 754 bits and their text.
NUMBERS = {
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324", "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992", "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000", "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21", "3eb0c6f7a0b5ed8c": "9.999999999999997e-7", "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332", "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333", "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip


@pytest.mark.parametrize("bits", NUMBERS)
def test_numbers_are_written_as_the_rfc_lists_them(bits: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert codec.canonical(repr(number).encode()) == NUMBERS[bits].encode()


def test_the_examples_of_the_rfc_are_met() -> None:
    # Section 3.2.2 and 3.2.3.
    text = (
        b'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
        b' "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}'
    )
    assert codec.canonical(text).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    names = (
        b'{"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "\\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",'
        b' "\\ud83d\\ude00": "Emoji: Grinning Face", "\\u0080": "Control", "\\u00f6": "Latin Small Letter O"}'
    )
    assert list(json.loads(codec.canonical(names)).values()) == [
        "Carriage Return", "One", "Control", "Latin Small Letter O", "Euro Sign", "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]  # fmt: skip


@settings(max_examples=300)
@given(json_values(_SAFE_INTEGERS | _DOUBLES))
@example({"\ufb33": 1, "😀": {"\uffff": 1, "\U00010000": 2}, "a\x7f\x1f": [1e21, -0.0, 1e-7]})
def test_the_canonical_form_is_that_of_another_implementation(value: Any) -> None:
    canonical = codec.canonical(codec.encode(value))
    assert canonical == rfc8785.dumps(value)
    assert codec.canonical(canonical) == canonical
    assert codec.canonical(json.dumps(value, indent=3).encode()) == canonical


def test_integers_beyond_the_doubles_keep_their_digits_in_the_canonical_form() -> None:
    # The one exception to RFC 8785: two rows that differ in such a number are not the same.
    assert codec.canonical(b"[9007199254740993, 9007199254740992]") == b"[9007199254740993,9007199254740992]"


@given(json_values(_SAFE_INTEGERS | _DOUBLES))
def test_equal_content_has_one_hash_however_it_is_written(value: Any) -> None:
    text = codec.encode(value)
    assert codec.content_hash(text) == codec.content_hash(json.dumps(value, indent=1).encode())
    assert codec.content_hash(text) != codec.content_hash(codec.encode([value, str(uuid.uuid4())]))
