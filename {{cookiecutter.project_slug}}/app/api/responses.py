"""Turning what an operation returns into a response."""

import json
from functools import cache
from typing import Any

from flask import Response, request, url_for
from marshmallow.utils import get_value
from sqlalchemy import Numeric, inspect
from sqlalchemy.orm import Mapper

from app.api.conditional import etag_of
from app.api.operation import Operation
from app.api.pages import Page
from app.api.schemas import represent
from app.backend.base import Entity
from app.extensions import db


def respond(operation: Operation, value: Any) -> Response:
    """Represent a row, a dictionary, a `Page` or nothing, as the operation's `returns` says."""
    response = Response(status=operation.status, mimetype="application/json")
    if value is None:
        del response.headers["Content-Type"]
        return response
    total = None
    if isinstance(value, Page):
        response.headers.update(value.headers)
        value, total = value.items, value.total
    if isinstance(value, Entity) and request.method not in {"GET", "HEAD"}:
        read_back(value)
    cls = operation.choose(value) if operation.choose else operation.schemas[0]
    body = represent(cls, value, many=operation.many)
    # The validator is the row's, which `require_match` knows without its envelope.
    if operation.shows_entity:
        response.set_etag(etag_of(body))
    if operation.envelope:
        body = in_envelope(operation.envelope, body, operation.total, total)
    response.set_data(body)
    if operation.location:
        response.headers["Location"] = address_of(value, operation.location, operation.key)
    return response


def in_envelope(envelope: str, body: str, counted: str | None, total: int | None) -> str:
    """Return JSON text as the member of an object, beside the total of a list if it is asked for.

    Raises TypeError if there is a name for a total, but the total is unknown.
    """
    members = {envelope: body}
    if counted:
        if total is None:
            raise TypeError(f"{counted!r} needs a Page with its total.")
        members[counted] = str(total)
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in members.items()) + "}"


def address_of(row: Any, endpoint: str, key: str) -> str:
    """Return the address of a row; other parts of its path are those of the request's."""
    value = get_value(row, key, None)
    if value is None:
        raise TypeError(f"{row!r} has no {key!r}, which its address needs.")
    address = url_for(endpoint, **{**(request.view_args or {}), key: value})
    # Arguments that the path doesn't take would end up in the query string.
    return address.partition("?")[0]


def read_back(row: Entity) -> None:
    """Expire the attributes of a written row that the database may have changed."""
    names = _changeable(inspect(row).mapper) & row.__dict__.keys()
    if names:
        db.session.expire(row, names)


@cache
def _changeable(mapper: Mapper[Any]) -> frozenset[str]:
    """Return the attributes that the database may change: scales of numbers, orders of lists."""
    numbers = {name for name, column in mapper.columns.items() if isinstance(column.type, Numeric)}
    return frozenset(numbers | {name for name, r in mapper.relationships.items() if r.uselist})
