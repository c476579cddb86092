"""Reading requests: the JSON body and the query parameters."""

import json
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

BROKEN = "app.body_is_broken"  # where the WSGI environment keeps it

NO_INPUT = "No input data provided"
NOT_READABLE = "The body can't be read"
NOT_JSON = "The body must be JSON, with the Content-Type application/json"
BROKEN_JSON = "The body is not valid JSON"


def read_body() -> bytes:
    """Return the body as it came; raise 400 for one that breaks off, 413 for one too large."""
    if BROKEN not in request.environ:
        try:
            return request.get_data()
        except HTTPException:
            raise
        except Exception:  # each server has errors of its own for chunks that it can't read
            # Only the first read raises; later ones must fail as well.
            request.environ[BROKEN] = True
    raise BadRequest(NOT_READABLE)


def json_body() -> Any:
    """Return the parsed body; raise 400, 413 or 415."""
    body = read_body()
    if not body:
        raise BadRequest(NO_INPUT)
    if not request.is_json:
        raise UnsupportedMediaType(NOT_JSON)
    try:
        data = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest(BROKEN_JSON) from None
    if data is None or data == {}:
        raise BadRequest(NO_INPUT)
    return data


def load_body(schema: Schema, envelope: str | None) -> Any:
    """Return the validated body, or what is in its envelope; raise 400, 413 or 415."""
    body = json_body()
    if envelope is None:
        return schema.load(body)
    if body in ({envelope: None}, {envelope: {}}):
        raise BadRequest(NO_INPUT)
    return schema.load(body)[envelope]


def query_parameters(schema: Schema) -> Any:
    """Return the validated query; a parameter given twice is invalid."""
    given = request.args.to_dict()
    twice = {
        name: ["Given more than once."] for name, values in request.args.lists() if len(values) > 1
    }
    if twice:
        raise ValidationError({**schema.validate(given), **twice})
    return schema.load(given)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON (RFC 8259, section 6)")
