"""Request logs from senders that mean harm or know no better: a clear answer, nothing half-written, memory bounded."""

from __future__ import annotations

import gzip
import json
import os
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.flows.client import Api, quoted
from tests.server import Server, running

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
CREATE = "/api/request-logs/"
BULK = "/api/request-logs/bulk/"
BATCH = "/api/request-logs/batch/create"
INGEST = "/api/v1/traces/ingest"
OTLP = "/api/v2/traces"
EVER = "start_time=0001-01-01&end_time=9999-12-31T23:59:59.999999Z"
JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.fixture
def mark() -> str:
    """What the metadata of the logs of one test say, and no other's."""
    return os.urandom(8).hex()


def count(api: Api, mark: str) -> int:
    return int(api.ok("GET", f"/api/request-logs/count/?mark={mark}")["count"])


def found(api: Api, mark: str, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = api.ok("GET", f"/api/request-logs/list/?mark={mark}&{query or EVER}")["results"]
    return listed


def said_by(answer: Any, *statuses: int) -> str:
    """Check that an answer is a refusal in JSON that says something, and return that."""
    assert answer.status_code in (statuses or (400,)), (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()
    return str(answer.text)


# Sizes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["", "gzip", "zstd"])
def test_20_megabytes_are_read_back_as_they_were_sent_and_21_are_refused(
    any_api: Api, mark: str, encoding: str
) -> None:
    compress = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}[encoding]
    headers = {**JSON, **({"Content-Encoding": encoding} if encoding else {})}
    # Half of it cannot be compressed.
    text = os.urandom(5 * MEBIBYTE).hex() + "é" * (5 * MEBIBYTE - 200)
    body = json.dumps({"input": text, "metadata": {"mark": mark}}, ensure_ascii=False).encode()
    made = any_api.ok("POST", CREATE, data=compress(body), headers=headers, status=201)
    assert any_api.ok("GET", f"{CREATE}{made['id']}/")["input"] == text
    for size in (20 * MEBIBYTE + 1, 21 * MEBIBYTE):
        body = json.dumps({"input": "x" * size, "metadata": {"mark": mark}}).encode()
        assert "large" in said_by(any_api("POST", CREATE, data=compress(body), headers=headers), 413) or size < 21e6
    assert count(any_api, mark) == 1


def test_one_log_too_large_among_others_is_refused_by_itself(any_api: Api, mark: str) -> None:
    small = {"input": "small", "metadata": {"mark": mark}}
    for size in (20 * MEBIBYTE + 1, 30 * MEBIBYTE):
        said = any_api.ok("POST", BULK, {"logs": [small, {"input": "x" * size}, small]}, status=201)
        assert (said["success_count"], [error["index"] for error in said["errors"]]) == (2, [1])
        assert "at most 2" in said["errors"][0]["error"]
    assert count(any_api, mark) == 4


BOMBS = {
    "gzip": lambda: gzip.compress(b"\0" * GIBIBYTE, 1),
    "deflate": lambda: zlib.compress(b"\0" * GIBIBYTE, 1),
    "zstd": lambda: zstandard.compress(b"\0" * GIBIBYTE, 1),
    "zstd without a size": lambda: _stream(zstandard.ZstdCompressor(write_content_size=False).compressobj()),
    "zstd with a window of 128 MB": lambda: _stream(
        zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=27)).compressobj()
    ),
    "gzip in many members": lambda: gzip.compress(b" " * MEBIBYTE) * 1_024,
}


def _stream(compressor: Any) -> bytes:
    return b"".join(compressor.compress(b"\0" * MEBIBYTE) for _ in range(1_024)) + bytes(compressor.flush())


@pytest.mark.parametrize("name", BOMBS)
def test_a_gigabyte_of_nothing_in_a_small_body_is_refused_without_being_unpacked(
    server: Server, api: Api, name: str
) -> None:
    body = BOMBS[name]()
    assert len(body) < 6 * MEBIBYTE
    before = peak_memory(server)
    for path in (CREATE, BATCH, OTLP, "/api/request-logs/list/"):
        answer = api("POST", path, data=body, headers={**JSON, "Content-Encoding": name.split()[0]})
        assert answer.status_code in (400, 413), (path, answer.text)
        assert answer.json()["detail"]
    assert peak_memory(server) - before < 300 * MEBIBYTE


def peak_memory(server: Server) -> int:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


