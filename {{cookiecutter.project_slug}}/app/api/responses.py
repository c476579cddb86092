"""Turning what an operation returns into a response."""

from functools import cache
from typing import Any

from flask import Response, request, url_for
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
    if isinstance(value, Page):
        response.headers.update(value.headers)
        value = value.items
    if isinstance(value, Entity) and request.method not in {"GET", "HEAD"}:
        read_back(value)
    cls = operation.choose(value) if operation.choose else operation.schemas[0]
    body = represent(cls, value, many=operation.many)
    response.set_data(body)
    if operation.shows_entity:
        response.set_etag(etag_of(body))
    if operation.location:
        response.headers["Location"] = url_for(operation.location, id=value.id)
    return response


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
