"""Errors in the library's idiom, as problem documents."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from app.errors import INVALID, by_field, default_detail, problem
from app.extensions import roll_back

log = logging.getLogger(__name__)

# Where a body says in words what went wrong.
TEXTS = ("message", "detail", "error", "msg", "description")
# Where it names the fields that the text is about.
FIELDS = ("field", "fields")
PLACED = {*TEXTS, *FIELDS, "errors"}
# Errors that the application answers better than a handler of all errors.
KNOWN = (DBAPIError, PoolTimeout, StaleDataError, ValidationError)
# The name for what is wrong with a body as a whole, which is marshmallow's.
WHOLE = "_schema"


def attached(error: Exception) -> dict[str, Any]:
    """Return what `abort`, a parser or a model has attached to an error for clients.

    That is its text and its fields. Anything else stays inside: `abort` attaches whatever it is
    given.
    """
    if not isinstance(error, HTTPException):
        return {}
    data, description = getattr(error, "data", None), error.description
    if data is None and isinstance(description, Mapping | list):
        # Flask's own `abort` takes one argument for all of it.
        is_body = isinstance(description, Mapping) and not PLACED.isdisjoint(description)
        data = description if is_body else {"message": description}
    if not isinstance(data, Mapping):
        return {}
    return {name: value for name, value in data.items() if name in PLACED}


def attached_problem(error: Exception) -> Response:
    """Return the problem of an error to which data is attached."""
    status = getattr(error, "code", None) or 500
    return _problem(status, attached(error), error)


def returned_problem(
    body: Any, status: int, headers: Any = None, *, error: Exception | None = None
) -> Response:
    """Return the problem of a body that a method, or the handler of an error, has returned.

    Its text and its fields have their places; the rest of it, which was written for clients, is
    kept as extension members (RFC 9457, section 3.2).
    """
    if isinstance(body, Mapping):
        members = {str(key): value for key, value in body.items() if key not in PLACED}
    elif isinstance(body, str | None) or _texts(body):
        members = {}
    else:
        members = {"data": body}
    members = {name: value for name, value in members.items() if _has_a_json_form(value)}
    return _problem(status, body, error, members, headers or ())


def _problem(
    status: int,
    body: Any,
    error: Exception | None,
    members: Mapping[str, Any] | None = None,
    headers: Any = (),
) -> Response:
    roll_back()
    if error and status >= 500:
        log.error("Answered with %s", status, exc_info=error)
    if not isinstance(body, Mapping):
        body = {"message": body}
    text: Any = next((body[name] for name in TEXTS if body.get(name)), None)
    errors = _errors(body.get("errors"))
    if isinstance(text, Mapping) and isinstance(text.get("message"), str):
        text = text["message"]
    if isinstance(_texts(text), Mapping):
        # Some name at once what is wrong with each field.
        errors |= _errors(text)
    elif isinstance(text, list):
        text = "; ".join(part for part in text if isinstance(part, str))
    if not text or not isinstance(text, str):
        text = INVALID if errors else default_detail(status)
    for name in FIELDS:
        fields = body.get(name)
        for field in fields if isinstance(fields, list | tuple | set) else [fields]:
            if isinstance(field, str):
                errors.setdefault(field, [text])
    all_headers = Headers(error.get_headers() if isinstance(error, HTTPException) else ())
    all_headers.update(headers)
    return problem(status, text, errors, members, all_headers)


def _has_a_json_form(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _errors(messages: Any) -> dict[str, list[str]]:
    """Return messages by field; what is not text stays inside."""
    return {field or WHOLE: texts for field, texts in by_field(_texts(messages)) if texts}


def _texts(messages: Any) -> Any:
    if isinstance(messages, Mapping):
        return {field: _texts(inner) for field, inner in messages.items()}
    several = messages if isinstance(messages, list | tuple | set) else [messages]
    if any(isinstance(each, Mapping) for each in several):
        return {str(number): _texts(each) for number, each in enumerate(several)}
    return [text for text in several if isinstance(text, str)]
