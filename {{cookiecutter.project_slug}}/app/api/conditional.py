"""Conditional requests (RFC 9110, section 13): ETags, and writers who must not overtake."""

import hashlib

from flask import Response, request
from marshmallow import Schema
from werkzeug.exceptions import PreconditionFailed

from app.errors import problem
from app.models.base import Base
from app.schemas import represent

CHANGED = "The resource has changed since it was read"


def etag_of(body: str) -> str:
    """A strong validator: it changes with every byte of the representation."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def unless_changed(row: Base, cls: type[Schema]) -> None:
    """Raise 412 if the request is for another state of the row, by If-Match or If-None-Match.

    What slips between this check and the write is caught by the row's version column.
    """
    if "If-Match" not in request.headers and "If-None-Match" not in request.headers:
        return
    etag = etag_of(represent(cls, row))
    if not is_wanted(etag):
        raise PreconditionFailed(CHANGED)
    if request.if_none_match.contains_weak(etag):
        raise PreconditionFailed("The resource is in a state that the request excludes")


def is_wanted(etag: str) -> bool:
    """Whether the request is for this state, or for any."""
    return "If-Match" not in request.headers or request.if_match.contains(etag)


def answer_conditions(response: Response) -> Response:
    """Answer 304 to a reader who has this representation already, 412 to one who wants another."""
    etag, _ = response.get_etag()
    if response.status_code != 200 or etag is None or request.method not in {"GET", "HEAD"}:
        return response
    if not is_wanted(etag):
        return problem(412, CHANGED)
    # Werkzeug would take `*` in If-Match for the name of a state.
    response.make_conditional({**request.environ, "HTTP_IF_MATCH": ""})
    return response
