"""The one error format: every failure becomes application/problem+json (RFC 9457)."""

import logging
{% if cookiecutter.database == 'sqlite' %}
import sqlite3
{% endif %}
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from marshmallow import ValidationError
from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError{{ ', OperationalError' if cookiecutter.database == 'postgresql' }}
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests
from werkzeug.http import HTTP_STATUS_CODES

from app.extensions import db
from app.schemas import to_json

log = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds, while the database is away
{% if cookiecutter.database == 'sqlite' %}
# Locked by others, or the disk fails; https://www.sqlite.org/rescode.html
OUTAGES = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL),
}
{% elif cookiecutter.database == 'postgresql' %}
# Connections, resources, the system, shutdowns; a server that only reads since another one took
# over; a deadlock or conflict, a lock not had, a statement cancelled;
# https://www.postgresql.org/docs/current/errcodes-appendix.html
OUTAGES = ("08", "53", "58", "57P0", "25006", "40001", "40P01", "55P03", "57014")
{% else %}
# The client's own codes tell that the server can't be reached.
UNREACHABLE = range(2000, 3000)
# The server's: it lets nobody in, is full, only reads since another one took over, shuts down or
# ended a statement; or a lock was not had.
OUTAGES = {
    *(1044, 1045, 1049, 1129, 1130),
    *(1021, 1040, 1041, 1114, 1135, 1203, 1226),
    *(1047, 1290, 1836),
    *(1053, 1317, 1927, 1969, 3024),
    *(1205, 1213, 3572),
}
BROKEN_CHECK = {3819, 4025}  # on MySQL, on MariaDB
{% endif %}


def problem(status: int, detail: str, errors: dict[str, list[str]] | None = None) -> Response:
    """A problem document as a response; `errors` maps each field to what is wrong with it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[status],
        "status": status,
        "detail": detail,
        "message": detail,
        "request_id": g.request_id,
    }
    if errors:
        body["errors"] = errors
    response = Response(to_json(body), status, mimetype="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def init_app(app: Flask) -> None:
    """Register the handlers; they see errors of views, routing, extensions and crashes alike."""
    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(ValidationError, invalid)
    app.register_error_handler(IntegrityError, broken_constraint)
    app.register_error_handler(StaleDataError, overtaken)
    app.register_error_handler(DBAPIError, database_failed)
    app.register_error_handler(PoolTimeout, database_away)
    app.register_error_handler(Exception, crash)
    app.after_request(correct_retry_after)


def refuse(error: HTTPException) -> Response:
    """Tell what an HTTP error means, in our words where the framework's are too long."""
    db.session.rollback()
    status = HTTPStatus(error.code or 500)
    detail = error.description or HTTP_STATUS_CODES[status]
    if isinstance(error, TooManyRequests) or detail == type(error).description:
        detail = DETAILS.get(status, HTTP_STATUS_CODES[status])
    response = problem(status, detail)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "The method is not allowed for this address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side",
}


def invalid(error: ValidationError) -> Response:
    """Name every failing field at once."""
    db.session.rollback()
    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
    return problem(422, "Validation failed", dict(_flat(messages)))


def _flat(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each field with its messages; one inside a list is `roles.0`."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, list(messages)


def broken_constraint(error: {{ 'DBAPIError' if cookiecutter.database == 'mysql' else 'IntegrityError' }}) -> Response:
    """Tell which unique field is taken; the database has decided it, so that no race slips by."""
    db.session.rollback()
{% if cookiecutter.database == 'sqlite' %}
    broken = str(error.orig).partition("UNIQUE constraint failed: ")[2].split(", ")
{% elif cookiecutter.database == 'postgresql' %}
    broken = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
{% else %}
    # "Duplicate entry 'ada' for key 'uq_users_username_key'"; MySQL puts the table before it.
    message = str(getattr(error.orig, "args", [""])[-1])
    broken = message.rpartition(" for key ")[2].strip("'").rpartition(".")[2]
{% endif %}
    taken = {
        column.name.removesuffix("_key"): ["Already taken."]
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
        for column in constraint.columns
{% if cookiecutter.database == 'sqlite' %}
        if str(column) in broken
{% else %}
        if constraint.name == broken
{% endif %}
    }
    if not taken:
{% if cookiecutter.database == 'postgresql' %}
        # The second line would be the row, with its address and password hash.
{% endif %}
        log.warning("A constraint refused a request: %s", str(error).partition("\n")[0])
        return problem(409, "The request contradicts what is stored")
    return problem(409, f"{', '.join(taken).capitalize()} already taken", taken)


def overtaken(error: StaleDataError) -> Response:
    """Answer the writer who came second."""
    db.session.rollback()
    status = 412 if request.headers.get("If-Match") else 409
    return problem(status, "The resource was changed by another request")


def database_failed(error: DBAPIError) -> Response:
    """Tell an outage, which is worth another try, from a fault of ours."""
{% if cookiecutter.database == 'sqlite' %}
    # The low byte of a code is the error, the rest its circumstances.
    outage = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in OUTAGES
{% elif cookiecutter.database == 'postgresql' %}
    # A server that can't be reached gives no code.
    code = getattr(error.orig, "sqlstate", None)
    outage = code.startswith(OUTAGES) if code else isinstance(error, OperationalError)
{% else %}
    # PyMySQL calls most errors of the server operational.
    code, *_ = getattr(error.orig, "args", ()) or (0,)
    if code in BROKEN_CHECK:
        return broken_constraint(error)
    outage = code in UNREACHABLE or code in OUTAGES
{% endif %}
    if outage{{ ' or error.connection_invalidated' if cookiecutter.database != 'sqlite' }}:
        return database_away(error)
    return crash(error)


def database_away(error: Exception) -> Response:
    """Say that it is worth trying again; the pool connects anew by itself."""
    log.error("The database does not answer: %s", str(error).partition("\n")[0], exc_info=error)
    db.session.remove()
    return problem(503, "The database does not answer")


def crash(error: Exception) -> Response:
    """Keep what happened for the log; the client gets the id to ask about it."""
    log.exception("Unhandled exception", exc_info=error)
    db.session.remove()
    return problem(500, DETAILS[HTTPStatus.INTERNAL_SERVER_ERROR])


def correct_retry_after(response: Response) -> Response:
    """Keep Retry-After to refusals: the limiter puts it on every response that it counted."""
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    elif response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(max(1, int(response.headers.get("Retry-After", 1))))
    else:
        response.headers.pop("Retry-After", None)
    return response