PLAIN = b'{"input": "a", "metadata": {"a": 1}}'
BROKEN_BODIES: dict[str, tuple[str, bytes, int]] = {
    "gzip cut short": ("gzip", gzip.compress(PLAIN)[:-9], 400),
    "gzip with a wrong checksum": ("gzip", gzip.compress(PLAIN)[:-8] + b"\0" * 8, 400),
    "gzip that is none": ("gzip", PLAIN, 400),
    "gzip head alone": ("gzip", gzip.compress(b"")[:10], 400),
    "zstd cut short": ("zstd", zstandard.compress(PLAIN)[:-1], 400),
    "zstd that is none": ("zstd", PLAIN, 400),
    "deflate that is none": ("deflate", b"\x78\x9cgarbage", 400),
    "gzip in gzip": ("gzip", gzip.compress(gzip.compress(PLAIN)), 400),
    "two codings": ("gzip, gzip", gzip.compress(gzip.compress(PLAIN)), 415),
    "a coding nobody knows": ("middle-out", PLAIN, 415),
    "a coding with bytes in it": ("\xff\xfe", PLAIN, 415),
    "plain, said to be nothing": ("", PLAIN[:-1], 400),
}


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_a_body_that_is_not_what_its_coding_says_is_refused_on_every_route(any_api: Api, name: str) -> None:
    encoding, body, status = BROKEN_BODIES[name]
    headers = {**JSON, "Content-Encoding": encoding.encode("latin-1")}
    for path in (CREATE, BULK, BATCH, INGEST, OTLP, "/api/request-logs/list/", "/api/traces/list/"):
        assert "detail" in said_by(any_api("POST", path, data=body, headers=headers), status)


def test_a_coding_is_read_in_any_case_and_an_empty_body_is_no_log(any_api: Api, mark: str) -> None:
    body = json.dumps({"input": "a", "metadata": {"mark": mark}}).encode()
    any_api.ok("POST", CREATE, status=201, data=gzip.compress(body), headers={"Content-Encoding": "GZip"})
    assert count(any_api, mark) == 1
    for encoding in ("gzip", "zstd"):
        answer = any_api("POST", CREATE, data=b"", headers={**JSON, "Content-Encoding": encoding})
        said_by(answer)


# What JSON can hold ---------------------------------------------------------------------------------------------------


def test_ten_thousand_metadata_keys_are_kept_and_found(any_api: Api, mark: str) -> None:
    metadata = {"mark": mark, **{f"key {n}": n for n in range(10_000)}}
    made = any_api.ok("POST", CREATE, {"input": 1, "metadata": metadata}, status=201)
    assert any_api.ok("GET", f"{CREATE}{made['id']}/")["metadata"] == metadata
    body = {"filters": {"metadata.key 9999": 9_999, "metadata.mark": mark}, "start_time": "2000-01-01"}
    assert any_api.ok("POST", "/api/request-logs/list/", body)["count"] == 1
    assert any_api.ok("GET", f"/api/request-logs/schema/paths/?mark={mark}")["sampled"] == 1


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


def test_a_log_is_as_deep_as_a_hundred_levels_and_no_deeper(any_api: Api, mark: str) -> None:
    kept = json.loads(nested(98))
    made = any_api.ok("POST", CREATE, {"input": kept, "output": kept, "metadata": {"mark": mark}}, status=201)
    # An input that is no text and no messages comes back as JSON text (contract 8.5).
    assert json.loads(any_api.ok("GET", f"{CREATE}{made['id']}/")["input"]) == kept
    any_api.ok("POST", BULK, {"logs": [{"input": kept, "metadata": {"mark": mark}}]}, status=201)
    for depth in (101, 1_000, 100_000):
        for text in (nested(depth), nested(depth, '{"a":', "}").replace("{}", "{").replace(":}", ":1}", 1)):
            one = f'{{"input": {text}, "metadata": {{"mark": "{mark}"}}}}'.encode()
            said_by(any_api("POST", CREATE, data=one, headers=JSON))
            for path, body in ((BULK, b'{"logs": [' + one + b"]}"), (INGEST, b"[" + one + b"]"), (OTLP, one)):
                said_by(any_api("POST", path, data=body, headers=JSON))
    assert count(any_api, mark) == 2


