"""The one error format: every failure becomes application/problem+json (RFC 9457)."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from flask_limiter.errors import RateLimitExceeded
from marshmallow import ValidationError
from sqlalchemy import Column
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequestKeyError, HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES

from app.backend import database
from app.extensions import LIMITER_RETRY_AFTER, close_session, db, roll_back

log = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds, while the database is unavailable

PROBLEM_TYPE = "application/problem+json"
INVALID = "Validation failed"
CONFLICT = "The request conflicts with stored data"
TAKEN = "Already taken."
MISSING = "Missing data for required field."
CONCURRENT_CHANGE = "The resource was changed by another request"
UNAVAILABLE = "The database does not answer"
STALE = "The resource has changed since it was read"
DETAILS: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "The method is not allowed for this address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is not available at the moment",
}


def problem(
    status: int,
    detail: str,
    errors: dict[str, list[str]] | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """Return a problem document as a response.

    `errors` names what is wrong with each field; `members` are extensions (RFC 9457, section 3.2).
    `headers` replace our own, except those that describe a body.
    """
    body: dict[str, Any] = {
        **(members or {}),
        "type": "about:blank",
        "title": HTTP_STATUS_CODES.get(status, "Unknown"),
        "status": status,
        "detail": detail,
        "message": detail,
        "request_id": g.request_id,
    }
    if errors:
        body["errors"] = errors
    text = json.dumps(body, separators=(",", ":"))
    response = Response(text, status, mimetype=PROBLEM_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    others = Headers(headers)
    for name in ("Content-Type", "Content-Length"):
        others.remove(name)
    response.headers.update(others)
    return response


def init_app(app: Flask) -> None:
    """Register the handlers, which see errors of views, routing, extensions and crashes alike."""
    app.register_error_handler(HTTPException, report_http_error)
    app.register_error_handler(BadRequestKeyError, report_missing_key)
    app.register_error_handler(ValidationError, report_invalid_fields)
    app.register_error_handler(StaleDataError, report_concurrent_change)
    app.register_error_handler(DBAPIError, report_database_error)
    app.register_error_handler(PoolTimeout, report_unavailable)
    app.register_error_handler(Exception, report_crash)
    app.after_request(set_retry_after)


def report_http_error(error: HTTPException) -> Response:
    """Return an HTTP error as a problem, with our own text in place of Werkzeug's."""
    roll_back()
    status = error.code or 500
    kind, detail = type(error), error.description
    stock = kind.__module__ == HTTPException.__module__ and detail == kind.description
    if stock or isinstance(error, RateLimitExceeded) or not isinstance(detail, str):
        detail = None
    if isinstance(error, MethodNotAllowed):
        error.valid_methods = sorted(error.valid_methods or ())
    return problem(status, detail or default_detail(status), headers=error.get_headers())


def default_detail(status: int) -> str:
    """Return the detail of a problem whose error has none."""
    return DETAILS.get(status) or HTTP_STATUS_CODES.get(status, "Unknown")


def report_missing_key(error: BadRequestKeyError) -> Response:
    """Return 400 that names what a method has looked up in a form or a query, and not found."""
    roll_back()
    return problem(400, INVALID, {str(key): [MISSING] for key in error.args})


def report_invalid_fields(error: ValidationError) -> Response:
    """Return 422 with every invalid field at once."""
    roll_back()
    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
    return problem(422, INVALID, dict(by_field(messages)))


def by_field(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield each field with its messages; an item of a list is named like `roles.0`."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from by_field(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, [messages] if isinstance(messages, str) else list(messages)


def report_concurrent_change(error: StaleDataError) -> Response:
    """Return 412 or 409 to the second of two concurrent writers."""
    roll_back()
    return problem(412 if request.headers.get("If-Match") else 409, CONCURRENT_CHANGE)


def report_database_error(error: DBAPIError) -> Response:
    """Return 409 for violated constraints, 503 for outages, 500 for our own bugs."""
    if database.is_conflict(error):
        return report_conflict(error)
    if database.is_outage(error) or error.connection_invalidated:
        return report_unavailable(error)
    return report_crash(error)


def report_conflict(error: DBAPIError) -> Response:
    """Return 409 that names the unique fields already taken.

    Only the database can tell: a check beforehand would race with other writers.
    """
    roll_back()
    columns = database.taken_columns(error, db.metadata)
    names = [shown_name(column) for column in columns]
    if g.plan:
        # Of several columns, clients may have sent only some.
        names = [*filter(None, map(g.plan.client_name, names))] or names
    taken = {name: [TAKEN] for name in names}
    if not taken:
        # Further lines may hold the row, with its e-mail address and password hash.
        log.warning("A constraint refused a request: %s", str(error).partition("\n")[0])
        return problem(409, CONFLICT)
    fields = ", ".join(name.rpartition(".")[2] for name in taken)
    return problem(409, f"{fields[0].upper()}{fields[1:]} already taken", taken)


def shown_name(column: Column[Any]) -> str:
    """Return the name of a column, or of the one that it keeps in lower case."""
    name = column.name.removesuffix("_key")
    return name if name in column.table.c else column.name


def report_unavailable(error: Exception) -> Response:
    """Return 503; the pool reconnects by itself."""
    log.error("The database does not answer: %s", str(error).partition("\n")[0], exc_info=error)
    close_session()
    return problem(503, UNAVAILABLE)


def report_crash(error: Exception) -> Response:
    """Return 500 with nothing but the request id; the log has the rest."""
    log.exception("Unhandled exception", exc_info=error)
    close_session()
    return problem(500, DETAILS[HTTPStatus.INTERNAL_SERVER_ERROR])


def set_retry_after(response: Response) -> Response:
    """Add the seconds to wait to a 429 or 503 that has no Retry-After of its own."""
    seconds = int(response.headers.pop(LIMITER_RETRY_AFTER, 0))
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers.setdefault("Retry-After", str(max(1, seconds)))
    elif response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(RETRY_AFTER))
    return response
