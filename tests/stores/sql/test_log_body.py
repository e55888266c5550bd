"""Bodies of request logs: payloads and details as one text, byte for byte, in every stored form."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from assay.model.log import LogAttributes, LogContent
from assay.model.request_log import RequestLog, RequestLogDraft, SpanAttributes
from assay.stores.sql import compression, log_body
from tests.conformance.builders import T0

_JSON = st.sampled_from(
    (
        *(b"null", b'""', b"0", b"-0.0", b"1.10", b"1e300", b"[]", b"{}", b'{"input":1,"metadata":2}'),
        *(b'"\xc3\xa9 \\u00e9 \\/"', b'"}{][,:\\""', b'"' + b"x" * 5_000 + b'"', b"[" * 99 + b"]" * 99),
    )
)
_OBJECTS = st.sampled_from((b"{}", b'{"b":1.10,"a":[]}', b'{"k":null,"input":3}'))
_DETAILS = st.none() | st.sampled_from((b'{"tools":[1.10]}', b'{"z":{"input":1},"a":"x","\xc3\xa9":null}'))
_contents = st.builds(LogContent, st.none() | _JSON, st.none() | _JSON, st.none() | _JSON, st.none() | _OBJECTS)


def stored_form(text: bytes, dialect_name: str, dictionary_id: int = 0) -> tuple[int, Any]:
    codec, data = compression.packed(text, dialect_name, dictionary_id)
    return codec, data.encode() if isinstance(data, str) else data


@given(_contents, _DETAILS, st.sampled_from(("sqlite", "postgresql")))
def test_payloads_and_details_come_out_byte_for_byte(
    content: LogContent, details: bytes | None, dialect_name: str
) -> None:
    text = log_body.joined(RequestLogDraft(LogAttributes(T0, T0), content, details=details), dialect_name)
    codec, data = stored_form(text, dialect_name)
    # SQLite keeps metadata in the line, PostgreSQL's line forgets how it was written.
    of_line = content.metadata if dialect_name == "sqlite" else b'{"as":"jsonb"}' if content.metadata else None
    assert log_body.split(compression.unpacked(codec, data), of_line) == (content, details)
    assert compression.text_of(codec, data) == text.decode()


def test_empty_details_are_none() -> None:
    draft = RequestLogDraft(LogAttributes(T0, T0), LogContent(b"1"), details=b"{}")
    assert log_body.split(log_body.joined(draft, "sqlite"), None) == (LogContent(b"1"), None)


@given(_contents, _DETAILS, st.none() | _OBJECTS)
def test_other_metadata_leaves_the_rest_of_a_body_alone(
    content: LogContent, details: bytes | None, metadata: bytes | None
) -> None:
    log = RequestLog("id", 1, T0, LogAttributes(T0, T0), SpanAttributes(), "", "", content.metadata, content, details)
    expected = LogContent(content.input, content.output, content.expected_output, metadata)
    assert log_body.split(log_body.with_metadata(log, metadata), metadata) == (expected, details)


def test_what_compresses_is_stored_compressed_and_tiny_texts_as_they_are() -> None:
    text = b'{"input":"' + b"the same again. " * 500 + b'"}'
    codec, data = compression.packed(text, "sqlite", 0)
    assert len(data) < len(text) / 20
    assert compression.unpacked(codec, data) == text
    assert compression.packed(b'{"input":"aaaaaaaaaaaaaaaaaaaaaaaaaaaa"}', "sqlite", 0)[1] == (
        b'{"input":"aaaaaaaaaaaaaaaaaaaaaaaaaaaa"}'
    )


@pytest.fixture
def dictionaries() -> tuple[int, int]:
    """The numbers of two dictionaries known to this process, of the same length and other words."""
    numbers = (4_000_000_001, 4_000_000_002)
    for number, word in zip(numbers, (b"first", b"other"), strict=True):
        compression._remember(number, _saying(word))
    return numbers


def _saying(word: bytes) -> bytes:
    return b'{"input":"it is the %s of many words that every log of this kind says"}' % word


def test_a_dictionary_shortens_what_it_knows_and_nothing_is_lost(dictionaries: tuple[int, int]) -> None:
    text = _saying(b"first")
    codec, data = compression.packed(text, "sqlite", dictionaries[0])
    assert codec == dictionaries[0]
    assert len(data) < len(text) / 2
    assert compression.unpacked(codec, data) == text


def test_equal_bytes_of_two_dictionaries_are_two_texts(dictionaries: tuple[int, int]) -> None:
    texts = [_saying(b"first"), _saying(b"other")]
    stored = [compression.packed(text, "sqlite", number) for text, number in zip(texts, dictionaries, strict=True)]
    assert stored[0][1] == stored[1][1]
    for _ in range(2):
        for (codec, data), text in zip(stored, texts, strict=True):
            assert compression.text_of(codec, data) == text.decode()


def test_a_body_of_an_unknown_dictionary_is_an_error_and_not_another_text() -> None:
    with pytest.raises(zstandard.ZstdError):
        compression.unpacked(4_000_000_009, zstandard.compress(b"{}"))


def test_many_threads_pack_and_unpack_at_once(dictionaries: tuple[int, int]) -> None:
    wrong: list[bytes] = []

    def work(worker: int) -> None:
        for turn in range(200):
            text = b'{"input":"%d %d of many words that every log of this kind says"}' % (worker, turn * 7919)
            for number in (0, *dictionaries):
                codec, data = compression.packed(text * 3, "sqlite", number)
                if (
                    compression.unpacked(codec, data) != text * 3
                    or compression.text_of(codec, data).encode() != text * 3
                ):
                    wrong.append(text)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
