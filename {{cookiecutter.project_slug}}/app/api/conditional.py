"""Conditional requests (RFC 9110, section 13): ETags, and writers who must not overtake."""

import hashlib

from flask import Response, request
from marshmallow import Schema
from werkzeug.exceptions import PreconditionFailed

from app.models.base import Base
from app.schemas import represent


def etag_of(body: str) -> str:
    """A strong validator: it changes with every byte of the representation."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def unless_changed(row: Base, cls: type[Schema]) -> None:
    """Raise 412 if the request names another state of the row in If-Match.

    What slips between this check and the write is caught by the row's version column.
    """
    if "If-Match" in request.headers and not request.if_match.contains(
        etag_of(represent(cls, row))
    ):
        raise PreconditionFailed("The resource has changed since it was read")


def answer_not_modified(response: Response) -> Response:
    """Answer 304 to a client that has this representation already."""
    if response.status_code == 200 and "ETag" in response.headers:
        response.make_conditional(request)
    return response
