"""Errors as answers: the only table from the domain's errors to HTTP status and body."""

from __future__ import annotations

import math

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from assay.api.routes import answer
from assay.model.errors import (
    AssayError,
    Conflict,
    Full,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooLarge,
    Unavailable,
    Unprocessable,
)
from assay.wire.problems import fields_of, invalid_body

_STATUS: tuple[tuple[type[AssayError], int], ...] = (
    (TooLarge, 413),
    (Unprocessable, 422),
    (Invalid, 400),
    (NotFound, 404),
    (Conflict, 409),
    (NotAuthenticated, 401),
    (NotAllowed, 403),
    (Full, 507),
    (Unavailable, 503),
)


def domain_answer(error: AssayError) -> Response:
    """Return the answer for an error of the domain."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    body = invalid_body(error) if isinstance(error, Invalid) else {"detail": error.message}
    response = answer(body, status)
    if isinstance(error, NotAuthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    return response


def http_answer(error: HTTPException, method: str) -> Response:
    """Return the answer for an error of HTTP itself."""
    detail = error.detail
    if error.status_code == 404:
        detail = "Not found."
    if error.status_code == 405:
        detail = f'Method "{method}" not allowed.'
    response = answer({"detail": detail}, error.status_code)
    response.headers.update(error.headers or {})
    return response


def failed_answer() -> Response:
    """Return the answer for what nobody foresaw: the log has the traceback, and the answer gives nothing of it away."""
    return answer({"detail": "The server failed; its log says why."}, 500)


def add_error_handlers(app: FastAPI) -> None:
    """Give every error its answer in the form of the contract."""

    @app.exception_handler(AssayError)
    async def _domain(request: Request, error: AssayError) -> Response:
        return domain_answer(error)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return domain_answer(fields_of(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return http_answer(error, request.method)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        return failed_answer()
