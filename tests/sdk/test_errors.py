"""From a refused answer to the error of the domain."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from assay.model.errors import (
    AssayError,
    Conflict,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooLarge,
    Unavailable,
)
from assay.sdk.errors import error_from_response, retry_after_seconds

HERE = "http://127.0.0.1:8000"


def error(status: int, body: object, headers: dict[str, str] | None = None) -> AssayError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_from_response(status, headers or {}, content, HERE)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"detail": "x"}, Invalid),
        (401, {"detail": "x"}, NotAuthenticated),
        (403, {"detail": "x"}, NotAllowed),
        (404, {"detail": "x"}, NotFound),
        (409, {"error": "x"}, Conflict),
        (413, {"detail": "x"}, TooLarge),
        (422, {"detail": "x"}, Invalid),
        (418, {"detail": "x"}, Invalid),
    ],
)
def test_a_status_becomes_the_error_of_the_same_meaning_in_the_servers_words(
    status: int, body: object, kind: type[AssayError]
) -> None:
    made = error(status, body)
    assert type(made) is kind
    assert str(made) == "x"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_pass_is_unavailable_and_says_which_server_and_status(status: int) -> None:
    made = error(status, {"detail": "The database is away."})
    assert isinstance(made, Unavailable)
    assert str(made) == f"{HERE} answered {status}: The database is away."


def test_a_field_map_keeps_its_fields_and_names_them() -> None:
    made = error(400, {"name": ["This field is required."], "logs": "Too many."})
    assert isinstance(made, Invalid)
    assert made.fields == {"name": ["This field is required."], "logs": ["Too many."]}
    assert str(made) == "name: This field is required.; logs: Too many."


def test_the_errors_of_a_validation_body_are_its_fields() -> None:
    made = error(422, {"detail": "Validation error", "errors": {"inputs": {"input": ["This field is required."]}}})
    assert isinstance(made, Invalid)
    assert made.fields == {"inputs": ["input: This field is required."]}


def test_error_and_detail_together_are_both_said() -> None:
    assert str(error(400, {"error": "Immutable.", "detail": "dataset_id cannot change."})) == (
        "Immutable. dataset_id cannot change."
    )


def test_a_body_that_is_not_json_is_quoted_shortly() -> None:
    made = error(500, b"<html>\n<h1>Bad gateway</h1>" + b"x" * 10_000)
    assert "<html> <h1>Bad gateway</h1>" in str(made)
    assert len(str(made)) < 300


def test_an_empty_body_still_makes_a_sentence() -> None:
    assert str(error(503, b"")) == f"{HERE} answered 503: no explanation was given"
    assert str(error(400, b"")) == "Invalid input."


def test_a_404_that_is_not_json_points_at_the_address() -> None:
    assert "is it the address of an Assay server?" in str(error(404, b"<html>nginx</html>"))


def test_a_redirect_names_where_to() -> None:
    made = error(301, b"", {"location": "https://assay.example"})
    assert isinstance(made, Unavailable)
    assert "redirects to https://assay.example" in str(made)


def test_retry_after_is_read_as_seconds_as_a_date_and_from_the_body() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3600)
    assert retry_after_seconds({"retry-after": "7"}) == 7
    dated = retry_after_seconds({"retry-after": format_datetime(soon, usegmt=True)})
    assert dated is not None
    assert 0 < dated <= 3600
    assert retry_after_seconds({"retry-after": "soon"}, {"retry_after": 3}) == 3
    assert retry_after_seconds({"retry-after": "-5"}) == 0
    assert retry_after_seconds({}) is None


def test_unavailable_carries_the_wait_the_server_asked_for() -> None:
    made = error(429, {"detail": "Rate limit exceeded", "retry_after": 12})
    assert isinstance(made, Unavailable)
    assert made.retry_after_seconds == 12