NOT_KEPT = {
    "invalid UTF-8": b'"\xff\xfe"',
    "an overlong slash": b'"\xc0\xaf"',
    "half a character": b'"\xc3"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a lone surrogate": b'"\\ud800"',
    "two surrogates the wrong way round": b'"\\udc00\\ud800"',
    "an escaped NUL": b'"a\\u0000b"',
    "a NUL": b'"a\0b"',
    "an escaped NUL in a key": b'{"a\\u0000": 1}',
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "a number beyond a double": b"1e400",
    "an integer of 400 digits": b"9" * 400,
    "an integer of 100,000 digits": b"9" * 100_000,
    "a key twice": b'{"a": 1, "a": 2}',
    "a comma too many": b"[1,]",
    "a comment": b"[1] // one",
    "single quotes": b"'a'",
}


@pytest.mark.parametrize("name", NOT_KEPT)
@pytest.mark.parametrize("field", ["input", "output", "metadata", "tools", "unheard_of"])
def test_what_could_not_be_kept_as_it_is_is_refused_and_costs_its_neighbours_nothing(
    any_api: Api, mark: str, name: str, field: str
) -> None:
    good = b'{"input": 1, "metadata": {"mark": "' + mark.encode() + b'"}}'
    bad = b'{"input": 1, "' + field.encode() + b'": ' + NOT_KEPT[name] + b', "trace_unique_id": "t"}'
    if field == "input":
        bad = b'{"input": ' + NOT_KEPT[name] + b"}"
    assert "parse error" in said_by(any_api("POST", CREATE, data=bad, headers=JSON))
    for path, body in ((BULK, b'{"logs": [%s, %s, %s]}'), (INGEST, b"[%s, %s, %s]")):
        answer = any_api("POST", path, data=body % (good, bad, good), headers=JSON)
        if answer.status_code == 400:
            # What is not even JSON has no neighbours.
            assert "parse error" in said_by(answer)
            continue
        assert answer.status_code in (200, 201), answer.text
        assert "parse error" in json.dumps(answer.json()["errors"])
    assert count(any_api, mark) in (0, 2, 4)


def test_numbers_are_kept_exactly(any_api: Api) -> None:
    numbers = [2**64, -(10**300), 5e-324, 1.7976931348623157e308, 2**53 + 1, 1e-7]
    made = any_api.ok("POST", CREATE, {"input": numbers, "metadata": {"n": 2**70}}, status=201)
    log = any_api.ok("GET", f"{CREATE}{made['id']}/")
    assert (json.loads(log["input"]), log["metadata"]["n"]) == (numbers, 2**70)


@pytest.mark.parametrize("field", ["prompt_tokens", "cost", "latency", "status_code", "time_to_first_token"])
@pytest.mark.parametrize("value", [2**63, -1, 10**300, 1e300, "9" * 400, "nan", "inf", [], {}, True])
def test_numbers_that_no_sum_could_hold_are_refused_by_name(any_api: Api, field: str, value: Any) -> None:
    if value == -1 and field in ("cost", "latency", "time_to_first_token"):
        pytest.skip("a refund is a cost")
    assert field in said_by(any_api("POST", CREATE, json={"input": 1, field: value}))


def test_identifiers_beyond_what_can_be_indexed_are_refused_by_name(any_api: Api) -> None:
    for field in ("custom_identifier", "customer_identifier", "thread_identifier", "trace_unique_id", "model"):
        assert field in said_by(any_api("POST", CREATE, json={"input": 1, field: "ü" * 513}))
        assert any_api("POST", CREATE, json={"input": 1, field: "ü" * 512}).status_code == 201
    said_by(any_api("POST", CREATE, json={"input": 1, "span_unique_id": "s" * 513, "trace_unique_id": "t"}))


# Identity -------------------------------------------------------------------------------------------------------------


def test_of_logs_with_one_identity_the_first_stays_within_a_request_and_over_requests(any_api: Api, mark: str) -> None:
    def span(text: str) -> dict[str, Any]:
        return {"input": text, "trace_unique_id": mark, "span_unique_id": "s", "metadata": {"mark": mark}}

    said = any_api.ok("POST", BULK, {"logs": [span("first"), span("second")]}, status=201)
    assert (said["success_count"], said["duplicate_count"], len(set(said["ids"]))) == (2, 1, 1)
    assert any_api.ok("POST", INGEST, [span("third"), span("fourth")])["duplicate_count"] == 2
    assert any_api.ok("POST", CREATE, span("fifth"), status=201)["is_duplicate"] is True
    assert [log["input"] for log in found(any_api, mark)] == ["first"]
    assert any_api.ok("GET", f"/api/traces/{mark}/")["span_count"] == 1


