"""Errors of providers: their kind, their message, and when to ask again."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.providers.contract import ProviderError
from assay.providers.failures import error_of_status, retry_after_seconds

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SEEN_RESETS = {
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "6m0s",
    "x-ratelimit-remaining-tokens": "149",
    "x-ratelimit-reset-tokens": "20ms",
}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "1e300"}, 86_400.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "2", "retry-after-ms": "1500"}, 1.5),
        (SEEN_RESETS, 360.0),
        ({**SEEN_RESETS, "x-ratelimit-remaining-requests": "3"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1h1m1.5s"}, 3661.5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "300ms"}, 0.3),
        ({"x-ratelimit-reset": "7"}, 7.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 7)}, 7.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp() + 7) * 1000)}, 7.0),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-11-23T12:00:09Z",
            },
            9.0,
        ),
    ],
)
def test_the_wait_is_what_the_headers_say(headers: dict[str, str], seconds: float | None) -> None:
    found = retry_after_seconds(headers, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))


@given(st.integers(0, 86_400))
def test_a_date_says_the_same_as_its_seconds(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_seconds({"retry-after": date}, NOW) == retry_after_seconds({"retry-after": f"{seconds}"}, NOW)


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset"]), st.text()))
def test_no_header_makes_a_wait_that_is_not_finite_or_negative(headers: dict[str, str]) -> None:
    found = retry_after_seconds(headers, NOW)
    assert found is None or (math.isfinite(found) and 0 <= found <= 86_400)


@pytest.mark.parametrize(
    ("status", "kind", "is_retryable"),
    [(400, "bad_request", False), (401, "not_authenticated", False), (403, "not_authenticated", False),
     (404, "not_found", False), (408, "timeout", True), (409, "server_error", True), (413, "bad_request", False),
     (422, "bad_request", False), (429, "rate_limited", True), (500, "server_error", True),
     (503, "server_error", True), (529, "server_error", True)],
)  # fmt: skip
def test_a_status_has_its_kind(status: int, kind: str, is_retryable: bool) -> None:
    error = error_of_status(status, b"", {"retry-after": "1"})
    assert (error.kind, error.status, error.is_retryable) == (kind, status, is_retryable)
    assert error.retry_after_seconds == (1.0 if is_retryable else None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "No such model", "type": "x", "param": null}}', ": No such model"),
        (b'{"error": {"message": "Bad", "param": "stop"}}', ": Bad (parameter 'stop')"),
        (b'{"type": "error", "error": {"type": "x", "message": "Overloaded"}}', ": Overloaded"),
        (b'{"detail": "Not here"}', ": Not here"),
        (b'{"detail": [{"loc": ["body"], "msg": "no"}]}', ': [{"loc":["body"],"msg":"no"}]'),
        (b'{"error": "plain"}', ": plain"),
        (b"<html>\n  oh </html>", ": <html> oh </html>"),
        (b"", "."),
        (b"\xff\xfe", ": \ufffd\ufffd"),
    ],
)
def test_the_providers_own_message_is_shown(body: bytes, message: str) -> None:
    assert error_of_status(418, body).message == f"The model's endpoint answered 418{message}"


@given(st.binary(max_size=300))
def test_any_body_makes_an_error(body: bytes) -> None:
    assert error_of_status(500, body).kind == "server_error"


def test_a_prompt_that_a_filter_refuses_is_refused() -> None:
    error = error_of_status(400, b'{"error": {"code": "content_filter", "message": "Filtered"}}')
    assert (error.kind, error.is_retryable) == ("refused", False)


KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=20, max_size=60)


@given(KEYS, st.integers(0, 3_000), st.text(max_size=30))
def test_a_key_is_never_in_a_message_even_where_the_message_is_cut(key: str, before: int, after: str) -> None:
    error = ProviderError("bad_request", "a" * before + key + after + key, key=key)
    assert key not in error.message
    assert key not in str(error)
    assert key not in repr(error)
    # Nor does its beginning survive at the end of a message that is cut.
    assert key[:12] not in error.message[-15:] or key[:12] in ("a" * 12, after)
    assert len(error.message) <= 2_000


@given(KEYS)
def test_a_key_that_a_provider_echoes_as_json_or_in_an_address_is_removed(key: str) -> None:
    from json import dumps
    from urllib.parse import quote

    body = f'{{"error": [{dumps(key)}, "https://x/?key={quote(key)}"]}}'.encode()
    message = error_of_status(400, body, key=key).message
    assert message.count("[key]") >= 2
    assert key not in message
