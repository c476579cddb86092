"""What an operation returns, as a response."""

from typing import Any

from flask import Response, url_for

from app.api.conditional import etag_of
from app.api.operation import Operation
from app.api.pages import Page
from app.api.schemas import represent


def respond(operation: Operation, value: Any) -> Response:
    """Represent a row, a dictionary, a `Page` or nothing, as the operation's `returns` says."""
    response = Response(status=operation.status, mimetype="application/json")
    if value is None:
        del response.headers["Content-Type"]
        return response
    if isinstance(value, Page):
        response.headers.update(value.headers)
        value = value.items
    cls = operation.choose(value) if operation.choose else operation.schemas[0]
    body = represent(cls, value, many=operation.many)
    response.set_data(body)
    if operation.shows_entity:
        response.set_etag(etag_of(body))
    if operation.location:
        response.headers["Location"] = url_for(operation.location, id=value.id)
    return response