def test_requests_with_one_identity_at_the_same_time_record_one_log(
    any_api: Api, any_server: Server, mark: str
) -> None:
    answers: list[Any] = []

    def send(number: int) -> None:
        api = Api(any_server.url, any_server.api_key)
        body = {"input": number, "metadata": {"mark": mark}}
        answers.append(api.ok("POST", CREATE, body, status=201, headers={"Idempotency-Key": mark}))
        api.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["is_duplicate"] for answer in answers].count(False) == 1
    assert len({answer["id"] for answer in answers}) == len(found(any_api, mark)) == 1


# Clocks ---------------------------------------------------------------------------------------------------------------

MOMENTS = {
    "1970-01-01T00:00:00Z": "1970",
    "1969-12-31T23:59:59Z": "1969",
    "1899-12-31T23:59:59Z": "1899",
    "0001-01-01T00:00:00Z": "0001",
    "9999-12-31T23:59:58Z": "9999",
    "2500-06-01T00:00:00Z": "2500",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_clock_that_is_wrong_by_centuries_loses_no_log(any_api: Api, mark: str, moment: str) -> None:
    body = {"input": 1, "timestamp": moment, "start_time": moment, "latency": 3.0, "metadata": {"mark": mark}}
    made = any_api.ok("POST", CREATE, body, status=201)
    window = urlencode({"start_time": moment, "end_time": moment.replace("58Z", "59Z") if "9999" in moment else ""})
    assert [log["id"] for log in found(any_api, mark, window)] == [made["id"]]
    assert any_api.ok("GET", f"/api/request-logs/histogram/?mark={mark}")["buckets"]
    by_filter = {"filters": {"timestamp": {"operator": "gte", "value": moment}, "metadata.mark": mark}}
    assert any_api.ok("POST", "/api/request-logs/list/", by_filter)["count"] == 1
    trace = {"trace_unique_id": mark, "span_unique_id": "s", **body}
    any_api.ok("POST", INGEST, [trace, {**trace, "span_unique_id": "now", "timestamp": None, "start_time": None}])
    assert any_api.ok("GET", f"/api/traces/{mark}/")["span_count"] == 2
    assert any_api.ok("GET", f"/api/traces/list/?{EVER}&trace_unique_id={mark}")["count"] == 1


@pytest.mark.parametrize(
    "moment",
    [1.7e9, 1_700_000_000, 1_700_000_000_000, 0, -1, 1e300, 2**70, "1700000000", "0000-00-00", "10000-01-01T00:00:00Z",
     "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "2026-02-30", "26:00", "", " ", [], {}, True],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("field", ["timestamp", "start_time"])
def test_a_time_that_is_none_is_refused_by_name_and_one_that_is_taken_is_found(
    any_api: Api, mark: str, moment: Any, field: str
) -> None:
    answer = any_api("POST", CREATE, json={"input": 1, field: moment, "metadata": {"mark": mark}})
    if answer.status_code == 201:
        assert len(found(any_api, mark)) == 1
    else:
        assert field in said_by(answer)
        assert count(any_api, mark) == 0


@pytest.mark.parametrize("nanoseconds", [0, 1, 2**63, 2**64 - 1, 253402300799 * 10**9, 253402300800 * 10**9])
def test_the_clock_of_an_exporter_may_be_anything(any_api: Api, nanoseconds: int) -> None:
    trace = os.urandom(16).hex()
    span = {
        **{"traceId": trace, "spanId": "a" * 16, "name": "x"},
        **{"startTimeUnixNano": str(nanoseconds), "endTimeUnixNano": str(nanoseconds)},
    }
    said = any_api.ok("POST", OTLP, {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})["partialSuccess"]
    if said["rejectedSpans"]:
        assert said["errorMessage"]
    else:
        assert any_api.ok("GET", f"/api/traces/{trace}/")["span_count"] == 1


# OTLP -----------------------------------------------------------------------------------------------------------------


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def spans_of(*spans: bytes) -> bytes:
    return field(1, field(2, b"".join(field(2, span) for span in spans)))


IDS = field(1, b"t" * 16) + field(2, b"s" * 8)
DEEP_VALUE = b""
for _ in range(5_000):
    DEEP_VALUE = field(5, field(1, DEEP_VALUE))
GARBAGE = {
    "noise": b"\x0a" + bytes(range(256)) * 40,
    "a length of 2^31": b"\x0a" + varint(2**31) + b"a",
    "a length of 2^31 - 1": b"\x0a" + varint(2**31 - 1),
    "a length of 2^63": b"\x0a" + varint(2**63) + b"a",
    "a varint that never ends": b"\x0a" + b"\xff" * 11,
    "a span that is longer than its scope": field(1, field(2, b"\x12\x7f")),
    "groups within groups": b"\x0b" * 5_000,
    "a field number of zero": b"\x02\x01a",
    "a name that is no UTF-8": spans_of(IDS + field(5, b"\xff\xfe")),
    "an attribute nested 5,000 deep": spans_of(IDS + field(9, field(1, b"k") + field(2, DEEP_VALUE))),
    "half a request": spans_of(IDS)[:-3],
}


@pytest.mark.parametrize("name", GARBAGE)
def test_protobuf_that_is_none_is_refused(any_api: Api, server: Server, name: str) -> None:
    before = peak_memory(server)
    answer = any_api("POST", OTLP, data=GARBAGE[name], headers=PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/x-protobuf"), answer.content
    assert b"ExportTraceServiceRequest" in answer.content
    assert peak_memory(server) - before < 100 * MEBIBYTE


def test_strange_spans_are_counted_and_cost_their_neighbours_nothing(any_api: Api) -> None:
    trace = os.urandom(16)
    good = field(1, trace) + field(2, b"s" * 8) + field(5, b"good")
    strange = [
        b"",
        field(1, b"t" * 15) + field(2, b"s" * 8),
        field(1, b"\0" * 16) + field(2, b"s" * 8),
        field(1, trace),
        field(1, trace) + field(2, b"\0" * 8),
        field(1, trace) + field(2, b"s" * 400),
    ]
    nul = field(1, trace) + field(2, b"n" * 8) + field(5, b"a\0b") + field(9, field(1, b"k\0") + field(2, b""))
    nan = field(9, field(1, b"nan") + field(2, b"\x21" + struct.pack("<d", float("nan"))))
    nan = field(1, trace) + field(2, b"f" * 8) + nan
    answer = any_api("POST", OTLP, data=spans_of(good, *strange, nul, nan), headers=PROTOBUF)
    assert answer.status_code == 200
    assert ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans == len(strange)
    assert any_api.ok("GET", f"/api/traces/{trace.hex()}/")["span_count"] == 3


WRONG_SHAPES = [
    {"resourceSpans": {}}, {"resourceSpans": "a"}, {"resourceSpans": [1]}, {"resourceSpans": [{"scopeSpans": 5}]},
    {"resourceSpans": [{"scopeSpans": [{"spans": "a"}]}]}, {"resourceSpans": [{"resource": [], "scopeSpans": []}]},
    {"resourceSpans": [{"resource": {"attributes": {"a": 1}}}]}, {"resourceSpans": [{"scopeSpans": [None]}]},
    [], 5, "text", None, [{"resourceSpans": []}],
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG_SHAPES, ids=repr)
def test_otlp_in_json_of_another_shape_is_refused(any_api: Api, body: Any) -> None:
    answer = any_api("POST", OTLP, data=json.dumps(body).encode(), headers=JSON)
    assert "message" in json.loads(said_by(answer))


@pytest.mark.parametrize("media_type", ["application/json", "application/x-protobuf", "text/plain", "", "; ;=", "a/b"])
@pytest.mark.parametrize("path", [CREATE, BULK, BATCH, INGEST, OTLP])
@pytest.mark.parametrize(
    "body", [b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"name=a&input=b", b"<log/>", b"\0", b"\xef\xbb\xbf"]
)
def test_a_content_type_that_lies_is_found_out(any_api: Api, media_type: str, path: str, body: bytes) -> None:
    answer = any_api("POST", path, data=body, headers={"Content-Type": media_type})
    assert answer.status_code in (400, 415, 422), answer.text
    assert answer.content


# Connections ----------------------------------------------------------------------------------------------------------


def head(server: Server, path: str, length: int) -> bytes:
    lines = {"Host": "assay", **server.headers, **JSON, "Content-Length": str(length), "Connection": "close"}
    return f"POST {path} HTTP/1.1\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in lines.items()) + b"\r\n"


def connected(server: Server) -> socket.socket:
    place = urlsplit(server.url)
    return socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=120)


def test_bodies_that_trickle_in_keep_nobody_waiting_and_are_recorded_at_their_end(
    server: Server, api: Api, mark: str
) -> None:
    body = json.dumps({"input": "slow", "metadata": {"mark": mark}}).encode()
    slow = [connected(server) for _ in range(100)]
    for place in range(len(body)):
        for connection in slow[:3] if place else slow:
            connection.sendall((head(server, CREATE, len(body)) if place == 0 else b"") + body[place : place + 1])
        if place % 20 == 0:
            assert api("POST", CREATE, json={"input": "quick"}).status_code == 201
    assert all(connection.recv(12) == b"HTTP/1.1 201" for connection in slow[:3])
    for connection in slow:
        connection.close()
    assert count(api, mark) == 3


LARGE = {
    "one long text": b'{"input": "' + b"x" * (20 * MEBIBYTE - 50) + b'"}',
    "words": b'{"input": "' + b"lorem ipsum " * (20 * MEBIBYTE // 12 - 50) + b'"}',
}


@pytest.mark.parametrize("name", LARGE)
def test_64_senders_of_20_megabytes_at_once_do_not_fill_the_memory(name: str) -> None:
    body = LARGE[name]
    answers: Counter[tuple[int, bool]] = Counter()
    with running() as server:

        def send() -> None:
            with requests.Session() as session:
                answer = session.post(f"{server.url}{CREATE}", data=body, headers={**server.headers, **JSON})
            assert answer.json()
            answers[answer.status_code, "retry-after" in answer.headers] += 1

        threads = [threading.Thread(target=send) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = (201, False)
        assert answers.keys() <= {taken, (503, True)}
        assert (answers.total(), answers[taken] > 0) == (64, True)
        api = Api(server.url, server.api_key)
        assert api.ok("GET", "/api/request-logs/count/")["count"] == answers[taken]
        api.close()
        # The text index comes behind, and must not hold them all either.
        time.sleep(2)
        assert peak_memory(server) < GIBIBYTE


# Reading --------------------------------------------------------------------------------------------------------------

LISTS = ["list", "summary", "count", "histogram", "facets", "groups", "schema/paths"]
SILLY: list[tuple[str, list[str], str]] = [
    ("sort_by", ["nonsense", "metadata.a", "id;DROP TABLE request_log", "-", "--id", "\0", "a" * 5_000], "list"),
    ("cursor", ["x", "!!", "A" * 9_000, "e30", "bnVsbA", "\0", "\u2028"], "list"),
    ("fields", ["all", "input,output", "\0", "preview,preview"], "list"),
    ("count", ["perhaps", "\0", "2"], "list"),
    ("page", ["0", "-1", "one", "1.5", "9" * 30, "\0", "\uff11"], "list"),
    ("fetch_filters", ["perhaps"], "list"),
    ("buckets", ["0", "-1", "many", "1e3", "1001", "9" * 30, "\0", "\uff11"], "histogram"),
    ("fields", ["input", "nothing", "a" * 3_000, "\0", ",".join(f"metadata.a{n}" for n in range(21))], "facets"),
    ("limit", ["0", "-1", "201", "x", "\0"], "facets"),
    ("group_by", ["nothing", "id", "cost", "hour,day", "\0", "model;--", "a" * 3_000, "metadata.a"], "groups"),
    ("sort_by", ["nothing", "model;--", "\0", "metadata.a"], "groups"),
    ("percentiles", ["perhaps"], "groups"),
    ("sampled", ["0", "-1", "10001", "x", "\0"], "schema/paths"),
]


@pytest.mark.parametrize(("name", "values", "route"), SILLY, ids=[f"{route} {name}" for name, _, route in SILLY])
def test_a_parameter_that_cannot_be_read_is_refused_by_name(
    any_api: Api, name: str, values: list[str], route: str
) -> None:
    for value in values:
        for method in ("GET", "POST"):
            answer = any_api(method, f"/api/request-logs/{route}/", params={name: value})
            assert name in said_by(answer), (value, answer.text)


@pytest.mark.parametrize("route", LISTS)
def test_windows_environments_filters_and_searches_that_cannot_be_read_are_refused_by_name(
    any_api: Api, route: str
) -> None:
    path = f"/api/request-logs/{route}/"
    wrong = {
        "start_time": ["noon", "\0", "2026-13-01", "9" * 40, "9999-12-31T23:59:59-10:00"],
        "end_time": ["noon", "\0", "0001-01-01T00:00:00+10:00"],
        "environment": ["staging", "\0", "prod,test"],
        "all_envs": ["perhaps"],
    }
    for name, values in wrong.items():
        for value in values:
            assert name in said_by(any_api("GET", path, params={name: value})), value
    for query in (
        {"cost": "much"},
        {"model[operator]": "resembles"},
        {"topic": "\0"},
        {"a\0b": "c"},
        {"model[a]": "b"},
    ):
        assert "filters" in said_by(any_api("GET", path, params=query)), query
    for filters in (5, "a", [5], {"model": {"operator": "~~", "value": 1}}, {"cost": {"a": 1}}):
        answer = any_api("POST", path, json={"filters": filters})
        assert "filters" in said_by(answer), (filters, answer.text)
    for search in (5, [], {"a": 1}, True):
        assert "search" in said_by(any_api("POST", path, json={"search": search}))


def test_a_page_or_a_tree_of_nothing_but_the_largest_logs_is_not_put_together(api: Api, mark: str) -> None:
    for place in range(9):
        span = {"trace_unique_id": mark, "span_unique_id": str(place), "metadata": {"mark": mark}}
        api.ok("POST", CREATE, {**span, "input": "lorem ipsum " * (18 * MEBIBYTE // 12)}, status=201)
    for cursor in ("", "&cursor="):
        asked = f"/api/request-logs/list/?mark={mark}{cursor}"
        assert "page_size" in said_by(api("GET", asked))
        assert len(api.ok("GET", f"{asked}&page_size=3")["results"]) == 3
        assert len(api.ok("GET", f"{asked}&fields=preview")["results"]) == 9
    trace = api.ok("GET", f"/api/traces/{mark}/")
    assert (trace["span_count"], len(trace["span_tree"]), trace["span_tree_is_complete"]) == (9, 8, False)
    assert api.ok("GET", f"/api/traces/list/?trace_unique_id={mark}")["count"] == 1
    assert api.ok("GET", f"/api/request-logs/schema/paths/?mark={mark}")["sampled"] == 9


INJECTIONS = [
    "'", '"', "';DROP TABLE request_log;--", '" OR 1=1 --', "%", "_", "\\", "*", "a* OR b", "NEAR(a b)", "a AND NOT b",
    "words: a", "^a", "{a b}: c", "(", ")", "()", "-a", "+a", "a:b:c", ":", "&", "|", "!", "a & !b", "<->", "a:*",
    "'a' | 'b'", "\\'", "$1", "%s", "%(a)s", "?", ":a", "{}", "'||pg_sleep(5)||'", "CAST(1 AS int)", "\u2028", "💥",
    "ﬀ", "İ", "a" * 10_000, "a " * 5_000, '"' * 999, "/*", "*/", "\t\n\r", "\ufeff", "\u202e", "e\u0301" * 100,
]  # fmt: skip


def test_text_that_looks_like_a_query_language_is_text(any_api: Api, mark: str) -> None:
    logs = [
        {"input": f"text {text} end", "model": f"m{text}"[:512], "metadata": {"mark": mark, "t": text}}
        for text in INJECTIONS
    ]
    assert any_api.ok("POST", BULK, {"logs": logs}, status=201)["error_count"] == 0
    for text in INJECTIONS:
        for place, params in enumerate(({"search": text}, {"search": f'"{text}"'}, {"t": text}, {text: "a"})):
            # Every form on the list, and each on one of the other routes too.
            for route in ("list", LISTS[1 + (place + INJECTIONS.index(text)) % (len(LISTS) - 1)]):
                answer = any_api("GET", f"/api/request-logs/{route}/", params={"mark": mark, **params})
                assert answer.status_code in (200, 400), (route, params, answer.text)
                assert answer.status_code == 200 or answer.json(), (route, params)
        body = {"filters": {"metadata.t": text, "metadata.mark": mark}}
        assert [log["metadata"]["t"] for log in any_api.ok("POST", "/api/request-logs/list/", body)["results"]] == [
            text
        ]
        body = {"filters": {"model": f"m{text}"[:512], "metadata.mark": mark}}
        assert any_api.ok("POST", "/api/request-logs/count/", body)["count"] >= 1
        for path in (f"/api/users/{quoted(text)}/", f"{CREATE}{quoted(text)}/", f"/api/traces/{quoted(text)}/"):
            assert any_api("GET", path).status_code in (404, 405), path
    assert count(any_api, mark) == len(INJECTIONS)
